/* crypto_none.c - built without OpenSSL: of QUIC only the version is read */
#include "quic_keys.h"

struct pavo_inspect_crypto *
pavo_inspect_crypto_open(void)
{
    return NULL;
}

void
pavo_inspect_crypto_close(struct pavo_inspect_crypto *c)
{
    (void)c;
}

bool
quic_mask(struct pavo_inspect_crypto *c, const uint8_t hp[QUIC_KEY],
          const uint8_t sample[QUIC_SAMPLE], uint8_t mask[QUIC_SAMPLE])
{
    return false;
}

bool
quic_open(struct pavo_inspect_crypto *c, const struct quic_keys *k, uint64_t number,
          const uint8_t *head, size_t n_head, const uint8_t *in, size_t n, uint8_t *out)
{
    return false;
}
