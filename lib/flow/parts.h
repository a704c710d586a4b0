/* parts.h - what only some flows keep
 *
 * Each lives in a pool of the shard (pool.h), is taken when it is first needed, and given back with
 * the flow. Sides: [0] is endpoint a of the key, [1] endpoint b. What says "of this interval"
 * starts anew when a record has left.
 */
#ifndef PAVO_PARTS_H
#define PAVO_PARTS_H

#include "cacheline.h"
#include "history.h"
#include "pavo_record.h"

/* The number of a part that a flow wanted when its pool was empty: it goes without until its next
 * interval. */
#define PART_REFUSED UINT32_MAX

static inline bool
part_is_there(uint32_t part)
{
    return part != 0 && part != PART_REFUSED;
}

/* ---- TCP: every TCP flow has one ---- */

/* Bits of tcp_side.seen above those of enum history_letter. */
enum {
    TCP_HAS_SEQ = 1 << 11,    /* base and next are known */
    TCP_HAS_ACKED = 1 << 12,  /* acked is known */
    TCP_HAS_WINDOW = 1 << 13, /* window is known */
    TCP_PROBED = 1 << 14,     /* a window probe's byte at 'next' was seen */
    TCP_FINISHED = 1 << 15,   /* has sent its FIN; 'next' is behind it */
};
enum {
    TCP_WSCALE_SHIFT = 12,  /* in first_flags */
    TCP_PREVIOUS_SHIFT = 3, /* in state */
    TCP_DUPACKS_SHIFT = 6,
    TCP_DUPACKS_MAX = 3,
};

struct tcp_side {
    uint32_t base;   /* number of the first byte of data */
    uint32_t next;   /* highest end of a segment so far */
    uint32_t acked;  /* highest number that the other side acknowledged */
    uint32_t twin;   /* fingerprint of its segment before; 0: none that could be told from a copy */
    uint16_t window; /* of its last segment without SYN and RST, not scaled */
    uint16_t mss;
    uint16_t first_flags; /* twelve bits; above: the window scale, if the option bit is set */
    uint16_t seen;        /* 1 << enum history_letter, and the bits above */
    uint16_t wraps;       /* times that next - base passed 2^32 */
    uint8_t options;      /* PAVO_TCP_OPT_* */
    uint8_t state;        /* enum pavo_tcp_side, the one before << TCP_PREVIOUS_SHIFT, and duplicate
                             acknowledgements that it has sent in a row << TCP_DUPACKS_SHIFT */
};

/* How far the handshake is. */
enum tcp_shake {
    SHAKE_NONE = 0,
    SHAKE_SYN = 1,    /* server and client are the time of the last SYN, low half first */
    SHAKE_SYNACK = 2, /* client and response_us are that of the SYN+ACK, low half first */
    SHAKE_DONE = 3,
};

struct tcp_part {
    struct tcp_side side[2];
    struct history history;
    uint32_t server;       /* SYN to SYN+ACK, as span_of() keeps it; 0: not seen */
    uint32_t client;       /* SYN+ACK to ACK */
    uint32_t response_us;  /* from the first request to its answer; see 'asked' */
    uint32_t loss : 27;    /* number of the loss part; TCP_LOSS_REFUSED: its pool was empty */
    uint32_t shake : 2;    /* enum tcp_shake: what server, client and response_us hold meanwhile */
    uint32_t asker : 1;    /* the side that asked */
    uint32_t asked : 1;    /* response_us is the time of the first request, modulo 2^32 */
    uint32_t answered : 1; /* response_us is the time to the first answer */
};
_Static_assert(sizeof(struct tcp_part) == 84, "bounds the memory of a flow");

/* A span of time in 32 bits: nanoseconds below 2^31, else microseconds and the top bit. Never 0. */
static inline uint32_t
span_of(uint64_t ns)
{
    const uint32_t top = UINT32_C(1) << 31;
    const uint64_t us = ns / 1000;

    if (ns < top)
        return ns ? (uint32_t)ns : 1;
    return us < top ? (uint32_t)us | top : UINT32_MAX;
}
static inline uint64_t
span_ns(uint32_t span)
{
    const uint32_t top = UINT32_C(1) << 31;

    return (span & top) ? (uint64_t)(span & ~top) * 1000 : span;
}

/* ---- TCP: what goes wrong ---- */

enum { LOSS_HOLES = 4, TCP_LOSS_REFUSED = (1 << 27) - 1 };

