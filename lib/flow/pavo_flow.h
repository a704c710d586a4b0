/* pavo_flow.h - packets into flows, flows into records
 *
 * Public interface of the flow side: the key, the packet as workers pass it on, the fragment
 * memory, the shard (one worker's flow table), and the two rings. Time comes in with the packets
 * only.
 */
#ifndef PAVO_FLOW_H
#define PAVO_FLOW_H

#include <stdatomic.h>

#include "pavo_decap.h"
#include "pavo_record.h"

#define PAVO_CACHE_LINE 64

/* One sentence a person can act on: what was attempted, on what, why not. */
struct pavo_err {
    char text[512];
};
int pavo_err_set(struct pavo_err *err, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))); /* returns -errnum */

/* Memory for tables: huge pages of a node, or malloc. get() gives zeroed, cache-line aligned bytes.
 */
struct pavo_mem {
    void *(*get)(const struct pavo_mem *m, size_t bytes);
    void (*put)(const struct pavo_mem *m, void *p, size_t bytes);
    int node; /* NUMA node, -1: any */
};
extern const struct pavo_mem pavo_mem_plain; /* aligned, zeroed, from the C library */

/* ---- identity ------------------------------------------------------------------------------ */

/* Parts of a key that the configuration may take out or add (flow.key). */
enum {
    PAVO_KEY_VLAN = 1 << 0,
    PAVO_KEY_TUNNEL = 1 << 1,
    PAVO_KEY_INTERFACE = 1 << 2,
    PAVO_KEY_MAC = 1 << 3,
    PAVO_KEY_ALONE = 1 << 4, /* there is one shard: nobody asks for owner_hash */
    PAVO_KEY_DEFAULT = PAVO_KEY_VLAN | PAVO_KEY_TUNNEL,
};

/* What makes packets one flow; one cache line, compared as bytes, no padding left unset.
 * Canonical: endpoint a is the smaller of (address, port), so both directions are equal. */
struct pavo_key {
    uint8_t a[16]; /* addresses in wire order; LINK: MAC in the first six */
    uint8_t b[16];
    uint16_t port_a; /* host order */
    uint16_t port_b;
    uint32_t extra;   /* ICMP: type pair << 16 | id, or type << 24 | code << 16; SPI; GRE key;
                         EtherType; fragment id */
    uint64_t carrier; /* VLAN id, or tunnel type and id; a hash of several; 0: none */
    uint64_t quoted;  /* ICMP error: hash of the conversation quoted; 0: none. LINK: the
                         destination queue pair of InfiniBand, else 0 */
    uint8_t kind;     /* enum pavo_kind */
    uint8_t proto;
    uint8_t is_fragment; /* pieces whose first one never came: 'extra' is the fragment id */
    uint8_t is_llc;
    uint16_t interface; /* source + 1 if PAVO_KEY_INTERFACE, else 0 */
    uint16_t unused;
};
_Static_assert(sizeof(struct pavo_key) == PAVO_CACHE_LINE, "a key is one cache line");

enum pavo_plain {
    PAVO_PLAIN_NOT = 0, /* all that could be asked of a packet must be */
    PAVO_PLAIN = 1, /* UDP or TCP without SYN, read without a complaint, no fragment, no name, and
                       now_ns is ts_ns: most of it needs not to be */
    PAVO_PLAIN_SYN = 4, /* the same of a SYN */
};

enum pavo_brief {
    PAVO_BRIEF_NOT = 0,
    PAVO_BRIEF_PLAIN,  /* Ethernet, IP and the transport are all that the frame has */
    PAVO_BRIEF_TUNNEL, /* they are in a tunnel */
};

/* A packet on its way from the decoder to its shard. Copied through the mesh up to the layers it
 * has. */
