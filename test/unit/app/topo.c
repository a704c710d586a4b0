/* topo.c - who runs where, on machines that were recorded */
#include "topo.h"
#include "t.h"

static const struct place_case {
    const char *says, *machine, *cores;
    unsigned n;
    int nodes[8]; /* of the devices */
    unsigned sources[8];
    bool may_float, smt;
    const char *expects; /* processors; NULL: refused */
} cases[] = {
    {.says = "one worker that sleeps is not pinned",
     .machine = "core:4 pu:1",
     .cores = "auto",
     .n = 1,
     .nodes = {-1},
     .may_float = true,
     .expects = "-1"},
    {.says = "one worker that polls is, off the first core",
     .machine = "core:4 pu:1",
     .cores = "auto",
     .n = 1,
     .nodes = {-1},
     .expects = "1"},
    {.says = "workers get a core each, the first is left to the system",
     .machine = "core:4 pu:1",
     .cores = "auto",
     .n = 3,
     .nodes = {-1, -1, -1},
     .expects = "1 2 3"},
    {.says = "with as many workers as cores none is left, and the last takes the system's",
     .machine = "core:4 pu:1",
     .cores = "auto",
     .n = 4,
     .nodes = {-1, -1, -1, -1},
     .expects = "1 2 3 0"},
    {.says = "a core's second thread is the last choice, and then not the system's",
     .machine = "core:2 pu:2",
     .cores = "auto",
     .n = 3,
     .nodes = {-1, -1, -1},
     .expects = "2 0 3"},
    {.says = "workers go near their device",
     .machine = "numa:2 core:4 pu:1",
     .cores = "auto",
     .n = 2,
     .nodes = {1, 0},
     .expects = "4 1"},
    {.says = "a full node sends the rest to the other one",
     .machine = "numa:2 core:2 pu:1",
     .cores = "auto",
     .n = 3,
     .nodes = {1, 1, 1},
     .expects = "2 3 1"},
    {.says = "more workers than processors are not all pinned",
     .machine = "core:2 pu:1",
     .cores = "auto",
     .n = 3,
     .nodes = {-1, -1, -1},
     .expects = "-1 -1 -1"},
    {.says = "none pins nobody",
     .machine = "core:4 pu:1",
     .cores = "none",
     .n = 2,
     .nodes = {-1, -1},
     .expects = "-1 -1"},
    {.says = "a list is taken in its order",
     .machine = "core:4 pu:1",
     .cores = "3,0-1",
     .n = 3,
     .nodes = {-1, -1, -1},
     .expects = "3 0 1"},
    {.says = "a list may be longer than needed",
     .machine = "core:4 pu:1",
     .cores = "0-3",
     .n = 2,
     .nodes = {-1, -1},
     .expects = "0 1"},
    {.says = "a list that is too short is refused",
     .machine = "core:4 pu:1",
     .cores = "1",
     .n = 2,
     .nodes = {-1, -1}},
    {.says = "a core that is not there is refused",
     .machine = "core:4 pu:1",
     .cores = "1,4",
     .n = 2,
     .nodes = {-1, -1}},
    {.says = "two devices on one node take turns at its cores",
     .machine = "numa:2 core:4 pu:1",
     .cores = "auto",
     .n = 4,
     .nodes = {1, 1, 1, 1},
     .sources = {0, 0, 1, 1},
     .expects = "4 6 5 7"},
    {.says = "where a node is too small for two devices, each has as many of its cores",
     .machine = "numa:2 core:4 pu:1",
     .cores = "auto",
     .n = 6,
     .nodes = {1, 1, 1, 1, 1, 1},
     .sources = {0, 0, 0, 1, 1, 1},
     .expects = "4 6 1 5 7 2"},
    {.says = "a device that overflows takes no core near another one",
     .machine = "numa:2 core:3 pu:1",
     .cores = "auto",
     .n = 5,
     .nodes = {1, 1, 1, 1, 0},
     .sources = {0, 0, 0, 0, 1},
     .expects = "3 4 5 2 1"},
    {.says = "a socket's other node comes before another socket",
     .machine = "pack:2 numa:2 core:2 pu:1",
     .cores = "auto",
     .n = 3,
     .nodes = {3, 3, 3},
     .expects = "6 7 4"},
    {.says = "who polls nothing is near those who poll",
     .machine = "numa:2 core:4 pu:1",
     .cores = "auto",
     .n = 3,
     .nodes = {1, -1, -1},
     .sources = {0, 9, 9},
     .expects = "4 5 6"},
    {.says = "second hardware threads stay idle, even far from the device",
     .machine = "numa:2 core:2 pu:2",
     .cores = "auto",
     .n = 3,
     .nodes = {1, 1, 1},
     .expects = "4 6 2"},
    {.says = "with workers.smt they come before another node",
     .machine = "numa:2 core:2 pu:2",
     .cores = "auto",
     .n = 3,
     .nodes = {1, 1, 1},
     .smt = true,
     .expects = "4 6 5"},
    {.says = "a core that is named twice is refused",
     .machine = "core:4 pu:1",
     .cores = "1,1",
     .n = 2,
     .nodes = {-1, -1}},
};

