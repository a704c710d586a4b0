/* talk.h - random legal TCP conversations, as a sensor between the two would see them
 *
 * Two endpoints that obey RFC 9293 talk over a network that loses, delays, doubles and reorders;
 * the tap stands on the way and has faults of its own. What it saw is a list of segments. A seed
 * and a number give the same conversation everywhere. Nothing here knows the rules of
 * docs/transport.md: who judges what was seen is model.c, and the sensor.
 */
#ifndef PAVO_MODEL_TALK_H
#define PAVO_MODEL_TALK_H

#include <stdio.h>

#include "pavo_flow.h"

#define TALK_T0  UINT64_C(1789000000000000000)
#define TALK_US  UINT64_C(1000)
#define TALK_MS  UINT64_C(1000000)
#define TALK_SEC UINT64_C(1000000000)

enum {
    T_FIN = 0x01,
    T_SYN = 0x02,
    T_RST = 0x04,
    T_PSH = 0x08,
    T_ACK = 0x10,
    T_ECE = 0x40,
    T_CWR = 0x80,
};

struct talk_rnd {
    uint64_t s;
};

static inline uint64_t
rnd_next(struct talk_rnd *r) /* splitmix64 */
{
    uint64_t z = r->s += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 .. n-1; 0 for 0 */
static inline uint32_t
rnd_below(struct talk_rnd *r, uint32_t n)
{
    return (uint32_t)((rnd_next(r) >> 32) * n >> 32);
}

static inline uint32_t
rnd_from(struct talk_rnd *r, uint32_t low, uint32_t high)
{
    return low + rnd_below(r, high - low + 1);
}

static inline bool
rnd_one_in(struct talk_rnd *r, uint32_t n)
{
    return rnd_below(r, n) == 0;
}

/* A segment as the tap saw it. */
struct talk_seg {
    uint64_t at;    /* when it passed: the order of the list */
    uint64_t ts;    /* what the capture says: not always 'at', never after it */
    uint32_t order; /* of those with the same 'at' */
    uint32_t seq, ack, len;
    uint32_t tsval, tsecr;
    uint32_t sack[4];
    uint32_t mptcp_token;
    uint16_t flags, window, mss, ip_id;
    uint8_t side;
    uint8_t opt; /* PAVO_TCP_OPT_* */
    uint8_t wscale, n_sack;
    uint8_t ttl, tos;
    uint8_t has_mptcp_token;
};

/* What may go wrong, of 10000 segments each. */
struct talk_faults {
    uint16_t loss_before; /* between the sender and the tap */
    uint16_t loss_behind;
    uint16_t tap_loss; /* delivered, and not seen */
    uint16_t late_before;
    uint16_t late_behind;
    uint16_t twice_before;
    uint16_t twice_behind;
    uint16_t mirror;  /* the tap sees it twice */
    uint16_t ts_late; /* the time stamp is before the time of the one before */
};

/* What kind of conversation: for tests of the test. */
enum talk_kind {
    TALK_ANY,
    TALK_CLEAN,    /* no faults, all seen, ended properly */
    TALK_MIRRORED, /* clean, but for a mirror that doubles */
    TALK_GAPS,     /* clean, but for a tap that loses */
    TALK_LOSSES,   /* clean, but for a network that loses and reorders */
};

struct talk {
    uint64_t seed;
    uint32_t number;
    bool v6, has_ip_id;
    uint32_t host[2]; /* distinguishes conversations */
    uint16_t port[2];
    struct talk_seg *seg;
    size_t n, room;

    /* What really happened. */
    uint64_t sent[2];       /* octets of the streams, new ones */
    uint32_t resent[2];     /* segments that took numbers again */
    uint32_t mirrored[2];   /* by the tap */
    uint64_t gap_octets[2]; /* payload the tap lost; only meaningful if nothing was resent */
    uint32_t connections;
    bool has_ids[2]; /* every packet of the side has an identification of its own */
    bool big;        /* more than 4 GiB */
};

/* talk_make - conversation 'number' of 'seed'. What 't' held before is used again: begin with zero.
 */
void talk_make(struct talk *t, uint64_t seed, uint32_t number, enum talk_kind kind);
void talk_free(struct talk *t);

/* talk_packet - segment as a packet, with key and hash; 'now_ns' is the caller's. */
void talk_packet(const struct talk *t, const struct talk_seg *g, const uint64_t hash_seed[2],
                 struct pavo_packet *p);

/* talk_print - a line per segment, numbers relative to the first of each side. */
void talk_print(FILE *out, const struct talk *t, const struct talk_seg *g, size_t n);

#endif
