/* frag.c - the fragment memory: every order, nested fragments, orphans, full memory, and that each
 * packet comes out once */
#include "frag_t.h"
#include "pieces_t.h"
#include "rnd.h"

static const uint32_t A = 0x0a000001, B = 0x0a000002;
static const uint32_t X = 0xc0000201, Y = 0xc0000202; /* tunnel ends */

/* What came out. */
static struct pavo_packet out[64];
static unsigned n_out;

static void
keep(void *ctx, const struct pavo_packet *p)
{
    if (n_out < LENGTH(out))
        memcpy(&out[n_out], p, pavo_packet_size(p));
    n_out++;
}

static void
assert_all_join(const struct pavo_packet *whole, unsigned n)
{
    assert_int_equal(n_out, n);
    for (unsigned i = 0; i < n; i++) {
        assert_memory_equal(&out[i].key, &whole->key, sizeof whole->key);
        assert_int_equal(out[i].is_b, whole->is_b);
        assert_int_equal(out[i].owner_hash, whole->owner_hash);
    }
}

/* Calls 'each' with every order of 0..n-1. */
static void
permute(unsigned *order, unsigned n, unsigned at, void (*each)(const unsigned *order))
{
    if (at == n) {
        each(order);
        return;
    }
    for (unsigned i = at; i < n; i++) {
        unsigned swap = order[at];

        order[at] = order[i];
        order[i] = swap;
        permute(order, n, at + 1, each);
        swap = order[at];
        order[at] = order[i];
        order[i] = swap;
    }
}

static void
one_datagram(const unsigned *order)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p, whole;

    n_out = 0;
    for (unsigned i = 0; i < 4; i++)
        pavo_frags_step(f, p_piece(&p, AT_MS(i), B, 500, A, 4500, 7, order[i] != 0), keep, NULL);
    p_udp(&whole, 0, B, 500, A, 4500);
    assert_all_join(&whole, 4);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(out[i].now_ns >=
                    out[i].ts_ns); /* who waited is seen when the first one comes */
        assert_true(i == 0 || out[i].now_ns >= out[i - 1].now_ns);
    }
    assert_int_equal(pavo_frags_expire(f, UINT64_MAX, keep, NULL), 0);
    assert_int_equal(n_out, 4);
    assert_int_equal(ft_stat(&pavo_frags_stats(f)->waited), ft_stat(&pavo_frags_stats(f)->joined));
    assert_int_equal(
        ft_stat(&pavo_frags_stats(f)->waited) + ft_stat(&pavo_frags_stats(f)->followed), 3);
    pavo_frags_close(f);
}

static void
pieces_join_in_any_order(void **state)
{
    unsigned order[] = {0, 1, 2, 3};

    permute(order, 4, 0, one_datagram);
}

/* A datagram in two pieces, each sent through a tunnel that fragments again, and a last small piece
 * that fits. */
static void
nested(const unsigned *order)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p, whole;

    n_out = 0;
    for (unsigned i = 0; i < 5; i++) {
        switch (order[i]) {
        case 0:
            p_tunnel(p_piece(&p, AT_MS(i), A, 500, B, 4500, 7, false), X, Y, 100);
            break;
        case 1:
            p_tunnel_piece(&p, AT_MS(i), X, Y, 100);
            break;
        case 2:
            p_tunnel(p_piece(&p, AT_MS(i), A, 500, B, 4500, 7, true), X, Y, 101);
            break;
        case 3:
            p_tunnel_piece(&p, AT_MS(i), X, Y, 101);
            break;
        default:
            p_tunnel(p_piece(&p, AT_MS(i), A, 500, B, 4500, 7, true), X, Y, 0);
            break;
        }
        pavo_frags_step(f, &p, keep, NULL);
    }
    p_tunnel(p_udp(&whole, 0, A, 500, B, 4500), X, Y, 0);
    assert_all_join(&whole, 5);
    for (unsigned i = 0; i < 5; i++) /* the tunnel header's TTL is not the flow's */
        assert_true(out[i].at.ttl == 64 || out[i].at.ttl == 0);
    pavo_frags_close(f);
}

static void
nested_fragments_join_in_any_order(void **state)
{
    unsigned order[] = {0, 1, 2, 3, 4};

    permute(order, 5, 0, nested);
}

