/* pavo_decap.h - one captured frame in, the layers down to the innermost transport out
 *
 * Public interface of the decoder. It reads bytes and writes one struct; it keeps no state,
 * allocates nothing, locks nothing and never fails: however a walk ends, the result describes the
 * deepest layer that was read whole, and 'why' says what ended it.
 */
#ifndef PAVO_DECAP_H
#define PAVO_DECAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Link types: an index into links.def, not a number from a file. */
enum pavo_link {
#define LINK(name, number, dlt, step, word, help) PAVO_LINK_##name,
#include "links.def"
#undef LINK
    PAVO_LINKS
};

/* Why a walk ended: rows of why.def. PAVO_WHY_DONE (0) is the good end. */
enum pavo_why {
#define WHY(name, word, help) PAVO_WHY_##name,
#include "why.def"
#undef WHY
    PAVO_WHYS
};

/* Layers that carry a flow. The values are the numbers that stand in the record stream. */
enum pavo_carrier {
#define CARRIER(name, number, key, word, spec, id) PAVO_CARRIER_##name = number,
#include "carriers.def"
#undef CARRIER
    PAVO_CARRIERS
};

/* What UDP ports lead to: rows of udp.def. */
enum pavo_udp {
#define UDP_PORTS(name, word, step, help, ...) PAVO_UDP_##name,
#include "udp.def"
#undef UDP_PORTS
    PAVO_UDPS
};

/* Protocols with a name beyond their number: rows of names.def. The values are the numbers that
 * stand in the record stream; 0 is none. */
enum pavo_name {
#define NAME(name, number, word, spec) PAVO_NAME_##name = number,
#include "names.def"
    PAVO_NAMES
};

/* What the innermost addresses are. The values stand in flow keys. */
enum pavo_kind {
    PAVO_KIND_LINK = 0, /* no IP was read: the flow is one of link-layer addresses */
    PAVO_KIND_ARP = 1,  /* ARP or RARP: sender and target protocol addresses */
    PAVO_KIND_IP4 = 4,
    PAVO_KIND_IP6 = 6,
};

enum pavo_frag {
    PAVO_FRAG_NONE = 0,
    PAVO_FRAG_FIRST = 1, /* offset 0, more to come; the headers behind it were read */
    PAVO_FRAG_LATER = 2, /* offset above 0: the walk ended at this IP header */
};

/* Bits of has_tcp_opt. */
enum {
    PAVO_TCP_OPT_MSS = 1 << 0,
    PAVO_TCP_OPT_WSCALE = 1 << 1,
    PAVO_TCP_OPT_SACK_OK = 1 << 2,
    PAVO_TCP_OPT_SACK = 1 << 3,
    PAVO_TCP_OPT_TS = 1 << 4,
    PAVO_TCP_OPT_FASTOPEN = 1 << 5, /* RFC 7413 */
    PAVO_TCP_OPT_MPTCP = 1 << 6,    /* RFC 8684 */
    PAVO_TCP_OPT_AUTH = 1 << 7,     /* RFC 2385 or RFC 5925 */
};

enum {
    PAVO_DEPTH_MAX =
        16, /* headers of one frame that are walked; the next one is named and not read */
    PAVO_LAYERS_MAX = 16, /* carriers kept of one frame */
    PAVO_FRAGS_MAX = 4,   /* fragmented IP headers on the way of one frame */
    PAVO_LAYER_MAC = 1,   /* ip_version of a layer whose addresses are MACs */
};

/* A frame as a capture backend hands it over. The bytes are borrowed from it until its done(). */
struct pavo_frame {
    const uint8_t *data;
    uint64_t ts_ns;  /* nanoseconds since the epoch */
    uint32_t caplen; /* bytes held at 'data' */
    uint32_t len;    /* bytes that were on the wire; >= caplen */
    uint32_t rss;    /* the NIC's Toeplitz hash, if has_rss */
    uint16_t source; /* interface or file number, an index of the capture plan */
    uint8_t link;    /* enum pavo_link */
    bool has_rss;
};

/* One layer that carries the flow. Addresses are those of the IP header that carries the tunnel, in
 * wire order, IPv4 in the first four bytes and the rest zero. */
struct pavo_layer {
    uint8_t type;       /* enum pavo_carrier */
    uint8_t ip_version; /* 0: this layer has no addresses; PAVO_LAYER_MAC: MACs in the first six
                           bytes; else 4 or 6 */
    uint16_t src_port;  /* outer UDP ports, host order; 0 where there is no UDP */
    uint16_t dst_port;
    uint16_t unused; /* always 0 */
    uint32_t id;     /* see carriers.def */
    uint8_t src[16];
    uint8_t dst[16];
};

