/* said.c - what a flow keeps of its payload, where that is wanted
 *
 * Names, the sizes of the first packets, the first bytes and the entropy are off unless the
 * configuration asks for them. What is wanted stands together in one part, which a flow takes with
 * its first payload; the pool has name_limit of them. Only what is new is looked at: of TCP the
 * bytes that come next, of all else every payload.
 */
#include <string.h>

#include "flow.h"
#include "talk.h"

enum { ALIGN = 8 };

/* Where each of them stands in a part; 0: it is not wanted (the first one begins behind a head). */
static uint32_t
place(uint32_t *at, bool wanted, size_t bytes)
{
    const uint32_t here = *at;

    if (!wanted)
        return 0;
    *at += (uint32_t)((bytes + ALIGN - 1) / ALIGN * ALIGN);
    return here;
}

struct said_places
said_places(const struct pavo_shard_config *cfg)
{
    struct said_places p = {0};
    uint32_t at = sizeof(struct said_head);

    p.inspect = place(&at, cfg->parts & PAVO_PART_NAMES, sizeof(struct pavo_inspect));
    p.first = place(&at, cfg->parts & PAVO_PART_FIRST, sizeof(struct first_part));
    p.bytes =
        place(&at, cfg->parts & PAVO_PART_BYTES, bytes_part_size((uint16_t)cfg->payload_bytes));
    p.entropy = place(&at, cfg->parts & PAVO_PART_ENTROPY, sizeof(struct entropy_part));
    p.size = at;
    return p;
}

static void *
part_at(struct said_head *h, uint32_t at)
{
    return (uint8_t *)h + at;
}

/* The part of this flow, taken with its first payload; NULL: there was none left. */
static struct said_head *
said_take(struct pavo_shard *s, struct flow_cold *c)
{
    struct said_head *h;

    if (c->said == PART_REFUSED)
        return NULL;
    if (c->said)
        return pool_at(&s->saids, c->said);
    c->said = pool_take(&s->saids);
    if (c->said == 0) {
        c->said = PART_REFUSED;
        pavo_stat_add(&s->stats.pool_empty, 1);
        return NULL;
    }
    h = pool_at(&s->saids, c->said); /* zero, as the inspector and the first packets begin */
    if (s->said.bytes)
        bytes_begin(part_at(h, s->said.bytes), (uint16_t)s->cfg.payload_bytes);
    return h;
}

/* The inspector gets what is next of a side. */
static void
inspect(struct pavo_shard *s, struct said_head *h, const struct pavo_packet *p, enum said_is is)
{
    struct pavo_inspect *in = part_at(h, s->said.inspect);
    enum pavo_inspect_next next;

    if (h->is_inspected)
        return;
    if (is == SAID_GAP)
        next = pavo_inspect_gap(in, p->is_b);
    else if (p->key.proto == PROTO_TCP)
        next = pavo_inspect_stream(in, p->is_b, p->payload, p->payload_held, p->at.payload_len);
    else
        next = pavo_inspect_datagram(in, p->is_b, p->payload, p->payload_held, p->at.payload_len,
                                     s->crypto);
    h->is_inspected = next == PAVO_INSPECT_DONE;
}

void
said_step(struct pavo_shard *s, struct flow_cold *c, const struct pavo_packet *p, enum said_is is)
{
    const bool has_names = p->key.proto == PROTO_TCP || p->key.proto == PROTO_UDP;
    struct said_head *h;

    if (is == SAID_AGAIN || p->key.kind == PAVO_KIND_LINK || p->key.is_fragment)
        return;
    h = said_take(s, c);
    if (!h)
        return;
    if (s->said.first)
        first_step(part_at(h, s->said.first), p, p->is_b, p->ts_ns);
    if (s->said.entropy)
        entropy_step(part_at(h, s->said.entropy), p->is_b, p->payload, p->payload_held);
    if (s->said.bytes) {
        if (is == SAID_GAP)
            bytes_step(part_at(h, s->said.bytes), p->is_b, NULL, 0, 1);
        else
            bytes_step(part_at(h, s->said.bytes), p->is_b, p->payload, p->payload_held,
                       p->at.payload_len);
    }
    if (s->said.inspect && has_names && (p->payload_held || is == SAID_GAP))
        inspect(s, h, p, is);
}

void
said_interval(struct pavo_shard *s, struct flow_cold *c)
{
    if (part_is_there(c->said) && s->said.entropy)
        entropy_interval(part_at(pool_at(&s->saids, c->said), s->said.entropy));
}
