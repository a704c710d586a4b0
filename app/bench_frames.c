/* bench_frames.c - the templates, written header by header
 *
 * Addresses and client ports are zero here: the generator writes them. IPv4 header checksums and
 * those of TCP stay zero, for pavo checks none (a NIC does).
 */
#include "bench_frames.h"

#include <string.h>

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_PSH = 8, TCP_ACK = 16 };
enum { ETHER = 14, IP4 = 20, IP6 = 40, UDP = 8, TCP = 20, FRAME_MIN = 60 };

struct writer {
    struct bench_template *t;
    uint32_t at;
};

static uint8_t *
take(struct writer *w, uint32_t n)
{
    uint8_t *p = w->t->head + w->at;

    w->at += n;
    return p;
}

static void
put16(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static void
ether(struct writer *w, uint32_t type)
{
    static const uint8_t macs[12] = {0, 0, 0x5e, 0, 0x53, 1, 0, 0, 0x5e, 0, 0x53, 2};
    uint8_t *p = take(w, ETHER);

    memcpy(p, macs, sizeof macs);
    put16(p + 12, type);
}

/* 'bytes' behind the header. */
static uint8_t *
ip4(struct writer *w, uint8_t proto, uint32_t bytes)
{
    uint8_t *p;

    w->t->ip_at = w->at;
    p = take(w, IP4);
    p[0] = 0x45;
    put16(p + 2, IP4 + bytes);
    p[8] = 64;
    p[9] = proto;
    return p;
}

static void
udp(struct writer *w, uint32_t src, uint32_t dst, uint32_t bytes)
{
    uint8_t *p = take(w, UDP);

    put16(p, src);
    put16(p + 2, dst);
    put16(p + 4, UDP + bytes);
}

static struct writer
begin(struct bench_template *t)
{
    *t = (struct bench_template){0};
    return (struct writer){.t = t};
}

/* 'rest': bytes of the frame behind what was written; short frames are padded as Ethernet does. */
static void
end(struct writer *w, uint32_t rest)
{
    w->t->len = w->at + rest < FRAME_MIN ? FRAME_MIN : w->at + rest;
    w->t->lines = (w->at + PAVO_CACHE_LINE - 1) / PAVO_CACHE_LINE;
}

/* A datagram to the service in a frame of so many bytes. */
static void
datagram(struct bench_template *t, uint32_t frame)
{
    struct writer w = begin(t);

    ether(&w, 0x0800);
    ip4(&w, 17, frame - ETHER - IP4);
    udp(&w, 0, BENCH_PORT_UDP, frame - ETHER - IP4 - UDP);
    end(&w, frame - w.at);
}

/* The same, of 60 bytes, as the inside of a tunnel. */
static void
inner(struct writer *w, bool with_ether)
{
    if (with_ether)
        ether(w, 0x0800);
    ip4(w, 17, UDP + 18);
    udp(w, 0, BENCH_PORT_UDP, 18);
    end(w, 18);
}

static void
dns(struct bench_template *t, bool answer)
{
    static const uint8_t question[] = {4,   'h', 'o', 's', 't', 7,   'e', 'x', 'a', 'm', 'p',
                                       'l', 'e', 3,   'c', 'o', 'm', 0,   0,   1,   0,   1};
    static const uint8_t reply[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1};
    const uint32_t bytes = 12 + sizeof question + (answer ? sizeof reply : 0);
    struct writer w = begin(t);
    uint8_t *p;

    t->back = answer;
    ether(&w, 0x0800);
    ip4(&w, 17, UDP + bytes);
    udp(&w, answer ? BENCH_PORT_DNS : 0, answer ? 0 : BENCH_PORT_DNS, bytes);
    p = take(&w, bytes);
    put16(p + 2, answer ? 0x8180 : 0x0100);
    put16(p + 4, 1);
    put16(p + 6, answer);
    memcpy(p + 12, question, sizeof question);
    if (answer)
        memcpy(p + 12 + sizeof question, reply, sizeof reply);
    end(&w, 0);
}

static void
vxlan(struct bench_template *t)
{
    struct writer w = begin(t);

    ether(&w, 0x0800);
    ip4(&w, 17, UDP + 8 + 60);
    udp(&w, 0, 4789, 8 + 60);
    take(&w, 8)[0] = 0x08; /* RFC 7348 section 5: flag I */
    inner(&w, true);
}

/* RFC 8926 section 3.4, with one option of 8 bytes. */
static void
geneve6(struct bench_template *t)
{
    const uint32_t bytes = UDP + 16 + 60;
    struct writer w = begin(t);
    uint8_t *p;

    ether(&w, 0x86dd);
    p = take(&w, IP6);
    p[0] = 0x60;
    put16(p + 4, bytes);
    p[6] = 17;
    p[7] = 64;
    p[8] = p[24] = 0xfd;
    udp(&w, 0, 6081, bytes - UDP);
    p = take(&w, 16);
    p[0] = 2; /* words of options */
    put16(p + 2, 0x6558);
    put16(p + 8, 0x0102);
    p[11] = 1; /* words of this one */
    inner(&w, true);
}

/* 3GPP TS 29.281 section 5.1, with a PDU session container (TS 38.415). */
static void
gtpu(struct bench_template *t)
{
    struct writer w = begin(t);
    uint8_t *p;

    ether(&w, 0x0800);
    ip4(&w, 17, UDP + 16 + 46);
    udp(&w, 2152, 2152, 16 + 46);
    p = take(&w, 16);
    p[0] = 0x34;
    p[1] = 255;
    put16(p + 2, 8 + 46);
    p[11] = 0x85;
    p[12] = 1;
    p[14] = 1;
    inner(&w, false);
}

/* A datagram of 3500 bytes in pieces of at most 1480. RFC 791 section 3.2. */
static void
piece(struct bench_template *t, unsigned i)
{
    const uint32_t all = UDP + 3500, at = i * 1480;
    const uint32_t bytes = i + 1 < BENCH_PIECES ? 1480 : all - at;
    struct writer w = begin(t);
    uint8_t *p;

    ether(&w, 0x0800);
    p = ip4(&w, 17, bytes);
    put16(p + 6, (i + 1 < BENCH_PIECES ? 0x2000 : 0) | at / 8);
    if (i == 0)
        udp(&w, 0, BENCH_PORT_PIECES, all - UDP);
    end(&w, bytes - (i == 0 ? UDP : 0));
}

static const struct session_packet {
    uint8_t back, flags;
    uint16_t bytes;
} session[BENCH_TCP_PACKETS] = {
    {0, TCP_SYN, 0},           {1, TCP_SYN | TCP_ACK, 0},
    {0, TCP_ACK, 0},           {0, TCP_ACK | TCP_PSH, 300},
    {1, TCP_ACK, 0},           {1, TCP_ACK, 1448},
    {1, TCP_ACK, 1448},        {0, TCP_ACK, 0},
    {1, TCP_ACK, 1448},        {1, TCP_ACK, 1448},
    {0, TCP_ACK, 0},           {1, TCP_ACK | TCP_PSH, 800},
    {0, TCP_ACK, 0},           {0, TCP_ACK | TCP_FIN, 0},
    {1, TCP_ACK | TCP_FIN, 0}, {0, TCP_ACK, 0},
};

static void
tcp(struct bench_template *t, const struct session_packet *s, uint32_t seq, uint32_t ack,
    uint32_t port)
{
    static const uint8_t syn[] = {2, 4, 1460 >> 8, 1460 & 0xff, 1, 3, 3, 7, 4, 2, 1, 1};
    const uint32_t options = s->flags & TCP_SYN ? sizeof syn : 0;
    struct writer w = begin(t);
    uint8_t *p;

    t->back = s->back;
    t->seq[0] = seq;
    t->seq[1] = ack;
    ether(&w, 0x0800);
    ip4(&w, 6, TCP + options + s->bytes);
    p = take(&w, TCP + options);
    put16(p + (s->back ? 0 : 2), port);
    p[12] = (uint8_t)((TCP + options) / 4 << 4);
    p[13] = s->flags;
    put16(p + 14, 64240);
    memcpy(p + TCP, syn, options);
    end(&w, s->bytes);
}

void
bench_frames_make(struct bench_template t[BENCH_FRAMES])
{
    static const struct session_packet flood = {0, TCP_SYN, 0};
    uint32_t next[2] = {0, 0}; /* sequence number of each side's next byte */

    datagram(&t[BENCH_FRAME_UDP64], 60);
    datagram(&t[BENCH_FRAME_UDP594], 590);
    datagram(&t[BENCH_FRAME_UDP1518], BENCH_FRAME_MAX);
    dns(&t[BENCH_FRAME_QUERY], false);
    dns(&t[BENCH_FRAME_ANSWER], true);
    tcp(&t[BENCH_FRAME_SYN], &flood, 0, 0, BENCH_PORT_SYN);
    vxlan(&t[BENCH_FRAME_VXLAN]);
    geneve6(&t[BENCH_FRAME_GENEVE6]);
    gtpu(&t[BENCH_FRAME_GTPU]);
    for (unsigned i = 0; i < BENCH_PIECES; i++)
        piece(&t[BENCH_FRAME_PIECE + i], i);
    for (unsigned i = 0; i < BENCH_TCP_PACKETS; i++) {
        const struct session_packet *s = &session[i];

        tcp(&t[BENCH_FRAME_TCP + i], s, next[s->back], next[!s->back], BENCH_PORT_TCP);
        next[s->back] += s->bytes + (s->flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
    }
}
