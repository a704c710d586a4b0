/* key.c - from layers to a canonical key
 *
 * Both directions of a conversation must give the same 64 bytes. Endpoint a is the smaller
 * (address, port), compared as bytes and then as a number. Requests and replies of ICMP meet under
 * the request's type. What carries the packet comes in as a hash without a seed, for flow ids are
 * made from keys and must be equal in every run.
 */
#include "key.h"
#include "cacheline.h"

enum {
    VLAN_ID_MASK = 0xfff,
};

/* ICMP messages that come in pairs, as request, reply. RFC 792, RFC 950, RFC 1788, RFC 4443 section
 * 4, RFC 6275 sections 6.5 to 6.8, RFC 8335. */
static const struct icmp_pair {
    uint8_t proto, request, reply;
} icmp_pairs[] = {
    {PROTO_ICMP, 8, 0},       {PROTO_ICMP, 13, 14},     {PROTO_ICMP, 15, 16},
    {PROTO_ICMP, 17, 18},     {PROTO_ICMP, 37, 38},     {PROTO_ICMP, 42, 43},
    {PROTO_ICMPV6, 128, 129}, {PROTO_ICMPV6, 144, 145}, {PROTO_ICMPV6, 146, 147},
    {PROTO_ICMPV6, 160, 161},
};

static const struct icmp_pair *
icmp_pair_of(uint8_t proto, uint8_t type)
{
    for (size_t i = 0; i < sizeof icmp_pairs / sizeof icmp_pairs[0]; i++)
        if (icmp_pairs[i].proto == proto &&
            (icmp_pairs[i].request == type || icmp_pairs[i].reply == type))
            return &icmp_pairs[i];
    return NULL;
}

enum icmp_class
icmp_classify(uint8_t proto, uint8_t type)
{
    const struct icmp_pair *pair = icmp_pair_of(proto, type);

    if (pair)
        return type == pair->request ? ICMP_REQUEST : ICMP_REPLY;
    if (proto == PROTO_ICMPV6) /* RFC 4443 section 2.1: errors have the high bit clear; 0 is
                                  reserved. A redirect quotes as in version 4. */
        return (type > 0 && type < 128) || type == 137 ? ICMP_ERROR : ICMP_OTHER;
    /* RFC 1122 section 3.2.2: unreachable, source quench, redirect, time exceeded, parameter
     * problem; and conversion error (RFC 1475), security failure (RFC 2521) */
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12 || type == 31 ||
                   type == 40
               ? ICMP_ERROR
               : ICMP_OTHER;
}

/* A query pairs with its answer by identifier; all else is told apart by type and code. A pair's
 * 'extra' has no bits above 2^24, that of others has: 0 is the echo reply, and paired. */
static uint32_t
icmp_extra(uint8_t proto, uint8_t type, uint8_t code, uint16_t id)
{
    const struct icmp_pair *pair = icmp_pair_of(proto, type);

    if (pair)
        return (uint32_t)pair->request << 16 | id;
    return (uint32_t)type << 24 | (uint32_t)code << 16;
}

uint64_t
pavo_key_hash(const struct pavo_key *k, const uint64_t seed[2])
{
    return key_hash(k, seed);
}

uint64_t
key_fixed_hash(const struct pavo_key *k)
{
    uint64_t h = HASH_C2;

    h = hash_word(h, hash_le64(k->a));
    h = hash_word(h, hash_le64(k->a + 8));
    h = hash_word(h, hash_le64(k->b));
    h = hash_word(h, hash_le64(k->b + 8));
    h = hash_word(h, (uint64_t)k->port_a << 48 | (uint64_t)k->port_b << 32 | k->extra);
    h = hash_word(h, k->carrier);
    h = hash_word(h, k->quoted);
    h = hash_word(h, (uint64_t)k->kind | (uint64_t)k->proto << 8 | (uint64_t)k->is_fragment << 16 |
                         (uint64_t)k->is_llc << 24 | (uint64_t)k->interface << 32);
    return h ? h : 1;
}

