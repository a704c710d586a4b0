/* assoc.c - which protocol a flow's part is about, and what all of them share */
#include "key.h"
#include "talk.h"

enum {
    PROTO_DCCP = 33,
    PROTO_ESP = 50,
    PROTO_AH = 51,
    PROTO_SCTP = 132,
    ND_SOLICITATION = 135,
    ND_ADVERTISEMENT = 136,
    DHCP_SERVER = 67,
    DHCP_CLIENT = 68,
    DHCP6_CLIENT = 546,
    DHCP6_SERVER = 547,
};

/* RFC 2131 section 4.1, relays send from and to the server's port; RFC 9915 section 7.2. */
bool
assoc_is_dhcp(uint8_t kind, uint16_t one, uint16_t two)
{
    if (kind == PAVO_KIND_IP4)
        return (one == DHCP_SERVER && (two == DHCP_CLIENT || two == DHCP_SERVER)) ||
               (one == DHCP_CLIENT && two == DHCP_SERVER);
    return one == DHCP6_SERVER || two == DHCP6_SERVER ||
           (one == DHCP6_CLIENT && two == DHCP6_CLIENT);
}

enum pavo_assoc
assoc_of(const struct pavo_packet *p)
{
    const struct pavo_layers *at = &p->at;

    if (at->kind == PAVO_KIND_ARP)
        return PAVO_ASSOC_ARP;
    if (at->kind == PAVO_KIND_LINK)
        return PAVO_ASSOC_NONE;
    switch (at->proto) {
    case PROTO_SCTP:
        return at->has_ports ? PAVO_ASSOC_SCTP : PAVO_ASSOC_NONE;
    case PROTO_DCCP:
        return at->has_ports ? PAVO_ASSOC_DCCP : PAVO_ASSOC_NONE;
    case PROTO_ESP:
    case PROTO_AH:
        return PAVO_ASSOC_ESP;
    case PROTO_ICMPV6:
        return at->has_icmp &&
                       (at->icmp_type == ND_SOLICITATION || at->icmp_type == ND_ADVERTISEMENT)
                   ? PAVO_ASSOC_ND
                   : PAVO_ASSOC_NONE;
    case PROTO_UDP:
        return at->has_ports && assoc_is_dhcp(at->kind, at->src_port, at->dst_port)
                   ? PAVO_ASSOC_DHCP
                   : PAVO_ASSOC_NONE;
    default:
        return PAVO_ASSOC_NONE;
    }
}

void
assoc_begin(struct assoc_part *part, enum pavo_assoc protocol)
{
    memset(part, 0, sizeof *part);
    part->protocol = (uint8_t)protocol;
}

void
assoc_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns)
{
    typedef void step_fn(struct assoc_part *, const struct pavo_packet *, unsigned, uint64_t);
    static step_fn *const steps[PAVO_ASSOCS] = {
        [PAVO_ASSOC_SCTP] = sctp_step, [PAVO_ASSOC_DCCP] = dccp_step, [PAVO_ASSOC_ESP] = esp_step,
        [PAVO_ASSOC_ARP] = arp_step,   [PAVO_ASSOC_ND] = nd_step,     [PAVO_ASSOC_DHCP] = dhcp_step,
    };

    if (part->protocol == PAVO_ASSOC_NONE)
        return;
    part_add(&part->messages[side], 1);
    steps[part->protocol](part, p, side, ts_ns);
}

static bool
is_numbered(const struct assoc_part *part)
{
    return part->protocol == PAVO_ASSOC_ESP || part->protocol == PAVO_ASSOC_DCCP;
}

void
assoc_interval(struct assoc_part *part)
{
    part->messages[0] = part->messages[1] = 0;
    if (!is_numbered(part))
        return;
    for (unsigned side = 0; side < 2; side++)
        part->u.numbered.track[side].lost = part->u.numbered.track[side].replayed = 0;
}

void
assoc_fill(const struct assoc_part *part, unsigned fwd, struct pavo_record_assoc *out)
{
    *out = (struct pavo_record_assoc){.protocol = part->protocol,
                                      .state = part->state,
                                      .conflict = part->conflict,
                                      .response_ns = part->response_ns};
    for (unsigned i = 0; i < 2; i++) {
        const unsigned side = i ^ fwd;

        out->messages[i] = part->messages[side];
        if (part->protocol == PAVO_ASSOC_SCTP)
            out->tag[i] = part->u.sctp.tag[side];
        if (!is_numbered(part))
            continue;
        out->lost[i] = part->u.numbered.track[side].lost;
        out->replayed[i] = part->u.numbered.track[side].replayed;
        out->highest[i] = part->u.numbered.track[side].highest;
    }
    switch (part->protocol) {
    case PAVO_ASSOC_SCTP:
        out->multihomed = part->u.sctp.multihomed;
        break;
    case PAVO_ASSOC_DCCP:
        out->tag[0] = part->u.numbered.service;
        break;
    case PAVO_ASSOC_ND:
    case PAVO_ASSOC_ARP:
        memcpy(out->answeredBy, part->u.link.answered_by, sizeof out->answeredBy);
        memcpy(out->address, part->u.link.target, sizeof out->address);
        out->hasAddress = part->u.link.has_target ? 6 : 0;
        break;
    case PAVO_ASSOC_DHCP:
        memcpy(out->address, part->u.dhcp.address, sizeof out->address);
        out->hasAddress = part->u.dhcp.has_address;
        out->messageType = part->u.dhcp.type;
        break;
    default:
        break;
    }
}

/* RFC 4303 section 2, RFC 4302 section 2. There is no beginning and no end to see. */
void
esp_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns)
{
    (void)ts_ns;
    if (p->at.has_sequence)
        part_track_step(&part->u.numbered.track[side], p->at.sequence);
}
