/* erm.c - remote mirroring over UDP: Aruba's packet capture, HP ProCurve
 *
 * Both are known by a port alone, and have no number of their own in their bytes. So what can be
 * checked is: lengths, or the Ethernet header behind.
 */
#include "dec.h"

enum {
    FORMAT_PCAP = 0,
    FORMAT_PEEK = 1,
    FORMAT_PCAP_RADIO = 3,
    FORMAT_PEEK_11N = 5,
    FORMAT_RADIOTAP = 6,

    PCAP_BYTES = 16,  /* seconds, microseconds, bytes that follow, bytes of the frame */
    RADIO_BYTES = 4,  /* rate, channel, signal */
    PEEK_BYTES = 20,  /* signal, noise, bytes of the frame, bytes that follow, .. */
    PEEK_11N_MIN = 9, /* mark, version, bytes of this header, .. */
    PEEK_11N_MAX = 256,
    PEEK_11N_MARK = 0x00ffabcd,
    WLAN_BYTES_MIN = 10,
};

/* 'bytes' of a header of this format, then 'step'. */
static enum dec_step
enter(struct cur *rest, struct dec_walk *w, uint32_t format, uint32_t bytes, enum dec_step step)
{
    if (!cur_take(rest, bytes))
        return dec_cut(w, rest, bytes);
    dec_enter(w, PAVO_CARRIER_ARUBA_ERM, format);
    return step;
}

enum dec_step
dec_aruba_erm(const uint8_t *at, struct cur *rest, struct dec_walk *w)
{
    const uint8_t *h = cur_peek(rest, PEEK_BYTES);
    uint32_t behind, bytes;

    if (!h)
        return dec_cut(w, rest, PEEK_BYTES);
    behind = rest->told + w->over - PEEK_BYTES;
    bytes = be32(h + 5);
    if (be32(h) == PEEK_11N_MARK && bytes >= PEEK_11N_MIN && bytes <= PEEK_11N_MAX)
        return enter(rest, w, FORMAT_PEEK_11N, bytes, DEC_WLAN);
    bytes = be32(h + 8);
    if (be32(h + 4) < 1000000 && bytes <= be32(h + 12)) {
        if (bytes == behind)
            return enter(rest, w, FORMAT_PCAP_RADIO, PCAP_BYTES + RADIO_BYTES, DEC_WLAN);
        if (bytes == behind + PEEK_BYTES - PCAP_BYTES)
            return enter(rest, w, FORMAT_PCAP, PCAP_BYTES, DEC_WLAN);
    }
    bytes = le16(h + 2);
    if (be16(h) == 0 && bytes >= 8 && bytes + WLAN_BYTES_MIN <= behind + PEEK_BYTES)
        return enter(rest, w, FORMAT_RADIOTAP, 0, DEC_RADIOTAP);
    if (be16(h + 4) == behind && be16(h + 4) <= be16(h + 2))
        return enter(rest, w, FORMAT_PEEK, PEEK_BYTES, DEC_WLAN);
    return dec_stop(w, PAVO_WHY_UNSOUND);
}

/* Twelve bytes of which little is known. */
enum dec_step
dec_hp_erm(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (!dec_looks_ethernet(rest, 0))
        return rest->held < 15 ? dec_cut(w, rest, 15) : dec_stop(w, PAVO_WHY_UNSOUND);
    dec_enter(w, PAVO_CARRIER_HP_ERM, 0);
    w->in_doubt = true;
    return DEC_ETHER;
}
