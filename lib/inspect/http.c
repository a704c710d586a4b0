/* http.c - HTTP/1: a request line with its host, a status line
 *
 * RFC 9112 sections 3 and 4. The line must be whole and end in a version of HTTP/1, so that
 * protocols with lines of the same shape (SIP, RTSP) are not taken for it. Methods are of capital
 * letters: all that are registered are.
 */
#include <string.h>

#include "ins.h"

enum { METHOD_BYTES = 24 };

static bool
is_method_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Host and port as they stand (RFC 3986 section 3.2.2): without the port, in lower case. */
static void
keep_host(const uint8_t *at, size_t n, char *out)
{
    size_t end = n;

    while (end && at[end - 1] >= '0' && at[end - 1] <= '9')
        end--;
    if (end && at[end - 1] == ':' && (at[0] == '[' || !memchr(at, ':', end - 1)))
        n = end - 1;
    ins_text(out, PAVO_NAME_BYTES, at, n);
    for (; *out; out++)
        *out = (char)lower((uint8_t)*out);
}

/* Where a target names the host itself, that is the one (RFC 9112 section 3.2.2); true if so. */
static bool
take_target(const uint8_t *at, size_t n, bool is_connect, char *out)
{
    const uint8_t *colon, *from = at, *to = at + n, *p;

    if (!is_connect) {
        colon = at[0] == '/' ? NULL : memchr(at, ':', n);
        if (!colon || to - colon < 3 || colon[1] != '/' || colon[2] != '/')
            return false;
        from = colon + 3;
    }
    for (p = from; p < to && *p != '/' && *p != '?' && *p != '#'; p++)
        if (*p == '@')
            from = p + 1;
    if (p == from)
        return false;
    keep_host(from, (size_t)(p - from), out);
    return true;
}

/* The value of a header line that is the host's; NULL for others. */
static const uint8_t *
host_value(const uint8_t *line, const uint8_t *end, size_t *n)
{
    static const char name[] = "host:";
    const uint8_t *p = line;

    if (end - line < 5)
        return NULL;
    for (unsigned k = 0; k < 5; k++)
        if (lower(*p++) != (uint8_t)name[k])
            return NULL;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    while (p < end && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    *n = (size_t)(end - p);
    return p;
}

static enum ins_got
read_host(const uint8_t *at, const uint8_t *end, char *out)
{
    while (at < end) {
        const uint8_t *lf = memchr(at, '\n', (size_t)(end - at)), *host;
        size_t n;

        if (!lf)
            return INS_MORE;
        if (lf == at || (lf == at + 1 && *at == '\r'))
            return INS_YES; /* the end of the header, and no host in it */
        host = host_value(at, lf, &n);
        if (host) {
            keep_host(host, n, out);
            return INS_YES;
        }
        at = lf + 1;
    }
    return INS_MORE;
}

/* HTTP/1.1 200: what follows the code is for people. */
static enum ins_got
read_status(const uint8_t *at, uint32_t n, struct pavo_record_names *out)
{
    static const char shape[] = "HTTP/1.d ddd";

    for (uint32_t k = 0; k < sizeof shape - 1; k++) {
        if (k == n)
            return INS_MORE;
        if (shape[k] == 'd' ? at[k] < '0' || at[k] > '9' : at[k] != (uint8_t)shape[k])
            return INS_NO;
    }
    if (n == sizeof shape - 1)
        return INS_MORE;
    if (at[12] != ' ' && at[12] != '\r' && at[12] != '\n')
        return INS_NO;
    out->application = PAVO_APP_HTTP;
    return INS_YES;
}

/* Do 'n' bytes end in a blank and a version of HTTP/1? */
static bool
has_version(const uint8_t *at, size_t n)
{
    return n >= 9 && memcmp(at + n - 9, " HTTP/1.", 8) == 0 && at[n - 1] >= '0' && at[n - 1] <= '9';
}

/* A method, a target and a version; *next is behind the line. Blanks in a target are an error that
 * attacks and bad programs make, and servers let pass. */
static enum ins_got
read_request(const uint8_t *at, uint32_t n, uint32_t *target, uint32_t *target_bytes,
             uint32_t *next)
{
    uint32_t p = 0, end;

    while (p < n && p < METHOD_BYTES && is_method_letter(at[p]))
        p++;
    if (p == n && p < METHOD_BYTES)
        return INS_MORE;
    if (p == 0 || p == METHOD_BYTES || at[p] != ' ')
        return INS_NO;
    *target = ++p;
    for (; p < n && at[p] != '\n'; p++)
        if ((at[p] < 0x20 && at[p] != '\r' && at[p] != '\t') || at[p] == 0x7f)
            return INS_NO;
    if (p == n)
        return INS_MORE;
    end = at[p - 1] == '\r' ? p - 1 : p;
    if (at[*target] == ' ' || end < *target + 10 || !has_version(at, end))
        return INS_NO;
    *target_bytes = end - 9 - *target;
    *next = p + 1;
    return INS_YES;
}

enum ins_got
ins_http(const uint8_t *at, uint32_t n, struct pavo_record_names *out)
{
    const bool is_connect = n >= 8 && memcmp(at, "CONNECT ", 8) == 0;
    uint32_t target, target_bytes, next;
    enum ins_got got;

    if (at[0] == 'H') {
        got = read_status(at, n, out);
        if (got != INS_NO)
            return got; /* or a method: HEAD */
    }
    got = read_request(at, n, &target, &target_bytes, &next);
    if (got != INS_YES)
        return got;
    out->application = PAVO_APP_HTTP;
    if (out->httpHost[0] || take_target(at + target, target_bytes, is_connect, out->httpHost))
        return INS_YES;
    return read_host(at + next, at + n, out->httpHost);
}
