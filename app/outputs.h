/* outputs.h - the sinks that a configuration names, opened */
#ifndef PAVO_OUTPUTS_H
#define PAVO_OUTPUTS_H

#include "capture.h"
#include "cfg.h"

/* Owner: the main thread; the export thread uses the sinks while it runs. */
struct outputs {
    struct pavo_sink **sinks;
    unsigned n;
};

/* All of the configuration's, or text on standard output if it names none. -errno: nothing is left
 * open. */
int outputs_open(struct outputs *o, const struct cfg *cfg, const struct cap_set *set,
                 struct pavo_err *err);
void outputs_close(struct outputs *o);
/* What a sink's format will be; NULL: the word is unknown. */
const struct pavo_format *outputs_format(const struct cfg_sink *s);
const char *outputs_path(const struct cfg_sink *s);

#endif
