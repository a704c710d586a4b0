/* inspect_quic.c - fuzz target: datagrams with long headers, and the frames in Initials
 *
 * The cipher here leaves all as it is, and a tag is right if its last byte is 0: so the fuzzer gets
 * behind it, with OpenSSL or without. inspect_datagram has the real one.
 *
 * The input is datagrams: a byte for the side, two of length, the bytes; each in a block of just
 * its size.
 */
#include <stdlib.h>
#include <string.h>

#include "ins.h"
#include "quic_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pavo_inspect_crypto {
    unsigned opened;
    uint8_t sum;
};

struct pavo_inspect_crypto *
pavo_inspect_crypto_open(void)
{
    return calloc(1, sizeof(struct pavo_inspect_crypto));
}

void
pavo_inspect_crypto_close(struct pavo_inspect_crypto *c)
{
    free(c);
}

bool
quic_mask(struct pavo_inspect_crypto *c, const uint8_t hp[QUIC_KEY],
          const uint8_t sample[QUIC_SAMPLE], uint8_t mask[QUIC_SAMPLE])
{
    for (unsigned k = 0; k < QUIC_SAMPLE; k++)
        c->sum ^= sample[k]; /* all of it must be there */
    memset(mask, 0, QUIC_SAMPLE);
    return true;
}

bool
quic_open(struct pavo_inspect_crypto *c, const struct quic_keys *k, uint64_t number,
          const uint8_t *head, size_t n_head, const uint8_t *in, size_t n, uint8_t *out)
{
    memcpy(out, in, n);
    if (in[n + QUIC_TAG - 1] != 0)
        return false;
    c->opened++;
    return true;
}

static void
check(const struct pavo_inspect *i, enum ins_got got)
{
    if (i->quic_have > PAVO_INSPECT_BUFFER || i->quic_dcid_len > sizeof i->quic_dcid ||
        i->quic_client > 2)
        abort();
    for (unsigned k = 0; k < i->quic_have; k++)
        if (i->at[1][k] != 1)
            abort();
    if (i->quic_have < PAVO_INSPECT_BUFFER && i->at[1][i->quic_have])
        abort();
    if (got != INS_NO && !quic_version_is_known(i->names.quicVersion))
        abort();
    if (!i->quic_client && (i->names.ja4[0] || i->names.serverName[0]))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pavo_inspect i;
    struct pavo_inspect_crypto crypto = {.opened = 0};

    memset(&i, 0, sizeof i);
    while (size > 3) {
        const unsigned side = data[0] & 1;
        size_t n = (size_t)data[1] << 8 | data[2];
        uint8_t *piece;

        data += 3;
        size -= 3;
        if (n > size)
            n = size;
        piece = malloc(n ? n : 1);
        if (!piece)
            abort();
        memcpy(piece, data, n);
        crypto.opened = 0;
        check(&i, ins_quic(&i, side, piece, (uint32_t)n, &crypto));
        if (crypto.opened > 4) /* packets of a datagram that are looked at */
            abort();
        free(piece);
        data += n;
        size -= n;
    }
    return 0;
}
