/* gen.h - packets for tests: layers are pushed front to back, lengths and checksums are made right
 * at the end
 *
 * A packet is begun, gets its layers from the link inwards, and is ended. Pushing a layer also
 * fills the field of the layer before it that names its successor (EtherType, IP protocol, PPP
 * protocol), so a stack of any depth is a list of calls. gen_end() then goes from the innermost
 * layer outwards and sets lengths and checksums. It shares no code and no constants with the
 * decoder, so that neither can hide the other's mistake.
 */
#ifndef PAVO_GEN_H
#define PAVO_GEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum gen_type {
    GEN_NONE,
    GEN_ETHER,
    GEN_LLC,
    GEN_VLAN,
    GEN_MPLS,
    GEN_PPPOE,
    GEN_SLL,
    GEN_SLL2,
    GEN_NULL,
    GEN_ARP,
    GEN_IP4,
    GEN_IP6,
    GEN_HOPOPTS,
    GEN_ROUTING,
    GEN_DSTOPTS,
    GEN_AH,
    GEN_ESP,
    GEN_TCP,
    GEN_UDP,
    GEN_ICMP4,
    GEN_ICMP6,
    GEN_SCTP,
    GEN_GRE,
    GEN_NVGRE,
    GEN_VXLAN,
    GEN_VXLAN_GPE,
    GEN_GENEVE,
    GEN_GUE,
    GEN_TYPES
};

enum { GEN_BYTES_MAX = 66000, GEN_LAYERS_MAX = 32 };

struct gen_addr {
    uint8_t version; /* 4 or 6 */
    uint8_t at[16];  /* wire order; IPv4 in the first four */
};

/* How a layer names what follows it. */
enum gen_next {
    GEN_NEXT_NOT,
    GEN_NEXT_ETHERTYPE,
    GEN_NEXT_PROTO,
    GEN_NEXT_PPP,
    GEN_NEXT_GPE,
    GEN_NEXT_FAMILY
};

struct gen_layer {
    uint8_t type; /* enum gen_type */
    uint8_t next; /* enum gen_next */
    bool no_checksum;
    uint32_t at;      /* offset of the header */
    uint32_t next_at; /* offset of the field that names the successor */
    uint32_t header;  /* bytes of the header */
};

struct gen {
    uint32_t len;
    uint32_t n_layers;
    struct gen_layer layers[GEN_LAYERS_MAX];
    uint8_t at[GEN_BYTES_MAX];
};

struct gen_ip {
    struct gen_addr src, dst;
    uint8_t ttl; /* 0: 64 */
    uint8_t tos;
    uint16_t id;
    uint32_t flow_label;
    const uint8_t *options; /* IPv4; a multiple of four bytes */
    uint32_t option_bytes;
};

struct gen_tcp {
    uint16_t src_port, dst_port, flags, window;
    uint32_t seq, ack;
    const uint8_t *options; /* a multiple of four bytes */
    uint32_t option_bytes;
};

enum { GEN_FIN = 1, GEN_SYN = 2, GEN_RST = 4, GEN_PSH = 8, GEN_ACK = 16 };

struct gen_addr gen_ip4(uint32_t addr);
struct gen_addr gen_ip6(uint64_t high, uint64_t low);
struct gen_addr
gen_addr(const char *text); /* stops the program on a bad address: a mistake of the caller */

void gen_begin(struct gen *g);
void gen_ether(struct gen *g, const uint8_t dst[6], const uint8_t src[6]);
void gen_ethertype(struct gen *g, uint16_t type); /* names a payload that is none of the layers */
void gen_llc(struct gen *g, uint8_t dsap, uint8_t ssap,
             uint8_t control); /* IEEE 802.3 length in place of a type */
void gen_vlan(struct gen *g, uint16_t tpid, uint16_t tci);
void gen_mpls(struct gen *g, uint32_t label,
              uint8_t ttl); /* marks the bottom; a further one unmarks it */
