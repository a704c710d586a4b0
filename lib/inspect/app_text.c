/* app_text.c - labels of protocols that are lines of text */
#include "apps.h"

enum {
    LINE_MAX_BYTES = 512,
    GREETING_BYTES = 1024,
};

bool
app_has_word(const uint8_t *at, size_t n, const char *word)
{
    const size_t len = strlen(word);

    for (size_t i = 0; i + len <= n; i++) {
        size_t k = 0;

        while (k < len && app_lower(at[i + k]) == (uint8_t)word[k])
            k++;
        if (k == len)
            return true;
    }
    return false;
}

/* The bytes of the line at 'at' without its end, which may not be there yet: INS_MORE. Text only.
 */
static enum ins_got
read_line(const uint8_t *at, uint32_t n, uint32_t limit, uint32_t *bytes)
{
    uint32_t p = 0;

    for (; p < n && at[p] != '\n'; p++)
        if (p >= limit || (at[p] < 0x20 && at[p] != '\r' && at[p] != '\t') || at[p] == 0x7f)
            return INS_NO;
    if (p == n)
        return INS_MORE;
    *bytes = p && at[p - 1] == '\r' ? p - 1 : p;
    return INS_YES;
}

static bool
has_any(const uint8_t *at, uint32_t n, const char *const *words)
{
    for (; *words; words++)
        if (app_has_word(at, n, *words))
            return true;
    return false;
}

/* Does it begin with one of the words, in letters of any case? */
static enum ins_got
begins_any(const uint8_t *at, uint32_t n, const char *const *words)
{
    enum ins_got got = INS_NO;

    for (; *words; words++) {
        uint32_t k = 0;

        while (k < n && (*words)[k] && app_lower(at[k]) == (uint8_t)(*words)[k])
            k++;
        if (!(*words)[k])
            return INS_YES;
        if (k == n)
            got = INS_MORE;
    }
    return got;
}

/* A server that speaks first: a code, text, and maybe more lines of "code-". */
struct greeting {
    const char *code;
    const char *const *words;  /* in the greeting: this protocol */
    const char *const *rivals; /* in the greeting: another one that begins so */
    const char *const *verbs;  /* of the client, behind any such greeting */
};

static enum ins_got
read_greeting(const struct greeting *g, const uint8_t *at, uint32_t n)
{
    const uint32_t code = (uint32_t)strlen(g->code);
    uint32_t from = 0, bytes;

    for (;;) {
        enum ins_got got = app_begins(at + from, n - from, g->code, code);

        if (got == INS_NO && from == 0)
            return INS_NO;
        got = read_line(at + from, n - from, LINE_MAX_BYTES, &bytes);
        if (got != INS_YES)
            return got;
        if (has_any(at + from, bytes, g->rivals))
            return INS_NO;
        if (has_any(at + from, bytes, g->words))
            return INS_YES;
        if (bytes <= code || at[from + code] != '-')
            return INS_MORE; /* whole, and says nothing: the client will tell */
        while (at[from++] != '\n')
            ;
        if (from >= GREETING_BYTES)
            return INS_NO;
        if (from == n)
            return INS_MORE;
    }
}

static enum ins_got
test_greeting(const struct greeting *g, const struct ins_seen *s)
{
    const uint32_t code = (uint32_t)strlen(g->code);
    enum ins_got got, mine;

    mine = begins_any(s->at, s->n, g->verbs);
    if (mine != INS_NO) { /* a client: the server has to have greeted */
        if (!s->n_other)
            return INS_MORE;
        got = app_begins(s->other, s->n_other, g->code, code);
        if (got != INS_YES)
            return got;
        got = read_greeting(g, s->other, s->n_other);
        return got == INS_NO ? INS_NO : mine;
    }
    got = read_greeting(g, s->at, s->n);
    if (got != INS_MORE || !s->n_other)
        return got;
    return begins_any(s->other, s->n_other, g->verbs);
}

static const char *const none[] = {NULL};

enum ins_got
app_smtp(const struct ins_seen *s)
{
    static const char *const words[] = {"smtp", NULL};
    static const char *const rivals[] = {"ftp", NULL};
    static const char *const verbs[] = {"ehlo ", "helo ", NULL};
    static const struct greeting g = {"220", words, rivals, verbs};

    return test_greeting(&g, s);
}

