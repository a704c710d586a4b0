/* dpdk_spread.c - how a NIC spreads packets over its queues: what is asked for, what is believed
 *
 * The owner of a flow is computed in software, so all of this only saves the way from worker to
 * worker (docs/decisions/0017-spreading-and-watching.md).
 */
#include "dpdk_spread.h"

#include <string.h>

#include "log.h"

enum {
    RETA_GROUPS = 32, /* of 64 entries */
    PAVO_RETA =
        128, /* owners of flows are computed with a table of this size: docs/architecture.md */
};

/* The key that makes both directions of a flow hash alike, as long as any NIC wants it (40 or 52
 * bytes). */
static const uint8_t symmetric_key[64] = {
#define KEY8 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a, 0x6d, 0x5a
    KEY8, KEY8, KEY8, KEY8, KEY8, KEY8, KEY8, KEY8,
#undef KEY8
};
static const uint64_t rss_wanted =
    RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP;
/* Without these the hash of the NIC is not over the fields that pavo's own is over. */
static const uint64_t rss_needed = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP |
                                   RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;

bool
dpdk_spread_can(const struct dpdk_port *p, const struct rte_eth_dev_info *info)
{
    return p->rss != RSS_OFF && info->flow_type_rss_offloads & rss_wanted &&
           info->hash_key_size <= sizeof symmetric_key;
}

struct rte_eth_rss_conf
dpdk_spread_conf(const struct dpdk_port *p, const struct rte_eth_dev_info *info)
{
    return (struct rte_eth_rss_conf){
        .rss_key = p->rss == RSS_TRUST ? NULL : (uint8_t *)(uintptr_t)symmetric_key,
        .rss_key_len = info->hash_key_size ? info->hash_key_size : 40,
        .rss_hf = rss_wanted & info->flow_type_rss_offloads,
    };
}

/* Does the NIC really use our key over our fields? Only then its hash may stand for ours. */
static bool
rss_is_ours(const struct dpdk_port *p)
{
    uint8_t key[64] = {0};
    struct rte_eth_rss_conf conf = {.rss_key = key, .rss_key_len = sizeof key};

    if (rte_eth_dev_rss_hash_conf_get(p->id, &conf) != 0)
        return false;
    return (conf.rss_hf & rss_needed) == rss_needed && memcmp(key, symmetric_key, 40) == 0;
}

/* The same table that says which worker owns a flow, as far as the NIC's has the same size. */
static bool
reta_set(const struct dpdk_port *p, unsigned size)
{
    struct rte_eth_rss_reta_entry64 reta[RETA_GROUPS];
    int rc;

    if (size == 0 || size > RETA_GROUPS * 64)
        return false;
    memset(reta, 0, sizeof reta);
    for (unsigned i = 0; i < size; i++) {
        reta[i / 64].mask |= UINT64_C(1) << (i % 64);
        reta[i / 64].reta[i % 64] = (uint16_t)(i % PAVO_RETA % p->n_queues);
    }
    rc = rte_eth_dev_rss_reta_update(p->id, reta, (uint16_t)size);
    if (rc != 0)
        log_debug("%s: the redirection table could not be set: %s", p->name, strerror(-rc));
    /* A shorter table says the same if its end and ours meet. */
    return rc == 0 && (size % PAVO_RETA == 0 || (PAVO_RETA % size == 0 && size % p->n_queues == 0));
}

/* How the NIC spreads packets over its queues: by our key, by a rule, or as it likes. Says which.
 */
void
dpdk_spread_set(struct dpdk_port *p, const struct rte_eth_dev_info *info)
{
    const unsigned key_bytes = info->hash_key_size ? info->hash_key_size : 40;
    enum dpdk_rss_kind kind;
    char tunnels[64];

    if (p->has_rss) { /* it was configured: is it so? */
        if (p->n_queues > 1)
            p->spreads = reta_set(p, info->reta_size);
        p->has_rss = p->rss == RSS_TRUST || rss_is_ours(p);
        p->spreads = p->spreads && p->has_rss;
    }
    if (p->is_vdev || p->n_queues == 1 || p->rss == RSS_OFF)
        return;
    if (p->has_rss) {
        dpdk_rss_inner(&p->rules, p->id, p->n_queues, symmetric_key, key_bytes, tunnels,
                       sizeof tunnels);
        log_info("%s: spreads by the %s key, tunnels by %s%s", p->name,
                 p->rss == RSS_TRUST ? "driver's" : "symmetric",
                 tunnels[0] ? "what is inside: " : "their outer addresses", tunnels);
        return;
    }
    kind = dpdk_rss_plain(&p->rules, p->id, p->n_queues, symmetric_key, key_bytes);
    p->spreads = kind == RSS_RULE_KEY;
    log_info(
        "%s: %s", p->name,
        kind == RSS_RULE_KEY ? "spreads TCP and UDP by the symmetric key, set by rules"
        : kind == RSS_RULE_FUNCTION
            ? "spreads TCP and UDP by a symmetric function of its own: both directions of a "
              "flow come to one queue, and go to their worker through memory (handed_off)"
            : "does not spread symmetrically: packets go to their flow's worker through memory "
              "(handed_off)");
}
