/* pavo_record.h - an exported flow record
 *
 * What the export side makes of that which a shard hands to it, and what the reader makes of a
 * stored stream. Plain data, no pointers. Members that IPFIX has a name for carry it (RFC 5103
 * names for the reverse direction); lib/export/fields.def gives number, type, JSON path and help of
 * each.
 *
 * Directions (RFC 5103): source and forward belong to the initiator, destination and reverse to the
 * other side. Counters are deltas of this record. Addresses in wire order, all else in host order.
 */
#ifndef PAVO_RECORD_H
#define PAVO_RECORD_H

#include "pavo_decap.h"
#include "pavo_inspect.h"

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

/* initiatorBasis: the evidence for which side began, from the weakest on; but request_bytes, which
 * stands between known_port and icmp_request. */
enum pavo_basis {
    PAVO_BASIS_FIRST_PACKET = 0,
    PAVO_BASIS_KNOWN_PORT = 1,   /* exactly one side uses a well-known service port */
    PAVO_BASIS_ICMP_REQUEST = 2, /* a request was seen, or a reply reversed */
    PAVO_BASIS_ARP_REQUEST = 3,
    PAVO_BASIS_SYNACK = 4, /* SYN+ACK: the other side began */
    PAVO_BASIS_SYN = 5,
    PAVO_BASIS_REQUEST_BYTES = 6, /* the first payload is one that a client, or a server, sends */
    PAVO_BASES
};

/* How a conversation went, in the words of Zeek's conn_state; UDP and all else by requests and
 * answers. The values stand in the record stream. */
enum pavo_conn_state {
    PAVO_CONN_OTH = 0,    /* midstream, or nothing that the others say */
    PAVO_CONN_S0 = 1,     /* attempt, no answer */
    PAVO_CONN_S1 = 2,     /* established, not ended */
    PAVO_CONN_SF = 3,     /* established and ended normally; UDP: request and answer */
    PAVO_CONN_REJ = 4,    /* refused */
    PAVO_CONN_S2 = 5,     /* established, the initiator closed, the other side did not */
    PAVO_CONN_S3 = 6,     /* established, the other side closed, the initiator did not */
    PAVO_CONN_RSTO = 7,   /* established, reset by the initiator */
    PAVO_CONN_RSTR = 8,   /* reset by the other side */
    PAVO_CONN_RSTOS0 = 9, /* SYN, then RST by the initiator; no SYN+ACK was seen */
    PAVO_CONN_RSTRH = 10, /* SYN+ACK, then RST by the other side; no SYN was seen */
    PAVO_CONN_SH = 11,    /* SYN, then FIN by the initiator; no SYN+ACK was seen: half of it */
    PAVO_CONN_SHR = 12,   /* the other half: SYN+ACK, then FIN; no SYN. UDP: only answers */
    PAVO_CONN_STATES
};

/* State of one side of a TCP connection as a bystander sees it. */
enum pavo_tcp_side {
    PAVO_SIDE_INACTIVE = 0, /* has sent nothing */
    PAVO_SIDE_SYN_SENT = 1,
    PAVO_SIDE_SYN_ACK_SENT = 2, /* the initiator began with SYN+ACK */
    PAVO_SIDE_PARTIAL = 3,      /* began before the capture did */
    PAVO_SIDE_ESTABLISHED = 4,
    PAVO_SIDE_CLOSED = 5, /* has sent its FIN */
    PAVO_SIDE_RESET = 6,
    PAVO_SIDES
};

/* Parts of a record that only some have: bits of 'parts'. What stands in a part that is not there
 * is not set. A part that is there was measured: 0 is zero. */
enum {
    PAVO_PART_TCP = 1 << 0,   /* tcp, less what the next two say */
    PAVO_PART_METER = 1 << 1, /* meter: sizes, times between packets, header fields that changed */
    PAVO_PART_ECHO = 1 << 2,  /* echo: ICMP requests and replies */
    PAVO_PART_ASSOC = 1 << 3, /* assoc: SCTP, DCCP, ESP and AH, ARP, ND, DHCP */
    PAVO_PART_RTP = 1 << 4,   /* rtp */
    PAVO_PART_NAMES = 1 << 5, /* names */
    PAVO_PART_FIRST = 1 << 6, /* first: sizes, times and directions of the first data packets */
    PAVO_PART_BYTES = 1 << 7, /* bytes: the first bytes of the payload */
    PAVO_PART_ENTROPY = 1 << 8,
    PAVO_PART_LOSS = 1 << 9, /* tcp.retransmittedPackets to tcp.windowProbes */
    PAVO_PART_RTT = 1 << 10, /* tcp.rttSamples and what follows it */
};

