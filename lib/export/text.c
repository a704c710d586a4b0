/* text.c - records as a table for people
 *
 * One line a record, cut for 120 columns where IPv4 addresses and no tunnel are in it:
 *
 *   START (2026, UTC)  DURATION PROTO  SOURCE                    DESTINATION           PACKETS
 * BYTES ... 11-23 10:00:01.000 4.123s   tcp    192.0.2.10:51234      <-> 198.51.100.7:443 20/22
 * 4021/14.2k
 *
 * The arrow points from who began: -> only that side sent, <-> both, <- only the other; with a
 * question mark in it (?> <?> <?) where nothing but the first packet tells who began
 * (initiatorBasis first_packet). Packets and bytes are those of the source and of the destination;
 * above 9999 they are cut, not rounded, to three digits and a unit of thousands. An address column
 * grows when a longer address comes, in steps, and stays so. The header stands once, before the
 * first record, and again only when the year changes.
 *
 * Of the ledger records the last one is printed, in words.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_row.h"
#include "value.h"

enum {
    ADDRESS_FIRST = 21, /* 255.255.255.255:65535 */
    ADDRESS_STEP = 6,
    END_WIDTH = 13, /* tcp_closed SF: 120 columns are full */
    CELL_BYTES = 64,
    NOTE_BYTES = PAVO_LAYERS_MAX * 32 + 256,
    LINE_BYTES = 16 * CELL_BYTES + NOTE_BYTES,
};

enum colour { COLOUR_NONE, COLOUR_HEAD, COLOUR_DIM, COLOUR_WARN };

struct text {
    bool is_coloured;
    unsigned source_width, destination_width;
    unsigned year; /* of the header that was printed; 0: none yet */
    const struct fld *detail, *reason, *decode, *protocol, *state; /* rows with words */
};

static char *
put_text(char *at, const char *text)
{
    return value_copy(at, text, strlen(text));
}

static char *
put_colour(const struct text *t, char *at, enum colour c)
{
    static const char *const codes[] = {
        [COLOUR_NONE] = "\x1b[0m",
        [COLOUR_HEAD] = "\x1b[1m",
        [COLOUR_DIM] = "\x1b[2m",
        [COLOUR_WARN] = "\x1b[33m",
    };

    return t->is_coloured ? put_text(at, codes[c]) : at;
}

/* Blanks up to 'width' behind 'begin', and one more. */
static char *
put_pad(char *at, const char *begin, unsigned width)
{
    do {
        *at++ = ' ';
    } while ((size_t)(at - begin) < width + 1u);
    return at;
}

/* ---- cells
 * ------------------------------------------------------------------------------------------- */

/* 9999, 10.0k, 123k, 1.23M: three digits, the rest cut off. */
static char *
put_scaled(char *at, uint64_t n)
{
    const char *unit = "kMGTPE";
    uint64_t by = 1000;

    if (n < 10000)
        return fmt_u64(at, n);
    while (n / by >= 1000 && unit[1]) {
        by *= 1000;
        unit++;
    }
    at = fmt_u64(at, n / by);
    if (n / by < 100) {
        const uint64_t tenths = n % by / (by / 10), hundredths = n % by / (by / 100);

        *at++ = '.';
        if (n / by < 10 && hundredths < 10)
            *at++ = '0';
        at = fmt_u64(at, n / by < 10 ? hundredths : tenths);
    }
    *at++ = *unit;
    return at;
}

static char *
put_pair(char *at, const uint64_t pair[2])
{
    at = put_scaled(at, pair[0]);
    *at++ = '/';
    return put_scaled(at, pair[1]);
}

/* A number with at least 'digits' digits. */
static char *
put_digits(char *at, uint64_t n, unsigned digits)
{
    for (uint64_t limit = digits == 3 ? 100 : 10; limit > 1 && n < limit; limit /= 10)
        *at++ = '0';
    return fmt_u64(at, n);
}

