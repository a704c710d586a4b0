/* talk.c - dice for endpoints, network, applications and capture; segments as packets and as lines
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

/* ---- dice ---------------------------------------------------------------------------------- */

/* A time whose order of magnitude is random: from 10 us on. */
static uint64_t
some_time(struct talk_rnd *r, unsigned decades)
{
    uint64_t t = 10 * TALK_US;

    for (unsigned n = rnd_below(r, decades + 1); n; n--)
        t *= 10;
    return t + t * rnd_below(r, 900) / 100;
}

/* Pauses of an application: mostly short, now and then long enough for each of the time-outs. */
static uint64_t
some_pause(struct talk_rnd *r)
{
    switch (rnd_below(r, 40)) {
    case 0:
        return rnd_from(r, 15, 25) * TALK_SEC;
    case 1:
        return rnd_from(r, 55, 75) * TALK_SEC;
    case 2:
        return rnd_from(r, 280, 320) * TALK_SEC;
    default:
        return rnd_one_in(r, 3) ? 0 : some_time(r, 4);
    }
}

static uint32_t
some_octets(struct talk_rnd *r, const struct end *e)
{
    switch (rnd_below(r, 8)) {
    case 0:
        return 1;
    case 1:
        return rnd_from(r, 1, 4) * e->chunk;
    case 2:
        return rnd_from(r, 1, 20) * e->mss + rnd_below(r, 3);
    case 3:
        return rnd_from(r, 1, 40000);
    default:
        return rnd_from(r, 1, 1500);
    }
}

/* A rate of faults: mostly none. */
static uint16_t
some_rate(struct talk_rnd *r, unsigned one_in)
{
    static const uint16_t rates[] = {50, 200, 1000, 3000};

    return rnd_one_in(r, one_in) ? rates[rnd_below(r, 4)] : 0;
}

static void
dice_end(struct world *w, unsigned side)
{
    struct talk_rnd *r = &w->rnd;
    struct end *e = &w->end[side];

    memset(e, 0, sizeof *e);
    e->w = w;
    e->side = side;
    end_reset(e);
    e->serves = true;
    e->wants_ts = !rnd_one_in(r, 3);
    e->wants_sack = !rnd_one_in(r, 4);
    e->wants_scale = !rnd_one_in(r, 4);
    e->wants_ecn = rnd_one_in(r, 3);
    e->fast_open = rnd_one_in(r, 10);
    e->plain_retry = rnd_one_in(r, 6);
    e->has_token = rnd_one_in(r, 40);
    e->token = (uint32_t)rnd_next(r);
    e->old_probes = !rnd_one_in(r, 3);
    e->fat_keeps = rnd_one_in(r, 3);
    e->nagle = rnd_one_in(r, 2);
    e->fin_rides = rnd_one_in(r, 2);
    e->mss = (uint16_t)(rnd_one_in(r, 4) ? rnd_from(r, 88, 9000) : 1460 - 12 * rnd_below(r, 2));
    e->chunk = rnd_one_in(r, 4) ? rnd_from(r, e->mss, 65483) : e->mss;
    e->scale = (uint8_t)(rnd_one_in(r, 8) ? 0 : rnd_below(r, 15));
    e->buffer = rnd_one_in(r, 3) ? rnd_from(r, 600, 20000) : rnd_from(r, 20000, 400000);
    e->rto_ns = rnd_from(r, 200, 1000) * TALK_MS;
    e->keep_ns = rnd_one_in(r, 6) ? rnd_from(r, 1, 75) * TALK_SEC : 0;
    e->delack_ns = rnd_one_in(r, 4) ? 0 : rnd_from(r, 1, 200) * TALK_MS;
    if (rnd_one_in(r, 4)) {
        e->read_ns = some_time(r, 5);
        e->read_octets = rnd_from(r, 1, e->buffer);
    }
    e->ts_base = rnd_one_in(r, 3) ? UINT32_MAX - rnd_below(r, 3000) : (uint32_t)rnd_next(r);
    e->ts_unit_ns = rnd_one_in(r, 3) ? 10000000 : 1000000;
    e->id_mode = (uint8_t)rnd_below(r, 4);
    e->ip_id = (uint16_t)rnd_next(r);
    e->ttl = (uint8_t)rnd_from(r, 30, 255);
    e->tos = (uint8_t)(rnd_below(r, 4) << 5);
}

