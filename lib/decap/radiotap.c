/* radiotap.c - what radio captures put before an 802.11 frame: radiotap, Prism and AVS headers
 *
 * Only where the frame begins and ends is taken from them.
 */
#include "dec.h"

enum {
    PRESENT_TSFT = 1u << 0,
    PRESENT_FLAGS = 1u << 1,
    FLAG_FCS = 0x10, /* the frame has its checksum of 4 bytes at its end */
    FLAG_PAD = 0x20, /* there is padding between its header and its body */

    AVS_COOKIE = 0x80211, /* the upper bits of what AVS has as its version */
    PRISM_BYTES_MIN = 24,
    RADIO_BYTES_MAX = 4096,
};

/* Version 0, a pad byte, length and the first word of fields that are present, in little-endian
 * order. The highest bit of a word says that another follows. The first two fields are a time stamp
 * of 8 bytes, at a multiple of 8 from the start, and the flags. */
enum dec_step
dec_radiotap(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t bytes = le16(h + 2);
    const uint32_t present = le32(h + 4);
    struct cur fields = *rest;
    const uint8_t *p;
    uint32_t more = present, words = 1;
    uint8_t flags = 0;

    dec_mark_link(w, rest, 0, false);
    if (h[0] != 0)
        return dec_stop(w, PAVO_WHY_WLAN_VERSION);
    if (bytes < 8)
        return dec_stop(w, PAVO_WHY_MALFORMED);
    if (!cur_take(rest, bytes - 8))
        return dec_cut(w, rest, bytes - 8);
    cur_narrow(&fields, bytes - 8);
    for (; more >> 31; words++) {
        p = cur_take(&fields, 4);
        if (!p)
            return dec_cut(w, &fields, 4);
        more = le32(p);
    }
    if (present & PRESENT_FLAGS) {
        const uint32_t before = present & PRESENT_TSFT ? (words & 1 ? 8 : 12) : 0;

        p = cur_take(&fields, before + 1);
        if (!p)
            return dec_cut(w, &fields, before + 1);
        flags = p[before];
    }
    if ((flags & FLAG_FCS) && rest->told >= 4)
        cur_narrow(rest, rest->told - 4);
    dec_mark_link(w, rest, 0, false);
    return flags & FLAG_PAD ? DEC_WLAN_PAD : DEC_WLAN;
}

/* Takes the rest of a header of 'bytes', of which 8 were taken. */
static enum dec_step
skip(struct cur *rest, struct dec_walk *w, uint32_t bytes, uint32_t least)
{
    if (bytes < least || bytes > RADIO_BYTES_MAX)
        return dec_stop(w, PAVO_WHY_MALFORMED);
    if (!cur_take(rest, bytes - 8))
        return dec_cut(w, rest, bytes - 8);
    return DEC_WLAN;
}

/* Message code, length, device name, items: all in the byte order of the host that captured. Some
 * drivers write AVS headers under this link type. */
enum dec_step
dec_prism(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t big = be32(h + 4);

    if (be32(h) >> 12 == AVS_COOKIE)
        return dec_avs(h, rest, w);
    dec_mark_link(w, rest, 0, false);
    return skip(rest, w, big > RADIO_BYTES_MAX ? le32(h + 4) : big, PRISM_BYTES_MIN);
}

/* Version and length, in network byte order. */
enum dec_step
dec_avs(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark_link(w, rest, 0, false);
    if (be32(h) >> 12 != AVS_COOKIE)
        return dec_stop(w, PAVO_WHY_WLAN_VERSION);
    return skip(rest, w, be32(h + 4), 8);
}