struct pavo_packet {
    struct pavo_key key;
    uint64_t
        hash; /* seeded hash of 'key': the table's. Set by who hands it to the shard, only there */
    uint64_t ts_ns;  /* its own time stamp: what records show */
    uint64_t now_ns; /* the stream's clock when it was received: what rules use; see pavo_clock */
    const uint8_t *payload; /* bytes behind the transport header, borrowed for the burst:
                               'payload_held' of at.payload_len bytes */
    uint32_t payload_held;  /* 0: none are at hand, whatever 'payload' is */
    uint32_t owner_hash;    /* symmetric Toeplitz of the innermost 5-tuple; of a quoted one for ICMP
                               errors */
    const struct pavo_frame *frame; /* if is_brief: borrowed for the burst, and its bytes */
    uint16_t source;
    uint8_t is_b;     /* it was sent by endpoint b */
    uint8_t is_plain; /* enum pavo_plain */
    uint8_t is_brief; /* enum pavo_brief: of 'at' there is only what the next packets of a flow add
                         to it; see pavo_packet_complete() */
    const struct pavo_decap_config *decap; /* PAVO_BRIEF_TUNNEL: the frame is decoded again by it */
    struct pavo_layers at;
};
static inline size_t
pavo_packet_size(const struct pavo_packet *p)
{
    return offsetof(struct pavo_packet, at.layers) + p->at.n_layers * sizeof p->at.layers[0];
}

/* pavo_packet_key - fills key, is_b and (unless PAVO_KEY_ALONE) owner_hash from p->at and
 * p->source. For an ICMP error with a usable quote the owner is that of the quoted conversation. */
void pavo_packet_key(struct pavo_packet *p, unsigned parts);
/* pavo_packet_key_hash - the same, and 'hash' with it. */
void pavo_packet_key_hash(struct pavo_packet *p, unsigned parts, const uint64_t seed[2]);

/* pavo_packet_is_plain - what is_plain may be of a packet whose 'at' is whole */
static inline enum pavo_plain
pavo_packet_is_plain(const struct pavo_packet *p)
{
    const struct pavo_layers *at = &p->at;
    const bool is_udp = at->proto == 17, is_tcp = at->proto == 6 && at->has_tcp;
    const bool is_syn = is_tcp && at->tcp_flags & 0x02;

    if (!at->has_ports || at->why || at->n_frags || at->n_atomic || at->named ||
        p->now_ns != p->ts_ns || (!is_udp && !is_tcp))
        return PAVO_PLAIN_NOT;
    return is_syn ? PAVO_PLAIN_SYN : PAVO_PLAIN;
}

/* What packets are made with: the same for all of a worker. */
struct pavo_packet_make {
    const struct pavo_decap_config *decap;
    unsigned key_parts; /* PAVO_KEY_* */
    uint64_t seed[2];
    uint32_t payload_room; /* most bytes of payload that anybody asks for */
};

/* pavo_packets_make - decodes 'n' frames into all members of as many packets, but see
 * pavo_packet_complete()
 *
 * 'now_ns' is what the stream's clock says of each; NULL: what their time stamps say. The payload
 * is borrowed from the frame. */
void pavo_packets_make(const struct pavo_packet_make *m, const struct pavo_frame *f,
                       const uint64_t *now_ns, struct pavo_packet *p, unsigned n);

/* pavo_packet_complete - the rest of 'at' of a packet that is_brief, from its frame
 *
 * A plain packet of a flow that goes on is asked for lengths, TTL, TOS, identification and TCP's
 * header, and for nothing else: pavo_packets_make() leaves the rest to who needs it. */
void pavo_packet_fill(struct pavo_packet *p);
static inline void
pavo_packet_complete(struct pavo_packet *p)
{
    if (p->is_brief)
        pavo_packet_fill(p);
}

/* pavo_toeplitz - symmetric Toeplitz hash (key 0x6D5A repeated) over addresses and ports, equal to
 * what a NIC with that key delivers for IPv4/IPv6 with ports (12 or 36 bytes) or without (ports 0).
 */
uint32_t pavo_toeplitz(const uint8_t *src, const uint8_t *dst, unsigned addr_bytes,
                       uint16_t src_port, uint16_t dst_port);

/* The same of what is left when all 16-bit words of addresses and ports are XORed. */
uint32_t pavo_toeplitz_word(uint16_t word);

/* Seeded hash for tables; not guessable without the seed. */
uint64_t pavo_hash(const void *bytes, size_t n, const uint64_t seed[2]);
/* The same for keys: what a packet's 'hash' is. Another function, with other values. */
uint64_t pavo_key_hash(const struct pavo_key *k, const uint64_t seed[2]);

