/* inspect_datagram.c - fuzz target of the inspector: datagrams of both sides of a UDP flow
 *
 * The input is datagrams: a byte of control, two of length, the bytes. Control: bit 0 the side, bit
 * 1 some of it was not captured, bit 2 without the library that QUIC needs. Each lies in a block of
 * just its size.
 */
#include <stdlib.h>
#include <string.h>

#include "pavo_inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text, size_t room)
{
    const size_t n = strnlen(text, room);

    if (n == room)
        abort();
    for (size_t k = 0; k < n; k++)
        if (text[k] < 0x20 || text[k] > 0x7e)
            abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pavo_inspect i;
    static struct pavo_inspect_crypto *crypto;
    static bool is_open;

    if (!is_open) {
        crypto = pavo_inspect_crypto_open();
        is_open = true;
    }
    memset(&i, 0, sizeof i);
    while (size > 3) {
        const uint8_t control = data[0];
        size_t n = (size_t)data[1] << 8 | data[2];
        const uint8_t app = i.names.application;
        enum pavo_inspect_next next;
        uint8_t *piece;

        data += 3;
        size -= 3;
        if (n > size)
            n = size;
        piece = malloc(n ? n : 1);
        if (!piece)
            abort();
        memcpy(piece, data, n);
        next = pavo_inspect_datagram(&i, control & 1, piece, (uint32_t)n,
                                     (uint32_t)n + (control & 2 ? 100 : 0),
                                     control & 4 ? NULL : crypto);
        free(piece);
        if ((next == PAVO_INSPECT_DONE) != (i.side_done[0] && i.side_done[1]) ||
            i.names.application >= PAVO_APPS || (app && app != i.names.application))
            abort();
        check_text(i.names.serverName, sizeof i.names.serverName);
        check_text(i.names.alpn, sizeof i.names.alpn);
        check_text(i.names.ja4, sizeof i.names.ja4);
        check_text(i.names.dnsQuery, sizeof i.names.dnsQuery);
        data += n;
        size -= n;
    }
    return 0;
}
