/* encap.c - encapsulation stacks, each kept once and counted
 *
 * What carries a flow is up to sixteen layers of 44 bytes, and thousands of flows share it. A layer
 * is kept once for each layer around it, in a hash table of (outer, layer) to node; a flow holds
 * the number of its innermost one. A node lives as long as a flow or an inner node names it. The
 * table is fixed at open: when it is full, the flow goes without a list and says so.
 */
#include <errno.h>
#include <string.h>

#include "cacheline.h"
#include "encap.h"
#include "hash.h"

static uint32_t
heads_of(uint32_t limit)
{
    return pow2_above(limit ? limit : 1);
}

static size_t
nodes_bytes(uint32_t limit)
{
    return ((size_t)limit + 1) * sizeof(struct encap_node);
}

size_t
encap_bytes(uint32_t limit)
{
    return heads_of(limit) * sizeof(uint32_t) + nodes_bytes(limit);
}

int
encap_open(struct encap *e, uint32_t limit, const uint64_t seed[2], const struct pavo_mem *mem)
{
    const uint32_t n_heads = heads_of(limit);

    *e = (struct encap){.head_mask = n_heads - 1, .limit = limit, .seed = {seed[0], seed[1]}};
    e->heads = mem->get(mem, n_heads * sizeof e->heads[0]);
    e->nodes = mem->get(mem, nodes_bytes(limit));
    return e->heads && e->nodes ? 0 : -ENOMEM;
}

void
encap_close(struct encap *e, const struct pavo_mem *mem)
{
    mem_put(mem, e->nodes, nodes_bytes(e->limit));
    mem_put(mem, e->heads, ((size_t)e->head_mask + 1) * sizeof e->heads[0]);
}

static uint32_t *
head_of(const struct encap *e, const struct encap_node *n)
{
    struct {
        struct pavo_layer layer;
        uint32_t outer;
    } name;

    _Static_assert(sizeof name == sizeof(struct pavo_layer) + sizeof(uint32_t), "no padding in it");
    name.layer = n->layer;
    name.outer = n->outer;
    return &e->heads[pavo_hash(&name, sizeof name, e->seed) & e->head_mask];
}

/* The node of 'want', held once more; 0 when it is not there and there is no room. It takes over
 * the hold that the caller has on 'want->outer'. */
static uint32_t
node_take(struct encap *e, const struct encap_node *want)
{
    uint32_t *head = head_of(e, want);
    uint32_t i;

    for (i = *head; i; i = e->nodes[i].chain) {
        if (e->nodes[i].outer == want->outer &&
            !memcmp(&e->nodes[i].layer, &want->layer, sizeof want->layer)) {
            e->nodes[i].refs++;
            if (want->outer)
                e->nodes[want->outer].refs--; /* the node holds it already */
            return i;
        }
    }
    if (e->free_at) {
        i = e->free_at;
        e->free_at = e->nodes[i].chain;
    } else if (e->used < e->limit) {
        i = ++e->used;
    } else {
        return 0;
    }
    e->nodes[i] = *want;
    e->nodes[i].refs = 1;
    e->nodes[i].chain = *head;
    *head = i;
    return i;
}

uint32_t
encap_take(struct encap *e, const struct pavo_layer *layers, unsigned n, uint16_t *port)
{
    unsigned entropy = n; /* the innermost layer with UDP ports */
    uint32_t at = ENCAP_NONE;

    *port = 0;
    for (unsigned i = n; i > 0 && entropy == n; i--)
        if (layers[i - 1].dst_port != 0)
            entropy = i - 1;
    for (unsigned i = 0; i < n; i++) {
        struct encap_node want = {.layer = layers[i], .outer = at};
        uint32_t node;

        if (i == entropy) {
            *port = want.layer.src_port;
            want.layer.src_port = 0;
        }
        node = node_take(e, &want);
        if (!node) {
            encap_give(e, at);
            return ENCAP_LOST;
        }
        at = node;
    }
    return at;
}

void
encap_give(struct encap *e, uint32_t stack)
{
    if (stack == ENCAP_LOST)
        return;
    while (stack != ENCAP_NONE && --e->nodes[stack].refs == 0) {
        struct encap_node *n = &e->nodes[stack];
        const uint32_t outer = n->outer;
        uint32_t *link = head_of(e, n);

        while (*link != stack)
            link = &e->nodes[*link].chain;
        *link = n->chain;
        n->chain = e->free_at;
        e->free_at = stack;
        stack = outer;
    }
}

unsigned
encap_list(const struct encap *e, uint32_t stack, uint16_t port, struct pavo_layer *out)
{
    unsigned n = 0, entropy;

    if (stack == ENCAP_LOST)
        return 0;
    for (uint32_t i = stack; i; i = e->nodes[i].outer)
        n++;
    for (uint32_t i = stack, k = n; i; i = e->nodes[i].outer)
        out[--k] = e->nodes[i].layer;
    for (entropy = n; entropy > 0; entropy--) {
        if (out[entropy - 1].dst_port != 0) {
            out[entropy - 1].src_port = port;
            break;
        }
    }
    return n;
}