enum {
    PAVO_HISTORY_MAX = 18,   /* letters kept */
    PAVO_BINS = 8,           /* of a histogram */
    PAVO_FIRST_MAX = 16,     /* data packets whose size and direction are kept */
    PAVO_PAYLOAD_MAX = 1500, /* first bytes of a side */
};

/* ipIdBehaviour: how the identification of IPv4 headers of one side moves. */
enum pavo_ip_id {
    PAVO_IP_ID_UNKNOWN = 0, /* fewer than three packets, or IPv6 */
    PAVO_IP_ID_ZERO = 1,
    PAVO_IP_ID_CONSTANT = 2,
    PAVO_IP_ID_COUNTER = 3, /* rises by one from packet to packet of this flow */
    PAVO_IP_ID_RISING = 4,  /* rises by less than 1024: one counter for several flows */
    PAVO_IP_ID_RANDOM = 5,
    PAVO_IP_IDS
};

/* Bits of 'cast': where the destination is not one host. */
enum { PAVO_CAST_MULTICAST = 1, PAVO_CAST_BROADCAST = 2 };

/* [0] is what the initiator sent, [1] what the other side did, throughout. Counts are of this
 * record; what belongs to the connection (sequence numbers, options, handshake) is repeated. */
struct pavo_record_tcp {
    uint32_t tcpSequenceNumber[2]; /* of the SYN, else of the first segment seen: IPFIX 184 */
    uint64_t streamOctets[2];      /* by sequence numbers and acknowledgements, since it began,
                                      without SYN and FIN; wraps are counted. Zeek's orig_bytes */
    uint32_t retransmittedPackets[2];
    uint64_t retransmittedOctets[2];
    uint32_t fastRetransmits[2];     /* of these: behind three equal acknowledgements */
    uint32_t spuriousRetransmits[2]; /* of these: what had been acknowledged, or DSACK says so */
    uint32_t outOfOrderPackets[2];
    uint32_t duplicatePackets[2]; /* the mirror's: same identification and same header */
    uint64_t missedOctets[2];     /* acknowledged by the other side and never seen */
    uint64_t unackedOctets[2];    /* seen and not acknowledged so far; not a delta */
    uint32_t duplicateAcks[2];    /* sent by this side */
    uint32_t zeroWindows[2];      /* sent by this side */
    uint32_t windowFull[2];       /* segments that filled the window of the other side */
    uint32_t keepAlives[2];
    uint32_t windowProbes[2];
    uint32_t eceSegments[2]; /* ECE without SYN */
    uint32_t cwrSegments[2];
    uint16_t maximumSegmentSize[2];
    uint8_t tcpWindowScale[2];   /* IPFIX 238; valid if the option bit is set */
    uint8_t tcpOptionBits[2];    /* PAVO_TCP_OPT_* of all segments */
    uint8_t sideState[2];        /* enum pavo_tcp_side */
    uint8_t ecnNegotiated;       /* RFC 3168 section 6.1.1: both SYNs agreed */
    uint8_t hasMptcpToken;       /* bit 0, 1: of side [0], [1] */
    uint32_t mptcpToken[2];      /* RFC 8684 section 3.2: of an MP_JOIN the receiver's token */
    uint64_t handshakeServer_ns; /* SYN to SYN+ACK; 0: not seen */
    uint64_t handshakeClient_ns; /* SYN+ACK to the first ACK; 0: not seen */
    uint64_t response_ns;        /* first request byte to first answer byte; 0: not seen */
    uint32_t rttSamples[2];      /* [0]: from the tap to the other side and back, by data of [0] */
    uint32_t rttMin_ns[2];       /* 0 if there are no samples; at most 4.29 s */
    uint32_t rttMax_ns[2];
    uint64_t rttSum_ns[2];
};

