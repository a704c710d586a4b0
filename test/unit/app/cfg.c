/* cfg.c - the configuration: values with units, errors that help, what several keys mean together
 */
#include "cfg_table.h"
#include "t.h"

enum { MS = 1000000, S = 1000000000 };

/* All that was complained about, a line each. */
static char said[16384];

static void
complain(void *ctx, const char *sentence)
{
    const size_t n = strlen(said);

    snprintf(said + n, sizeof said - n, "%s\n", sentence);
}

static struct cfg *
fresh(void)
{
    struct pavo_err err;
    struct cfg *c = cfg_open(&err);

    assert_non_null(c);
    said[0] = '\0';
    return c;
}

/* Texts that are wrong, and what must be said about them. */
static const struct wrong_case {
    const char *says, *text, *expects;
} wrong[] = {
    {"text that is no JSON names line and column", "{\n \"flow\": }", "f.json:2:"},
    {"a configuration is an object", "[]", "f.json: is a list; a configuration is an object"},
    {"an unknown key offers the nearest", "{\n\n\"flow\": { \"limti\": 5000 } }",
     "f.json:3: flow.limti: there is no such key; did you mean flow.limit"},
    {"an unknown group offers the nearest", "{ \"flwo\": {} }", "did you mean flow."},
    {"a key that is like nothing offers nothing", "{ \"zzzzzzzzzzzzzzzz\": 1 }",
     "there is no such key\n"},
    {"the right word in the wrong group is found", "{ \"capture\": { \"active\": \"5s\" } }",
     "did you mean flow.active"},
    {"a time needs a unit", "{ \"flow\": { \"active\": 60 } }",
     "flow.active: \"60\" is not a time with its unit"},
    {"a size needs a unit", "{ \"capture\": { \"buffer\": \"64\" } }",
     "capture.buffer: \"64\" is not a size"},
    {"an unknown unit is refused", "{ \"flow\": { \"active\": \"5min\" } }",
     "\"5min\" is not a time"},
    {"a number that wraps is too large", "{ \"flow\": { \"active\": \"99999999999999999999s\" } }",
     "is too large"},
    {"a product that wraps is too large", "{ \"flow\": { \"active\": \"99999999999999999d\" } }",
     "is too large"},
    {"the least is named", "{ \"capture\": { \"burst\": 0 } }",
     "capture.burst: 0 is too little; the least is 1"},
    {"the most is named", "{ \"capture\": { \"burst\": 65 } }",
     "capture.burst: 65 is too large; the most is 64"},
    {"a negative number is refused", "{ \"capture\": { \"burst\": -1 } }",
     "\"-1\" is not a whole number"},
    {"a fraction is refused", "{ \"capture\": { \"burst\": 1.5 } }", "a fraction stands here"},
    {"true is no number", "{ \"capture\": { \"burst\": true } }", "true or false stands here"},
    {"1 is not true", "{ \"capture\": { \"promiscuous\": 1 } }", "it takes true or false"},
    {"a name is a text", "{ \"observer\": { \"name\": 5 } }",
     "observer.name: a number stands here; it takes a text in quotes"},
    {"a word is one of its words", "{ \"capture\": { \"backend\": \"pcapp\" } }",
     "\"pcapp\" is not one of: pcap dpdk"},
    {"a group takes an object", "{ \"flow\": 5 }", "flow: is a group of keys such as flow.limit"},
    {"a list takes a list", "{ \"export\": \"-\" }", "export: a text stands here; it takes a list"},
    {"a part of a list that is unknown", "{ \"export\": [ { \"to\": \"a\", \"rotat\": \"5s\" } ] }",
     "export[0].rotat: there is no such key; did you mean rotate"},
    {"a part in the second entry has its line",
     "{ \"export\": [ \"-\",\n { \"to\": \"a\",\n\"rotate\": 5 } ] }",
     "f.json:3: export[1].rotate:"},
    {"a device needs a name", "{ \"capture\": { \"devices\": [ { \"queues\": 2 } ] } }",
     "has no \"device\""},
    {"a port is 1 to 65535", "{ \"decap\": { \"udp\": { \"vxlan\": [ 4789, 0 ] } } }",
     "entry 2 is not a UDP port"},
    {"FOU needs a protocol", "{ \"decap\": { \"udp\": { \"fou\": [ 5555 ] } } }",
     "entry 1 is not a port and a protocol"},
    {"FOU carries no TCP", "{ \"decap\": { \"udp\": { \"fou\": [ \"5555/6\" ] } } }",
     "protocol 6 can't follow FOU"},
    {"a key twice is an error", "{ \"flow\": { \"limit\": 2000, \"limit\": 3000 } }", "f.json:1:"},
    {"a flag is one of its words", "{ \"flow\": { \"key\": [ \"vlan\", \"vlna\" ] } }",
     "\"vlna\" is not one of: vlan tunnel interface mac"},
};

