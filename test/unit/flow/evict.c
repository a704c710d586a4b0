/* evict.c - the table under pressure: nothing grows, nothing is lost, the idlest goes, crafted
 * collisions do no harm
 *
 * Argument: flows of the flood.
 */
#include "flow_t.h"
#include "rnd.h"

static uint32_t n_flows = 1280000; /* of the flood; the argument, a multiple of a burst */

/* Memory that counts what is taken. */
static size_t taken;

static void *
counted_get(const struct pavo_mem *m, size_t bytes)
{
    taken += bytes;
    return pavo_mem_plain.get(m, bytes);
}

static void
counted_put(const struct pavo_mem *m, void *p, size_t bytes)
{
    taken -= bytes;
    pavo_mem_plain.put(m, p, bytes);
}

static const struct pavo_mem counted = {.get = counted_get, .put = counted_put};

static void
p_flow(struct pavo_packet *p, uint64_t ts_ns, uint32_t number)
{
    p_tcp(p, ts_ns, 0x0a000000 + (number >> 8), (uint16_t)(40000 + (number & 0xff)), 0xc0a80001,
          443, SYN, number, 0, 0);
}

static void
balance(struct ft *t, struct digest *d, uint64_t packets)
{
    const struct pavo_shard_stats *st = pavo_shard_stats(t->s);

    while (!pavo_shard_flush(t->s, PAVO_DETAIL_STOPPED))
        digest_drain(d, t->ring);
    digest_drain(d, t->ring);
    assert_int_equal(ft_stat(&st->packets), packets);
    assert_int_equal(ft_stat(&st->record_packets) + ft_stat(&st->dropped_packets), packets);
    assert_int_equal(ft_stat(&st->records), d->n);
    assert_int_equal(d->packets, ft_stat(&st->record_packets));
    assert_int_equal(ft_stat(&st->flows_made), ft_stat(&st->flows_ended));
}

/* Many flows of one packet each into a table of a hundred thousand. */
static void
a_flood_is_accounted_to_the_packet(void **state)
{
    enum { LIMIT = 100000 };
    static struct pavo_packet p[64];
    struct pavo_shard_config cfg = ft_config(LIMIT, NULL);
    struct pavo_packet *burst[64];
    struct digest d = {0};
    struct ft t;
    size_t before;

    cfg.mem = &counted;
    ft_open(&t, &cfg, 1024);
    before = taken;
    assert_in_range(pavo_shard_bytes(&t.cfg) - taken, 0, 64);
    for (uint32_t i = 0; i < n_flows; i += 64) {
        for (uint32_t k = 0; k < 64; k++) {
            p_flow(&p[k], T0 + (i + k) * UINT64_C(1000), i + k);
            burst[k] = &p[k];
        }
        pavo_shard_burst(t.s, burst, 64);
        digest_drain(&d, t.ring);
    }
    assert_int_equal(taken, before);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->evicted), n_flows - LIMIT);
    balance(&t, &d, n_flows);
    assert_int_equal(d.n, n_flows);
    ft_close(&t);
    assert_int_equal(taken, 0);
}

static void
an_active_flow_survives_a_flood(void **state)
{
    const struct pavo_shard_config cfg = ft_config(1000, NULL);
    const struct pavo_shard_stats *st;
    struct pavo_packet p;
    struct digest d = {0};
    uint64_t n = 0;
    struct ft t;

    ft_open(&t, &cfg, 1024);
    st = pavo_shard_stats(t.s);
    for (unsigned round = 0; round < 200;
         round++) { /* 50 busy flows, and a fifth of a table of new ones in 100 ms */
        for (unsigned i = 0; i < 50; i++, n++) {
            p_udp(&p, AT_MS(100 * round), 1 + i, 1, 2, 3);
            pavo_shard_burst(t.s, (struct pavo_packet *[]){&p}, 1);
        }
        for (unsigned i = 0; i < 200; i++, n++) {
            p_flow(&p, AT_MS(100 * round + 50), round * 200 + i);
            pavo_shard_burst(t.s, (struct pavo_packet *[]){&p}, 1);
            digest_drain(&d, t.ring);
        }
    }
    /* Where all candidates are younger there is no better choice, but that is rare: of the busy
     * flows, seen ten thousand times, hardly one was made twice. */
    assert_in_range(ft_stat(&st->flows_made), 200 * 200 + 50, 200 * 200 + 50 + 10);
    balance(&t, &d, n);
    ft_close(&t);
}

static void
closed_flows_go_first(void **state)
{
    const struct pavo_shard_config cfg = ft_config(13, NULL); /* two buckets: all are candidates */
    struct pavo_packet p;
    struct ft t;

    ft_open(&t, &cfg, 64);
    for (unsigned i = 0; i < 12; i++)
        ft_put(&t, p_udp(&p, AT_MS(i), 10 + i, 1, 2, 3));
    ft_put(&t, p_tcp(&p, AT_MS(2000), 5, 40000, 6, 80, RST, 1, 1, 0));
    ft_put(&t, p_udp(&p, AT_MS(2100), 99, 1, 2, 3));
    assert_int_equal(t.n_got, 1);
    assert_int_equal(t.got[0].protocolIdentifier, 6);
    assert_int_equal(t.got[0].flowEndReason, PAVO_END_RESOURCES);
    assert_int_equal(t.got[0].endDetail, PAVO_DETAIL_EVICTED);
    for (unsigned i = 0; i < 12; i++) { /* then the longest idle */
        if (i != 3)
            ft_put(&t, p_udp(&p, AT_MS(5000), 10 + i, 1, 2, 3));
    }
    ft_put(&t, p_udp(&p, AT_MS(6000), 98, 1, 2, 3));
    assert_int_equal(t.n_got, 2);
    assert_true(t.got[1].flowEndNanoseconds == AT_MS(3));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 15);
    ft_close(&t);
}

