/* quic.c - long headers of QUIC, and the ClientHello in the client's Initial packets
 *
 * RFC 9000 section 17.2, RFC 9001 section 5, RFC 9369. The keys of Initials follow from the
 * connection id that the client chose first, so whoever sees that packet can open them. A hello may
 * come in several packets and in any order: its bytes are put together in the flow's inspector.
 */
#include <string.h>

#include "cursor.h"
#include "ins.h"
#include "quic_keys.h"

enum {
    LONG_HEADER = 0x80,
    FIXED_BIT = 0x40,
    CID_MAX = 20,    /* RFC 9000 section 17.2 */
    DCID_LEAST = 8,  /* of a client's first Initial, section 7.2 */
    PACKETS_MAX = 4, /* in one datagram */
    FRAMES_MAX = 256,
    DATAGRAM_MAX = 1500,
    /* Section 12.4. */
    FRAME_PADDING = 0,
    FRAME_PING = 1,
    FRAME_ACK = 2,
    FRAME_ACK_ECN = 3,
    FRAME_CRYPTO = 6,
};

/* One packet with a long header. */
struct packet {
    const uint8_t *at; /* its first byte */
    uint32_t version;
    const uint8_t *dcid;
    uint8_t n_dcid;
    bool is_initial;
    uint32_t number_at; /* of the packet number, behind the length */
    uint32_t n;         /* bytes of all of it */
};

/* A number of variable length: RFC 9000 section 16. */
static bool
varint(struct cur *c, uint64_t *out)
{
    const uint8_t *h = cur_take(c, 1);
    uint64_t v;
    uint32_t more;

    if (!h)
        return false;
    v = h[0] & 0x3f;
    more = (1u << (h[0] >> 6)) - 1;
    h = cur_take(c, more);
    if (!h)
        return false;
    for (uint32_t i = 0; i < more; i++)
        v = v << 8 | h[i];
    *out = v;
    return true;
}

static const uint8_t *
connection_id(struct cur *c, uint8_t *n)
{
    const uint8_t *h = cur_take(c, 1);

    if (!h || h[0] > CID_MAX)
        return NULL;
    *n = h[0];
    return cur_take(c, h[0]);
}

/* Reads the header at 'c' and steps over the packet. INS_YES: it is one of a known version. A
 * packet of another type than Initial, 0-RTT and Handshake ends the datagram. */
static enum ins_got
header(struct cur *c, struct packet *p)
{
    const uint8_t *const start = c->at;
    const uint32_t all = c->held;
    const uint8_t *h = cur_take(c, 5);
    uint64_t len;
    unsigned type;
    uint8_t n_scid;

    if (!h || (h[0] & (LONG_HEADER | FIXED_BIT)) != (LONG_HEADER | FIXED_BIT))
        return INS_NO;
    *p = (struct packet){.at = start, .version = be32(h + 1)};
    if (!quic_version_is_known(p->version))
        return INS_NO;
    p->dcid = connection_id(c, &p->n_dcid);
    if (!p->dcid || !connection_id(c, &n_scid))
        return INS_NO;
    type = h[0] >> 4 & 3;
    if (p->version == (uint32_t)QUIC_V2) /* RFC 9369 section 3.2 */
        type = (type + 3) & 3;
    p->n = all;
    if (type == 3) { /* Retry: a token to the end */
        (void)cur_take(c, c->held);
        return INS_YES;
    }
    p->is_initial = type == 0;
    if (p->is_initial &&
        (!varint(c, &len) || len > c->held || !cur_take(c, (uint32_t)len))) /* token */
        return INS_NO;
    if (!varint(c, &len) || len > c->held)
        return INS_NO;
    p->number_at = all - c->held;
    p->n = p->number_at + (uint32_t)len;
    (void)cur_take(c, (uint32_t)len);
    return INS_YES;
}

/* CRYPTO bytes 'from' .. 'from + n' into their place; what lies beyond the buffer is left out.
 * Clients shuffle many small frames, so each byte that is there is marked. */
static void
crypto_put(struct pavo_inspect *i, uint64_t from, const uint8_t *at, uint32_t n)
{
    uint8_t *const has = i->at[1];

    if (from >= PAVO_INSPECT_BUFFER)
        return;
    if (n > PAVO_INSPECT_BUFFER - from)
        n = (uint32_t)(PAVO_INSPECT_BUFFER - from);
    memcpy(i->at[0] + from, at, n);
    memset(has + from, 1, n);
    while (i->quic_have < PAVO_INSPECT_BUFFER && has[i->quic_have])
        i->quic_have++;
}

/* The frames of an Initial, RFC 9000 section 12.4 table 3. False: none of those that may be there.
 */