/* ---- the stream's clock --------------------------------------------------------------------- */

/* Event time of one source queue, in the order of its packets. Deterministic: only time stamps go
 * in. */
struct pavo_clock {
    uint64_t now_ns;     /* highest time stamp so far; 0: none yet */
    uint64_t grace_ns;   /* disorder that is taken as it comes */
    uint64_t back_ns;    /* a step back by more than this is a jump */
    uint64_t forward_ns; /* a step forward by more than this is a jump */
    uint64_t jumps;
    uint64_t late; /* packets older than 'grace' but no jump: rules see now - grace */
};

/* pavo_clock_tick - takes the next time stamp; sets *now_ns to the time that rules shall use for
 * this packet: max(ts, now - grace). Returns true if the clock jumped: every live flow of every
 * shard must be closed before this packet is accounted: pavo_frags_expire(UINT64_MAX), then
 * pavo_shard_clock() with the time before the jump and pavo_shard_flush(PAVO_DETAIL_CLOCK_JUMP). A
 * limit of 0: no step in that direction is a jump. */
bool pavo_clock_tick_odd(struct pavo_clock *c, uint64_t ts_ns, uint64_t *now_ns);
static inline bool
pavo_clock_tick(struct pavo_clock *c, uint64_t ts_ns, uint64_t *now_ns)
{
    /* In order, and no jump: what nearly all are. */
    if (__builtin_expect(c->now_ns != 0 && ts_ns >= c->now_ns &&
                             (c->forward_ns == 0 || ts_ns - c->now_ns <= c->forward_ns),
                         1)) {
        c->now_ns = ts_ns;
        *now_ns = ts_ns;
        return false;
    }
    return pavo_clock_tick_odd(c, ts_ns, now_ns);
}

/* ---- single-producer single-consumer ring ---------------------------------------------------- */

/* Fixed slots of any type; producer and consumer are one thread each. See ring.h for the inline
 * doors: void *ring_slot(struct pavo_ring *r)         producer: the next free slot, or NULL when
 * full void ring_push(struct pavo_ring *r)          producer: publishes that slot (release)
 *   uint32_t ring_room(struct pavo_ring *r)      producer: free slots, at least
 *   void *ring_peek(struct pavo_ring *r)         consumer: the oldest slot, or NULL when empty
 * (acquire) void ring_pop(struct pavo_ring *r)           consumer: gives that slot back (release)
 */
struct pavo_ring;
struct pavo_ring *pavo_ring_open(size_t slot_bytes, uint32_t slots, const struct pavo_mem *mem,
                                 struct pavo_err *err);
void pavo_ring_close(struct pavo_ring *r);

/* ---- fragments --------------------------------------------------------------------------------
 */

