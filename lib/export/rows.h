/* rows.h - what the columns of fields.def mean to code: presence rules, forms, derived values
 *
 * Private to the export library: the table, the IPFIX encoder and the digest are generated from the
 * same rows and must agree on them.
 */
#ifndef PAVO_ROWS_H
#define PAVO_ROWS_H

#include <string.h>

#include "fields.h"

/* Column PEN. */
enum {
    ROW_PEN_0 = 0,
    ROW_PEN_REV = 29305, /* PAVO_PEN_REVERSE */
    ROW_PEN_CERT = 6871, /* PAVO_PEN_CERT */
    ROW_PEN_OWN = 32473, /* PAVO_PEN */
};

/* Column have. */
enum row_have {
    ROW_HAVE_ALWAYS,
    ROW_HAVE_IP,
    ROW_HAVE_IP4,
    ROW_HAVE_IP6,
    ROW_HAVE_PORTS,
    ROW_HAVE_MAC,
    ROW_HAVE_ETHERTYPE,
    ROW_HAVE_FWD, /* a packet of the flow went forward */
    ROW_HAVE_REV,
    ROW_HAVE_TTL_FWD, /* in this record */
    ROW_HAVE_TTL_REV,
    ROW_HAVE_TCP_FWD,
    ROW_HAVE_TCP_REV,
    ROW_HAVE_ICMP,
    ROW_HAVE_ICMP4,
    ROW_HAVE_ICMP6,
    ROW_HAVE_ICMPERR,
    ROW_HAVE_FRAGMENT,
    ROW_HAVE_QUOTE,
    ROW_HAVE_QUOTE_ICMP,
    ROW_HAVE_QUOTE_PORTS,
    ROW_HAVE_SPI,
    ROW_HAVE_NAMED,
    ROW_HAVE_ARP,
    ROW_HAVE_VLAN,
    ROW_HAVE_INNER,
    ROW_HAVE_SEGMENT,
    ROW_HAVE_OUTER,
    ROW_HAVE_ENCAP,
};

/* Column ty. */
enum row_form {
    ROW_FORM_U,
    ROW_FORM_IP4,
    ROW_FORM_IP6,
    ROW_FORM_IPQ,
    ROW_FORM_MAC,
    ROW_FORM_MS,
    ROW_FORM_NTP,
    ROW_FORM_W,
    ROW_FORM_F,
    ROW_FORM_B,
    ROW_FORM_ID,
    ROW_FORM_PAIR,
    ROW_FORM_LOW8,
    ROW_FORM_FLAGS,
    ROW_FORM_VLAN,
    ROW_FORM_INNER,
    ROW_FORM_SEGMENT,
    ROW_FORM_OUTER_TYPE,
    ROW_FORM_OUTER_ID,
    ROW_FORM_LIST,
};

/* Bits of recordFlags. */
enum {
    ROW_FLAG_PORTS = 1,
    ROW_FLAG_MAC = 2,
    ROW_FLAG_ICMP = 4,
    ROW_FLAG_FRAGMENT = 8,
    ROW_FLAG_LLC = 16,
    ROW_FLAG_ENCAP_LOST =
        32, /* says something of the sensor, not of the traffic: not in the digest */
    ROW_FLAG_QUOTE_PORTS = 64,
};

/* A PAIR is two octets that stand side by side in the record. */
_Static_assert(offsetof(struct pavo_record, icmpCode) == offsetof(struct pavo_record, icmpType) + 1,
               "type and code side by side");
_Static_assert(offsetof(struct pavo_record, icmpErrorCode) ==
                   offsetof(struct pavo_record, icmpErrorType) + 1,
               "type and code side by side");

static inline bool
row_is_ip(const struct pavo_record *r)
{
    return r->kind == PAVO_KIND_IP4 || r->kind == PAVO_KIND_IP6;
}

static inline bool
row_is_seen(const struct pavo_record *r, int direction)
{
    return (r->packetDeltaCount[direction] | r->packetTotalCount[direction]) != 0;
}

static inline unsigned
row_flags(const struct pavo_record *r)
{
    return (r->hasPorts ? ROW_FLAG_PORTS : 0u) | (r->hasMac ? ROW_FLAG_MAC : 0u) |
           (r->hasIcmp ? ROW_FLAG_ICMP : 0u) | (r->isFragment ? ROW_FLAG_FRAGMENT : 0u) |
           (r->isLlc ? ROW_FLAG_LLC : 0u) | (r->encapLost ? ROW_FLAG_ENCAP_LOST : 0u) |
           (r->quote.has_ports ? ROW_FLAG_QUOTE_PORTS : 0u);
}

