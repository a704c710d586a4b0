/* initiator.c - which side began, and how we know
 *
 * From the first packet: a SYN was sent by the initiator, a SYN+ACK to it; a request of ICMP or ARP
 * by it, a reply to it. Else, when exactly one side uses the port of a known service, the other one
 * began. Else whoever sent the first packet. A SYN that is seen later still turns the flow, until
 * its first record has left.
 */
#include "flow.h"

enum {
    PORT_SYSTEM_END = 1024, /* system ports, RFC 6335 section 6 */
    ARP_REQUEST = 1,        /* RFC 826; 3 and 4 are RARP's (RFC 903), 8 and 9 InARP's (RFC 2390) */
    ARP_REPLY = 2,
    RARP_REQUEST = 3,
    RARP_REPLY = 4,
    INARP_REQUEST = 8,
    INARP_REPLY = 9,
};

static const uint16_t known_ports[] = {
#define PORT(port) port,
#include "services.def"
#undef PORT
};

/* Bit n % 64 of word n / 64: one of them is n modulo 512. Most other ports are told by that. */
#define PORT(port) | (port / 64 % 8 == WORD ? UINT64_C(1) << port % 64 : 0)
static const uint64_t may_be_known[8] = {0
#define WORD 0
#include "services.def"
#undef WORD
                                         ,
                                         0
#define WORD 1
#include "services.def"
#undef WORD
                                         ,
                                         0
#define WORD 2
#include "services.def"
#undef WORD
                                         ,
                                         0
#define WORD 3
#include "services.def"
#undef WORD
                                         ,
                                         0
#define WORD 4
#include "services.def"
#undef WORD
                                         ,
                                         0
#define WORD 5
#include "services.def"
#undef WORD
                                         ,
                                         0
#define WORD 6
#include "services.def"
#undef WORD
                                         ,
                                         0
#define WORD 7
#include "services.def"
#undef WORD
};
#undef PORT

static bool
port_is_known(uint16_t port)
{
    size_t low = 0, high = sizeof known_ports / sizeof known_ports[0];

    if (port < PORT_SYSTEM_END)
        return port != 0;
    if (!(may_be_known[port / 64 % 8] >> port % 64 & 1))
        return false;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;

        if (known_ports[mid] == port)
            return true;
        if (known_ports[mid] < port)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
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
    if (p->at.has_ports && port_is_known(k->port_a) != port_is_known(k->port_b)) {
        *by_b = port_is_known(k->port_a);
        return PAVO_BASIS_KNOWN_PORT;
    }
    return PAVO_BASIS_FIRST_PACKET;
}