static void
dice_network(struct world *w)
{
    struct talk_rnd *r = &w->rnd;
    const unsigned trouble = rnd_below(r, 4); /* none at all, for one in four */

    for (unsigned side = 0; side < 2; side++)
        for (unsigned leg = 0; leg < 2; leg++)
            w->delay[side][leg] = some_time(r, 3);
    if (!rnd_one_in(r, 4)) { /* mostly the same both ways */
        w->delay[1][0] = w->delay[0][1];
        w->delay[1][1] = w->delay[0][0];
    }
    w->jitter_ns = rnd_one_in(r, 2) ? 0 : (uint32_t)some_time(r, 2);
    w->ce = rnd_one_in(r, 4) ? 300 : 0;
    memset(&w->f, 0, sizeof w->f);
    if (!trouble)
        return;
    w->f.loss_before = some_rate(r, 4);
    w->f.loss_behind = some_rate(r, 4);
    w->f.tap_loss = some_rate(r, 5);
    w->f.late_before = some_rate(r, 5);
    w->f.late_behind = some_rate(r, 5);
    w->f.twice_before = some_rate(r, 10);
    w->f.twice_behind = some_rate(r, 8);
    w->f.mirror = some_rate(r, 6);
    w->f.ts_late = some_rate(r, 10);
}

static void
dice_plan(struct world *w, struct end *e, bool must_close)
{
    struct talk_rnd *r = &w->rnd;
    const unsigned most = rnd_one_in(r, 4) ? WRITES_MAX : 4;

    e->n_writes = rnd_below(r, most + 1);
    for (unsigned i = 0; i < e->n_writes; i++) {
        e->write[i].after_ns = some_pause(r);
        e->write[i].octets = some_octets(r, e);
    }
    e->leave_after_ns = some_pause(r);
    switch (rnd_below(r, 12)) {
    case 0:
        e->leave = LEAVE_ABORT;
        break;
    case 1:
        e->leave = LEAVE_DIE;
        break;
    case 2:
        e->leave = LEAVE_CRASH;
        break;
    case 3:
        e->leave = rnd_one_in(r, 3) ? LEAVE_GONE : LEAVE_CLOSE;
        break;
    case 4:
    case 5:
    case 6:
        e->leave = LEAVE_NOT;
        break;
    default:
        e->leave = LEAVE_CLOSE;
        break;
    }
    if (must_close) {
        e->leave = LEAVE_CLOSE;
        e->keep_ns = 0;
        for (unsigned i = 0; i < e->n_writes; i++)
            e->write[i].after_ns %= TALK_SEC;
        e->leave_after_ns %= TALK_SEC;
    }
}

void
script_connection(struct world *w, const struct script *s)
{
    struct talk_rnd *r = &w->rnd;
    const bool plain = s->kind != TALK_ANY;
    enum script_open open = OPEN_NORMAL;
    unsigned opener = w->epoch ? rnd_one_in(r, 8) : 0;
    struct end *x, *y;

    if (!plain) {
        const unsigned dice = rnd_below(r, 24);

        if (dice < 2)
            open = OPEN_REFUSED;
        else if (dice == 2)
            open = OPEN_UNANSWERED;
        else if (dice == 3)
            open = OPEN_BOTH;
    }
    x = &w->end[opener];
    y = &w->end[!opener];
    end_reset(x); /* if it lived, its host forgot it */
    dice_plan(w, x, plain);
    dice_plan(w, y, plain);
    x->is_gone = false;
    y->is_gone = open == OPEN_UNANSWERED;
    y->serves = open != OPEN_REFUSED;
    x->t_open = w->now;
    if (open == OPEN_BOTH) {
        end_reset(y);
        y->t_open = w->now + rnd_below(r, 100) * TALK_US;
    }
    w->t->connections++;
}

/* One way, more than 4 GiB, in segments as large as a machine joins them. */
static void
dice_big(struct world *w, struct script *s)
{
    w->t->big = true;
    w->t->v6 = true;
    w->t->has_ip_id = false;
    for (unsigned i = 0; i < 2; i++) {
        struct end *e = &w->end[i];

        e->wants_scale = true;
        e->scale = 14;
        e->buffer = 1u << 30;
        e->read_octets = 0;
        e->chunk = 524288;
        e->mss = 9000;
        e->leave = LEAVE_CLOSE;
        e->delack_ns = 0;
        for (unsigned leg = 0; leg < 2; leg++)
            w->delay[i][leg] = 50 * TALK_US;
    }
    w->f.loss_before /= 20;
    w->f.loss_behind /= 20;
    w->f.tap_loss /= 20;
    s->connections = 1;
}

