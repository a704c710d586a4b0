/* Unit tests of lib/export/ledger.c: sums that hold, and the sentence for each that does not. */
#include "t.h"

#include "pavo_export.h"

/* A sensor in the middle of its work. */
static struct pavo_counts
counts_live(void)
{
    struct pavo_counts c = {
        .offered = 110,
        .received = 100,
        .accounted = 90,
        .waiting_fragments = 3,
        .in_flight = 5,
        .live_flows = 4,
        .live_packets = 30,
        .made = {.records = 6, .packets = 60, .octets = 6000},
        .ring_dropped = {.records = 1, .packets = 10, .octets = 1000},
    };

    c.lost[PAVO_LOSS_NIC_MISSED] = 7;
    c.lost[PAVO_LOSS_KERNEL_DROP] = 3;
    c.lost[PAVO_LOSS_HANDOFF_FULL] = 2;
    return c;
}

static struct pavo_counts
counts_end(void)
{
    struct pavo_counts c = counts_live();

    c.accounted = 98;
    c.waiting_fragments = c.in_flight = 0;
    c.live_flows = c.live_packets = 0;
    c.made = (struct pavo_sums){.records = 9, .packets = 98, .octets = 9800};
    return c;
}

static const struct t_case {
    const char *says;
    bool final;
    size_t offset;        /* of the count that is one too many */
    const char *sentence; /* NULL: it balances */
} cases[] = {
#define AT(member) offsetof(struct pavo_counts, member)
    {"a sensor at work balances", false, SIZE_MAX, NULL},
    {"a sensor at its end balances", true, SIZE_MAX, NULL},
    {"offered without a place is uncounted", false, AT(offered),
     "offered 111 but received 100 + lost 10: 1 packet is uncounted"},
    {"a loss too many is told", false, AT(lost[PAVO_LOSS_NO_BUFFER]),
     "offered 110 but received 100 + lost 11: 1 packet too many"},
    {"a loss after receipt stands on the side of receipt", false, AT(lost[PAVO_LOSS_HANDOFF_FULL]),
     "received 100 but accounted 90 + waiting fragments 3 + in flight 5 + lost after receipt 3: "
     "1 packet too many"},
    {"two equations that fail are two sentences", false, AT(received),
     "offered 110 but received 101 + lost 10: 1 packet too many; received 101 but accounted 90 + "
     "waiting fragments 3 + in flight 5 + lost after receipt 2: 1 packet is uncounted"},
    {"a packet in no record is uncounted", false, AT(live_packets),
     "accounted 90 but in records 60 + in live flows 31: 1 packet too many"},
    {"a live flow is not allowed at the end", true, AT(live_flows),
     "1 live flows at the end, where there may be none"},
    {"evictions, hand-offs and reasons are in no equation", true, AT(evicted), NULL},
};

static void
run(void **state)
{
    const struct t_case *row = *state;
    struct pavo_counts c = row->final ? counts_end() : counts_live();
    struct pavo_err err = {.text = "left from before"};
    uint64_t n;

    if (row->offset != SIZE_MAX) {
        memcpy(&n, (char *)&c + row->offset, sizeof n);
        n++;
        memcpy((char *)&c + row->offset, &n, sizeof n);
    }
    assert_int_equal(pavo_counts_balance(&c, row->final, &err), row->sentence == NULL);
    assert_string_equal(err.text, row->sentence ? row->sentence : "");
    assert_int_equal(pavo_counts_balance(&c, row->final, NULL), row->sentence == NULL);
}

static struct pavo_sink_counts
sink_end(void)
{
    return (struct pavo_sink_counts){
        .given = {.records = 8, .packets = 88, .octets = 8800},
        .written = {.records = 7, .packets = 77, .octets = 7700},
        .dropped[PAVO_DROP_CLOSED] = {.records = 1, .packets = 11, .octets = 1100},
    };
}

static void
sinks(void **state)
{
    const struct pavo_counts c = counts_end(), live = counts_live();
    struct pavo_sink_counts s = sink_end();
    struct pavo_err err;

    assert_true(pavo_sink_balance(&c, &s, true, &err));
    s.written.packets--;
    assert_false(pavo_sink_balance(&c, &s, true, &err));
    assert_string_equal(err.text, "the sink was given 88 packets but written + waiting + dropped "
                                  "is 87: 1 packet is uncounted");
    s = sink_end();
    s.given.records = s.written.records = 0;
    s.dropped[PAVO_DROP_CLOSED].records = 0;
    assert_false(pavo_sink_balance(&c, &s, true, &err));
    assert_string_equal(err.text, "the workers made 9 records but given to the sink + dropped "
                                  "before it is 1: 8 records are uncounted");
    s = sink_end();
    s.written.records--;
    s.waiting.records++;
    assert_false(pavo_sink_balance(&c, &s, true, &err));
    assert_non_null(strstr(err.text, "1 records waiting in the sink"));
    assert_true(pavo_sink_balance(&c, &s, false, &err));
    /* Records may be on their way, but not come from nowhere. */
    s = sink_end();
    assert_false(pavo_sink_balance(&live, &s, false, &err));
    assert_non_null(strstr(err.text, "made only 6"));
}

static void
long_sentences(void **state)
{
    struct pavo_counts c;
    struct pavo_err err;

    memset(&c, 0xfe, sizeof c);
    c.offered = 1;
    assert_false(pavo_counts_balance(&c, true, &err));
    assert_true(strlen(err.text) < sizeof err.text); /* cut, not overrun: ASan looks */
}

static void
words(void **state)
{
    assert_string_equal(pavo_loss_word(PAVO_LOSS_KERNEL_DROP), "kernel_drop");
    assert_string_equal(pavo_drop_word(PAVO_DROP_RING_FULL), "ring_full");
    assert_string_equal(pavo_loss_word(PAVO_LOSSES), "?");
    assert_string_equal(pavo_drop_help(PAVO_DROPS), "?");
    assert_non_null(strstr(pavo_loss_help(PAVO_LOSS_NO_BUFFER), "mbufs"));
    assert_non_null(strstr(pavo_drop_help(PAVO_DROP_CLOSED), "gone"));
}

int
main(void)
{
    const struct CMUnitTest more[] = {
        {"a sink's counts add up, with themselves and with the sensor's", sinks, NULL, NULL, NULL},
        {"more sentences than there is room for are cut", long_sentences, NULL, NULL, NULL},
        {"losses and drops have words and help", words, NULL, NULL, NULL},
    };

    return T_RUN_TABLE(cases, run) + cmocka_run_group_tests(more, NULL, NULL);
}
