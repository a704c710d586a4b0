/* pavo_record.h - an exported flow record
 *
 * What a shard hands to the export side, and what the reader makes of a stored stream. Plain data,
 * no pointers: it is copied through a ring. Members that IPFIX has a name for carry it (RFC 5103
 * names for the reverse direction); lib/export/fields.def gives number, type, JSON path and help of
 * each.
 *
 * Directions (RFC 5103): source and forward belong to the initiator, destination and reverse to the
 * other side. Counters are deltas of this record. Addresses in wire order, all else in host order.
 */
#ifndef PAVO_RECORD_H
#define PAVO_RECORD_H

#include "pavo_decap.h"

/* flowEndReason, IPFIX element 136 (RFC 5102 section 5.11.3). */
enum pavo_end {
    PAVO_END_IDLE = 1,
    PAVO_END_ACTIVE = 2,
    PAVO_END_DETECTED = 3,
    PAVO_END_FORCED = 4,
    PAVO_END_RESOURCES = 5,
};

/* endDetail: the finer reason, one per way that a record can come to be. Own element. */
enum pavo_end_detail {
    PAVO_DETAIL_NONE = 0,
    PAVO_DETAIL_IDLE = 1,        /* silent for the idle time of its state */
    PAVO_DETAIL_ACTIVE = 2,      /* an interval was cut; the flow goes on */
    PAVO_DETAIL_TCP_CLOSED = 3,  /* FIN and acknowledgement both ways, then linger */
    PAVO_DETAIL_TCP_RESET = 4,   /* RST, then linger */
    PAVO_DETAIL_TCP_REUSED = 5,  /* a new SYN on the same ports ended it */
    PAVO_DETAIL_CAPTURE_END = 6, /* the capture ended while it was live */
    PAVO_DETAIL_STOPPED = 7,     /* the sensor was told to stop while it was live */
    PAVO_DETAIL_EVICTED = 8,     /* the table was full */
    PAVO_DETAIL_CLOCK_JUMP = 9,  /* the capture's clock stepped */
    PAVO_DETAILS
};

/* initiatorBasis: the evidence for which side began. Later rows do not outrank earlier ones. */
enum pavo_basis {
    PAVO_BASIS_FIRST_PACKET = 0,
    PAVO_BASIS_KNOWN_PORT = 1,   /* exactly one side uses a well-known service port */
    PAVO_BASIS_ICMP_REQUEST = 2, /* a request was seen, or a reply reversed */
    PAVO_BASIS_ARP_REQUEST = 3,
    PAVO_BASIS_SYNACK = 4, /* SYN+ACK: the other side began */
    PAVO_BASIS_SYN = 5,
    PAVO_BASES
};

struct pavo_record {
    /* What it is. */
    uint8_t kind;               /* enum pavo_kind */
    uint8_t protocolIdentifier; /* 0 for LINK and ARP */
    uint8_t flowEndReason;      /* enum pavo_end */
    uint8_t endDetail;          /* enum pavo_end_detail */
    uint8_t initiatorBasis;     /* enum pavo_basis */
    uint8_t
        biflowDirection; /* 1: initiator known by evidence, 0: first packet only (RFC 5103 6.3) */
    uint8_t flowFinal;   /* 1: the last record of its flow */
    uint8_t hasPorts;
    uint8_t hasMac;
    uint8_t isLlc;         /* ethernetType holds DSAP << 8 | SSAP */
    uint8_t isFragment;    /* pieces of a datagram whose first one never came */
    uint8_t decodeReason;  /* worst enum pavo_why of its packets, 0 if all were read */
    uint32_t flowSequence; /* 1 for the first record of a flow */
    uint64_t flowId;
    uint8_t sourceAddress[16]; /* sourceIPv4Address or sourceIPv6Address by 'kind' */
    uint8_t destinationAddress[16];
    uint16_t sourceTransportPort;
    uint16_t destinationTransportPort;
    uint8_t sourceMacAddress[6];
    uint8_t destinationMacAddress[6];
    uint16_t ethernetType;
    uint16_t arpOperation;           /* of the flow's first packet; 0 if not ARP */
    uint32_t securityParameterIndex; /* SPI of ESP and AH flows, key of unreadable GRE; of LINK
                                        flows the queue pair of InfiniBand */
    uint32_t flowLabelIPv6;
    uint32_t ingressInterface;       /* source number of the first packet */
    uint32_t fragmentIdentification; /* of an isFragment flow */
    uint8_t protocolName;            /* enum pavo_name, the first that a packet had; 0: none */

    /* ICMP. */
    uint8_t hasIcmp;
    uint8_t icmpType; /* of the initiator's first message */
    uint8_t icmpCode;
    uint8_t icmpErrorType; /* last ICMP error that quoted this flow; valid if icmpErrorCount */
    uint8_t icmpErrorCode;
    uint16_t icmpIdentifier;
    uint32_t icmpErrorCount; /* ICMP errors in this interval that quoted this flow */
    struct pavo_quote quote; /* of an ICMP error flow: the conversation it is about */

    /* When, in nanoseconds since the epoch. */
    uint64_t flowStartNanoseconds; /* first packet of this record */
    uint64_t flowEndNanoseconds;   /* last packet of this record */

    /* How much: [0] forward, [1] reverse. */
    uint64_t packetDeltaCount[2];
    uint64_t octetDeltaCount[2];  /* L3: IP packets by their own length fields */
    uint64_t payloadOctets[2];    /* behind the transport header */
    uint64_t packetTotalCount[2]; /* since the flow began */
    uint64_t octetTotalCount[2];
    uint32_t fragmentCount[2]; /* packets that were fragments */

    /* How. */
    uint16_t tcpControlBits[2]; /* union; twelve bits */
    uint16_t initialTCPFlags[2];
    uint8_t minimumTTL[2];
    uint8_t maximumTTL[2];
    uint8_t ipClassOfService[2]; /* of the first packet of that direction */

    /* Through what, outermost first, as seen by the first packet of the flow and turned so that
     * 'src' is on the initiator's side. */
    uint8_t n_encap;
    uint8_t encapLost; /* 1: the table of encapsulations was full, the list is missing */

    /* Not exported: the shard's clock when the record was made; the export thread merges by it. */
    uint64_t made_ns;

    struct pavo_layer encap[PAVO_LAYERS_MAX]; /* last: only n_encap of them are copied */
};

/* Bytes of a record that carry something. */
static inline size_t
pavo_record_size(const struct pavo_record *r)
{
    return offsetof(struct pavo_record, encap) + r->n_encap * sizeof r->encap[0];
}

#endif
