/* family.c - fuzz target of one family of steps: FAMILY is given by the build
 *
 * A step is entered as the walk would enter it, behind headers that stand in a packet made for it,
 * with the rest of the input as what follows (decap_family.h tells the layout). So the fuzzer need
 * not find its way through the outer headers. The results must keep to what every result does, and
 * every address in them must stand in the packet.
 */
#include "decap_check.h"
#include "decap_family.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IP4_BYTES = 20, IP6_BYTES = 40, UDP_BYTES = 8, TUNNEL_BYTES = 8, BEFORE_MOST = 64 };

/* The packet so far: what stands before the step. */
struct before {
    uint8_t bytes[BEFORE_MOST];
    uint32_t n;
};

static const struct route {
    uint8_t by, step;
    uint32_t value;
} routes[] = {
#define ROUTE(by, value, step) {DEC_BY_##by, DEC_##step, value},
#include "steps.def"
};

static struct pavo_decap_config cfg;
static uint16_t ports[DEC_STEPS]; /* a UDP port that leads to the step; 0: none does */

static void
config(void)
{
    fuzz_config(&cfg);
    for (unsigned port = 1; port < 65536; port++)
        ports[cfg.udp_step[port]] = (uint16_t)port;
}

/* The value of a field that leads to the step; 'none' if no value does. */
static uint32_t
value_of(enum dec_by by, enum dec_step step, uint32_t none)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (routes[i].by == by && routes[i].step == step)
            return routes[i].value;
    return none;
}

/* The surroundings that the byte asks for, or the nearest that the walk can come from: transports
 * stand behind IP, IPv6 extension headers behind IPv6, what UDP ports lead to behind UDP, and what
 * is a frame or a packet of its own begins it or stands in a tunnel. */
static enum around
around_of(enum dec_step step, uint8_t byte)
{
    const enum around a = (enum around)((byte & AROUND_MASK) % (AROUND_TUNNEL6 + 1));
    const bool is_6 = a == AROUND_IP6 || a == AROUND_UDP6 || a == AROUND_TUNNEL6;

    if (step >= DEC_HOPOPT && step <= DEC_SHIM6)
        return AROUND_IP6;
    if (step == DEC_AH || step == DEC_ESP)
        return is_6 ? AROUND_IP6 : AROUND_IP4;
    switch ((enum family)family_of_step[step]) {
    case FAMILY_L4:
        return is_6 ? AROUND_IP6 : AROUND_IP4;
    case FAMILY_UDP:
        return a >= AROUND_UDP4 ? a : is_6 ? AROUND_UDP6 : AROUND_UDP4;
    case FAMILY_TUNNEL:
        return a == AROUND_START && value_of(DEC_BY_ETHERTYPE, step, 0) == 0 ? AROUND_IP4 : a;
    case FAMILY_MPLS:
        return a;
    default:
        return a == AROUND_START ? a : is_6 ? AROUND_TUNNEL6 : AROUND_TUNNEL4;
    }
}

static void
put_ip(struct dec_walk *w, struct before *b, bool is_6, uint8_t proto, uint32_t told)
{
    struct pavo_layers *o = w->out;
    uint8_t *h = b->bytes + b->n;
    const uint32_t addr_bytes = is_6 ? 16 : 4;

    memset(h, 0, is_6 ? IP6_BYTES : IP4_BYTES);
    h[0] = is_6 ? 0x60 : 0x45;
    h[is_6 ? 6 : 9] = proto;
    h[is_6 ? 7 : 8] = 64;
    b->n += is_6 ? IP6_BYTES : IP4_BYTES;
    for (uint32_t i = 0; i < 2 * addr_bytes; i++)
        b->bytes[b->n - 2 * addr_bytes + i] = (uint8_t)(0xa0 + i);
    o->kind = is_6 ? PAVO_KIND_IP6 : PAVO_KIND_IP4;
    o->proto = proto;
    o->ttl = 64;
    memcpy(o->src, b->bytes + b->n - 2 * addr_bytes, addr_bytes);
    memcpy(o->dst, b->bytes + b->n - addr_bytes, addr_bytes);
    o->has_ip_id = !is_6;
    o->l3_len = told + (is_6 ? IP6_BYTES : IP4_BYTES);
    o->payload_len = told;
    o->payload_at = b->n;
    o->depth++;
}

