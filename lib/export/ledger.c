/* ledger.c - do the sums hold?
 *
 * Each equation that does not hold becomes one sentence with both sides and the difference, so that
 * a reader need not add up. The sums are of 64 bits and wrap alike on both sides.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pavo_export.h"

/* Is a loss counted after receipt? (losses.def) */
static const bool loss_is_received[] = {
#define LOSS(name, received, word, help) [PAVO_LOSS_##name] = (received) != 0,
#include "losses.def"
#undef LOSS
};

/* Sentences, one behind the other with "; " between. */
struct complaint {
    char *at;
    size_t room;
    bool any;
};

static void
complain(struct complaint *c, const char *sentence)
{
    int n = snprintf(c->at, c->room, "%s%s", c->any ? "; " : "", sentence);

    c->any = true;
    if (n > 0) {
        const size_t step = (size_t)n < c->room ? (size_t)n : c->room - 1;

        c->at += step;
        c->room -= step;
    }
}

/* left is what 'left_text' names, right the sum that 'right_text' spells out. */
static void
expect_equal(struct complaint *c, uint64_t left, uint64_t right, const char *left_text,
             const char *right_text, const char *unit)
{
    const bool more = left > right;
    const uint64_t off = more ? left - right : right - left;
    char text[256];

    if (left == right)
        return;
    snprintf(text, sizeof text, "%s but %s: %" PRIu64 " %s%s %s", left_text, right_text, off, unit,
             off == 1 ? "" : "s",
             more ? (off == 1 ? "is uncounted" : "are uncounted") : "too many");
    complain(c, text);
}

static void
expect_zero(struct complaint *c, uint64_t n, const char *what)
{
    char text[160];

    if (n == 0)
        return;
    snprintf(text, sizeof text, "%" PRIu64 " %s at the end, where there may be none", n, what);
    complain(c, text);
}

static bool
complaint_end(const struct complaint *c)
{
    return !c->any;
}

static struct complaint
complaint_begin(struct pavo_err *err, struct pavo_err *spare)
{
    struct pavo_err *to = err ? err : spare;

    to->text[0] = '\0';
    return (struct complaint){.at = to->text, .room = sizeof to->text};
}

bool
pavo_counts_balance(const struct pavo_counts *c, bool final, struct pavo_err *err)
{
    struct pavo_err spare;
    struct complaint says = complaint_begin(err, &spare);
    uint64_t lost_before = 0, lost_after = 0;
    char left[64], right[200];

    for (unsigned i = 0; i < PAVO_LOSSES; i++)
        *(loss_is_received[i] ? &lost_after : &lost_before) += c->lost[i];

    snprintf(left, sizeof left, "offered %" PRIu64, c->offered);
    snprintf(right, sizeof right, "received %" PRIu64 " + lost %" PRIu64, c->received, lost_before);
    expect_equal(&says, c->offered, c->received + lost_before, left, right, "packet");

    snprintf(left, sizeof left, "received %" PRIu64, c->received);
    snprintf(right, sizeof right,
             "accounted %" PRIu64 " + waiting fragments %" PRIu64 " + in flight %" PRIu64
             " + lost after receipt %" PRIu64,
             c->accounted, c->waiting_fragments, c->in_flight, lost_after);
    expect_equal(&says, c->received,
                 c->accounted + c->waiting_fragments + c->in_flight + lost_after, left, right,
                 "packet");

    snprintf(left, sizeof left, "accounted %" PRIu64, c->accounted);
    snprintf(right, sizeof right, "in records %" PRIu64 " + in live flows %" PRIu64,
             c->made.packets, c->live_packets);
    expect_equal(&says, c->accounted, c->made.packets + c->live_packets, left, right, "packet");

    if (final) {
        expect_zero(&says, c->in_flight, "packets in flight between workers");
        expect_zero(&says, c->waiting_fragments, "fragments waiting");
        expect_zero(&says, c->live_flows, "live flows");
        expect_zero(&says, c->live_packets, "packets in live flows");
    }
    return complaint_end(&says);
}

static struct pavo_sums
sums_add(struct pavo_sums a, struct pavo_sums b)
{
    return (struct pavo_sums){.records = a.records + b.records,
                              .packets = a.packets + b.packets,
                              .octets = a.octets + b.octets};
}

/* Records, packets and octets of two sums; the text names each side. */
static void
expect_sums(struct complaint *c, struct pavo_sums left, struct pavo_sums right,
            const char *left_text, const char *right_text)
{
    const struct {
        const char *unit;
        uint64_t left, right;
    } rows[] = {
        {"record", left.records, right.records},
        {"packet", left.packets, right.packets},
        {"octet", left.octets, right.octets},
    };
    char a[96], b[96];

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(a, sizeof a, "%s %" PRIu64 " %ss", left_text, rows[i].left, rows[i].unit);
        snprintf(b, sizeof b, "%s %" PRIu64, right_text, rows[i].right);
        expect_equal(c, rows[i].left, rows[i].right, a, b, rows[i].unit);
    }
}

bool
pavo_sink_balance(const struct pavo_counts *c, const struct pavo_sink_counts *s, bool final,
                  struct pavo_err *err)
{
    struct pavo_err spare;
    struct complaint says = complaint_begin(err, &spare);
    struct pavo_sums out = sums_add(s->written, s->waiting);

    for (unsigned i = 0; i < PAVO_DROPS; i++)
        out = sums_add(out, s->dropped[i]);
    expect_sums(&says, s->given, out, "the sink was given", "written + waiting + dropped is");

    if (final) {
        expect_sums(&says, c->made, sums_add(s->given, c->ring_dropped), "the workers made",
                    "given to the sink + dropped before it is");
        expect_zero(&says, s->waiting.records, "records waiting in the sink");
    } else if (s->given.records + c->ring_dropped.records > c->made.records) {
        char text[200];

        snprintf(text, sizeof text,
                 "the sink was given %" PRIu64 " records and %" PRIu64
                 " were dropped before it, but the workers made only %" PRIu64,
                 s->given.records, c->ring_dropped.records, c->made.records);
        complain(&says, text);
    }
    return complaint_end(&says);
}
