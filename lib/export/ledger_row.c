/* ledger_row.c - the table of a ledger record's numbers */
#include <string.h>

#include "ledger_row.h"

/* clang-format off */
#define AT(member) offsetof(struct pavo_ledger, member)
#define SUMS(path, member) \
    {path ".records", AT(member.records)}, \
    {path ".packets", AT(member.packets)}, \
    {path ".octets",  AT(member.octets)}
#define COUNT(member) {"counts." #member, AT(counts.member)}

const struct ledger_row ledger_rows[] = {
    {"sequence", AT(sequence)},
    SUMS("since", since),
    SUMS("total", total),
    COUNT(offered),
    COUNT(received),
    COUNT(received_octets),
#define LOSS(name, received, word, help) {"counts.lost." word, AT(counts.lost[PAVO_LOSS_##name])},
#include "losses.def"
#undef LOSS
    COUNT(filtered),
    COUNT(in_flight),
    COUNT(waiting_fragments),
    COUNT(accounted),
    COUNT(live_flows),
    COUNT(live_packets),
    COUNT(flows_made),
    COUNT(evicted),
    COUNT(handed_off),
    COUNT(wrong_shard),
    COUNT(clock_jumps),
    COUNT(late_packets),
    SUMS("counts.made", counts.made),
    SUMS("counts.ring_dropped", counts.ring_dropped),
#define WHY(name, word, help) {"counts.why." word, AT(counts.why[PAVO_WHY_##name])},
#include "why.def"
#undef WHY
    COUNT(frag_firsts),
    COUNT(frag_followed),
    COUNT(frag_waited),
    COUNT(frag_joined),
    COUNT(frag_orphaned),
    COUNT(frag_evicted),
    COUNT(frag_duplicates),
    COUNT(frag_overlaps),
    COUNT(frag_out_of_order),
    COUNT(frag_tiny),
    COUNT(frag_atomic),
    COUNT(icmp_errors),
    COUNT(icmp_strays),
    COUNT(encap_full),
    COUNT(pool_empty),
    SUMS("dropped", dropped),
};
/* clang-format on */

const unsigned ledger_row_count = sizeof ledger_rows / sizeof ledger_rows[0];

/* A new member of pavo_counts needs its row here: all but the ten of sequence, since, total and
 * dropped. */
_Static_assert(sizeof ledger_rows / sizeof ledger_rows[0] - 10 ==
                   sizeof(struct pavo_counts) / sizeof(uint64_t),
               "every count has a row");

uint64_t
ledger_row_get(const struct pavo_ledger *l, const struct ledger_row *row)
{
    uint64_t n;

    memcpy(&n, (const char *)l + row->offset, sizeof n);
    return n;
}

const char *
ledger_kind_word(unsigned kind)
{
    static const char *const words[] = {
        [PAVO_LEDGER_START] = "start",
        [PAVO_LEDGER_INTERVAL] = "interval",
        [PAVO_LEDGER_END] = "end",
    };

    return kind >= PAVO_LEDGER_START && kind <= PAVO_LEDGER_END ? words[kind] : "?";
}
