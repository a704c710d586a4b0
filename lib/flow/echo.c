/* echo.c - requests and replies of ICMP by sequence number
 *
 * Echo (RFC 792, RFC 4443 section 4), time stamp, information and the other queries of RFC 792, RFC
 * 950 and RFC 1788, extended echo (RFC 8335, whose sequence numbers have 8 bits). A window of the
 * last numbers behind the highest request says of each whether it was asked, answered, or passed
 * over; for the last four the time is known. What only one side sent, or what a capture did not
 * see, is never loss: a request is lost when the reply to a later one shows that its own is late.
 */
#include "key.h"
#include "talk.h"

enum {
    ECHO_ASKER_KNOWN = 1 << 0,
    ECHO_ASKER_B = 1 << 1,
    ECHO_ASKED = 1 << 2,   /* 'head' is one */
    ECHO_STARTED = 1 << 3, /* 'first' and 'last' are of this interval */

    SHORT_QUERY = 42, /* RFC 8335: requests and replies with 8 bits */
    SHORT_REPLY = 43,
    SHORT_QUERY6 = 160,
    SHORT_REPLY6 = 161,
};

bool
echo_is_query(const struct pavo_packet *p)
{
    return p->at.has_icmp && p->at.has_icmp_seq &&
           icmp_classify(p->at.proto, p->at.icmp_type) != ICMP_OTHER;
}

void
echo_begin(struct echo_part *part)
{
    *part = (struct echo_part){0};
}

static bool
is_short(const struct pavo_packet *p)
{
    return p->at.proto == PROTO_ICMP
               ? p->at.icmp_type == SHORT_QUERY || p->at.icmp_type == SHORT_REPLY
               : p->at.icmp_type == SHORT_QUERY6 || p->at.icmp_type == SHORT_REPLY6;
}

/* a - b modulo 2^16, -32768 to 32767. */
static int
ahead16(uint16_t a, uint16_t b)
{
    const unsigned d = (a - (unsigned)b) & 0xffff;

    return d < 0x8000 ? (int)d : (int)d - 0x10000;
}

/* The sequence number with 16 bits: of a short one the nearest to the head. */
static uint16_t
sequence_of(const struct echo_part *part, const struct pavo_packet *p)
{
    const unsigned d = (p->at.icmp_seq - (unsigned)part->head) & 0xff;

    if (!is_short(p) || !(part->bits & ECHO_ASKED))
        return p->at.icmp_seq;
    return (uint16_t)(part->head + d - (d < 0x80 ? 0 : 0x100));
}

static void
request(struct echo_part *part, uint16_t sequence, uint64_t ts_ns)
{
    const int ahead = ahead16(sequence, part->head);
    uint64_t *sent = &part->sent_ns[sequence % ECHO_TIMED];
    uint32_t bit = 1;

    if (!(part->bits & ECHO_ASKED) || ahead >= ECHO_WINDOW || ahead <= -ECHO_WINDOW) {
        /* The first one, or a jump: nothing in the window has to do with it. */
        part->asked = part->answered = part->passed = 0;
        part->bits |= ECHO_ASKED;
        part->head = sequence;
    } else if (ahead > 0) {
        part->asked <<= ahead;
        part->answered <<= ahead;
        part->passed <<= ahead;
        part->head = sequence;
    } else {
        bit <<= -ahead;
    }
    if ((part->asked & bit) && !(part->answered & bit)) {
        /* Asked again: its reply may be of either, RFC 6298 section 3. */
        if (bit < UINT32_C(1) << ECHO_TIMED)
            *sent = 0;
        return;
    }
    part->asked |= bit;
    part->answered &= ~bit;
    part->passed &= ~bit;
    if (bit < UINT32_C(1) << ECHO_TIMED)
        *sent = ts_ns;
}

static void
round_trip(struct echo_part *part, uint64_t rtt_ns)
{
    if (part->samples == 0 || rtt_ns < part->rtt_min_ns)
        part->rtt_min_ns = rtt_ns;
    if (part->samples == 0 || rtt_ns > part->rtt_max_ns)
        part->rtt_max_ns = rtt_ns;
    part->rtt_sum_ns += rtt_ns;
    part_add(&part->samples, 1);
}

static void
reply(struct echo_part *part, uint16_t sequence, uint64_t ts_ns)
{
    const int behind = ahead16(part->head, sequence);
    const uint64_t sent_ns = part->sent_ns[sequence % ECHO_TIMED];
    uint32_t bit, older;

    if (!(part->bits & ECHO_ASKED) || behind < 0 || behind >= ECHO_WINDOW)
        return;
    bit = UINT32_C(1) << behind;
    if (!(part->asked & bit))
        return; /* the capture did not see its request */
    if (part->answered & bit) {
        part_add(&part->duplicates, 1);
        return;
    }
    part->answered |= bit;
    if (behind < ECHO_TIMED && sent_ns && ts_ns >= sent_ns)
        round_trip(part, ts_ns - sent_ns);
    if (part->passed & bit) { /* late, not lost */
        part->passed &= ~bit;
        part->lost -= part->lost != 0;
    }
    older = part->asked & ~part->answered & ~part->passed & ~(bit | (bit - 1));
    part->passed |= older;
    part_add(&part->lost, (uint32_t)__builtin_popcount(older));
}

void
echo_step(struct echo_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns)
{
    const enum icmp_class class = icmp_classify(p->at.proto, p->at.icmp_type);
    const unsigned asker = class == ICMP_REQUEST ? side : !side;
    uint16_t sequence;

    if (!p->at.has_icmp || !p->at.has_icmp_seq || (class != ICMP_REQUEST && class != ICMP_REPLY))
        return;
    if (!(part->bits & ECHO_ASKER_KNOWN))
        part->bits |= (uint8_t)(ECHO_ASKER_KNOWN | (asker ? ECHO_ASKER_B : 0));
    part_add(class == ICMP_REQUEST ? &part->requests : &part->replies, 1);
    if (!(part->bits & ECHO_STARTED))
        part->first = p->at.icmp_seq;
    part->last = p->at.icmp_seq;
    part->bits |= ECHO_STARTED;
    if (asker != ((part->bits & ECHO_ASKER_B) != 0))
        return; /* both sides ask under one identifier: one of them is followed */
    sequence = sequence_of(part, p);
    if (class == ICMP_REQUEST)
        request(part, sequence, ts_ns);
    else
        reply(part, sequence, ts_ns);
}

void
echo_interval(struct echo_part *part)
{
    part->requests = part->replies = part->lost = part->duplicates = part->samples = 0;
    part->rtt_min_ns = part->rtt_max_ns = part->rtt_sum_ns = 0;
    part->first = part->last = 0;
    part->bits &= (uint8_t)~ECHO_STARTED;
}

void
echo_fill(const struct echo_part *part, unsigned fwd, struct pavo_record_echo *out)
{
    (void)fwd;
    *out = (struct pavo_record_echo){.requests = part->requests,
                                     .replies = part->replies,
                                     .lost = part->lost,
                                     .duplicates = part->duplicates,
                                     .samples = part->samples,
                                     .firstSequence = part->first,
                                     .lastSequence = part->last,
                                     .rttMin_ns = part->rtt_min_ns,
                                     .rttMax_ns = part->rtt_max_ns,
                                     .rttSum_ns = part->rtt_sum_ns};
}
