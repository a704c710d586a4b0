/* compare.c - several conversations through one shard, each through a model; records side by side
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "ring.h"

enum { ALWAYS = 0, RECORDS_MAX = 512, BURST = 64 };

static const uint64_t hash_seed[2] = {UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210)};

/* ---- fields -------------------------------------------------------------------------------- */

#define ROW(name, part)                                                                            \
    {                                                                                              \
#name, offsetof(struct pavo_record, name), sizeof(((struct pavo_record *)0)->name),        \
            sizeof(((struct pavo_record *)0)->name), part                                          \
    }
#define PAIR(name, part)                                                                           \
    {                                                                                              \
#name, offsetof(struct pavo_record, name), sizeof(((struct pavo_record *)0)->name),        \
            sizeof(((struct pavo_record *)0)->name[0]), part                                       \
    }

static const struct field {
    const char *name;
    size_t at, bytes, each;
    unsigned part; /* compared if the sensor's record has it */
} fields[] = {
    ROW(kind, ALWAYS),
    ROW(protocolIdentifier, ALWAYS),
    ROW(flowEndReason, ALWAYS),
    ROW(endDetail, ALWAYS),
    ROW(initiatorBasis, ALWAYS),
    ROW(biflowDirection, ALWAYS),
    ROW(flowFinal, ALWAYS),
    ROW(flowSequence, ALWAYS),
    ROW(sourceTransportPort, ALWAYS),
    ROW(destinationTransportPort, ALWAYS),
    ROW(flowStartNanoseconds, ALWAYS),
    ROW(flowEndNanoseconds, ALWAYS),
    PAIR(packetDeltaCount, ALWAYS),
    PAIR(octetDeltaCount, ALWAYS),
    PAIR(payloadOctets, ALWAYS),
    PAIR(packetTotalCount, ALWAYS),
    PAIR(octetTotalCount, ALWAYS),
    PAIR(tcpControlBits, ALWAYS),
    PAIR(initialTCPFlags, ALWAYS),
    PAIR(minimumTTL, ALWAYS),
    PAIR(maximumTTL, ALWAYS),
    PAIR(ipClassOfService, ALWAYS),
    ROW(initiatorTurned, PAVO_PART_TCP),
    PAIR(tcp.duplicatePackets, PAVO_PART_TCP),
    PAIR(tcp.tcpSequenceNumber, PAVO_PART_TCP),
    PAIR(tcp.missedOctets, PAVO_PART_LOSS),
    PAIR(tcp.keepAlives, PAVO_PART_LOSS),
    PAIR(tcp.windowProbes, PAVO_PART_LOSS),
    PAIR(tcp.fastRetransmits, PAVO_PART_LOSS),
    PAIR(tcp.outOfOrderPackets, PAVO_PART_LOSS),
    PAIR(tcp.retransmittedPackets, PAVO_PART_LOSS),
    PAIR(tcp.retransmittedOctets, PAVO_PART_LOSS),
    PAIR(tcp.spuriousRetransmits, PAVO_PART_LOSS),
    PAIR(tcp.streamOctets, PAVO_PART_TCP),
    PAIR(tcp.unackedOctets, PAVO_PART_LOSS),
    PAIR(tcp.duplicateAcks, PAVO_PART_LOSS),
    PAIR(tcp.zeroWindows, PAVO_PART_LOSS),
    PAIR(tcp.windowFull, PAVO_PART_LOSS),
    PAIR(tcp.eceSegments, PAVO_PART_TCP),
    PAIR(tcp.cwrSegments, PAVO_PART_TCP),
    PAIR(tcp.maximumSegmentSize, PAVO_PART_TCP),
    PAIR(tcp.tcpWindowScale, PAVO_PART_TCP),
    PAIR(tcp.tcpOptionBits, PAVO_PART_TCP),
    PAIR(tcp.sideState, PAVO_PART_TCP),
    ROW(connState, PAVO_PART_TCP),
    ROW(tcp.ecnNegotiated, PAVO_PART_TCP),
    ROW(tcp.hasMptcpToken, PAVO_PART_TCP),
    PAIR(tcp.mptcpToken, PAVO_PART_TCP),
    ROW(tcp.handshakeServer_ns, PAVO_PART_TCP),
    ROW(tcp.handshakeClient_ns, PAVO_PART_TCP),
    ROW(tcp.response_ns, PAVO_PART_TCP),
    PAIR(tcp.rttSamples, PAVO_PART_RTT),
    PAIR(tcp.rttMin_ns, PAVO_PART_RTT),
    PAIR(tcp.rttMax_ns, PAVO_PART_RTT),
    PAIR(tcp.rttSum_ns, PAVO_PART_RTT),
};

