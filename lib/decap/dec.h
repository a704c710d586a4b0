/* dec.h - what the steps of the walk share
 *
 * A step is one header: the walk takes its fixed bytes, calls its function, and gets the next step
 * or DEC_STOP. Steps write what they read into w->out, and only once their header is known to be
 * whole.
 *
 * Tunnels over IP are entered on trial. dec_enter() keeps the head of 'out' as it was at the outer
 * IP (the arrays only grow, so their counts, which are part of the head, suffice), and the trial
 * ends well when a whole IP or ARP header is met inside, or a whole Ethernet frame of another
 * protocol behind a tunnel header without a doubt. Otherwise the walk puts the outer flow back and
 * keeps only the reason: bad insides never hide the outer flow, and what merely uses a tunnel's
 * port stays UDP. One trial at a time is enough: the next tunnel needs an IP header, which ends the
 * one before.
 */
#ifndef PAVO_DEC_H
#define PAVO_DEC_H

#include <assert.h>
#include <string.h>

#include "bytes.h"
#include "cursor.h"
#include "pavo_decap.h"

enum dec_step {
    DEC_STOP = 0,
#define STEP(name, function, fixed, family, keeps, spec) DEC_##name,
#include "steps.def"
    DEC_STEPS
};
static_assert(DEC_STEPS <= 256, "a step is an octet in the table of UDP ports");

/* Fields that lead on: the BY rows of steps.def. */
enum dec_by {
#define BY(name, word, digits) DEC_BY_##name,
#include "steps.def"
};

enum { DEC_HEAD_BYTES = offsetof(struct pavo_layers, quote) };

/* One walk. Lives on the stack of pavo_decap(), or of the ICMP step that reads a quoted packet. */
struct dec_walk {
    const struct pavo_decap_config *cfg;
    struct pavo_layers *out;
    const uint8_t *start; /* of the frame */
    uint32_t over;        /* bytes of the innermost IP packet that its frame has no room for */
    uint8_t why;          /* enum pavo_why */
    uint8_t flaw;         /* enum pavo_why: a contradiction that did not end the walk */
    bool on_trial;        /* 'saved' holds the outer flow of a tunnel that is not proven yet */
    bool in_doubt;  /* the tunnel header on trial has reserved bits set: only IP or ARP proves it */
    bool is_quote;  /* reading what an ICMP error quotes */
    bool is_piece;  /* the first piece of what a tunnel or 802.11 cut up: longer by nature */
    bool is_jumbo;  /* IPv6 payload length 0 before hop-by-hop options */
    bool may_hurry; /* the short way of ip.h is open */
    uint16_t gre_flags; /* of GRE version 1, for the step behind it; else not set */
    uint8_t saved[DEC_HEAD_BYTES];
};

typedef enum dec_step dec_fn(const uint8_t *h, struct cur *rest, struct dec_walk *w);

#define STEP(name, function, fixed, family, keeps, spec) dec_fn function;
#include "steps.def"

#ifdef DEC_TRACE
/* Tells a test which headers are read, and where they begin. */
extern void (*dec_trace)(enum dec_step step, const uint8_t *at, const struct dec_walk *w);
#endif

/* Clears what stands behind the fields that a packet of a flow that goes on is asked for. In
 * pieces: compilers make vector stores of these, but a slow string instruction of the whole
 * (measured: 3 ns of 25 on x86-64). */
enum { DEC_FIRST_BYTES = offsetof(struct pavo_layers, kind) };
static inline void
dec_clear_rest(struct pavo_layers *out)
{
    memset((uint8_t *)out + DEC_FIRST_BYTES, 0, 64);
    memset((uint8_t *)out + DEC_FIRST_BYTES + 64, 0, DEC_HEAD_BYTES - DEC_FIRST_BYTES - 64);
    out->quote.kind = 0;
}
static_assert(DEC_HEAD_BYTES > DEC_FIRST_BYTES + 64 && DEC_HEAD_BYTES <= DEC_FIRST_BYTES + 128,
              "two pieces of at most 64 bytes");

