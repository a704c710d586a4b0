/* inspect_tls.c - hellos of TLS in records, of a client and of a server, and as QUIC carries them
 */
#include <stdlib.h>
#include <string.h>

#include "ins.h"

static void
must_end(const char *text, size_t room)
{
    if (!memchr(text, 0, room))
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pavo_record_names names;

    if (size == 0 || size > PAVO_INSPECT_BUFFER)
        return 0;
    for (unsigned how = 0; how < 3; how++) {
        memset(&names, 0, sizeof names);
        if (how == 0)
            (void)ins_tls_client(data, (uint32_t)size, &names);
        else if (how == 1)
            (void)ins_tls_server(data, (uint32_t)size, &names);
        else
            (void)ins_hello(data, (uint32_t)size, true, &names);
        must_end(names.serverName, sizeof names.serverName);
        must_end(names.alpn, sizeof names.alpn);
        must_end(names.ja4, sizeof names.ja4);
    }
    return 0;
}