enum ins_got
app_ftp(const struct ins_seen *s)
{
    static const char *const words[] = {"ftp", "filezilla", NULL};
    static const char *const rivals[] = {"smtp", NULL};
    static const char *const verbs[] = {"user ", "auth tls", "auth ssl", "feat\r\n", NULL};
    static const struct greeting g = {"220", words, rivals, verbs};

    return test_greeting(&g, s);
}

enum ins_got
app_pop3(const struct ins_seen *s)
{
    static const char *const words[] = {"pop", NULL};
    static const char *const verbs[] = {"user ", "apop ", "capa\r\n", "auth", "stls\r\n", NULL};
    static const struct greeting g = {"+OK ", words, none, verbs};
    enum ins_got got = test_greeting(&g, s);
    uint32_t bytes;

    if (got == INS_MORE && s->at[0] == '+' &&
        read_line(s->at, s->n, LINE_MAX_BYTES, &bytes) == INS_YES) { /* RFC 1939 section 7 */
        const uint8_t *from = memchr(s->at, '<', bytes);
        const uint8_t *mid = from ? memchr(from, '@', (size_t)(s->at + bytes - from)) : NULL;

        if (mid && memchr(mid, '>', (size_t)(s->at + bytes - mid)))
            return INS_YES;
    }
    return got;
}

enum ins_got
app_nntp(const struct ins_seen *s)
{
    static const char *const words[] = {"nntp", "internetnews", NULL};
    static const char *const verbs[] = {"mode reader", "capabilities\r\n", NULL};
    static const struct greeting may_post = {"200 ", words, none, verbs};
    static const struct greeting may_read = {"201 ", words, none, verbs};
    const enum ins_got got = test_greeting(&may_post, s);

    return got != INS_NO ? got : test_greeting(&may_read, s);
}

/* EHLO or HELO and one word: RFC 5321 section 4.1.1.1. */
enum ins_got
app_smtp_hello(const struct ins_seen *s)
{
    static const char *const verbs[] = {"ehlo ", "helo ", NULL};
    enum ins_got got = begins_any(s->at, s->n, verbs);
    uint32_t bytes;

    if (got != INS_YES)
        return got;
    got = read_line(s->at + 5, s->n - 5, LINE_MAX_BYTES, &bytes);
    return got == INS_YES && (bytes == 0 || memchr(s->at + 5, ' ', bytes)) ? INS_NO : got;
}

/* A tag and a blank in front of a command of IMAP: RFC 9051 section 2.2.1. Where the command
 * begins, 0 if there is none. */
static enum ins_got
read_tag(const uint8_t *at, uint32_t n, uint32_t *pos)
{
    uint32_t p = 0;

    while (p < n && p < 16 &&
           ((at[p] >= '0' && at[p] <= '9') ||
            (app_lower(at[p]) >= 'a' && app_lower(at[p]) <= 'z') || at[p] == '.'))
        p++;
    if (p == n && p < 16)
        return INS_MORE;
    if (p == 0 || p == 16 || at[p] != ' ')
        return INS_NO;
    *pos = p + 1;
    return INS_YES;
}

enum ins_got
app_imap(const struct ins_seen *s)
{
    static const char *const words[] = {"imap", NULL};
    static const char *const verbs[] = {"capability\r\n", "login ", "authenticate ",
                                        "starttls\r\n",   "id ",    "noop\r\n",
                                        "logout\r\n",     NULL};
    static const struct greeting ok = {"* OK ", words, none, none};
    static const struct greeting authed = {"* PREAUTH ", words, none, none};
    enum ins_got got = read_greeting(&ok, s->at, s->n);
    uint32_t pos;

    if (got == INS_NO)
        got = read_greeting(&authed, s->at, s->n);
    if (got != INS_MORE || !s->n_other)
        return got;
    got = read_tag(s->other, s->n_other, &pos);
    return got == INS_YES ? begins_any(s->other + pos, s->n_other - pos, verbs) : got;
}