struct loss_side {
    /* Of this interval. */
    uint32_t retransmitted, fast, spurious, out_of_order, duplicates;
    uint32_t duplicate_acks, zero_windows, window_full, keep_alives, window_probes;
    uint32_t ece, cwr;
    uint64_t retransmitted_octets, missed_octets;
    /* Since the flow began. */
    uint32_t n_retransmitted, n_zero_windows, n_missed; /* events, for the history */
    uint32_t retx_end; /* of the last retransmission, if RETX_OPEN */
    uint32_t retx_ts;  /* its time stamp, if RETX_TS */
    uint8_t retx;      /* RETX_* */
    uint8_t n_holes;
    struct loss_hole {
        uint64_t opened_ns;
        uint32_t from, to;
    } holes[LOSS_HOLES]; /* in the order of their numbers */
};
enum {
    RETX_OPEN = 1,
    RETX_TS = 2,
    LOSS_INTERVAL_BYTES = offsetof(struct loss_side, n_retransmitted)
};

struct loss_part {
    struct loss_side side[2];
};

/* ---- sizes and times: a flow in which one side has sent a second packet ---- */

enum { SMALL_PAYLOAD = 48 };
#define GAP_IDLE_NS  UINT64_C(1000000000) /* above: the side was idle */
#define GAP_SMALL_NS UINT64_C(20000000)
#define BURST_NS     UINT64_C(100000000)

enum { METER_GAPS = 6 }; /* bins of gaps that are full numbers; above are METER_PAUSES */
enum { METER_PAUSES = PAVO_BINS - METER_GAPS };

/* Three lines: a packet writes the first two; the third is of pauses, changes and round trips. */
struct meter_side {
    PAVO_ALIGNED uint64_t prev_ns; /* of its last packet; 0: none yet */
    /* Of this interval. */
    uint64_t gap_sum;
    uint64_t squares;
    uint64_t burst_began_ns;
    uint64_t gap_squares_us; /* apart from gap_sum: vectors of two would cost more than they save */
    uint32_t burst;
    uint32_t gap_least;   /* ns, of gaps that are not idle, */
    uint32_t gap_behind;  /* and the most of them + 1; 0: none yet */
    uint16_t least, most; /* L3 bytes; least 0: none yet */
    uint16_t ttl_changes;
    uint8_t ecn_seen;
    /* Since the flow began. */
    uint8_t
        ip_id_is; /* enum pavo_ip_id, and how many were seen so far, at most 3, << METER_IP_IDS */
    uint8_t ttl, tos; /* of its last packet */
    uint16_t ip_id;

    /* Of this interval. */
    uint32_t bins[PAVO_BINS], gaps[METER_GAPS];
    uint32_t small_packets;
    uint32_t burst_most;

    uint64_t idle_sum, idle_max; /* of this interval, and so */
    uint32_t ce_marks;
    uint16_t pauses[METER_PAUSES]; /* of 10 s and more: of a day there are not as many */
    uint16_t tos_changes;
    uint8_t rtt_is; /* METER_RTT_* */
    uint8_t unused;
    /* Round trips, docs/transport.md. */
    uint32_t rtt_end; /* what the other side must acknowledge */
    uint64_t rtt_at_ns;
    uint32_t rtt_ts;                  /* if METER_RTT_ECHO: and echo */
    uint32_t rtt_min, rtt_max, rtt_n; /* of this interval */
    uint64_t rtt_sum;
};
enum { METER_IP_IDS = 3, METER_RTT_OPEN = 1, METER_RTT_ECHO = 2 };
_Static_assert(offsetof(struct meter_side, bins) == PAVO_CACHE_LINE, "line 1 starts here");
_Static_assert(offsetof(struct meter_side, idle_sum) == 2 * PAVO_CACHE_LINE, "line 2 starts here");
_Static_assert(sizeof(struct meter_side) == 3 * PAVO_CACHE_LINE, "bounds the memory of a meter");

struct meter_part {
    struct meter_side side[2];
};

/* ---- a flow whose interval was cut ---- */

struct long_part {
    uint64_t id;
    uint64_t packets_before[2]; /* of the intervals before this one */
    uint64_t octets_before[2];
    uint32_t sequence; /* of the record to come, from 2 */
    uint32_t unused;
};

/* ---- what hardly any flow has ---- */

struct rare_part {
    uint64_t late_ns; /* highest rule time of packets that had another time stamp; if FLOW_LATE */
    uint32_t fragments[2]; /* of this interval */
    uint32_t icmp_errors;  /* of this interval */
    uint8_t icmp_error_type, icmp_error_code;
    uint8_t has_token; /* 1 << side */
    uint8_t unused;
    uint32_t mptcp_token[2];
};

#endif