/* 0, 15us, 120ms, 4.123s, 12m04s, 5h02m, 3d04h. */
static char *
put_duration(char *at, uint64_t ns)
{
    const uint64_t us = ns / 1000, ms = us / 1000, s = ms / 1000;

    if (ns == 0)
        return put_text(at, "0");
    if (ms == 0)
        return put_text(fmt_u64(at, us), "us");
    if (s == 0)
        return put_text(fmt_u64(at, ms), "ms");
    if (s < 60) {
        at = fmt_u64(at, s);
        *at++ = '.';
        return put_text(put_digits(at, ms % 1000, 3), "s");
    }
    if (s < 3600) {
        at = put_text(fmt_u64(at, s / 60), "m");
        return put_text(put_digits(at, s % 60, 2), "s");
    }
    if (s < 86400) {
        at = put_text(fmt_u64(at, s / 3600), "h");
        return put_text(put_digits(at, s / 60 % 60, 2), "m");
    }
    at = put_text(fmt_u64(at, s / 86400), "d");
    return put_text(put_digits(at, s / 3600 % 24, 2), "h");
}

static char *
put_endpoint(char *at, const struct pavo_record *r, bool is_source)
{
    const uint8_t *address = is_source ? r->sourceAddress : r->destinationAddress;
    const uint8_t *mac = is_source ? r->sourceMacAddress : r->destinationMacAddress;
    const bool brackets = r->kind == PAVO_KIND_IP6 && r->hasPorts;

    if (r->kind == PAVO_KIND_LINK)
        return r->hasMac ? fmt_mac(at, mac) : put_text(at, "-");
    if (brackets)
        *at++ = '[';
    at = value_address(at, r->kind == PAVO_KIND_IP6 ? 6 : 4, address);
    if (brackets)
        *at++ = ']';
    if (r->hasPorts) {
        *at++ = ':';
        at = fmt_u64(at, is_source ? r->sourceTransportPort : r->destinationTransportPort);
    }
    return at;
}

static const char *
arrow(const struct pavo_record *r)
{
    const bool is_guess = r->initiatorBasis == PAVO_BASIS_FIRST_PACKET;

    if (r->packetDeltaCount[0] && r->packetDeltaCount[1])
        return is_guess ? "<?>" : "<->";
    if (r->packetDeltaCount[1])
        return is_guess ? "<? " : "<- ";
    return is_guess ? " ?>" : " ->";
}

static bool
is_ip(const struct pavo_record *r)
{
    return r->kind == PAVO_KIND_IP4 || r->kind == PAVO_KIND_IP6;
}

static char *
put_protocol(const struct text *t, char *at, const struct pavo_record *r)
{
    const char *word = is_ip(r) ? NULL : value_protocol_word(r);
    struct fld_value v;

    if (!word && r->kind == PAVO_KIND_IP6 && r->protocolIdentifier == 58)
        word = "icmp6";
    if (word)
        return put_text(at, word);
    if (r->kind == PAVO_KIND_LINK && r->isLlc)
        return put_text(at, "llc");
    if (r->kind == PAVO_KIND_LINK) {
        const struct fld *f = fld_find("ethernetType", NULL);

        return f && fld_get(r, f, &v) ? value_put(at, f, &v) : put_text(at, "link");
    }
    return fld_get(r, t->protocol, &v) ? value_put(at, t->protocol, &v) : put_text(at, "-");
}

/* "tcp_closed SF": why the record was made, and of TCP and UDP how the conversation went. */
static char *
put_end(const struct text *t, char *at, const struct pavo_record *r)
{
    const struct fld *f = r->endDetail ? t->detail : t->reason;
    struct fld_value v;

    at = fld_get(r, f, &v) ? value_put(at, f, &v) : put_text(at, "-");
    if (!r->hasPorts || !fld_get(r, t->state, &v))
        return at;
    *at++ = ' ';
    return value_put(at, t->state, &v);
}