/* One fragmented IP header that the walk met. RFC 791 section 3.2, RFC 8200 section 4.5. */
struct pavo_fragment {
    uint8_t ip_version;
    uint8_t proto; /* IPv4: the protocol; IPv6: 0, for the id alone names it with the addresses */
    uint8_t is_later; /* 0: the first piece */
    uint8_t has_more; /* 0: the last piece */
    uint32_t id;      /* identification, host order */
    uint32_t offset;  /* in bytes */
    uint32_t bytes;   /* of the packet in this piece, by its headers */
    uint8_t src[16];
    uint8_t dst[16];
};

/* The conversation that an ICMP error quotes (RFC 792, RFC 4443 section 3), as it was sent. */
struct pavo_quote {
    uint8_t kind;  /* PAVO_KIND_IP4 or _IP6; 0: nothing usable was quoted */
    uint8_t proto; /* after extension headers and tunnels */
    uint8_t has_ports;
    uint8_t icmp_type; /* of a quoted ICMP message */
    uint16_t src_port; /* host order; of a quoted ICMP echo: src_port is its id */
    uint16_t dst_port;
    uint8_t src[16];
    uint8_t dst[16];
};

/* What a frame is. Filled by pavo_decap(); the members up to 'n_layers' are always set, the arrays
 * only as far as their counts say (the rest is left as it was). Ports, ids and lengths in host
 * order, addresses in wire order (IPv4 in the first four bytes, the other twelve zero). */
struct pavo_layers {
    /* What the packets of a flow that goes on are asked for. */
    uint8_t ttl;          /* TTL or hop limit of the innermost IP header */
    uint8_t tos;          /* DSCP and ECN: ipClassOfService */
    uint8_t has_ip_id;    /* ip_id and ip_flags were read: IPv4 */
    uint8_t has_tcp;      /* the TCP header was read: flags, sequence, window */
    uint32_t l3_len;      /* innermost IP packet by its own header (ARP, LINK: bytes behind the link
                             header) */
    uint32_t payload_len; /* bytes behind the last header read, by the headers' lengths */
    uint16_t ip_id;       /* identification of the innermost IPv4 header, host order */
    uint8_t why;          /* enum pavo_why */
    uint8_t has_tcp_opt;  /* PAVO_TCP_OPT_*: options that were read whole, RFC 9293 section 3.2 */
    uint8_t n_sack;       /* SACK blocks that were read, at most 2 */
    uint8_t has_mptcp_token;
    uint16_t tcp_flags; /* twelve bits as in the header: CWR.. FIN and the reserved ones; IPFIX 6 */
    uint16_t tcp_window;
    uint8_t tcp_wscale; /* RFC 7323 section 2.2 */
    uint8_t ip_flags;   /* the three flag bits of IPv4, DF is 2 */
    uint32_t tcp_seq;
    uint32_t tcp_ack;
    uint32_t tcp_tsval; /* RFC 7323 section 3.2 */
    uint32_t tcp_tsecr;
    /* Innermost network layer and transport. */
    uint8_t kind; /* enum pavo_kind */
    uint8_t
        proto; /* IP protocol number behind the last extension header that was read; 0 if no IP */
    uint8_t depth;       /* headers read whole */
    uint8_t frag;        /* enum pavo_frag, of the innermost IP header */
    uint8_t has_ports;   /* src_port and dst_port were read */
    uint8_t is_llc;      /* ethertype holds DSAP << 8 | SSAP instead */
    uint32_t wire_len;   /* bytes of the frame on the wire */
    uint32_t flow_label; /* IPv6; 0 for others */
    uint8_t src[16];
    uint8_t dst[16];
    uint16_t src_port;
    uint16_t dst_port;
    uint32_t spi; /* ESP SPI, IPComp CPI; or the key of a GRE or id of an EoIP whose inside could
                     not be read; or the destination queue pair of InfiniBand */
    uint16_t icmp_id; /* echo, timestamp, information: the identifier */
    uint8_t icmp_type;
    uint8_t icmp_code;
    uint16_t tcp_mss;
    uint8_t has_icmp;   /* icmp_type and icmp_code were read */
    uint8_t has_mac;    /* src_mac and dst_mac were read */
    uint8_t src_mac[6]; /* of the last Ethernet header on the way in (or the cooked header's
                           source); shorter link addresses stand at the end */
    uint8_t dst_mac[6];
    uint16_t ethertype; /* of the innermost link layer; 0 if there was none */
    uint16_t arp_op;
    uint8_t named;        /* enum pavo_name of the innermost protocol; 0: its numbers say all */
    uint8_t has_sctp;     /* sctp_vtag and sctp_chunks were read */
    uint32_t sctp_vtag;   /* RFC 9260 section 3.1 */
    uint32_t sctp_chunks; /* types of the chunks: bit n for type n, bit 31 for all above 30 */
    uint32_t sequence; /* of ESP and AH (RFC 4303, RFC 4302), the last one before the transport; of
                          DCCP the low 32 bits, or all 24 of a short one */
    uint32_t payload_at; /* where the payload of payload_len bytes begins in the frame; behind what
                            was captured if that ends in the options of a header */
    uint8_t has_icmp_seq;
    uint8_t has_dccp;     /* dccp_type and dccp_code were read */
    uint8_t has_sequence; /* sequence was read */
    uint8_t n_atomic;     /* fragment headers of packets that are whole: RFC 6946 */
    uint8_t n_frags;
    uint8_t n_layers;
    /* What only some frames have. */
    struct pavo_quote quote; /* valid if quote.kind != 0; kind is always set */
    uint32_t tcp_sack[4]; /* first and second SACK block, left and right edge: RFC 2018, RFC 2883;
                             valid as n_sack says */
    uint32_t mptcp_token; /* RFC 8684 section 3.2: of an MP_JOIN SYN; valid if has_mptcp_token */
    uint32_t dccp_code; /* service code of a Request and Response, RFC 4340 section 8.1.2; code of a
                           Reset, section 5.6; else 0; valid if has_dccp */
    uint16_t icmp_seq;  /* sequence number behind icmp_id, of extended echo (RFC 8335) 8 bits; valid
                           if has_icmp_seq */
    uint8_t dccp_type;  /* RFC 4340 section 5.1; valid if has_dccp */
    uint8_t arp_sha[6]; /* the sender's hardware address, zero if it has not six bytes; valid if
                           kind is PAVO_KIND_ARP */
    struct pavo_fragment
        frags[PAVO_FRAGS_MAX]; /* outermost first; a later piece is the last of them */
    struct pavo_layer layers[PAVO_LAYERS_MAX]; /* outermost first */
};

