/* demo.c - a small capture to look at: an office's ordinary minute, on the wire and inside tunnels
 *
 * The same every time. Addresses are those for documentation (RFC 5737, RFC 3849, RFC 7042), names
 * are of example.com.
 */
#include "talk.h"
#include "workloads.h"

#include <stdlib.h>

static const uint64_t ms = 1000000;
/* 2026-11-23T10:00:00Z */
static const uint64_t start_ns = 1795428000ull * 1000000000u;

struct demo {
    struct timeline line;
    struct gen_rng rng;
    struct talk *t;
};

/* A new talk, beginning 'at_ms' into the capture. */
static struct talk *
talk(struct demo *d, unsigned at_ms, const char *a, uint16_t port_a, const char *b, uint16_t port_b)
{
    talk_open(d->t, &d->line, &d->rng, gen_addr(a), gen_addr(b));
    d->t->port_a = port_a;
    d->t->port_b = port_b;
    d->t->ts_ns = start_ns + at_ms * ms;
    return d->t;
}

static void
through(struct talk *t, enum way_type type, uint32_t id, const char *a, const char *b)
{
    struct way_step *s = &t->way.steps[t->way.n++];

    *s = (struct way_step){.type = type, .id = id};
    if (a) {
        s->a = gen_addr(a);
        s->b = gen_addr(b);
    }
}

