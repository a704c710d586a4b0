/* macsec.c - MACsec: what is only protected is read, what is encrypted ends the walk */
#include "routes.h"

enum {
    TCI_VERSION = 0x80,
    TCI_ES = 0x40,  /* the SCI is made of the source address */
    TCI_SC = 0x20,  /* an SCI follows */
    TCI_SCB = 0x10, /* single copy broadcast */
    TCI_E = 0x08,   /* encrypted */
    TCI_C = 0x04,   /* user data changed: encrypted, or an integrity check that changes it */
    SHORT_LENGTH_MAX = 47,
    SCI_BYTES = 8,
    ICV_BYTES = 16, /* of every cipher suite in IEEE 802.1AE-2018 clause 14 */
};

/* TCI and association number, short length, packet number, and an SCI if SC is set: IEEE
 * 802.1AE-2018 clause 9.3. ES and SCB exclude an SCI (clause 9.5). */
enum dec_step
dec_macsec(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    struct pavo_layer *l = &out->layers[out->n_layers];
    const uint8_t *sci = NULL, *type;
    uint32_t body;

    if ((h[0] & TCI_VERSION) || h[1] > SHORT_LENGTH_MAX ||
        ((h[0] & TCI_SC) && (h[0] & (TCI_ES | TCI_SCB))))
        return dec_stop(w, PAVO_WHY_TAG_FORM);
    if (h[0] & TCI_SC) {
        sci = cur_take(rest, SCI_BYTES);
        if (!sci)
            return dec_cut(w, rest, SCI_BYTES);
    }
    dec_enter(w, PAVO_CARRIER_MACSEC, sci ? be16(sci + 6) : 0);
    if (sci && !dec_is_ip(out) && l < out->layers + PAVO_LAYERS_MAX) {
        l->ip_version = PAVO_LAYER_MAC;
        memcpy(l->src, sci, 6);
    }
    if (h[0] & (TCI_E | TCI_C)) {
        dec_payload(out, w, rest, rest->told);
        out->named = PAVO_NAME_MACSEC;
        return DEC_STOP;
    }
    /* The short length counts the EtherType and what follows, without the ICV; from 48 bytes on it
     * is 0 (clause 9.7). */
    body = h[1];
    if (!body && rest->told > ICV_BYTES)
        body = rest->told - ICV_BYTES;
    if (!body || !cur_narrow(rest, body))
        return dec_stop(w, PAVO_WHY_MALFORMED);
    type = cur_take(rest, 2);
    if (!type)
        return dec_cut(w, rest, 2);
    return dec_link_type(be16(type), rest, w);
}
