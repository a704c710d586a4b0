/* ip6.c - IPv6 and its extension headers
 *
 * out->proto follows the next-header fields: however the walk ends, it is the last one that was
 * read.
 */
#include "ip.h"
#include "routes.h"

enum {
    NO_NEXT_HEADER = 59,
    OPTION_PAD1 = 0,
    OPTION_JUMBO = 0xc2,
    OPTIONS_MAX = 32,
    JUMBO_MIN = 65536,
    PACKET_MAX = 65535, /* payload of a packet that can be fragmented: RFC 8200 section 4.5 */
};

/* RFC 8200 section 3. */
enum dec_step
dec_ip6(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    uint32_t body = be16(h + 4);

    if (h[0] >> 4 != 6)
        return dec_stop(w, PAVO_WHY_IP_VERSION);
    /* Segments above 64 KiB that are cut up by the NIC may say 0 without a jumbo option. */
    if (body == 0 && h[6] != 0 && rest->told >= JUMBO_MIN)
        body = rest->told;
    ip6_fields(out, h, body);
    dec_prove(w);
    w->is_jumbo = body == 0 && h[6] == 0;
    if (w->is_jumbo) {
        w->over = 0;
        dec_payload(out, w, rest, 0); /* until the option is read */
    } else {
        dec_ip_body(w, rest, body);
    }
    return dec_by_ip_proto(h[6], w);
}

/* RFC 8200 section 4.2: a type and the length of what follows it; Pad1 is a type alone. No more
 * than OPTIONS_MAX are looked at, so that a header of 2 KiB costs no more than one of 64 bytes. */
static bool
options_are_sound(const uint8_t *o, uint32_t n)
{
    uint32_t i = 0;

    for (unsigned k = 0; k < OPTIONS_MAX && i < n; k++) {
        if (o[i] == OPTION_PAD1) {
            i++;
            continue;
        }
        if (i + 1 == n)
            return false;
        i += 2u + o[i + 1];
    }
    return i <= n;
}

/* Headers of options and routes: next header, length in words of 8 bytes beyond the first. */
enum dec_step
dec_ext(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t more = h[1] * 8u;

    if (!cur_take(rest, more))
        return dec_cut(w, rest, more);
    if (!options_are_sound(h + 2, more + 6))
        dec_flaw(w, PAVO_WHY_IP6_OPTIONS);
    dec_mark(w, rest);
    return dec_by_ip_proto(h[0], w);
}

/* The jumbo payload length among the 'n' bytes of options at 'o', RFC 2675 section 2; 0: none. */
static uint32_t
jumbo_length(const uint8_t *o, uint32_t n)
{
    for (uint32_t i = 0; i + 1 < n;) {
        if (o[i] == OPTION_PAD1) {
            i++;
            continue;
        }
        if (o[i] == OPTION_JUMBO && o[i + 1] == 4 && i + 6 <= n)
            return be32(o + i + 2);
        i += 2u + o[i + 1];
    }
    return 0;
}

/* Hop-by-hop options: they are read for the jumbo payload only. */
enum dec_step
dec_hopopt(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t more = h[1] * 8u;
    uint32_t jumbo;

    if (!cur_take(rest, more))
        return dec_cut(w, rest, more);
    if (!options_are_sound(h + 2, more + 6))
        dec_flaw(w, PAVO_WHY_IP6_OPTIONS);
    if (w->is_jumbo) {
        w->is_jumbo = false;
        jumbo = jumbo_length(h + 2, more + 6);
        if (jumbo < JUMBO_MIN) { /* RFC 2675 section 3: it must be above 65535 */
            out->proto = h[0];
            return dec_stop(w, PAVO_WHY_IP6_JUMBO);
        }
        out->l3_len = jumbo > UINT32_MAX - 40 ? UINT32_MAX : jumbo + 40;
        dec_ip_body(w, rest, jumbo > more + 8 ? jumbo - more - 8 : 0);
        /* 32 bits can claim any size: more than the frame is not counted as bytes. */
        out->l3_len -= w->over;
        w->over = 0;
    }
    dec_mark(w, rest);
    return dec_by_ip_proto(h[0], w);
}

/* Fragment header: next header, reserved, offset and M, identification. */
enum dec_step
dec_frag6(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const struct dec_piece piece = {.id = be32(h + 4),
                                    .offset = be16(h + 2) & 0xfff8u,
                                    .bytes = rest->told + w->over,
                                    .room = PACKET_MAX,
                                    .has_more = h[3] & 1};

    dec_mark(w, rest);
    /* RFC 6946: with neither an offset nor more to come it is a whole packet. */
    if (!piece.offset && !piece.has_more)
        w->out->n_atomic++;
    else if (!dec_frag(w, h[0], &piece))
        return DEC_STOP;
    return dec_by_ip_proto(h[0], w);
}

/* Mobility, HIP and Shim6 headers are messages as a rule, and then the last header: the packet is
 * theirs. Next header and length stand as in the other extension headers. */
enum dec_step
dec_message(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t more = h[1] * 8u;

    if (!cur_take(rest, more))
        return dec_cut(w, rest, more);
    dec_mark(w, rest);
    return h[0] == NO_NEXT_HEADER ? DEC_STOP : dec_by_ip_proto(h[0], w);
}
