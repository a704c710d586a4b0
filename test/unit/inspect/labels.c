/* labels.c - each label by a good message, by its beginnings, in pieces, and by no chance
 *
 *     labels [RANDOM_PAYLOADS [SEED]]       how many random payloads are tried; default 200000
 */
#include "messages.h"

static unsigned long n_random = 200000;
static uint64_t seed = 1;

/* A copy of exactly its size, so that AddressSanitizer sees one byte too far. */
static uint8_t *
copy(const char *at, size_t n)
{
    uint8_t *p = malloc(n ? n : 1);

    memcpy(p, at, n);
    return p;
}

static enum pavo_inspect_next
feed(struct pavo_inspect *i, unsigned side, enum over over, const char *at, size_t n)
{
    uint8_t *p = copy(at, n);
    const enum pavo_inspect_next next =
        over == STREAM ? pavo_inspect_stream(i, side, p, (uint32_t)n, (uint32_t)n)
                       : pavo_inspect_datagram(i, side, p, (uint32_t)n, (uint32_t)n, NULL);

    free(p);
    return next;
}

static void
whole(void **state)
{
    const struct message *m = *state;
    struct pavo_inspect i = {0};

    feed(&i, 0, m->over, m->ask, m->n_ask);
    if (m->n_answer)
        feed(&i, 1, m->over, m->answer, m->n_answer);
    assert_string_equal(pavo_app_word((enum pavo_app)i.names.application), pavo_app_word(m->app));

    memset(&i, 0, sizeof i); /* the other way round */
    if (m->n_answer)
        feed(&i, 1, m->over, m->answer, m->n_answer);
    feed(&i, 0, m->over, m->ask, m->n_ask);
    assert_int_equal(i.names.application, m->app);
}

/* Beginnings give this label or none. */
static void
prefixes(void **state)
{
    const struct message *m = *state;

    for (size_t n = 0; n < m->n_ask; n++) {
        struct pavo_inspect i = {0};
        uint8_t *p = copy(m->ask, n);

        feed(&i, 0, m->over, m->ask, n);
        if (i.names.application)
            assert_int_equal(i.names.application, m->app);
        memset(&i, 0, sizeof i); /* what was not captured is no end */
        if (m->over == STREAM)
            pavo_inspect_stream(&i, 0, p, (uint32_t)n, (uint32_t)m->n_ask);
        else
            pavo_inspect_datagram(&i, 0, p, (uint32_t)n, (uint32_t)m->n_ask, NULL);
        if (i.names.application)
            assert_int_equal(i.names.application, m->app);
        free(p);
    }
    for (size_t n = 0; n < m->n_answer; n++) {
        struct pavo_inspect i = {0};

        feed(&i, 0, m->over, m->ask, m->n_ask);
        feed(&i, 1, m->over, m->answer, n);
        if (i.names.application)
            assert_int_equal(i.names.application, m->app);
    }
}

/* A stream in two pieces at every byte, then in three, gives what it gives in one. */
static void
pieces(void **state)
{
    const struct message *m = *state;
    struct pavo_inspect one = {0};

    if (m->over != STREAM)
        return;
    feed(&one, 0, STREAM, m->ask, m->n_ask);
    if (m->n_answer)
        feed(&one, 1, STREAM, m->answer, m->n_answer);
    for (size_t a = 1; a < m->n_ask; a++)
        for (size_t b = a; b <= m->n_ask; b += 7) {
            struct pavo_inspect i = {0};

            feed(&i, 0, STREAM, m->ask, a);
            if (b > a)
                feed(&i, 0, STREAM, m->ask + a, b - a);
            if (m->n_answer && b % 2)
                feed(&i, 1, STREAM, m->answer, m->n_answer);
            if (b < m->n_ask)
                feed(&i, 0, STREAM, m->ask + b, m->n_ask - b);
            if (m->n_answer && b % 2 == 0)
                feed(&i, 1, STREAM, m->answer, m->n_answer);
            assert_memory_equal(&i.names, &one.names, sizeof one.names);
        }
}

/* Bytes behind a message of a stream change nothing. */
static void
more_behind(void **state)
{
    const struct message *m = *state;
    struct pavo_inspect i = {0};
    char text[2048];

    if (m->over != STREAM || m->n_answer)
        return;
    memset(text, 'x', sizeof text);
    memcpy(text, m->ask, m->n_ask);
    feed(&i, 0, STREAM, text, sizeof text);
    if (m->app != PAVO_APP_SMTP || i.names.application) /* a word of EHLO may go on */
        assert_int_equal(i.names.application, m->app);
}

