/* ja4.h - JA4, the fingerprint of a ClientHello, by FoxIO's published specification */
#ifndef PAVO_JA4_H
#define PAVO_JA4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JA4_LIST_MAX = 256, JA4_BYTES = 40 };

/* What of a hello goes in, GREASE (RFC 8701) left out, in the order of the hello. */
struct ja4 {
    bool is_quic, has_sni;
    uint16_t version; /* highest of supported_versions, else of the hello */
    uint16_t ciphers[JA4_LIST_MAX], extensions[JA4_LIST_MAX], signatures[JA4_LIST_MAX];
    unsigned n_ciphers, n_extensions, n_signatures;
    uint8_t alpn[2]; /* first and last octet of the first protocol */
    bool has_alpn;
};

static inline bool
is_grease(uint16_t v)
{
    return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/* Adds to one of the lists; GREASE, and what is beyond JA4_LIST_MAX, not. */
void ja4_add(uint16_t *list, unsigned *n, uint16_t v);
/* Spells it: 36 letters and a NUL. Sorts the lists of 'j'. */
void ja4_spell(struct ja4 *j, char out[JA4_BYTES]);

#endif
