/* model_tcp.h - one TCP connection by the rules of docs/transport.md */
#ifndef PAVO_MODEL_TCP_H
#define PAVO_MODEL_TCP_H

#include "pavo_flow.h"

enum {
    F_FIN = 0x01,
    F_SYN = 0x02,
    F_RST = 0x04,
    F_ACK = 0x10,
    F_ECE = 0x40,
    F_CWR = 0x80,
    HOLES = 4,
    LETTERS = 200,
};

/* Numbers of the sequence are counted on beyond 2^32. */
struct hole {
    int64_t from, to;
    uint64_t opened_ns;
};

/* What is counted anew in each record. */
struct side_counts {
    uint32_t retransmitted, fast, spurious, out_of_order, duplicates, duplicate_acks;
    uint32_t zero_windows, window_full, keep_alives, probes, ece, cwr;
    uint64_t retransmitted_octets, missed;
    uint32_t rtt_n, rtt_min, rtt_max;
    uint64_t rtt_sum;
};

struct side {
    bool is_begun; /* by a segment that is no RST: base and next are set */
    int64_t base, next;
    bool has_acked;
    int64_t acked;
    struct hole hole[HOLES + 1];
    unsigned n_holes;
    bool has_data, has_fin;
    int64_t fin_end;

    bool has_last; /* the segment before */
    struct pavo_layers last;

    bool has_window; /* of the last segment without SYN and RST */
    uint16_t window;

    uint16_t first_flags;
    bool has_syn;
    uint32_t syn_seq;
    bool syn_scales;
    uint8_t scale;
    unsigned first_syn; /* SYN, or SYN and ACK, of its first SYN; 0: none yet */
    uint16_t mss;
    uint8_t options;
    bool has_token;
    uint32_t token;

    unsigned series; /* duplicate acknowledgements that this side sent in a row */
    bool has_probe;
    int64_t probe;

    bool has_resent; /* a retransmission of which it is not known whether it was needed */
    int64_t resent_end;
    bool resent_ts;
    uint32_t resent_tsval;

    bool has_timed; /* what is remembered for a round trip */
    int64_t timed_end;
    uint64_t timed_ns;
    bool timed_by_ts;
    uint32_t timed_tsval;

    bool has_payload_time, has_answer_time;
    uint64_t payload_ns; /* first payload of this side */
    uint64_t answer_ns;  /* first payload of the other side after it */

    uint8_t state, state_before; /* enum pavo_tcp_side */
    unsigned seen_letters;
    uint64_t n_retransmissions, n_zero_windows, n_gaps;
    struct side_counts c;
};

struct connection {
    struct side side[2];
    unsigned first, initiator; /* sides */
    bool is_over;              /* closed or reset */
    bool was_reset;
    bool has_sent[2]; /* a packet of any kind */
    bool has_meter;   /* one side has sent a second one, or a record was made */
    uint64_t syn_ns, synack_ns;
    bool has_server, has_client, has_shaken;
    uint64_t server_ns, client_ns;
    struct {
        uint8_t side;
        char letter;
    } history[LETTERS];
    unsigned n_history;
};

/* The segment of side p->is_b. Sets is_over. */
void connection_take(struct connection *c, const struct pavo_packet *p);
/* It turns out that this side began. */
void connection_turn(struct connection *c, unsigned initiator);
/* What the connection adds to a record. */
void connection_record(const struct connection *c, struct pavo_record *r);
/* A record was made: what is counted per record begins anew. */
void connection_cut(struct connection *c);

#endif
