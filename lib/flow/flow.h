/* flow.h - what a shard keeps, inside the flow library
 *
 * A flow is in three places, grouped by how often they are touched: its key (compared by each
 * lookup), what each packet writes (the line behind the key), and what begins, ends and rare events
 * write (an array of its own, a line each). What only some flows need are parts, from pools
 * (parts.h). Flows are numbered from 1; 0 is none. Sides: [0] is endpoint a of
 * the key, [1] endpoint b; only a record has directions.
 */
#ifndef PAVO_FLOW_PRIVATE_H
#define PAVO_FLOW_PRIVATE_H

#include "bucket.h"
#include "cacheline.h"
#include "encap.h"
#include "key.h"
#include "laps.h"
#include "parts.h"
#include "pool.h"
#include "ring.h"

/* What a flow's idle time depends on. */
enum flow_state {
    STATE_FREE = 0, /* no flow */
    STATE_OTHER,

    STATE_UDP,
    STATE_ICMP,
    STATE_TCP_NEW, /* the handshake is not complete */
    STATE_TCP_OPEN,
    STATE_TCP_CLOSED, /* FIN and acknowledgement both ways; lingers */
    STATE_TCP_RESET,  /* RST; lingers */
    STATES
};

enum {
    FLOW_FWD_B = 1 << 0,   /* endpoint b is the initiator */
    FLOW_FIRST_B = 1 << 1, /* endpoint b sent the first packet */
    FLOW_LATE = 1 << 2,    /* a packet's rule time was not its time stamp: see cold.late_ns */
    FLOW_MAC = 1 << 3,     /* the cold part has MACs */
    FLOW_PORTS = 1 << 4,
    FLOW_EXPORTED = 1 << 5,   /* a record has left: initiator and id are settled */
    FLOW_CUT_LATE = 1 << 6,   /* this interval should have been cut */
    FLOW_LAST_B = 1 << 7,     /* endpoint b sent the packet that set last_ns */
    FLOW_ANSWERED = 1 << 8,   /* both sides have sent, in whatever interval */
    FLOW_TURNED = 1 << 9,     /* evidence that the other side began came after the first record */
    FLOW_RARE_LOST = 1 << 10, /* there was no part for fragments and ICMP errors */
    FLOW_TALK_SHIFT = 11,     /* two bits: what talk.c keeps */
    FLOW_TALK_MASK = 3,
    FLOW_BASIS_SHIFT = 13, /* three bits: enum pavo_basis */
};
_Static_assert(PAVO_BASES <= 8, "the basis has three bits");

enum {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_ACK = 0x10,
    TCP_ECE = 0x40,
    TCP_CWR = 0x80,
};

/* Line 0: the key. Line 1: what each packet writes, of this interval. */
struct pavo_flow {
    PAVO_ALIGNED struct pavo_key key;
    PAVO_ALIGNED uint64_t last_ns; /* highest time stamp of a packet of this interval */
    uint64_t octets[2];
    uint32_t headers[2]; /* of these: not payload. The interval is cut before they are full */
    uint32_t packets[2];
    uint32_t
        cut; /* when the interval ends, in units of 2^CUT_SHIFT ns, rounded down, modulo 2^32 */
    uint32_t detail; /* what its protocol keeps: a flow_detail; of all but TCP and ICMP a part of
                        talk.c */
    uint32_t meter;  /* sizes and times: a part */
    uint16_t tcp_flags[2];
    uint8_t ttl_min[2]; /* 0: none yet */
    uint8_t ttl_max[2];
    uint8_t state;     /* enum flow_state */
    uint8_t why : 6;   /* highest enum pavo_why */
    uint8_t quick : 2; /* 1 << side: its next packets may take the quick way */
    uint16_t flags;
};
_Static_assert(PAVO_WHYS <= 64, "a reason has six bits");
_Static_assert(offsetof(struct pavo_flow, last_ns) == PAVO_CACHE_LINE, "line 1 starts here");
_Static_assert(sizeof(struct pavo_flow) == 2 * PAVO_CACHE_LINE, "a flow is two lines");

