/* draft.h - what a record is made of, on its way through the ring
 *
 * The worker copies what it keeps of a flow, line by line; the export thread makes the record of it
 * (record.c). So the worker spends no time on a record that nobody wants, and what crosses from
 * core to core is what the flow holds and no more.
 *
 * Behind the flow stand those parts that are there, one behind the other in the order of struct
 * draft_view.
 */
#ifndef PAVO_DRAFT_H
#define PAVO_DRAFT_H

#include "flow.h"
#include "talk.h"

/* Bits of pavo_draft.has: of a part that a record has as well its PAVO_PART_, and these. */
enum {
    DRAFT_LONG = 1 << 11,
    DRAFT_RARE = 1 << 12,
    DRAFT_TALK = 1 << 13,
    DRAFT_SINGLE = 1 << 14, /* the meter follows from the counters */
    DRAFT_SAID = PAVO_PART_FIRST | PAVO_PART_NAMES | PAVO_PART_BYTES | PAVO_PART_ENTROPY,
};

/* Owner: the worker until it is in the ring, then the export thread. */
struct draft {
    union {
        struct pavo_draft head; /* in place of what only the table needs */
        struct flow_cold cold;  /* 'encap' is the number of layers, or ENCAP_LOST */
    };
    struct pavo_flow flow;
    uint8_t parts[];
};
_Static_assert((int)DRAFT_LONG > (int)PAVO_PART_RTT, "bits of their own");
_Static_assert(sizeof(struct draft) == PAVO_DRAFT_LEAST, "three lines, then the parts");
_Static_assert(sizeof(struct pavo_draft) <= offsetof(struct flow_cold, first_ns),
               "the head stands before what a record is made of");

enum { DRAFT_ALIGN = 8 };
_Static_assert(_Alignof(struct loss_part) <= DRAFT_ALIGN &&
                   _Alignof(union talk_part) <= DRAFT_ALIGN &&
                   _Alignof(struct long_part) <= DRAFT_ALIGN &&
                   _Alignof(struct rare_part) <= DRAFT_ALIGN &&
                   _Alignof(struct pavo_layer) <= DRAFT_ALIGN &&
                   _Alignof(union flow_detail) <= DRAFT_ALIGN,
               "but for the meter, which is first");
static inline size_t
draft_step(size_t bytes)
{
    return (bytes + DRAFT_ALIGN - 1) / DRAFT_ALIGN * DRAFT_ALIGN;
}

/* Where everything is; NULL: not there. */
struct draft_view {
    const struct pavo_draft *head;
    const struct pavo_flow *flow;
    const struct flow_cold *cold;
    const struct meter_part *meter; /* first, for it lies in whole lines */
    const union flow_detail *detail;
    const struct loss_part *loss;
    const union talk_part *talk;
    const struct long_part *longer;
    const struct rare_part *rare;
    const struct pavo_layer *layers;
    const struct first_part *first;
    const struct pavo_record_names *names;
    const struct bytes_part *bytes;
};

/* ---- draft.c ---- */

void draft_fill(const struct pavo_shard *s, uint32_t i, enum pavo_end reason,
                enum pavo_end_detail detail, struct draft *d);

/* ---- what makes the record, by module ---- */

/* What the record says of TCP: its part, state and history. */
void tcp_fill(const struct pavo_flow *f, const struct tcp_part *t, const struct loss_part *loss,
              const struct meter_part *meter, unsigned fwd, struct pavo_record *r);
void talk_fill(const struct pavo_flow *f, const union talk_part *part, unsigned fwd,
               struct pavo_record *r);

#endif