static void
put_udp(struct dec_walk *w, struct before *b, uint16_t port, uint32_t told)
{
    uint8_t *h = b->bytes + b->n;

    be16_put(h, 49152);
    be16_put(h + 2, port);
    be16_put(h + 4, (uint16_t)(told + UDP_BYTES));
    be16_put(h + 6, 0);
    b->n += UDP_BYTES;
    w->out->src_port = 49152;
    w->out->dst_port = port;
    w->out->has_ports = 1;
    w->out->payload_len = told;
    w->out->payload_at = b->n;
    w->out->depth++;
}

/* The walk as it stands before the step; 'told' bytes follow. No protocol leads to 253 (RFC 3692).
 */
static void
enter(struct dec_walk *w, struct before *b, enum dec_step step, uint8_t byte, uint32_t told)
{
    const enum around around = around_of(step, byte);
    const bool is_6 = around == AROUND_IP6 || around == AROUND_UDP6 || around == AROUND_TUNNEL6;
    const bool is_tunnel = around >= AROUND_TUNNEL4, is_udp = around >= AROUND_UDP4;
    const uint32_t told_udp = told + (is_tunnel ? TUNNEL_BYTES : 0);

    w->is_quote = (byte & AROUND_QUOTE) != 0;
    w->out->wire_len = told;
    if (around == AROUND_START) { /* the start of the frame, or what a link header left */
        w->out->l3_len = told;
        w->out->payload_len = told;
        return;
    }
    put_ip(w, b, is_6, is_udp ? 17 : (uint8_t)value_of(DEC_BY_IP_PROTO, step, 253),
           told_udp + (is_udp ? UDP_BYTES : 0));
    if (byte & AROUND_FRAGMENT)
        dec_frag(w, w->out->proto,
                 &(const struct dec_piece){
                     .id = 0x1234, .bytes = told_udp, .room = 65535, .has_more = true});
    if (is_udp)
        put_udp(w, b, !is_tunnel && ports[step] ? ports[step] : 4789, told_udp);
    if (is_tunnel) {
        memset(b->bytes + b->n, 0, TUNNEL_BYTES);
        b->n += TUNNEL_BYTES;
        w->out->depth++;
    }
    w->out->wire_len = b->n + told;
    if (is_tunnel)
        dec_enter(w, PAVO_CARRIER_VXLAN, 5001);
}

static void
run(enum dec_step step, const uint8_t *data, uint32_t n, struct pavo_layers *o)
{
    const uint32_t told = n + family_told[data[1] >> AROUND_TOLD_SHIFT];
    struct before b = {.n = 0};
    struct dec_walk w = {.cfg = &cfg, .out = o};
    struct held held;
    uint8_t *bytes;

    dec_clear(o);
    enter(&w, &b, step, data[1], told);
    held.n = b.n + n;
    bytes = malloc(held.n ? held.n : 1); /* just its size: a byte too far is seen */
    if (!bytes)
        abort();
    memcpy(bytes, b.bytes, b.n);
    memcpy(bytes + b.n, data + 2, n);
    held.bytes = bytes;
    w.start = bytes;
    dec_run(&w, step, cur_open(bytes + b.n, n, told));
    o->why = w.why;
    check_result(o, &held, b.n + told);
    free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_ready;
    struct pavo_layers once, twice;
    enum dec_step step;

    if (size < 2 || size > 65536)
        return 0;
    if (!is_ready) {
        config();
        is_ready = true;
    }
    step = family_step(FAMILY, data[0]);
    if (step == DEC_STOP)
        return 0;
    memset(&once, 0x00, sizeof once);
    memset(&twice, 0xff, sizeof twice);
    run(step, data, (uint32_t)size - 2, &once);
    run(step, data, (uint32_t)size - 2, &twice);
    check_same(&once, &twice);
    return 0;
}
