/* dpdk_rss.h - RSS that the plain configuration of a port does not have, by rules (rte_flow)
 *
 * Two things: spreading tunnels by the addresses inside them, which saves the way through the mesh;
 * and a symmetric hash on NICs that take no key. Each is asked for by rte_flow_validate() first.
 */
#ifndef PAVO_DPDK_RSS_H
#define PAVO_DPDK_RSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RSS_RULES_MAX = 16 };

struct rte_flow;

/* Rules of one port. Owner: the main thread. */
struct dpdk_rss_rules {
    struct rte_flow *rules[RSS_RULES_MAX];
    unsigned n;
};

enum dpdk_rss_kind {
    RSS_RULE_NONE,     /* the NIC refuses */
    RSS_RULE_KEY,      /* symmetric key: each flow comes to the queue of its owner */
    RSS_RULE_FUNCTION, /* symmetric function of the NIC's own: both directions come to one queue */
};

/* dpdk_rss_inner - tunnels by what is inside: the names of those that the NIC takes into 'words',
 * "" if none.
 *
 *   key  of key_bytes; queue i is that of hash value i modulo n_queues
 */
void dpdk_rss_inner(struct dpdk_rss_rules *r, uint16_t port, unsigned n_queues, const uint8_t *key,
                    unsigned key_bytes, char *words, size_t size);
/* dpdk_rss_plain - TCP and UDP symmetrically, where the port's own configuration can't */
enum dpdk_rss_kind dpdk_rss_plain(struct dpdk_rss_rules *r, uint16_t port, unsigned n_queues,
                                  const uint8_t *key, unsigned key_bytes);
void dpdk_rss_close(struct dpdk_rss_rules *r, uint16_t port);

#endif
