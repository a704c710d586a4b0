/* target.h - what the targets offer beside pavo_export.h, for tests: a file with another clock */
#ifndef PAVO_TARGET_H
#define PAVO_TARGET_H

#include "pavo_export.h"

/* As pavo_target_file(), with the wall clock (nanoseconds since the epoch) that names the files
 * which are opened outside of rotate(). */
struct pavo_target *target_file_open(const char *path, const struct pavo_rotate *rotate,
                                     uint64_t (*wall_ns)(void), struct pavo_err *err);

#endif