struct pavo_record_meter {
    uint16_t minimumPacket[2]; /* L3 bytes, at most 65535; IPFIX 25 */
    uint16_t maximumPacket[2]; /* IPFIX 26 */
    uint64_t packetSquares[2]; /* sum of squares of L3 bytes; IPFIX 198 */
    /* Up to 64, 128, 256, 512, 1024, 1280, 1500 bytes, and above. */
    uint32_t packetBins[2][PAVO_BINS];
    /* Times between packets of one side. Up to one second the flow is active, above it idles. Bins:
     * below 100 us, 1 ms, 10 ms, 100 ms, up to 1 s; idle: up to 10 s, 60 s, above. */
    uint32_t gapBins[2][PAVO_BINS];
    uint32_t gapMin_ns[2]; /* of the active ones; 0 if there are none */
    uint32_t gapMax_ns[2];
    uint64_t gapSum_ns[2];
    uint64_t gapSquares_us[2]; /* sum of squares, in microseconds squared */
    uint64_t idleSum_ns[2];    /* sum of the idle ones */
    uint64_t idleMax_ns[2];
    uint32_t smallPackets[2]; /* keystroke-like: 1 to 48 bytes of payload, at least 20 ms after the
                                 one before */
    uint32_t burstOctets[2];  /* most L3 bytes within 100 ms of each other's start */
    uint32_t ceMarks[2];      /* packets with ECN CE */
    uint16_t ttlChanges[2];
    uint16_t tosChanges[2];
    uint8_t ecnSeen[2]; /* bit n: codepoint n was seen, RFC 3168 section 5 */
    uint8_t dscpLast[2];
    uint8_t ipIdBehaviour[2]; /* enum pavo_ip_id */
};

/* ICMP and ICMPv6 echo, and the other queries. */
struct pavo_record_echo {
    uint32_t requests, replies;
    uint32_t lost;       /* requests that were followed by another one's reply and never answered */
    uint32_t duplicates; /* replies to what had been answered */
    uint32_t samples;    /* round trips measured */
    uint16_t firstSequence, lastSequence;
    uint64_t rttMin_ns, rttMax_ns, rttSum_ns;
};

/* What a transport or a control protocol keeps, by protocol; see enum pavo_assoc_state. */
enum pavo_assoc {
    PAVO_ASSOC_NONE = 0,
    PAVO_ASSOC_SCTP = 1,
    PAVO_ASSOC_DCCP = 2,
    PAVO_ASSOC_ESP = 3, /* and AH */
    PAVO_ASSOC_ARP = 4,
    PAVO_ASSOC_ND = 5,
    PAVO_ASSOC_DHCP = 6,
    PAVO_ASSOCS
};
enum pavo_assoc_state {
    PAVO_ASSOC_UNKNOWN = 0,
    PAVO_ASSOC_REQUESTED = 1,   /* INIT; DCCP-Request; request, solicitation, discover */
    PAVO_ASSOC_ANSWERED = 2,    /* INIT ACK; DCCP-Response; reply, advertisement, offer */
    PAVO_ASSOC_ESTABLISHED = 3, /* COOKIE ACK or data; DCCP-Ack or data; DHCP ACK */
    PAVO_ASSOC_CLOSING = 4,     /* SHUTDOWN; DCCP-Close */
    PAVO_ASSOC_CLOSED = 5,      /* SHUTDOWN COMPLETE; DCCP-Reset "closed"; DHCP release */
    PAVO_ASSOC_ABORTED = 6,     /* ABORT; another DCCP-Reset; DHCP NAK, decline */
    PAVO_ASSOC_ANNOUNCED = 7,   /* gratuitous ARP, unsolicited advertisement */
    PAVO_ASSOC_STATES
};
struct pavo_record_assoc {
    uint8_t protocol;   /* enum pavo_assoc */
    uint8_t state;      /* enum pavo_assoc_state */
    uint8_t multihomed; /* SCTP: an INIT or INIT ACK names other addresses */
    uint8_t conflict;   /* ARP, ND: two link addresses claim one address */
    uint32_t tag[2]; /* SCTP: verification tag that this side expects; DCCP: service code in [0] */
    uint32_t messages[2];  /* of the protocol, by side */
    uint32_t lost[2];      /* ESP, AH: gaps in the sequence numbers; DCCP the same */
    uint32_t replayed[2];  /* ESP, AH: sequence numbers that came again or late */
    uint32_t highest[2];   /* ESP, AH: highest sequence number */
    uint8_t answeredBy[6]; /* ARP, ND: link address that answered; DHCP: zero */
    uint8_t address[16]; /* ND: target; DHCP: the address that was given (IPv4 in the first four) */
    uint8_t hasAddress;  /* 4, 6, or 0 */
    uint8_t messageType; /* DHCP: last message type */
    uint64_t response_ns; /* request to answer; 0: not seen */
};

/* RTP by its sequence and time stamps, RFC 3550 section 6.4.1 and appendix A. */
struct pavo_record_rtp {
    uint32_t ssrc[2];
    uint8_t payloadType[2];
    uint8_t seen; /* bit 0, 1: a stream from side [0], [1] */
    uint32_t packets[2];
    uint32_t lost[2]; /* expected less received */
    uint32_t outOfOrder[2];
    uint32_t jitter_us[2]; /* interarrival jitter; 0 where the clock rate is not known */
};