/* Does the id say more than which protocol is inside? */
static bool
carrier_has_id(const struct pavo_layer *l)
{
    switch (l->type) {
    case PAVO_CARRIER_IPIP:
    case PAVO_CARRIER_GUE:
    case PAVO_CARRIER_FOU:
        return false;
    case PAVO_CARRIER_VLAN: /* where 0 is an id like any other */
    case PAVO_CARRIER_MPLS:
    case PAVO_CARRIER_NVGRE:
    case PAVO_CARRIER_VXLAN:
    case PAVO_CARRIER_VXLAN_GPE:
    case PAVO_CARRIER_GENEVE:
        return true;
    default:
        return l->id != 0; /* 0: none */
    }
}

/* "vlan 100 vxlan 5001"; an id that only names the protocol inside is left out. */
static char *
put_tunnel(char *at, const struct pavo_record *r)
{
    for (unsigned i = 0; i < r->n_encap; i++) {
        const struct pavo_layer *l = &r->encap[i];

        if (i)
            *at++ = ' ';
        at = put_text(at, pavo_carrier_word((enum pavo_carrier)l->type));
        if (carrier_has_id(l)) {
            *at++ = ' ';
            at = fmt_u64(at, l->id);
        }
    }
    return at;
}

static char *
put_type_code(char *at, const char *what, unsigned type, unsigned code)
{
    at = fmt_u64(put_text(at, what), type);
    *at++ = '/';
    return fmt_u64(at, code);
}

/* What else is worth a look: the name of what runs over IP, ICMP messages, ARP operation, pieces
 * without a first one, unread packets. */
static char *
put_notes(const struct text *t, char *at, const struct pavo_record *r)
{
    struct fld_value v;

    if (is_ip(r) && value_protocol_word(r)) {
        *at++ = ' ';
        at = put_text(at, value_protocol_word(r));
    }
    if (r->hasIcmp)
        at = put_type_code(at, " type ", r->icmpType, r->icmpCode);
    if (r->kind == PAVO_KIND_ARP)
        at = fmt_u64(put_text(at, " operation "), r->arpOperation);
    if (r->icmpErrorCount) {
        at = put_type_code(at, " icmp error ", r->icmpErrorType, r->icmpErrorCode);
        at = fmt_u64(put_text(at, " x"), r->icmpErrorCount);
    }
    if (r->isFragment)
        at = fmt_u64(put_text(at, " fragments of id "), r->fragmentIdentification);
    if (r->encapLost)
        at = put_text(at, " encapsulation not kept");
    if (r->decodeReason != PAVO_WHY_DONE && fld_get(r, t->decode, &v)) {
        at = put_colour(t, at, COLOUR_WARN);
        *at++ = ' ';
        at = value_put(at, t->decode, &v);
        at = put_colour(t, at, COLOUR_NONE);
    }
    return at;
}

/* ---- lines
 * ------------------------------------------------------------------------------------------- */

/* A column that is too narrow for a cell grows in steps, not with every cell. */
static void
width_fit(unsigned *width, size_t bytes)
{
    while (*width < bytes)
        *width += ADDRESS_STEP;
}

static char *
put_header(const struct text *t, char *at)
{
    const struct {
        const char *name;
        unsigned width;
    } columns[] = {
        {"DURATION", 8},
        {"PROTO", 6},
        {"SOURCE", t->source_width},
        {"", 3},
        {"DESTINATION", t->destination_width},
        {"PACKETS", 11},
        {"BYTES", 11},
        {"END", END_WIDTH},
    };
    char *begin;

    at = put_colour(t, at, COLOUR_HEAD);
    begin = at;
    at = put_text(at, "START (");
    at = put_pad(put_text(fmt_u64(at, t->year), ", UTC)"), begin, 18);
    for (unsigned i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        begin = at;
        at = put_pad(put_text(at, columns[i].name), begin, columns[i].width);
    }
    at = put_text(at, "TUNNEL, NOTES");
    at = put_colour(t, at, COLOUR_NONE);
    *at++ = '\n';
    return at;
}

