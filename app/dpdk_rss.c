/* dpdk_rss.c - RSS that the plain configuration of a port does not have, by rules (rte_flow)
 *
 * A rule is a row of headers that a packet has, and how such packets are spread. Its list of queues
 * has as many entries as the table of owners, so that it says the same; a NIC that takes no list so
 * long gets each queue once, which is the same for a power of two of queues.
 */
#include "dpdk_rss.h"

#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_flow.h>

enum {
    TABLE = 128, /* owners: docs/architecture.md */
    HEADERS_MAX = 6,
    INNER = 2, /* level of rte_flow's RSS: 1 is outermost */
};

#define ETH  RTE_FLOW_ITEM_TYPE_ETH
#define IP4  RTE_FLOW_ITEM_TYPE_IPV4
#define IP6  RTE_FLOW_ITEM_TYPE_IPV6
#define UDP  RTE_FLOW_ITEM_TYPE_UDP
#define TCP  RTE_FLOW_ITEM_TYPE_TCP
#define LAST RTE_FLOW_ITEM_TYPE_END

struct rss_row {
    const char *word;
    enum rte_flow_item_type headers[HEADERS_MAX];
    uint64_t types;
};

static const uint64_t inner_types = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;

static const struct rss_row tunnels[] = {
    {"vxlan", {ETH, IP4, UDP, RTE_FLOW_ITEM_TYPE_VXLAN, LAST}, inner_types},
    {"vxlan", {ETH, IP6, UDP, RTE_FLOW_ITEM_TYPE_VXLAN, LAST}, inner_types},
    {"geneve", {ETH, IP4, UDP, RTE_FLOW_ITEM_TYPE_GENEVE, LAST}, inner_types},
    {"geneve", {ETH, IP6, UDP, RTE_FLOW_ITEM_TYPE_GENEVE, LAST}, inner_types},
    {"gtpu", {ETH, IP4, UDP, RTE_FLOW_ITEM_TYPE_GTPU, LAST}, inner_types},
    {"gtpu", {ETH, IP6, UDP, RTE_FLOW_ITEM_TYPE_GTPU, LAST}, inner_types},
    {"gre", {ETH, IP4, RTE_FLOW_ITEM_TYPE_GRE, LAST}, inner_types},
    {"gre", {ETH, IP6, RTE_FLOW_ITEM_TYPE_GRE, LAST}, inner_types},
};

static const struct rss_row plain[] = {
    {"", {ETH, IP4, TCP, LAST}, RTE_ETH_RSS_NONFRAG_IPV4_TCP},
    {"", {ETH, IP4, UDP, LAST}, RTE_ETH_RSS_NONFRAG_IPV4_UDP},
    {"", {ETH, IP6, TCP, LAST}, RTE_ETH_RSS_NONFRAG_IPV6_TCP},
    {"", {ETH, IP6, UDP, LAST}, RTE_ETH_RSS_NONFRAG_IPV6_UDP},
};

/* Makes a rule if the NIC takes it. */
static bool
rule_add(struct dpdk_rss_rules *r, uint16_t port, const struct rss_row *row,
         struct rte_flow_action_rss rss)
{
    const struct rte_flow_attr attr = {.ingress = 1};
    struct rte_flow_item items[HEADERS_MAX];
    const struct rte_flow_action actions[] = {
        {.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &rss},
        {.type = RTE_FLOW_ACTION_TYPE_END},
    };
    struct rte_flow_error error;

    if (r->n == RSS_RULES_MAX)
        return false;
    memset(items, 0, sizeof items);
    for (unsigned i = 0; i < HEADERS_MAX; i++)
        items[i].type = row->headers[i];
    rss.types = row->types;
    if (rte_flow_validate(port, &attr, items, actions, &error) != 0)
        return false;
    r->rules[r->n] = rte_flow_create(port, &attr, items, actions, &error);
    return r->rules[r->n] && ++r->n;
}

/* The same with the whole table, or, if that says the same, with each queue once. */
static bool
rule_spread(struct dpdk_rss_rules *r, uint16_t port, unsigned n_queues, const struct rss_row *row,
            struct rte_flow_action_rss rss)
{
    uint16_t queues[TABLE];

    for (unsigned i = 0; i < TABLE; i++)
        queues[i] = (uint16_t)(i % n_queues);
    rss.queue = queues;
    rss.queue_num = TABLE;
    if (rule_add(r, port, row, rss))
        return true;
    rss.queue_num = n_queues;
    return TABLE % n_queues == 0 && rule_add(r, port, row, rss);
}

void
dpdk_rss_inner(struct dpdk_rss_rules *r, uint16_t port, unsigned n_queues, const uint8_t *key,
               unsigned key_bytes, char *words, size_t size)
{
    const struct rte_flow_action_rss rss = {
        .func = RTE_ETH_HASH_FUNCTION_TOEPLITZ,
        .level = INNER,
        .key = key,
        .key_len = key_bytes,
    };
    const char *last = "";
    size_t n = 0;

    words[0] = '\0';
    for (size_t i = 0; i < sizeof tunnels / sizeof tunnels[0]; i++) {
        if (!rule_spread(r, port, n_queues, &tunnels[i], rss) || strcmp(last, tunnels[i].word) == 0)
            continue;
        last = tunnels[i].word;
        n += (size_t)snprintf(words + n, size - n, "%s%s", n ? " " : "", last);
    }
}

enum dpdk_rss_kind
dpdk_rss_plain(struct dpdk_rss_rules *r, uint16_t port, unsigned n_queues, const uint8_t *key,
               unsigned key_bytes)
{
    const struct rte_flow_action_rss ways[] = {
        {.func = RTE_ETH_HASH_FUNCTION_TOEPLITZ, .key = key, .key_len = key_bytes},
        {.func = RTE_ETH_HASH_FUNCTION_SYMMETRIC_TOEPLITZ},
    };
    const enum dpdk_rss_kind kinds[] = {RSS_RULE_KEY, RSS_RULE_FUNCTION};

    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
        bool all = true;

        for (size_t i = 0; all && i < sizeof plain / sizeof plain[0]; i++)
            all = rule_spread(r, port, n_queues, &plain[i], ways[way]);
        if (all)
            return kinds[way];
        dpdk_rss_close(r, port); /* some of it would only mix two hashes */
    }
    return RSS_RULE_NONE;
}

void
dpdk_rss_close(struct dpdk_rss_rules *r, uint16_t port)
{
    struct rte_flow_error error;

    while (r->n > 0)
        (void)rte_flow_destroy(port, r->rules[--r->n], &error);
}
