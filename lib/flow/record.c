/* record.c - a flow as a record, made of its draft
 *
 * Here endpoints become source and destination: the initiator's side is [0].
 */
#include <string.h>

#include "draft.h"
#include "meter.h"

/* Where everything is. */
static inline struct draft_view
draft_view(const struct pavo_draft *head)
{
    const struct draft *d = (const struct draft *)(const void *)head;
    const unsigned has = head->has;
    const void *at = d->parts;
    struct draft_view v = {.head = head, .flow = &d->flow, .cold = &d->cold};

#define PART(there, member, size)                                                                  \
    if (there) {                                                                                   \
        v.member = at;                                                                             \
        at = (const uint8_t *)at + draft_step(size);                                               \
    }
    PART(has & PAVO_PART_METER, meter, sizeof *v.meter)
    PART(d->flow.state >= STATE_ICMP, detail, sizeof *v.detail)
    PART(has & PAVO_PART_LOSS, loss, sizeof *v.loss)
    PART(has & DRAFT_TALK, talk, sizeof(union talk_part))
    if (!(has & (DRAFT_LONG | DRAFT_RARE | DRAFT_SAID)) && d->cold.encap == ENCAP_NONE)
        return v;
    PART(has & DRAFT_LONG, longer, sizeof *v.longer)
    PART(has & DRAFT_RARE, rare, sizeof *v.rare)
    PART(d->cold.encap != ENCAP_NONE && d->cold.encap != ENCAP_LOST, layers,
         d->cold.encap * sizeof *v.layers)
    PART(has & PAVO_PART_FIRST, first, sizeof *v.first)
    PART(has & PAVO_PART_NAMES, names, sizeof *v.names)
    PART(has & PAVO_PART_BYTES, bytes, bytes_part_size(v.bytes->room))
#undef PART
    return v;
}

/* Type and code of the initiator's first message; if only the other side spoke, of that one's; if
 * all that was seen is pieces without the header, what the key says. */
static void
fill_icmp(const struct draft_view *v, unsigned fwd, struct pavo_record *r)
{
    const struct pavo_flow *f = v->flow;
    const struct icmp_part *icmp;
    const uint32_t extra = f->key.extra;
    const bool is_pair = extra < UINT32_C(1) << 24; /* see icmp_extra() */

    if (f->key.is_fragment)
        return;
    icmp = &v->detail->icmp;
    r->quote = icmp->quote;
    if (icmp->seen) {
        const unsigned side = (icmp->seen & 1u << fwd) ? fwd : !fwd;

        r->hasIcmp = 1;
        r->icmpType = icmp->type[side];
        r->icmpCode = icmp->code[side];
    } else if (extra) {
        r->hasIcmp = 1;
        r->icmpType = (uint8_t)(is_pair ? extra >> 16 : extra >> 24);
        r->icmpCode = (uint8_t)(is_pair ? 0 : extra >> 16);
    }
    if (r->hasIcmp && is_pair)
        r->icmpIdentifier = (uint16_t)extra;
}

static void
fill_key(const struct pavo_flow *f, const struct flow_cold *c, bool is_icmp, unsigned fwd,
         struct pavo_record *r)
{
    const struct pavo_key *k = &f->key;

    r->kind = k->kind;
    r->protocolIdentifier = k->proto;
    r->isFragment = k->is_fragment;
    r->isLlc = k->is_llc;
    r->hasPorts = (f->flags & FLOW_PORTS) != 0;
    r->hasMac = (f->flags & FLOW_MAC) != 0;
    if (k->kind != PAVO_KIND_LINK) { /* there, a and b are the MACs */
        memcpy(r->sourceAddress, fwd ? k->b : k->a, 16);
        memcpy(r->destinationAddress, fwd ? k->a : k->b, 16);
    }
    r->sourceTransportPort = fwd ? k->port_b : k->port_a;
    r->destinationTransportPort = fwd ? k->port_a : k->port_b;
    memcpy(r->sourceMacAddress, c->mac[fwd], 6);
    memcpy(r->destinationMacAddress, c->mac[!fwd], 6);
    r->ethernetType = k->kind == PAVO_KIND_ARP ? (uint16_t)k->extra : c->ethertype;
    r->protocolName = c->named;
    if (k->kind == PAVO_KIND_ARP)
        r->arpOperation = c->ethertype;
    if (k->is_fragment)
        r->fragmentIdentification = k->extra;
    else if (k->kind == PAVO_KIND_LINK)
        r->securityParameterIndex = (uint32_t)k->quoted;
    else if ((k->kind == PAVO_KIND_IP4 || k->kind == PAVO_KIND_IP6) && !is_icmp)
        r->securityParameterIndex = k->extra;
}

