/* computed.c - columns that are computed from several members: the table, and statistics of parts
 *
 * Means and deviations are made of sums here and nowhere stored, so that sums of several records
 * give those of all. All in integers, rounded down: every machine writes the same digits. A
 * deviation is that of the packets themselves, not an estimate for others (divided by n).
 */
#include "column.h"
#include "rows.h"

__extension__ typedef unsigned __int128 u128;

enum stat {
    STAT_RATIO,
    STAT_HANDSHAKE,
    STAT_ECHO_MEAN,
    STAT_RTT_MEAN,
    STAT_PKT_MEAN,
    STAT_PKT_STDDEV,
    STAT_IAT_MEAN,
    STAT_IAT_STDDEV,
};

/* clang-format off */
const struct fld col_computed[] = {
    /* in the order of enum col_kind, from COL_BYTES on */
    { .ie = "bytes",        .word = "bytes",        .json = "network.bytes",        .unit = "octets",  .type = FLD_U,
      .semantics = FLD_Q, .width = 8, .help = "L3 bytes of both directions" },
    { .ie = "packets",      .word = "packets",      .json = "network.packets",      .unit = "packets", .type = FLD_U,
      .semantics = FLD_Q, .width = 8, .help = "packets of both directions" },
    { .ie = "payload",      .word = "payload",      .json = "flow.payload_bytes",   .unit = "octets",  .type = FLD_U,
      .semantics = FLD_Q, .width = 8, .help = "bytes behind the transport header, both directions" },
    { .ie = "duration",     .word = "duration",     .json = "event.duration",       .unit = "ns",      .type = FLD_U,
      .semantics = FLD_N, .width = 8, .help = "from the first to the last packet of the record" },
    { .ie = "tcp.flags",    .word = "tcp.flags",    .json = "flow.tcp_flags",       .unit = "",        .type = FLD_F,
      .semantics = FLD_N, .width = 2, .help = "TCP flags seen in either direction" },
    { .ie = "community_id", .word = "community_id", .json = "network.community_id", .unit = "",        .type = FLD_LIST,
      .semantics = FLD_N, .help = "community id, version 1" },
    { .ie = "encap",        .word = "encap",        .json = "flow.encap",           .unit = "",        .type = FLD_LIST,
      .semantics = FLD_N, .help = "what carries the flow, outermost first: \"vlan:100/vxlan:5001\"" },
    /* from COL_STATS on; 'have' is which, 'form' the side */
    { .ie = "pcr", .word = "pcr", .json = "flow.producer_consumer_ratio",
      .unit = "", .type = FLD_R, .semantics = FLD_N, .width = 8, .templates = FLD_PMETER, .have = STAT_RATIO,
      .form = 0, .help = "payload from the initiator less that from the other side, by their sum: 1 only sends, -1 only receives" },
    { .ie = "rtt.handshake", .word = "rtt.handshake", .json = "flow.rtt.handshake_ns",
      .unit = "ns", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PTCP, .have = STAT_HANDSHAKE,
      .form = 0, .help = "rtt.server and rtt.client together, if both are known" },
    { .ie = "echo.rtt.mean", .word = "echo.rtt.mean", .json = "flow.echo.rtt.mean_ns",
      .unit = "ns", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PECHO, .have = STAT_ECHO_MEAN,
      .form = 0, .help = "mean round trip of ICMP queries" },
    { .ie = "dst.rtt.mean", .word = "dst.rtt.mean", .json = "flow.destination.rtt.mean_ns",
      .unit = "ns", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PRTT, .have = STAT_RTT_MEAN,
      .form = 1, .help = "mean of round trips measured by data of the other side" },
    { .ie = "src.rtt.mean", .word = "src.rtt.mean", .json = "flow.source.rtt.mean_ns",
      .unit = "ns", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PRTT, .have = STAT_RTT_MEAN,
      .form = 0, .help = "mean of round trips measured by data of the initiator" },
    { .ie = "dst.pkt.mean", .word = "dst.pkt.mean", .json = "flow.destination.pkt_size.mean",
      .unit = "octets", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PMETER, .have = STAT_PKT_MEAN,
      .form = 1, .help = "mean size of packets from the other side, L3 bytes" },
    { .ie = "src.pkt.mean", .word = "src.pkt.mean", .json = "flow.source.pkt_size.mean",
      .unit = "octets", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PMETER, .have = STAT_PKT_MEAN,
      .form = 0, .help = "mean size of packets from the initiator, L3 bytes" },
    { .ie = "dst.pkt.stddev", .word = "dst.pkt.stddev", .json = "flow.destination.pkt_size.stddev",
      .unit = "octets", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PMETER, .have = STAT_PKT_STDDEV,
      .form = 1, .help = "standard deviation of these" },
    { .ie = "src.pkt.stddev", .word = "src.pkt.stddev", .json = "flow.source.pkt_size.stddev",
      .unit = "octets", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PMETER, .have = STAT_PKT_STDDEV,
      .form = 0, .help = "standard deviation of these" },
    { .ie = "dst.iat.mean", .word = "dst.iat.mean", .json = "flow.destination.iat.mean_ns",
      .unit = "ns", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PMETER, .have = STAT_IAT_MEAN,
      .form = 1, .help = "mean of the times of at most 1 s between packets from the other side" },
    { .ie = "src.iat.mean", .word = "src.iat.mean", .json = "flow.source.iat.mean_ns",
      .unit = "ns", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PMETER, .have = STAT_IAT_MEAN,
      .form = 0, .help = "mean of the times of at most 1 s between packets from the initiator" },
    { .ie = "dst.iat.stddev", .word = "dst.iat.stddev", .json = "flow.destination.iat.stddev_ns",
      .unit = "ns", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PMETER, .have = STAT_IAT_STDDEV,
      .form = 1, .help = "their standard deviation, from microseconds" },
    { .ie = "src.iat.stddev", .word = "src.iat.stddev", .json = "flow.source.iat.stddev_ns",
      .unit = "ns", .type = FLD_U, .semantics = FLD_N, .width = 8, .templates = FLD_PMETER, .have = STAT_IAT_STDDEV,
      .form = 0, .help = "their standard deviation, from microseconds" },
    { 0 },
};
/* clang-format on */

