/* gen.c - the packet builder
 *
 * One table says under which number each layer stands in an EtherType, an IP protocol, a PPP
 * protocol and a VXLAN-GPE next-protocol field; enter() writes it into the field that the layer
 * before left open. Everything that needs to know what is inside (lengths, checksums) waits for
 * gen_end().
 */
#include "gen.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const struct gen_number {
    int ethertype, proto, ppp, gpe, family; /* -1: not possible there */
} numbers[GEN_TYPES] = {
    /* clang-format off */
    /*                ethertype  proto    ppp  gpe  family */
    [GEN_NONE]     = {       -1,    -1,    -1,  -1,  -1 },
    [GEN_ETHER]    = {   0x6558,   143,    -1,   3,  -1 },
    [GEN_LLC]      = {       -1,    -1,    -1,  -1,  -1 },
    [GEN_VLAN]     = {   0x8100,    -1,    -1,  -1,  -1 },
    [GEN_MPLS]     = {   0x8847,   137, 0x281,  -1,  -1 },
    [GEN_PPPOE]    = {   0x8864,    -1,    -1,  -1,  -1 },
    [GEN_ARP]      = {   0x0806,    -1,    -1,  -1,  -1 },
    [GEN_IP4]      = {   0x0800,     4,  0x21,   1,   2 },
    [GEN_IP6]      = {   0x86dd,    41,  0x57,   2,  24 },
    [GEN_HOPOPTS]  = {       -1,     0,    -1,  -1,  -1 },
    [GEN_ROUTING]  = {       -1,    43,    -1,  -1,  -1 },
    [GEN_DSTOPTS]  = {       -1,    60,    -1,  -1,  -1 },
    [GEN_AH]       = {       -1,    51,    -1,  -1,  -1 },
    [GEN_ESP]      = {       -1,    50,    -1,  -1,  -1 },
    [GEN_TCP]      = {       -1,     6,    -1,  -1,  -1 },
    [GEN_UDP]      = {       -1,    17,    -1,  -1,  -1 },
    [GEN_ICMP4]    = {       -1,     1,    -1,  -1,  -1 },
    [GEN_ICMP6]    = {       -1,    58,    -1,  -1,  -1 },
    [GEN_SCTP]     = {       -1,   132,    -1,  -1,  -1 },
    [GEN_GRE]      = {       -1,    47,    -1,  -1,  -1 },
    [GEN_NVGRE]    = {       -1,    47,    -1,  -1,  -1 },
    /* clang-format on */
};

static void
fail(const char *what)
{
    fprintf(stderr, "gen: %s\n", what);
    abort();
}

static void
set16(uint8_t *at, uint32_t n)
{
    at[0] = (uint8_t)(n >> 8);
    at[1] = (uint8_t)n;
}

static void
set32(uint8_t *at, uint32_t n)
{
    set16(at, n >> 16);
    set16(at + 2, n & 0xffff);
}

static uint32_t
get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

struct gen_addr
gen_ip4(uint32_t addr)
{
    struct gen_addr a = {.version = 4};

    set32(a.at, addr);
    return a;
}

struct gen_addr
gen_ip6(uint64_t high, uint64_t low)
{
    struct gen_addr a = {.version = 6};

    set32(a.at, (uint32_t)(high >> 32));
    set32(a.at + 4, (uint32_t)high);
    set32(a.at + 8, (uint32_t)(low >> 32));
    set32(a.at + 12, (uint32_t)low);
    return a;
}

struct gen_addr
gen_addr(const char *text)
{
    struct gen_addr a = {.version = strchr(text, ':') ? 6 : 4};

    if (inet_pton(a.version == 6 ? AF_INET6 : AF_INET, text, a.at) != 1)
        fail(text);
    return a;
}

void
gen_begin(struct gen *g)
{
    g->len = 0;
    g->n_layers = 0;
}

static uint8_t *
room(struct gen *g, uint32_t n)
{
    uint8_t *at = g->at + g->len;

    if (n > GEN_BYTES_MAX - g->len)
        fail("a packet above GEN_BYTES_MAX");
    g->len += n;
    return at;
}

/* The number of 'type' in the field that layer 'l' left open. */
static void
name_next(struct gen *g, const struct gen_layer *l, int type)
{
    const struct gen_number *n = &numbers[type];
    uint8_t *at = g->at + l->next_at;
    int number = -1;

    switch (l->next) {
    case GEN_NEXT_NOT:
        return;
    case GEN_NEXT_ETHERTYPE:
        number = n->ethertype;
        break;
    case GEN_NEXT_PROTO:
        number = n->proto;
        break;
    case GEN_NEXT_PPP:
        number = n->ppp;
        break;
    case GEN_NEXT_GPE:
        number = n->gpe;
        break;
    default:
        number = n->family;
        break;
    }
    if (number < 0)
        fail("a layer that cannot stand behind the one before it");
    if (l->next == GEN_NEXT_ETHERTYPE || l->next == GEN_NEXT_PPP)
        set16(at, (uint32_t)number);
    else
        *at = (uint8_t)number;
}

