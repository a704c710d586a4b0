/* Tests of computed columns: statistics of parts against what is worked out by hand. */
#include "column.h"
#include "stream.h"

static const struct ratio_case {
    const char *says;
    uint64_t forward, reverse;
    const char *text; /* "": absent */
} ratios[] = {
    {"only the initiator sends", 1000, 0, "1"},
    {"only the other side sends", 0, 1, "-1"},
    {"both the same", 7, 7, "0"},
    {"a third", 2, 1, "0.3333"},
    {"two thirds are rounded", 5, 1, "0.6667"},
    {"zeros at the end are left out", 3, 1, "0.5"},
    {"a little is not nothing", 10001, 9999, "0.0001"},
    {"less than half a step is", 100001, 99999, "0"},
    {"negative", 1, 2, "-0.3333"},
    {"no payload has no ratio", 0, 0, ""},
    {"the largest numbers", UINT64_MAX, UINT64_MAX / 3, "0.5"},
};

static const char *
text_of(const struct pavo_record *r, const char *name)
{
    static char text[COL_TEXT_MAX];
    struct pavo_err err;
    struct col c;

    if (!col_find(name, &c, &err))
        fail_msg("%s", err.text);
    col_text(r, &c, text);
    return text;
}

static void
ratio_is(void **state)
{
    const struct ratio_case *c = *state;
    struct pavo_record r = rec_tcp4();
    struct fld_value v, back;
    struct col col;

    r.parts = PAVO_PART_METER;
    r.payloadOctets[0] = c->forward;
    r.payloadOctets[1] = c->reverse;
    assert_string_equal(text_of(&r, "flow.producer_consumer_ratio"), c->text);
    assert_true(col_find("pcr", &col, NULL));
    if (!c->text[0]) {
        assert_false(col_get(&r, &col, &v));
        return;
    }
    assert_true(col_get(&r, &col, &v) && col_value_is_number(&col, &v));
    assert_int_equal(fld_parse(col.fld, c->text, &back), 0);
    assert_int_equal(fld_compare(&v, &back), 0);
    r.parts = 0;
    assert_string_equal(text_of(&r, "pcr"), "");
}

/* 40 to 4000 octets in packets of a random size: the sums tell what the list would. */
static void
deviations_are_those_of_the_packets(void **state)
{
    uint64_t seed = 271828;

    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        struct pavo_record r = rec_tcp4();
        const unsigned n = 1 + (unsigned)(stream_random(&seed) % 50);
        double sizes[50], sum = 0, squares = 0;
        uint64_t deviation;

        r.parts = PAVO_PART_METER;
        memset(&r.meter, 0, sizeof r.meter);
        r.packetDeltaCount[1] = n;
        r.octetDeltaCount[1] = 0;
        for (unsigned k = 0; k < n; k++) {
            const uint64_t size = 40 + stream_random(&seed) % 3960;

            sizes[k] = (double)size;
            sum += sizes[k];
            r.octetDeltaCount[1] += size;
            r.meter.packetSquares[1] += size * size;
        }
        for (unsigned k = 0; k < n; k++)
            squares += (sizes[k] - sum / n) * (sizes[k] - sum / n);
        deviation = strtoull(text_of(&r, "dst.pkt.stddev"), NULL, 10);
        assert_true((double)deviation * (double)deviation * n <= squares + 1e-3 * squares);
        assert_true((double)(deviation + 1) * (double)(deviation + 1) * n >=
                    squares - 1e-3 * squares);
        assert_int_equal(strtoull(text_of(&r, "flow.destination.pkt_size.mean"), NULL, 10),
                         (uint64_t)(sum / n));
    }
}

static void
times_and_round_trips(void **state)
{
    struct pavo_record r = rec_tcp4();

    (void)state;
    memset(&r.meter, 0, sizeof r.meter);
    memset(&r.tcp, 0, sizeof r.tcp);
    memset(&r.echo, 0, sizeof r.echo);
    r.parts = PAVO_PART_METER | PAVO_PART_RTT | PAVO_PART_TCP | PAVO_PART_ECHO;
    assert_string_equal(text_of(&r, "src.iat.mean"), "");
    assert_string_equal(text_of(&r, "src.iat.min"), "");
    assert_string_equal(text_of(&r, "src.rtt.mean"), "");
    assert_string_equal(text_of(&r, "src.rtt.samples"), "0");
    assert_string_equal(text_of(&r, "rtt.handshake"), "");
    assert_string_equal(text_of(&r, "echo.rtt.mean"), "");
    r.meter.gapBins[0][1] = 1; /* 1 ms and 3 ms; and one that idles */
    r.meter.gapBins[0][2] = 1;
    r.meter.gapBins[0][5] = 1;
    r.meter.gapMin_ns[0] = 1000000;
    r.meter.gapSum_ns[0] = 4000000;
    r.meter.gapSquares_us[0] = 1000 * 1000 + 3000 * 3000;
    assert_string_equal(text_of(&r, "src.iat.mean"), "2000000");
    assert_string_equal(text_of(&r, "src.iat.stddev"), "1000000");
    assert_string_equal(text_of(&r, "src.iat.min"), "1000000");
    assert_string_equal(text_of(&r, "dst.iat.stddev"), "");
    r.meter.gapSquares_us[0] = 1; /* less than can be */
    assert_string_equal(text_of(&r, "src.iat.stddev"), "0");
    r.tcp.rttSamples[1] = 3;
    r.tcp.rttSum_ns[1] = 10;
    assert_string_equal(text_of(&r, "dst.rtt.mean"), "3");
    r.tcp.handshakeServer_ns = 5;
    assert_string_equal(text_of(&r, "rtt.handshake"), ""); /* half of it is not all */
    r.tcp.handshakeClient_ns = 2;
    assert_string_equal(text_of(&r, "rtt.handshake"), "7");
    assert_string_equal(text_of(&r, "rtt.client"), "2");
    r.echo.samples = 2;
    r.echo.rttSum_ns = 9;
    assert_string_equal(text_of(&r, "flow.echo.rtt.mean_ns"), "4");
    r.packetDeltaCount[0] = 0; /* a record in which that side was silent */
    assert_string_equal(text_of(&r, "src.pkt.mean"), "");
    assert_string_equal(text_of(&r, "src.pkt.min"), "");
    r.packetDeltaCount[0] = UINT64_MAX;
    r.octetDeltaCount[0] = 0;
    r.meter.packetSquares[0] = UINT64_MAX;
    assert_string_equal(text_of(&r, "src.pkt.stddev"), "1");
}

static void
computed_names_are_not_those_of_fields(void **state)
{
    (void)state;
    for (unsigned i = 0; col_computed[i].word; i++) {
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(col_computed[i].word, col_computed[j].word);
        if (i < COL_STATS - COL_BYTES)
            continue;
        assert_non_null(col_computed[i].help);
        assert_null(fld_find(col_computed[i].word, NULL));
        assert_null(fld_find(col_computed[i].json, NULL));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deviations_are_those_of_the_packets),
        cmocka_unit_test(times_and_round_trips),
        cmocka_unit_test(computed_names_are_not_those_of_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) | T_RUN_TABLE(ratios, ratio_is);
}