static inline void
row_flags_set(struct pavo_record *r, unsigned flags)
{
    r->hasPorts = (flags & ROW_FLAG_PORTS) != 0;
    r->hasMac = (flags & ROW_FLAG_MAC) != 0;
    r->hasIcmp = (flags & ROW_FLAG_ICMP) != 0;
    r->isFragment = (flags & ROW_FLAG_FRAGMENT) != 0;
    r->isLlc = (flags & ROW_FLAG_LLC) != 0;
    r->encapLost = (flags & ROW_FLAG_ENCAP_LOST) != 0;
    r->quote.has_ports = (flags & ROW_FLAG_QUOTE_PORTS) != 0;
}

/* The template that a record belongs to: one FLD_T bit. ICMP has no ports and no TCP flags, but a
 * quote: templates of its own keep all of them below the 60 fields that collectors take. */
static inline unsigned
row_template(const struct pavo_record *r)
{
    const bool icmp = r->hasIcmp || r->quote.kind;

    switch (r->kind) {
    case PAVO_KIND_IP4:
        return icmp ? FLD_TI4 : FLD_T4;
    case PAVO_KIND_IP6:
        return icmp ? FLD_TI6 : FLD_T6;
    case PAVO_KIND_ARP:
        return FLD_TA;
    default:
        return FLD_TL;
    }
}

/* Layers of a record, with a bound for records that nobody made. */
static inline unsigned
row_layers(const struct pavo_record *r)
{
    return r->n_encap < PAVO_LAYERS_MAX ? r->n_encap : PAVO_LAYERS_MAX;
}

/* What the addresses of a layer are: 4, 6, PAVO_LAYER_MAC, or 0 for none. Two MACs of zeros are
 * none: that is how IPFIX says it. */
static inline unsigned
row_layer_version(const struct pavo_layer *l)
{
    static const uint8_t none[6];

    if (l->ip_version == PAVO_LAYER_MAC)
        return memcmp(l->src, none, 6) || memcmp(l->dst, none, 6) ? PAVO_LAYER_MAC : 0;
    return l->ip_version == 4 || l->ip_version == 6 ? l->ip_version : 0;
}

/* Octets of a layer's addresses: 4, 16, 6, or 0. */
static inline unsigned
row_layer_bytes(const struct pavo_layer *l)
{
    static const uint8_t bytes[] = {[PAVO_LAYER_MAC] = 6, [4] = 4, [6] = 16};

    return bytes[row_layer_version(l)];
}

/* Is the layer a tunnel, rather than a tag or a header of the link? A tunnel is what IP carries.
 * layer2SegmentId (see fld_set()) names two kinds that only IP carries, without their addresses. */
static inline bool
row_is_tunnel(const struct pavo_layer *l)
{
    return l->ip_version == 4 || l->ip_version == 6 || l->type == PAVO_CARRIER_VXLAN ||
           l->type == PAVO_CARRIER_NVGRE;
}

/* The n-th VLAN from outside; NULL: there is none. */
static inline const struct pavo_layer *
row_vlan(const struct pavo_record *r, unsigned nth)
{
    for (unsigned i = 0; i < row_layers(r); i++) {
        if (r->encap[i].type == PAVO_CARRIER_VLAN && nth-- == 0)
            return &r->encap[i];
    }
    return NULL;
}

/* layer2SegmentId, IPFIX element 351: the top octet says 1 VXLAN or 2 NVGRE, the low three hold the
 * id. */
static inline uint64_t
row_segment(const struct pavo_record *r)
{
    for (unsigned i = 0; i < row_layers(r); i++) {
        if (r->encap[i].type == PAVO_CARRIER_VXLAN)
            return UINT64_C(1) << 56 | (r->encap[i].id & 0xffffff);
        if (r->encap[i].type == PAVO_CARRIER_NVGRE)
            return UINT64_C(2) << 56 | (r->encap[i].id & 0xffffff);
    }
    return 0;
}

/* The outermost tunnel; NULL: there is none. */
static inline const struct pavo_layer *
row_outer(const struct pavo_record *r)
{
    for (unsigned i = 0; i < row_layers(r); i++) {
        if (row_is_tunnel(&r->encap[i]))
            return &r->encap[i];
    }
    return NULL;
}

#endif