/* Opens a layer of 'n' zeroed bytes; 'next_at' is the offset in it of the field that names its
 * successor. */
static uint8_t *
enter(struct gen *g, enum gen_type type, uint32_t n, enum gen_next next, uint32_t next_at)
{
    struct gen_layer *l = &g->layers[g->n_layers];
    uint8_t *at = room(g, n);

    if (g->n_layers == GEN_LAYERS_MAX)
        fail("more layers than GEN_LAYERS_MAX");
    if (g->n_layers)
        name_next(g, l - 1, type);
    *l = (struct gen_layer){.type = (uint8_t)type,
                            .next = (uint8_t)next,
                            .at = g->len - n,
                            .next_at = g->len - n + next_at,
                            .header = n};
    g->n_layers++;
    memset(at, 0, n);
    return at;
}

void
gen_ether(struct gen *g, const uint8_t dst[6], const uint8_t src[6])
{
    uint8_t *h = enter(g, GEN_ETHER, 14, GEN_NEXT_ETHERTYPE, 12);

    memcpy(h, dst, 6);
    memcpy(h + 6, src, 6);
}

void
gen_ethertype(struct gen *g, uint16_t type)
{
    set16(g->at + g->layers[g->n_layers - 1].next_at, type);
}

void
gen_llc(struct gen *g, uint8_t dsap, uint8_t ssap, uint8_t control)
{
    struct gen_layer *ether = &g->layers[g->n_layers - 1];
    uint8_t *h;

    if (g->n_layers == 0 || ether->next != GEN_NEXT_ETHERTYPE)
        fail("LLC needs Ethernet before it");
    ether->next = GEN_NEXT_NOT; /* the field is a length */
    h = enter(g, GEN_LLC, 3, GEN_NEXT_NOT, 0);
    h[0] = dsap;
    h[1] = ssap;
    h[2] = control;
}

void
gen_vlan(struct gen *g, uint16_t tpid, uint16_t tci)
{
    uint8_t *h = enter(g, GEN_VLAN, 4, GEN_NEXT_ETHERTYPE, 2);

    set16(h, tci);
    set16(h - 2, tpid);
}

/* RFC 3032 section 2.1: label, traffic class, bottom of stack, TTL. */
void
gen_mpls(struct gen *g, uint32_t label, uint8_t ttl)
{
    uint8_t *h;

    if (g->n_layers && g->layers[g->n_layers - 1].type == GEN_MPLS)
        g->at[g->layers[g->n_layers - 1].at + 2] &= 0xfe;
    h = enter(g, GEN_MPLS, 4, GEN_NEXT_NOT, 0);
    set32(h, label << 12 | 1u << 8 | ttl);
}

/* RFC 2516 section 4: session stage, then the PPP protocol. */
void
gen_pppoe(struct gen *g, uint16_t session)
{
    uint8_t *h = enter(g, GEN_PPPOE, 8, GEN_NEXT_PPP, 6);

    h[0] = 0x11;
    set16(h + 2, session);
}

void
gen_sll(struct gen *g, uint16_t packet_type, const uint8_t mac[6])
{
    uint8_t *h = enter(g, GEN_SLL, 16, GEN_NEXT_ETHERTYPE, 14);

    set16(h, packet_type);
    set16(h + 2, 1);
    set16(h + 4, 6);
    memcpy(h + 6, mac, 6);
}

void
gen_sll2(struct gen *g, uint8_t packet_type, uint32_t interface, const uint8_t mac[6])
{
    uint8_t *h = enter(g, GEN_SLL2, 20, GEN_NEXT_ETHERTYPE, 0);

    set32(h + 4, interface);
    set16(h + 8, 1);
    h[10] = packet_type;
    h[11] = 6;
    memcpy(h + 12, mac, 6);
}

void
gen_null(struct gen *g)
{
    (void)enter(g, GEN_NULL, 4, GEN_NEXT_FAMILY, 0);
}