static void
is_refused(void **state)
{
    const struct wrong_case *t = *state;
    struct cfg *c = fresh();
    const int bad = cfg_read_text(c, t->text, strlen(t->text), "f.json", complain, NULL);

    assert_true(bad > 0);
    if (!strstr(said, t->expects))
        fail_msg("expected '%s' in:\n%s", t->expects, said);
    cfg_close(c);
}

/* Checks over several keys. */
static const struct finish_case {
    const char *says, *text, *expects; /* NULL: all is well */
} finish[] = {
    {"the defaults are good", "{}", NULL},
    {"files and NICs exclude each other",
     "{\"capture\":{\"files\":[\"a\"],\"devices\":[\"eth0\"]}}", "not both"},
    {"standard input is read once", "{\"capture\":{\"files\":[\"-\",\"-\"]}}", "only once"},
    {"a NIC is named once", "{\"capture\":{\"devices\":[\"eth0\",\"eth0\"]}}", "named twice"},
    {"a format is known", "{\"export\":[{\"format\":\"xml\",\"to\":\"a\"}]}",
     "there is no format \"xml\""},
    {"standard output is not rotated", "{\"export\":[{\"to\":\"-\",\"rotate\":\"5m\"}]}",
     "can't be rotated"},
    {"two sinks have two targets", "{\"export\":[\"json:a\",\"csv:file:a\"]}",
     "target of two sinks"},
    {"two sinks may share a device", "{\"export\":[\"json:/dev/null\",\"csv:/dev/null\"]}", NULL},
    {"URLs are refused by name", "{\"export\":[\"json:tcp://a:1\"]}", "writes to files"},
    {"cores are a list", "{\"workers\":{\"cores\":\"2-\"}}", "neither auto nor none nor a list"},
    {"cores may be a list", "{\"workers\":{\"cores\":\"2-5,8\"}}", NULL},
    {"a jump is more than disorder", "{\"flow\":{\"grace\":\"2s\",\"jump_back\":\"1s\"}}",
     "disorder would be a jump"},
    {"dpdk reads no files", "{\"capture\":{\"backend\":\"dpdk\",\"files\":[\"a\"]}}", "net_pcap0"},
};

static void
is_checked_together(void **state)
{
    const struct finish_case *t = *state;
    struct cfg *c = fresh();

    assert_int_equal(cfg_read_text(c, t->text, strlen(t->text), "f.json", complain, NULL), 0);
    if (t->expects) {
        assert_true(cfg_finish(c, complain, NULL) > 0);
        if (!strstr(said, t->expects))
            fail_msg("expected '%s' in:\n%s", t->expects, said);
    } else {
        assert_int_equal(cfg_finish(c, complain, NULL), 0);
    }
    cfg_close(c);
}

static void
every_default_is_in_range(void **state)
{
    struct cfg *c = fresh();

    assert_int_equal(c->flow.limit, 262144);
    assert_true(c->flow.timeouts.idle_tcp == UINT64_C(300) * S);
    assert_true(c->flow.timeouts.grace == S);
    assert_int_equal(c->capture.snaplen, 1024);
    assert_int_equal(c->capture.burst, 64);
    assert_int_equal(c->workers.count, 0);
    assert_int_equal(c->capture.dpdk.memory_mb, 256);
    assert_int_equal(c->flow.key, PAVO_KEY_DEFAULT);
    /* Each default, set once more, is taken. */
    for (const struct cfg_key *k = cfg_keys; k->name; k++) {
        char line[256];

        if (!k->fallback)
            continue;
        snprintf(line, sizeof line, "%s=%s", k->name, k->fallback);
        assert_int_equal(cfg_set(c, line, complain, NULL), 0);
    }
    assert_int_equal(c->flow.key, PAVO_KEY_DEFAULT);
    cfg_close(c);
}