/* What begins, ends and rare events write. */
struct flow_cold {
    /* What no record is made of. */
    PAVO_ALIGNED uint64_t start_ns; /* rule time at which this interval began; of one that waits
                                   for room, the next one that does */
    uint64_t closed_ns;             /* rule time of the close or reset, in states that linger */
    /* The rest. */
    uint64_t first_ns; /* lowest time stamp of this interval */
    uint32_t encap;
    uint32_t longer; /* parts: what an interval that was cut leaves, */
    uint32_t rare;   /* what hardly any flow has, */
    uint32_t said;   /* what its payload says */
    uint8_t mac[2][6];
    uint32_t flow_label : 20;
    uint32_t named : 8; /* enum pavo_name, the first that a packet had; 0: none yet */
    uint32_t cast : 2;  /* PAVO_CAST_* of the first packet */
    uint32_t waits : 1; /* it has ended, its record waits for room */
    uint32_t unused : 1;
    uint16_t source;
    uint16_t ethertype; /* ARP: the operation of the first packet; the EtherType is in the key */
    uint16_t encap_port;
    uint8_t tos[2]; /* of each side's first packet */
};
_Static_assert(sizeof(struct flow_cold) == PAVO_CACHE_LINE, "a line");
_Static_assert(PAVO_NAMES <= 256, "a name has eight bits");

/* ICMP flows. */
struct icmp_part {
    struct pavo_quote quote;
    uint8_t type[2]; /* of each side's first message */
    uint8_t code[2];
    uint8_t seen; /* 1 << side */
    uint8_t unused[3];
    uint32_t talk; /* number of the part of talk.c */
};

/* What a protocol keeps: one of these for each flow of TCP and ICMP, of the same number as the
 * flow. */
union flow_detail {
    struct tcp_part tcp;
    struct icmp_part icmp;
};
_Static_assert(sizeof(union flow_detail) == 84,
               "bounds the memory of a flow, see pavo_shard_bytes");

/* What a flow keeps of its payload, said.c: a head and behind it those that are wanted. */
struct said_head {
    uint8_t is_inspected; /* the inspector needs no more */
    uint8_t unused[7];
};
struct said_places {
    uint32_t inspect, first, bytes, entropy; /* where each stands; 0: not wanted */
    uint32_t size;
};

enum {
    CUT_SHIFT = 24,
    TICK_SHIFT = 30,
    BLOCK_SHIFT = 6,
    BLOCK_FLOWS = 1 << BLOCK_SHIFT,
    AGE_ENDED = 0x8000, /* closed flows count as idle for this much longer */

    BURST_MAX = 64,
    NEW_AHEAD = 4,
    FLOW_BYTES = 320,  /* that a flow may take, with its share of all pools */
    POOL_LEAST = 1024, /* parts of each kind, if there are as many flows */
};

#define TIMEOUT_MAX                                                                                \
    (UINT64_C(1) << 53) /* 104 days: what the arithmetic modulo 2^32 << CUT_SHIFT allows */

/* Packets on their way through the stages of burst.c. */
struct pipe {
    struct pipe_slot {
        struct pavo_packet *packet; /* borrowed until it is accounted */
        struct ft_bucket *bucket;   /* where its flow seems to stand; NULL: nowhere */
        uint32_t flow;              /* 0: not known */
        uint16_t entry;
        uint16_t tag;
    } slots[BURST_MAX];
    uint32_t n; /* pushed since the last drain */
    uint64_t octets;
};

/* The flows of one worker.
 *
 * Owner: the worker, from open to close. It alone touches it; nothing is locked. Two doors lead
 * out: 'out', whose only producer is the owner, and 'stats', stored relaxed by the owner and loaded
 * by anyone. */
