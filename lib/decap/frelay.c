/* frelay.c - Frame Relay, and what follows a network layer protocol identifier
 *
 * Behind the address stands 03 and an identifier (RFC 2427 section 3), or Cisco's encapsulation,
 * which is an EtherType.
 */
#include "routes.h"

enum {
    ADDRESS_END = 0x01,  /* EA */
    ADDRESS_CORE = 0x02, /* D/C: the last byte of a long address is no part of the DLCI */
    UI = 0x03,
    NLPID_PAD = 0,
    ETHERTYPE_MIN = 1536,
    OUI_BRIDGED = 0x0080c2,
    PID_ETHERNET_FCS = 0x0001,
    PID_ETHERNET = 0x0007,
    FCS_BYTES = 4,
    MFR_BEGIN_END = 0xc0,
    MFR_CONTROL = 0xe0,
};

/* An address of two, three or four bytes: 10, 16 or 23 bits of DLCI. Q.922 section 3.2. */
enum dec_step
dec_frelay(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    uint32_t dlci = (uint32_t)(h[0] >> 2) << 4 | h[1] >> 4;
    const uint8_t *p = h + 1;

    if (h[0] & ADDRESS_END)
        return dec_stop(w, PAVO_WHY_FR_ADDRESS);
    if (!(h[1] & ADDRESS_END)) {
        p = cur_take(rest, 1);
        if (!p)
            return dec_cut(w, rest, 1);
        if (!(p[0] & ADDRESS_END)) {
            dlci = dlci << 7 | p[0] >> 1;
            p = cur_take(rest, 1);
            if (!p)
                return dec_cut(w, rest, 1);
            if (!(p[0] & ADDRESS_END))
                return dec_stop(w, PAVO_WHY_FR_ADDRESS);
        }
        if (!(p[0] & ADDRESS_CORE))
            dlci = dlci << 6 | p[0] >> 2;
    }
    dec_mark_link(w, rest, 0, false);
    dec_enter(w, PAVO_CARRIER_FRELAY, dlci);
    p = cur_peek(rest, 2);
    if (!p)
        return dec_cut(w, rest, 2);
    if (p[0] == UI) {
        cur_take(rest, 1);
        return DEC_NLPID;
    }
    if (dlci == 0 || be16(p) < ETHERTYPE_MIN)
        return DEC_STOP; /* signalling (Q.922, Q.933), XID */
    cur_take(rest, 2);
    return dec_cisco_type(be16(p), rest, w);
}

enum dec_step
dec_frelay_dir(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return DEC_FRELAY;
}

/* Multilink Frame Relay on an interface: bits for the first and the last fragment and for control,
 * 12 bits of sequence. FRF.16.1 section 2. */
enum dec_step
dec_mfr(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark_link(w, rest, 0, false);
    if ((h[0] & MFR_CONTROL) == MFR_BEGIN_END)
        return DEC_FRELAY;
    w->out->named = (h[0] & MFR_CONTROL) == MFR_CONTROL ? PAVO_NAME_MFR : PAVO_NAME_FR_FRAGMENT;
    return DEC_STOP;
}

/* RFC 2427 section 3, ISO/IEC TR 9577. 0 is a pad byte. What has no route is a link flow with the
 * identifier in place of an EtherType. */
enum dec_step
dec_nlpid(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const enum dec_step step = dec_route(DEC_BY_NLPID, h[0]);

    if (step != DEC_STOP)
        return step;
    if (h[0] == NLPID_PAD)
        return DEC_NLPID;
    dec_mark_link(w, rest, h[0], false);
    w->out->named = (uint8_t)dec_named(DEC_BY_NLPID, h[0]);
    return DEC_STOP;
}

/* SNAP of routed protocols is the one of LANs; of bridged ones (RFC 2427 section 4.2) the frame
 * follows without the pad of other links. */
enum dec_step
dec_fr_snap(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint16_t pid = be16(h + 3);

    if (be24(h) != OUI_BRIDGED)
        return dec_snap(h, rest, w);
    dec_mark_link(w, rest, pid, false);
    if (pid == PID_ETHERNET_FCS && rest->told >= FCS_BYTES)
        cur_narrow(rest, rest->told - FCS_BYTES);
    return pid == PID_ETHERNET || pid == PID_ETHERNET_FCS ? DEC_ETHER : DEC_STOP;
}
