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
 * so there is no branch.  Returns the hash. */
static PLAIN_INLINE uint64_t
words_ip4(struct pavo_packet *p, const uint8_t *src, const uint8_t *dst, uint16_t src_port,
          uint16_t dst_port, uint64_t carrier, uint8_t proto, const struct key_seed *seed)
{
    const uint32_t src_word = half_of(src), dst_word = half_of(dst);
    const uint64_t from = (uint64_t)src_word << 16 | src_port;
    const uint64_t to = (uint64_t)dst_word << 16 | dst_port;
    const bool is_b = from > to;
    const uint32_t turn = 0 - (uint32_t)is_b;
    const uint32_t ports = (uint32_t)dst_port << 16 | src_port;
    const uint32_t turned = ports << 16 | ports >> 16;
    const uint32_t by = (src_word ^ dst_word) & turn;
    const uint64_t w0 = src_word ^ by;
    const uint64_t w2 = dst_word ^ by;
    const uint64_t w4 = ports ^ ((ports ^ turned) & turn);
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
    return key_hash_words(seed, true, w0, 0, w2, 0, w4, carrier, 0, w7);
}

static PLAIN_INLINE uint64_t
words_ip6(struct pavo_packet *p, const uint8_t *src, const uint8_t *dst, uint16_t src_port,
          uint16_t dst_port, uint64_t carrier, uint8_t proto, const struct key_seed *seed)
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
    return key_hash_words(seed, false, w0, w1, w2, w3, w4, carrier, 0, w7);
}

/* All 16-bit words of what the NIC hashes, XORed: pavo_toeplitz() by a shorter way. */
static inline uint32_t
words_owner(const struct pavo_key *k, unsigned parts)
{
    uint64_t w;

    if (parts & PAVO_KEY_ALONE)
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
    const struct key_seed by = key_seed_of(seed);
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
            words_ip4(p, at->src, at->dst, at->src_port, at->dst_port, carrier, at->proto, &by);
    else
        p->hash =
            words_ip6(p, at->src, at->dst, at->src_port, at->dst_port, carrier, at->proto, &by);
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
    p->is_plain = (uint8_t)pavo_packet_is_plain(p);
}

static __attribute__((noinline)) void
make_any(const struct pavo_packet_make *m, const struct pavo_frame *f, struct pavo_packet *p)
{
    pavo_decap(m->decap, f, &p->at);
    make_decoded(m, f, p);
}

/* What is the same for all packets, at hand: nothing that is written changes it. */
struct maker {
    const struct pavo_packet_make *m;
    const struct pavo_decap_config *decap;
    struct key_seed seed;
    unsigned key_parts;
    uint32_t payload_room;
};

/* A word of which the compiler does not know how it was made: it keeps it, where else it would make
 * it again for each packet. */
static inline uint64_t
word_kept(uint64_t w)
{
#if defined(__GNUC__)
    __asm__("" : "+r"(w));
#endif
    return w;
}

static inline struct maker
maker_of(const struct pavo_packet_make *m)
{
    const struct key_seed by = key_seed_of(m->seed);

    return (struct maker){
        .m = m,
        .decap = m->decap,
        .seed = {.ends = {word_kept(by.ends[0]), word_kept(by.ends[1])},
                 .mix = {word_kept(by.mix[0]), word_kept(by.mix[1])}},
        .key_parts = m->key_parts,
        .payload_room = m->payload_room,
    };
}

/* A packet of which the headers 'v' are known, and what carries it. */
static PLAIN_INLINE void
make_headers(const struct maker *m, const struct pavo_frame *f, const struct plain *v,
             const bool is_ip6, const uint8_t proto, const bool alone, enum pavo_brief brief,
             uint64_t carrier, struct pavo_packet *p)
{
    const uint32_t held = v->held - v->head;

    p->frame = f;
    plain_first(v, is_ip6, proto, &p->at);
    p->hash = is_ip6 ? words_ip6(p, v->ip + 8, v->ip + 24, v->src_port, v->dst_port, carrier, proto,
                                 &m->seed)
                     : words_ip4(p, v->ip + 12, v->ip + 16, v->src_port, v->dst_port, carrier,
                                 proto, &m->seed);
    if (!alone)
        p->owner_hash = words_owner(&p->key, m->key_parts);
    p->payload = v->transport + v->head;
    p->payload_held = held < m->payload_room ? held : m->payload_room;
    p->is_plain = proto == SHORT_TCP && (p->at.tcp_flags & TCP_SYN) ? PAVO_PLAIN_SYN : PAVO_PLAIN;
    p->is_brief = brief;
    if (pavo_unlikely(p->now_ns != p->ts_ns) ||
        (proto == SHORT_TCP && pavo_unlikely(p->at.why != PAVO_WHY_DONE))) {
        p->is_plain = PAVO_PLAIN_NOT;
        pavo_packet_fill(p);
    }
}

/* The packet in a tunnel that was opened; false: it is another. */
static PLAIN_INLINE bool
inside_make(const struct maker *m, const struct pavo_frame *f, const struct plain_tunnel *t,
            const bool is_ip6, struct pavo_packet *p)
{
    const bool alone = (m->key_parts & PAVO_KEY_ALONE) != 0;
    const uint64_t carrier = key_carrier_tunnel(t->carrier, t->id, m->key_parts);
    struct plain v;

    if (!plain_open(t->rest.at, t->rest.held, t->rest.told, is_ip6, &v))
        return false;
    p->decap = m->decap;
    if (v.proto == SHORT_UDP) {
        if (!plain_udp(m->decap, is_ip6, &v) || v.next != DEC_STOP)
            return false;
        make_headers(m, f, &v, is_ip6, SHORT_UDP, alone, PAVO_BRIEF_TUNNEL, carrier, p);
        return true;
    }
    if (v.proto != SHORT_TCP || !plain_tcp(m->decap, is_ip6, &v))
        return false;
    make_headers(m, f, &v, is_ip6, SHORT_TCP, alone, PAVO_BRIEF_TUNNEL, carrier, p);
    return true;
}

