/* model.h - the rules of docs/transport.md, slowly
 *
 * Takes the packets of one conversation in their order and says what records the sensor should
 * make. Written from the document alone; shares nothing with lib/flow but the structs of packet and
 * record.
 */
#ifndef PAVO_MODEL_MODEL_H
#define PAVO_MODEL_MODEL_H

#include "pavo_flow.h"

struct model {
    struct pavo_timeouts times;
    struct model_flow *live; /* NULL: none */
    struct pavo_record *record;
    size_t n_records, room;
};

/* model_take - the next packet; all have the same key. */
void model_take(struct model *m, const struct pavo_packet *p);
/* model_end - the capture ends at 'clock_ns'. */
void model_end(struct model *m, uint64_t clock_ns);
/* model_reset - forgets records and flow, keeps the memory of the records. */
void model_reset(struct model *m);
void model_free(struct model *m);

#endif
