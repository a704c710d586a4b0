/* rtp.c - RTP by its sequence numbers and time stamps: RFC 3550 appendix A.1, A.3, A.8
 *
 * No port and no signalling says that a flow is RTP. Four packets of one source in sequence, with
 * version 2 and one payload type, do; until then a flow keeps eight bytes for each side. Then each
 * side has one stream; another source, or the same one begun anew, takes its place after as many
 * packets in sequence (A.1: two for the same source).
 */
#include <string.h>

#include "bytes.h"
#include "talk.h"

enum {
    HEADER = 12,
    VERSION = 2,
    RTCP_FROM = 192, /* RFC 5761 section 4: the second byte of RTCP */
    RTCP_TO = 223,
    MAX_DROPOUT = 3000, /* appendix A.1 */
    MAX_MISORDER = 100,
    ANEW = 2, /* packets in sequence that show that a source began anew */
    STATIC_TYPES = 35,
    DYNAMIC_FROM = 96, /* RFC 3551 section 6 */
};

#define GUESS_NS UINT64_C(2000000000) /* what a clock rate is guessed from, at least */
#define NS_PER_S UINT64_C(1000000000)

/* Clock rates: those of RFC 3551 tables 4 and 5, and what dynamic types have besides. */
static const uint32_t rates[] = {0, 8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 90000};
enum {
    RATE_UNKNOWN,
    RATE_8000,
    RATE_11025,
    RATE_16000,
    RATE_22050,
    RATE_44100 = 7,
    RATE_90000 = 9
};

/* RFC 3551 section 6; G722 (9) counts 8000 by the standard's own mistake, section 4.5.2. */
static const uint8_t static_rates[STATIC_TYPES] = {
    [0] = RATE_8000,   [3] = RATE_8000,   [4] = RATE_8000,   [5] = RATE_8000,   [6] = RATE_16000,
    [7] = RATE_8000,   [8] = RATE_8000,   [9] = RATE_8000,   [10] = RATE_44100, [11] = RATE_44100,
    [12] = RATE_8000,  [13] = RATE_8000,  [14] = RATE_90000, [15] = RATE_8000,  [16] = RATE_11025,
    [17] = RATE_22050, [18] = RATE_8000,  [25] = RATE_90000, [26] = RATE_90000, [28] = RATE_90000,
    [31] = RATE_90000, [32] = RATE_90000, [33] = RATE_90000, [34] = RATE_90000,
};

/* What of an RTP header is looked at: section 5.1. */
struct rtp_header {
    uint32_t time, ssrc;
    uint16_t sequence;
    uint8_t type;
};

bool
rtp_looks(const uint8_t *payload, uint32_t held)
{
    return payload && held >= HEADER && payload[0] >> 6 == VERSION &&
           !(payload[1] >= RTCP_FROM && payload[1] <= RTCP_TO) &&
           HEADER + (payload[0] & 0x0fu) * 4 <= held;
}

static bool
header_read(const struct pavo_packet *p, struct rtp_header *h)
{
    const uint8_t *b = p->payload;

    if (!rtp_looks(b, p->payload_held))
        return false;
    *h = (struct rtp_header){
        .type = b[1] & 0x7f, .sequence = be16(b + 2), .time = be32(b + 4), .ssrc = be32(b + 8)};
    return true;
}

bool
rtp_probe_step(struct rtp_probe *probe, const struct pavo_packet *p, unsigned side)
{
    struct rtp_header h;

    if (!header_read(p, &h))
        return false;
    if (probe->side[side].n == 0 || probe->side[side].ssrc != h.ssrc ||
        probe->side[side].type != h.type || probe->side[side].next != h.sequence)
        probe->side[side].n = 0;
    probe->side[side].ssrc = h.ssrc;
    probe->side[side].type = h.type;
    probe->side[side].next = (uint16_t)(h.sequence + 1);
    probe->side[side].n++;
    return probe->side[side].n >= RTP_SEQUENTIAL;
}

/* The stream of the side is this one from here on, 'before' packets of it in sequence came already
 * and are counted by this. What was expected and received of the one before stays counted. */
static void
stream_begin(struct rtp_side *s, const struct rtp_header *h, uint32_t before, uint64_t ts_ns)
{
    const uint32_t expected = s->seen ? s->highest + 1 - s->base : 0;

    s->highest = h->sequence + (UINT32_C(1) << 16);
    s->base = s->highest + 1 - expected - (before + 1);
    part_add(&s->packets, before + 1);
    s->ssrc = h->ssrc;
    s->type = h->type;
    s->seen = 1;
    s->other_n = 0;
    s->rate = h->type < STATIC_TYPES ? static_rates[h->type] : RATE_UNKNOWN;
    s->jitter = 0;
    s->at_ns = ts_ns;
    s->at_time = h->time;
}

