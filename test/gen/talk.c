/* talk.c - the sentences of talk.h, each a few packets as real stacks send them */
#include "talk.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t ms = 1000000;

/* ---- the timeline ------------------------------------------------------------------------------
 */

static void *
grow(void *at, size_t *cap, size_t need, size_t unit)
{
    while (*cap < need)
        *cap = *cap ? *cap * 2 : 1024;
    at = realloc(at, *cap * unit);
    if (!at) {
        fprintf(stderr, "gen: no memory for the timeline\n");
        abort();
    }
    return at;
}

void
timeline_add(struct timeline *t, uint64_t ts_ns, uint64_t delay_ns, const struct gen *g)
{
    if (t->n_bytes + g->len > t->cap_bytes)
        t->bytes = grow(t->bytes, &t->cap_bytes, t->n_bytes + g->len, 1);
    if (t->n_items == t->cap_items)
        t->items = grow(t->items, &t->cap_items, t->n_items + 1, sizeof *t->items);
    memcpy(t->bytes + t->n_bytes, g->at, g->len);
    t->items[t->n_items] = (struct timeline_item){.ts_ns = ts_ns,
                                                  .arrive_ns = ts_ns + delay_ns,
                                                  .at = t->n_bytes,
                                                  .len = g->len,
                                                  .seq = (uint32_t)t->n_items};
    t->n_items++;
    t->n_bytes += g->len;
}