static void
text_record(void *enc, struct pavo_buf *out, const struct pavo_record *r)
{
    struct text *t = enc;
    char *const line = (char *)pavo_buf_room(out, 2 * LINE_BYTES);
    char *at = line, *begin;
    char time[32], source[CELL_BYTES], destination[CELL_BYTES];
    const size_t source_bytes = (size_t)(put_endpoint(source, r, true) - source);
    const size_t destination_bytes = (size_t)(put_endpoint(destination, r, false) - destination);
    unsigned year;

    if (!line)
        return;
    width_fit(&t->source_width, source_bytes);
    width_fit(&t->destination_width, destination_bytes);
    fmt_time(time, r->flowStartNanoseconds); /* 2026-11-23T10:00:05.123456789Z */
    year = (unsigned)(time[0] - '0') * 1000 + (unsigned)(time[1] - '0') * 100 +
           (unsigned)(time[2] - '0') * 10 + (unsigned)(time[3] - '0');
    if (year != t->year) {
        t->year = year;
        at = put_header(t, at);
    }
    begin = at;
    at = value_copy(at, time + 5, 5);
    *at++ = ' ';
    at = put_pad(value_copy(at, time + 11, 12), begin, 18);
    begin = at;
    at = put_pad(r->flowEndNanoseconds < r->flowStartNanoseconds
                     ? put_text(at, "-")
                     : put_duration(at, r->flowEndNanoseconds - r->flowStartNanoseconds),
                 begin, 8);
    begin = at;
    at = put_pad(put_protocol(t, at, r), begin, 6);
    begin = at;
    at = put_pad(value_copy(at, source, source_bytes), begin, t->source_width);
    begin = at;
    at = put_pad(put_text(at, arrow(r)), begin, 3);
    begin = at;
    at = put_pad(value_copy(at, destination, destination_bytes), begin, t->destination_width);
    begin = at;
    at = put_pad(put_pair(at, r->packetDeltaCount), begin, 11);
    begin = at;
    at = put_pad(put_pair(at, r->octetDeltaCount), begin, 11);
    begin = at;
    at = put_end(t, at, r);
    if (r->n_encap) {
        at = put_pad(at, begin, END_WIDTH);
        at = put_colour(t, at, COLOUR_DIM);
        at = put_tunnel(at, r);
        at = put_colour(t, at, COLOUR_NONE);
        at = put_notes(t, at, r);
    } else {
        char *const notes =
            put_pad(at, begin, END_WIDTH) - 1; /* each note begins with its own blank */
        char *const end = put_notes(t, notes, r);

        at = end == notes ? at : end;
    }
    *at++ = '\n';
    out->len += (size_t)(at - line);
}

/* ---- the ledger
 * ---------------------------------------------------------------------------------------- */

/* " + word n" for each loss of this side of receipt that is not 0. */
static char *
put_losses(char *at, const struct pavo_counts *c, bool is_received)
{
    static const bool after[] = {
#define LOSS(name, received, word, help) [PAVO_LOSS_##name] = (received) != 0,
#include "losses.def"
#undef LOSS
    };

    for (unsigned i = 0; i < PAVO_LOSSES; i++) {
        if (!c->lost[i] || after[i] != is_received)
            continue;
        at = put_text(at, " + ");
        at = put_text(at, pavo_loss_word((enum pavo_loss)i));
        *at++ = ' ';
        at = fmt_u64(at, c->lost[i]);
    }
    return at;
}

/* The text and, if it is not 0, the number behind it. */
static char *
put_if(char *at, const char *text, uint64_t n)
{
    return n ? fmt_u64(put_text(at, text), n) : at;
}

static char *
put_sums(char *at, const struct pavo_sums *s)
{
    at = put_text(fmt_u64(at, s->records), s->records == 1 ? " record, " : " records, ");
    at = put_text(fmt_u64(at, s->packets), s->packets == 1 ? " packet, " : " packets, ");
    return put_text(fmt_u64(at, s->octets), s->octets == 1 ? " octet" : " octets");
}

