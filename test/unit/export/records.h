/* records.h - flow records for the tests of the encoders and sinks */
#ifndef PAVO_TEST_RECORDS_H
#define PAVO_TEST_RECORDS_H

#include <string.h>

#include "pavo_export.h"

#define REC_NS UINT64_C(1000000000)
/* 2026-11-23T10:00:01.000000123Z to 10:00:05.123456789Z */
#define REC_START (UINT64_C(1795428001) * REC_NS + 123)
#define REC_END   (UINT64_C(1795428005) * REC_NS + 123456789)

static inline struct pavo_record
rec_tcp4(void)
{
    struct pavo_record r;

    memset(&r, 0, sizeof r);
    r.kind = PAVO_KIND_IP4;
    r.protocolIdentifier = 6;
    r.flowEndReason = PAVO_END_DETECTED;
    r.endDetail = PAVO_DETAIL_TCP_CLOSED;
    r.initiatorBasis = PAVO_BASIS_SYN;
    r.biflowDirection = 1;
    r.flowFinal = 1;
    r.hasPorts = 1;
    r.hasMac = 1;
    r.flowSequence = 1;
    r.flowId = UINT64_C(0x9f3c01d2a4b5c6d7);
    memcpy(r.sourceAddress, "\xc0\x00\x02\x0a", 4);
    memcpy(r.destinationAddress, "\xc6\x33\x64\x07", 4);
    r.sourceTransportPort = 51234;
    r.destinationTransportPort = 443;
    memcpy(r.sourceMacAddress, "\x00\x00\x5e\x00\x53\x01", 6);
    memcpy(r.destinationMacAddress, "\x00\x00\x5e\x00\x53\x02", 6);
    r.ethernetType = 0x0800;
    r.flowStartNanoseconds = REC_START;
    r.flowEndNanoseconds = REC_END;
    r.packetDeltaCount[0] = r.packetTotalCount[0] = 20;
    r.packetDeltaCount[1] = r.packetTotalCount[1] = 22;
    r.octetDeltaCount[0] = r.octetTotalCount[0] = 4021;
    r.octetDeltaCount[1] = r.octetTotalCount[1] = 14212;
    r.payloadOctets[0] = 2890;
    r.payloadOctets[1] = 13100;
    r.tcpControlBits[0] = r.tcpControlBits[1] = 27;
    r.initialTCPFlags[0] = 2;
    r.initialTCPFlags[1] = 18;
    r.minimumTTL[0] = r.maximumTTL[0] = 64;
    r.minimumTTL[1] = r.maximumTTL[1] = 57;
    return r;
}

static inline void
rec_encap(struct pavo_record *r, enum pavo_carrier type, uint32_t id, int ip_version)
{
    struct pavo_layer *l = &r->encap[r->n_encap++];

    *l = (struct pavo_layer){.type = (uint8_t)type, .id = id, .ip_version = (uint8_t)ip_version};
    if (ip_version == 4) {
        memcpy(l->src, "\x0a\x00\x00\x01", 4);
        memcpy(l->dst, "\x0a\x00\x00\x02", 4);
    } else if (ip_version == PAVO_LAYER_MAC) {
        memcpy(l->src, "\x00\x00\x5e\x00\x53\xb1", 6);
        memcpy(l->dst, "\x00\x00\x5e\x00\x53\xb2", 6);
    } else if (ip_version == 6) {
        memset(l->src, 0xfe, 16); /* the longest text: no group is short */
        memset(l->dst, 0xfd, 16);
    }
}