static void
is_placed(void **state)
{
    const struct place_case *c = *state;
    struct topo *t = calloc(1, sizeof *t);
    struct topo_place places[8];
    struct topo_want wants[8];
    struct pavo_err err;
    char got[64] = "";

    assert_int_equal(topo_read(t, &(struct topo_from){.recorded = c->machine}, &err), 0);
    for (unsigned i = 0; i < 8; i++)
        wants[i] = (struct topo_want){.node = c->nodes[i], .source = c->sources[i]};
    if (!c->expects) {
        assert_true(
            topo_place_workers(t, c->cores, c->smt, c->n, wants, c->may_float, places, &err) < 0);
        assert_non_null(strstr(err.text, "workers.cores"));
        free(t);
        return;
    }
    assert_int_equal(
        topo_place_workers(t, c->cores, c->smt, c->n, wants, c->may_float, places, &err), 0);
    for (unsigned i = 0; i < c->n; i++) {
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d", i ? " " : "", places[i].pu);
        assert_true(strlen(places[i].why) > 5);
    }
    assert_string_equal(got, c->expects);
    free(t);
}

/* Processors that the export and the control thread get beside these workers, and queues that are
 * automatic for one device near node 'node'. */
static const struct other_case {
    const char *says, *machine, *isolated, *cores;
    unsigned n;
    int node;
    bool smt;
    const char *expects; /* export, control, queues */
} others[] = {
    {.says = "a core that no worker has, and the system's",
     .machine = "core:4 pu:1",
     .cores = "1-2",
     .n = 2,
     .node = -1,
     .expects = "3 0 3"},
    {.says = "the export thread is near the workers",
     .machine = "numa:2 core:4 pu:1",
     .cores = "4-5",
     .n = 2,
     .node = 1,
     .expects = "6 0 4"},
    {.says = "it shares the system's core when no other is free",
     .machine = "core:4 pu:1",
     .cores = "1-3",
     .n = 3,
     .node = -1,
     .expects = "0 0 3"},
    {.says = "not the second hardware thread of a worker's core",
     .machine = "core:3 pu:2",
     .cores = "2",
     .n = 1,
     .node = -1,
     .expects = "4 0 2"},
    {.says = "with a worker on every core neither is pinned",
     .machine = "core:2 pu:1",
     .cores = "0-1",
     .n = 2,
     .node = -1,
     .expects = "-1 -1 2"},
    {.says = "where no worker is pinned they are not",
     .machine = "core:4 pu:1",
     .cores = "none",
     .n = 2,
     .node = -1,
     .expects = "-1 -1 3"},
    {.says = "isolated cores are for workers alone, and count them",
     .machine = "core:8 pu:1",
     .isolated = "0,4-7",
     .cores = "4-5",
     .n = 2,
     .node = -1,
     .expects = "2 1 5"},
    {.says = "a larger machine keeps a core for the export thread",
     .machine = "core:16 pu:2",
     .cores = "auto",
     .n = 14,
     .node = -1,
     .expects = "30 0 14"},
    {.says = "a device on a node without allowed processors leaves the choice among all",
     .machine = "numa:2 core:4 pu:1",
     .cores = "1-2",
     .n = 2,
     .node = 7,
     .expects = "3 0 6"},
    {.says = "with workers.smt a core has two workers",
     .machine = "core:16 pu:2",
     .cores = "2-5",
     .n = 4,
     .node = -1,
     .smt = true,
     .expects = "6 0 28"},
};

