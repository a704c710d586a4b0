/* compare.h - the sensor's records against the model's */
#ifndef PAVO_MODEL_COMPARE_H
#define PAVO_MODEL_COMPARE_H

#include "model.h"
#include "talk.h"

enum { GROUP_MAX = 16, FIELD_NONE = -1, FIELD_COUNT = -2 };

/* The first difference of a conversation. */
struct difference {
    int field; /* of fields[]; FIELD_NONE: none; FIELD_COUNT: the number of records */
    unsigned record, direction;
    uint64_t sensor, model;
    char sensor_text[32], model_text[32];
};

/* A shard, and what it takes to drive it. */
struct rig;
struct rig *rig_open(void);
void rig_close(struct rig *r);

/* rig_run - drives 'n' conversations through one shard, interleaved as their segments passed, in
 * bursts and with sweeps by 'seed'; and each through a model. Fills found[0 .. n-1]. Returns the
 * packets. */
size_t rig_run(struct rig *r, const struct talk *t, unsigned n, uint64_t seed,
               struct difference *found);
/* The records that the model made of conversation 'i' in the last run. */
const struct pavo_record *rig_model_records(const struct rig *r, unsigned i, size_t *n);
/* PAVO_PART_* that the sensor's records had so far. */
unsigned rig_parts(const struct rig *r);

const char *difference_name(int field);
void difference_print(FILE *out, const struct difference *d);

/* talk_shrink - leaves segments out while the same field still differs. */
void talk_shrink(struct rig *r, struct talk *t, int field);

#endif
