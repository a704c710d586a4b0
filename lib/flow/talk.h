/* talk.h - state that only some flows have: echo, associations, RTP, first packets and bytes
 *
 * Each part is a small struct of fixed size and four functions: begin, step (one packet of the flow
 * at a time, in the order in which the sensor sees them), interval (counters of the record start
 * anew, what belongs to the conversation stays) and fill (into its place of a record). Nothing else
 * is read or written: no clock, no table, no memory. The rules are in docs/transport.md.
 *
 * Sides: 0 is endpoint a of the key, 1 endpoint b, as pavo_packet.is_b says. 'fwd' is the side of
 * the initiator. Times are nanoseconds since the epoch and never 0.
 */
#ifndef PAVO_TALK_H
#define PAVO_TALK_H

#include "pavo_flow.h"

/* a - b modulo 2^32 as a signed number: what serial arithmetic compares by, RFC 1982. */
static inline int32_t
part_ahead(uint32_t a, uint32_t b)
{
    const uint32_t d = a - b;

    return d < UINT32_C(0x80000000) ? (int32_t)d : -(int32_t)(UINT32_MAX - d) - 1;
}

/* Counters end at their highest value. */
static inline void
part_add(uint32_t *c, uint32_t n)
{
    *c = n > UINT32_MAX - *c ? UINT32_MAX : *c + n;
}

/* ---- echo.c: queries of ICMP by sequence number ---- */

enum { ECHO_WINDOW = 32, ECHO_TIMED = 4 };

struct echo_part {
    uint64_t rtt_min_ns, rtt_max_ns, rtt_sum_ns; /* valid if samples */
    uint64_t sent_ns[ECHO_TIMED]; /* of request n at n % ECHO_TIMED; 0: no time that counts */
    uint32_t asked;               /* bit i: request 'head - i' was seen.. */
    uint32_t answered;            /* ..and answered */
    uint32_t passed;              /* ..or not, and was counted as lost */
    uint32_t requests, replies, lost, duplicates, samples;
    uint16_t head; /* highest sequence number of a request */
    uint16_t first, last;
    uint8_t bits; /* ECHO_* */
    uint8_t unused;
};
_Static_assert(sizeof(struct echo_part) == 96, "bounds the memory of a flow");

/* echo_is_query - has the packet a place here: an ICMP query or its answer, with a sequence number?
 */
bool echo_is_query(const struct pavo_packet *p);
void echo_begin(struct echo_part *part);
void echo_step(struct echo_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns);
void echo_interval(struct echo_part *part);
void echo_fill(const struct echo_part *part, unsigned fwd, struct pavo_record_echo *out);

/* ---- assoc.c: SCTP, DCCP, ESP and AH, ARP, ND, DHCP ---- */

/* Sequence numbers of one side, by 32 bits; track.c. */
struct part_track {
    uint32_t highest;
    uint32_t seen; /* bit i: 'highest - i' was seen; 0: nothing was */
    uint32_t lost, replayed;
};
void part_track_step(struct part_track *t, uint32_t sequence);

struct assoc_part {
    uint64_t asked_ns;    /* of the request that waits for its answer; 0: none */
    uint64_t response_ns; /* 0: not seen */
    uint32_t messages[2];
    uint8_t protocol; /* enum pavo_assoc */
    uint8_t state;    /* enum pavo_assoc_state */
    uint8_t conflict;
    uint8_t asker; /* side that asked */
    union {
        struct {
            uint32_t tag[2]; /* that this side expects; 0: not known */
            uint8_t multihomed;
        } sctp;
        struct {
            struct part_track track[2];
            uint32_t service; /* DCCP */
        } numbered;           /* ESP and AH, DCCP */
        struct {
            uint8_t target[16]; /* ND */
            uint8_t has_target;
            uint8_t claimed;     /* bit: side (ND: bit 0) has a claim */
            uint8_t claim[2][6]; /* first link address of the side's address; ND: of the target */
            uint8_t answered_by[6]; /* zero: nobody did */
        } link;                     /* ARP, ND */
        struct {
            uint8_t address[16];
            uint8_t has_address; /* 4, 6, 0 */
            uint8_t type;        /* of the last message */
            uint8_t ending;      /* DHCPv6: what is answered is a release or a decline */
            uint8_t unused;
            uint32_t transaction;
        } dhcp;
    } u;
};
_Static_assert(sizeof(struct assoc_part) == 64, "bounds the memory of a flow");

/* assoc_of - what the flow of this packet keeps here; PAVO_ASSOC_NONE: nothing. By protocol and
 * type, for DHCP by ports. Any packet of a flow gives the same. */
enum pavo_assoc assoc_of(const struct pavo_packet *p);
/* assoc_is_dhcp - are the ports of UDP, whichever is the source's, those of DHCP? */
bool assoc_is_dhcp(uint8_t kind, uint16_t one, uint16_t two);
void assoc_begin(struct assoc_part *part, enum pavo_assoc protocol);
void assoc_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side,
                uint64_t ts_ns);
void assoc_interval(struct assoc_part *part);
void assoc_fill(const struct assoc_part *part, unsigned fwd, struct pavo_record_assoc *out);

/* The steps of the protocols, called by assoc_step(). */
void sctp_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns);
void dccp_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns);
void esp_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns);
void arp_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns);
void nd_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns);
void dhcp_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns);

