/* stream.h - for the tests of encoder and reader: records into IPFIX bytes and back, random records
 */
#ifndef PAVO_TEST_STREAM_H
#define PAVO_TEST_STREAM_H

#include "records.h"
#include "t.h"

static const char *const stream_sources[] = {"eth0", "/tmp/a capture.pcap"};

static uint64_t
stream_clock(void)
{
    return 1795428010;
}

static inline struct pavo_stream_info
stream_info(void)
{
    return (struct pavo_stream_info){.observer = "border-1",
                                     .version = "0.1.0",
                                     .domain = 7,
                                     .sources = stream_sources,
                                     .n_sources = 2,
                                     .export_time_s = stream_clock};
}

/* A stream of these records, as an IPFIX file. */
static inline struct pavo_buf
stream_of(const struct pavo_record *r, size_t n, uint32_t message_bytes)
{
    const struct pavo_format *f = &pavo_format_ipfix;
    struct pavo_stream_info info = stream_info();
    struct pavo_buf out = {0};
    struct pavo_err err;
    void *enc;

    info.message_bytes = message_bytes;
    enc = f->open(&info, &err);
    assert_non_null(enc);
    f->begin(enc, &out);
    for (size_t i = 0; i < n; i++)
        f->record(enc, &out, &r[i]);
    f->end(enc, &out);
    f->close(enc);
    assert_false(out.failed);
    return out;
}

/* Bytes as a stream that comes in pieces of at most 'piece'. */
struct stream_bytes {
    const uint8_t *at;
    size_t left, piece;
};

static inline long
stream_read(void *ctx, void *to, size_t n)
{
    struct stream_bytes *s = ctx;

    if (n > s->left)
        n = s->left;
    if (s->piece && n > s->piece)
        n = s->piece;
    memcpy(to, s->at, n);
    s->at += n;
    s->left -= n;
    return (long)n;
}

/* The first record of a stream; fails without one. */
static inline struct pavo_record
stream_first(const void *bytes, size_t n)
{
    struct stream_bytes s = {bytes, n, 0};
    struct pavo_record r;
    struct pavo_ledger l;
    struct pavo_err err = {{0}};
    struct pavo_reader *reader = pavo_reader_open(stream_read, &s, &err);
    enum pavo_item item = pavo_reader_next(reader, &r, &l, &err);

    pavo_reader_close(reader);
    if (item != PAVO_ITEM_RECORD)
        fail_msg("no record but %d: %s", item, err.text);
    return r;
}

/* xorshift: the same everywhere. */
static inline uint64_t
stream_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Cuts a text of random bytes somewhere. */
static inline void
stream_random_text(char *text, size_t size, uint64_t *seed)
{
    text[stream_random(seed) % size] = '\0';
    text[size - 1] = '\0';
}

/* Parts as far as their members have a meaning; those that are not there hold anything. */
static inline void
stream_random_parts(struct pavo_record *r, uint64_t *seed)
{
    struct pavo_record_names *n = &r->names;

    r->parts &= (PAVO_PART_RTT << 1) - 1;
    if (stream_random(seed) % 4 == 0)
        r->parts = 0;
    r->cast &= PAVO_CAST_MULTICAST | PAVO_CAST_BROADCAST;
    r->initiatorTurned &= 1;
    r->countsUnknown &= 1;
    stream_random_text(r->history, sizeof r->history, seed);
    r->tcp.ecnNegotiated &= 1;
    r->assoc.multihomed &= 1;
    r->assoc.conflict &= 1;
    r->assoc.hasAddress = (uint8_t[]){0, 4, 6}[stream_random(seed) % 3];
    if (r->assoc.hasAddress == 4)
        memset(r->assoc.address + 4, 0, 12);
    r->first.n %= PAVO_FIRST_MAX + 1;
    n->hasDnsRcode &= 1;
    stream_random_text(n->serverName, sizeof n->serverName, seed);
    stream_random_text(n->alpn, sizeof n->alpn, seed);
    stream_random_text(n->ja4, sizeof n->ja4, seed);
    stream_random_text(n->dnsQuery, sizeof n->dnsQuery, seed);
    stream_random_text(n->httpHost, sizeof n->httpHost, seed);
    stream_random_text(n->banner[0], sizeof n->banner[0], seed);
    stream_random_text(n->banner[1], sizeof n->banner[1], seed);
    r->bytes.n[0] %= PAVO_PAYLOAD_MAX + 1;
    r->bytes.n[1] %= PAVO_PAYLOAD_MAX + 1;
}

/* A record with every member at random, as far as members have a meaning there. */
static inline struct pavo_record
stream_random_record(uint64_t *seed)
{
    static const uint8_t kinds[] = {PAVO_KIND_LINK, PAVO_KIND_ARP, PAVO_KIND_IP4, PAVO_KIND_IP6};
    struct pavo_record r;
    uint8_t *bytes = (uint8_t *)&r;

    for (size_t i = 0; i < sizeof r; i++)
        bytes[i] = (uint8_t)stream_random(seed);
    r.kind = kinds[stream_random(seed) % 4];
    r.hasPorts &= 1;
    r.hasMac &= 1;
    r.hasIcmp &= 1;
    r.isLlc &= 1;
    r.isFragment &= 1;
    r.encapLost &= 1;
    r.flowFinal &= 1;
    r.quote.kind = r.hasIcmp ? kinds[2 + stream_random(seed) % 2] : 0;
    r.quote.has_ports &= 1;
    if (r.quote.kind != PAVO_KIND_IP6) {
        memset(r.quote.src + 4, 0, 12);
        memset(r.quote.dst + 4, 0, 12);
    }
    if (r.kind != PAVO_KIND_IP6) {
        memset(r.sourceAddress + 4, 0, 12);
        memset(r.destinationAddress + 4, 0, 12);
    }
    r.n_encap %= PAVO_LAYERS_MAX + 1;
    for (unsigned i = 0; i < r.n_encap; i++) {
        struct pavo_layer *l = &r.encap[i];

        static const struct {
            uint8_t ip_version, bytes;
        } kinds_of_layer[] = {{0, 0}, {4, 4}, {6, 16}, {PAVO_LAYER_MAC, 6}};
        const unsigned k = stream_random(seed) % 4;
        const unsigned used = kinds_of_layer[k].bytes;

        l->unused = 0;
        l->ip_version = kinds_of_layer[k].ip_version;
        if (l->ip_version == 0)
            l->src_port = l->dst_port = 0;
        memset(l->src + used, 0, 16 - used);
        memset(l->dst + used, 0, 16 - used);
    }
    stream_random_parts(&r, seed);
    r.meterIsSingle &= 1;
    pavo_record_complete(&r);
    return r;
}

#endif
