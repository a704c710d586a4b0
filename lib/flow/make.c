/* make.c - a frame becomes a packet: decoded, with its key and hash
 *
 * Most frames are Ethernet, IPv4 or IPv6, TCP or UDP, and nothing else (lib/decap/plain.h). Of
 * these headers, key and hash are read in one go, while the fields are at hand; a key is written in
 * whole words, which the hash is then made of, for a processor makes a load wait that spans several
 * stores. All others, and what is in tunnels, is decoded and keyed by the general functions, and a
 * test proves that both say the same.
 */
#include "flow.h"
#include "plain.h"

/* ---- keys in whole words ------------------------------------------------------------------------
 *
 * IPv4 and IPv6 with ports, told apart by nothing but what carries them.
 */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
enum { KEYS_IN_WORDS = 1 };
#else
enum { KEYS_IN_WORDS = 0 };
#endif

_Static_assert(offsetof(struct pavo_key, a) == 0 && offsetof(struct pavo_key, b) == 16 &&
                   offsetof(struct pavo_key, port_a) == 32 &&
                   offsetof(struct pavo_key, carrier) == 40 &&
                   offsetof(struct pavo_key, kind) == 56,
               "words 0 to 3, 4, 5, 7");

static inline void
word_put(struct pavo_key *k, unsigned i, uint64_t w)
{
    memcpy((uint8_t *)k + 8 * (size_t)i, &w, sizeof w);
}

