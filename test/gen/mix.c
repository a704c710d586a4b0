/* mix.c - everything at once, at random, for tests that two runs agree
 *
 * Talks of every kind through ways of every kind, over ten minutes or more: pieces in all orders,
 * lost first pieces, errors that quote, sessions that close, reset, stay open or begin again on the
 * same ports, silences beyond every idle time-out, packets that arrive up to 0.9 s after others
 * that were later. A seed gives always the same capture, with any compiler: so no expression asks
 * for two random numbers, for the order in which arguments are evaluated is the compiler's choice.
 */
#include "talk.h"
#include "workloads.h"

#include <stdlib.h>

static const uint64_t second = 1000000000u;
static const uint64_t start_ns = 1795428000ull * 1000000000u;

struct mix {
    struct timeline line;
    struct gen_rng rng;
    struct talk *t;
};

static bool
chance(struct mix *m, unsigned percent)
{
    return gen_below(&m->rng, 100) < percent;
}

static struct gen_addr
any_addr(struct mix *m, bool v6, unsigned hosts)
{
    const uint32_t host = 1 + gen_below(&m->rng, hosts);

    return v6 ? gen_ip6(0x20010db800000000u | gen_below(&m->rng, 4), host)
              : gen_ip4(0x0a000000u | gen_below(&m->rng, 4) << 16 | host);
}

static void
any_way(struct mix *m, struct way *w)
{
    const unsigned steps = chance(m, 45) ? 0 : chance(m, 80) ? 1 : 2;

    w->n = 0;
    for (unsigned i = 0; i < steps; i++) {
        struct way_step *s = &w->steps[w->n];
        const bool v6 = chance(m, 30);

        s->type = (enum way_type)gen_below(&m->rng, WAY_TYPES);
        /* Tags stand on Ethernet only; a second one of them would follow the first tunnel. */
        if (i > 0 && s->type <= WAY_PPPOE)
            s->type = WAY_VXLAN;
        s->id = 1 + gen_below(&m->rng, 3) * 7;
        s->a = any_addr(m, v6, 3);
        s->b = any_addr(m, v6, 3);
        s->b.at[v6 ? 5 : 1] ^= 0x40;
        w->n++;
    }
}

static bool
has_no_ether(const struct way *w)
{
    static const bool ether[WAY_TYPES] = {
        [WAY_VLAN] = true,  [WAY_QINQ] = true,  [WAY_GRETAP] = true,
        [WAY_NVGRE] = true, [WAY_VXLAN] = true, [WAY_GENEVE] = true};

    return w->n > 0 && !ether[w->steps[w->n - 1].type];
}

/* Silence: mostly short, now and then longer than an idle time-out or an active interval. */
static void
be_silent(struct mix *m)
{
    if (chance(m, 6))
        m->t->ts_ns += (5 + gen_below(&m->rng, 400)) * second;
    else
        m->t->ts_ns += gen_below(&m->rng, 900) * (second / 1000);
}

static void
sessions(struct mix *m)
{
    struct talk *t = m->t;
    const unsigned times = chance(m, 20) ? 2 : 1; /* the same ports again */
    bool from_b;

    t->port_b = (uint16_t[]){80, 443, 2022, 20101, 40000}[gen_below(&m->rng, 5)];
    t->loss = chance(m, 30) ? 12 : 0;
    for (unsigned i = 0; i < times; i++) {
        const unsigned turns = gen_below(&m->rng, 6);

        if (chance(m, 90))
            talk_tcp_open(t);
        for (unsigned k = 0; k < turns; k++) {
            from_b = chance(m, 60);
            talk_tcp_data(t, from_b, NULL, 1 + gen_below(&m->rng, 5000));
            be_silent(m);
        }
        from_b = chance(m, 50);
        talk_tcp_close(t, (enum talk_close)gen_below(&m->rng, 4), from_b);
        t->ts_ns += gen_below(&m->rng, 9) * second;
    }
}

