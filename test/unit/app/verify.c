/* verify.c - the arithmetic of 'pavo verify': each kind of damage is found and told apart
 *
 * A case is a stream written as a text, one item per word:
 *   rN        flow record of flow N, 2 packets, 100 bytes (rN+ : with one packet more)
 *   S I E     ledger records that tell what a sink would have told at this place
 *   -X        the item stands for the sink, but was cut out of the file
 *   =X        the item stands in the file, but the sink never wrote it (or wrote it once only)
 *   |         the next file
 *   N         another run of the sensor begins
 *   Q         back to where the second file of a rotated sink begins
 *   T C M L D ledger records that are not right: a changed total; at the end: counters that do not
 * balance, a record that nobody wrote, live flows, a record that the sink dropped
 */
#include "t.h"

#include "verify_sums.h"

static const struct verify_case {
    const char *says;
    const char *stream;
    unsigned faults;
    const char *wanted; /* part of the first fault, or of the first note */
} cases[] = {
    {"a whole stream adds up", "S r1 r2 I r3 E", 0, NULL},
    {"a stream without records adds up", "S I I E", 0, NULL},
    {"a record cut out is missing", "S r1 -r2 I r3 E", 1,
     "between ledger records 0 and 1: 2 records told, 1 found: 1 missing"},
    {"the last record cut out is missing before the end", "S r1 I r2 -r3 E", 1,
     "between ledger records 1 and 2: 2 records told, 1 found"},
    {"a record that stands twice is named", "S r1 r2 =r2 I E", 1,
     "1 too many; record 1 of flow 0000000000000002 stands more than once"},
    {"a record from elsewhere is too many", "S r1 =r9 I E", 1, "1 too many; they do not belong"},
    {"a changed counter is told from a missing record", "S r1 r2+ I E", 1,
     "all 2 records are there, but with 5 packets (told 4)"},
    {"a missing tail is no end", "S r1 I r2 r3 -E", 1,
     "after ledger record 1 come 2 records that no ledger covers"},
    {"a missing beginning is no start", "-S r1 I E", 1, "begins with ledger record 1"},
    {"a missing ledger record is a gap", "S r1 I r2 -I r3 I E", 1,
     "between ledger records 1 and 3: 1 ledger record is missing; of the 2 flow records told over "
     "the gap 2 are here"},
    {"a ledger record that stands twice is found", "S r1 I =I E", 1, "stands more than once"},
    {"records without a ledger prove nothing", "r1 r2", 1, "holds no ledger record"},
    {"an empty file holds nothing", "", 1, "holds no record at all"},
    {"records behind the end are not covered", "S r1 E =r2", 1,
     "1 records after ledger record 1 are not covered"},
    {"rotated files are one stream", "S r1 I E | S r2 E | S r3 I r4 E", 0, NULL},
    {"a rotated file that is missing is a gap", "S r1 E | -S -r2 -E | S r3 E", 1,
     "between ledger records 1 and 4: 2 ledger records are missing"},
    {"a later file alone is whole, but begins in the midst", "-S -r1 -E | S r2 E", 0,
     "begins in the midst of a sensor's life"},
    {"a start in the midst of a file says that the tail before it is missing",
     "S r1 I r2 -E S r3 E", 2, "begins a stream"},
    {"a killed sensor's file and the next run", "S r1 I r2 | N S r3 E", 1, "has no end"},
    {"another run behind the first is a new life", "S r1 E | N S r2 E", 0, NULL},
    {"another run in the same file is a new life", "S r1 E N S r2 E", 0, NULL},
    {"files in the wrong order are no chain", "-S -r1 -E | -S -r2 -E | S r3 E | Q S r2 E", 1,
     "not in order"},
    {"a changed total contradicts the chain", "S r1 T r2 E", 2, "contradicts"},
    {"counters that do not balance at the end are a fault", "S r1 C", 1, "do not balance"},
    {"records that the sensor made and nobody wrote are a fault", "S r1 M", 1,
     "the sensor made 2 records"},
    {"a file that ends while flows live is rotated, not unbalanced", "S r1 L", 0, NULL},
    {"records that the sink dropped are a note", "S r1 D", 0, "dropped 1 records"},
};

struct model {
    struct pavo_sums total, at_ledger;
    uint64_t sequence;
    unsigned faults;
    char first[512], note[512];
};

static void
on_finding(void *ctx, bool is_fault, const char *sentence)
{
    struct model *m = ctx;
    char *to = is_fault ? m->first : m->note;

    m->faults += is_fault;
    if (!to[0])
        snprintf(to, sizeof m->first, "%s", sentence);
}