static void
fill_counters(const struct draft_view *v, unsigned fwd, struct pavo_record *r)
{
    const struct pavo_flow *f = v->flow;
    const struct flow_cold *c = v->cold;
    const struct long_part *l = v->longer;

    r->flowSequence = l ? l->sequence : 1;
    r->flowId = l ? l->id : flow_id(f, c);
    for (unsigned dir = 0; dir < 2; dir++) {
        const unsigned side = dir ^ fwd;

        r->packetDeltaCount[dir] = f->packets[side];
        r->octetDeltaCount[dir] = f->octets[side];
        r->payloadOctets[dir] = f->octets[side] - f->headers[side];
        r->packetTotalCount[dir] = f->packets[side];
        r->octetTotalCount[dir] = f->octets[side];
        r->tcpControlBits[dir] = f->tcp_flags[side];
        r->minimumTTL[dir] = f->ttl_min[side];
        r->maximumTTL[dir] = f->ttl_max[side];
        r->ipClassOfService[dir] = c->tos[side];
    }
    for (unsigned dir = 0; l && dir < 2; dir++) {
        r->packetTotalCount[dir] += l->packets_before[dir ^ fwd];
        r->octetTotalCount[dir] += l->octets_before[dir ^ fwd];
    }
}

static void
fill_rare(const struct rare_part *rare, unsigned fwd, struct pavo_record *r)
{
    r->icmpErrorCount = rare->icmp_errors;
    if (rare->icmp_errors) {
        r->icmpErrorType = rare->icmp_error_type;
        r->icmpErrorCode = rare->icmp_error_code;
    }
    for (unsigned dir = 0; dir < 2; dir++) {
        r->fragmentCount[dir] = rare->fragments[dir ^ fwd];
        if ((r->parts & PAVO_PART_TCP) && (rare->has_token & 1u << (dir ^ fwd))) {
            r->tcp.hasMptcpToken |= (uint8_t)(1u << dir);
            r->tcp.mptcpToken[dir] = rare->mptcp_token[dir ^ fwd];
        }
    }
}

static void
fill_meter(const struct draft_view *v, unsigned fwd, struct pavo_record *r)
{
    if (!v->meter && !(v->head->has & DRAFT_SINGLE))
        return;
    r->parts |= PAVO_PART_METER;
    r->meterIsSingle = !v->meter;
    if (!v->meter)
        return;
    mem_clear(&r->meter, sizeof r->meter);
    meter_fill(v->meter, fwd, &r->meter);
}

/* State and history of all but TCP and ICMP: requests and answers. Zeek writes no history but of
 * these two letters. */
static void
fill_talk(const struct draft_view *v, bool is_icmp, unsigned fwd, struct pavo_record *r)
{
    const struct pavo_flow *f = v->flow;
    const bool first_is_reverse = ((f->flags & FLOW_FIRST_B) != 0) != (fwd != 0);
    char *at = r->history;

    if (v->talk)
        talk_fill(f, v->talk, fwd, r);
    if (is_icmp) {
        r->connState = PAVO_CONN_OTH;
        return;
    }
    r->connState = (f->flags & FLOW_ANSWERED) ? PAVO_CONN_SF
                   : first_is_reverse         ? PAVO_CONN_SHR
                                              : PAVO_CONN_S0;
    if (first_is_reverse) {
        *at++ = '^';
        *at++ = 'd';
    }
    if (!first_is_reverse || (f->flags & FLOW_ANSWERED))
        *at++ = 'D';
    if (!first_is_reverse && (f->flags & FLOW_ANSWERED))
        *at++ = 'd';
    *at = '\0';
}

/* The list was taken from the first packet; if that was not the initiator's, each layer is turned
 * round. */
static void
fill_encap(const struct draft_view *v, bool turn, struct pavo_record *r)
{
    if (!v->layers)
        return;
    r->n_encap = (uint8_t)v->cold->encap;
    for (unsigned i = 0; i < r->n_encap; i++) {
        const struct pavo_layer *was = &v->layers[i];
        struct pavo_layer *l = &r->encap[i];

        *l = *was;
        if (!turn)
            continue;
        memcpy(l->src, was->dst, sizeof l->src);
        memcpy(l->dst, was->src, sizeof l->dst);
        l->src_port = was->dst_port;
        l->dst_port = was->src_port;
    }
}

