/* crypto_openssl.c - AES-128 by OpenSSL, with contexts that are made once */
#include <openssl/evp.h>
#include <stdlib.h>

#include "quic_keys.h"

struct pavo_inspect_crypto {
    EVP_CIPHER_CTX *ecb, *gcm;
};

struct pavo_inspect_crypto *
pavo_inspect_crypto_open(void)
{
    struct pavo_inspect_crypto *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->ecb = EVP_CIPHER_CTX_new();
    c->gcm = EVP_CIPHER_CTX_new();
    if (!c->ecb || !c->gcm || !EVP_EncryptInit_ex(c->ecb, EVP_aes_128_ecb(), NULL, NULL, NULL) ||
        !EVP_DecryptInit_ex(c->gcm, EVP_aes_128_gcm(), NULL, NULL, NULL)) {
        pavo_inspect_crypto_close(c);
        return NULL;
    }
    return c;
}

void
pavo_inspect_crypto_close(struct pavo_inspect_crypto *c)
{
    if (!c)
        return;
    EVP_CIPHER_CTX_free(c->ecb);
    EVP_CIPHER_CTX_free(c->gcm);
    free(c);
}

bool
quic_mask(struct pavo_inspect_crypto *c, const uint8_t hp[QUIC_KEY],
          const uint8_t sample[QUIC_SAMPLE], uint8_t mask[QUIC_SAMPLE])
{
    int n = 0;

    return EVP_EncryptInit_ex(c->ecb, NULL, NULL, hp, NULL) &&
           EVP_CIPHER_CTX_set_padding(c->ecb, 0) &&
           EVP_EncryptUpdate(c->ecb, mask, &n, sample, QUIC_SAMPLE) && n == QUIC_SAMPLE;
}

bool
quic_open(struct pavo_inspect_crypto *c, const struct quic_keys *k, uint64_t number,
          const uint8_t *head, size_t n_head, const uint8_t *in, size_t n, uint8_t *out)
{
    uint8_t nonce[QUIC_IV], tag[QUIC_TAG];
    int got = 0, end = 0;

    for (unsigned i = 0; i < QUIC_IV; i++)
        nonce[i] = k->iv[i] ^ (uint8_t)(i < 4 ? 0 : number >> (88 - 8 * i));
    for (unsigned i = 0; i < QUIC_TAG; i++)
        tag[i] = in[n + i];
    return EVP_DecryptInit_ex(c->gcm, NULL, NULL, k->key, nonce) &&
           EVP_DecryptUpdate(c->gcm, NULL, &got, head, (int)n_head) &&
           EVP_DecryptUpdate(c->gcm, out, &got, in, (int)n) && got == (int)n &&
           EVP_CIPHER_CTX_ctrl(c->gcm, EVP_CTRL_GCM_SET_TAG, QUIC_TAG, tag) &&
           EVP_DecryptFinal_ex(c->gcm, out + got, &end) > 0;
}
