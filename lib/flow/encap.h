/* encap.h - encapsulation stacks, each kept once */
#ifndef PAVO_ENCAP_H
#define PAVO_ENCAP_H

#include "pavo_flow.h"

enum {
    ENCAP_NONE = 0, /* no layers */
};
#define ENCAP_LOST UINT32_MAX /* there were layers, but no room for them */

/* One layer of a stack. A stack is named by its innermost layer and read towards the outside, so
 * stacks share what is outside of them. Nodes are numbered from 1. */
struct encap_node {
    struct pavo_layer layer;
    uint32_t outer; /* the layer around it, or 0 */
    uint32_t refs;  /* flows that name it, and layers inside it */
    uint32_t chain; /* next of the same hash, or of the free list */
};

/* Owner: a shard. */
struct encap {
    uint32_t *heads;
    struct encap_node *nodes;
    uint32_t head_mask;
    uint32_t limit;
    uint32_t used;    /* nodes that were ever taken */
    uint32_t free_at; /* list of those given back */
    uint64_t seed[2];
};

size_t encap_bytes(uint32_t limit);
int encap_open(struct encap *e, uint32_t limit, const uint64_t seed[2], const struct pavo_mem *mem);
void encap_close(struct encap *e, const struct pavo_mem *mem);

/* encap_take - names the stack of 'n' layers and holds it; ENCAP_LOST when there is no room
 *
 * The innermost UDP source port is left out of it, and handed to the caller in '*port': tunnels put
 * entropy of the inner flow there (RFC 7348 section 5, RFC 8926 section 3.3), which would make each
 * flow's stack a different one. */
uint32_t encap_take(struct encap *e, const struct pavo_layer *layers, unsigned n, uint16_t *port);
void encap_give(struct encap *e, uint32_t stack);

/* encap_list - writes the layers, outermost first, and returns how many. */
unsigned encap_list(const struct encap *e, uint32_t stack, uint16_t port, struct pavo_layer *out);

#endif