/* Flows whose hashes are equal in all that places them, as if the seed were known: they can have
 * two buckets only. */
static void
collisions_cost_sixteen_entries(void **state)
{
    const struct pavo_shard_config cfg = ft_config(100000, NULL);
    const struct pavo_shard_stats *st;
    struct digest d = {0};
    struct pavo_packet p, good;
    struct ft t;

    ft_open(&t, &cfg, 64);
    st = pavo_shard_stats(t.s);
    p_udp(&good, AT_MS(0), 1, 2, 3, 4);
    ft_put(&t, &good);
    for (unsigned i = 0; i < 2000; i++) {
        p_flow(&p, AT_MS(i), i);
        p.hash = UINT64_C(0x1234000000000000);
        pavo_shard_burst(t.s, (struct pavo_packet *[]){&p}, 1);
        digest_drain(&d, t.ring);
    }
    assert_in_range(ft_stat(&st->evicted), 2000 - 16, 2000 - 16);
    ft_put(&t, &good);
    assert_int_equal(ft_stat(&st->flows_made), 2001);
    ft_close(&t);
}

/* Up to 85 % of its entries a table finds a place for everyone. */
static void
a_full_table_evicts_nobody_before_its_limit(void **state)
{
    static const uint32_t limits[] = {1, 2, 13, 100, 1000, 55700, 111411, 222822};

    for (unsigned k = 0; k < LENGTH(limits); k++) {
        const struct pavo_shard_config cfg = ft_config(limits[k], NULL);
        struct digest d = {0};
        struct pavo_packet p;
        struct ft t;

        ft_open(&t, &cfg, 1024);
        for (uint32_t i = 0; i < limits[k]; i++) {
            p_flow(&p, T0 + i, i);
            pavo_shard_burst(t.s, (struct pavo_packet *[]){&p}, 1);
        }
        assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->evicted), 0);
        for (uint32_t i = 0; i < limits[k]; i++) {
            p_flow(&p, T0 + i, i);
            pavo_shard_burst(t.s, (struct pavo_packet *[]){&p}, 1);
        }
        assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->flows_made), limits[k]);
        balance(&t, &d, 2 * (uint64_t)limits[k]);
        ft_close(&t);
    }
}

/* Random packets into tables that are too small, swept at random, into rings that are too small and
 * read too late. */
static void
under_any_pressure_the_sums_hold(void **state)
{
    struct rnd rnd = {7};

    for (unsigned round = 0; round < 60; round++) {
        struct pavo_shard_config cfg = ft_config(1 + rnd_below(&rnd, 60), NULL);
        const unsigned keys = 1 + rnd_below(&rnd, 200), reads = 1 + rnd_below(&rnd, 20);
        static struct pavo_packet p[64];
        struct digest d = {0};
        uint64_t t_ns = T0, n = 0;
        struct ft t;

        cfg.encap_limit = rnd_below(&rnd, 20);
        ft_open(&t, &cfg, 1u << rnd_below(&rnd, 6));
        for (unsigned i = 0; i < 300; i++) {
            struct pavo_packet *burst[64];
            const unsigned size = 1 + rnd_below(&rnd, 64);

            for (unsigned k = 0; k < size; k++, n++) {
                t_ns += rnd_below(&rnd, 400) * MS;
                p_flow(&p[k], t_ns, rnd_below(&rnd, keys));
                p[k].at.tcp_flags = (uint16_t)(rnd_next(&rnd) & 0x17);
                if (rnd_one_in(&rnd, 3)) {
                    p[k].at.n_layers = 1;
                    p[k].at.layers[0] =
                        (struct pavo_layer){.type = PAVO_CARRIER_VLAN, .id = rnd_below(&rnd, 30)};
                    p_key(&p[k]);
                }
                burst[k] = &p[k];
            }
            pavo_shard_burst(t.s, burst, size);
            if (rnd_one_in(&rnd, 3))
                pavo_shard_sweep(t.s, rnd_below(&rnd, 50));
            if (rnd_one_in(&rnd, reads))
                digest_drain(&d, t.ring);
            assert_in_range(ft_stat(&pavo_shard_stats(t.s)->flows_made) -
                                ft_stat(&pavo_shard_stats(t.s)->flows_ended),
                            1, cfg.flow_limit);
        }
        balance(&t, &d, n);
        ft_close(&t);
    }
}

int
main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_is_accounted_to_the_packet),
        cmocka_unit_test(an_active_flow_survives_a_flood),
        cmocka_unit_test(closed_flows_go_first),
        cmocka_unit_test(collisions_cost_sixteen_entries),
        cmocka_unit_test(a_full_table_evicts_nobody_before_its_limit),
        cmocka_unit_test(under_any_pressure_the_sums_hold),
    };

    if (argc > 1)
        n_flows = (uint32_t)strtoul(argv[1], NULL, 0) / 64 * 64;
    return cmocka_run_group_tests_name("evict", tests, NULL, NULL);
}
