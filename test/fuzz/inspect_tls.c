/* inspect_tls.c - fuzz target: hellos of TLS in records, of a client and of a server, and as QUIC
 * carries them
 *
 * The first byte says where the rest is cut. What is said of the part must hold for all of it, and
 * the names must not depend on the cut. Both lie in blocks of just their size.
 */
#include <stdlib.h>
#include <string.h>

#include "ins.h"

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

static enum ins_got
read_as(unsigned how, const uint8_t *at, size_t n, struct pavo_record_names *names)
{
    uint8_t *part = malloc(n ? n : 1);
    enum ins_got got;

    if (!part)
        abort();
    memcpy(part, at, n);
    if (how == 0)
        got = ins_tls_client(part, (uint32_t)n, names);
    else if (how == 1)
        got = ins_tls_server(part, (uint32_t)n, names);
    else
        got = ins_hello(part, (uint32_t)n, true, names);
    free(part);
    check_text(names->serverName, sizeof names->serverName);
    check_text(names->alpn, sizeof names->alpn);
    check_text(names->ja4, sizeof names->ja4);
    if ((got == INS_YES && how != 1) != (strlen(names->ja4) == 36))
        abort();
    return got;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > PAVO_INSPECT_BUFFER)
        return 0;
    for (unsigned how = 0; how < 3; how++) {
        struct pavo_record_names cut = {0}, whole = {0};
        const size_t n = size - 1;
        const enum ins_got part = read_as(how, data + 1, n * data[0] / 255, &cut);
        const enum ins_got all = read_as(how, data + 1, n, &whole);

        if (part != INS_MORE && part != all)
            abort();
        if (part == INS_MORE)
            (void)read_as(how, data + 1, n, &cut);
        if (memcmp(&cut, &whole, sizeof cut) != 0)
            abort();
    }
    return 0;
}