/* A request was sent; its answer came. */
static inline void
assoc_ask(struct assoc_part *part, unsigned side, uint64_t ts_ns)
{
    part->asked_ns = ts_ns;
    part->asker = (uint8_t)side;
}
static inline void
assoc_answer(struct assoc_part *part, unsigned side, uint64_t ts_ns)
{
    if (part->asked_ns == 0 || part->asker == side || ts_ns < part->asked_ns)
        return;
    if (part->response_ns == 0)
        part->response_ns = ts_ns - part->asked_ns;
    part->asked_ns = 0;
}

/* ---- rtp.c ---- */

enum { RTP_SEQUENTIAL = 4 };

/* Before a flow has a part: what of each side may be a stream. */
struct rtp_probe {
    struct {
        uint32_t ssrc;
        uint16_t next; /* sequence number that would follow */
        uint8_t type;  /* payload type */
        uint8_t n;     /* packets in sequence so far */
    } side[2];
};
_Static_assert(sizeof(struct rtp_probe) == 16, "what every UDP flow may have to keep");

struct rtp_side {
    uint64_t at_ns; /* rate known: arrival of the packet before; else of the first one looked at */
    uint32_t at_time; /* its time stamp */
    uint32_t ssrc;
    uint32_t highest; /* extended sequence number */
    uint32_t base;    /* highest + 1 - base are expected in this interval */
    uint32_t packets; /* of this interval */
    uint32_t out_of_order;
    uint32_t jitter; /* microseconds times 16 */
    uint32_t other_ssrc;
    uint16_t other_next; /* of a candidate: another stream, or this one begun anew */
    uint8_t type;        /* payload type of the stream's first packet */
    uint8_t rate : 4;    /* index of the clock rate; 0: not known */
    uint8_t other_n : 3; /* packets of the candidate in sequence */
    uint8_t seen : 1;
};
struct rtp_part {
    struct rtp_side side[2];
};
_Static_assert(sizeof(struct rtp_part) == 96, "bounds the memory of a flow");

/* rtp_looks - may these payload bytes be an RTP packet? The cheap test: version 2, no RTCP, and its
 * header fits. */
bool rtp_looks(const uint8_t *payload, uint32_t held);
/* rtp_probe_step - takes a packet of a flow without a part; true: the last RTP_SEQUENTIAL ones of
 * 'side' were RTP, and the flow gets one by rtp_begin(). 'probe' begins zeroed. */
bool rtp_probe_step(struct rtp_probe *probe, const struct pavo_packet *p, unsigned side);
/* rtp_begin - 'p' is the packet for which rtp_probe_step() was true; do not step it again. 'probe'
 * may lie where 'part' begins to be. */
void rtp_begin(struct rtp_part *part, const struct rtp_probe *probe, const struct pavo_packet *p,
               unsigned side, uint64_t ts_ns);
void rtp_step(struct rtp_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns);
void rtp_interval(struct rtp_part *part);
void rtp_fill(const struct rtp_part *part, unsigned fwd, struct pavo_record_rtp *out);

/* ---- talk.c: what a flow keeps, one of them ---- */

union talk_part {
    struct echo_part echo;
    struct assoc_part assoc;
    struct rtp_probe probe;
    struct rtp_part rtp;
};

/* ---- cast.c ---- */

/* cast_of - PAVO_CAST_* of the destination of a flow's first packet. */
uint8_t cast_of(const struct pavo_packet *first);
/* cast_by - the same of its addresses; 'mac' NULL: it had none. */
uint8_t cast_by(uint8_t kind, const uint8_t *dst, const uint8_t *mac);

/* ---- first.c: the first packets with payload ---- */

struct first_part {
    uint64_t last_ns;
    uint32_t gap_us[PAVO_FIRST_MAX];
    uint16_t octets[PAVO_FIRST_MAX];
    uint16_t by_b; /* bit i: packet i was sent by side 1 */
    uint8_t n;
};
_Static_assert(sizeof(struct first_part) == 112, "bounds the memory of a flow");

void first_begin(struct first_part *part);
/* first_step - the caller leaves out what is not new: retransmissions, duplicates, probes. */
void first_step(struct first_part *part, const struct pavo_packet *p, unsigned side,
                uint64_t ts_ns);
void first_fill(const struct first_part *part, unsigned fwd, struct pavo_record_first *out);

/* ---- bytes.c: the first bytes of the payload, and its entropy ---- */

struct bytes_part {
    uint16_t n[2];
    uint16_t room;     /* bytes of a side that are kept, at most PAVO_PAYLOAD_MAX */
    uint8_t closed[2]; /* bytes are missing behind what is there */
    uint8_t at[];      /* side 0, then side 1 at 'room' */
};
static inline size_t
bytes_part_size(uint16_t room)
{
    return offsetof(struct bytes_part, at) + 2u * (size_t)room;
}
void bytes_begin(struct bytes_part *part, uint16_t room);
/* bytes_step - 'len' new bytes of the side in order, of which 'held' are at 'payload'. */
void bytes_step(struct bytes_part *part, unsigned side, const uint8_t *payload, uint32_t held,
                uint32_t len);
void bytes_fill(const struct bytes_part *part, unsigned fwd, struct pavo_record_bytes *out);

struct entropy_part {
    uint16_t bins[2][256];
};
_Static_assert(sizeof(struct entropy_part) == 1024, "bounds the memory of a flow");

void entropy_begin(struct entropy_part *part);
void entropy_step(struct entropy_part *part, unsigned side, const uint8_t *payload, uint32_t held);
void entropy_interval(struct entropy_part *part);
/* entropy_fill - bits per byte times 32, 0 to 255, rounded down: CERT element 35. */
void entropy_fill(const struct entropy_part *part, unsigned fwd, uint8_t out[2]);

#endif