/* From the client's side: what nothing else says behind a tag, or any command behind a greeting. */
enum ins_got
app_imap_command(const struct ins_seen *s)
{
    static const char *const sure[] = {"capability\r\n", "authenticate ", NULL};
    static const char *const verbs[] = {"login ", "starttls\r\n", "id ", "noop\r\n", NULL};
    uint32_t pos;
    enum ins_got got = read_tag(s->at, s->n, &pos), mine;

    if (got != INS_YES)
        return got;
    got = begins_any(s->at + pos, s->n - pos, sure);
    if (got != INS_NO)
        return got;
    mine = begins_any(s->at + pos, s->n - pos, verbs);
    if (mine == INS_NO)
        return INS_NO;
    if (!s->n_other)
        return INS_MORE;
    got = app_begins(s->other, s->n_other, "* OK ", 5);
    return got == INS_YES ? mine : got;
}

/* A word of letters, a blank, one of 'targets', and 'version' at the end of the line. Or a status
 * line: 'version', a blank, three digits. */
static enum ins_got
test_request(const struct ins_seen *s, const char *const *targets, const char *version)
{
    const uint32_t len = (uint32_t)strlen(version);
    uint32_t p = 0, bytes;
    enum ins_got got = app_begins(s->at, s->n, version, len);

    if (got == INS_YES) {
        if (s->n < len + 5)
            return INS_MORE;
        for (uint32_t k = 1; k < 4; k++)
            if (s->at[len + k] < '0' || s->at[len + k] > '9')
                return INS_NO;
        return s->at[len] == ' ' && s->at[len + 4] == ' ' ? INS_YES : INS_NO;
    }
    while (p < s->n && p < 20 && ((s->at[p] >= 'A' && s->at[p] <= 'Z') || s->at[p] == '_'))
        p++;
    if (p == s->n && p < 20)
        return INS_MORE;
    if (p < 3 || p == 20 || s->at[p] != ' ')
        return got;
    p++;
    got = begins_any(s->at + p, s->n - p, targets);
    if (got != INS_YES)
        return got;
    got = read_line(s->at + p, s->n - p, 2048, &bytes);
    if (got != INS_YES)
        return got;
    return bytes > len && s->at[p + bytes - len - 1] == ' ' &&
                   memcmp(s->at + p + bytes - len, version, len) == 0
               ? INS_YES
               : INS_NO;
}

enum ins_got
app_sip(const struct ins_seen *s)
{
    static const char *const targets[] = {"sip:", "sips:", "tel:", NULL};

    return test_request(s, targets, "SIP/2.0");
}

enum ins_got
app_rtsp(const struct ins_seen *s)
{
    static const char *const targets[] = {"rtsp://", "rtspu://", "rtsps://", "* ", NULL};
    const enum ins_got got = test_request(s, targets, "RTSP/1.0");

    return got != INS_NO ? got : test_request(s, targets, "RTSP/2.0");
}

/* Four letters, a number, an endpoint, "MGCP 1.0": RFC 3435 section 3.2.1. */
enum ins_got
app_mgcp(const struct ins_seen *s)
{
    uint32_t bytes, p = 0;
    enum ins_got got;

    for (; p < s->n && p < 6; p++)
        if (p < 4 ? s->at[p] < 'A' || s->at[p] > 'Z'
                  : (p == 4 ? s->at[p] != ' ' : s->at[p] < '0' || s->at[p] > '9'))
            return INS_NO;
    if (p < 6)
        return INS_MORE;
    got = read_line(s->at, s->n, LINE_MAX_BYTES, &bytes);
    if (got != INS_YES)
        return got;
    return app_has_word(s->at, bytes, " mgcp 1.0") ? INS_YES : INS_NO;
}

/* "!/1 [" or "MEGACO/1 [": RFC 3525 annex B.2. */
enum ins_got
app_megaco(const struct ins_seen *s)
{
    static const char *const begins[] = {"!/1 [",      "!/2 [",      "!/3 [", "megaco/1 [",
                                         "megaco/2 [", "megaco/3 [", NULL};

    return begins_any(s->at, s->n, begins);
}