static bool
frames(struct pavo_inspect *i, const uint8_t *at, uint32_t n)
{
    struct cur c = cur_open(at, n, n);

    for (unsigned k = 0; c.held && k < FRAMES_MAX; k++) {
        const uint8_t *h = cur_take(&c, 1);
        const uint8_t *bytes;
        uint64_t a, b, count;

        switch (h[0]) {
        case FRAME_PADDING: /* mostly many, which are one here */
            while (c.held && *c.at == 0)
                (void)cur_take(&c, 1);
            break;
        case FRAME_PING:
            break;
        case FRAME_ACK:
        case FRAME_ACK_ECN:
            if (!varint(&c, &a) || !varint(&c, &a) || !varint(&c, &count) || !varint(&c, &a))
                return false;
            count = 2 * (count < n ? count : n) + (h[0] == FRAME_ACK_ECN ? 3 : 0);
            for (; count > 0; count--)
                if (!varint(&c, &a))
                    return false;
            break;
        case FRAME_CRYPTO:
            if (!varint(&c, &a) || !varint(&c, &b) || b > c.held)
                return false;
            bytes = cur_take(&c, (uint32_t)b);
            crypto_put(i, a, bytes, (uint32_t)b);
            break;
        default:
            return true; /* CONNECTION_CLOSE: nothing follows */
        }
    }
    return true;
}

/* Opens an Initial of the client with the keys of a connection id, and takes its frames. */
static bool
open_initial(struct pavo_inspect *i, const struct packet *p, const uint8_t *dcid, uint8_t n_dcid,
             struct pavo_inspect_crypto *crypto)
{
    uint8_t head[64 + DATAGRAM_MAX], plain[DATAGRAM_MAX], mask[QUIC_SAMPLE];
    uint32_t n_number, n_head, n_body;
    struct quic_keys keys;
    uint64_t number = 0;

    if (p->n > DATAGRAM_MAX || p->n < p->number_at + 4 + QUIC_SAMPLE)
        return false;
    quic_client_keys(p->version, dcid, n_dcid, &keys);
    if (!quic_mask(crypto, keys.hp, p->at + p->number_at + 4, mask))
        return false;
    memcpy(head, p->at, p->number_at + 4);
    head[0] ^= mask[0] & 0x0f; /* section 5.4.1 of RFC 9001 */
    n_number = (head[0] & 3u) + 1;
    for (uint32_t k = 0; k < n_number; k++) {
        head[p->number_at + k] ^= mask[1 + k];
        number = number << 8 | head[p->number_at + k];
    }
    n_head = p->number_at + n_number;
    n_body = p->n - n_head - QUIC_TAG;
    if (!quic_open(crypto, &keys, number, head, n_head, p->at + n_head, n_body, plain))
        return false;
    return frames(i, plain, n_body);
}

/* An Initial of one side. True: it was the client's, and could be opened. */
static bool
initial(struct pavo_inspect *i, unsigned side, const struct packet *p,
        struct pavo_inspect_crypto *crypto)
{
    if (i->quic_client && i->quic_client != side + 1)
        return false;
    if (i->quic_client && open_initial(i, p, i->quic_dcid, i->quic_dcid_len, crypto))
        return true;
    /* The first one; or behind a Retry, which gave the client another id: section 5.2 of RFC 9001.
     */
    if (p->n_dcid < DCID_LEAST ||
        (i->quic_client && p->n_dcid == i->quic_dcid_len &&
         memcmp(p->dcid, i->quic_dcid, p->n_dcid) == 0) ||
        !open_initial(i, p, p->dcid, p->n_dcid, crypto))
        return false;
    i->quic_client = (uint8_t)(side + 1);
    i->quic_dcid_len = p->n_dcid;
    memcpy(i->quic_dcid, p->dcid, p->n_dcid);
    return true;
}

enum ins_got
ins_quic(struct pavo_inspect *i, unsigned side, const uint8_t *at, uint32_t n,
         struct pavo_inspect_crypto *crypto)
{
    struct cur c = cur_open(at, n, n);
    enum ins_got got = INS_NO;

    for (unsigned k = 0; c.held && k < PACKETS_MAX; k++) {
        struct packet p;

        if (header(&c, &p) != INS_YES)
            return got;
        got = INS_MORE;
        i->names.application = PAVO_APP_QUIC;
        i->names.quicVersion = p.version;
        if (!crypto)
            return INS_YES;
        if (p.is_initial && initial(i, side, &p, crypto) && i->quic_have) {
            const enum ins_got hello = ins_hello(i->at[0], i->quic_have, true, &i->names);

            if (hello != INS_MORE)
                return INS_YES;
        }
    }
    return got;
}