uint64_t
key_carrier(const struct pavo_layer *layers, unsigned n, unsigned parts)
{
    uint64_t h = 0;

    for (unsigned i = 0; i < n; i++) {
        const struct pavo_layer *l = &layers[i];

        if (!pavo_carrier_is_identity((enum pavo_carrier)l->type))
            continue;
        if (l->type == PAVO_CARRIER_VLAN) {
            /* IEEE 802.1Q-2022 9.6: identifier 0 is a priority tag, the frame belongs to no VLAN by
             * it */
            if (!(parts & PAVO_KEY_VLAN) || (l->id & VLAN_ID_MASK) == 0)
                continue;
        } else if (!(parts & PAVO_KEY_TUNNEL)) {
            continue;
        }
        h = hash_word(h ? h : HASH_C2, (uint64_t)l->type << 32 | l->id);
        h = h ? h : 1;
    }
    return h;
}

static uint64_t
load_be64(const uint8_t *p)
{
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
           (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
           (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

/* Is x after y, as (address, port)? */
static bool
endpoint_is_after(const uint8_t *x, const uint8_t *y, uint16_t x_port, uint16_t y_port)
{
    const uint64_t xh = load_be64(x), yh = load_be64(y);
    const uint64_t xl = load_be64(x + 8), yl = load_be64(y + 8);

    if (xh != yh)
        return xh > yh;
    return xl != yl ? xl > yl : x_port > y_port;
}

/* Puts two endpoints in order. Returns whether they were turned round. */
static bool
set_endpoints(struct pavo_key *k, const uint8_t *src, const uint8_t *dst, uint16_t src_port,
              uint16_t dst_port)
{
    const bool turned = endpoint_is_after(src, dst, src_port, dst_port);

    memcpy(k->a, turned ? dst : src, 16);
    memcpy(k->b, turned ? src : dst, 16);
    k->port_a = turned ? dst_port : src_port;
    k->port_b = turned ? src_port : dst_port;
    return turned;
}

void
key_of_quote(const struct pavo_quote *q, const struct pavo_key *error, struct pavo_key *out)
{
    const bool ports = q->has_ports && !(q->kind == PAVO_KIND_IP4 && q->proto == PROTO_ICMP) &&
                       !(q->kind == PAVO_KIND_IP6 && q->proto == PROTO_ICMPV6);

    memset(out, 0, sizeof *out);
    set_endpoints(out, q->src, q->dst, ports ? q->src_port : 0, ports ? q->dst_port : 0);
    out->kind = q->kind;
    out->proto = q->proto;
    out->carrier = error->carrier;
    out->interface = error->interface;
    if (key_is_icmp(out)) /* the identifier stands where ports would */
        out->extra = icmp_extra(q->proto, q->icmp_type, 0, q->src_port);
}

/* Both ends' MACs, the same whichever sends. */
static uint64_t
mac_pair(uint64_t h, const struct pavo_layers *at)
{
    const bool turned = memcmp(at->src_mac, at->dst_mac, 6) > 0;
    uint8_t both[16] = {0};

    memcpy(both, turned ? at->dst_mac : at->src_mac, 6);
    memcpy(both + 8, turned ? at->src_mac : at->dst_mac, 6);
    h = hash_word(hash_word(h ^ HASH_C0, hash_le64(both)), hash_le64(both + 8));
    return h ? h : 1;
}

/* Link-layer flows: MACs are the addresses, what they carry is the rest of the identity: the
 * EtherType or the service access points, the name where two protocols share them, and the queue
 * pair of InfiniBand, which stands where other flows keep a hash. */
static void
key_link(struct pavo_packet *p, bool owned)
{
    uint8_t src[16] = {0}, dst[16] = {0};

    if (p->at.has_mac) {
        memcpy(src, p->at.src_mac, 6);
        memcpy(dst, p->at.dst_mac, 6);
    }
    p->is_b = set_endpoints(&p->key, src, dst, 0, 0);
    p->key.extra = (uint32_t)p->at.named << 16 | p->at.ethertype;
    p->key.quoted = p->at.spi;
    p->key.is_llc = p->at.is_llc;
    if (owned)
        p->owner_hash = pavo_toeplitz(src, dst, 6, 0, 0);
}

/* ARP and RARP: request and reply name the same two addresses the other way round. RFC 826, RFC
 * 903. */
static void
key_arp(struct pavo_packet *p, bool owned)
{
    p->is_b = set_endpoints(&p->key, p->at.src, p->at.dst, 0, 0);
    p->key.extra = p->at.ethertype;
    if (owned)
        p->owner_hash = pavo_toeplitz(p->at.src, p->at.dst, 4, 0, 0);
}

static void
key_ip(struct pavo_packet *p, bool owned)
{
    const struct pavo_layers *at = &p->at;
    struct pavo_key *k = &p->key;
    const unsigned bytes = at->kind == PAVO_KIND_IP4 ? 4 : 16;
    const uint16_t src_port = at->has_ports ? at->src_port : 0;
    const uint16_t dst_port = at->has_ports ? at->dst_port : 0;

    k->proto = at->proto;
    p->is_b = set_endpoints(k, at->src, at->dst, src_port, dst_port);
    if (owned)
        p->owner_hash = pavo_toeplitz(at->src, at->dst, bytes, src_port, dst_port);
    if (at->has_icmp && key_is_icmp(k)) {
        k->extra = icmp_extra(at->proto, at->icmp_type, at->icmp_code, at->icmp_id);
        if (at->quote.kind && icmp_classify(at->proto, at->icmp_type) == ICMP_ERROR) {
            struct pavo_key quoted;
            static const struct pavo_key nowhere;

            /* Fixed and without the carrier: that is in this key already. */
            key_of_quote(&at->quote, &nowhere, &quoted);
            k->quoted = key_fixed_hash(&quoted);
            if (owned)
                p->owner_hash = pavo_toeplitz(at->quote.src, at->quote.dst,
                                              at->quote.kind == PAVO_KIND_IP4 ? 4 : 16,
                                              quoted.port_a, quoted.port_b);
        }
    } else if (!at->has_ports) {
        k->extra = at->spi;
    }
}

void
pavo_packet_key(struct pavo_packet *p, unsigned parts)
{
    struct pavo_key *k = &p->key;
    const bool owned = !(parts & PAVO_KEY_ALONE);

    memset(k, 0, sizeof *k);
    p->owner_hash = 0;
    k->kind = p->at.kind;
    k->carrier = p->at.n_layers ? key_carrier(p->at.layers, p->at.n_layers, parts) : 0;
    if (parts & PAVO_KEY_INTERFACE)
        k->interface = (uint16_t)(p->source + 1);
    if (p->at.kind == PAVO_KIND_LINK) {
        key_link(p, owned);
        return;
    }
    if ((parts & PAVO_KEY_MAC) && p->at.has_mac)
        k->carrier = mac_pair(k->carrier, &p->at);
    if (p->at.kind == PAVO_KIND_ARP)
        key_arp(p, owned);
    else
        key_ip(p, owned);
}

/* ---- the keys that most packets have ------------------------------------------------------------
 *
 * IPv4 and IPv6 with ports, told apart by nothing but what carries them. The key is written in
 * whole words, which the hash can then be made of at once: a processor makes a load wait that spans
 * several stores.
 */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

static inline void
word_put(struct pavo_key *k, size_t at, uint64_t w)
{
    memcpy((uint8_t *)k + at, &w, sizeof w);
}

static inline uint64_t
word_of(const uint8_t *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

/* Ports and protocol: what both kinds have in the rest of the key. */
static inline void
plain_rest(struct pavo_packet *p, uint16_t port_a, uint16_t port_b)
{
    word_put(&p->key, offsetof(struct pavo_key, port_a), (uint64_t)port_b << 16 | port_a);
    word_put(&p->key, offsetof(struct pavo_key, quoted), 0);
    word_put(&p->key, offsetof(struct pavo_key, kind), (uint64_t)p->at.proto << 8 | p->at.kind);
}

static inline void
plain_ip4(struct pavo_packet *p)
{
    const struct pavo_layers *at = &p->at;
    uint32_t src, dst;
    uint64_t from, to;

    memcpy(&src, at->src, 4);
    memcpy(&dst, at->dst, 4);
    from = (uint64_t)__builtin_bswap32(src) << 16 | at->src_port;
    to = (uint64_t)__builtin_bswap32(dst) << 16 | at->dst_port;
    p->is_b = from > to;
    word_put(&p->key, offsetof(struct pavo_key, a), p->is_b ? dst : src);
    word_put(&p->key, offsetof(struct pavo_key, a) + 8, 0);
    word_put(&p->key, offsetof(struct pavo_key, b), p->is_b ? src : dst);
    word_put(&p->key, offsetof(struct pavo_key, b) + 8, 0);
    plain_rest(p, (uint16_t)(p->is_b ? to : from), (uint16_t)(p->is_b ? from : to));
}

static inline void
plain_ip6(struct pavo_packet *p)
{
    const struct pavo_layers *at = &p->at;
    const bool turned = endpoint_is_after(at->src, at->dst, at->src_port, at->dst_port);
    const uint8_t *a = turned ? at->dst : at->src, *b = turned ? at->src : at->dst;

    p->is_b = turned;
    word_put(&p->key, offsetof(struct pavo_key, a), word_of(a));
    word_put(&p->key, offsetof(struct pavo_key, a) + 8, word_of(a + 8));
    word_put(&p->key, offsetof(struct pavo_key, b), word_of(b));
    word_put(&p->key, offsetof(struct pavo_key, b) + 8, word_of(b + 8));
    plain_rest(p, turned ? at->dst_port : at->src_port, turned ? at->src_port : at->dst_port);
}

/* All 16-bit words of what the NIC hashes, XORed. */
static inline uint16_t
plain_fold(const struct pavo_packet *p)
{
    uint64_t w =
        word_of(p->key.a) ^ word_of(p->key.b) ^ word_of(p->key.a + 8) ^ word_of(p->key.b + 8);

    w ^= w >> 32;
    w ^= w >> 16;
    return (uint16_t)(__builtin_bswap16((uint16_t)w) ^ p->at.src_port ^ p->at.dst_port);
}

static inline bool
key_plain(struct pavo_packet *p, unsigned parts)
{
    if (!p->at.has_ports || (parts & (PAVO_KEY_INTERFACE | PAVO_KEY_MAC)))
        return false;
    if (p->at.kind == PAVO_KIND_IP4)
        plain_ip4(p);
    else if (p->at.kind == PAVO_KIND_IP6)
        plain_ip6(p);
    else
        return false;
    word_put(&p->key, offsetof(struct pavo_key, carrier),
             pavo_unlikely(p->at.n_layers) ? key_carrier(p->at.layers, p->at.n_layers, parts) : 0);
    p->owner_hash = parts & PAVO_KEY_ALONE ? 0 : pavo_toeplitz_word(plain_fold(p));
    return true;
}

#else

static inline bool
key_plain(struct pavo_packet *p, unsigned parts)
{
    (void)p;
    (void)parts;
    return false;
}

#endif

void
pavo_packet_key_hash(struct pavo_packet *p, unsigned parts, const uint64_t seed[2])
{
    if (!key_plain(p, parts))
        pavo_packet_key(p, parts);
    p->hash = key_hash(&p->key, seed);
}