/* One of the words in the first 512 bytes of text that begins as it has to. */
static enum ins_got
test_words(const struct ins_seen *s, const char *const *begins, const char *const *words)
{
    const uint32_t n = s->n < LINE_MAX_BYTES ? s->n : LINE_MAX_BYTES;
    const enum ins_got got = begins_any(s->at, s->n, begins);

    if (got != INS_YES)
        return got;
    if (has_any(s->at, n, words))
        return INS_YES;
    return n == LINE_MAX_BYTES || memchr(s->at, 0, n) ? INS_NO : INS_MORE;
}

enum ins_got
app_xmpp(const struct ins_seen *s)
{
    static const char *const begins[] = {"<?xml ", "<stream:stream ", NULL};
    static const char *const words[] = {"<stream:stream ", NULL};

    return test_words(s, begins, words);
}

enum ins_got
app_stratum(const struct ins_seen *s)
{
    static const char *const begins[] = {"{\"", "{ \"", NULL};
    static const char *const words[] = {"\"mining.subscribe\"", "\"mining.authorize\"",
                                        "\"mining.configure\"", "\"mining.notify\"",
                                        "\"eth_submitlogin\"",  NULL};

    return test_words(s, begins, words);
}

enum ins_got
app_nats(const struct ins_seen *s)
{
    static const char *const begins[] = {"info {", NULL};
    static const char *const words[] = {"\"server_id\"", NULL};

    return test_words(s, begins, words);
}

enum ins_got
app_wsd(const struct ins_seen *s)
{
    static const char *const begins[] = {"<?xml ", "<soap", NULL};
    static const char *const words[] = {"://schemas.xmlsoap.org/ws/2005/04/discovery",
                                        "://docs.oasis-open.org/ws-dd/ns/discovery/", NULL};
    const enum ins_got got = begins_any(s->at, s->n, begins);

    return got != INS_YES ? got : has_any(s->at, s->n, words) ? INS_YES : INS_NO;
}

enum ins_got
app_ssdp(const struct ins_seen *s)
{
    static const char *const requests[] = {"m-search * http/1.1\r\n", "notify * http/1.1\r\n",
                                           NULL};
    static const char *const status[] = {"http/1.1 200 ok\r\n", NULL};
    static const char *const words[] = {"\r\nusn:", "\r\nst:", NULL};
    const enum ins_got got = begins_any(s->at, s->n, requests);

    return got != INS_NO ? got : test_words(s, status, words);
}

/* NICK and USER in the first lines, or what only IRC has: RFC 2812 section 3.1, IRCv3. */
enum ins_got
app_irc(const struct ins_seen *s)
{
    static const char *const begins[] = {"nick ", "user ", "pass ", "cap ls", "cap req ", NULL};
    static const char *const caps[] = {"cap ls\r\n", "cap ls 302", "cap req ", NULL};
    static const char *const nick[] = {"\nnick ", NULL}, *const user[] = {"\nuser ", NULL};
    const uint32_t n = s->n < LINE_MAX_BYTES ? s->n : LINE_MAX_BYTES;
    enum ins_got got = begins_any(s->at, s->n, begins);

    if (got != INS_YES)
        return got;
    got = begins_any(s->at, s->n, caps);
    if (got != INS_NO)
        return got;
    if ((begins_any(s->at, n, (const char *const[]){"nick ", NULL}) == INS_YES ||
         has_any(s->at, n, nick)) &&
        (has_any(s->at, n, user) ||
         begins_any(s->at, n, (const char *const[]){"user ", NULL}) == INS_YES))
        return INS_YES;
    return n == LINE_MAX_BYTES || memchr(s->at, 0, n) ? INS_NO : INS_MORE;
}

/* ":server NOTICE" or ":server 001": RFC 2812 section 2.3.1; older servers leave their name out. */
enum ins_got
app_irc_server(const struct ins_seen *s)
{
    static const char *const old[] = {"notice auth :", "notice * :", NULL};
    static const char *const words[] = {"notice ", "001 ", "020 ", "cap * ", "cap ", "433 ", NULL};
    uint32_t p = 1;

    if (s->at[0] != ':')
        return begins_any(s->at, s->n, old);
    while (p < s->n && p < 100 &&
           (s->at[p] == '.' || s->at[p] == '-' || (s->at[p] >= '0' && s->at[p] <= '9') ||
            (app_lower(s->at[p]) >= 'a' && app_lower(s->at[p]) <= 'z')))
        p++;
    if (p == s->n && p < 100)
        return INS_MORE;
    if (p < 4 || p == 100 || s->at[p] != ' ')
        return INS_NO;
    return begins_any(s->at + p + 1, s->n - p - 1, words);
}

