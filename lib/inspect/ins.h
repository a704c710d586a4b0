/* ins.h - what the parts of the inspector share
 *
 * Each reader gets the first bytes that are known, and says whether they are what it reads: no, not
 * whole yet, or yes, and then it has filled what it found into the names. A reader takes nothing on
 * faith: lengths must fit, and it says no at the first doubt.
 */
#ifndef PAVO_INS_H
#define PAVO_INS_H

#include "bytes.h"
#include "pavo_inspect.h"

enum ins_got {
    INS_NO,   /* it is not */
    INS_MORE, /* so far it is, and the rest is missing */
    INS_YES,
};

/* ---- tls.c: 'at' begins with a TLS record (RFC 8446 section 5.1), or a handshake message of QUIC
 * ---- */

/* A ClientHello: server name, ALPN, highest version, JA4. INS_MORE until all of it is there, and
 * what stood in the part that is there has been taken; so it has before an INS_NO. The version of a
 * part is that of its supported_versions: without them it is known at the end. */
enum ins_got ins_tls_client(const uint8_t *at, uint32_t n, struct pavo_record_names *out);
/* A ServerHello: the version that was chosen (RFC 8446 section 4.2.1), ALPN where it is not
 * encrypted. Taken when all of it is there. */
enum ins_got ins_tls_server(const uint8_t *at, uint32_t n, struct pavo_record_names *out);
/* A ClientHello message without records around it, as QUIC carries it (RFC 9001 section 4). */
enum ins_got ins_hello(const uint8_t *at, uint32_t n, bool is_quic, struct pavo_record_names *out);

/* ---- quic.c: RFC 9000, RFC 9001, RFC 9369 ---- */

/* A datagram with a long header: version; with 'crypto' the ClientHello in its Initial packets, put
 * together in 'i'. INS_YES when the hello was read or cannot be. */
enum ins_got ins_quic(struct pavo_inspect *i, unsigned side, const uint8_t *at, uint32_t n,
                      struct pavo_inspect_crypto *crypto);

/* ---- dns.c: RFC 1035 ---- */

/* A message of 'told' bytes of which 'n' are there: name and type of the first question, code of a
 * response. INS_MORE if the questions go on behind 'n'. */
enum ins_got ins_dns(const uint8_t *at, uint32_t n, uint32_t told, struct pavo_record_names *out);

/* ---- http.c, ssh.c: the first bytes of a side of a stream ---- */

/* A request or status line, then the host. The label is set as soon as the line is whole. */
enum ins_got ins_http(const uint8_t *at, uint32_t n, struct pavo_record_names *out);
enum ins_got ins_ssh(const uint8_t *at, uint32_t n, unsigned side, struct pavo_record_names *out);

/* ---- apps.c and its kin: labels of all else ---- */

/* What there is to judge by. What was said of a shorter 'n' never turns into another label as more
 * comes: INS_YES and INS_NO stay what they are, and INS_MORE keeps those behind it waiting. */
struct ins_seen {
    const uint8_t *at;
    uint32_t n;
    uint32_t told;        /* bytes of the datagram; UINT32_MAX for a stream */
    const uint8_t *other; /* what the other side of a stream began with */
    uint32_t n_other;
};

enum ins_got ins_app_stream(const struct ins_seen *s, enum pavo_app *app);
enum ins_got ins_app_datagram(const struct ins_seen *s, enum pavo_app *app);

/* ---- text.c ---- */

/* Copies 'n' foreign bytes as text: printable ASCII stays, all else becomes \\xNN; cut before
 * 'room' with a NUL. Returns the letters written. */
size_t ins_text(char *out, size_t room, const uint8_t *at, size_t n);

#endif