static void
tenants_do_not_mix(void **state)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p;

    n_out = 0;
    for (unsigned i = 0; i < 4; i++) { /* the same datagram in VLAN 1 and 2, ports 1 and 2 */
        p_piece(&p, AT_MS(i), A, (uint16_t)(1 + i / 2), B, 9, 7, i % 2);
        p.at.n_layers = 1;
        p.at.layers[0] = (struct pavo_layer){.type = PAVO_CARRIER_VLAN, .id = 1 + i / 2};
        pavo_frags_step(f, p_key(&p), keep, NULL);
    }
    assert_int_equal(n_out, 4);
    assert_int_equal(out[1].key.port_a, 1);
    assert_int_equal(out[3].key.port_a, 2);
    assert_true(out[1].key.carrier != out[3].key.carrier);
    pavo_frags_close(f);
}

static void
a_new_first_piece_replaces_the_old(void **state)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p;

    n_out = 0;
    pavo_frags_step(f, p_piece(&p, AT_MS(0), A, 1, B, 9, 7, false), keep, NULL);
    pavo_frags_step(f, p_piece(&p, AT_MS(20000), A, 2, B, 9, 7, false), keep, NULL);
    pavo_frags_step(f, p_piece(&p, AT_MS(49999), A, 0, B, 0, 7, true), keep, NULL);
    assert_int_equal(n_out, 3);
    assert_int_equal(out[2].key.port_a, 2);
    pavo_frags_step(f, p_piece(&p, AT_MS(50000), A, 0, B, 0, 7, true), keep, NULL);
    assert_int_equal(n_out,
                     3); /* 30 s after the second first piece it is forgotten: this one waits */
    assert_int_equal(pavo_frags_due(f), AT_MS(80000));
    pavo_frags_close(f);
}

static void
orphans_are_a_flow_by_their_id(void **state)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p;

    n_out = 0;
    assert_true(pavo_frags_due(f) == UINT64_MAX);
    pavo_frags_step(f, p_piece(&p, AT_MS(0), A, 0, B, 0, 7, true), keep, NULL);
    pavo_frags_step(f, p_piece(&p, AT_MS(10), A, 0, B, 0, 7, true), keep, NULL);
    assert_true(pavo_frags_due(f) == AT_MS(30000));
    assert_int_equal(pavo_frags_expire(f, AT_MS(29999), keep, NULL), 2);
    assert_int_equal(n_out, 0);
    assert_int_equal(pavo_frags_expire(f, AT_MS(30000), keep, NULL), 0);
    assert_int_equal(n_out, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(out[i].key.is_fragment, 1);
        assert_int_equal(out[i].key.extra, 7);
        assert_int_equal(out[i].key.port_a, 0);
        assert_true(out[i].ts_ns == AT_MS(10 * i));
        assert_true(out[i].now_ns == AT_MS(30000));
    }
    assert_memory_equal(&out[0].key, &out[1].key, sizeof out[0].key);
    /* The same id again is another flow. */
    pavo_frags_step(f, p_piece(&p, AT_MS(30000), A, 0, B, 0, 7, true), keep, NULL);
    /* Another fragment's arrival is time as well. */
    pavo_frags_step(f, p_piece(&p, AT_MS(60000), A, 1, B, 2, 8, false), keep, NULL);
    assert_int_equal(n_out, 4);
    assert_true(memcmp(&out[0].key, &out[2].key, sizeof out[0].key) != 0);
    assert_int_equal(out[3].key.port_b, 2);
    assert_int_equal(ft_stat(&pavo_frags_stats(f)->orphaned), 3);
    pavo_frags_close(f);
}

static void
the_outer_pieces_of_an_orphan_follow_it(void **state)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p;

    n_out = 0;
    p_tunnel(p_piece(&p, AT_MS(0), A, 0, B, 0, 7, true), X, Y, 100);
    pavo_frags_step(f, &p, keep, NULL);
    pavo_frags_step(f, p_tunnel_piece(&p, AT_MS(1), X, Y, 100), keep, NULL);
    assert_int_equal(n_out, 0);
    pavo_frags_expire(f, AT_MS(30000), keep,
                      NULL); /* the inner datagram's time is up, the outer's is not */
    assert_int_equal(n_out, 2);
    assert_int_equal(out[1].key.is_fragment, 1);
    assert_int_equal(out[1].key.extra, 7);
    assert_memory_equal(&out[0].key, &out[1].key, sizeof out[0].key);
    pavo_frags_close(f);
}

