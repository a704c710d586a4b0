/* dpdk_rss.c - which rules a NIC is asked for, and what becomes of a refusal
 *
 * The NIC is made here: its rte_flow_*() take the place of the library's.
 */
#include "t.h"

#include <rte_ethdev.h>
#include <rte_flow.h>

#include "dpdk_rss.h"

enum { PORT = 3, KEY_BYTES = 40 };

static const uint8_t key[KEY_BYTES] = {0x6d, 0x5a, 0x6d, 0x5a};

/* What this NIC is like, and what it was asked. */
static struct {
    bool has_rules, has_inner, takes_key, has_function;
    enum rte_flow_item_type only; /* of tunnels; END: all */
    unsigned longest;             /* list of queues */
    bool create_fails;
    uint64_t refuses; /* type of hash */
    unsigned live;
    bool is_wrong; /* it was asked for something that makes no sense */
} nic;
static char rule[RSS_RULES_MAX * 4];

static bool
is_taken(const struct rte_flow_item *items, const struct rte_flow_action_rss *rss)
{
    bool is_tunnel = false, is_only = nic.only == RTE_FLOW_ITEM_TYPE_END;

    for (; items->type != RTE_FLOW_ITEM_TYPE_END; items++) {
        is_tunnel = is_tunnel || items->type == RTE_FLOW_ITEM_TYPE_VXLAN ||
                    items->type == RTE_FLOW_ITEM_TYPE_GENEVE ||
                    items->type == RTE_FLOW_ITEM_TYPE_GTPU || items->type == RTE_FLOW_ITEM_TYPE_GRE;
        is_only = is_only || items->type == nic.only;
    }
    nic.is_wrong =
        nic.is_wrong || is_tunnel != (rss->level == 2) || rss->types == 0 || rss->queue_num == 0;
    for (unsigned i = 0; i < rss->queue_num; i++)
        nic.is_wrong = nic.is_wrong || rss->queue[i] != i % 4;
    if (rss->types == nic.refuses)
        return false;
    if (!nic.has_rules || rss->queue_num > nic.longest ||
        (is_tunnel && !(nic.has_inner && is_only)))
        return false;
    return rss->func == RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ
               ? nic.has_function
               : nic.takes_key && rss->key == key && rss->key_len == KEY_BYTES;
}

int
rte_flow_validate(uint16_t port, const struct rte_flow_attr *attr,
                  const struct rte_flow_item items[], const struct rte_flow_action actions[],
                  struct rte_flow_error *error)
{
    nic.is_wrong = nic.is_wrong || port != PORT || !attr->ingress ||
                   actions[0].type != RTE_FLOW_ACTION_TYPE_RSS ||
                   actions[1].type != RTE_FLOW_ACTION_TYPE_END;
    return is_taken(items, actions[0].conf) ? 0 : -ENOTSUP;
}

struct rte_flow *
rte_flow_create(uint16_t port, const struct rte_flow_attr *attr, const struct rte_flow_item items[],
                const struct rte_flow_action actions[], struct rte_flow_error *error)
{
    if (nic.create_fails || !is_taken(items, actions[0].conf))
        return NULL;
    return (struct rte_flow *)(void *)&rule[nic.live++];
}

int
rte_flow_destroy(uint16_t port, struct rte_flow *flow, struct rte_flow_error *error)
{
    nic.live--;
    return 0;
}

static struct dpdk_rss_rules rules;
static char words[64];

static const char *
inner(void)
{
    dpdk_rss_inner(&rules, PORT, 4, key, KEY_BYTES, words, sizeof words);
    assert_false(nic.is_wrong);
    assert_int_equal(rules.n, nic.live);
    return words;
}

static void
close_rules(void)
{
    dpdk_rss_close(&rules, PORT);
    assert_int_equal(nic.live, 0);
    assert_int_equal(rules.n, 0);
}

static void
tunnels_that_the_nic_takes(void **state)
{
    nic.has_rules = nic.has_inner = nic.takes_key = true;
    nic.longest = 128;
    nic.only = RTE_FLOW_ITEM_TYPE_END;
    assert_string_equal(inner(), "vxlan geneve gtpu gre");
    close_rules();
    nic.only = RTE_FLOW_ITEM_TYPE_GENEVE;
    assert_string_equal(inner(), "geneve");
    close_rules();
    nic.longest = 4; /* each queue once says the same */
    assert_string_equal(inner(), "geneve");
    close_rules();
    nic.longest = 3;
    assert_string_equal(inner(), "");
    nic.longest = 128;
    nic.create_fails = true;
    assert_string_equal(inner(), "");
    nic.create_fails = nic.has_inner = false;
    assert_string_equal(inner(), "");
    nic.has_rules = false;
    assert_string_equal(inner(), "");
}

static void
key_then_function_then_nothing(void **state)
{
    nic.has_rules = nic.takes_key = nic.has_function = true;
    nic.longest = 128;
    nic.only = RTE_FLOW_ITEM_TYPE_END;
    assert_int_equal(dpdk_rss_plain(&rules, PORT, 4, key, KEY_BYTES), RSS_RULE_KEY);
    assert_int_equal(nic.live, 4); /* TCP and UDP of both IPs */
    close_rules();
    nic.takes_key = false;
    assert_int_equal(dpdk_rss_plain(&rules, PORT, 4, key, KEY_BYTES), RSS_RULE_FUNCTION);
    close_rules();
    nic.has_function = false;
    assert_int_equal(dpdk_rss_plain(&rules, PORT, 4, key, KEY_BYTES), RSS_RULE_NONE);
    assert_false(nic.is_wrong);
}

static void
half_a_hash_is_none(void **state)
{
    nic.has_rules = nic.takes_key = true;
    nic.has_function = false;
    nic.longest = 128;
    nic.only = RTE_FLOW_ITEM_TYPE_END;
    nic.refuses = RTE_ETH_RSS_NONFRAG_IPV6_UDP; /* the last one */
    assert_int_equal(dpdk_rss_plain(&rules, PORT, 4, key, KEY_BYTES), RSS_RULE_NONE);
    assert_int_equal(nic.live, 0);
    nic.refuses = 0;
    nic.create_fails = true;
    assert_int_equal(dpdk_rss_plain(&rules, PORT, 4, key, KEY_BYTES), RSS_RULE_NONE);
    assert_int_equal(nic.live, 0);
    nic.create_fails = false;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"tunnels are spread by what is inside as far as the NIC takes it",
         tunnels_that_the_nic_takes, NULL, NULL, NULL},
        {"the symmetric key is asked for first, then a function, then it is left alone",
         key_then_function_then_nothing, NULL, NULL, NULL},
        {"rules that could not all be made are taken back", half_a_hash_is_none, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
