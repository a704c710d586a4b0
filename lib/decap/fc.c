/* fc.c - Fibre Channel, and IP over it */
#include "routes.h"

enum {
    UNSOLICITED_DATA = 0x04, /* routing control of a datagram */
    TYPE_IP = 0x05,
    END_OF_SEQUENCE = 0x08,
    HAS_NETWORK_HEADER = 0x20,
    DELIMITER_BYTES = 4,
};

/* The network header: a kind of address, twelve zero bits and a MAC, for either end. RFC 4338
 * section 4, RFC 2625 section 3. */
enum dec_step
dec_ip_over_fc(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    dec_macs(out, h + 2, h + 10);
    out->named = 0;
    dec_mark_link(w, rest, 0, false);
    return DEC_LLC;
}

/* Routing control, destination, class, source, type, frame control (3), sequence, optional headers,
 * sequence count, exchanges, parameter: INCITS 545 (FC-FS-5). The first frame of a sequence of IP
 * is opened. */
enum dec_step
dec_fc(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    memcpy(out->dst_mac + 3, h + 1, 3);
    memcpy(out->src_mac + 3, h + 5, 3);
    out->has_mac = 1;
    out->named = PAVO_NAME_FIBRE_CHANNEL;
    dec_mark_link(w, rest, h[8], false);
    w->is_piece = (h[9] & END_OF_SEQUENCE) == 0;
    return h[0] == UNSOLICITED_DATA && h[8] == TYPE_IP && h[13] == HAS_NETWORK_HEADER &&
                   be16(h + 14) == 0
               ? DEC_IP_OVER_FC
               : DEC_STOP;
}

/* The start and the end of a frame are words of their own. */
enum dec_step
dec_fc_sof(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark_link(w, rest, 0, false);
    if (rest->told < DELIMITER_BYTES)
        return dec_stop(w, PAVO_WHY_MALFORMED);
    cur_narrow(rest, rest->told - DELIMITER_BYTES);
    return DEC_FC;
}