static void
a_full_memory_forgets_the_oldest(void **state)
{
    struct pavo_frags *f = t_frags(4, 3, t_seed);
    struct pavo_packet p;

    n_out = 0;
    for (unsigned i = 0; i < 5; i++)
        pavo_frags_step(f, p_piece(&p, AT_MS(i), A, 1, B, 2, 10 + i, false), keep, NULL);
    assert_int_equal(ft_stat(&pavo_frags_stats(f)->evicted), 1);
    assert_int_equal(n_out, 5);
    pavo_frags_step(f, p_piece(&p, AT_MS(10), A, 0, B, 0, 14, true), keep, NULL);
    assert_int_equal(n_out, 6); /* 14 is known */
    for (unsigned i = 0; i < 4;
         i++) /* 10 is not; the fourth that waits finds no room and pushes out the first */
        pavo_frags_step(f, p_piece(&p, AT_MS(20 + i), A, 0, B, 0, i ? 20 + i : 10, true), keep,
                        NULL);
    assert_int_equal(n_out, 7);
    assert_int_equal(out[6].key.is_fragment, 1);
    assert_int_equal(out[6].key.extra, 10);
    assert_int_equal(pavo_frags_expire(f, UINT64_MAX, keep, NULL), 0);
    assert_int_equal(n_out, 10);
    assert_int_equal(ft_stat(&pavo_frags_stats(f)->orphaned), 4);
    pavo_frags_close(f);
}

static void
without_places_to_wait_nothing_waits(void **state)
{
    struct pavo_frags *f = t_frags(4, 0, t_seed);
    struct pavo_packet p;

    n_out = 0;
    pavo_frags_step(f, p_piece(&p, AT_MS(0), A, 0, B, 0, 7, true), keep, NULL);
    assert_int_equal(n_out, 1);
    assert_int_equal(out[0].key.is_fragment, 1);
    pavo_frags_close(f);
}

static void
all_headers_of_a_frame_have_one_receiver(void **state)
{
    struct pavo_packet one, two, three;

    p_tunnel(p_piece(&one, AT_MS(0), A, 1, B, 2, 7, false), X, Y, 100);
    p_tunnel_piece(&two, AT_MS(0), X, Y, 100);
    p_tunnel(p_piece(&three, AT_MS(0), A, 1, B, 2, 7, true), X, Y, 0);
    assert_int_equal(pavo_frag_owner_hash(&one), pavo_frag_owner_hash(&two));
    assert_int_equal(pavo_frag_owner_hash(&one), pavo_frag_owner_hash(&three));
    p_tunnel_piece(&three, AT_MS(0), X, Y + 1, 100);
    assert_true(pavo_frag_owner_hash(&one) != pavo_frag_owner_hash(&three));
}

static void
every_packet_comes_out_once_whatever_comes_in(void **state)
{
    struct rnd rnd = {42};

    for (unsigned round = 0; round < 40; round++) {
        struct pavo_frags *f = t_frags(1 + rnd_below(&rnd, 20), rnd_below(&rnd, 20), t_seed);
        const struct pavo_frag_stats *st = pavo_frags_stats(f);
        uint64_t t = T0;
        const unsigned n = 3000;

        n_out = 0;
        for (unsigned i = 0; i < n; i++) {
            struct pavo_packet p;

            t += rnd_below(&rnd, 2000) * MS;
            /* The ids of inner and outer headers overlap, so that chains of all kinds come up. */
            p_piece(&p, t, A, 1, B, 2, rnd_below(&rnd, 12), rnd_one_in(&rnd, 2));
            for (unsigned k = rnd_below(&rnd, 3); k > 0; k--)
                p_tunnel(&p, A, B, 1 + rnd_below(&rnd, 12));
            if (rnd_one_in(&rnd, 5))
                p_tunnel_piece(&p, t, A, B, 1 + rnd_below(&rnd, 12));
            pavo_frags_step(f, &p, keep, NULL);
            if (rnd_one_in(&rnd, 100))
                pavo_frags_expire(f, t, keep, NULL);
        }
        assert_int_equal(pavo_frags_expire(f, UINT64_MAX, keep, NULL), 0);
        assert_int_equal(n_out, n);
        assert_int_equal(ft_stat(&st->firsts) + ft_stat(&st->followed) + ft_stat(&st->waited), n);
        assert_int_equal(ft_stat(&st->joined) + ft_stat(&st->orphaned), ft_stat(&st->waited));
        pavo_frags_close(f);
    }
}