void
talk_make(struct talk *t, uint64_t seed, uint32_t number, enum talk_kind kind)
{
    static _Thread_local struct world w;
    struct talk_rnd *r = &w.rnd;
    struct script s = {.kind = kind, .connections = 1, .segs = 250, .only = -1};
    struct talk_seg *seg = t->seg;
    const size_t room = t->room;

    *t = (struct talk){.seed = seed, .number = number, .seg = seg, .room = room};
    w.t = t;
    w.rnd.s = seed * UINT64_C(0x2545f4914f6cdd1d) + number;
    rnd_next(r);
    w.rnd.s ^= (uint64_t)number << 32;
    w.n_flight = 0;
    w.order = 0;
    w.epoch = 0;
    w.mirror_lags = kind == TALK_ANY;
    w.last_tap[0] = w.last_tap[1] = w.last_arrival[0] = w.last_arrival[1] = 0;
    w.now = TALK_T0 + rnd_below(r, 2000) * TALK_MS;
    w.shared_id = (uint16_t)rnd_next(r);

    t->v6 = rnd_one_in(r, 4);
    t->has_ip_id = !t->v6;
    t->host[0] = number * 2;
    t->host[1] = number * 2 + 1;
    t->port[0] = (uint16_t)rnd_from(r, 32768, 65535);
    t->port[1] = (uint16_t)(rnd_one_in(r, 3) ? rnd_from(r, 32768, 65535) : 443);
    dice_network(&w);
    dice_end(&w, 0);
    dice_end(&w, 1);
    if (rnd_one_in(r, 3))
        s.connections = rnd_from(r, 2, 4);
    for (unsigned i = 0; i < 4; i++)
        s.gap_ns[i] = rnd_one_in(r, 4) ? some_pause(r) : some_time(r, 5);
    if (rnd_one_in(r, 6))
        s.skip_10000 = rnd_below(r, 10000);
    if (rnd_one_in(r, 10))
        s.miss_10000 = rnd_below(r, 10000);
    if (rnd_one_in(r, 8))
        s.only = (int)rnd_below(r, 2);
    s.ts_coarse = rnd_one_in(r, 3);
    s.stop_ns = w.now + rnd_from(r, 2, 1500) * TALK_SEC;
    if (kind != TALK_ANY) {
        memset(&w.f, 0, sizeof w.f);
        w.f.mirror = kind == TALK_MIRRORED ? 2000 : 0;
        w.f.tap_loss = kind == TALK_GAPS ? 100 : 0;
        w.f.loss_before = w.f.loss_behind = kind == TALK_LOSSES ? 200 : 0;
        w.f.late_behind = kind == TALK_LOSSES ? 200 : 0;
        s = (struct script){.kind = kind, .connections = 1, .segs = 100000, .only = -1};
        s.stop_ns = w.now + 10000 * TALK_SEC;
        w.end[0].plain_retry = w.end[1].plain_retry = false;
        w.end[0].fast_open = w.end[1].fast_open = false;
    } else if (rnd_one_in(r, 4000)) {
        dice_big(&w, &s);
    }
    if (t->big) {
        script_connection(&w, &s);
        w.end[0].n_writes = 2;
        w.end[0].write[0].octets = w.end[0].write[1].octets = 2200000000u;
        w.end[0].write[0].after_ns = w.end[0].write[1].after_ns = TALK_MS;
        w.epoch = 1;
    }
    world_run(&w, &s);
    for (unsigned side = 0; side < 2; side++) {
        t->sent[side] = w.end[side].max - w.end[side].iss;
        t->has_ids[side] = t->has_ip_id && w.end[side].id_mode != 0;
    }
    world_capture(&w, &s);
}

void
talk_free(struct talk *t)
{
    free(t->seg);
    *t = (struct talk){0};
}

/* ---- as packets, as lines ------------------------------------------------------------------ */

static void
put_host(const struct talk *t, uint32_t host, uint8_t *to)
{
    unsigned at = 0;

    if (t->v6) {
        to[0] = 0xfd;
        at = 12;
    }
    to[at] = (uint8_t)(t->v6 ? 0 : 10);
    for (unsigned i = 1; i < 4; i++)
        to[at + i] = (uint8_t)(host >> (24 - 8 * i));
}

void
talk_packet(const struct talk *t, const struct talk_seg *g, const uint64_t hash_seed[2],
            struct pavo_packet *p)
{
    struct pavo_layers *at = &p->at;
    uint32_t header = t->v6 ? 60 : 40;

