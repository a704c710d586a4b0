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
    const struct CMUnitTest tests[] = {cmocka_unit_test(this_machine_has_processors)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

#ifdef PAVO_HAVE_HWLOC /* recorded machines are hwloc's */
    failed += T_RUN_TABLE(cases, is_placed);
#else
    (void)cases;
    (void)is_placed;
#endif
    return failed;
}
