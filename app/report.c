/* report.c - what a run has to say about itself */
#include "report.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "version.h"

#define P PRIu64

static uint64_t
lost_sum(const struct pavo_counts *c)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < PAVO_LOSSES; i++)
        n += c->lost[i];
    return n;
}

static void
sink_text(FILE *out, const struct pavo_sink *s)
{
    struct pavo_sink_counts c;
    const char *error = pavo_sink_error(s);

    pavo_sink_counts(s, &c);
    fprintf(out, "  written    %" P " records, %" P " bytes to %s\n", c.written.records, c.bytes,
            pavo_sink_name(s));
    for (unsigned i = 0; i < PAVO_DROPS; i++)
        if (c.dropped[i].records > 0)
            fprintf(out, "  not kept   %" P " records, %s: %s\n", c.dropped[i].records,
                    pavo_drop_word((enum pavo_drop)i), pavo_drop_help((enum pavo_drop)i));
    if (error)
        fprintf(out, "  failed     %s\n", error);
}

void
report_text(FILE *out, const struct pavo_counts *c, struct pavo_sink *const *sinks,
            unsigned n_sinks)
{
    fprintf(out, "  offered    %" P " packets\n", c->offered);
    fprintf(out, "  received   %" P " packets, %" P " bytes of IP\n", c->received,
            c->received_octets);
    for (unsigned i = 0; i < PAVO_LOSSES; i++)
        if (c->lost[i] > 0)
            fprintf(out, "  lost       %" P " packets, %s: %s\n", c->lost[i],
                    pavo_loss_word((enum pavo_loss)i), pavo_loss_help((enum pavo_loss)i));
    if (lost_sum(c) == 0)
        fprintf(out, "  lost       0 packets\n");
    if (c->filtered > 0)
        fprintf(out, "  filtered   %" P " packets that capture.filter left out\n", c->filtered);
    for (unsigned i = 0; i < PAVO_WHYS; i++)
        if (i != PAVO_WHY_DONE && c->why[i] > 0)
            fprintf(out, "  cut short  %" P " packets, %s: %s\n", c->why[i],
                    pavo_why_word((enum pavo_why)i), pavo_why_help((enum pavo_why)i));
    if (c->in_flight + c->waiting_fragments > 0)
        fprintf(out, "  under way  %" P " packets between workers, %" P " fragments waiting\n",
                c->in_flight, c->waiting_fragments);
    if (c->frag_orphaned > 0)
        fprintf(out, "  fragments  %" P " without the first one of their datagram\n",
                c->frag_orphaned);
    if (c->frag_overlaps + c->frag_tiny > 0)
        fprintf(out, "  fragments  %" P " overlapping, %" P " tiny: evasion, or a broken sender\n",
                c->frag_overlaps, c->frag_tiny);
    if (c->clock_jumps > 0)
        fprintf(out, "  clock      jumped %" P " times; flows were ended there\n", c->clock_jumps);
    fprintf(out, "  flows      %" P, c->flows_made);
    if (c->live_flows > 0)
        fprintf(out, ", %" P " live", c->live_flows);
    if (c->evicted > 0)
        fprintf(out, ", %" P " ended early for want of room: raise flow.limit", c->evicted);
    fprintf(out, "\n  records    %" P "\n", c->made.records);
    if (c->ring_dropped.records > 0)
        fprintf(out, "  not kept   %" P " records of %" P " packets, %s: %s\n",
                c->ring_dropped.records, c->ring_dropped.packets,
                pavo_drop_word(PAVO_DROP_RING_FULL), pavo_drop_help(PAVO_DROP_RING_FULL));
    for (unsigned i = 0; i < n_sinks; i++)
        sink_text(out, sinks[i]);
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static void
string(FILE *out, const char *s)
{
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            fprintf(out, "\\u%04x", (unsigned char)*s);
        else
            fputc(*s, out);
    }
    fputc('"', out);
}

static void
sums_json(FILE *out, const char *name, const struct pavo_sums *s)
{
    fprintf(out, "\"%s\":{\"records\":%" P ",\"packets\":%" P ",\"octets\":%" P "}", name,
            s->records, s->packets, s->octets);
}

