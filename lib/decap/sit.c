/* sit.c - IPv6 in IPv4, and by which rule its end was found
 *
 * 6to4 and ISATAP write the IPv4 address of a tunnel's end into an IPv6 address behind it. What one
 * direction has as its source the other has as its destination, so both give the same carrier.
 */
#include "dec.h"

enum { IPV6_IN_IP = 41 };

/* RFC 5214 section 6.1: the interface identifier is 0000:5efe or 0200:5efe, then the address. */
static bool
is_isatap(const uint8_t *a, const uint8_t *v4)
{
    return (a[8] & 0xfd) == 0 && a[9] == 0 && be16(a + 10) == 0x5efe && be32(a + 12) == be32(v4);
}

/* RFC 3056 section 2: 2002, then the address, begin the prefix. */
static bool
is_6to4(const uint8_t *a, const uint8_t *v4)
{
    return be16(a) == 0x2002 && be32(a + 2) == be32(v4);
}

/* RFC 4213 section 3. */
enum dec_step
dec_sit(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const struct pavo_layers *out = w->out;
    enum pavo_carrier type = PAVO_CARRIER_IPIP;

    h = cur_peek(rest, 40);
    if (h && (is_isatap(h + 8, out->src) || is_isatap(h + 24, out->dst)))
        type = PAVO_CARRIER_ISATAP;
    else if (h && (is_6to4(h + 8, out->src) || is_6to4(h + 24, out->dst)))
        type = PAVO_CARRIER_6TO4;
    dec_enter(w, type, IPV6_IN_IP);
    return DEC_IP6;
}
