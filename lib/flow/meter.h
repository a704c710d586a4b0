/* meter.h - sizes of packets, times between them, header fields that change: for each side
 *
 * A flow has a meter from the second packet of one side on. What it says of the first packet of
 * each side follows from the flow's counters then, and is put in when the meter is taken; so a
 * flow of one packet and its answer needs none.
 */
#ifndef PAVO_METER_H
#define PAVO_METER_H

#include "flow.h"

/* A meter that was just taken gets what came before: at most one packet of each side. */
void meter_begin(struct meter_part *m, const struct pavo_flow *f, const struct flow_cold *c);
/* Another packet of a side. */
void meter_side_step(struct meter_side *x, const struct pavo_packet *p);
/* Another packet; it is not counted in its flow yet. */
static inline void
meter_step(struct meter_part *m, const struct pavo_packet *p)
{
    meter_side_step(&m->side[p->is_b], p);
}
/* The next interval begins. */
void meter_interval(struct meter_part *m);
void meter_fill(const struct meter_part *m, unsigned fwd, struct pavo_record_meter *out);
/* The same of a record whose flow has no meter and at most one packet of each side, its first. */
void meter_fill_single(const struct pavo_record *r, struct pavo_record_meter *out);
/* Round trips of TCP, which the meter keeps. */
void meter_fill_rtt(const struct meter_part *m, unsigned fwd, struct pavo_record_tcp *out);

#endif