/* Digits and fixed letters: 'd' in a shape is any digit. */
static enum ins_got
test_shape(const struct ins_seen *s, const char *shape)
{
    for (uint32_t k = 0; shape[k]; k++) {
        if (k == s->n)
            return INS_MORE;
        if (shape[k] == 'd' ? s->at[k] < '0' || s->at[k] > '9' : s->at[k] != (uint8_t)shape[k])
            return INS_NO;
    }
    return INS_YES;
}

enum ins_got
app_vnc(const struct ins_seen *s)
{
    return test_shape(s, "RFB ddd.ddd\n");
}

enum ins_got
app_rsync(const struct ins_seen *s)
{
    return test_shape(s, "@RSYNCD: dd");
}

/* A decimal number of at most six digits at *pos, which is stepped behind it. */
static enum ins_got
read_number(const uint8_t *at, uint32_t n, uint32_t *pos, uint32_t *out)
{
    uint32_t p = *pos, v = 0;

    while (p < n && p - *pos < 7 && at[p] >= '0' && at[p] <= '9')
        v = v * 10 + at[p++] - '0';
    if (p == n && p - *pos < 7)
        return INS_MORE;
    if (p == *pos || p == *pos + 7)
        return INS_NO;
    *pos = p;
    *out = v;
    return INS_YES;
}

/* "*2\r\n$3\r\nGET\r\n": an array of strings, the first of letters. */
enum ins_got
app_redis(const struct ins_seen *s)
{
    uint32_t p = 1, count, bytes;
    enum ins_got got;

    if (s->at[0] != '*')
        return INS_NO;
    got = read_number(s->at, s->n, &p, &count);
    if (got != INS_YES)
        return got;
    got = app_begins(s->at + p, s->n - p, "\r\n$", 3);
    if (got != INS_YES)
        return got;
    p += 3;
    got = read_number(s->at, s->n, &p, &bytes);
    if (got != INS_YES)
        return got;
    got = app_begins(s->at + p, s->n - p, "\r\n", 2);
    if (got != INS_YES)
        return got;
    p += 2;
    if (count == 0 || bytes < 2 || bytes > 32)
        return INS_NO;
    for (uint32_t k = 0; k < bytes; k++) {
        if (p + k == s->n)
            return INS_MORE;
        if ((app_lower(s->at[p + k]) < 'a' || app_lower(s->at[p + k]) > 'z') && s->at[p + k] != '.')
            return INS_NO;
    }
    return app_begins(s->at + p + bytes, s->n - p - bytes, "\r\n", 2);
}

/* A storage command or a value: a key and 'numbers' numbers. */
enum ins_got
app_memcached(const struct ins_seen *s)
{
    static const char *const stores[] = {"set ", "add ", "replace ", "append ", NULL};
    static const char *const value[] = {"value ", NULL};
    enum ins_got got = begins_any(s->at, s->n, stores), values = begins_any(s->at, s->n, value);
    unsigned numbers = got == INS_YES ? 3 : 2;
    uint32_t p = 0, bytes, any;

    if (got != INS_YES && values != INS_YES)
        return got == INS_MORE || values == INS_MORE ? INS_MORE : INS_NO;
    got = read_line(s->at, s->n, LINE_MAX_BYTES, &bytes);
    if (got != INS_YES)
        return got;
    while (s->at[p++] != ' ')
        ;
    while (p < bytes && s->at[p] != ' ')
        p++;
    for (; numbers; numbers--)
        if (p >= bytes || s->at[p++] != ' ' || read_number(s->at, s->n, &p, &any) != INS_YES)
            return INS_NO;
    return p == bytes || s->at[p] == ' ' ? INS_YES : INS_NO;
}

