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
