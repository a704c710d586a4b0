/* quic_keys.h - the keys of Initial packets, which anyone can make: RFC 9001 section 5.2, RFC 9369
 * section 3.3 */
#ifndef PAVO_QUIC_KEYS_H
#define PAVO_QUIC_KEYS_H

#include "pavo_inspect.h"

enum {
    QUIC_V1 = 1,
    QUIC_V2 = 0x6b3343cf,
    QUIC_DRAFT_29 = (int)0xff00001d, /* to 32: the salt changed with 33 */
    QUIC_DRAFT_32 = (int)0xff000020,
    QUIC_KEY = 16,
    QUIC_IV = 12,
    QUIC_TAG = 16,
    QUIC_SAMPLE = 16,
};

struct quic_keys {
    uint8_t key[QUIC_KEY], iv[QUIC_IV], hp[QUIC_KEY];
};

/* Is it a version whose Initials have known keys? */
bool quic_version_is_known(uint32_t version);
/* Those of the client, from the destination connection id of its first Initial. */
void quic_client_keys(uint32_t version, const uint8_t *dcid, size_t n, struct quic_keys *out);

/* ---- crypto_openssl.c or crypto_none.c ---- */

/* The mask of header protection: AES-128 of a sample, RFC 9001 section 5.4.3. */
bool quic_mask(struct pavo_inspect_crypto *c, const uint8_t hp[QUIC_KEY],
               const uint8_t sample[QUIC_SAMPLE], uint8_t mask[QUIC_SAMPLE]);
/* AEAD_AES_128_GCM (RFC 5116): 'n' bytes at 'in' and the tag behind them into 'out'. False: not
 * authentic. */
bool quic_open(struct pavo_inspect_crypto *c, const struct quic_keys *k, uint64_t number,
               const uint8_t *head, size_t n_head, const uint8_t *in, size_t n, uint8_t *out);

#endif