/* How many duplicate, overlapping, late pieces were counted. */
static void
assert_odd(const struct pavo_frags *f, unsigned duplicates, unsigned overlaps,
           unsigned out_of_order)
{
    const struct pavo_frag_stats *st = pavo_frags_stats(f);

    assert_int_equal(ft_stat(&st->duplicates), duplicates);
    assert_int_equal(ft_stat(&st->overlaps), overlaps);
    assert_int_equal(ft_stat(&st->out_of_order), out_of_order);
}

static void
odd_pieces_are_counted_and_stay_in_their_flow(void **state)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p, whole;

    n_out = 0;
    pavo_frags_step(f, p_piece_at(&p, AT_MS(0), A, B, 7, 24, 4, false), keep, NULL); /* it waits */
    assert_odd(f, 0, 0, 0);
    pavo_frags_step(f, p_piece_at(&p, AT_MS(1), A, B, 7, 0, 36, true), keep, NULL);
    assert_odd(f, 0, 1, 0); /* a teardrop */
    pavo_frags_step(f, p_piece_at(&p, AT_MS(2), A, B, 7, 24, 4, false), keep, NULL);
    assert_odd(f, 1, 1, 0);
    pavo_frags_step(f, p_piece_at(&p, AT_MS(3), A, B, 7, 80, 8, true), keep, NULL);
    pavo_frags_step(f, p_piece_at(&p, AT_MS(4), A, B, 7, 40, 8, true), keep, NULL);
    assert_odd(f, 1, 1, 1);
    p_udp(&whole, 0, A, 500, B, 4500);
    assert_all_join(&whole, 5);
    pavo_frags_close(f);
}

static void
a_first_piece_that_comes_last_is_late(void **state)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p;

    n_out = 0;
    pavo_frags_step(f, p_piece_at(&p, AT_MS(0), A, B, 7, 16, 8, false), keep, NULL);
    pavo_frags_step(f, p_piece_at(&p, AT_MS(1), A, B, 7, 8, 8, true), keep, NULL);
    pavo_frags_step(f, p_piece_at(&p, AT_MS(2), A, B, 7, 0, 8, true), keep, NULL);
    assert_odd(f, 0, 0, 2);
    assert_int_equal(n_out, 3);
    pavo_frags_close(f);
}

static void
an_id_that_is_used_again_repeats_nothing(void **state)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p;

    n_out = 0;
    for (unsigned i = 0; i < 3; i++) {
        pavo_frags_step(f, p_piece_at(&p, AT_MS(10 * i), A, B, 7, 0, 16, true), keep, NULL);
        pavo_frags_step(f, p_piece_at(&p, AT_MS(10 * i + 1), A, B, 7, 16, 3, false), keep, NULL);
    }
    assert_odd(f, 0, 0, 0);
    /* Before it was whole it is a copy. */
    for (unsigned i = 0; i < 2; i++)
        pavo_frags_step(f, p_piece_at(&p, AT_MS(50), A, B, 8, 0, 16, true), keep, NULL);
    assert_odd(f, 1, 0, 0);
    pavo_frags_close(f);
}

static void
tiny_pieces_are_counted(void **state)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p;

    n_out = 0;
    p_piece_at(&p, AT_MS(0), A, B, 7, 0, 8, true);
    p.at.why = PAVO_WHY_TINY_FRAGMENT; /* as the decoder leaves it */
    pavo_frags_step(f, &p, keep, NULL);
    assert_int_equal(ft_stat(&pavo_frags_stats(f)->tiny), 1);
    pavo_frags_step(f, p_piece_at(&p, AT_MS(1), A, B, 7, 8, 16, false), keep, NULL); /* UDP */
    assert_int_equal(ft_stat(&pavo_frags_stats(f)->tiny), 1);
    p_piece_at(&p, AT_MS(2), A, B, 8, 8, 16, false);
    p.at.proto = p.at.frags[0].proto = 6; /* TCP */
    pavo_frags_step(f, &p, keep, NULL);
    assert_int_equal(ft_stat(&pavo_frags_stats(f)->tiny), 2);
    p.at.frags[0].offset = 16;
    pavo_frags_step(f, &p, keep, NULL);
    assert_int_equal(ft_stat(&pavo_frags_stats(f)->tiny), 2);
    pavo_frags_atomic(f, 2);
    assert_int_equal(ft_stat(&pavo_frags_stats(f)->atomic), 2);
    pavo_frags_close(f);
}