/* A packet that the stream cannot be continued by. */
static void
other_step(struct rtp_side *s, const struct rtp_header *h, uint64_t ts_ns)
{
    const bool is_same = s->seen && h->ssrc == s->ssrc;
    const bool goes_on = s->other_n && s->other_ssrc == h->ssrc && s->other_next == h->sequence;

    s->other_n = (uint8_t)((goes_on ? s->other_n : 0) + 1) & 7;
    s->other_ssrc = h->ssrc;
    s->other_next = (uint16_t)(h->sequence + 1);
    if (s->other_n == (is_same ? ANEW : RTP_SEQUENTIAL))
        stream_begin(s, h, s->other_n - 1u, ts_ns);
}

/* The rate of a dynamic type, from what the time stamp advanced in at least two seconds: the one of
 * the list within 2 % of it, if there is one. Else the next two seconds tell. */
static void
rate_guess(struct rtp_side *s, const struct rtp_header *h, uint64_t ts_ns)
{
    const uint64_t advanced = h->time - s->at_time;
    const uint64_t ns = ts_ns - s->at_ns;
    uint64_t per_s;

    if (s->type < DYNAMIC_FROM || ts_ns < s->at_ns || ns < GUESS_NS)
        return;
    s->at_ns = ts_ns;
    s->at_time = h->time;
    if (advanced >> 31 || ns > 10 * GUESS_NS)
        return; /* backwards, or a pause */
    per_s = advanced * NS_PER_S / ns;
    for (unsigned i = 1; i < sizeof rates / sizeof rates[0]; i++)
        if (per_s * 50 >= rates[i] * UINT64_C(49) && per_s * 50 <= rates[i] * UINT64_C(51))
            s->rate = i & 15;
}

/* Appendix A.8, in microseconds times 16. */
static void
jitter_step(struct rtp_side *s, const struct rtp_header *h, uint64_t ts_ns)
{
    const int64_t sent_ns =
        (int64_t)part_ahead(h->time, s->at_time) * (int64_t)NS_PER_S / (int64_t)rates[s->rate];
    const int64_t d = (int64_t)(ts_ns - s->at_ns) - sent_ns;
    const uint64_t us = (uint64_t)(d < 0 ? -d : d) / 1000;

    if (us < UINT32_MAX >> 5) { /* else no jitter, but a jump of the time stamp */
        s->jitter = s->jitter + (uint32_t)us - ((s->jitter + 8) >> 4);
    }
    s->at_ns = ts_ns;
    s->at_time = h->time;
}

void
rtp_begin(struct rtp_part *part, const struct rtp_probe *probe, const struct pavo_packet *p,
          unsigned side, uint64_t ts_ns)
{
    const struct rtp_probe seen = *probe;
    struct rtp_side *other = &part->side[!side];
    struct rtp_header h;

    memset(part, 0, sizeof *part);
    if (!header_read(p, &h))
        return;
    stream_begin(&part->side[side], &h, RTP_SEQUENTIAL - 1, ts_ns);
    other->other_ssrc = seen.side[!side].ssrc;
    other->other_next = seen.side[!side].next;
    other->other_n = seen.side[!side].n & 3; /* fewer than RTP_SEQUENTIAL */
}

void
rtp_step(struct rtp_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns)
{
    struct rtp_side *s = &part->side[side];
    struct rtp_header h;
    uint16_t ahead;

    if (!header_read(p, &h))
        return;
    ahead = (uint16_t)(h.sequence - s->highest);
    if (!s->seen || h.ssrc != s->ssrc ||
        (ahead >= MAX_DROPOUT && ahead <= UINT16_MAX + 1 - MAX_MISORDER)) {
        other_step(s, &h, ts_ns);
        return;
    }
    part_add(&s->packets, 1);
    if (ahead < MAX_DROPOUT)
        s->highest += ahead;
    else
        part_add(&s->out_of_order, 1);
    if (s->rate)
        jitter_step(s, &h, ts_ns);
    else
        rate_guess(s, &h, ts_ns);
}

void
rtp_interval(struct rtp_part *part)
{
    for (unsigned side = 0; side < 2; side++) {
        part->side[side].base = part->side[side].highest + 1;
        part->side[side].packets = part->side[side].out_of_order = 0;
    }
}

void
rtp_fill(const struct rtp_part *part, unsigned fwd, struct pavo_record_rtp *out)
{
    *out = (struct pavo_record_rtp){0};
    for (unsigned i = 0; i < 2; i++) {
        const struct rtp_side *s = &part->side[i ^ fwd];
        const uint32_t expected = s->highest + 1 - s->base;

        if (!s->seen)
            continue;
        out->seen |= (uint8_t)(1u << i);
        out->ssrc[i] = s->ssrc;
        out->payloadType[i] = s->type;
        out->packets[i] = s->packets;
        out->lost[i] = expected > s->packets ? expected - s->packets : 0;
        out->outOfOrder[i] = s->out_of_order;
        out->jitter_us[i] = s->jitter >> 4;
    }
}