    memset(p, 0, offsetof(struct pavo_packet, at.frags));
    p->ts_ns = p->now_ns = g->ts;
    at->kind = t->v6 ? PAVO_KIND_IP6 : PAVO_KIND_IP4;
    at->proto = 6;
    at->ttl = g->ttl;
    at->tos = g->tos;
    at->ethertype = t->v6 ? 0x86dd : 0x0800;
    put_host(t, t->host[g->side], at->src);
    put_host(t, t->host[!g->side], at->dst);
    at->has_ports = 1;
    at->src_port = t->port[g->side];
    at->dst_port = t->port[!g->side];
    at->has_tcp = 1;
    at->tcp_flags = g->flags;
    at->tcp_window = g->window;
    at->tcp_seq = g->seq;
    at->tcp_ack = g->ack;
    at->has_tcp_opt = g->opt;
    at->tcp_mss = g->mss;
    at->tcp_wscale = g->wscale;
    at->tcp_tsval = g->tsval;
    at->tcp_tsecr = g->tsecr;
    memcpy(at->tcp_sack, g->sack, sizeof at->tcp_sack);
    at->n_sack = g->n_sack;
    at->mptcp_token = g->mptcp_token;
    at->has_mptcp_token = g->has_mptcp_token;
    at->has_ip_id = t->has_ip_id;
    at->ip_id = t->has_ip_id ? g->ip_id : 0;
    header += (g->opt & PAVO_TCP_OPT_TS) ? 12 : 0;
    header += g->n_sack ? 4 + 8u * g->n_sack : 0;
    at->payload_len = g->len;
    at->l3_len = header + g->len;
    at->wire_len = at->l3_len + 14;
    pavo_packet_key(p, PAVO_KEY_DEFAULT);
    p->hash = pavo_key_hash(&p->key, hash_seed);
}

void
talk_print(FILE *out, const struct talk *t, const struct talk_seg *g, size_t n)
{
    static const struct {
        uint16_t bit;
        char letter;
    } names[] = {{T_SYN, 'S'}, {T_FIN, 'F'}, {T_RST, 'R'}, {T_PSH, 'P'},
                 {T_ACK, '.'}, {T_ECE, 'E'}, {T_CWR, 'W'}};
    uint32_t base[2] = {0, 0};
    bool has_base[2] = {false, false};

    fprintf(out,
            "conversation %" PRIu32 " of seed %" PRIu64 ": %s, ports %u and %u, %zu segments\n",
            t->number, t->seed, t->v6 ? "IPv6" : "IPv4", t->port[0], t->port[1], n);
    for (size_t i = 0; i < n; i++, g++) {
        char flags[16];
        unsigned k = 0;

        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++)
            if (g->flags & names[j].bit)
                flags[k++] = names[j].letter;
        flags[k] = '\0';
        if (!has_base[g->side] && !(g->flags & T_RST)) {
            has_base[g->side] = true;
            base[g->side] = g->seq;
            fprintf(out, "  side %u: numbers from %" PRIu32 "\n", g->side, g->seq);
        }
        if (!has_base[!g->side] && (g->flags & T_ACK)) {
            has_base[!g->side] = true;
            base[!g->side] = g->ack;
            fprintf(out, "  side %u: numbers from %" PRIu32 "\n", !g->side, g->ack);
        }
        fprintf(out,
                "%4zu %+14.6f ms  %s %-5s seq %-10" PRId32 " ack %-10" PRId32
                " len %-6u win %-5u id %u",
                i, (double)(int64_t)(g->ts - TALK_T0) / 1e6, g->side ? "    <-" : "->    ", flags,
                (int32_t)(g->seq - base[g->side]),
                (g->flags & T_ACK) ? (int32_t)(g->ack - base[!g->side]) : 0, g->len, g->window,
                g->ip_id);
        if (g->opt & PAVO_TCP_OPT_TS)
            fprintf(out, " ts %u:%u", g->tsval, g->tsecr);
        if (g->opt & PAVO_TCP_OPT_WSCALE)
            fprintf(out, " scale %u", g->wscale);
        for (unsigned j = 0; j < g->n_sack; j++)
            fprintf(out, " sack %" PRId32 "-%" PRId32, (int32_t)(g->sack[2 * j] - base[!g->side]),
                    (int32_t)(g->sack[2 * j + 1] - base[!g->side]));
        fputc('\n', out);
    }
}