static void
text_ledger(void *enc, struct pavo_buf *out, const struct pavo_ledger *l)
{
    const struct text *t = enc;
    const struct pavo_counts *c = &l->counts;
    char *begin, *at;
    bool any = false;

    if (l->kind != PAVO_LEDGER_END)
        return;
    begin = at = (char *)pavo_buf_room(out, 2048 + (PAVO_LOSSES + PAVO_WHYS) * 80);
    if (!begin)
        return;
    *at++ = '\n';
    at = put_colour(t, at, COLOUR_HEAD);
    at = put_text(at, "ledger");
    at = put_colour(t, at, COLOUR_NONE);
    at = put_text(at, "   offered ");
    at = put_text(fmt_u64(at, c->offered), " = received ");
    at = put_losses(fmt_u64(at, c->received), c, false);
    at = put_text(at, "\n         received ");
    at = put_text(fmt_u64(at, c->received), " = accounted ");
    at = put_losses(fmt_u64(at, c->accounted), c, true);
    at = put_if(at, " + waiting fragments ", c->waiting_fragments);
    at = put_if(at, " + in flight ", c->in_flight);
    at = put_text(at, "\n         written ");
    at = put_sums(at, &l->total);
    if (c->live_flows) {
        at = fmt_u64(put_text(at, "\n         live "), c->live_flows);
        at = fmt_u64(put_text(at, " flows with "), c->live_packets);
        at = put_text(at, " packets");
    }
    if (l->dropped.records || c->ring_dropped.records) {
        at = put_colour(t, at, COLOUR_WARN);
        at = put_text(at, "\n         dropped ");
        at = put_sums(at, &l->dropped);
        at = put_if(at, "; before this sink ", c->ring_dropped.records);
        at = put_colour(t, at, COLOUR_NONE);
    }
    at = put_if(at, "\n         evicted flows ", c->evicted);
    for (unsigned i = 0; i < PAVO_WHYS; i++) {
        if (i == PAVO_WHY_DONE || !c->why[i])
            continue;
        at = put_text(at, any ? ", " : "\n         not read to the end: ");
        at = put_text(at, pavo_why_word((enum pavo_why)i));
        *at++ = ' ';
        at = fmt_u64(at, c->why[i]);
        any = true;
    }
    *at++ = '\n';
    out->len += (size_t)(at - begin);
}

/* ---- the doors
 * ----------------------------------------------------------------------------------------- */

static void *
text_open(const struct pavo_stream_info *info, struct pavo_err *err)
{
    const char *no_color = getenv("NO_COLOR"); /* no-color.org: set and not empty */
    struct text *t = calloc(1, sizeof *t);

    if (!t) {
        pavo_err_set(err, ENOMEM, "text: no memory for the encoder");
        return NULL;
    }
    t->is_coloured = info->terminal && (!no_color || !no_color[0]);
    t->source_width = t->destination_width = ADDRESS_FIRST;
    t->detail = fld_find("flowEndDetail", NULL);
    t->reason = fld_find("flowEndReason", NULL);
    t->decode = fld_find("decodeReason", NULL);
    t->protocol = fld_find("protocolIdentifier", NULL);
    t->state = fld_find("connectionState", NULL);
    if (!t->detail || !t->reason || !t->decode || !t->protocol || !t->state) {
        pavo_err_set(err, EINVAL, "text: fields.def lacks a field that the table shows");
        free(t);
        return NULL;
    }
    return t;
}

static void
text_begin(void *enc, struct pavo_buf *out)
{
    struct text *t = enc;

    t->year = 0; /* a new file, a new header */
}

static void
text_nothing(void *enc, struct pavo_buf *out)
{
}

const struct pavo_format pavo_format_text = {
    .word = "text",
    .extensions = ".txt .log",
    .help = "a table for people, default on a terminal",
    .open = text_open,
    .begin = text_begin,
    .record = text_record,
    .ledger = text_ledger,
    .flush = text_nothing,
    .end = text_nothing,
    .close = free,
    .whole_records = true,
};
