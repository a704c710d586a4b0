/* bench_cert.h - what was measured, on which machine, under a digest
 *
 * A certificate is a JSON object; its member "digest" is the SHA-256 of all others, written without
 * blanks and with sorted names. It guards against edits and damage, not against forgery: who can
 * write the file can make a digest.
 */
#ifndef PAVO_BENCH_CERT_H
#define PAVO_BENCH_CERT_H

#include <jansson.h>
#include <stdbool.h>

#include "pavo_flow.h"

/* Members of a certificate: "machine" and "versions". New references. */
json_t *bench_cert_machine(void);
json_t *bench_cert_versions(void);

/* Sets the member "digest". */
int bench_cert_seal(json_t *cert);
/* Is the digest that of the rest? */
bool bench_cert_is_sound(const json_t *cert);

int bench_cert_write(json_t *cert, const char *path, struct pavo_err *err);
/* Reads and verifies; a new reference, or NULL with err. */
json_t *bench_cert_read(const char *path, struct pavo_err *err);
/* Packets per second that one worker was certified for; 0: it says none. */
double bench_cert_rate(const json_t *cert);

#endif