static void
defaults_of_ports_are_the_decoders(void **state)
{
    struct pavo_decap_config fresh_ports;
    struct cfg *c = fresh();

    pavo_decap_config_init(&fresh_ports);
    for (const struct cfg_key *k = cfg_keys; k->name; k++) {
        char line[256];

        if (k->type != CFG_PORTS)
            continue;
        snprintf(line, sizeof line, "%s=%s", k->name, k->fallback);
        assert_int_equal(cfg_set(c, line, complain, NULL), 0);
    }
    assert_memory_equal(c->decap, &fresh_ports, sizeof fresh_ports);
    assert_int_equal(cfg_set(c, "decap.udp.vxlan=4789,8473", complain, NULL), 0);
    assert_int_equal(c->decap->udp_step[8473], c->decap->udp_step[4789]);
    assert_int_equal(cfg_set(c, "decap.udp.vxlan=[8472]", complain, NULL), 0);
    assert_int_equal(c->decap->udp_step[4789], 0);
    assert_int_equal(cfg_set(c, "decap.udp.otv=8472", complain, NULL), 0);
    assert_int_not_equal(c->decap->udp_step[8472], 0);
    assert_int_equal(cfg_set(c, "decap.udp.otv=[]", complain, NULL), 0);
    assert_int_equal(c->decap->udp_step[8472], 0);
    cfg_close(c);
}

static void
cookies_and_the_port_of_stt_reach_the_decoder(void **state)
{
    struct pavo_decap_config expected;
    struct cfg *c = fresh();

    pavo_decap_config_init(&expected);
    assert_int_equal(cfg_finish(c, complain, NULL), 0);
    assert_memory_equal(c->decap, &expected, sizeof expected);
    assert_int_equal(cfg_set(c, "decap.l2tpv3.cookie=8", complain, NULL), 0);
    assert_int_equal(cfg_set(c, "decap.stt.port=0", complain, NULL), 0);
    assert_int_equal(cfg_finish(c, complain, NULL), 0);
    assert_int_equal(c->decap->l2tpv3_words, 0x0c);
    assert_int_equal(c->decap->stt_port, 65536);
    assert_true(cfg_set(c, "decap.l2tpv3.cookie=5", complain, NULL) > 0);
    assert_true(cfg_set(c, "decap.stt.port=65536", complain, NULL) > 0);
    assert_true(pavo_decap_l2tpv3(c->decap, 5) < 0);
    assert_int_equal(cfg_set(c, "decap.esp_null=true", complain, NULL), 0);
    assert_int_equal(cfg_finish(c, complain, NULL), 0);
    assert_true(c->decap->esp_null);
    cfg_close(c);
}