struct pavo_shard {
    /* Set at open, then only read. */
    PAVO_ALIGNED struct ft_bucket *buckets;
    struct pavo_flow *flows; /* [1 .. limit] */
    struct flow_cold *cold;
    uint32_t *free;       /* flows given back, the last one on top */
    uint32_t *block_tick; /* before which none of a block's flows is due */

    uint32_t n_buckets; /* even */
    uint32_t limit;
    struct pavo_ring *out;
    uint64_t idle_ns[STATES]; /* lingering states: the linger */
    uint64_t active_ns;
    uint64_t grace_ns;
    unsigned age_shift; /* unit of ft_bucket.age */
    struct pavo_shard_config cfg;

    /* The owner's. */
    PAVO_ALIGNED uint64_t now_ns;     /* highest rule time so far */
    uint32_t n_free;                  /* flows given back */
    uint32_t used;                    /* flows ever taken: those above are free too */
    uint32_t ended_first, ended_last; /* ended flows whose record waits for room */
    uint32_t n_ended;
    uint32_t pass_tick; /* when the sweep's pass over the blocks began */
    uint32_t pass_at;   /* the block it is at */
    uint32_t flush_at;  /* the same of a flush that is not finished */

    struct pipe pipe;
    struct encap encap;
    struct pool details, meters, losses, longers, rares, talks, saids;
    struct said_places said;
    struct pavo_inspect_crypto *crypto;
    struct pavo_laps *laps; /* NULL but in a measurement */

    PAVO_ALIGNED struct pavo_shard_stats stats;
};

/* ---- shard.c, table.c ---- */

/* Makes one record of a flow that has ended and lets go of what the flow holds; the entry is the
 * caller's to use again. */
void flow_end(struct pavo_shard *s, uint32_t i, enum pavo_end reason, enum pavo_end_detail detail);
/* Makes and publishes a record; false when 'out' is full. */
bool record_put(struct pavo_shard *s, uint32_t i, enum pavo_end reason,
                enum pavo_end_detail detail);
/* Publishes what waits for room. */
void ended_drain(struct pavo_shard *s);
/* Where the flow of 'key' stands, bucket * 8 + entry; NO_PLACE if there is none. */
#define NO_PLACE UINT64_MAX
uint64_t table_find(const struct pavo_shard *s, const struct pavo_key *key, uint64_t hash);
/* What the end of a flow touches: its key, hot and cold lines; then, when the key is there, its
 * first bucket. Returns the hash of the key. */
void flow_prefetch_end(const struct pavo_shard *s, uint32_t i);
uint64_t flow_prefetch_bucket(const struct pavo_shard *s, uint32_t i);
static inline void
flow_prefetch(const struct pavo_shard *s, uint32_t i)
{
    prefetch_write(&s->flows[i].key);
    prefetch_write(&s->flows[i].last_ns);
}
/* What the protocol of a flow keeps, where that has a detail. */
static inline void
detail_prefetch(const struct pavo_shard *s, const struct pavo_flow *f)
{
    const uint8_t *detail;

    if (f->state < STATE_ICMP)
        return;
    detail = pool_at(&s->details, f->detail);
    prefetch_write(detail);
    prefetch_write(detail + sizeof(union flow_detail) - 1);
}
/* A flow for a packet of 'hash' that has none yet: where it stands. The caller begins it. */
uint64_t flow_create(struct pavo_shard *s, uint64_t hash);
/* Takes the flow out of the table and back to the free ones; its record was made. 'hash' is
 * that of its key. */
void flow_drop(struct pavo_shard *s, uint32_t i, uint64_t hash);

/* ---- account.c ---- */

/* An entry that is the flow's own starts to be the flow of 'p', without counting it yet. */
void flow_begin(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns);
/* 'p' is a packet of flow 'i' of the table: applies the rules of time, which may end the flow and
 * begin another one in its place, and counts it. */
void flow_account(struct pavo_shard *s, uint32_t i, struct pavo_packet *p, uint64_t now_ns);
/* Ends flow 'i' if by the rules of time, or of TCP, packet 'p' is one of another; the caller begins
 * that in its place. False: it is this flow's. */
