/* end.h - one endpoint of a conversation, and the world it talks through
 *
 * Numbers are 64 bits wide inside: the wire shows the low half. What the world knows and the wire
 * does not say is used only to keep segments of different connections apart.
 */
#ifndef PAVO_MODEL_END_H
#define PAVO_MODEL_END_H

#include "talk.h"

#define NEVER UINT64_MAX

enum {
    FLIGHT_MAX = 512,
    RANGES_MAX = 8,
    WRITES_MAX = 12,
};

enum end_state {
    E_CLOSED, /* or listening, if it serves */
    E_SYN_SENT,
    E_SYN_RCVD,
    E_OPEN,
    E_FIN_WAIT_1,
    E_FIN_WAIT_2,
    E_CLOSING,
    E_TIME_WAIT,
    E_CLOSE_WAIT,
    E_LAST_ACK,
};

/* How a side leaves. */
enum end_leave {
    LEAVE_NOT,
    LEAVE_CLOSE, /* FIN, and it reads on */
    LEAVE_DIE,   /* FIN, and what comes then is answered with RST */
    LEAVE_ABORT, /* RST */
    LEAVE_CRASH, /* silently; its host answers with RST */
    LEAVE_GONE,  /* silently; nobody answers */
};

struct range {
    uint64_t from, to;
};

/* A segment on its way. */
struct wire {
    uint64_t arrives;
    uint64_t seq, ack;
    struct talk_seg g;
};

struct world;

struct end {
    struct world *w;
    unsigned side;

    /* What it is like. */
    bool serves, is_gone;
    bool wants_ts, wants_sack, wants_scale, wants_ecn, fast_open, plain_retry, has_token;
    bool old_probes; /* window probes of one byte ahead, not of none behind */
    bool fat_keeps;  /* keep-alives with a byte */
    bool nagle, fin_rides;
    uint16_t mss;
    uint32_t chunk; /* largest segment: more than mss where offloading joins them */
    uint8_t scale;
    uint32_t buffer;
    uint32_t token;
    uint64_t rto_ns, keep_ns, delack_ns, read_ns;
    uint32_t read_octets; /* at a time; 0: at once all */
    uint32_t ts_base, ts_unit_ns;
    uint8_t id_mode; /* 0 zero, 1 counter, 2 random, 3 shared counter */
    uint16_t ip_id;
    uint8_t ttl, tos;

    /* The connection. */
    enum end_state state;
    bool ts_on, sack_on, scale_on, ecn_on;
    uint64_t iss, una, nxt, max; /* max: highest number sent */
    uint64_t written;            /* by the application */
    bool closing, dead;
    uint64_t irs, rcv, edge; /* edge: right edge of the window told */
    uint64_t unread;
    bool got_fin, saw_fin; /* saw_fin: its number is known */
    uint64_t fin_number;
    struct range ooo[RANGES_MAX]; /* newest first */
    unsigned n_ooo;
    struct range dsack;
    bool has_dsack;
    uint32_t ts_recent;
    uint64_t wnd, last_ack_sent, wl_seq, wl_ack;
    uint8_t peer_scale;
    uint32_t cwnd; /* chunks */
    unsigned dupacks, tries, unacked_segs, syn_tries;
    bool ece, cwr;

    /* The application. */
    struct {
        uint64_t after_ns;
        uint32_t octets;
    } write[WRITES_MAX];
    unsigned n_writes, at_write;
    uint64_t leave_after_ns;
    enum end_leave leave;

    /* Timers. */
    uint64_t t_open, t_rto, t_delack, t_persist, t_keep, t_write, t_read, t_leave;
};

struct world {
    struct talk_rnd rnd;
    struct talk *t;
    struct talk_faults f;
    uint64_t now;
    struct end end[2];
    struct wire flight[FLIGHT_MAX];
    unsigned n_flight;
    uint64_t delay[2][2]; /* of what a side sends: to the tap, behind it */
    uint32_t jitter_ns;
    bool mirror_lags;
    uint64_t last_tap[2], last_arrival[2];
    uint16_t shared_id;
    uint16_t ce; /* of 10000: marked on the way to the tap */
    uint32_t order;
    unsigned epoch; /* connections begun */
};

/* Segments of a side go out here: world.c. */
void world_send(struct world *w, unsigned side, const struct wire *x);

/* end.c */
void end_reset(struct end *e); /* no connection, no timers */
void end_connect(struct end *e);
void end_take(struct end *e, const struct wire *x);
uint64_t end_due(const struct end *e);
void end_tick(struct end *e); /* runs what is due */
/* The first number of a new connection. */
uint64_t world_iss(struct world *w);

#endif