/* What one of the usual frames carries in one of the usual tunnels, behind the header of UDP at
 * 'udp', of which 'told' bytes are promised; false: it is another. */
static __attribute__((noinline)) bool
make_inside(const struct maker *m, const struct pavo_frame *f, const uint8_t *udp, uint32_t told,
            enum dec_step step, struct pavo_packet *p)
{
    const uint32_t held = f->caplen - (uint32_t)(udp - f->data);
    struct plain_tunnel t;

    if (!plain_tunnel(f, step, udp, held < told ? held : told, told, &t))
        return false;
    if (t.type == TYPE_IP4)
        return plain_is_ip4(t.rest.at, t.rest.held) && inside_make(m, f, &t, false, p);
    return t.type == TYPE_IP6 && plain_is_ip6(t.rest.at, t.rest.held) &&
           inside_make(m, f, &t, true, p);
}

/* One of the usual frames; false: it is another. Either transport by itself, so that what differs
 * is known and not asked. */
static PLAIN_INLINE bool
make_plain(const struct maker *m, const struct pavo_frame *f, const bool is_ip6, const bool alone,
           struct pavo_packet *p)
{
    struct plain v;

    if (pavo_unlikely(
            !plain_open(f->data + ETHER_FIXED, f->caplen - ETHER_FIXED, plain_told(f), is_ip6, &v)))
        return false;
    if (v.proto == SHORT_UDP) {
        if (pavo_unlikely(!plain_udp(m->decap, is_ip6, &v)))
            return false;
        if (pavo_unlikely(v.next != DEC_STOP))
            return make_inside(m, f, v.transport, plain_body(&v, is_ip6), v.next, p);
        make_headers(m, f, &v, is_ip6, SHORT_UDP, alone, PAVO_BRIEF_PLAIN, 0, p);
        return true;
    }
    if (pavo_unlikely(v.proto != SHORT_TCP) || pavo_unlikely(!plain_tcp(m->decap, is_ip6, &v)))
        return false;
    make_headers(m, f, &v, is_ip6, SHORT_TCP, alone, PAVO_BRIEF_PLAIN, 0, p);
    return true;
}

/* All that the frame of a packet says, if it is no tunnel. */
static void
fill_plain(struct pavo_packet *p)
{
    const struct pavo_frame *f = p->frame;
    const bool is_ip6 = p->key.kind == PAVO_KIND_IP6;
    const uint8_t *ip = f->data + ETHER_FIXED, *h = ip + (is_ip6 ? IP6_FIXED : IP4_FIXED);
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
        plain_complete(&v, f, f->data, 3, true, &p->at);
    else
        plain_complete(&v, f, f->data, 3, false, &p->at);
}

void
pavo_packet_fill(struct pavo_packet *p)
{
    if (p->is_brief == PAVO_BRIEF_TUNNEL)
        pavo_decap(p->decap, p->frame, &p->at);
    else
        fill_plain(p);
    p->is_brief = PAVO_BRIEF_NOT;
}

/* A frame of which Ethernet, IP and the transport is all; false: it is another. */
static PLAIN_INLINE bool
make_usual(const struct maker *m, const struct pavo_frame *f, const bool alone,
           struct pavo_packet *p)
{
    const uint32_t type = plain_type(f);

    if (pavo_likely(type == TYPE_IP4))
        return make_plain(m, f, false, alone, p);
    return type == TYPE_IP6 && make_plain(m, f, true, alone, p);
}

/* One packet; 'in_words': its key may be made in whole words; 'alone': PAVO_KEY_ALONE. */
static PLAIN_INLINE void
packet_make(const struct maker *m, const struct pavo_frame *f, uint64_t now_ns, const bool in_words,
            const bool alone, struct pavo_packet *p)
{
    p->ts_ns = f->ts_ns;
    p->now_ns = now_ns;
    p->source = f->source;
    if (pavo_unlikely(!in_words) || pavo_unlikely(!make_usual(m, f, alone, p)))
        make_any(m->m, f, p);
}

/* Keys of all kinds, and clocks. */
static __attribute__((noinline)) void
packets_make_any(const struct pavo_packet_make *m, const struct pavo_frame *f,
                 const uint64_t *now_ns, struct pavo_packet *p, unsigned n)
{
    const struct maker by = maker_of(m);
    const bool in_words = KEYS_IN_WORDS && !(m->key_parts & (PAVO_KEY_INTERFACE | PAVO_KEY_MAC));

    for (unsigned i = 0; i < n; i++)
        packet_make(&by, &f[i], now_ns ? now_ns[i] : f[i].ts_ns, in_words,
                    (m->key_parts & PAVO_KEY_ALONE) != 0, &p[i]);
}

/* Most sensors have one worker, nothing but tunnels in addition to ports for a key, and time stamps
 * that follow each other. */
void
pavo_packets_make(const struct pavo_packet_make *m, const struct pavo_frame *f,
                  const uint64_t *now_ns, struct pavo_packet *p, unsigned n)
{
    if (KEYS_IN_WORDS && now_ns == NULL &&
        (m->key_parts & (PAVO_KEY_ALONE | PAVO_KEY_INTERFACE | PAVO_KEY_MAC)) == PAVO_KEY_ALONE) {
        const struct maker by = maker_of(m);

        for (unsigned i = 0; i < n; i++)
            packet_make(&by, &f[i], f[i].ts_ns, true, true, &p[i]);
        return;
    }
    packets_make_any(m, f, now_ns, p, n);
}