enum { PAVO_UDP_MAY = 2048 }; /* few enough bytes for the nearest cache */

/* What the configuration says about decoding (decap.*). Read-only while workers run. */
struct pavo_decap_config {
    uint8_t udp_step[65536];       /* step that a UDP port leads to; 0: none */
    uint8_t udp_may[PAVO_UDP_MAY]; /* [port % PAVO_UDP_MAY] != 0: it may lead on. All ports are in
                                      udp_step */
    uint32_t stt_port;             /* TCP port of STT; 65536: none */
    uint8_t l2tpv3_words;          /* bit n: 4 * n bytes may stand before the payload of L2TPv3 */
    bool esp_null;                 /* look into ESP for NULL encryption */
};

/* pavo_decap_config_init - the ports of udp.def, all else off. */
void pavo_decap_config_init(struct pavo_decap_config *cfg);

/* pavo_decap_udp - lets UDP 'port' lead to a row of udp.def
 *
 * pavo_decap_udp_clear() takes all ports of the row away first. Returns 0, or -EINVAL for no row.
 */
int pavo_decap_udp(struct pavo_decap_config *cfg, enum pavo_udp u, uint16_t port);
void pavo_decap_udp_clear(struct pavo_decap_config *cfg, enum pavo_udp u);
/* pavo_udp_ports - the default ports of a row, as a list with commas. */
const char *pavo_udp_ports(enum pavo_udp u);

/* pavo_decap_fou - lets UDP 'port' carry the IP protocol 4, 41 or 47 without a header of its own
 * (Linux FOU). -EINVAL for another protocol. */
int pavo_decap_fou(struct pavo_decap_config *cfg, uint16_t port, uint8_t proto);
void pavo_decap_fou_clear(struct pavo_decap_config *cfg);

/* pavo_decap_stt - TCP 'port' carries STT; 0: none does. */
void pavo_decap_stt(struct pavo_decap_config *cfg, uint16_t port);
/* pavo_decap_l2tpv3 - cookies of L2TPv3 have 0, 4 or 8 bytes; -1: any of them. -EINVAL for others.
 */
int pavo_decap_l2tpv3(struct pavo_decap_config *cfg, int cookie_bytes);

/* pavo_decap - walks one frame
 *
 * Reads at most frame->caplen bytes at frame->data. Fills '*out'. Any thread; touches nothing else.
 */
void pavo_decap(const struct pavo_decap_config *cfg, const struct pavo_frame *frame,
                struct pavo_layers *out);

/* Names: words for people and for JSON; never NULL for a value of its enum, "?" beyond. */
const char *pavo_why_word(enum pavo_why why);
const char *pavo_why_help(enum pavo_why why);
const char *pavo_carrier_word(enum pavo_carrier c);
const char *pavo_link_word(enum pavo_link l);
const char *pavo_name_word(enum pavo_name n); /* "" for 0 */
/* Is the id of this carrier part of a flow's identity (carriers.def, IDENT)? */
bool pavo_carrier_is_identity(enum pavo_carrier c);

/* pavo_link_of - the link type of a LINKTYPE_ or DLT_ number; -1 if pavo does not open it. */
int pavo_link_of(int number);

#endif