static void
web(struct talk *t, const char *host_path, uint32_t bytes, enum talk_close how)
{
    talk_tcp_open(t);
    talk_tcp_data(t, false, host_path, 0);
    t->ts_ns += 35 * ms;
    talk_tcp_data(t, true,
                  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n", 0);
    talk_tcp_data(t, true, NULL, bytes);
    talk_tcp_close(t, how, true);
}

#define GET "GET /index.txt HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: demo\r\n\r\n"

/* What one host does in the office network. */
static void
on_the_wire(struct demo *d)
{
    struct talk *t;
    const struct gen_addr hops[] = {gen_addr("192.0.2.1"), gen_addr("198.51.100.1"),
                                    gen_addr("203.0.113.9")};

    t = talk(d, 0, "192.0.2.10", 0, "192.0.2.1", 0);
    t->rtt_ns = 2 * ms;
    talk_arp(t);
    talk_dns(talk(d, 20, "192.0.2.10", 40001, "192.0.2.53", 53), "www.example.com", 0x1a01, true);
    web(talk(d, 45, "192.0.2.10", 51234, "198.51.100.80", 80), GET, 9000, TALK_FIN);
    talk_dns(talk(d, 900, "192.0.2.10", 40002, "192.0.2.53", 53), "intranet.example.com", 0x1a02,
             true);
    talk_dns(talk(d, 950, "192.0.2.10", 40003, "192.0.2.54", 53), "lost.example.com", 0x1a03,
             false);
    talk_ping(talk(d, 1000, "192.0.2.10", 0, "198.51.100.80", 0), 5, 0x0c21, 56);
    talk_tcp_refused(talk(d, 1500, "192.0.2.10", 51240, "198.51.100.81", 8080));

    t = talk(d, 2000, "192.0.2.10", 43210, "203.0.113.7", 33434);
    for (uint8_t hop = 0; hop < 3; hop++) {
        talk_probe(t, (uint8_t)(hop + 1), &hops[hop]);
        t->port_b++;
    }
    talk_probe(t, 4, &t->b);

    t = talk(d, 3000, "192.0.2.10", 51250, "198.51.100.22", 22);
    t->rtt_ns = 25 * ms;
    talk_tcp_open(t);
    talk_tcp_data(t, true, "SSH-2.0-OpenSSH_9.2\r\n", 0);
    talk_tcp_data(t, false, "SSH-2.0-OpenSSH_9.2\r\n", 0);
    for (unsigned i = 0; i < 8; i++) {
        talk_tcp_data(t, i & 1, NULL, 64 + 36 * i);
        t->ts_ns += 800 * ms;
    }
    talk_tcp_close(t, TALK_FIN, false);

    t = talk(d, 500, "192.0.2.2", 0, "192.0.2.1", 0);
    talk_lldp(t, "switch-1.example.com");
    talk_lldp(t, "switch-1.example.com");
    t = talk(d, 100, "192.0.2.2", 0, "192.0.2.1", 0);
    for (unsigned i = 0; i < 5; i++)
        talk_stp(t);

    t = talk(d, 4000, "192.0.2.10", 40100, "192.0.2.20", 5004);
    t->piece_bytes = 1480;
    t->cut_outer = true;
    talk_udp(t, false, 4000);
    t->shuffle = true;
    talk_udp(t, false, 5000);
    talk_udp(t, true, 120);
}

static void
with_ip6(struct demo *d)
{
    struct talk *t;

    t = talk(d, 5000, "2001:db8::10", 0, "2001:db8::1", 0);
    t->rtt_ns = 2 * ms;
    talk_neighbor(t);
    talk_dns(talk(d, 5050, "2001:db8::10", 40200, "2001:db8::53", 53), "www.example.com", 0x1a04,
             true);
    web(talk(d, 5100, "2001:db8::10", 51300, "2001:db8:1::80", 80), GET, 3000, TALK_FIN);
    talk_ping(talk(d, 5200, "2001:db8::10", 0, "2001:db8:1::80", 0), 3, 0x0c22, 56);
}

static void
in_tunnels(struct demo *d)
{
    struct talk *t;

    t = talk(d, 6000, "10.1.0.5", 51400, "10.1.0.80", 80);
    through(t, WAY_VLAN, 100, NULL, NULL);
    web(t, GET, 2000, TALK_FIN);

    t = talk(d, 7000, "10.2.0.5", 51410, "10.2.0.80", 80);
    through(t, WAY_VXLAN, 5001, "203.0.113.1", "203.0.113.2");
    web(t, GET, 4000, TALK_FIN);
    t = talk(d, 7100, "10.2.0.5", 0, "10.2.0.1", 0);
    through(t, WAY_VXLAN, 5001, "203.0.113.1", "203.0.113.2");
    talk_arp(t);
    /* The same addresses and ports in another network: another flow. */
    t = talk(d, 7200, "10.2.0.5", 51410, "10.2.0.80", 80);
    through(t, WAY_VXLAN, 5002, "203.0.113.1", "203.0.113.3");
    web(t, GET, 1000, TALK_RESET);

    t = talk(d, 8000, "10.3.0.5", 40300, "10.3.0.53", 53);
    through(t, WAY_GENEVE, 77, "203.0.113.1", "203.0.113.4");
    talk_dns(t, "db.example.com", 0x1a05, true);
    t = talk(d, 8100, "10.3.0.5", 51420, "10.3.0.54", 5432);
    through(t, WAY_GENEVE, 77, "203.0.113.1", "203.0.113.4");
    talk_tcp_refused(t);

    t = talk(d, 9000, "10.4.0.5", 0, "10.4.0.6", 0);
    through(t, WAY_GRE, 42, "203.0.113.1", "203.0.113.5");
    talk_ping(t, 4, 0x0c23, 56);
    t = talk(d, 9500, "2001:db8:4::5", 51430, "2001:db8:4::80", 80);
    through(t, WAY_IPIP, 0, "203.0.113.1", "203.0.113.6");
    web(t, GET, 1500, TALK_FIN);
    t = talk(d, 9800, "10.5.0.5", 40400, "10.5.0.20", 5004);
    through(t, WAY_QINQ, 200, NULL, NULL);
    t->piece_bytes = 1480;
    t->shuffle = true;
    talk_udp(t, false, 3000);
    talk_esp(talk(d, 10000, "192.0.2.10", 0, "203.0.113.8", 0), 6, 0x00c0ffee);
}

void
workload_demo(const struct workload_options *o, struct gen_pcap *out)
{
    struct demo d = {.rng = {o->seed}, .t = malloc(sizeof *d.t)};

    if (!d.t)
        abort();
    on_the_wire(&d);
    with_ip6(&d);
    in_tunnels(&d);
    timeline_sort(&d.line);
    for (size_t i = 0; i < d.line.n_items; i++)
        gen_pcap_put(out, d.line.items[i].ts_ns, d.line.bytes + d.line.items[i].at,
                     d.line.items[i].len);
    timeline_free(&d.line);
    free(d.t);
}