void
gen_arp(struct gen *g, uint16_t op, const uint8_t sha[6], uint32_t spa, const uint8_t tha[6],
        uint32_t tpa)
{
    uint8_t *h = enter(g, GEN_ARP, 28, GEN_NEXT_NOT, 0);

    set16(h, 1);
    set16(h + 2, 0x0800);
    h[4] = 6;
    h[5] = 4;
    set16(h + 6, op);
    memcpy(h + 8, sha, 6);
    set32(h + 14, spa);
    memcpy(h + 18, tha, 6);
    set32(h + 24, tpa);
}

void
gen_ip(struct gen *g, const struct gen_ip *ip)
{
    uint8_t *h;

    if (ip->src.version == 4) {
        h = enter(g, GEN_IP4, 20 + ip->option_bytes, GEN_NEXT_PROTO, 9);
        h[0] = (uint8_t)(0x40 | (20 + ip->option_bytes) / 4);
        h[1] = ip->tos;
        set16(h + 4, ip->id);
        h[8] = ip->ttl ? ip->ttl : 64;
        h[9] = 253; /* RFC 3692: experimentation, until a layer follows */
        memcpy(h + 12, ip->src.at, 4);
        memcpy(h + 16, ip->dst.at, 4);
        if (ip->option_bytes)
            memcpy(h + 20, ip->options, ip->option_bytes);
        return;
    }
    h = enter(g, GEN_IP6, 40, GEN_NEXT_PROTO, 6);
    set32(h, 6u << 28 | (uint32_t)ip->tos << 20 | (ip->flow_label & 0xfffff));
    h[6] = 59; /* no next header */
    h[7] = ip->ttl ? ip->ttl : 64;
    memcpy(h + 8, ip->src.at, 16);
    memcpy(h + 24, ip->dst.at, 16);
}

/* RFC 8200 sections 4.3, 4.4, 4.6; the body is PadN; a routing header is one whose way is finished.
 */
void
gen_ip6_ext(struct gen *g, enum gen_type type, uint32_t words)
{
    uint8_t *h = enter(g, type, 8 + words * 8, GEN_NEXT_PROTO, 0);

    h[1] = (uint8_t)words;
    if (type != GEN_ROUTING) {
        h[2] = 1;
        h[3] = (uint8_t)(4 + words * 8);
    }
    h[0] = 59;
}

/* RFC 4302 section 2.2: the length counts 4-byte words less two; a 12-byte check value of zeros. */
void
gen_ah(struct gen *g, uint32_t spi, uint32_t seq)
{
    uint8_t *h = enter(g, GEN_AH, 24, GEN_NEXT_PROTO, 0);

    h[1] = 4;
    set32(h + 4, spi);
    set32(h + 8, seq);
}

void
gen_esp(struct gen *g, uint32_t spi, uint32_t seq)
{
    uint8_t *h = enter(g, GEN_ESP, 8, GEN_NEXT_NOT, 0);

    set32(h, spi);
    set32(h + 4, seq);
}

void
gen_tcp(struct gen *g, const struct gen_tcp *tcp)
{
    uint8_t *h = enter(g, GEN_TCP, 20 + tcp->option_bytes, GEN_NEXT_NOT, 0);

    set16(h, tcp->src_port);
    set16(h + 2, tcp->dst_port);
    set32(h + 4, tcp->seq);
    set32(h + 8, tcp->ack);
    set16(h + 12, (20 + tcp->option_bytes) / 4 << 12 | tcp->flags);
    set16(h + 14, tcp->window ? tcp->window : 64240);
    if (tcp->option_bytes)
        memcpy(h + 20, tcp->options, tcp->option_bytes);
}

void
gen_udp(struct gen *g, uint16_t src_port, uint16_t dst_port, bool checksum)
{
    uint8_t *h = enter(g, GEN_UDP, 8, GEN_NEXT_NOT, 0);

    set16(h, src_port);
    set16(h + 2, dst_port);
    g->layers[g->n_layers - 1].no_checksum = !checksum;
}

void
gen_icmp(struct gen *g, bool v6, uint8_t type, uint8_t code, uint32_t rest)
{
    uint8_t *h = enter(g, v6 ? GEN_ICMP6 : GEN_ICMP4, 8, GEN_NEXT_NOT, 0);

    h[0] = type;
    h[1] = code;
    set32(h + 4, rest);
}

void
gen_sctp(struct gen *g, uint16_t src_port, uint16_t dst_port, uint32_t tag)
{
    uint8_t *h = enter(g, GEN_SCTP, 12, GEN_NEXT_NOT, 0);

    set16(h, src_port);
    set16(h + 2, dst_port);
    set32(h + 4, tag);
}