static void
fill_said(const struct draft_view *v, unsigned fwd, struct pavo_record *r)
{
    r->parts |= v->head->has & DRAFT_SAID;
    memcpy(r->payloadEntropy, v->head->entropy, sizeof r->payloadEntropy);
    if (v->first)
        first_fill(v->first, fwd, &r->first);
    if (v->bytes)
        bytes_fill(v->bytes, fwd, &r->bytes);
    if (v->names) {
        r->names = *v->names;
        if (fwd) {
            memcpy(r->names.banner[0], v->names->banner[1], sizeof r->names.banner[0]);
            memcpy(r->names.banner[1], v->names->banner[0], sizeof r->names.banner[1]);
        }
    }
}

void
pavo_record_make_lean(const struct pavo_draft *d, struct pavo_record *r)
{
    const struct draft_view v = draft_view(d);
    const struct pavo_flow *f = v.flow;
    const struct flow_cold *c = v.cold;
    const unsigned flags = f->flags;
    const unsigned fwd = (flags & FLOW_FWD_B) != 0;
    const bool is_icmp = key_is_icmp(&f->key);

    mem_clear(r, offsetof(struct pavo_record, meter));
    r->flowEndReason = d->reason;
    r->endDetail = d->detail;
    r->initiatorBasis = (uint8_t)(flags >> FLOW_BASIS_SHIFT);
    r->biflowDirection = r->initiatorBasis != PAVO_BASIS_FIRST_PACKET;
    r->flowFinal = d->reason != PAVO_END_ACTIVE;
    r->decodeReason = f->why;
    fill_key(f, c, is_icmp, fwd, r);
    r->flowLabelIPv6 = c->flow_label;
    r->ingressInterface = c->source;
    if (is_icmp)
        fill_icmp(&v, fwd, r);
    r->cast = c->cast;
    r->initiatorTurned = (flags & FLOW_TURNED) != 0;
    r->countsUnknown = (flags & FLOW_RARE_LOST) != 0;
    r->flowStartNanoseconds = c->first_ns;
    r->flowEndNanoseconds = f->last_ns;
    fill_counters(&v, fwd, r);
    if (f->state >= STATE_TCP_NEW)
        tcp_fill(f, &v.detail->tcp, v.loss, v.meter, fwd, r);
    else
        fill_talk(&v, is_icmp, fwd, r);
    fill_meter(&v, fwd, r);
    if (d->has & DRAFT_SAID)
        fill_said(&v, fwd, r);
    if (v.rare)
        fill_rare(v.rare, fwd, r);
    r->encapLost = c->encap == ENCAP_LOST;
    fill_encap(&v, (flags & FLOW_FIRST_B) ? !fwd : fwd, r);
}

void
pavo_record_complete(struct pavo_record *r)
{
    if (!r->meterIsSingle)
        return;
    mem_clear(&r->meter, sizeof r->meter);
    meter_fill_single(r, &r->meter);
}

void
pavo_record_make(const struct pavo_draft *d, struct pavo_record *r)
{
    pavo_record_make_lean(d, r);
    pavo_record_complete(r);
}

void
pavo_record_copy(struct pavo_record *to, const struct pavo_record *from)
{
    static const struct {
        uint16_t part;
        size_t at, bytes;
    } rows[] = {
#define ROW(part, member)                                                                          \
    {part, offsetof(struct pavo_record, member), sizeof((struct pavo_record *)0)->member}
        ROW(PAVO_PART_METER, meter), ROW(PAVO_PART_TCP, tcp),     ROW(PAVO_PART_ECHO, echo),
        ROW(PAVO_PART_ASSOC, assoc), ROW(PAVO_PART_RTP, rtp),     ROW(PAVO_PART_FIRST, first),
        ROW(PAVO_PART_NAMES, names), ROW(PAVO_PART_BYTES, bytes),
    };

    memcpy(to, from, offsetof(struct pavo_record, meter));
    memset((uint8_t *)to + offsetof(struct pavo_record, meter), 0,
           sizeof *to - offsetof(struct pavo_record, meter));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (from->parts & rows[i].part)
            memcpy((uint8_t *)to + rows[i].at, (const uint8_t *)from + rows[i].at, rows[i].bytes);
    memcpy(to->encap, from->encap, from->n_encap * sizeof from->encap[0]);
}
