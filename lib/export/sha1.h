/* sha1.h - SHA-1 of a short message (RFC 3174), for community_id, which is defined with it; not for
 * secrets */
#ifndef PAVO_SHA1_H
#define PAVO_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_BYTES = 20 };

void sha1(const uint8_t *bytes, size_t n, uint8_t out[SHA1_BYTES]);

#endif
