/* inspect_stream.c - fuzz target of the inspector: both sides of a TCP stream
 *
 * The input is pieces: a byte of control, a byte of length (times four if bit 1 is set), the bytes.
 * Control: bit 0 the side, bit 2 a gap behind the piece, bit 3 a part of the segment that was not
 * captured. Each piece lies in a block of just its size. What is the rest goes to side 0 as one.
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

static void
check(const struct pavo_inspect *i, enum pavo_inspect_next next)
{
    const struct pavo_record_names *names = &i->names;

    if (names->application >= PAVO_APPS || i->n[0] > PAVO_INSPECT_BUFFER ||
        i->n[1] > PAVO_INSPECT_BUFFER || i->packets[0] > PAVO_INSPECT_PACKETS ||
        i->packets[1] > PAVO_INSPECT_PACKETS)
        abort();
    if ((next == PAVO_INSPECT_DONE) != (i->side_done[0] && i->side_done[1]))
        abort();
    check_text(names->serverName, sizeof names->serverName);
    check_text(names->alpn, sizeof names->alpn);
    check_text(names->ja4, sizeof names->ja4);
    check_text(names->dnsQuery, sizeof names->dnsQuery);
    check_text(names->httpHost, sizeof names->httpHost);
    check_text(names->banner[0], sizeof names->banner[0]);
    check_text(names->banner[1], sizeof names->banner[1]);
    if (names->application != PAVO_APP_SSH && (names->banner[0][0] || names->banner[1][0]))
        abort();
    if (names->application != PAVO_APP_HTTP && names->httpHost[0])
        abort();
    if (names->application != PAVO_APP_DNS && names->dnsQuery[0])
        abort();
}

static enum pavo_inspect_next
feed(struct pavo_inspect *i, unsigned side, const uint8_t *at, size_t n, uint32_t lost)
{
    uint8_t *piece = malloc(n ? n : 1);
    enum pavo_inspect_next next;

    if (!piece)
        abort();
    memcpy(piece, at, n);
    next = pavo_inspect_stream(i, side, piece, (uint32_t)n, (uint32_t)n + lost);
    free(piece);
    check(i, next);
    return next;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pavo_inspect i;
    bool is_done = false;

    memset(&i, 0, sizeof i);
    while (size > 2) {
        const uint8_t control = data[0];
        size_t n = control & 2 ? data[1] * (size_t)4 : data[1];
        const uint8_t app = i.names.application;

        data += 2;
        size -= 2;
        if (control & 0x80 || n > size)
            n = size;
        if (feed(&i, control & 1, data, n, control & 8 ? 10 : 0) == PAVO_INSPECT_DONE)
            is_done = true;
        else if (is_done)
            abort(); /* it wakes up again */
        if (app && app != i.names.application)
            abort(); /* it changes its mind */
        if (control & 4)
            check(&i, pavo_inspect_gap(&i, control & 1));
        data += n;
        size -= n;
    }
    return 0;
}
