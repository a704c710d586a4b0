/* record.c - a flow as a record
 *
 * Here endpoints become source and destination: the initiator's side is [0]. The record is written
 * in place, into its slot of the ring.
 */
#include <string.h>

#include "flow.h"

/* Type and code of the initiator's first message; if only the other side spoke, of that one's; if
 * all that was seen is pieces without the header, what the key says. */
static void
fill_icmp(const struct pavo_flow *f, const struct flow_cold *c, unsigned fwd, struct pavo_record *r)
{
    const uint32_t extra = f->key.extra;
    const bool is_pair = extra < UINT32_C(1) << 24; /* see icmp_extra() */

    if (!key_is_icmp(&f->key) || f->key.is_fragment)
        return;
    r->quote = c->u.icmp.quote;
    if (c->u.icmp.seen) {
        const unsigned side = (c->u.icmp.seen & 1u << fwd) ? fwd : !fwd;

        r->hasIcmp = 1;
        r->icmpType = c->u.icmp.type[side];
        r->icmpCode = c->u.icmp.code[side];
    } else if (extra) {
        r->hasIcmp = 1;
        r->icmpType = (uint8_t)(is_pair ? extra >> 16 : extra >> 24);
        r->icmpCode = (uint8_t)(is_pair ? 0 : extra >> 16);
    }
    if (r->hasIcmp && is_pair)
        r->icmpIdentifier = (uint16_t)extra;
}

static void
fill_key(const struct pavo_flow *f, const struct flow_cold *c, unsigned fwd, struct pavo_record *r)
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
    r->ethernetType = c->ethertype;
    r->protocolName = c->named;
    if (k->kind == PAVO_KIND_ARP)
        r->arpOperation = c->u.arp_op;
    if (k->is_fragment)
        r->fragmentIdentification = k->extra;
    else if (k->kind == PAVO_KIND_LINK)
        r->securityParameterIndex = (uint32_t)k->quoted;
    else if ((k->kind == PAVO_KIND_IP4 || k->kind == PAVO_KIND_IP6) && !key_is_icmp(k))
        r->securityParameterIndex = k->extra;
}

static void
fill_counters(const struct pavo_flow *f, const struct flow_cold *c, unsigned fwd,
              struct pavo_record *r)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        const unsigned side = dir ^ fwd;

        r->packetDeltaCount[dir] = f->packets[side];
        r->octetDeltaCount[dir] = f->octets[side];
        r->payloadOctets[dir] = f->payload[side];
        r->packetTotalCount[dir] = c->packets_before[side] + f->packets[side];
        r->octetTotalCount[dir] = c->octets_before[side] + f->octets[side];
        r->fragmentCount[dir] = c->fragments[side];
        r->tcpControlBits[dir] = f->tcp_flags[side];
        r->initialTCPFlags[dir] = c->first_flags[side];
        r->minimumTTL[dir] = f->ttl_min[side];
        r->maximumTTL[dir] = f->ttl_max[side];
        r->ipClassOfService[dir] = c->tos[side];
    }
}

/* The list was taken from the first packet; if that was not the initiator's, each layer is turned
 * round. */
static void
fill_encap(const struct pavo_shard *s, const struct flow_cold *c, bool turn, struct pavo_record *r)
{
    r->encapLost = c->encap == ENCAP_LOST;
    if (c->encap == ENCAP_NONE)
        return;
    r->n_encap = (uint8_t)encap_list(&s->encap, c->encap, c->encap_port, r->encap);
    for (unsigned i = 0; turn && i < r->n_encap; i++) {
        struct pavo_layer *l = &r->encap[i];
        const struct pavo_layer was = *l;

        memcpy(l->src, was.dst, sizeof l->src);
        memcpy(l->dst, was.src, sizeof l->dst);
        l->src_port = was.dst_port;
        l->dst_port = was.src_port;
    }
}

void
record_fill(const struct pavo_shard *s, uint32_t i, enum pavo_end reason,
            enum pavo_end_detail detail, struct pavo_record *r)
{
    const struct pavo_flow *f = &s->flows[i];
    const struct flow_cold *c = &s->cold[i];
    const unsigned fwd = (f->flags & FLOW_FWD_B) != 0;

    memset(r, 0, s->record_bytes);
    r->flowEndReason = (uint8_t)reason;
    r->endDetail = (uint8_t)detail;
    r->initiatorBasis = (uint8_t)(f->flags >> FLOW_BASIS_SHIFT);
    r->biflowDirection = r->initiatorBasis != PAVO_BASIS_FIRST_PACKET;
    r->flowFinal = reason != PAVO_END_ACTIVE;
    r->decodeReason = f->why;
    r->flowSequence = c->sequence;
    r->flowId = f->flags & FLOW_EXPORTED ? c->id : hash_word(key_fixed_hash(&f->key), c->first_ns);
    fill_key(f, c, fwd, r);
    r->flowLabelIPv6 = c->flow_label;
    r->ingressInterface = c->source;
    fill_icmp(f, c, fwd, r);
    r->icmpErrorCount = c->icmp_errors;
    if (c->icmp_errors) {
        r->icmpErrorType = c->icmp_error_type;
        r->icmpErrorCode = c->icmp_error_code;
    }
    r->flowStartNanoseconds = c->first_ns;
    r->flowEndNanoseconds = f->last_ns;
    fill_counters(f, c, fwd, r);
    fill_encap(s, c, (f->flags & FLOW_FIRST_B) ? !fwd : fwd, r);
    r->made_ns = s->now_ns;
}