/* RFC 2784 section 2, RFC 2890 section 2: checksum, key, sequence number, in this order. */
void
gen_gre(struct gen *g, unsigned parts, uint32_t key, uint32_t seq)
{
    const uint32_t n = 4 + (parts & GEN_GRE_CHECKSUM ? 4 : 0) + (parts & GEN_GRE_KEY ? 4 : 0) +
                       (parts & GEN_GRE_SEQ ? 4 : 0);
    uint8_t *h = enter(g, GEN_GRE, n, GEN_NEXT_ETHERTYPE, 2);
    uint8_t *at = h + 4;

    if (parts & GEN_GRE_CHECKSUM) {
        h[0] |= 0x80;
        at += 4;
    }
    if (parts & GEN_GRE_KEY) {
        h[0] |= 0x20;
        set32(at, key);
        at += 4;
    }
    if (parts & GEN_GRE_SEQ) {
        h[0] |= 0x10;
        set32(at, seq);
    }
}

/* RFC 7637 section 3.2: GRE with a key of 24 bits of subnet and 8 of flow. */
void
gen_nvgre(struct gen *g, uint32_t vsid, uint8_t flow)
{
    uint8_t *h = enter(g, GEN_NVGRE, 8, GEN_NEXT_ETHERTYPE, 2);

    h[0] = 0x20;
    set32(h + 4, vsid << 8 | flow);
}

void
gen_vxlan(struct gen *g, uint32_t vni)
{
    uint8_t *h = enter(g, GEN_VXLAN, 8, GEN_NEXT_NOT, 0);

    h[0] = 0x08;
    set32(h + 4, vni << 8);
}

void
gen_vxlan_gpe(struct gen *g, uint32_t vni)
{
    uint8_t *h = enter(g, GEN_VXLAN_GPE, 8, GEN_NEXT_GPE, 3);

    h[0] = 0x0c; /* I and P */
    set32(h + 4, vni << 8);
}

/* RFC 8926 section 3.4; the options are one of the experimental class 0xff00, none critical. */
void
gen_geneve(struct gen *g, uint32_t vni, uint32_t option_words)
{
    uint8_t *h = enter(g, GEN_GENEVE, 8 + option_words * 4, GEN_NEXT_ETHERTYPE, 2);

    h[0] = (uint8_t)option_words;
    set32(h + 4, vni << 8);
    for (uint32_t at = 0; at < option_words;) { /* an option holds at most 31 words */
        const uint32_t body = option_words - at - 1 > 31 ? 31 : option_words - at - 1;

        set16(h + 8 + at * 4, 0xff00);
        h[8 + at * 4 + 2] = 1;
        h[8 + at * 4 + 3] = (uint8_t)body;
        at += 1 + body;
    }
}

/* draft-ietf-intarea-gue-09 section 3.1: version 0, no flags, protocol in the second byte. */
void
gen_gue(struct gen *g)
{
    (void)enter(g, GEN_GUE, 4, GEN_NEXT_PROTO, 1);
}

void
gen_bytes(struct gen *g, const void *bytes, uint32_t n)
{
    memcpy(room(g, n), bytes, n);
}

void
gen_text(struct gen *g, const char *text)
{
    gen_bytes(g, text, (uint32_t)strlen(text));
}

void
gen_fill(struct gen *g, uint32_t n, uint8_t seed)
{
    uint8_t *at = room(g, n);

    for (uint32_t i = 0; i < n; i++)
        at[i] = (uint8_t)('a' + (seed + i) % 26);
}

/* ---- lengths and checksums ---------------------------------------------------------------------
 */

static uint32_t
sum16(const uint8_t *at, uint32_t n, uint32_t sum)
{
    for (; n > 1; n -= 2, at += 2)
        sum += get16(at);
    if (n)
        sum += (uint32_t)at[0] << 8;
    return sum;
}

static uint16_t
fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* RFC 1071 over the pseudo header of the IP layer before 'l' and what is in 'l'. */
static uint16_t
transport_sum(const struct gen *g, uint32_t i, uint32_t proto, uint32_t end)
{
    const struct gen_layer *l = &g->layers[i];
    const uint32_t n = end - l->at;
    uint32_t sum = proto + n;

    while (i-- > 0) {
        const struct gen_layer *ip = &g->layers[i];

        if (ip->type == GEN_IP4) {
            sum = sum16(g->at + ip->at + 12, 8, sum);
            break;
        }
        if (ip->type == GEN_IP6) {
            sum = sum16(g->at + ip->at + 8, 32, sum);
            break;
        }
    }
    return fold(sum16(g->at + l->at, n, sum));
}