static void
datagrams(struct mix *m)
{
    struct talk *t = m->t;
    const unsigned turns = 1 + gen_below(&m->rng, 8);

    t->port_b = (uint16_t)(20100 + gen_below(&m->rng, 4));
    t->piece_bytes = !t->with_options && chance(m, 50) ? 200 + gen_below(&m->rng, 1200) : 0;
    t->shuffle = chance(m, 60);
    t->cut_outer = chance(m, 40) && t->way.n > 0;
    t->lose_first = chance(m, 5);
    for (unsigned i = 0; i < turns; i++) {
        const bool from_b = chance(m, 40);

        talk_udp(t, from_b, gen_below(&m->rng, t->piece_bytes ? 6000 : 1400));
        be_silent(m);
    }
}

static void
one_talk(struct mix *m, uint64_t span_ns)
{
    struct talk *t = m->t;
    const bool v6 = chance(m, 30);
    const struct gen_addr a = any_addr(m, v6, 40);
    struct gen_addr b = any_addr(m, v6, 40), router;
    const uint16_t id = (uint16_t)gen_random(&m->rng);
    unsigned times;

    b.at[v6 ? 5 : 1] ^= 0x20; /* never the same host */
    talk_open(t, &m->line, &m->rng, a, b);
    any_way(m, &t->way);
    t->port_a = (uint16_t)(32768 + gen_below(&m->rng, 2000));
    t->port_b = 7000;
    t->rtt_ns = (1 + gen_below(&m->rng, 80)) * (second / 1000);
    t->disorder_ns = chance(m, 25) ? gen_below(&m->rng, 900000000u) : 0;
    t->ts_ns = start_ns + gen_random(&m->rng) % span_ns;
    t->with_options = chance(m, 10);
    t->with_ah = chance(m, 5);
    switch (gen_below(&m->rng, 12)) {
    case 0:
    case 1:
    case 2:
        sessions(m);
        break;
    case 3:
    case 4:
        datagrams(m);
        break;
    case 5:
        t->port_b = 53;
        talk_dns(t, "host.example.com", id, chance(m, 85));
        break;
    case 6:
        times = 1 + gen_below(&m->rng, 6);
        talk_ping(t, times, id, gen_below(&m->rng, 800));
        break;
    case 7:
        t->port_b = 33434;
        for (uint8_t ttl = 1; ttl < 5; ttl++) {
            router = ttl == 4 ? b : any_addr(m, v6, 3);
            talk_probe(t, ttl, &router);
        }
        break;
    case 8:
        talk_tcp_refused(t);
        break;
    case 9:
        t->port_b = 3868;
        talk_sctp(t, 1 + gen_below(&m->rng, 4));
        break;
    case 10:
        times = 1 + gen_below(&m->rng, 9);
        talk_esp(t, times, 1 + gen_below(&m->rng, 5));
        break;
    default:
        if (v6)
            talk_neighbor(t);
        else if (!has_no_ether(&t->way))
            talk_arp(t);
        else
            talk_udp(t, false, 10);
        if (t->way.n == 0)
            chance(m, 50) ? talk_stp(t) : talk_lldp(t, "switch-2.example.com");
        break;
    }
}

void
workload_mix(const struct workload_options *o, struct gen_pcap *out)
{
    struct mix m = {.rng = {o->seed}, .t = malloc(sizeof *m.t)};
    const uint64_t spread_s = o->packets / 200 < 600 ? 600 : o->packets / 200;

    if (!m.t)
        abort();
    while (m.line.n_items < o->packets)
        one_talk(&m, spread_s * second);
    timeline_sort(&m.line);
    for (size_t i = 0; i < m.line.n_items; i++)
        gen_pcap_put(out, m.line.items[i].ts_ns, m.line.bytes + m.line.items[i].at,
                     m.line.items[i].len);
    timeline_free(&m.line);
    free(m.t);
}