/* A command of one line and an answer that fits it, on whichever side. */
enum ins_got
app_memcached_answered(const struct ins_seen *s)
{
    static const char *const asks[][3] = {
        {"get ", "gets ", NULL}, {"stats\r\n", "stats ", NULL}, {"version\r\n", NULL}};
    static const char *const answers[][3] = {
        {"value ", "end\r\n", NULL}, {"stat ", NULL}, {"version 1.", NULL}};
    enum ins_got got = INS_NO, ask, answer;

    for (unsigned k = 0; k < 3; k++) {
        ask = begins_any(s->at, s->n, asks[k]);
        answer = begins_any(s->at, s->n, answers[k]);
        if (ask != INS_NO)
            answer = s->n_other ? begins_any(s->other, s->n_other, answers[k]) : INS_MORE;
        else if (answer != INS_NO)
            ask = s->n_other ? begins_any(s->other, s->n_other, asks[k]) : INS_MORE;
        if (ask == INS_YES && answer == INS_YES)
            return INS_YES;
        if (ask != INS_NO && answer != INS_NO)
            got = INS_MORE;
    }
    return got;
}

/* Four hexadecimal digits of length, then the service: gitprotocol-pack. */
enum ins_got
app_git(const struct ins_seen *s)
{
    static const char *const services[] = {"git-upload-pack ", "git-receive-pack ",
                                           "git-upload-archive ", NULL};

    for (uint32_t k = 0; k < 4; k++) {
        if (k == s->n)
            return INS_MORE;
        if ((s->at[k] < '0' || s->at[k] > '9') && (s->at[k] < 'a' || s->at[k] > 'f'))
            return INS_NO;
    }
    return begins_any(s->at + 4, s->n - 4, services);
}

/* "<34>1 2003-" (RFC 5424 section 6.2), "<34>Oct 11 2" (RFC 3164 section 4.1.2); over TCP a length
 * may stand before it (RFC 6587 section 3.4.1). */
enum ins_got
app_syslog(const struct ins_seen *s)
{
    static const char *const months[] = {"jan ", "feb ", "mar ", "apr ", "may ", "jun ", "jul ",
                                         "aug ", "sep ", "oct ", "nov ", "dec ", NULL};
    static const char *const devices[] = {"%asa-", "%pix-", "%fwsm-", NULL};
    uint32_t p = 0, value;
    enum ins_got got;

    if (app_is_stream(s) && s->at[0] >= '1' && s->at[0] <= '9') {
        got = read_number(s->at, s->n, &p, &value);
        if (got != INS_YES)
            return got;
        if (s->at[p++] != ' ')
            return INS_NO;
        if (p == s->n)
            return INS_MORE;
    }
    if (s->at[p] != '<')
        return INS_NO;
    p++;
    got = read_number(s->at, s->n, &p, &value);
    if (got != INS_YES)
        return got;
    if (value > 191 || s->at[p] != '>')
        return INS_NO;
    p++;
    got = begins_any(s->at + p, s->n - p, devices);
    if (got != INS_NO)
        return got;
    if (p < s->n && s->at[p] >= '0' && s->at[p] <= '9') { /* or a count, as Cisco's have */
        uint32_t q = p;

        got = read_number(s->at, s->n, &q, &value);
        if (got == INS_MORE)
            return got;
        if (got == INS_YES && s->at[q] == ':') {
            if (q + 3 > s->n)
                return INS_MORE;
            p = q + 2 + (s->at[q + 2] == '*' || s->at[q + 2] == '.');
        }
    }
    got = begins_any(s->at + p, s->n - p, months);
    if (got == INS_NO) {
        const struct ins_seen behind = {.at = s->at + p, .n = s->n - p};

        got = behind.n ? test_shape(&behind, "1 dddd-dd-dd") : INS_MORE;
        return got == INS_NO ? test_shape(&behind, "1 - ") : got;
    }
    if (got != INS_YES)
        return got;
    if (s->n < p + 8)
        return INS_MORE;
    return (s->at[p + 4] == ' ' || (s->at[p + 4] >= '1' && s->at[p + 4] <= '3')) &&
                   s->at[p + 5] >= '0' && s->at[p + 5] <= '9' && s->at[p + 6] == ' ' &&
                   s->at[p + 7] >= '0' && s->at[p + 7] <= '2'
               ? INS_YES
               : INS_NO;
}