/* Clears what every walk sets. */
static inline void
dec_clear(struct pavo_layers *out)
{
    memset(out, 0, DEC_FIRST_BYTES);
    dec_clear_rest(out);
}

/* May one of two UDP ports lead on? Mostly not. */
static inline bool
dec_udp_may(const struct pavo_decap_config *cfg, uint16_t a, uint16_t b)
{
    return (cfg->udp_may[a % PAVO_UDP_MAY] | cfg->udp_may[b % PAVO_UDP_MAY]) != 0;
}

/* The step that a UDP port leads to. */
static inline enum dec_step
dec_udp_step(const struct pavo_decap_config *cfg, uint16_t port)
{
    if (!cfg->udp_may[port % PAVO_UDP_MAY])
        return DEC_STOP;
    return (enum dec_step)cfg->udp_step[port];
}

/* dec_frame - pavo_decap() with a choice: header by header, or the short ways where they lead. */
void dec_frame(const struct pavo_decap_config *cfg, const struct pavo_frame *frame, bool may_hurry,
               struct pavo_layers *out);

/* dec_plain - reads a frame of the most common kinds. Returns what follows at its payload, mostly
 * DEC_STOP; DEC_STEPS: it is another, and nothing was read. */
enum dec_step dec_plain(const struct pavo_decap_config *cfg, const struct pavo_frame *f,
                        struct pavo_layers *out);

/* dec_run - walks from 'step' on; w->out holds a cleared head. Leaves the reason in w->why. */
void dec_run(struct dec_walk *w, enum dec_step step, struct cur rest);

static inline enum dec_step
dec_stop(struct dec_walk *w, enum pavo_why why)
{
    w->why = (uint8_t)why;
    return DEC_STOP;
}

/* Ends the walk because cur_take(rest, n) gave NULL. */
static inline enum dec_step
dec_cut(struct dec_walk *w, const struct cur *rest, uint32_t n)
{
    const enum pavo_why why = cur_why(rest, n);

    /* The rest of a header may be in the next fragment: RFC 8200 section 4.5 forbids it, RFC 1858
     * tells what it is used for. */
    return dec_stop(w, why == PAVO_WHY_MALFORMED && w->out->n_frags ? PAVO_WHY_TINY_FRAGMENT : why);
}

/* Notes a contradiction and walks on; the first one is the reason if nothing else ends the walk. */
static inline void
dec_flaw(struct dec_walk *w, enum pavo_why why)
{
    if (w->flaw == PAVO_WHY_DONE)
        w->flaw = (uint8_t)why;
}

static inline bool
dec_is_ip(const struct pavo_layers *out)
{
    return out->kind >= PAVO_KIND_IP4;
}

/* The payload begins at 'rest' and has 'len' bytes. */
static inline void
dec_payload(struct pavo_layers *out, const struct dec_walk *w, const struct cur *rest, uint32_t len)
{
    out->payload_len = len;
    out->payload_at = (uint32_t)(rest->at - w->start);
}

/* The first 'n' bytes of the payload are of its header, captured or not. */
static inline void
dec_payload_skip(struct dec_walk *w, uint32_t n)
{
    w->out->payload_len -= n;
    w->out->payload_at += n;
}

/* The header before 'rest' belongs to the innermost IP packet: what follows is its payload. */
static inline void
dec_mark(struct dec_walk *w, const struct cur *rest)
{
    dec_payload(w->out, w, rest, rest->told + w->over);
}

/* The header before 'rest' is a link header of this EtherType. */
static inline void
dec_mark_link(struct dec_walk *w, const struct cur *rest, uint16_t ethertype, bool is_llc)
{
    struct pavo_layers *out = w->out;
    const uint32_t told = rest->told;

    out->ethertype = ethertype;
    out->is_llc = is_llc;
    out->l3_len = told;
    dec_payload(out, w, rest, told);
}

