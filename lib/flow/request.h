/* request.h - does a payload ask or answer, by its own bytes? */
#ifndef PAVO_REQUEST_H
#define PAVO_REQUEST_H

#include "pavo_flow.h"

enum request_is { REQUEST_UNKNOWN = 0, REQUEST_ASKS, REQUEST_ANSWERS };

/* request_of - of the first payload of a side; unknown unless a protocol's first bytes leave no
 * doubt. */
enum request_is request_of(const struct pavo_packet *p);

#endif