static void
losses_json(FILE *out, const uint64_t *lost)
{
    fputs("\"lost\":{", out);
    for (unsigned i = 0; i < PAVO_LOSSES; i++)
        fprintf(out, "%s\"%s\":%" P, i ? "," : "", pavo_loss_word((enum pavo_loss)i), lost[i]);
    fputc('}', out);
}

void
report_counts_each(const struct pavo_counts *c, report_count_fn *each, void *ctx)
{
    const struct {
        const char *name;
        uint64_t n;
    } rows[] = {
        {"offered", c->offered},
        {"received", c->received},
        {"received_octets", c->received_octets},
        {"filtered", c->filtered},
        {"in_flight", c->in_flight},
        {"waiting_fragments", c->waiting_fragments},
        {"accounted", c->accounted},
        {"live_flows", c->live_flows},
        {"live_packets", c->live_packets},
        {"flows_made", c->flows_made},
        {"evicted", c->evicted},
        {"handed_off", c->handed_off},
        {"wrong_shard", c->wrong_shard},
        {"clock_jumps", c->clock_jumps},
        {"late_packets", c->late_packets},
        {"fragment_firsts", c->frag_firsts},
        {"fragments_followed", c->frag_followed},
        {"fragments_waited", c->frag_waited},
        {"fragments_joined", c->frag_joined},
        {"fragments_orphaned", c->frag_orphaned},
        {"fragments_evicted", c->frag_evicted},
        {"fragments_duplicate", c->frag_duplicates},
        {"fragments_overlapping", c->frag_overlaps},
        {"fragments_out_of_order", c->frag_out_of_order},
        {"fragments_tiny", c->frag_tiny},
        {"fragments_atomic", c->frag_atomic},
        {"icmp_errors", c->icmp_errors},
        {"icmp_strays", c->icmp_strays},
        {"encap_full", c->encap_full},
        {"pool_empty", c->pool_empty},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        each(ctx, rows[i].name, rows[i].n);
}

static void
count_json(void *ctx, const char *name, uint64_t n)
{
    fprintf((FILE *)ctx, "\"%s\":%" P ",", name, n);
}

static void
counts_json(FILE *out, const struct pavo_counts *c)
{
    fputs("\"counts\":{", out);
    report_counts_each(c, count_json, out);
    losses_json(out, c->lost);
    fputc(',', out);
    sums_json(out, "made", &c->made);
    fputc(',', out);
    sums_json(out, "ring_dropped", &c->ring_dropped);
    fputs(",\"decoded\":{", out);
    for (unsigned i = 0; i < PAVO_WHYS; i++)
        fprintf(out, "%s\"%s\":%" P, i ? "," : "", pavo_why_word((enum pavo_why)i), c->why[i]);
    fputs("}}", out);
}

static void
rates_json(FILE *out, const struct report_rate *from, const struct report_rate *to)
{
    const double s = to->ms > from->ms ? (double)(to->ms - from->ms) / 1000.0 : 1.0;

    fprintf(out,
            "\"rates\":{\"seconds\":%.3f,\"packets\":%.1f,\"octets\":%.1f,\"records\":%.1f,"
            "\"flows\":%.1f}",
            s, (double)(to->packets - from->packets) / s, (double)(to->octets - from->octets) / s,
            (double)(to->records - from->records) / s, (double)(to->flows - from->flows) / s);
}

/* What comes in now, as a part of what the workers were measured to do. */
static void
load_json(FILE *out, const struct sensor *s, const struct report_rate *from,
          const struct report_rate *to, double certified)
{
    const double t = to->ms > from->ms ? (double)(to->ms - from->ms) / 1000.0 : 1.0;
    const double now = (double)(to->packets - from->packets) / t;
    const struct worker *w;
    const struct topo_place *places;
    const double most = certified * sensor_workers(s, &w, &places);

    if (most <= 0)
        return;
    fprintf(out, "\"load\":{\"packets\":%.1f,\"certified\":%.1f,\"share\":%.6f},", now, most,
            now / most);
}

static void
sources_json(FILE *out, const struct sensor *s)
{
    const struct cap_set *set = sensor_sources(s);

    fputs("\"queues\":[", out);
    for (unsigned i = 0; i < set->n_queues; i++) {
        struct cap_stats t;

        set->queues[i]->ops->stats(set->queues[i], &t);
        fprintf(out, "%s{\"name\":", i ? "," : "");
        string(out, set->queues[i]->name);
        fprintf(out, ",\"offered\":%" P ",\"filtered\":%" P ",\"knows_losses\":%s,", t.offered,
                t.filtered, t.knows_losses ? "true" : "false");
        if (t.link != CAP_LINK_UNKNOWN)
            fprintf(out, "\"link\":\"%s\",\"link_downs\":%" P ",",
                    t.link == CAP_LINK_UP ? "up" : "down", t.link_downs);
        losses_json(out, t.lost);
        fputc('}', out);
    }
    fputc(']', out);
}

static void
workers_json(FILE *out, const struct sensor *s)
{
    const struct worker *w;
    const struct topo_place *places;
    const unsigned n = sensor_workers(s, &w, &places);

    fputs("\"workers\":[", out);
    for (unsigned i = 0; i < n; i++) {
        const struct pavo_shard_stats *t = pavo_shard_stats(w[i].shard);

        fprintf(
            out,
            "%s{\"id\":%u,\"core\":%d,\"queues\":%u,\"received\":%" P ",\"bursts\":%" P
            ",\"handed_off\":%" P ",\"handoff_full\":%" P ",\"accounted\":%" P ",\"flows_made\":%" P
            ",\"flows_ended\":%" P ",\"records\":%" P ",\"ring_full\":%" P ",\"evicted\":%" P "}",
            i ? "," : "", i, places[i].pu, w[i].n_queues, pavo_stat_get(&w[i].stats.received),
            pavo_stat_get(&w[i].stats.bursts), pavo_stat_get(&w[i].stats.handed_off),
            pavo_stat_get(&w[i].stats.handoff_full), pavo_stat_get(&t->packets),
            pavo_stat_get(&t->flows_made), pavo_stat_get(&t->flows_ended),
            pavo_stat_get(&t->records), pavo_stat_get(&t->ring_full), pavo_stat_get(&t->evicted));
    }
    fputc(']', out);
}

static void
sinks_json(FILE *out, struct pavo_sink *const *sinks, unsigned n)
{
    fputs("\"sinks\":[", out);
    for (unsigned i = 0; i < n; i++) {
        struct pavo_sink_counts c;
        const char *error = pavo_sink_error(sinks[i]);

        pavo_sink_counts(sinks[i], &c);
        fprintf(out, "%s{\"name\":", i ? "," : "");
        string(out, pavo_sink_name(sinks[i]));
        fputc(',', out);
        sums_json(out, "given", &c.given);
        fputc(',', out);
        sums_json(out, "written", &c.written);
        fputc(',', out);
        sums_json(out, "waiting", &c.waiting);
        fputs(",\"dropped\":{", out);
        for (unsigned k = 0; k < PAVO_DROPS; k++) {
            fputs(k ? "," : "", out);
            sums_json(out, pavo_drop_word((enum pavo_drop)k), &c.dropped[k]);
        }
        fprintf(out, "},\"bytes\":%" P ",\"error\":", c.bytes);
        if (error)
            string(out, error);
        else
            fputs("null", out);
        fputc('}', out);
    }
    fputc(']', out);
}

void
report_json(FILE *out, const struct sensor *s, const struct cfg *cfg,
            struct pavo_sink *const *sinks, unsigned n_sinks, uint64_t uptime_ms,
            const struct report_rate *from, const struct report_rate *to, double certified)
{
    struct pavo_counts c;

    sensor_counts(s, false, &c);
    fputs("{\"observer\":", out);
    string(out, cfg->observer.name);
    fprintf(out,
            ",\"version\":\"" PAVO_VERSION "\",\"pid\":%ld,\"uptime_ms\":%" P
            ",\"event_time_ns\":\"%" P "\",\"balanced\":%s,",
            (long)getpid(), uptime_ms, sensor_time(s),
            pavo_counts_balance(&c, false, NULL) ? "true" : "false");
    counts_json(out, &c);
    fputc(',', out);
    rates_json(out, from, to);
    fputc(',', out);
    load_json(out, s, from, to, certified);
    sources_json(out, s);
    fputc(',', out);
    workers_json(out, s);
    fputc(',', out);
    sinks_json(out, sinks, n_sinks);
    fputs("}\n", out);
}