/* The link addresses of what follows, six bytes each. */
static inline void
dec_macs(struct pavo_layers *out, const uint8_t *dst, const uint8_t *src)
{
    memcpy(out->dst_mac, dst, 6);
    memcpy(out->src_mac, src, 6);
    out->has_mac = 1;
}

/* Forgets what only IPv4 has. */
static inline void
dec_no_ip4(struct pavo_layers *out)
{
    out->has_ip_id = 0;
    out->ip_id = 0;
    out->ip_flags = 0;
}

/* Forgets the IP header that carries what follows; it is in out->layers. */
static inline void
dec_leave_ip(struct pavo_layers *out)
{
    out->kind = PAVO_KIND_LINK;
    out->proto = 0;
    out->frag = PAVO_FRAG_NONE;
    out->has_ports = 0;
    out->ttl = 0;
    out->tos = 0;
    out->flow_label = 0;
    memset(out->src, 0, sizeof out->src);
    memset(out->dst, 0, sizeof out->dst);
    out->src_port = 0;
    out->dst_port = 0;
    out->spi = 0;
    dec_no_ip4(out);
}

/* Adds a carrier, with the addresses and UDP ports under which it travels. */
static inline void
dec_enter(struct dec_walk *w, enum pavo_carrier type, uint32_t id)
{
    struct pavo_layers *out = w->out;
    struct pavo_layer *l = &out->layers[out->n_layers];
    const bool is_ip = dec_is_ip(out);

    if (is_ip && !w->on_trial) {
        memcpy(w->saved, out, sizeof w->saved);
        w->on_trial = true;
        w->in_doubt = w->is_quote; /* only an IP packet is of use there */
        out->has_sequence = 0;     /* was of the header before */
    }
    if (out->n_layers == PAVO_LAYERS_MAX) /* a switch tag or STT adds a VLAN besides its own */
        return;
    l->type = (uint8_t)type;
    l->ip_version = is_ip ? out->kind : 0;
    l->src_port = out->src_port;
    l->dst_port = out->dst_port;
    l->unused = 0;
    l->id = id;
    memcpy(l->src, out->src, sizeof l->src);
    memcpy(l->dst, out->dst, sizeof l->dst);
    out->n_layers++;
}

/* Adds a carrier that travels between the MAC addresses read last: a backbone, a fabric. Straight
 * behind an IP header it has the addresses of that. */
static inline void
dec_enter_mac(struct dec_walk *w, enum pavo_carrier type, uint32_t id)
{
    struct pavo_layers *out = w->out;
    struct pavo_layer *l = &out->layers[out->n_layers];

    if (out->n_layers == PAVO_LAYERS_MAX)
        return;
    dec_enter(w, type, id);
    if (l->ip_version != 0 || !out->has_mac)
        return;
    l->ip_version = PAVO_LAYER_MAC;
    memcpy(l->src, out->src_mac, 6);
    memcpy(l->dst, out->dst_mac, 6);
}

/* The tunnel on trial is one: what follows is the flow now. */
static inline void
dec_prove(struct dec_walk *w)
{
    w->on_trial = false;
}

/* A tunnel header says that 'n' bytes follow it. False if there are fewer, and neither a fragment
 * nor an IP header that promises too much explains it. */
static inline bool
dec_narrow(struct dec_walk *w, struct cur *rest, uint32_t n)
{
    return cur_narrow(rest, n) || w->out->n_frags || w->is_piece || n <= rest->told + w->over;
}

/* The bytes behind a header by the lengths of all headers so far, captured or not. */
static inline uint32_t
dec_left(const struct dec_walk *w, const struct cur *rest)
{
    return rest->told + w->over;
}