struct pavo_record_first {
    uint8_t n;
    uint16_t octets[PAVO_FIRST_MAX]; /* payload bytes */
    uint16_t fromInitiator;          /* bit i: packet i was sent by the initiator */
    uint32_t gap_us[PAVO_FIRST_MAX]; /* after the one before; [0] is 0; at most 2^32 - 1 */
};

struct pavo_record_bytes {
    uint16_t n[2];
    uint8_t at[2][PAVO_PAYLOAD_MAX];
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

    uint16_t parts;          /* PAVO_PART_* that are there */
    uint8_t connState;       /* enum pavo_conn_state */
    uint8_t cast;            /* PAVO_CAST_* */
    uint8_t initiatorTurned; /* evidence that came after the first export says that the other
                                side began; source and destination stay */
    uint8_t
        countsUnknown; /* the shard had no room to count fragments and ICMP errors of this flow */
    uint8_t payloadEntropy[2]; /* bits per byte times 32, 0 to 255: CERT 35; PAVO_PART_ENTROPY */
    char
        history[PAVO_HISTORY_MAX + 3]; /* Zeek's letters since the flow began; '+': more than fit */
    uint8_t n_encap;
    uint8_t encapLost;     /* 1: the table of encapsulations was full, the list is missing */
    uint8_t meterIsSingle; /* 1: the meter is that of one packet of a side at most, so it follows
                              from the counters; pavo_record_complete() has to put it in */

    /* From here on: each valid only if 'parts' says so, else anything. */
    struct pavo_record_meter meter;
    struct pavo_record_tcp tcp;
    struct pavo_record_echo echo;
    struct pavo_record_assoc assoc;
    struct pavo_record_rtp rtp;

    /* Through what, outermost first, as seen by the first packet of the flow and turned so that
     * 'src' is on the initiator's side. */
    struct pavo_layer encap[PAVO_LAYERS_MAX]; /* the first n_encap are valid */

    /* Last: large, and only there if 'parts' says so. */
    struct pavo_record_first first;
    struct pavo_record_names names;
    struct pavo_record_bytes bytes;
};

/* What a shard puts into its ring: a copy of the flow whose record is due. Behind these members
 * stands what only the flow library knows, one behind the other in the slot. */
struct pavo_draft {
    uint64_t made_ns; /* the shard's clock; the export thread merges by it */
    uint16_t bytes;   /* of all of it */
    uint16_t has;     /* which parts */
    uint8_t reason;   /* enum pavo_end */
    uint8_t detail;   /* enum pavo_end_detail */
    uint8_t entropy[2];
};
enum { PAVO_DRAFT_LEAST = 192 }; /* bytes of one without any part */

/* Bytes of a slot of a ring whose shard makes these large parts. */
size_t pavo_draft_room(unsigned parts);

/* pavo_record_make - the record. By the consumer of the ring, before it gives the slot back; only
 * parts that are there are written. Behind make_lean() a meter that follows from the counters
 * (meterIsSingle) is rubbish still, until pavo_record_complete(). */
void pavo_record_make(const struct pavo_draft *d, struct pavo_record *r);
void pavo_record_make_lean(const struct pavo_draft *d, struct pavo_record *r);
void pavo_record_complete(struct pavo_record *r);

/* The bin of a packet's size: up to 64, 128, 256, 512, 1024, 1280, 1500 bytes, and above. All
 * limits but 1500 are multiples of 64. */
static inline unsigned
pavo_size_bin(uint32_t octets)
{
    static const uint8_t bins[] = {0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4,
                                   4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6};
    enum { LAST = sizeof bins - 1 };
    const uint32_t i = (uint32_t)(((uint64_t)octets + 63) / 64);

    return bins[i < LAST ? i : LAST] + 1u - (octets <= 1500);
}

/* pavo_record_copy - what is valid; parts that are not there become zero. */
void pavo_record_copy(struct pavo_record *to, const struct pavo_record *from);

/* Bytes of a record that carry something. */
static inline size_t
pavo_record_size(const struct pavo_record *r)
{
    if (r->parts & PAVO_PART_BYTES)
        return sizeof *r;
    if (r->parts & PAVO_PART_NAMES)
        return offsetof(struct pavo_record, bytes);
    if (r->parts & PAVO_PART_FIRST)
        return offsetof(struct pavo_record, names);
    return offsetof(struct pavo_record, encap) + r->n_encap * sizeof r->encap[0];
}

#endif
