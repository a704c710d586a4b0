/* talk.h - conversations: what two hosts say to each other, as packets on a timeline
 *
 * A talk has two ends and a way between them (VLANs, labels, tunnels). Each of its sentences, a
 * handshake, a query, a ping, appends packets to a timeline and moves the talk's own clock. When
 * all talks are written, the timeline is put in the order of arrival and becomes a capture.
 */
#ifndef PAVO_TALK_H
#define PAVO_TALK_H

#include <stddef.h>

#include "gen.h"

struct timeline_item {
    uint64_t ts_ns;     /* what the capture says */
    uint64_t arrive_ns; /* where it stands in the file */
    size_t at;
    uint32_t len;
    uint32_t seq; /* order of writing: settles ties */
};

struct timeline {
    uint8_t *bytes;
    size_t n_bytes, cap_bytes;
    struct timeline_item *items;
    size_t n_items, cap_items;
};

void timeline_add(struct timeline *t, uint64_t ts_ns, uint64_t delay_ns, const struct gen *g);
void timeline_sort(struct timeline *t);
void timeline_free(struct timeline *t);

/* What carries a talk, outermost first. */
enum way_type {
    WAY_VLAN,   /* id */
    WAY_QINQ,   /* id is the inner one, id + 1 the outer */
    WAY_MPLS,   /* id */
    WAY_PPPOE,  /* id */
    WAY_IPIP,   /* the outer packet is of the addresses' family */
    WAY_GRE,    /* id is the key, 0: none */
    WAY_GRETAP, /* the same with Ethernet inside */
    WAY_NVGRE,
    WAY_VXLAN,
    WAY_VXLAN_GPE,
    WAY_GENEVE, /* Ethernet inside, four words of options */
    WAY_GENEVE_IP,
    WAY_GUE,
    WAY_GUE1, /* variant 1 */
    WAY_TYPES
};

enum { WAY_STEPS_MAX = 4 };

struct way {
    unsigned n;
    struct way_step {
        enum way_type type;
        uint32_t id;
        struct gen_addr a, b; /* ends of a tunnel */
    } steps[WAY_STEPS_MAX];
    bool
        ends_in_ether; /* set by talk_open(): the innermost link is an Ethernet of the talk's own */
};

struct talk {
    struct timeline *line;
    struct gen_rng *rng;
    struct way way;
    struct gen_addr a, b;
    uint16_t port_a, port_b;
    uint8_t mac_a[6], mac_b[6];
    uint64_t ts_ns; /* time of the next packet */
    uint64_t rtt_ns;
    uint32_t disorder_ns; /* most that a packet arrives late */
    uint32_t loss;        /* one packet in so many is lost and sent again; 0: none */
    uint32_t piece_bytes; /* IP payload above this is cut; 0: nothing is */
    bool cut_outer;       /* at the outermost IP header instead of the innermost */
    bool shuffle;         /* pieces leave in any order */
    bool lose_first;      /* the first piece of each datagram is lost */
    bool with_options; /* IPv4: router alert; IPv6: hop-by-hop and destination options. Not together
                          with cutting */
    bool with_ah;      /* an authentication header before the transport */
    uint32_t seq_a, seq_b;
    uint16_t ip_id;
    uint8_t ttl_a, ttl_b;
    struct gen g, piece, quoted;
};

void talk_open(struct talk *t, struct timeline *line, struct gen_rng *rng, struct gen_addr a,
               struct gen_addr b);

/* Pushes everything up to and with the innermost IP header, from a (or b). 'ttl' 0: the sender's
 * own. */
void talk_head(struct talk *t, bool from_b, uint8_t ttl);
/* Ends the packet and puts it (or its pieces) on the timeline at the talk's time, then lets
 * 'pause_ns' pass. */
void talk_send(struct talk *t, uint64_t pause_ns);

enum talk_close { TALK_FIN, TALK_RESET, TALK_LEFT_OPEN, TALK_FIN_RESET };
void talk_tcp_open(struct talk *t);
void talk_tcp_data(struct talk *t, bool from_b, const char *text,
                   uint32_t n); /* text NULL: n bytes of filler */
void talk_tcp_close(struct talk *t, enum talk_close how, bool by_b);
void talk_tcp_refused(struct talk *t);
void talk_udp(struct talk *t, bool from_b, uint32_t n);
void talk_dns(struct talk *t, const char *name, uint16_t id, bool answered);
void talk_ping(struct talk *t, unsigned times, uint16_t id, uint32_t n);
/* One UDP probe of this TTL and the ICMP error about it from 'router' (port unreachable from b
 * itself when it is b). */
void talk_probe(struct talk *t, uint8_t ttl, const struct gen_addr *router);
void talk_sctp(struct talk *t, unsigned times);
void talk_esp(struct talk *t, unsigned times, uint32_t spi);
void talk_arp(struct talk *t);      /* IPv4 ends only */
void talk_neighbor(struct talk *t); /* IPv6 ends only: solicitation and advertisement */
void talk_lldp(struct talk *t, const char *name);
void talk_stp(struct talk *t);

#endif