static inline uint64_t
word_of(const uint8_t *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

static inline uint32_t
half_of(const uint8_t *p)
{
    uint32_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

/* Both directions must give the same key: which endpoint comes first is as often one as the other,
 * so there is no branch. Returns the hash. */
static PLAIN_INLINE uint64_t
words_ip4(struct pavo_packet *p, const uint8_t *src, const uint8_t *dst, uint16_t src_port,
          uint16_t dst_port, uint64_t carrier, uint8_t proto, const uint64_t seed[2])
{
    const uint64_t from = (uint64_t)be32(src) << 16 | src_port;
    const uint64_t to = (uint64_t)be32(dst) << 16 | dst_port;
    const bool is_b = from > to;
    const uint64_t turn = 0 - (uint64_t)is_b;
    const uint32_t src_word = half_of(src), dst_word = half_of(dst);
    const uint32_t ports = (uint32_t)dst_port << 16 | src_port;
    const uint32_t turned = (uint32_t)src_port << 16 | dst_port;
    const uint32_t by = (src_word ^ dst_word) & (uint32_t)turn;
    const uint64_t w0 = src_word ^ by;
    const uint64_t w2 = dst_word ^ by;
    const uint64_t w4 = ports ^ ((ports ^ turned) & (uint32_t)turn);
    const uint64_t w7 = (uint64_t)proto << 8 | (uint64_t)PAVO_KIND_IP4;

    p->is_b = is_b;
    word_put(&p->key, 0, w0);
    word_put(&p->key, 1, 0);
    word_put(&p->key, 2, w2);
    word_put(&p->key, 3, 0);
    word_put(&p->key, 4, w4);
    word_put(&p->key, 5, carrier);
    word_put(&p->key, 6, 0);
    word_put(&p->key, 7, w7);
    return key_hash_words(seed, w0, 0, w2, 0, w4, carrier, 0, w7);
}

static PLAIN_INLINE uint64_t
words_ip6(struct pavo_packet *p, const uint8_t *src, const uint8_t *dst, uint16_t src_port,
          uint16_t dst_port, uint64_t carrier, uint8_t proto, const uint64_t seed[2])
{
    const bool is_b = key_is_after(src, dst, src_port, dst_port);
    const uint8_t *a = is_b ? dst : src, *b = is_b ? src : dst;
    const uint64_t port_a = is_b ? dst_port : src_port, port_b = is_b ? src_port : dst_port;
    const uint64_t w0 = word_of(a), w1 = word_of(a + 8), w2 = word_of(b), w3 = word_of(b + 8);
    const uint64_t w4 = port_b << 16 | port_a;
    const uint64_t w7 = (uint64_t)proto << 8 | (uint64_t)PAVO_KIND_IP6;

    p->is_b = is_b;
    word_put(&p->key, 0, w0);
    word_put(&p->key, 1, w1);
    word_put(&p->key, 2, w2);
    word_put(&p->key, 3, w3);
    word_put(&p->key, 4, w4);
    word_put(&p->key, 5, carrier);
    word_put(&p->key, 6, 0);
    word_put(&p->key, 7, w7);
    return key_hash_words(seed, w0, w1, w2, w3, w4, carrier, 0, w7);
}

/* All 16-bit words of what the NIC hashes, XORed: pavo_toeplitz() by a shorter way. */
static inline uint32_t
words_owner(const struct pavo_key *k, unsigned parts)
{
    uint64_t w;

    if (pavo_likely(parts & PAVO_KEY_ALONE))
        return 0;
    w = key_word(k, 0) ^ key_word(k, 1) ^ key_word(k, 2) ^ key_word(k, 3);
    w ^= w >> 32;
    w ^= w >> 16;
    return pavo_toeplitz_word((uint16_t)(__builtin_bswap16((uint16_t)w) ^ k->port_a ^ k->port_b));
}

void
pavo_packet_key_hash(struct pavo_packet *p, unsigned parts, const uint64_t seed[2])
{
    const struct pavo_layers *at = &p->at;
    uint64_t carrier;

    if (!KEYS_IN_WORDS || !at->has_ports || (parts & (PAVO_KEY_INTERFACE | PAVO_KEY_MAC)) ||
        (at->kind != PAVO_KIND_IP4 && at->kind != PAVO_KIND_IP6)) {
        pavo_packet_key(p, parts);
        p->hash = key_hash(&p->key, seed);
        return;
    }
    carrier = at->n_layers ? key_carrier(at->layers, at->n_layers, parts) : 0;
    if (at->kind == PAVO_KIND_IP4)
        p->hash =
            words_ip4(p, at->src, at->dst, at->src_port, at->dst_port, carrier, at->proto, seed);
    else
        p->hash =
            words_ip6(p, at->src, at->dst, at->src_port, at->dst_port, carrier, at->proto, seed);
    p->owner_hash = words_owner(&p->key, parts);
}

/* ---- packets ------------------------------------------------------------------------------------
 */

/* Where the payload stands in the frame, and how much of it was captured. */
static inline void
payload_find(struct pavo_packet *p, const struct pavo_frame *f, uint32_t room)
{
    const uint32_t held = f->caplen > p->at.payload_at ? f->caplen - p->at.payload_at : 0;
    const uint32_t n = held < p->at.payload_len ? held : p->at.payload_len;

    p->payload_held = n < room ? n : room;
    p->payload = p->payload_held ? f->data + p->at.payload_at : NULL;
}

/* The rest of a packet that the decoder has read. */
static void
make_decoded(const struct pavo_packet_make *m, const struct pavo_frame *f, struct pavo_packet *p)
{
    p->is_brief = PAVO_BRIEF_NOT;
    pavo_packet_key_hash(p, m->key_parts, m->seed);
    /* Pieces of a datagram have no payload: what they hold depends on which came first. */
    payload_find(p, f, p->at.n_frags ? 0 : m->payload_room);
    p->is_plain = pavo_packet_is_plain(p);
}

static __attribute__((noinline)) void
make_any(const struct pavo_packet_make *m, const struct pavo_frame *f, struct pavo_packet *p)
{
    pavo_decap(m->decap, f, &p->at);
    make_decoded(m, f, p);
}

/* A packet of which the headers 'v' are known, and what carries it. */
static PLAIN_INLINE void
make_brief(const struct pavo_packet_make *m, const struct pavo_frame *f, const struct plain *v,
           const bool is_ip6, uint64_t carrier, struct pavo_packet *p)
{
    const uint16_t src_port = v->src_port, dst_port = v->dst_port;
    const uint32_t held = v->held - v->head;

    p->frame = f->data;
    p->wire_len = f->len;
    plain_first(v, is_ip6, &p->at);
    p->hash =
        is_ip6
            ? words_ip6(p, v->ip + 8, v->ip + 24, src_port, dst_port, carrier, v->proto, m->seed)
            : words_ip4(p, v->ip + 12, v->ip + 16, src_port, dst_port, carrier, v->proto, m->seed);
    p->owner_hash = words_owner(&p->key, m->key_parts);
    p->payload_held = held < m->payload_room ? held : m->payload_room;
    p->payload = p->payload_held ? v->transport + v->head : NULL;
    p->is_plain = p->now_ns == p->ts_ns &&
                  (v->proto == PROTO_UDP || (!p->at.why && !(p->at.tcp_flags & TCP_SYN)));
    if (pavo_unlikely(!p->is_plain))
        pavo_packet_fill(p);
}

/* The packet in a tunnel that was opened; false: it is another. */
static PLAIN_INLINE bool
inside_make(const struct pavo_packet_make *m, const struct pavo_frame *f,
            const struct plain_tunnel *t, const bool is_ip6, struct pavo_packet *p)
{
    struct plain v;

    if (!plain_read_inside(m->decap, f, t, is_ip6, &v) || v.next != DEC_STOP)
        return false;
    p->is_brief = PAVO_BRIEF_TUNNEL;
    p->caplen = f->caplen;
    p->decap = m->decap;
    make_brief(m, f, &v, is_ip6, key_carrier_tunnel(t->carrier, t->id, m->key_parts), p);
    return true;
}

/* What one of the usual frames carries in one of the usual tunnels; false: it is another. */
static __attribute__((noinline)) bool
make_inside(const struct pavo_packet_make *m, const struct pavo_frame *f, const struct plain *outer,
            struct pavo_packet *p)
{
    struct plain_tunnel t;

    if (!plain_tunnel(f, outer, &t))
        return false;
    if (t.type == TYPE_IP4)
        return inside_make(m, f, &t, false, p);
    return t.type == TYPE_IP6 && inside_make(m, f, &t, true, p);
}

/* One of the usual frames; false: it is another. */
static PLAIN_INLINE bool
make_plain(const struct pavo_packet_make *m, const struct pavo_frame *f, const bool is_ip6,
           struct pavo_packet *p)
{
    struct plain v;

    if (pavo_unlikely(!plain_read(m->decap, f, ETHER_FIXED, plain_told(f), is_ip6, &v)))
        return false;
    if (pavo_unlikely(v.next != DEC_STOP)) {
        const struct plain outer = v; /* 'v' itself stays in registers */

        return make_inside(m, f, &outer, p);
    }
    p->is_brief = PAVO_BRIEF_PLAIN;
    make_brief(m, f, &v, is_ip6, 0, p);
    return true;
}

/* All that the frame of a packet says, if it is no tunnel. */
static void
fill_plain(struct pavo_packet *p)
{
    const bool is_ip6 = p->key.kind == PAVO_KIND_IP6;
    const uint8_t *ip = p->frame + ETHER_FIXED, *h = ip + (is_ip6 ? IP6_FIXED : IP4_FIXED);
    const struct plain v = {
        .ip = ip,
        .transport = h,
        .total = p->at.l3_len,
        .head = p->key.proto == SHORT_UDP ? SHORT_UDP_FIXED : (h[12] >> 4) * 4u,
        .src_port = be16(h),
        .dst_port = be16(h + 2),
        .proto = p->key.proto,
    };

    if (is_ip6)
        plain_complete(&v, p->frame, p->wire_len, p->frame, 3, true, &p->at);
    else
        plain_complete(&v, p->frame, p->wire_len, p->frame, 3, false, &p->at);
}

void
pavo_packet_fill(struct pavo_packet *p)
{
    const struct pavo_frame f = {
        .data = p->frame, .caplen = p->caplen, .len = p->wire_len, .link = PAVO_LINK_ETHER};

    if (p->is_brief == PAVO_BRIEF_TUNNEL)
        pavo_decap(p->decap, &f, &p->at);
    else
        fill_plain(p);
    p->is_brief = PAVO_BRIEF_NOT;
}

/* A frame of which Ethernet, IP and the transport is all; false: it is another. */
static PLAIN_INLINE bool
make_usual(const struct pavo_packet_make *m, const struct pavo_frame *f, struct pavo_packet *p)
{
    const uint32_t type = plain_type(f);

    if (pavo_likely(type == TYPE_IP4))
        return make_plain(m, f, false, p);
    return type == TYPE_IP6 && make_plain(m, f, true, p);
}

static PLAIN_INLINE void
packets_make(const struct pavo_packet_make *m, const struct pavo_frame *f, const uint64_t *now_ns,
             struct pavo_packet *p, unsigned n)
{
    const struct pavo_packet_make own = *m; /* nothing that is written changes it */
    const bool in_words = KEYS_IN_WORDS && !(m->key_parts & (PAVO_KEY_INTERFACE | PAVO_KEY_MAC));

    for (unsigned i = 0; i < n; i++, f++, p++) {
        p->ts_ns = f->ts_ns;
        p->now_ns = now_ns ? now_ns[i] : f->ts_ns;
        p->source = f->source;
        if (pavo_unlikely(!in_words) || pavo_unlikely(!make_usual(&own, f, p)))
            make_any(m, f, p);
    }
}

static __attribute__((noinline)) void
packets_make_late(const struct pavo_packet_make *m, const struct pavo_frame *f,
                  const uint64_t *now_ns, struct pavo_packet *p, unsigned n)
{
    packets_make(m, f, now_ns, p, n);
}

void
pavo_packets_make(const struct pavo_packet_make *m, const struct pavo_frame *f,
                  const uint64_t *now_ns, struct pavo_packet *p, unsigned n)
{
    if (pavo_unlikely(now_ns != NULL))
        packets_make_late(m, f, now_ns, p, n);
    else
        packets_make(m, f, NULL, p, n);
}