bool flow_is_over(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns);
/* An ICMP error marks the flow that it quotes. */
void flow_mark(struct pavo_shard *s, const struct pavo_packet *p, uint64_t now_ns);

/* The time that rules see; no packet is seen before its own time stamp. */
static inline uint64_t
packet_now(const struct pavo_packet *p)
{
    return p->now_ns > p->ts_ns ? p->now_ns : p->ts_ns;
}

static inline bool
state_lingers(uint8_t state)
{
    return state >= STATE_TCP_CLOSED;
}

/* Highest rule time of the flow's packets. A rule time is never before the time stamp, and mostly
 * equal to it. */
static inline uint64_t
flow_last(const struct pavo_shard *s, const struct pavo_flow *f, const struct flow_cold *c)
{
    const struct rare_part *r;

    if (pavo_likely(!(f->flags & FLOW_LATE)))
        return f->last_ns;
    r = pool_at(&s->rares, c->rare);
    return r->late_ns > f->last_ns ? r->late_ns : f->last_ns;
}

/* The flow has ended for a packet that is later than this. */
static inline uint64_t
flow_due(const struct pavo_shard *s, const struct pavo_flow *f, const struct flow_cold *c)
{
    const uint64_t from =
        pavo_unlikely(state_lingers(f->state)) ? c->closed_ns : flow_last(s, f, c);

    return from + s->idle_ns[f->state];
}

/* Time in ticks of about a second, as the sweep counts. */
static inline uint32_t
tick_of(uint64_t ns)
{
    const uint64_t tick = ns >> TICK_SHIFT;

    return tick < UINT32_MAX ? (uint32_t)tick : UINT32_MAX;
}

static inline uint32_t
block_of(uint32_t i)
{
    return (i - 1) >> BLOCK_SHIFT;
}

/* The flow is due at 'due_ns', which may be earlier than its block knows. */
static inline void
block_due(struct pavo_shard *s, uint32_t i, uint64_t due_ns)
{
    const uint32_t tick = tick_of(due_ns + s->grace_ns);
    uint32_t *block = &s->block_tick[block_of(i)];

    if (tick < *block)
        *block = tick;
}

/* The same of a flow that is new, or that TCP has closed. */
static inline void
block_hasten(struct pavo_shard *s, uint32_t i)
{
    block_due(s, i, flow_due(s, &s->flows[i], &s->cold[i]));
}

/* What a flow that is overdue ended for. */
static inline enum pavo_end_detail
flow_due_detail(const struct pavo_flow *f)
{
    return f->state == STATE_TCP_CLOSED  ? PAVO_DETAIL_TCP_CLOSED
           : f->state == STATE_TCP_RESET ? PAVO_DETAIL_TCP_RESET
                                         : PAVO_DETAIL_IDLE;
}

static inline enum pavo_end
flow_due_reason(const struct pavo_flow *f)
{
    return state_lingers(f->state) ? PAVO_END_DETECTED : PAVO_END_IDLE;
}

/* The part for what hardly any flow has; NULL: there is none left, which was counted. */
struct rare_part *rare_take(struct pavo_shard *s, struct flow_cold *c);

/* What a payload is to those who read it in order. */
enum said_is {
    SAID_AGAIN, /* nothing new */
    SAID_NEXT,
    SAID_GAP, /* new, but something before it was not seen */
};

/* ---- tcp.c ---- */

/* Does this segment, a SYN, begin a new connection on the ports of flow f? */
bool tcp_begins_anew(const struct pavo_flow *f, const struct tcp_part *t,
                     const struct pavo_packet *p);
/* The next interval begins. */
void tcp_interval(struct pavo_shard *s, struct tcp_part *t);
/* Takes the segment into the state of flow 'i', before it is counted. Returns what its payload is.
 */
enum said_is tcp_step(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p,
                      uint64_t now_ns);

/* ---- talk.c ---- */

