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

/* Registered ports of services above the system ports, in order. Ports that systems use for
 * outgoing connections (32768 and above) are not here. */
static const uint16_t known_ports[] = {
    1080, 1194, 1433, 1434,  1521,  1701,  1720,  1723,  1812,  1813,  1883,  1900,  2049, 2123,
    2152, 2181, 2375, 2376,  2379,  2380,  2905,  3000,  3128,  3260,  3268,  3269,  3306, 3389,
    3478, 3479, 3544, 3784,  3868,  4420,  4500,  4739,  4789,  5004,  5044,  5060,  5061, 5201,
    5222, 5269, 5349, 5353,  5355,  5432,  5601,  5671,  5672,  5900,  5984,  5985,  5986, 6000,
    6081, 6379, 6443, 6514,  6635,  6653,  6881,  7400,  8000,  8008,  8080,  8081,  8086, 8125,
    8333, 8443, 8472, 8805,  8883,  8888,  9000,  9042,  9090,  9092,  9100,  9200,  9300, 9418,
    9443, 9995, 9996, 10050, 10051, 10250, 11211, 15672, 25565, 27017, 27018, 27019,
};

static bool
port_is_known(uint16_t port)
{
    size_t low = 0, high = sizeof known_ports / sizeof known_ports[0];

    if (port < PORT_SYSTEM_END)
        return port != 0;
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
