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
    static const uint64_t fixed[2] = {HASH_C1, HASH_C0};
    const struct key_seed seed = key_seed_of(fixed);
    const uint64_t ports = (uint64_t)k->extra << 32 | (uint64_t)k->port_b << 16 | k->port_a;
    const uint64_t kind = (uint64_t)k->kind | (uint64_t)k->proto << 8 |
                          (uint64_t)k->is_fragment << 16 | (uint64_t)k->is_llc << 24 |
                          (uint64_t)k->interface << 32;
    const uint64_t h =
        key_hash_words(&seed, k->kind == PAVO_KIND_IP4, hash_le64(k->a), hash_le64(k->a + 8),
                       hash_le64(k->b), hash_le64(k->b + 8), ports, k->carrier, k->quoted, kind);

    return h ? h : 1;
}

const uint8_t key_carrier_part[UINT8_MAX + 1] = {
#define PATH  0
#define IDENT PAVO_KEY_TUNNEL
#define CARRIER(name, number, key, word, spec, id)                                                 \
    [number] = number == PAVO_CARRIER_VLAN ? PAVO_KEY_VLAN : (key),
#include "carriers.def"
#undef CARRIER
#undef IDENT
#undef PATH
};

/* The identity 'h' and one layer more. */
static inline uint64_t
carrier_next(uint64_t h, uint8_t type, uint32_t id)
{
    h = hash_word(h, (uint64_t)type << 32 | id);
    return h ? h : 1;
}

uint64_t
key_carrier(const struct pavo_layer *layers, unsigned n, unsigned parts)
{
    uint64_t h = 0;

    for (unsigned i = 0; i < n; i++) {
        const struct pavo_layer *l = &layers[i];

        if (!(key_carrier_part[l->type] & parts))
            continue;
        /* IEEE 802.1Q-2022 9.6: identifier 0 is a priority tag, the frame belongs to no VLAN by it.
         */
        if (l->type == PAVO_CARRIER_VLAN && (l->id & VLAN_ID_MASK) == 0)
            continue;
        h = h ? carrier_next(h, l->type, l->id) : key_carrier_one(l->type, l->id);
    }
    return h;
}

/* Puts two endpoints in order. Returns whether they were turned round. */
static bool
set_endpoints(struct pavo_key *k, const uint8_t *src, const uint8_t *dst, uint16_t src_port,
              uint16_t dst_port)
{
    const bool turned = key_is_after(src, dst, src_port, dst_port);

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