static uint64_t
field_value(const struct field *f, const struct pavo_record *r, unsigned i)
{
    const uint8_t *p = (const uint8_t *)r + f->at + i * f->each;
    uint64_t v = 0;

    for (size_t k = f->each; k; k--) /* little-endian machines only, as all of these tests */
        v = v << 8 | p[k - 1];
    return v;
}

const char *
difference_name(int field)
{
    if (field == FIELD_NONE)
        return "none";
    if (field == FIELD_COUNT)
        return "number of records";
    return field == (int)(sizeof fields / sizeof fields[0]) ? "history" : fields[field].name;
}

void
difference_print(FILE *out, const struct difference *d)
{
    fprintf(out, "record %u, %s[%u]: ", d->record, difference_name(d->field), d->direction);
    if (d->sensor_text[0] || d->model_text[0])
        fprintf(out, "sensor \"%s\", model \"%s\"\n", d->sensor_text, d->model_text);
    else
        fprintf(out, "sensor %" PRIu64 ", model %" PRIu64 "\n", d->sensor, d->model);
}

/* ---- the rig ------------------------------------------------------------------------------- */

struct rig {
    struct pavo_shard_config cfg;
    struct pavo_shard *shard;
    struct pavo_ring *ring;
    struct pavo_packet packet[BURST];
    struct model model[GROUP_MAX];
    struct pavo_record *got[GROUP_MAX];
    size_t n_got[GROUP_MAX];
    unsigned parts;
};

struct rig *
rig_open(void)
{
    struct rig *r = calloc(1, sizeof *r);
    struct pavo_err err;

    if (!r)
        abort();
    r->ring = pavo_ring_open(pavo_draft_room(0), 256, &pavo_mem_plain, &err);
    r->cfg = (struct pavo_shard_config){
        .flow_limit = 256,
        .meter_limit = 256,
        .encap_limit = 16,
        .timeouts = {.active = 60 * TALK_SEC,
                     .idle_tcp = 300 * TALK_SEC,
                     .idle_tcp_new = 20 * TALK_SEC,
                     .idle_udp = 60 * TALK_SEC,
                     .idle_icmp = 10 * TALK_SEC,
                     .idle_other = 60 * TALK_SEC,
                     .linger = 5 * TALK_SEC,
                     .grace = TALK_SEC},
        .seed = {hash_seed[0], hash_seed[1]},
        .mem = &pavo_mem_plain,
        .out = r->ring,
    };
    r->shard = r->ring ? pavo_shard_open(&r->cfg, &err) : NULL;
    if (!r->shard) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    for (unsigned i = 0; i < GROUP_MAX; i++) {
        r->model[i].times = r->cfg.timeouts;
        r->got[i] = malloc(RECORDS_MAX * sizeof r->got[i][0]);
        if (!r->got[i])
            abort();
    }
    return r;
}

void
rig_close(struct rig *r)
{
    pavo_shard_close(r->shard);
    pavo_ring_close(r->ring);
    for (unsigned i = 0; i < GROUP_MAX; i++) {
        free(r->got[i]);
        model_free(&r->model[i]);
    }
    free(r);
}

unsigned
rig_parts(const struct rig *r)
{
    return r->parts;
}

const struct pavo_record *
rig_model_records(const struct rig *r, unsigned i, size_t *n)
{
    *n = r->model[i].n_records;
    return r->model[i].record;
}

/* Which conversation a record is of: hosts are numbered. */
static unsigned
talk_of(const struct talk *t, unsigned n, const struct pavo_record *r)
{
    const uint8_t *a = r->sourceAddress + (r->kind == PAVO_KIND_IP6 ? 12 : 0);
    const uint32_t host = (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];

    for (unsigned i = 0; i < n; i++)
        if ((t[i].host[0] & 0xfffffe) == (host & 0xfffffe))
            return i;
    abort();
}

static void
rig_drain(struct rig *r, const struct talk *t, unsigned n)
{
    const struct pavo_draft *draft;
    struct pavo_record rec;

    while ((draft = ring_peek(r->ring))) {
        unsigned i;

        pavo_record_make(draft, &rec);
        i = talk_of(t, n, &rec);

        if (r->n_got[i] == RECORDS_MAX)
            abort();
        memcpy(&r->got[i][r->n_got[i]++], &rec, offsetof(struct pavo_record, encap));
        r->parts |= rec.parts;
        ring_pop(r->ring);
    }
}

