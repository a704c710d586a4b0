/* initiator.c - which side began, and how we know
 *
 * From the first packet: a SYN was sent by the initiator, a SYN+ACK to it; a request of ICMP or ARP
 * by it, a reply to it. Else, when exactly one side uses the port of a known service, the other one
 * began. Else whoever sent the first packet. A SYN that is seen later still turns the flow, until
 * its first record has left.
 */
#include "flow.h"
#include "request.h"

enum {
    PORT_SYSTEM_END = 1024, /* system ports, RFC 6335 section 6 */
    ARP_REQUEST = 1,        /* RFC 826; 3 and 4 are RARP's (RFC 903), 8 and 9 InARP's (RFC 2390) */
    ARP_REPLY = 2,
    RARP_REQUEST = 3,
    RARP_REPLY = 4,
    INARP_REQUEST = 8,
    INARP_REPLY = 9,
};

static bool
port_is_known(uint16_t port)
{
    if (port < PORT_SYSTEM_END)
        return port != 0;
    switch (port) {
#define PORT(port) case port:
#include "services.def"
#undef PORT
        return true;
    default:
        return false;
    }
}

enum pavo_basis
initiator_by_ports(const struct pavo_key *k, bool *by_b)
{
    const bool a_is_known = port_is_known(k->port_a);

    if (a_is_known == port_is_known(k->port_b))
        return PAVO_BASIS_FIRST_PACKET;
    *by_b = a_is_known;
    return PAVO_BASIS_KNOWN_PORT;
}

enum pavo_basis
initiator_of(const struct pavo_packet *p, bool *by_b)
{
    const struct pavo_key *k = &p->key;

    *by_b = p->is_b;
    if (k->kind == PAVO_KIND_ARP) {
        switch (p->at.arp_op) {
        case ARP_REPLY:
        case RARP_REPLY:
        case INARP_REPLY:
            *by_b = !p->is_b;
            return PAVO_BASIS_ARP_REQUEST;
        case ARP_REQUEST:
        case RARP_REQUEST:
        case INARP_REQUEST:
            return PAVO_BASIS_ARP_REQUEST;
        default:
            return PAVO_BASIS_FIRST_PACKET;
        }
    }
    if (p->at.has_icmp && key_is_icmp(k)) {
        switch (icmp_classify(k->proto, p->at.icmp_type)) {
        case ICMP_REPLY:
            *by_b = !p->is_b;
            return PAVO_BASIS_ICMP_REQUEST;
        case ICMP_REQUEST:
            return PAVO_BASIS_ICMP_REQUEST;
        default:
            return PAVO_BASIS_FIRST_PACKET;
        }
    }
    if (p->at.has_tcp && k->proto == PROTO_TCP &&
        (p->at.tcp_flags & (TCP_SYN | TCP_RST)) == TCP_SYN) {
        if (!(p->at.tcp_flags & TCP_ACK))
            return PAVO_BASIS_SYN;
        *by_b = !p->is_b;
        return PAVO_BASIS_SYNACK;
    }
    return p->at.has_ports ? initiator_by_ports(k, by_b) : PAVO_BASIS_FIRST_PACKET;
}

void
initiator_ask(struct pavo_flow *f, const struct pavo_packet *p)
{
    const enum request_is is = request_of(p);

    if (is != REQUEST_UNKNOWN)
        initiator_turn(f, PAVO_BASIS_REQUEST_BYTES, p->is_b == (is == REQUEST_ASKS));
}