extern const uint32_t talk_bytes; /* of a part */
/* A flow that is not TCP begins; its number of a part is 0 still. */
void talk_begin(struct pavo_shard *s, struct pavo_flow *f, const struct pavo_packet *p);
/* May a packet of a UDP flow without a part be RTP, which would give it one? */
static inline bool
talk_may_begin(const struct pavo_packet *p)
{
    return p->payload_held > 0 && p->payload[0] >> 6 == 2;
}
/* Is there anything for talk_step() in a packet of a UDP flow? */
static inline bool
talk_concerns(const struct pavo_flow *f, const struct pavo_packet *p)
{
    return f->detail != 0 || talk_may_begin(p);
}
/* A packet of it, before it is counted. */
void talk_step(struct pavo_shard *s, struct pavo_flow *f, const struct pavo_packet *p);
void talk_interval(struct pavo_shard *s, struct pavo_flow *f);
/* The part that the flow's record is made of; NULL: none. */
union talk_part;
const union talk_part *talk_told(const struct pavo_shard *s, const struct pavo_flow *f);
void talk_give(struct pavo_shard *s, struct pavo_flow *f);

/* ---- said.c ---- */

struct said_places said_places(const struct pavo_shard_config *cfg);
void said_step(struct pavo_shard *s, struct flow_cold *c, const struct pavo_packet *p,
               enum said_is is);
void said_interval(struct pavo_shard *s, struct flow_cold *c);
static inline const void *
said_at(const struct said_head *h, uint32_t at)
{
    return (const uint8_t *)h + at;
}

/* ---- initiator.c ---- */

/* Evidence of the packet for which side began. Returns the basis; '*by_b' is the side. */
enum pavo_basis initiator_of(const struct pavo_packet *p, bool *by_b);
/* The same of ports alone; without evidence '*by_b' stays. */
enum pavo_basis initiator_by_ports(const struct pavo_key *k, bool *by_b);
/* How good evidence is. */
static inline unsigned
basis_rank(enum pavo_basis basis)
{
    static const uint8_t ranks[] = {
        [PAVO_BASIS_FIRST_PACKET] = 0, [PAVO_BASIS_KNOWN_PORT] = 1,  [PAVO_BASIS_REQUEST_BYTES] = 2,
        [PAVO_BASIS_ICMP_REQUEST] = 3, [PAVO_BASIS_ARP_REQUEST] = 3, [PAVO_BASIS_SYNACK] = 4,
        [PAVO_BASIS_SYN] = 5};

    return ranks[basis];
}

/* Later evidence: turns the flow if it is better and nothing has been exported; else it is only
 * noted that it would have. */
static inline void
initiator_turn(struct pavo_flow *f, enum pavo_basis basis, bool by_b)
{
    if (basis_rank(basis) <= basis_rank((enum pavo_basis)(f->flags >> FLOW_BASIS_SHIFT)))
        return;
    if (f->flags & FLOW_EXPORTED) {
        if (by_b != ((f->flags & FLOW_FWD_B) != 0))
            f->flags |= FLOW_TURNED;
        return;
    }
    f->flags = (uint16_t)((f->flags & ((1u << FLOW_BASIS_SHIFT) - 1) & ~(unsigned)FLOW_FWD_B) |
                          (unsigned)basis << FLOW_BASIS_SHIFT | (by_b ? FLOW_FWD_B : 0));
}

/* The first payload of a side may tell who began, where nothing better did. */
static inline bool
initiator_may_ask(const struct pavo_flow *f)
{
    return basis_rank((enum pavo_basis)(f->flags >> FLOW_BASIS_SHIFT)) <
           basis_rank(PAVO_BASIS_REQUEST_BYTES);
}
void initiator_ask(struct pavo_flow *f, const struct pavo_packet *p);

/* ---- record.c ---- */

static inline uint64_t
flow_id(const struct pavo_flow *f, const struct flow_cold *c)
{
    return hash_word(key_fixed_hash(&f->key), c->first_ns);
}

#endif