static void
values_are_what_was_written(void **state)
{
    static const char text[] = "{ \"observer\": { \"name\": \"n\", \"domain\": 7 }, \"capture\": { "
                               "\"devices\": [ \"eth0\", { \"device\": \"b\", "
                               "\"queues\": \"auto\", \"descriptors\": 512 } ], \"buffer\": "
                               "\"2MiB\" }, \"flow\": { \"limit\": \"4M\", \"active\": "
                               "\"1500ms\", \"key\": [ \"mac\", \"interface\" ] }, \"export\": [ "
                               "\"json:x\", { \"to\": \"file:y.csv\", \"rotate\": "
                               "\"5m\", \"rotate_size\": \"1GB\" }, \"a:b\" ] }";
    struct cfg *c = fresh();

    assert_int_equal(cfg_read_text(c, text, strlen(text), "f.json", complain, NULL), 0);
    assert_int_equal(cfg_finish(c, complain, NULL), 0);
    assert_string_equal(c->observer.name, "n");
    assert_int_equal(c->observer.domain, 7);
    assert_int_equal(c->capture.n_devices, 2);
    assert_string_equal(c->capture.devices[0].device, "eth0");
    assert_int_equal(c->capture.devices[1].queues, 0);
    assert_int_equal(c->capture.devices[1].descriptors, 512);
    assert_true(c->capture.buffer_bytes == 2 << 20);
    assert_int_equal(c->flow.limit, 4000000);
    assert_true(c->flow.timeouts.active == UINT64_C(1500) * MS);
    assert_int_equal(c->flow.key, PAVO_KEY_MAC | PAVO_KEY_INTERFACE);
    assert_int_equal(c->n_sinks, 3);
    assert_string_equal(c->sinks[0].format, "json");
    assert_string_equal(c->sinks[0].to, "x");
    assert_null(c->sinks[1].format);
    assert_true(c->sinks[1].rotate_ns == UINT64_C(300) * S && c->sinks[1].rotate_bytes == S);
    assert_null(c->sinks[2].format); /* "a" is no format: the colon is part of the path */
    assert_string_equal(c->sinks[2].to, "a:b");
    /* The command line over it. */
    assert_int_equal(cfg_set(c, "flow.limit=5000", complain, NULL), 0);
    assert_int_equal(c->flow.limit, 5000);
    assert_int_equal(cfg_set(c, "flow.key=vlan", complain, NULL), 0);
    assert_int_equal(c->flow.key, PAVO_KEY_VLAN);
    assert_int_equal(cfg_set(c, "flow.limit", complain, NULL), 1);
    assert_int_equal(cfg_set(c, "flow.limits=5", complain, NULL), 1);
    assert_non_null(strstr(said, "did you mean flow.limit"));
    cfg_close(c);
}

static void
all_errors_are_reported(void **state)
{
    static const char text[] = "{ \"a\": 1, \"b\": 2, \"flow\": { \"limit\": 1, \"c\": 3 }, "
                               "\"capture\": { \"burst\": 99 } }";
    struct cfg *c = fresh();
    unsigned lines = 0;

    assert_int_equal(cfg_read_text(c, text, strlen(text), "f.json", complain, NULL), 5);
    for (const char *at = said; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 5);
    cfg_close(c);
}

static void
a_thousand_errors_end(void **state)
{
    char *text = malloc(40000), *at = text;
    struct cfg *c = fresh();

    at += sprintf(at, "{");
    for (unsigned i = 0; i < 1000; i++)
        at += sprintf(at, "%s\"x%u\": 1", i ? "," : "", i);
    sprintf(at, "}");
    assert_true(cfg_read_text(c, text, strlen(text), "f.json", complain, NULL) > 100);
    assert_non_null(strstr(said, "and more"));
    free(text);
    cfg_close(c);
}

static void
cores_add(void *ctx, unsigned core)
{
    *(unsigned *)ctx = *(unsigned *)ctx * 10 + core;
}

static void
core_lists_are_read(void **state)
{
    unsigned sum = 0;

    assert_int_equal(cfg_core_list("1-3,8", cores_add, &sum), 0);
    assert_int_equal(sum, 1238);
    assert_int_equal(cfg_core_list("3-1", NULL, NULL), -1);
    assert_int_equal(cfg_core_list("1,", NULL, NULL), -1);
    assert_int_equal(cfg_core_list("1-", NULL, NULL), -1);
    assert_int_equal(cfg_core_list("-1", NULL, NULL), -1);
    assert_int_equal(cfg_core_list("99999", NULL, NULL), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_is_in_range),
        cmocka_unit_test(defaults_of_ports_are_the_decoders),
        cmocka_unit_test(cookies_and_the_port_of_stt_reach_the_decoder),
        cmocka_unit_test(values_are_what_was_written),
        cmocka_unit_test(all_errors_are_reported),
        cmocka_unit_test(a_thousand_errors_end),
        cmocka_unit_test(core_lists_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) + T_RUN_TABLE(wrong, is_refused) +
           T_RUN_TABLE(finish, is_checked_together);
}