/* The ledger record that a sink would write here; 'how' bends it. */
static struct pavo_ledger
ledger_make(struct model *m, char how)
{
    struct pavo_ledger l = {.kind = how == 'S'                 ? PAVO_LEDGER_START
                                    : how == 'I' || how == 'T' ? PAVO_LEDGER_INTERVAL
                                                               : PAVO_LEDGER_END,
                            .sequence = m->sequence++,
                            .total = m->total};

    l.since.records = m->total.records - m->at_ledger.records;
    l.since.packets = m->total.packets - m->at_ledger.packets;
    l.since.octets = m->total.octets - m->at_ledger.octets;
    m->at_ledger = m->total;
    l.counts.offered = l.counts.received = l.counts.accounted = m->total.packets;
    l.counts.made = m->total;
    if (how == 'C')
        l.counts.received++;
    if (how == 'T')
        l.total.records += 5;
    if (how == 'M' || how == 'D')
        l.counts.made.records++;
    if (how == 'D')
        l.dropped.records++;
    if (how == 'L') {
        l.counts.live_flows = 1;
        l.counts.live_packets = 3;
        l.counts.offered = l.counts.received = l.counts.accounted += 3;
        l.counts.made.records++; /* on its way to the sink */
    }
    return l;
}

static void
damage_is_told_apart(void **state)
{
    const struct verify_case *c = *state;
    struct model m = {.first = ""};
    struct pavo_ledger last = {0};
    char *text = strdup(c->stream), *rest = text, *word;
    struct verify v;

    verify_init(&v, on_finding, &m);
    verify_file_begin(&v);
    while ((word = strsep(&rest, " "))) {
        const bool cut = word[0] == '-', extra = word[0] == '=';

        word += cut || extra;
        if (!word[0])
            continue;
        if (word[0] == '|') {
            if (v.n_ledgers) { /* a file that was cut out whole is not there */
                verify_file_end(&v, false);
                verify_file_begin(&v);
            }
        } else if (word[0] == 'N') {
            m.total = m.at_ledger = (struct pavo_sums){0};
            m.sequence = 0;
        } else if (word[0] == 'Q') {
            m.total = m.at_ledger = (struct pavo_sums){1, 2, 100};
            m.sequence = 2;
        } else if (word[0] == 'r') {
            const struct pavo_sums one = {1, 2, 100};
            struct pavo_sums there = one;

            there.packets += strchr(word, '+') != NULL;
            if (!extra) {
                m.total.records += 1;
                m.total.packets += 2;
                m.total.octets += 100;
            }
            if (!cut)
                verify_record(&v, &there, strtoull(word + 1, NULL, 10), 1);
        } else {
            const struct pavo_ledger l = extra ? last : ledger_make(&m, word[0]);

            last = l;
            if (!cut)
                verify_ledger(&v, &l);
        }
    }
    verify_file_end(&v, false);
    if (m.faults != c->faults)
        fail_msg("%u faults, first: %s", m.faults, m.first);
    if (c->wanted && !strstr(c->faults ? m.first : m.note, c->wanted))
        fail_msg("said: %s", c->faults ? m.first : m.note);
    assert_int_equal(v.faults, m.faults);
    verify_free(&v);
    free(text);
}

/* Five thousand records in an interval: the set of those seen grows, and still names the one that
 * is there twice. */
static void
one_among_many_is_named(void **state)
{
    struct model m = {.first = ""};
    const struct pavo_sums one = {1, 2, 100};
    struct pavo_ledger l;
    struct verify v;

    verify_init(&v, on_finding, &m);
    verify_file_begin(&v);
    l = ledger_make(&m, 'S');
    verify_ledger(&v, &l);
    for (uint64_t i = 1; i <= 5000; i++) {
        m.total.records++;
        m.total.packets += 2;
        m.total.octets += 100;
        verify_record(&v, &one, i * UINT64_C(0x9e3779b97f4a7c15), 1);
    }
    verify_record(&v, &one, 1234 * UINT64_C(0x9e3779b97f4a7c15),
                  2); /* another record of that flow */
    verify_record(&v, &one, 1234 * UINT64_C(0x9e3779b97f4a7c15), 2);
    m.total.records++;
    m.total.packets += 2;
    m.total.octets += 100;
    l = ledger_make(&m, 'E');
    verify_ledger(&v, &l);
    verify_file_end(&v, false);
    assert_int_equal(m.faults, 1);
    assert_non_null(strstr(m.first, "record 2 of flow"));
    verify_free(&v);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(one_among_many_is_named)};
    int failed = T_RUN_TABLE(cases, damage_is_told_apart);

    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed != 0;
}