static uint64_t
root(u128 n)
{
    const uint64_t high = (uint64_t)(n >> 64);
    const unsigned bits = high               ? 128u - (unsigned)__builtin_clzll(high)
                          : (uint64_t)n != 0 ? 64u - (unsigned)__builtin_clzll((uint64_t)n)
                                             : 1u;
    uint64_t r = 0;

    for (uint64_t bit = UINT64_C(1) << (bits - 1) / 2; bit; bit >>= 1) {
        const uint64_t more = r | bit;

        if ((u128)more * more <= n)
            r = more;
    }
    return r;
}

/* sqrt(squares / n - (sum / n)^2); 0 where rounding or a wrapped sum makes less of it. */
static uint64_t
deviation(uint64_t n, uint64_t sum, uint64_t squares)
{
    const u128 a = (u128)n * squares, b = (u128)sum * sum;

    return a > b ? root(a - b) / n : 0;
}

static bool
mean(uint64_t n, uint64_t sum, uint64_t *out)
{
    if (n == 0)
        return false;
    *out = sum / n;
    return true;
}

/* Both halves are 64 bits: the ratio is made of 128. */
static bool
ratio(uint64_t a, uint64_t b, uint64_t *out)
{
    const u128 sum = (u128)a + b;
    const u128 part = sum ? ((a > b ? a - b : b - a) * (u128)FLD_RATIO_ONE + sum / 2) / sum : 0;

    *out = a > b ? FLD_RATIO_ONE + (uint64_t)part : FLD_RATIO_ONE - (uint64_t)part;
    return sum != 0;
}

bool
col_compute(const struct pavo_record *r, const struct fld *f, struct fld_value *v)
{
    const struct pavo_record_tcp *t = &r->tcp;
    const struct pavo_record_meter *m = &r->meter;
    const unsigned side = f->form;
    uint64_t n;

    *v = (struct fld_value){.type = f->type};
    if (!(fld_part(f) & r->parts))
        return false;
    switch ((enum stat)f->have) {
    case STAT_RATIO:
        return ratio(r->payloadOctets[0], r->payloadOctets[1], &v->u);
    case STAT_HANDSHAKE:
        v->u = t->handshakeServer_ns + t->handshakeClient_ns;
        return t->handshakeServer_ns && t->handshakeClient_ns;
    case STAT_ECHO_MEAN:
        return mean(r->echo.samples, r->echo.rttSum_ns, &v->u);
    case STAT_RTT_MEAN:
        return mean(t->rttSamples[side], t->rttSum_ns[side], &v->u);
    case STAT_PKT_MEAN:
        return mean(r->packetDeltaCount[side], r->octetDeltaCount[side], &v->u);
    case STAT_PKT_STDDEV:
        n = r->packetDeltaCount[side];
        v->u = n ? deviation(n, r->octetDeltaCount[side], m->packetSquares[side]) : 0;
        return n != 0;
    case STAT_IAT_MEAN:
        return mean(row_gaps(r, side), m->gapSum_ns[side], &v->u);
    case STAT_IAT_STDDEV:
        n = row_gaps(r, side);
        v->u = n ? deviation(n, m->gapSum_ns[side] / 1000, m->gapSquares_us[side]) * 1000 : 0;
        return n != 0;
    }
    return false;
}
