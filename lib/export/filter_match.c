/* filter_match.c - a filter's tree on one record
 *
 * Plain recursion over a tree whose depth the parser bounds. A test on something that the record
 * does not have is false, and 'not' turns that round; so 'port != 80' is true of a record without
 * ports, as 'not port 80' is.
 */
#include <string.h>

#include "filter_tree.h"
#include "rows.h"

static bool
addr_within(const struct flt_node *n, unsigned ip_version, const uint8_t *addr)
{
    const unsigned whole = n->prefix / 8, rest = n->prefix % 8;

    if (ip_version != n->ip_version || memcmp(addr, n->addr, whole) != 0)
        return false;
    return rest == 0 || ((addr[whole] ^ n->addr[whole]) & (0xff00u >> rest) & 0xff) == 0;
}

/* Two findings, one per side, into the answer that the qualifier asks for. */
static bool
side_pick(unsigned side, bool src, bool dst)
{
    switch (side) {
    case FLT_SRC:
        return src;
    case FLT_DST:
        return dst;
    case FLT_BOTH:
        return src && dst;
    default:
        return src || dst;
    }
}

static bool
net_match(const struct flt_node *n, const struct pavo_record *r)
{
    unsigned version = r->kind == PAVO_KIND_ARP ? 4 : r->kind;

    if (n->is_outer) {
        for (unsigned i = 0; i < r->n_encap && i < PAVO_LAYERS_MAX; i++) {
            const struct pavo_layer *l = &r->encap[i];

            if (side_pick(n->side, addr_within(n, l->ip_version, l->src),
                          addr_within(n, l->ip_version, l->dst)))
                return true;
        }
        return false;
    }
    return side_pick(n->side, addr_within(n, version, r->sourceAddress),
                     addr_within(n, version, r->destinationAddress));
}

static bool
in_range(const struct flt_node *n, uint32_t v)
{
    return v >= n->lo && v <= n->hi;
}

static bool
port_match(const struct flt_node *n, const struct pavo_record *r)
{
    if (n->is_outer) {
        for (unsigned i = 0; i < r->n_encap && i < PAVO_LAYERS_MAX; i++) {
            const struct pavo_layer *l = &r->encap[i];

            if ((l->src_port || l->dst_port) &&
                side_pick(n->side, in_range(n, l->src_port), in_range(n, l->dst_port)))
                return true;
        }
        return false;
    }
    return r->hasPorts && side_pick(n->side, in_range(n, r->sourceTransportPort),
                                    in_range(n, r->destinationTransportPort));
}

static bool
carrier_match(const struct flt_node *n, const struct pavo_record *r)
{
    for (unsigned i = 0; i < r->n_encap && i < PAVO_LAYERS_MAX; i++) {
        const struct pavo_layer *l = &r->encap[i];

        if (flt_carries(&n->carriers, l->type) && in_range(n, l->id))
            return true;
    }
    return false;
}

static bool
cmp_holds(unsigned cmp, int order)
{
    switch (cmp) {
    case FLT_LT:
        return order < 0;
    case FLT_LE:
        return order <= 0;
    case FLT_GT:
        return order > 0;
    case FLT_GE:
        return order >= 0;
    default:
        return order == 0;
    }
}

static bool
is_bytes(uint8_t type)
{
    return type == FLD_IP4 || type == FLD_IP6 || type == FLD_MAC;
}

static bool
compare_match(const struct flt_node *n, const struct pavo_record *r)
{
    struct fld_value v;

    if (!col_get(r, &n->col, &v))
        return false;
    if (is_bytes(v.type) || is_bytes(n->value.type))
        return v.type == n->value.type && cmp_holds(n->cmp, fld_compare(&v, &n->value));
    return cmp_holds(n->cmp, (v.u > n->value.u) - (v.u < n->value.u));
}

static bool
within_match(const struct flt_node *n, const struct pavo_record *r)
{
    struct fld_value v;

    if (!col_get(r, &n->col, &v) || (v.type != FLD_IP4 && v.type != FLD_IP6))
        return false;
    return addr_within(n, v.type == FLD_IP4 ? 4 : 6, v.bytes);
}