/* The IP header before 'rest' says that 'body' bytes follow it. */
static inline void
dec_ip_body(struct dec_walk *w, struct cur *rest, uint32_t body)
{
    w->over = 0;
    if (!cur_narrow(rest, body)) {
        w->over = body - rest->told;
        if (!w->out->n_frags &&
            !w->is_piece) /* in a first fragment the inner packet is longer by nature */
            dec_flaw(w, PAVO_WHY_MALFORMED);
    }
    dec_mark(w, rest);
}

/* Where a piece stands in its packet. */
struct dec_piece {
    uint32_t id, offset; /* bytes */
    uint32_t bytes;
    uint32_t room; /* bytes that a whole packet may have from offset 0 on */
    bool has_more;
};

/* dec_frag - notes a fragmented IP header; the innermost addresses are those of the header.
 * False if there is no room, or this is a later piece: the walk ends then. */
bool dec_frag(struct dec_walk *w, uint8_t proto, const struct dec_piece *piece);

/* dec_tcp_options - reads the options of a TCP header, 'n' bytes of which 'held' are captured.
 * False if they are malformed; what came before is in w->out. */
bool dec_tcp_options(struct pavo_layers *out, const uint8_t *o, uint32_t n, uint32_t held);

/* NOP, NOP, timestamps: the options that most segments have. */
#define DEC_TS_ALONE UINT32_C(0x0101080a)

/* dec_looks_teredo - IPv6 that fills the datagram, whose 'told' bytes begin at 'h': the cheap part
 * of dec_teredo_client(), which hardly any other packet passes. */
static inline bool
dec_looks_teredo(const uint8_t *h, uint32_t held, uint32_t told)
{
    return held >= 6 && be16(h + 4) + 40u == told && h[0] >> 4 == 6;
}

/* dec_udp_options - are the 'n' bytes at 'area', which stand behind the length that the header at
 * 'udp' tells, an area of options? */
bool dec_udp_options(const uint8_t *udp, const uint8_t *area, uint32_t n);

/* dec_teredo_client - does IPv6 of a Teredo client follow the UDP header at 'udp', whatever its
 * ports? Then DEC_TEREDO. */
enum dec_step dec_teredo_client(const uint8_t *udp, const struct cur *rest,
                                const struct dec_walk *w);

/* dec_link_type - a length or an EtherType behind link-layer addresses: what follows. */
enum dec_step dec_link_type(uint16_t type, struct cur *rest, struct dec_walk *w);

/* dec_cisco_type - an EtherType on a serial link, or one of Cisco's own in its place: what follows.
 */
enum dec_step dec_cisco_type(uint16_t type, struct cur *rest, struct dec_walk *w);

/* dec_link_step - the first step of a link type by its LINKTYPE_ or DLT_ number; DEC_STOP if pavo
 * does not open it. */
enum dec_step dec_link_step(uint32_t number);
/* dec_ethertype - an EtherType that can be no length: what follows. */
enum dec_step dec_ethertype(uint16_t type, struct cur *rest, struct dec_walk *w);

/* dec_length - a value below 1536 where an EtherType could stand: what follows. */
enum dec_step dec_length(uint16_t length, struct cur *rest, struct dec_walk *w);

/* dec_is_isl - does the rest of a Cisco ISL header follow the addresses and length read last? */
bool dec_is_isl(const struct cur *rest, const struct dec_walk *w);

/* dec_pw_frame - the frame of a pseudowire other than Ethernet, 'skip' bytes behind 'rest', if its
 * bytes leave no doubt; DEC_STOP: none. */
enum dec_step dec_pw_frame(const struct cur *rest, uint32_t skip);

/* dec_looks_ethernet - does a whole Ethernet header of a protocol with a route stand 'skip' bytes
 * behind 'rest', and does the version of an IP in it fit? */
bool dec_looks_ethernet(const struct cur *rest, uint32_t skip);

/* dec_by_nibble - IPv4 or IPv6 by the first nibble, if the header's lengths fit what is there;
 * DEC_STOP if it is neither. */
enum dec_step dec_by_nibble(const struct dec_walk *w, const struct cur *rest);

#endif