/* What one byte makes of a message without a mistake. */
static bool
is_near(enum pavo_app a, enum pavo_app b)
{
    return (a == PAVO_APP_RPC && b == PAVO_APP_NFS) || (a == PAVO_APP_NFS && b == PAVO_APP_RPC) ||
           (a == PAVO_APP_NETBIOS && b == PAVO_APP_DNS); /* a name that is not an encoded one */
}

/* One byte changed gives this label or none. */
static void
mutants(void **state)
{
    const struct message *m = *state;

    for (size_t at = 0; at < m->n_ask; at++)
        for (unsigned v = 0; v < 256; v += 5) {
            struct pavo_inspect i = {0};
            uint8_t *p = copy(m->ask, m->n_ask);

            p[at] ^= (uint8_t)v;
            feed(&i, 0, m->over, (char *)p, m->n_ask);
            if (i.names.application && i.names.application != m->app &&
                !is_near(m->app, (enum pavo_app)i.names.application))
                fail_msg("byte %zu ^ %02x: %s", at, v,
                         pavo_app_word((enum pavo_app)i.names.application));
            free(p);
        }
}

static void
all_have_one(void **state)
{
    for (unsigned app = 1; app < PAVO_APPS; app++) {
        size_t k = 0;

        while (k < N_MESSAGES && messages[k].app != app)
            k++;
        if (k == N_MESSAGES && app != PAVO_APP_TLS && app != PAVO_APP_QUIC && app != PAVO_APP_RTMP)
            fail_msg("no message of %s", pavo_app_word((enum pavo_app)app));
    }
}

static void
rtmp_echoes(void **state)
{
    static char c[1 + 1536], s[1 + 1536 + 1536];
    struct pavo_inspect i = {0};

    c[0] = s[0] = 3;
    for (size_t k = 9; k < sizeof c; k++)
        c[k] = (char)(k * 7 + k / 256);
    memcpy(s + 1 + 1536, c + 1, 1536);
    feed(&i, 0, STREAM, c, sizeof c);
    assert_int_equal(i.names.application, 0);
    feed(&i, 1, STREAM, s, sizeof s);
    assert_int_equal(i.names.application, PAVO_APP_RTMP);

    memset(&i, 0, sizeof i);
    s[1 + 1536 + 20] ^= 1;
    feed(&i, 0, STREAM, c, sizeof c);
    feed(&i, 1, STREAM, s, sizeof s);
    assert_int_equal(i.names.application, 0);
}

static uint64_t
rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Random bytes give no label: as datagrams and as both sides of a stream, of sizes that protocols
 * have, some of few values, as real payloads are. */
static void
random_bytes(void **state)
{
    static unsigned long found[2][PAVO_APPS];
    static const uint16_t sizes[] = {8, 12, 16, 20, 24, 28, 48, 64, 92, 148, 300, 600};
    unsigned long labels = 0;
    uint8_t p[600];

    for (unsigned long k = 0; k < n_random; k++) {
        const uint32_t n = sizes[rnd() % (sizeof sizes / sizeof sizes[0])];
        struct pavo_inspect i = {0};

        for (uint32_t b = 0; b < n; b += 8) {
            const uint64_t r = rnd() & (k % 4 ? UINT64_MAX : UINT64_C(0x0003000100070001));

            memcpy(p + b, &r, n - b < 8 ? n - b : 8);
        }
        pavo_inspect_datagram(&i, 0, p, n, n, NULL);
        found[k % 4 == 0][i.names.application]++;
        memset(&i, 0, sizeof i);
        pavo_inspect_stream(&i, 0, p, n, n);
        pavo_inspect_stream(&i, 1, p + n / 2, n - n / 2, n - n / 2);
        found[k % 4 == 0][i.names.application]++;
    }
    for (unsigned few = 0; few < 2; few++)
        for (unsigned app = 1; app < PAVO_APPS; app++)
            if (found[few][app]) {
                print_message("%s bytes gave %s: %lu of %lu\n", few ? "small" : "random",
                              pavo_app_word((enum pavo_app)app), found[few][app], n_random * 2);
                labels += found[few][app];
            }
    assert_true(labels <= n_random / 200000);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest own[] = {
        cmocka_unit_test(all_have_one),
        cmocka_unit_test(rtmp_echoes),
        cmocka_unit_test(random_bytes),
    };

    if (argc > 1)
        n_random = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10) | 1;
    return T_RUN_TABLE(messages, whole) + T_RUN_TABLE(messages, prefixes) +
           T_RUN_TABLE(messages, pieces) + T_RUN_TABLE(messages, more_behind) +
           T_RUN_TABLE(messages, mutants) + cmocka_run_group_tests(own, NULL, NULL);
}