static void
compare_one(const struct rig *r, unsigned i, struct difference *d)
{
    const struct model *m = &r->model[i];
    const int n_fields = (int)(sizeof fields / sizeof fields[0]);

    *d = (struct difference){.field = FIELD_NONE};
    for (unsigned k = 0; k < r->n_got[i] && k < m->n_records; k++) {
        const struct pavo_record *x = &r->got[i][k], *y = &m->record[k];

        d->record = k;
        for (int j = 0; j < n_fields; j++) {
            const struct field *f = &fields[j];

            if (f->part && !(x->parts & f->part))
                continue;
            for (unsigned e = 0; e < f->bytes / f->each; e++) {
                d->sensor = field_value(f, x, e);
                d->model = field_value(f, y, e);
                d->direction = e;
                if (d->sensor != d->model) {
                    d->field = j;
                    return;
                }
            }
        }
        if ((x->parts & PAVO_PART_TCP) && strcmp(x->history, y->history) != 0) {
            d->field = n_fields;
            d->direction = 0;
            snprintf(d->sensor_text, sizeof d->sensor_text, "%s", x->history);
            snprintf(d->model_text, sizeof d->model_text, "%s", y->history);
            return;
        }
    }
    if (r->n_got[i] != m->n_records) {
        d->field = FIELD_COUNT;
        d->sensor = r->n_got[i];
        d->model = m->n_records;
    }
}

/* The next segment of all, as they passed. NULL: none is left. */
static const struct talk_seg *
next_of(const struct talk *t, unsigned n, const size_t *at, unsigned *who)
{
    const struct talk_seg *best = NULL;

    for (unsigned i = 0; i < n; i++)
        if (at[i] < t[i].n && (!best || t[i].seg[at[i]].at < best->at)) {
            best = &t[i].seg[at[i]];
            *who = i;
        }
    return best;
}

size_t
rig_run(struct rig *r, const struct talk *t, unsigned n, uint64_t seed, struct difference *found)
{
    struct talk_rnd rnd = {seed};
    struct pavo_clock clock = {.grace_ns = r->cfg.timeouts.grace};
    const unsigned sweep_one_in = rnd_below(&rnd, 4) * 5;
    const unsigned burst_max = rnd_one_in(&rnd, 3) ? 1 : BURST;
    struct pavo_packet *burst[BURST];
    size_t at[GROUP_MAX] = {0}, all = 0;
    bool more = true;

    for (unsigned i = 0; i < n; i++) {
        model_reset(&r->model[i]);
        r->n_got[i] = 0;
    }
    while (more) {
        const unsigned want = 1 + rnd_below(&rnd, burst_max);
        unsigned have = 0, who = 0;
        const struct talk_seg *g;

        while (have < want && (g = next_of(t, n, at, &who))) {
            struct pavo_packet *p = &r->packet[have];

            talk_packet(&t[who], g, hash_seed, p);
            pavo_clock_tick(&clock, p->ts_ns, &p->now_ns);
            /* Where it may be taken the quick way, it is the model that says whether both are
             * right. */
            p->is_plain = rnd_one_in(&rnd, 4) ? PAVO_PLAIN_NOT : (uint8_t)pavo_packet_is_plain(p);
            model_take(&r->model[who], p);
            burst[have++] = p;
            at[who]++;
        }
        more = have == want;
        all += have;
        pavo_shard_burst(r->shard, burst, have);
        if (sweep_one_in && rnd_one_in(&rnd, sweep_one_in)) {
            if (rnd_one_in(&rnd, 2))
                pavo_shard_clock(r->shard, clock.now_ns);
            pavo_shard_sweep(r->shard, rnd_below(&rnd, 100));
        }
        rig_drain(r, t, n);
    }
    pavo_shard_clock(r->shard, clock.now_ns);
    while (!pavo_shard_flush(r->shard, PAVO_DETAIL_CAPTURE_END))
        rig_drain(r, t, n);
    rig_drain(r, t, n);
    for (unsigned i = 0; i < n; i++) {
        model_end(&r->model[i], clock.now_ns);
        compare_one(r, i, &found[i]);
    }
    return all;
}

/* ---- shrinking ----------------------------------------------------------------------------- */

static bool
still_differs(struct rig *r, const struct talk *t, int field)
{
    struct difference d;

    rig_run(r, t, 1, 0, &d);
    return d.field == field;
}

void
talk_shrink(struct rig *r, struct talk *t, int field)
{
    struct talk_seg *all;

    for (size_t part = t->n / 2; part >= 1;) {
        bool less = false;

        for (size_t from = 0; from < t->n;) {
            const size_t n = t->n, k = n - from < part ? n - from : part;

            all = malloc(n * sizeof *all);
            if (!all)
                abort();
            memcpy(all, t->seg, n * sizeof *all);
            memmove(&t->seg[from], &t->seg[from + k], (n - from - k) * sizeof *all);
            t->n = n - k;
            if (still_differs(r, t, field)) {
                less = true;
            } else {
                memcpy(t->seg, all, n * sizeof *all);
                t->n = n;
                from += k;
            }
            free(all);
        }
        if (part > 1)
            part /= 2;
        else if (!less)
            break;
    }
}