static int
by_arrival(const void *a, const void *b)
{
    const struct timeline_item *x = a, *y = b;

    if (x->arrive_ns != y->arrive_ns)
        return x->arrive_ns < y->arrive_ns ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void
timeline_sort(struct timeline *t)
{
    if (t->n_items)
        qsort(t->items, t->n_items, sizeof *t->items, by_arrival);
}

void
timeline_free(struct timeline *t)
{
    free(t->bytes);
    free(t->items);
    *t = (struct timeline){0};
}

/* ---- one packet ---------------------------------------------------------------------------------
 */

/* A MAC of the range for documentation (RFC 7042 section 2.1.1), from an address. */
static void
mac_of(const struct gen_addr *a, uint8_t mac[6])
{
    static const uint8_t first[3] = {0x00, 0x00, 0x5e};
    const uint8_t *end = a->version == 4 ? a->at + 4 : a->at + 16;

    memcpy(mac, first, 3);
    mac[3] = 0x00;
    mac[4] = 0x53;
    mac[5] = end[-1];
}

void
talk_open(struct talk *t, struct timeline *line, struct gen_rng *rng, struct gen_addr a,
          struct gen_addr b)
{
    memset(t, 0, offsetof(struct talk, g));
    t->line = line;
    t->rng = rng;
    t->a = a;
    t->b = b;
    t->rtt_ns = 12 * ms;
    t->ttl_a = 64;
    t->ttl_b = 57;
    mac_of(&a, t->mac_a);
    mac_of(&b, t->mac_b);
}

static void
push_ether(struct talk *t, const struct gen_addr *src, const struct gen_addr *dst)
{
    uint8_t s[6], d[6];

    mac_of(src, s);
    mac_of(dst, d);
    gen_ether(&t->g, d, s);
}

/* A tunnel's source port is a hash of what it carries (RFC 7348 section 5); here of the inner
 * ports. */
static uint16_t
entropy_port(const struct talk *t)
{
    return (uint16_t)(49152 + (t->port_a * 31u + t->port_b + t->a.at[3] + t->a.at[15]) % 16384);
}

static void
push_tunnel_ip(struct talk *t, const struct way_step *s, bool from_b)
{
    const struct gen_ip ip = {
        .src = from_b ? s->b : s->a, .dst = from_b ? s->a : s->b, .id = t->ip_id, .ttl = 62};

    gen_ip(&t->g, &ip);
}

static void
push_tunnel_udp(struct talk *t, const struct way_step *s, bool from_b, uint16_t port)
{
    push_tunnel_ip(t, s, from_b);
    gen_udp(&t->g, entropy_port(t), port, s->a.version == 6);
}

/* Pushes one step of the way; true: what follows is Ethernet again. */
static bool
push_step(struct talk *t, const struct way_step *s, bool from_b)
{
    struct gen *g = &t->g;

    switch (s->type) {
    case WAY_VLAN:
        gen_vlan(g, 0x8100, (uint16_t)s->id);
        return false;
    case WAY_QINQ:
        gen_vlan(g, 0x88a8, (uint16_t)(s->id + 1));
        gen_vlan(g, 0x8100, (uint16_t)s->id);
        return false;
    case WAY_MPLS:
        gen_mpls(g, s->id + 1000, 61);
        gen_mpls(g, s->id, 61);
        return false;
    case WAY_PPPOE:
        gen_pppoe(g, (uint16_t)s->id);
        return false;
    case WAY_IPIP:
        push_tunnel_ip(t, s, from_b);
        return false;
    case WAY_GRE:
    case WAY_GRETAP:
        push_tunnel_ip(t, s, from_b);
        gen_gre(g, s->id ? GEN_GRE_KEY | GEN_GRE_SEQ : 0, s->id, t->ip_id);
        return s->type == WAY_GRETAP;
    case WAY_NVGRE:
        push_tunnel_ip(t, s, from_b);
        gen_nvgre(g, s->id, 7);
        return true;
    case WAY_VXLAN:
        push_tunnel_udp(t, s, from_b, 4789);
        gen_vxlan(g, s->id);
        return true;
    case WAY_VXLAN_GPE:
        push_tunnel_udp(t, s, from_b, 4790);
        gen_vxlan_gpe(g, s->id);
        return false;
    case WAY_GENEVE:
    case WAY_GENEVE_IP:
        push_tunnel_udp(t, s, from_b, 6081);
        gen_geneve(g, s->id, 4);
        return s->type == WAY_GENEVE;
    case WAY_GUE:
    case WAY_GUE1:
        push_tunnel_udp(t, s, from_b, 6080);
        if (s->type == WAY_GUE)
            gen_gue(g);
        return false;
    default:
        abort();
    }
}

/* Everything before the innermost network header. */
static void
push_way(struct talk *t, bool from_b)
{
    bool ether = true;

    gen_begin(&t->g);
    for (unsigned i = 0; i <= t->way.n; i++) {
        const struct way_step *s = i < t->way.n ? &t->way.steps[i] : NULL;
        const struct way_step *tunnel = s;

        /* The Ethernet before a chain of tags is the one of the tunnel behind them. */
        for (unsigned k = i; tunnel && tunnel->type <= WAY_PPPOE; k++)
            tunnel = k + 1 < t->way.n ? &t->way.steps[k + 1] : NULL;
        if (ether && tunnel)
            push_ether(t, from_b ? &tunnel->b : &tunnel->a, from_b ? &tunnel->a : &tunnel->b);
        else if (ether)
            gen_ether(&t->g, from_b ? t->mac_a : t->mac_b, from_b ? t->mac_b : t->mac_a);
        if (s)
            ether = push_step(t, s, from_b);
    }
}

static void
push_ip(struct talk *t, const struct gen_addr *src, const struct gen_addr *dst, uint8_t ttl)
{
    static const uint8_t router_alert[4] = {0x94, 4, 0, 0}; /* RFC 2113 section 2.1 */
    const struct gen_ip ip = {.src = *src,
                              .dst = *dst,
                              .ttl = ttl,
                              .id = t->ip_id++,
                              .flow_label = 0x12345u + t->port_a,
                              .options = router_alert,
                              .option_bytes = t->with_options && src->version == 4 ? 4 : 0};

    gen_ip(&t->g, &ip);
    if (t->with_options && src->version == 6) {
        gen_ip6_ext(&t->g, GEN_HOPOPTS, 0);
        gen_ip6_ext(&t->g, GEN_ROUTING, 2);
        gen_ip6_ext(&t->g, GEN_DSTOPTS, 1);
    }
    if (t->with_ah)
        gen_ah(&t->g, 0x00a1a1a1, t->ip_id);
}

void
talk_head(struct talk *t, bool from_b, uint8_t ttl)
{
    push_way(t, from_b);
    if (ttl == 0)
        ttl = from_b ? t->ttl_b : t->ttl_a;
    push_ip(t, from_b ? &t->b : &t->a, from_b ? &t->a : &t->b, ttl);
}

static void
put(struct talk *t, struct gen *g, uint64_t ts_ns)
{
    if (g->layers[0].type == GEN_ETHER)
        gen_pad(g, 60);
    timeline_add(t->line, ts_ns, t->disorder_ns ? gen_below(t->rng, t->disorder_ns) : 0, g);
}

static void
put_pieces(struct talk *t, uint32_t layer)
{
    const uint32_t n = gen_pieces(&t->g, layer, t->piece_bytes);
    const uint32_t id = (uint32_t)gen_random(t->rng);
    uint32_t order[256];

    for (uint32_t i = 0; i < n && i < 256; i++)
        order[i] = i;
    for (uint32_t i = n < 256 ? n : 256; t->shuffle && i > 1; i--) {
        const uint32_t k = gen_below(t->rng, i), was = order[k];

        order[k] = order[i - 1];
        order[i - 1] = was;
    }
    for (uint32_t i = 0; i < n && i < 256; i++) {
        if (order[i] == 0 && t->lose_first)
            continue;
        put(t, gen_piece(&t->g, layer, t->piece_bytes, id, order[i], &t->piece),
            t->ts_ns + i * 2000);
    }
}

void
talk_send(struct talk *t, uint64_t pause_ns)
{
    const int layer = gen_ip_layer(&t->g, t->cut_outer ? 0 : -1);

    gen_end(&t->g);
    if (t->loss &&
        gen_below(t->rng, t->loss) == 0) { /* seen twice here: lost behind the capture point */
        put(t, &t->g, t->ts_ns);
        t->ts_ns += 200 * ms;
    }
    if (t->piece_bytes && layer >= 0 && gen_pieces(&t->g, (uint32_t)layer, t->piece_bytes) > 1)
        put_pieces(t, (uint32_t)layer);
    else
        put(t, &t->g, t->ts_ns);
    t->ts_ns += pause_ns;
}

/* ---- TCP ---------------------------------------------------------------------------------------
 */

static void
segment(struct talk *t, bool from_b, uint16_t flags, const char *text, uint32_t n,
        uint64_t pause_ns)
{
    /* RFC 9293 section 3.7.1: MSS 1460; RFC 7323: window scale 7, between no-operations. */
    static const uint8_t syn_options[] = {2, 4, 5, 0xb4, 1, 3, 3, 7};
    const struct gen_tcp tcp = {.src_port = from_b ? t->port_b : t->port_a,
                                .dst_port = from_b ? t->port_a : t->port_b,
                                .seq = from_b ? t->seq_b : t->seq_a,
                                .ack = flags & GEN_ACK ? (from_b ? t->seq_a : t->seq_b) : 0,
                                .flags = flags,
                                .window = flags & GEN_SYN ? 64240 : 502,
                                .options = syn_options,
                                .option_bytes = flags & GEN_SYN ? sizeof syn_options : 0};
    uint32_t *seq = from_b ? &t->seq_b : &t->seq_a;

    talk_head(t, from_b, 0);
    gen_tcp(&t->g, &tcp);
    if (text)
        gen_bytes(&t->g, text, n);
    else
        gen_fill(&t->g, n, (uint8_t)*seq);
    talk_send(t, pause_ns);
    *seq += n + (flags & (GEN_SYN | GEN_FIN) ? 1 : 0);
}

void
talk_tcp_open(struct talk *t)
{
    t->seq_a = (uint32_t)gen_random(t->rng);
    t->seq_b = (uint32_t)gen_random(t->rng);
    segment(t, false, GEN_SYN, NULL, 0, t->rtt_ns);
    segment(t, true, GEN_SYN | GEN_ACK, NULL, 0, t->rtt_ns / 20);
    segment(t, false, GEN_ACK, NULL, 0, t->rtt_ns / 10);
}

void
talk_tcp_data(struct talk *t, bool from_b, const char *text, uint32_t n)
{
    const uint32_t mss = 1400;

    if (text)
        n = (uint32_t)strlen(text);
    for (uint32_t at = 0; at < n; at += mss) {
        const uint32_t part = n - at < mss ? n - at : mss;

        segment(t, from_b, GEN_ACK | (at + part == n ? GEN_PSH : 0), text ? text + at : NULL, part,
                t->rtt_ns / 40);
    }
    t->ts_ns += t->rtt_ns / 2;
    segment(t, !from_b, GEN_ACK, NULL, 0, t->rtt_ns / 4);
}

void
talk_tcp_close(struct talk *t, enum talk_close how, bool by_b)
{
    switch (how) {
    case TALK_RESET:
        segment(t, by_b, GEN_RST | GEN_ACK, NULL, 0, t->rtt_ns);
        break;
    case TALK_FIN_RESET:
        segment(t, by_b, GEN_FIN | GEN_ACK, NULL, 0, t->rtt_ns / 2);
        segment(t, !by_b, GEN_RST, NULL, 0, t->rtt_ns);
        break;
    case TALK_FIN:
        segment(t, by_b, GEN_FIN | GEN_ACK, NULL, 0, t->rtt_ns / 2);
        segment(t, !by_b, GEN_FIN | GEN_ACK, NULL, 0, t->rtt_ns / 2);
        segment(t, by_b, GEN_ACK, NULL, 0, t->rtt_ns);
        break;
    default:
        break;
    }
}

void
talk_tcp_refused(struct talk *t)
{
    t->seq_a = (uint32_t)gen_random(t->rng);
    t->seq_b = 0;
    segment(t, false, GEN_SYN, NULL, 0, t->rtt_ns);
    segment(t, true, GEN_RST | GEN_ACK, NULL, 0, t->rtt_ns);
}

/* ---- UDP, DNS
 * ------------------------------------------------------------------------------------- */

static void
head_udp(struct talk *t, bool from_b, uint8_t ttl)
{
    talk_head(t, from_b, ttl);
    gen_udp(&t->g, from_b ? t->port_b : t->port_a, from_b ? t->port_a : t->port_b, true);
}

void
talk_udp(struct talk *t, bool from_b, uint32_t n)
{
    head_udp(t, from_b, 0);
    gen_fill(&t->g, n, (uint8_t)n);
    talk_send(t, t->rtt_ns / 2);
}

/* A name as labels (RFC 1035 section 4.1.2). */
static void
dns_question(struct gen *g, const char *name, uint16_t type)
{
    const uint8_t tail[5] = {0, (uint8_t)(type >> 8), (uint8_t)type, 0, 1};

    while (*name) {
        const uint8_t n = (uint8_t)strcspn(name, ".");

        gen_bytes(g, &n, 1);
        gen_bytes(g, name, n);
        name += n + (name[n] == '.');
    }
    gen_bytes(g, tail, sizeof tail);
}

void
talk_dns(struct talk *t, const char *name, uint16_t id, bool answered)
{
    uint8_t h[12] = {(uint8_t)(id >> 8), (uint8_t)id, 0x01, 0x00, 0, 1};
    static const uint8_t answer[16] = {0xc0, 12,   0, 1, 0,   1,  0,   0,
                                       0x0e, 0x10, 0, 4, 198, 51, 100, 80};

    head_udp(t, false, 0);
    gen_bytes(&t->g, h, sizeof h);
    dns_question(&t->g, name, 1);
    talk_send(t, t->rtt_ns);
    if (!answered)
        return;
    h[2] = 0x81;
    h[3] = 0x80;
    h[7] = 1;
    head_udp(t, true, 0);
    gen_bytes(&t->g, h, sizeof h);
    dns_question(&t->g, name, 1);
    gen_bytes(&t->g, answer, sizeof answer);
    talk_send(t, t->rtt_ns / 8);
}

/* ---- ICMP
 * ------------------------------------------------------------------------------------------ */

void
talk_ping(struct talk *t, unsigned times, uint16_t id, uint32_t n)
{
    const bool v6 = t->a.version == 6;

    for (unsigned i = 1; i <= times; i++) {
        for (int reply = 0; reply < 2; reply++) {
            talk_head(t, reply, 0);
            gen_icmp(&t->g, v6,
                     (uint8_t)(v6      ? 128 + reply
                               : reply ? 0
                                       : 8),
                     0, (uint32_t)id << 16 | i);
            gen_fill(&t->g, n, (uint8_t)i);
            talk_send(t, reply ? 1000 * ms - t->rtt_ns : t->rtt_ns);
        }
    }
}

/* RFC 792, RFC 4443 section 3: an error quotes the packet from its IP header on. */
void
talk_probe(struct talk *t, uint8_t ttl, const struct gen_addr *router)
{
    const bool v6 = t->a.version == 6;
    const bool arrived = memcmp(router, &t->b, sizeof *router) == 0;
    const struct gen_addr from = *router;
    uint32_t at, n;

    head_udp(t, false, ttl);
    gen_fill(&t->g, 32, ttl);
    gen_end(&t->g);
    memcpy(&t->quoted, &t->g, sizeof t->g);
    talk_send(t, t->rtt_ns);

    at = t->quoted.layers[gen_ip_layer(&t->quoted, -1)].at;
    n = t->quoted.len - at;
    if (!arrived) {
        t->quoted.at[at + (v6 ? 7 : 8)] = 1; /* its TTL when the router gave up */
        gen_end(&t->quoted);
    }
    push_way(t, true);
    push_ip(t, &from, &t->a, (uint8_t)(64 - ttl));
    if (v6)
        gen_icmp(&t->g, true, arrived ? 1 : 3, arrived ? 4 : 0, 0);
    else
        gen_icmp(&t->g, false, arrived ? 3 : 11, arrived ? 3 : 0, 0);
    gen_bytes(&t->g, t->quoted.at + at, v6 ? n : (n < 60 ? n : 60));
    talk_send(t, t->rtt_ns / 4);
}

/* ---- the rest
 * --------------------------------------------------------------------------------------- */

/* DATA and SACK chunks (RFC 9260 sections 3.3.1, 3.3.4) after the association is up. */
void
talk_sctp(struct talk *t, unsigned times)
{
    uint8_t data[16] = {0, 3, 0, 16 + 32, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    uint8_t sack[16] = {3, 0, 0, 16, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};

    for (unsigned i = 0; i < times; i++) {
        data[7] = sack[7] = (uint8_t)(i + 1);
        data[11] = (uint8_t)i;
        talk_head(t, false, 0);
        gen_sctp(&t->g, t->port_a, t->port_b, 0x1badcafe);
        gen_bytes(&t->g, data, sizeof data);
        gen_fill(&t->g, 32, (uint8_t)i);
        talk_send(t, t->rtt_ns);
        talk_head(t, true, 0);
        gen_sctp(&t->g, t->port_b, t->port_a, 0x2badcafe);
        gen_bytes(&t->g, sack, sizeof sack);
        talk_send(t, t->rtt_ns);
    }
}

void
talk_esp(struct talk *t, unsigned times, uint32_t spi)
{
    for (unsigned i = 1; i <= times; i++) {
        talk_head(t, i % 2 == 0, 0);
        gen_esp(&t->g, i % 2 == 0 ? spi + 1 : spi, (i + 1) / 2);
        gen_fill(&t->g, 96, (uint8_t)i);
        talk_send(t, t->rtt_ns);
    }
}

static uint32_t
addr4(const struct gen_addr *a)
{
    return (uint32_t)a->at[0] << 24 | (uint32_t)a->at[1] << 16 | (uint32_t)a->at[2] << 8 | a->at[3];
}

void
talk_arp(struct talk *t)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, none[6];
    uint8_t mac_b[6];

    memcpy(mac_b, t->mac_b, 6);
    memcpy(t->mac_b, all, 6);
    push_way(t, false);
    memcpy(t->mac_b, mac_b, 6);
    gen_arp(&t->g, 1, t->mac_a, addr4(&t->a), none, addr4(&t->b));
    talk_send(t, t->rtt_ns / 20);
    push_way(t, true);
    gen_arp(&t->g, 2, t->mac_b, addr4(&t->b), t->mac_a, addr4(&t->a));
    talk_send(t, t->rtt_ns / 20);
}

/* RFC 4861 sections 4.3, 4.4, without the multicast of the first solicitation. */
void
talk_neighbor(struct talk *t)
{
    for (int answer = 0; answer < 2; answer++) {
        const uint8_t option[2] = {(uint8_t)(1 + answer), 1};

        talk_head(t, answer, 255);
        gen_icmp(&t->g, true, (uint8_t)(135 + answer), 0, answer ? 0x60000000u : 0);
        gen_bytes(&t->g, t->b.at, 16);
        gen_bytes(&t->g, option, 2);
        gen_bytes(&t->g, answer ? t->mac_b : t->mac_a, 6);
        talk_send(t, t->rtt_ns / 20);
    }
}

/* IEEE 802.1AB clause 8: chassis, port, time to live, system name, end. */
void
talk_lldp(struct talk *t, const char *name)
{
    static const uint8_t nearest[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e};
    const uint8_t n = (uint8_t)strlen(name);
    const uint8_t chassis[3] = {0x02, 7, 4};
    const uint8_t rest[] = {0x04, 5, 5, 'e', 't', 'h', '0', 0x06, 2, 0, 120, 0x0a, n};
    const uint8_t end[2] = {0, 0};

    gen_begin(&t->g);
    gen_ether(&t->g, nearest, t->mac_a);
    gen_ethertype(&t->g, 0x88cc);
    gen_bytes(&t->g, chassis, sizeof chassis);
    gen_bytes(&t->g, t->mac_a, 6);
    gen_bytes(&t->g, rest, sizeof rest);
    gen_text(&t->g, name);
    gen_bytes(&t->g, end, sizeof end);
    talk_send(t, 30000 * ms);
}

/* IEEE 802.1D-2004 clause 9.3.1: a configuration message behind LLC. */
void
talk_stp(struct talk *t)
{
    static const uint8_t bridges[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};
    uint8_t m[35] = {0};

    m[5] = 0x80;
    memcpy(m + 7, t->mac_a, 6);
    m[17] = 0x80;
    memcpy(m + 19, t->mac_a, 6);
    m[25] = 0x80;
    m[26] = 1;
    m[29] = 20;
    m[31] = 2;
    m[33] = 15;
    gen_begin(&t->g);
    gen_ether(&t->g, bridges, t->mac_a);
    gen_llc(&t->g, 0x42, 0x42, 3);
    gen_bytes(&t->g, m, sizeof m);
    talk_send(t, 2000 * ms);
}
