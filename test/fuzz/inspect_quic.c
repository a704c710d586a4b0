/* inspect_quic.c - datagrams with long headers, two of them for one flow */
#include <stdlib.h>
#include <string.h>

#include "ins.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pavo_inspect_crypto *crypto;
    static struct pavo_inspect i;
    const uint32_t half = (uint32_t)(size / 2);

    if (!crypto)
        crypto = pavo_inspect_crypto_open();
    memset(&i, 0, sizeof i);
    (void)ins_quic(&i, 0, data, half, crypto);
    (void)ins_quic(&i, size & 1, data + half, (uint32_t)size - half, crypto);
    if (i.quic_have > PAVO_INSPECT_BUFFER)
        abort();
    return 0;
}
