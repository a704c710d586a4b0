/* pavo_inspect.h - payload bytes in, what they say of the application out
 *
 * Public interface of the inspector. It reads the first payload of both sides of a flow and fills a
 * struct of fixed size; it allocates nothing per flow, asks no clock, does no I/O and never fails.
 * What it says is evidence in the bytes; ports are not looked at. Work per call is bounded, and so
 * is how much of a flow is read.
 */
#ifndef PAVO_INSPECT_H
#define PAVO_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Applications: rows of apps.def. The values are the numbers that stand in the record stream; 0 is
 * none. */
enum pavo_app {
    PAVO_APP_NONE = 0,
#define APP(name, number, word, spec) PAVO_APP_##name = number,
#include "apps.def"
#undef APP
    PAVO_APPS
};

enum {
    PAVO_NAME_BYTES = 256,      /* a name with its NUL; what is longer is cut */
    PAVO_INSPECT_BUFFER = 3072, /* first bytes of a side that are kept together */
    PAVO_INSPECT_PACKETS = 16,  /* packets with payload of a side that are looked at */
};

/* What the payload says of itself. Strings end in NUL, are UTF-8 or were made so, and are cut to
 * fit. Empty: not seen. */
struct pavo_record_names {
    uint8_t
        application; /* enum pavo_app of the inspector: by evidence in the bytes, never by port */
    uint8_t dnsRcode;
    uint8_t hasDnsRcode;
    uint16_t dnsType;    /* of the first question */
    uint16_t tlsVersion; /* that the server chose, else the highest offered */
    uint32_t quicVersion;
    char serverName[PAVO_NAME_BYTES]; /* SNI of TLS or QUIC */
    char alpn[64];
    char ja4[40];
    char dnsQuery[PAVO_NAME_BYTES];
    char httpHost[PAVO_NAME_BYTES];
    char banner[2][PAVO_NAME_BYTES]; /* SSH identification by side */
};

enum pavo_inspect_next {
    PAVO_INSPECT_MORE, /* feed it the next payload */
    PAVO_INSPECT_DONE, /* it has seen what it wanted, or gives up: 'names' stays as it is */
};

/* What is known of one flow so far; all zero at the start. Sides are the caller's: [0] and [1]. A
 * struct of fixed size without pointers, to be kept in a pool and thrown away when the flow ends.
 */
struct pavo_inspect {
    struct pavo_record_names names;
    uint8_t packets[2];    /* with payload, fed so far */
    uint8_t side_done[2];  /* nothing more is wanted of this side */
    uint8_t state[2];      /* of whoever reads the side */
    uint8_t is_gapped[2];  /* bytes were missing: what follows is not looked at */
    uint16_t n[2];         /* bytes in 'at' */
    uint16_t quic_have;    /* QUIC: bytes of CRYPTO from offset 0 on that are in 'at' */
    uint8_t quic_dcid_len; /* of the client's first Initial: what its keys are made of */
    uint8_t quic_dcid[20];
    uint8_t quic_client; /* 1 + the side that is the client */
    /* Stream: first bytes of a side. QUIC: CRYPTO of the client in [0], and in [1] which of its
     * bytes are there. */
    uint8_t at[2][PAVO_INSPECT_BUFFER];
};

/* What cannot be done without a library: the keys of QUIC's Initials. One for each thread. NULL is
 * allowed everywhere: then only versions are read. */
struct pavo_inspect_crypto;
struct pavo_inspect_crypto *pavo_inspect_crypto_open(void); /* NULL: not built in, or no memory */
void pavo_inspect_crypto_close(struct pavo_inspect_crypto *c);

/* pavo_inspect_stream - the next bytes of a side of a TCP stream, in order and without what came
 * twice
 *
 *   held   bytes at 'at'
 *   told   bytes of the segment; what is not held is a gap
 */
enum pavo_inspect_next pavo_inspect_stream(struct pavo_inspect *i, unsigned side, const uint8_t *at,
                                           uint32_t held, uint32_t told);
/* pavo_inspect_gap - bytes of a side were lost: it is not read any further. */
enum pavo_inspect_next pavo_inspect_gap(struct pavo_inspect *i, unsigned side);
/* pavo_inspect_datagram - the payload of a UDP datagram of a side. */
enum pavo_inspect_next pavo_inspect_datagram(struct pavo_inspect *i, unsigned side,
                                             const uint8_t *at, uint32_t held, uint32_t told,
                                             struct pavo_inspect_crypto *crypto);

/* The word of an application; "" for 0, "?" beyond. */
const char *pavo_app_word(enum pavo_app a);

#endif