static inline struct pavo_record
rec_udp6(void)
{
    struct pavo_record r = rec_tcp4();

    r.kind = PAVO_KIND_IP6;
    r.protocolIdentifier = 17;
    r.ethernetType = 0x86dd;
    memcpy(r.sourceAddress, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    memcpy(r.destinationAddress, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
    r.endDetail = PAVO_DETAIL_IDLE;
    r.flowEndReason = PAVO_END_IDLE;
    r.initiatorBasis = PAVO_BASIS_KNOWN_PORT;
    r.tcpControlBits[0] = r.tcpControlBits[1] = 0;
    return r;
}

static inline struct pavo_record
rec_icmp4(void)
{
    struct pavo_record r = rec_tcp4();

    r.protocolIdentifier = 1;
    r.hasPorts = 0;
    r.sourceTransportPort = r.destinationTransportPort = 0;
    r.hasIcmp = 1;
    r.icmpType = 3;
    r.icmpCode = 1;
    r.initiatorBasis = PAVO_BASIS_FIRST_PACKET;
    r.packetDeltaCount[1] = r.octetDeltaCount[1] = 0;
    r.quote.kind = PAVO_KIND_IP4;
    r.quote.proto = 17;
    r.quote.has_ports = 1;
    r.quote.src_port = 5353;
    r.quote.dst_port = 53;
    memcpy(r.quote.src, "\xc6\x33\x64\x07", 4);
    memcpy(r.quote.dst, "\xc0\x00\x02\x35", 4);
    r.tcpControlBits[0] = r.tcpControlBits[1] = 0;
    r.endDetail = PAVO_DETAIL_IDLE;
    return r;
}

static inline struct pavo_record
rec_arp(void)
{
    struct pavo_record r = rec_tcp4();

    r.kind = PAVO_KIND_ARP;
    r.protocolIdentifier = 0;
    r.hasPorts = 0;
    r.ethernetType = 0x0806;
    r.arpOperation = 1;
    r.initiatorBasis = PAVO_BASIS_ARP_REQUEST;
    r.endDetail = PAVO_DETAIL_IDLE;
    return r;
}

static inline struct pavo_record
rec_link(uint16_t ethertype, bool is_llc)
{
    struct pavo_record r = rec_tcp4();

    r.kind = PAVO_KIND_LINK;
    r.protocolIdentifier = 0;
    r.hasPorts = 0;
    memset(r.sourceAddress, 0, 16);
    memset(r.destinationAddress, 0, 16);
    r.ethernetType = ethertype;
    r.isLlc = is_llc;
    r.initiatorBasis = PAVO_BASIS_FIRST_PACKET;
    r.packetDeltaCount[1] = r.octetDeltaCount[1] = 0;
    r.endDetail = PAVO_DETAIL_IDLE;
    return r;
}

/* A text of 'n' bytes, some of which need an escape in JSON and quotes in CSV. */
static inline void
rec_text(char *to, size_t n)
{
    static const char bytes[] = "a\"b,c\\.example";

    for (size_t i = 0; i < n; i++)
        to[i] = bytes[i % (sizeof bytes - 1)];
    to[n] = '\0';
}

/* Every part, and in it every member its own number: what is mixed up shows. */
static inline void
rec_parts(struct pavo_record *r, unsigned parts)
{
    uint8_t *const at = (uint8_t *)&r->meter;
    const size_t n = offsetof(struct pavo_record, encap) - offsetof(struct pavo_record, meter);

    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(i * 7 + 1);
    r->parts = (uint16_t)parts;
    r->connState = PAVO_CONN_SF;
    strcpy(r->history, "ShADadFf");
    r->tcp.sideState[0] = PAVO_SIDE_CLOSED;
    r->tcp.sideState[1] = PAVO_SIDE_ESTABLISHED;
    r->tcp.tcpOptionBits[0] = r->tcp.tcpOptionBits[1] = 0xff;
    r->tcp.ecnNegotiated = 1;
    r->tcp.hasMptcpToken = 3;
    r->meter.ipIdBehaviour[0] = PAVO_IP_ID_COUNTER;
    r->meter.ipIdBehaviour[1] = PAVO_IP_ID_RANDOM;
    r->assoc.protocol = PAVO_ASSOC_ESP;
    r->assoc.state = PAVO_ASSOC_ESTABLISHED;
    r->assoc.multihomed = r->assoc.conflict = 1;
    r->assoc.hasAddress = 6;
    r->rtp.seen = 3;
    r->payloadEntropy[0] = 200;
    r->payloadEntropy[1] = 201;
    if (parts & PAVO_PART_FIRST) {
        r->first.n = PAVO_FIRST_MAX;
        r->first.fromInitiator = 0xa5f0;
        for (unsigned i = 0; i < PAVO_FIRST_MAX; i++) {
            r->first.octets[i] = (uint16_t)(1000 + i);
            r->first.gap_us[i] = 100000 + i;
        }
    }
    if (parts & PAVO_PART_NAMES) {
        struct pavo_record_names *names = &r->names;

        memset(names, 0, sizeof *names);
        names->application = 250; /* without a word */
        names->dnsRcode = 3;
        names->hasDnsRcode = 1;
        names->dnsType = 28;
        names->tlsVersion = 0x0304;
        names->quicVersion = 0x6b3343cf;
        strcpy(names->serverName, "www.example.org");
        strcpy(names->alpn, "h2");
        strcpy(names->ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
        strcpy(names->dnsQuery, "a.example");
        strcpy(names->httpHost, "b.example");
        strcpy(names->banner[0], "SSH-2.0-one");
        strcpy(names->banner[1], "SSH-2.0-two");
    }
    if (parts & PAVO_PART_BYTES) {
        r->bytes.n[0] = 5;
        memcpy(r->bytes.at[0], "GET /", 5);
        r->bytes.n[1] = 300;
        for (unsigned i = 0; i < 300; i++)
            r->bytes.at[1][i] = (uint8_t)i;
    }
}

enum { REC_PARTS_ALL = (PAVO_PART_RTT << 1) - 1 };

/* Texts and bytes as long as they can be. */
static inline void
rec_parts_longest(struct pavo_record *r)
{
    rec_parts(r, REC_PARTS_ALL);
    memset(&r->meter, 0xff, sizeof r->meter);
    memset(r->tcp.retransmittedPackets, 0xff,
           offsetof(struct pavo_record_tcp, eceSegments) -
               offsetof(struct pavo_record_tcp, retransmittedPackets));
    memset(r->history, 'h', sizeof r->history - 1);
    r->history[sizeof r->history - 1] = '\0';
    memset(r->first.octets, 0xff, sizeof r->first.octets);
    memset(r->first.gap_us, 0xff, sizeof r->first.gap_us);
    rec_text(r->names.serverName, sizeof r->names.serverName - 1);
    rec_text(r->names.dnsQuery, sizeof r->names.dnsQuery - 1);
    rec_text(r->names.httpHost, sizeof r->names.httpHost - 1);
    rec_text(r->names.banner[0], sizeof r->names.banner[0] - 1);
    memset(r->names.banner[1], 1, sizeof r->names.banner[1] - 1); /* six bytes each in JSON */
    r->bytes.n[0] = r->bytes.n[1] = PAVO_PAYLOAD_MAX;
    memset(r->bytes.at, 0xfe, sizeof r->bytes.at);
}

/* All that can be long is as long as it can be. */
static inline struct pavo_record
rec_longest(void)
{
    struct pavo_record r = rec_icmp4();

    r.kind = PAVO_KIND_IP6;
    r.hasPorts = 1;
    r.sourceTransportPort = r.destinationTransportPort = 65535;
    r.isFragment = r.encapLost = r.isLlc = 1;
    r.fragmentIdentification = r.securityParameterIndex = r.icmpErrorCount = UINT32_MAX;
    r.flowLabelIPv6 = 0xfffff;
    r.icmpErrorType = r.icmpErrorCode = r.icmpType = r.icmpCode = 255;
    r.icmpIdentifier = 65535;
    r.decodeReason = PAVO_WHY_TRUNCATED;
    memset(r.sourceAddress, 0xfe, 16);
    memset(r.destinationAddress, 0xfd, 16);
    r.quote.kind = PAVO_KIND_IP6;
    memset(r.quote.src, 0xfe, 16);
    memset(r.quote.dst, 0xfd, 16);
    r.flowSequence = UINT32_MAX;
    r.flowStartNanoseconds = 0;
    r.flowEndNanoseconds = UINT64_MAX;
    for (int d = 0; d < 2; d++) {
        r.packetDeltaCount[d] = r.octetDeltaCount[d] = r.payloadOctets[d] = UINT64_MAX / 2;
        r.packetTotalCount[d] = r.octetTotalCount[d] = UINT64_MAX;
        r.fragmentCount[d] = UINT32_MAX;
        r.minimumTTL[d] = r.maximumTTL[d] = r.ipClassOfService[d] = 255;
    }
    while (r.n_encap < PAVO_LAYERS_MAX)
        rec_encap(&r, PAVO_CARRIER_VXLAN_GPE, UINT32_MAX, 6);
    return r;
}

#endif