/* The outer header of a piece that waits is learned late; that does not put it out of order. */
static void
a_carrier_that_waits_is_not_late(void **state)
{
    struct pavo_frags *f = t_frags(8, 8, t_seed);
    struct pavo_packet p;

    n_out = 0;
    p_tunnel(p_piece_at(&p, AT_MS(0), A, B, 7, 64, 8, false), X, Y, 100);
    p.at.frags[0].bytes = 24;
    p.at.frags[0].has_more = 1;
    pavo_frags_step(f, &p, keep, NULL);
    p_tunnel_piece(&p, AT_MS(1), X, Y, 100);
    p.at.frags[0].offset = 24;
    p.at.frags[0].bytes = 4;
    pavo_frags_step(f, &p, keep, NULL);
    p_tunnel(p_piece_at(&p, AT_MS(2), A, B, 7, 0, 64, true), X, Y, 0);
    pavo_frags_step(f, &p, keep, NULL);
    assert_int_equal(n_out, 3);
    assert_odd(f, 0, 0, 1); /* the inner first piece */
    pavo_frags_close(f);
}

static void
odd_pieces_are_counted_as_by_a_memory_without_bounds(void **state)
{
    enum { IDS = 20, PIECES = PIECES_RUNS };
    struct rnd rnd = {99};

    for (unsigned round = 0; round < 500; round++) {
        struct pavo_frags *f = t_frags(IDS, IDS * PIECES, t_seed);
        struct slow_pieces slow[IDS] = {{.n = 0}};
        unsigned count[PIECE_NEXT + 1] = {0};
        uint64_t t = T0;

        n_out = 0;
        for (unsigned i = 0; i < IDS * PIECES; i++) {
            const unsigned id = rnd_below(&rnd, IDS);
            const uint32_t offset = 8 * rnd_below(&rnd, 6);
            const uint32_t bytes = 8 * (1 + rnd_below(&rnd, 2));
            const bool has_more = !rnd_one_in(&rnd, 4);
            struct slow_pieces *s = &slow[id];
            struct pavo_packet p;

            if (s->n == PIECES)
                continue;
            if (offset == 0 && s->total != 0 && s->sum == s->total)
                *s = (struct slow_pieces){.n = 0};
            count[slow_note(s, offset, bytes, has_more)]++;
            t += MS;
            pavo_frags_step(f, p_piece_at(&p, t, A, B, id, offset, bytes, has_more), keep, NULL);
            assert_odd(f, count[PIECE_DUPLICATE], count[PIECE_OVERLAP], count[PIECE_LATE]);
        }
        pavo_frags_expire(f, UINT64_MAX, keep, NULL);
        assert_int_equal(n_out, count[0] + count[1] + count[2] + count[3]);
        pavo_frags_close(f);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_join_in_any_order),
        cmocka_unit_test(nested_fragments_join_in_any_order),
        cmocka_unit_test(tenants_do_not_mix),
        cmocka_unit_test(a_new_first_piece_replaces_the_old),
        cmocka_unit_test(orphans_are_a_flow_by_their_id),
        cmocka_unit_test(the_outer_pieces_of_an_orphan_follow_it),
        cmocka_unit_test(a_full_memory_forgets_the_oldest),
        cmocka_unit_test(without_places_to_wait_nothing_waits),
        cmocka_unit_test(all_headers_of_a_frame_have_one_receiver),
        cmocka_unit_test(every_packet_comes_out_once_whatever_comes_in),
        cmocka_unit_test(odd_pieces_are_counted_and_stay_in_their_flow),
        cmocka_unit_test(a_first_piece_that_comes_last_is_late),
        cmocka_unit_test(an_id_that_is_used_again_repeats_nothing),
        cmocka_unit_test(tiny_pieces_are_counted),
        cmocka_unit_test(a_carrier_that_waits_is_not_late),
        cmocka_unit_test(odd_pieces_are_counted_as_by_a_memory_without_bounds),
    };

    return cmocka_run_group_tests_name("frag", tests, NULL, NULL);
}