void gen_pppoe(struct gen *g, uint16_t session);
void gen_sll(struct gen *g, uint16_t packet_type, const uint8_t mac[6]);
void gen_sll2(struct gen *g, uint8_t packet_type, uint32_t interface, const uint8_t mac[6]);
void gen_null(struct gen *g); /* BSD loopback, little-endian family */
void gen_arp(struct gen *g, uint16_t op, const uint8_t sha[6], uint32_t spa, const uint8_t tha[6],
             uint32_t tpa);
void gen_ip(struct gen *g, const struct gen_ip *ip);
void gen_ip6_ext(struct gen *g, enum gen_type type,
                 uint32_t words); /* HOPOPTS, ROUTING (none left), DSTOPTS */
void gen_ah(struct gen *g, uint32_t spi, uint32_t seq);
void gen_esp(struct gen *g, uint32_t spi, uint32_t seq);
void gen_tcp(struct gen *g, const struct gen_tcp *tcp);
void gen_udp(struct gen *g, uint16_t src_port, uint16_t dst_port, bool checksum);
void gen_icmp(struct gen *g, bool v6, uint8_t type, uint8_t code, uint32_t rest);
void gen_sctp(struct gen *g, uint16_t src_port, uint16_t dst_port, uint32_t tag);

enum { GEN_GRE_KEY = 1, GEN_GRE_SEQ = 2, GEN_GRE_CHECKSUM = 4 };
void gen_gre(struct gen *g, unsigned parts, uint32_t key, uint32_t seq);
void gen_nvgre(struct gen *g, uint32_t vsid, uint8_t flow);
void gen_vxlan(struct gen *g, uint32_t vni);
void gen_vxlan_gpe(struct gen *g, uint32_t vni);
void gen_geneve(struct gen *g, uint32_t vni, uint32_t option_words);
void gen_gue(struct gen *g); /* variant 0; variant 1 is IP right behind UDP */

void gen_bytes(struct gen *g, const void *bytes, uint32_t n);
void gen_text(struct gen *g, const char *text);
void gen_fill(struct gen *g, uint32_t n, uint8_t seed); /* readable filler */

void gen_end(struct gen *g);                       /* lengths, checksums */
void gen_pad(struct gen *g, uint32_t frame_bytes); /* zeros behind the packet, as Ethernet pads */

/* Index of the n-th IP layer from outside (0) or, for n < 0, from inside (-1); -1 if there is none.
 */
int gen_ip_layer(const struct gen *g, int n);

/* gen_fragment - cuts an ended packet at the IP layer 'layer' into pieces of at most 'chunk'
 * payload bytes
 *
 * 'chunk' is rounded down to eights. IPv6 gets a fragment header right behind its fixed header (so
 * that layer may not have hop-by-hop or routing headers). Piece 'i' goes to 'out'; what is outside
 * the IP layer is repeated with its lengths and checksums corrected. Returns the number of pieces;
 * with out == NULL only counts. */
struct gen *gen_piece(const struct gen *g, uint32_t layer, uint32_t chunk, uint32_t id, uint32_t i,
                      struct gen *out);
uint32_t gen_pieces(const struct gen *g, uint32_t layer, uint32_t chunk);

/* ---- numbers --------------------------------------------------------------------------------- */

/* splitmix64: the same sequence on every machine. */
struct gen_rng {
    uint64_t state;
};
uint64_t gen_random(struct gen_rng *r);
uint32_t gen_below(struct gen_rng *r, uint32_t n); /* 0 .. n-1 */

/* ---- capture files -----------------------------------------------------------------------------
 */

/* A little-endian pcap file, micro- or nanoseconds. */
struct gen_pcap {
    FILE *file;
    bool ns;
    uint64_t packets;
};
int gen_pcap_open(struct gen_pcap *p, const char *path, uint32_t link_type,
                  bool ns); /* 0, or -1 and errno */
void gen_pcap_put(struct gen_pcap *p, uint64_t ts_ns, const uint8_t *frame, uint32_t n);
int gen_pcap_close(struct gen_pcap *p); /* 0, or -1: something was not written */

#endif