/* Counters that a worker stores and anyone loads; relaxed, never decremented. */
#define PAVO_STAT(name) _Atomic uint64_t name
static inline void
pavo_stat_add(_Atomic uint64_t *c, uint64_t n)
{
    /* One writer: a relaxed load and store is an add without a locked instruction. */
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}
static inline uint64_t
pavo_stat_get(const _Atomic uint64_t *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

struct pavo_frag_stats {
    PAVO_STAT(firsts);   /* first pieces learned */
    PAVO_STAT(followed); /* later pieces that joined their flow at once */
    PAVO_STAT(waited);   /* later pieces that came before their first one */
    PAVO_STAT(joined);   /* of those: joined when it came */
    PAVO_STAT(orphaned); /* of those: given up, accounted without ports (time-out or no room) */
    PAVO_STAT(evicted);  /* datagrams forgotten because the memory was full */
    /* What pieces are, compared with those of their datagram that came before and are remembered. A
     * piece counts in one of these three at most. */
    PAVO_STAT(duplicates);   /* one with the same offset and length came before */
    PAVO_STAT(overlaps);     /* they share bytes with one: RFC 3128, RFC 5722 */
    PAVO_STAT(out_of_order); /* they stand before one */
    PAVO_STAT(tiny);   /* first pieces that end in a header, second ones that begin in that of TCP:
                          RFC 1858 */
    PAVO_STAT(atomic); /* fragment headers of packets that are whole: RFC 6946 */
};

/* Hands out a packet that is ready to be routed to its owner. The packet is borrowed for the call.
 */
typedef void pavo_emit_fn(void *ctx, const struct pavo_packet *p);

struct pavo_frags;
struct pavo_frags_config {
    uint32_t limit;      /* datagrams remembered */
    uint32_t waiting;    /* later pieces that may wait, in all */
    uint64_t timeout_ns; /* how long, in event time */
    uint64_t seed[2];    /* of its table */
    const struct pavo_mem *mem;
};
struct pavo_frags *pavo_frags_open(const struct pavo_frags_config *cfg, struct pavo_err *err);
void pavo_frags_close(struct pavo_frags *f);
/* pavo_frags_step - takes one packet with at.n_frags > 0 and a key. A first piece is learned and
 * emitted, then the pieces that waited for it. A later piece is given its flow's key and emitted;
 * or kept until its first piece comes or the time is up. Every packet taken is emitted exactly once
 * in the end. Only packets drive time here, so the outcome is a function of the packets alone. The
 * key of a packet that is emitted may have changed; 'hash' is as it came. */
void pavo_frags_step(struct pavo_frags *f, const struct pavo_packet *p, pavo_emit_fn *emit,
                     void *ctx);
/* pavo_frags_atomic - counts the fragment headers of a packet that is whole. */
void pavo_frags_atomic(struct pavo_frags *f, unsigned n);
/* Emits what waits longer than the timeout at 'now_ns'; with UINT64_MAX all that waits, and forgets
 * all. Between bursts of a live source, at a clock jump, and at the end (there first with the
 * clock's time, then with UINT64_MAX: rules see what is given up at the last time told). Returns
 * the packets still waiting. */
uint32_t pavo_frags_expire(struct pavo_frags *f, uint64_t now_ns, pavo_emit_fn *emit, void *ctx);
/* pavo_frags_due - event time at which pavo_frags_expire() next has something to emit; UINT64_MAX:
 * nothing waits. A receiver that calls pavo_frags_expire() before the first packet whose 'now' has
 * reached it makes the outcome a function of the packets, whatever the bursts. */
uint64_t pavo_frags_due(const struct pavo_frags *f);
const struct pavo_frag_stats *pavo_frags_stats(const struct pavo_frags *f);
/* Which worker resolves a fragment when there are several receivers: by the outermost IP addresses
 * alone, for a later piece of a tunnel's packet shows no others, and all headers of a frame must
 * meet their pieces. */
uint32_t pavo_frag_owner_hash(const struct pavo_packet *p);

/* ---- the shard --------------------------------------------------------------------------------
 */

struct pavo_timeouts { /* nanoseconds */
    uint64_t active;
    uint64_t idle_tcp;     /* established */
    uint64_t idle_tcp_new; /* began with a SYN and the handshake is not complete */
    uint64_t idle_udp;
    uint64_t idle_icmp;
    uint64_t idle_other;
    uint64_t linger; /* after a TCP close or reset */
    uint64_t grace;  /* capture disorder: the sweep waits this much longer */
};

#define PAVO_METERS_AUTO UINT32_MAX

struct pavo_shard_config {
    uint32_t id;
    uint32_t flow_limit;
    uint32_t meter_limit; /* flows of which sizes and times are kept; 0: of none; PAVO_METERS_AUTO:
                             as many as leave a flow at 320 bytes */
    uint32_t name_limit;  /* flows whose names are looked for or kept; of parts & PAVO_PART_NAMES */
    uint32_t payload_bytes; /* of each side; of parts & PAVO_PART_BYTES */
    unsigned parts;         /* PAVO_PART_NAMES, _FIRST, _BYTES, _ENTROPY: those that are wanted */
    uint32_t encap_limit;   /* distinct layers of encapsulation remembered; stacks share their outer
                               ones */
    struct pavo_timeouts timeouts;
    uint64_t seed[2]; /* that 'hash' of the packets was made with */
    const struct pavo_mem *mem;
    struct pavo_ring *out; /* of struct pavo_draft, slots of pavo_draft_room(parts); the shard is
                              its producer */
};

struct pavo_shard_stats {
    PAVO_STAT(packets); /* accounted to a flow */
    PAVO_STAT(octets);  /* their L3 bytes */
    PAVO_STAT(flows_made);
    PAVO_STAT(flows_ended); /* live = made - ended */
    PAVO_STAT(records);     /* pushed into 'out' */
    PAVO_STAT(
        record_packets); /* packets in them: packets - record_packets - dropped_packets are live */
    PAVO_STAT(record_octets);
    PAVO_STAT(evicted);         /* flows exported early because the table was full */
    PAVO_STAT(dropped_records); /* made, but neither 'out' nor the shard had room */
    PAVO_STAT(dropped_packets);
    PAVO_STAT(ring_full);   /* times that 'out' had no room */
    PAVO_STAT(encap_full);  /* flows without their encapsulation list */
    PAVO_STAT(pool_empty);  /* parts that a flow wanted and went without */
    PAVO_STAT(icmp_errors); /* ICMP errors that found the flow they quote */
    PAVO_STAT(icmp_strays); /* ICMP errors that did not */
    PAVO_STAT(late_cut);    /* intervals cut late because 'out' had no room */
};

struct pavo_shard;
struct pavo_shard *pavo_shard_open(const struct pavo_shard_config *cfg, struct pavo_err *err);
void pavo_shard_close(struct pavo_shard *s); /* live flows are forgotten: flush first */

enum { PAVO_PIPE_PACKETS = 40, PAVO_PUSH_PACKETS = 8 };
/* pavo_shard_push - accounts 'n' packets, which stand side by side, to their flows, in the order of
 * the pushes; some pushes later, or when pavo_shard_drain() is called, which must come before
 * anything else is asked of the shard and before the payload is touched. A packet may be touched
 * again after that, or PAVO_PIPE_PACKETS - PAVO_PUSH_PACKETS packets later. It has its key, and
 * hash = pavo_key_hash(&key, seed). Least work if 'n' is PAVO_PUSH_PACKETS, and so many were pushed
 * before since the last drain, once or several times. The result is the same wherever a stream is
 * drained. Owner thread only. */
void pavo_shard_push(struct pavo_shard *s, struct pavo_packet *p, unsigned n);
void pavo_shard_drain(struct pavo_shard *s);
/* pavo_shard_burst - pushes 'n' packets and drains. */
void pavo_shard_burst(struct pavo_shard *s, struct pavo_packet *const *p, unsigned n);

/* pavo_shard_clock - the shard's event time moves to at least 'now_ns'. */
void pavo_shard_clock(struct pavo_shard *s, uint64_t now_ns);

/* pavo_shard_sweep - exports flows that are overdue at the shard's clock by idle time plus grace
 *
 * Visits at most 'budget' flows. A full ring ends it early, counted; nothing is lost, it is only
 * late. Returns the flows exported. */
unsigned pavo_shard_sweep(struct pavo_shard *s, unsigned budget);

/* pavo_shard_flush - ends all flows: those idle at the shard's clock as idle, the others by 'why'
 * (PAVO_DETAIL_CAPTURE_END, _STOPPED or _CLOCK_JUMP). A closed or reset TCP flow ends as such.
 *
 * When none is left, the shard's clock starts anew: the next packet may be of an earlier time.
 * Returns true when none is left. False: the ring is full, call again. */
bool pavo_shard_flush(struct pavo_shard *s, enum pavo_end_detail why);

/* Records that wait inside the shard for room in 'out'; a source that can wait shall, while this is
 * not 0 or ring_room(out) is less than a burst. */
uint32_t pavo_shard_backlog(const struct pavo_shard *s);

const struct pavo_shard_stats *pavo_shard_stats(const struct pavo_shard *s);
/* Where finding and accounting add their time, laps.h; NULL: nowhere. Owner thread only. */
struct pavo_laps;
void pavo_shard_laps(struct pavo_shard *s, struct pavo_laps *laps);
/* Bytes that a shard of this configuration takes, in all. For plan and sizing. */
size_t pavo_shard_bytes(const struct pavo_shard_config *cfg);

#endif
