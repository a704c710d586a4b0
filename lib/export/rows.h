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
    ROW_HAVE_STATE,
    ROW_HAVE_HISTORY,
    ROW_HAVE_TURNED,
    ROW_HAVE_CAST,
    ROW_HAVE_COUNTED, /* fragments and ICMP errors were counted */
    ROW_HAVE_UNKNOWN,
    ROW_HAVE_CUT,
    ROW_HAVE_PARTS,
    /* Of parts: that the part is there goes without saying. */
    ROW_HAVE_SET,    /* the value is neither 0 nor empty */
    ROW_HAVE_SEEN_F, /* a packet of the flow went forward */
    ROW_HAVE_SEEN_R,
    ROW_HAVE_SENT_F, /* a segment that TCP counts */
    ROW_HAVE_SENT_R,
    ROW_HAVE_SENT_NOW_F, /* in this record */
    ROW_HAVE_SENT_NOW_R,
    ROW_HAVE_WSCALE_F,
    ROW_HAVE_WSCALE_R,
    ROW_HAVE_TOKEN_F,
    ROW_HAVE_TOKEN_R,
    ROW_HAVE_RTT_F, /* a round trip was measured */
    ROW_HAVE_RTT_R,
    ROW_HAVE_GAPS_F, /* two packets stood at most a second apart */
    ROW_HAVE_GAPS_R,
    ROW_HAVE_ECHO_RTT,
    ROW_HAVE_SCTP,
    ROW_HAVE_NEIGHBOUR,
    ROW_HAVE_NUMBERED,
    ROW_HAVE_SPI_SEQ,
    ROW_HAVE_ADDRESS,
    ROW_HAVE_DHCP,
    ROW_HAVE_RTP_F,
    ROW_HAVE_RTP_R,
    ROW_HAVE_JITTER_F,
    ROW_HAVE_JITTER_R,
    ROW_HAVE_QTYPE,
    ROW_HAVE_RCODE,
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
    ROW_FORM_LIST, /* this and what follows few rows have */
    ROW_FORM_S,
    ROW_FORM_HIST,
    ROW_FORM_N16,
    ROW_FORM_N32,
    ROW_FORM_OCT,
    ROW_FORM_PARTS,
    ROW_FORM_ADDR,
    ROW_FORM_TLS,
    ROW_FORM_DIRS,
    ROW_FORM_CUT,
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
    ROW_FLAG_TURNED = 128,
    ROW_FLAG_COUNTS_UNKNOWN = 256, /* of the sensor as well */
    ROW_FLAG_MULTICAST = 512,
    ROW_FLAG_BROADCAST = 1024,
    ROW_FLAG_CUT = 2048, /* of the way here: parts were left out of a message */
    ROW_FLAGS_OF_SENSOR = ROW_FLAG_ENCAP_LOST | ROW_FLAG_COUNTS_UNKNOWN | ROW_FLAG_CUT,
};

/* Bits of 'parts': all that there are, and one of our own that a record carries from reader to
 * encoder. */
enum {
    ROW_PARTS = (PAVO_PART_RTT << 1) - 1,
    ROW_PART_CUT = 1 << 15, /* some were left out of a message */
};
_Static_assert(ROW_PART_CUT > ROW_PARTS, "a bit of its own");

enum { ROW_GAP_BINS = 5 }; /* of times up to one second */

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

/* recordFlags without those that nearly every record has. */
unsigned row_flags_more(const struct pavo_record *r);

static inline unsigned
row_flags(const struct pavo_record *r)
{
    const unsigned flags = (r->hasPorts ? ROW_FLAG_PORTS : 0u) | (r->hasMac ? ROW_FLAG_MAC : 0u);

    if (r->hasIcmp | r->isFragment | r->isLlc | r->encapLost | r->quote.has_ports |
        r->initiatorTurned | r->countsUnknown | r->cast | (r->parts & ROW_PART_CUT))
        return flags | row_flags_more(r);
    return flags;
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
    r->initiatorTurned = (flags & ROW_FLAG_TURNED) != 0;
    r->countsUnknown = (flags & ROW_FLAG_COUNTS_UNKNOWN) != 0;
    r->cast = (uint8_t)((flags & ROW_FLAG_MULTICAST ? PAVO_CAST_MULTICAST : 0) |
                        (flags & ROW_FLAG_BROADCAST ? PAVO_CAST_BROADCAST : 0));
    r->parts = (uint16_t)((r->parts & ROW_PARTS) | (flags & ROW_FLAG_CUT ? ROW_PART_CUT : 0));
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

/* Does the record say something that stands in the part of all kinds? */
static inline bool
row_has_more(const struct pavo_record *r)
{
    return r->history[0] || r->fragmentCount[0] || r->fragmentCount[1];
}

/* Bytes of a string in a member of that size, whoever wrote it. */
static inline unsigned
row_string(const void *s, size_t size)
{
    return (unsigned)strnlen(s, size - 1);
}

/* Packets that 'first' describes, and bytes of payload of a side, with a bound. */
static inline unsigned
row_first_n(const struct pavo_record *r)
{
    return r->first.n < PAVO_FIRST_MAX ? r->first.n : PAVO_FIRST_MAX;
}

static inline unsigned
row_payload_n(const struct pavo_record *r, unsigned side)
{
    return r->bytes.n[side] < PAVO_PAYLOAD_MAX ? r->bytes.n[side] : PAVO_PAYLOAD_MAX;
}

/* Times between packets of a side at which it was active: the first bins. */
static inline uint64_t
row_gaps(const struct pavo_record *r, unsigned side)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < ROW_GAP_BINS; i++)
        n += r->meter.gapBins[side][i];
    return n;
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