static bool
flags_match(const struct flt_node *n, const struct pavo_record *r)
{
    struct fld_value v;

    if (!col_get(r, &n->col, &v))
        return false;
    v.u &= n->mask;
    return n->is_exact ? v.u == n->value.u : v.u != 0;
}

static bool
text_match(const struct flt_node *n, const struct pavo_record *r)
{
    char text[COL_TEXT_MAX];

    col_text(r, &n->col, text);
    return strcmp(text, n->text) == 0;
}

static bool
contains_match(const struct flt_node *n, const struct pavo_record *r)
{
    char text[COL_TEXT_MAX];

    return col_text(r, &n->col, text) > 0 && strcasestr(text, n->text);
}

static bool
has_match(const struct flt_node *n, const struct pavo_record *r)
{
    char text[COL_TEXT_MAX];
    struct fld_value v;

    return col_is_text(&n->col) ? col_text(r, &n->col, text) > 0 : col_get(r, &n->col, &v);
}

static bool
tunnel_match(const struct pavo_record *r)
{
    for (unsigned i = 0; i < r->n_encap && i < PAVO_LAYERS_MAX; i++)
        if (row_is_tunnel(&r->encap[i]))
            return true;
    return false;
}

static bool
mac_match(const struct flt_node *n, const struct pavo_record *r)
{
    if (n->is_outer) {
        for (unsigned i = 0; i < r->n_encap && i < PAVO_LAYERS_MAX; i++) {
            const struct pavo_layer *l = &r->encap[i];

            if (row_layer_version(l) == PAVO_LAYER_MAC &&
                side_pick(n->side, memcmp(l->src, n->addr, 6) == 0,
                          memcmp(l->dst, n->addr, 6) == 0))
                return true;
        }
        return false;
    }
    return r->hasMac && side_pick(n->side, memcmp(r->sourceMacAddress, n->addr, 6) == 0,
                                  memcmp(r->destinationMacAddress, n->addr, 6) == 0);
}

bool
flt_eval(const struct pavo_filter *f, uint16_t at, const struct pavo_record *r)
{
    const struct flt_node *n = &f->nodes[at];

    switch ((enum flt_op)n->op) {
    case FLT_ALL:
        for (uint16_t c = n->first; c != FLT_NONE; c = f->nodes[c].next)
            if (!flt_eval(f, c, r))
                return false;
        return true;
    case FLT_ANY:
        for (uint16_t c = n->first; c != FLT_NONE; c = f->nodes[c].next)
            if (flt_eval(f, c, r))
                return true;
        return false;
    case FLT_NOT:
        return !flt_eval(f, n->first, r);
    case FLT_KIND:
        return r->kind < 32 && (n->mask >> r->kind & 1);
    case FLT_PROTO:
        return (r->kind == PAVO_KIND_IP4 || r->kind == PAVO_KIND_IP6) &&
               in_range(n, r->protocolIdentifier);
    case FLT_NET:
        return net_match(n, r);
    case FLT_PORT:
        return port_match(n, r);
    case FLT_MAC:
        return mac_match(n, r);
    case FLT_ETHERTYPE:
        return !r->isLlc && in_range(n, r->ethernetType);
    case FLT_CARRIER:
        return carrier_match(n, r);
    case FLT_TUNNEL:
        return tunnel_match(r);
    case FLT_HAS:
        return has_match(n, r);
    case FLT_COMPARE:
        return compare_match(n, r);
    case FLT_WITHIN:
        return within_match(n, r);
    case FLT_FLAGS:
        return flags_match(n, r);
    case FLT_TEXT:
        return text_match(n, r);
    case FLT_CONTAINS:
        return contains_match(n, r);
    }
    return false;
}

bool
pavo_filter_match(const struct pavo_filter *f, const struct pavo_record *r)
{
    return flt_eval(f, f->root, r);
}