static void
others_are_placed(void **state)
{
    const struct other_case *c = *state;
    struct topo *t = calloc(1, sizeof *t);
    struct topo_place places[16], export_place, control;
    struct topo_want wants[16];
    char root[] = "/tmp/pavo-topo-XXXXXX", got[64], command[200];
    struct pavo_err err;

    assert_non_null(mkdtemp(root));
    snprintf(command, sizeof command,
             "mkdir -p %s/devices/system/cpu && echo %s > %s/devices/system/cpu/isolated", root,
             c->isolated ? c->isolated : "", root);
    assert_int_equal(system(command), 0);
    assert_int_equal(topo_read(t, &(struct topo_from){.recorded = c->machine, .sys = root}, &err),
                     0);
    snprintf(command, sizeof command, "rm -rf %s", root);
    assert_int_equal(system(command), 0);
    for (unsigned i = 0; i < c->n; i++)
        wants[i] = (struct topo_want){.node = c->node};
    assert_int_equal(topo_place_workers(t, c->cores, c->smt, c->n, wants, false, places, &err), 0);
    topo_place_export(t, places, c->n, &export_place);
    topo_place_control(t, places, c->n, &control);
    snprintf(got, sizeof got, "%d %d %u", export_place.pu, control.pu,
             topo_auto_queues(t, c->smt, &c->node, 1));
    assert_string_equal(got, c->expects);
    assert_true(strlen(export_place.why) > 5 && strlen(control.why) > 5);
    free(t);
}

/* The largest machine that is read, full of workers: every worker
 * gets a processor of its own. */
static void
a_large_machine_is_filled(void **state)
{
    enum { N = 128 };
    struct topo *t = calloc(1, sizeof *t);
    struct topo_place places[N];
    struct topo_want wants[N];
    struct pavo_err err;

    assert_int_equal(
        topo_read(t, &(struct topo_from){.recorded = "pack:2 numa:4 core:64 pu:2"}, &err), 0);
    assert_int_equal(t->n_pus, TOPO_MAX);
    for (unsigned i = 0; i < N; i++)
        wants[i] = (struct topo_want){.node = (int)(i % 8), .source = i % 8};
    assert_int_equal(topo_place_workers(t, "auto", false, N, wants, false, places, &err), 0);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(places[i].node, i % 8);
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(places[i].pu, places[j].pu);
    }
    free(t);
}

/* A run that moved its main thread away from its workers must not lessen the next run's choice. */
static void
a_second_run_has_as_many(void **state)
{
    const struct topo_from from = {.sys = "/sys"};
    struct topo *t = calloc(1, sizeof *t);
    struct topo_place place = {.pu = 0};
    struct pavo_err err;
    unsigned n;

    assert_int_equal(topo_read(t, &from, &err), 0);
    n = t->n_pus;
    place.pu = (int)t->pus[0].os;
    topo_avoid(t, &place, 1);
    assert_int_equal(topo_read(t, &from, &err), 0);
    assert_int_equal(t->n_pus, n);
    free(t);
}

static void
this_machine_has_processors(void **state)
{
    struct topo *t = calloc(1, sizeof *t);
    struct pavo_err err;

    assert_int_equal(topo_read(t, &(struct topo_from){.sys = "/sys", .with_nics = true}, &err), 0);
    assert_true(t->n_pus >= 1 && t->n_cores >= 1);
    assert_true(topo_read(t, &(struct topo_from){.recorded = "no such machine"}, &err) < 0);
    assert_true(strlen(err.text) > 0);
    free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(this_machine_has_processors),
                                       cmocka_unit_test(a_second_run_has_as_many)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

#ifdef PAVO_HAVE_HWLOC /* recorded machines are hwloc's */
    const struct CMUnitTest recorded[] = {cmocka_unit_test(a_large_machine_is_filled)};

    failed += T_RUN_TABLE(cases, is_placed);
    failed += T_RUN_TABLE(others, others_are_placed);
    failed += cmocka_run_group_tests(recorded, NULL, NULL);
#else
    (void)cases;
    (void)is_placed;
    (void)others;
    (void)others_are_placed;
    (void)a_large_machine_is_filled;
#endif
    return failed;
}