/* RFC 9260 appendix A: CRC32c, stored in little-endian order. */
static uint32_t
crc32c(const uint8_t *at, uint32_t n)
{
    uint32_t crc = ~0u;

    while (n--) {
        crc ^= *at++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

static void
end_layer(struct gen *g, uint32_t i)
{
    const struct gen_layer *l = &g->layers[i];
    uint8_t *h = g->at + l->at;
    const uint32_t n = g->len - l->at;
    uint16_t sum;

    switch (l->type) {
    case GEN_LLC:
        set16(h - 2, n);
        break;
    case GEN_PPPOE:
        set16(h + 4, n - 6);
        break;
    case GEN_IP4:
        set16(h + 2, n);
        set16(h + 10, 0);
        set16(h + 10, fold(sum16(h, l->header, 0)));
        break;
    case GEN_IP6:
        set16(h + 4, n - 40);
        break;
    case GEN_TCP:
        set16(h + 16, 0);
        set16(h + 16, transport_sum(g, i, 6, g->len));
        break;
    case GEN_UDP:
        set16(h + 4, n);
        set16(h + 6, 0);
        if (!l->no_checksum) {
            sum = transport_sum(g, i, 17, g->len);
            set16(h + 6, sum ? sum : 0xffff);
        }
        break;
    case GEN_ICMP4:
        set16(h + 2, 0);
        set16(h + 2, fold(sum16(h, n, 0)));
        break;
    case GEN_ICMP6:
        set16(h + 2, 0);
        set16(h + 2, transport_sum(g, i, 58, g->len));
        break;
    case GEN_SCTP: {
        uint32_t crc;

        set32(h + 8, 0);
        crc = crc32c(h, n);
        for (int b = 0; b < 4; b++)
            h[8 + b] = (uint8_t)(crc >> 8 * b);
        break;
    }
    case GEN_GRE:
        if (h[0] & 0x80) {
            set16(h + 4, 0);
            set16(h + 4, fold(sum16(h, n, 0)));
        }
        break;
    default:
        break;
    }
}

void
gen_end(struct gen *g)
{
    for (uint32_t i = g->n_layers; i-- > 0;)
        end_layer(g, i);
}

void
gen_pad(struct gen *g, uint32_t frame_bytes)
{
    if (g->len < frame_bytes) {
        const uint32_t n = frame_bytes - g->len;

        memset(room(g, n), 0, n);
    }
}

int
gen_ip_layer(const struct gen *g, int n)
{
    int at[GEN_LAYERS_MAX], count = 0;

    for (uint32_t i = 0; i < g->n_layers; i++) {
        if (g->layers[i].type == GEN_IP4 || g->layers[i].type == GEN_IP6)
            at[count++] = (int)i;
    }
    if (n < 0)
        n += count;
    return n >= 0 && n < count ? at[n] : -1;
}

/* ---- fragments
 * ----------------------------------------------------------------------------------- */

uint32_t
gen_pieces(const struct gen *g, uint32_t layer, uint32_t chunk)
{
    const struct gen_layer *ip = &g->layers[layer];
    const uint32_t payload = g->len - ip->at - ip->header;

    chunk &= ~7u;
    return chunk ? (payload + chunk - 1) / chunk : 0;
}

struct gen *
gen_piece(const struct gen *g, uint32_t layer, uint32_t chunk, uint32_t id, uint32_t i,
          struct gen *out)
{
    const struct gen_layer *ip = &g->layers[layer];
    const uint32_t start = ip->at + ip->header;
    const uint32_t payload = g->len - start;
    const uint32_t offset = i * (chunk & ~7u);
    const uint32_t n = payload - offset < (chunk & ~7u) ? payload - offset : (chunk & ~7u);
    const bool more = offset + n < payload;
    uint8_t *h;

    out->len = start;
    out->n_layers = layer + 1;
    memcpy(out->layers, g->layers, (layer + 1) * sizeof g->layers[0]);
    memcpy(out->at, g->at, start);
    h = out->at + ip->at;
    if (ip->type == GEN_IP4) { /* RFC 791 section 3.1 */
        set16(h + 4, id & 0xffff);
        set16(h + 6, (more ? 0x2000u : 0) | offset / 8);
    } else { /* RFC 8200 section 4.5 */
        uint8_t *f = room(out, 8);

        f[0] = h[6];
        f[1] = 0;
        set16(f + 2, offset | (more ? 1 : 0));
        set32(f + 4, id);
        h[6] = 44;
    }
    memcpy(room(out, n), g->at + start + offset, n);
    gen_end(out);
    return out;
}

/* ---- numbers ----------------------------------------------------------------------------------
 */

uint64_t
gen_random(struct gen_rng *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint32_t
gen_below(struct gen_rng *r, uint32_t n)
{
    return (uint32_t)((gen_random(r) >> 32) * n >> 32);
}
