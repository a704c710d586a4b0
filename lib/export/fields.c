/* fields.c - the table of fields: where each stands in a record, when it is there, its text
 *
 * fields.def gives the rows. Two columns become code here: 'have' says when a field is known in a
 * record (an ICMP flow has no ports, a direction without packets has no TTL), and 'form' how its
 * value lies in the record, for some numbers are not one plain member: two octets as one number,
 * eight of twelve flag bits, or something found in the encapsulation list. Setting is the reverse
 * of getting and never judges: presence bits travel in a field of their own (recordFlags), so what
 * was read is again what was written.
 */
#include "fields.h"
#include "rows.h"
#include "words.h"

#include <errno.h>
#include <string.h>

#include "pavo_export.h"

#define WORDS_protocolIdentifier   words_proto
#define WORDS_quotedProtocol       words_proto
#define WORDS_flowEndReason        words_end
#define WORDS_biflowDirection      words_direction
#define WORDS_flowEndDetail        words_detail
#define WORDS_initiatorBasis       words_basis
#define WORDS_decodeReason         words_why
#define WORDS_outerTunnelType      words_carrier
#define WORDS_protocolName         words_name
#define WORDS_networkType          words_kind
#define WORDS_connectionState      words_state
#define WORDS_tcpSideState         words_side
#define WORDS_reverseTcpSideState  words_side
#define WORDS_ipIdBehaviour        words_ip_id
#define WORDS_reverseIpIdBehaviour words_ip_id
#define WORDS_assocProtocol        words_assoc
#define WORDS_assocState           words_assoc_state
#define WORDS_flowCast             words_cast
#define WORDS_application          words_app
#define WORDS_dnsQRType            words_dns_type
#define WORDS_dnsResponseCode      words_dns_rcode
#define WORDS_OF_W(ie)             WORDS_##ie
#define WORDS_OF_OUTER_TYPE(ie)    WORDS_##ie
#define WORDS_OF_U(ie)             NULL
#define WORDS_OF_IP4(ie)           NULL
#define WORDS_OF_IP6(ie)           NULL
#define WORDS_OF_IPQ(ie)           NULL
#define WORDS_OF_MAC(ie)           NULL
#define WORDS_OF_MS(ie)            NULL
#define WORDS_OF_NTP(ie)           NULL
#define WORDS_OF_F(ie)             NULL
#define WORDS_OF_B(ie)             NULL
#define WORDS_OF_ID(ie)            NULL
#define WORDS_OF_PAIR(ie)          NULL
#define WORDS_OF_LOW8(ie)          NULL
#define WORDS_OF_FLAGS(ie)         NULL
#define WORDS_OF_VLAN(ie)          NULL
#define WORDS_OF_INNER(ie)         NULL
#define WORDS_OF_SEGMENT(ie)       NULL
#define WORDS_OF_OUTER_ID(ie)      NULL
#define WORDS_OF_LIST(ie)          NULL
#define WORDS_OF_S(ie)             NULL
#define WORDS_OF_HIST(ie)          NULL
#define WORDS_OF_N16(ie)           NULL
#define WORDS_OF_N32(ie)           NULL
#define WORDS_OF_OCT(ie)           NULL
#define WORDS_OF_PARTS(ie)         NULL
#define WORDS_OF_ADDR(ie)          NULL
#define WORDS_OF_TLS(ie)           NULL
#define WORDS_OF_CUT(ie)           NULL
#define WORDS_OF_DIRS(ie)          NULL

/* What a form is to those who only compare and format. */
enum {
    TYPE_U = FLD_U,
    TYPE_IP4 = FLD_IP4,
    TYPE_IP6 = FLD_IP6,
    TYPE_IPQ = FLD_IP6,
    TYPE_MAC = FLD_MAC,
    TYPE_MS = FLD_MS,
    TYPE_NTP = FLD_NTP,
    TYPE_W = FLD_W,
    TYPE_F = FLD_F,
    TYPE_B = FLD_B,
    TYPE_ID = FLD_ID,
    TYPE_PAIR = FLD_U,
    TYPE_LOW8 = FLD_F,
    TYPE_FLAGS = FLD_F,
    TYPE_VLAN = FLD_U,
    TYPE_INNER = FLD_U,
    TYPE_SEGMENT = FLD_U,
    TYPE_OUTER_TYPE = FLD_W,
    TYPE_OUTER_ID = FLD_U,
    TYPE_LIST = FLD_LIST,
    TYPE_S = FLD_S,
    TYPE_HIST = FLD_A,
    TYPE_N16 = FLD_A,
    TYPE_N32 = FLD_A,
    TYPE_OCT = FLD_O,
    TYPE_PARTS = FLD_F,
    TYPE_ADDR = FLD_IP6,
    TYPE_TLS = FLD_S,
    TYPE_DIRS = FLD_S,
    TYPE_CUT = FLD_B,
};

const struct fld fld_table[] = {
#define FIELD(elem, p, n, T, ty, by, S, D, hv, wd, path, un, member, hp)                           \
    {                                                                                              \
        .ie = #elem,                                                                               \
        .word = wd,                                                                                \
        .json = path,                                                                              \
        .unit = un,                                                                                \
        .help = hp,                                                                                \
        .pen = ROW_PEN_##p,                                                                        \
        .id = n,                                                                                   \
        .offset = offsetof(struct pavo_record, member),                                            \
        .width = (uint16_t)sizeof((struct pavo_record *)0)->member,                                \
        .bytes = by,                                                                               \
        .templates = FLD_##T,                                                                      \
        .type = TYPE_##ty,                                                                         \
        .semantics = FLD_##S,                                                                      \
        .digest = D,                                                                               \
        .have = ROW_HAVE_##hv,                                                                     \
        .form = ROW_FORM_##ty,                                                                     \
        .words = WORDS_OF_##ty(elem),                                                              \
    },
#include "fields.def"
#undef FIELD
};
const unsigned fld_count = sizeof fld_table / sizeof fld_table[0];

static bool
is_named(const struct fld *f, const char *name)
{
    return strcmp(f->word, name) == 0 || strcmp(f->ie, name) == 0 || strcmp(f->json, name) == 0;
}

const struct fld *
fld_find(const char *name, const struct fld *after)
{
    if (!name[0])
        return NULL;
    for (const struct fld *f = after ? after + 1 : fld_table; f < fld_table + fld_count; f++) {
        if (is_named(f, name))
            return f;
    }
    return NULL;
}

/* Is direction 'd' of a TCP conversation whose headers were read known? */
static bool
tcp_is_seen(const struct pavo_record *r, int d)
{
    return r->protocolIdentifier == 6 && r->hasPorts && row_is_ip(r) && row_is_seen(r, d);
}

static bool
is_icmp(uint8_t proto)
{
    return proto == 1 || proto == 58;
}

/* Whose payload a row of 'bytes' is. */
static unsigned
payload_side(const struct fld *f)
{
    return f->offset != offsetof(struct pavo_record, bytes.at[0]);
}

/* Is there anything but zeros, of a text anything at all? */
static bool
is_set(const struct pavo_record *r, const struct fld *f)
{
    const uint8_t *at = (const uint8_t *)r + f->offset;

    switch ((enum row_form)f->form) {
    case ROW_FORM_S:
        return *at != 0;
    case ROW_FORM_N16:
    case ROW_FORM_N32:
    case ROW_FORM_DIRS:
        return row_first_n(r) != 0;
    case ROW_FORM_OCT:
        return row_payload_n(r, payload_side(f)) != 0;
    default:
        for (unsigned i = 0; i < f->width; i++)
            if (at[i])
                return true;
        return false;
    }
}

static bool
is_assoc(const struct pavo_record *r, enum pavo_assoc a, enum pavo_assoc b)
{
    return r->assoc.protocol == a || r->assoc.protocol == b;
}

/* Rules of the column 'have' for members of parts; the part is there. Out of line, as the other
 * ways of parts below: they would cost what has none of them. */
static __attribute__((noinline)) bool
is_present_in_part(const struct pavo_record *r, const struct fld *f)
{
    switch ((enum row_have)f->have) {
    case ROW_HAVE_SET:
        return is_set(r, f);
    case ROW_HAVE_SEEN_F:
        return row_is_seen(r, 0);
    case ROW_HAVE_SEEN_R:
        return row_is_seen(r, 1);
    case ROW_HAVE_SENT_F:
        return r->tcp.sideState[0] != PAVO_SIDE_INACTIVE;
    case ROW_HAVE_SENT_R:
        return r->tcp.sideState[1] != PAVO_SIDE_INACTIVE;
    case ROW_HAVE_SENT_NOW_F:
        return r->packetDeltaCount[0];
    case ROW_HAVE_SENT_NOW_R:
        return r->packetDeltaCount[1];
    case ROW_HAVE_WSCALE_F:
        return r->tcp.tcpOptionBits[0] & PAVO_TCP_OPT_WSCALE;
    case ROW_HAVE_WSCALE_R:
        return r->tcp.tcpOptionBits[1] & PAVO_TCP_OPT_WSCALE;
    case ROW_HAVE_TOKEN_F:
        return r->tcp.hasMptcpToken & 1;
    case ROW_HAVE_TOKEN_R:
        return r->tcp.hasMptcpToken & 2;
    case ROW_HAVE_RTT_F:
        return r->tcp.rttSamples[0];
    case ROW_HAVE_RTT_R:
        return r->tcp.rttSamples[1];
    case ROW_HAVE_GAPS_F:
        return row_gaps(r, 0);
    case ROW_HAVE_GAPS_R:
        return row_gaps(r, 1);
    case ROW_HAVE_ECHO_RTT:
        return r->echo.samples;
    case ROW_HAVE_SCTP:
        return is_assoc(r, PAVO_ASSOC_SCTP, PAVO_ASSOC_SCTP);
    case ROW_HAVE_NEIGHBOUR:
        return is_assoc(r, PAVO_ASSOC_ARP, PAVO_ASSOC_ND);
    case ROW_HAVE_NUMBERED:
        return is_assoc(r, PAVO_ASSOC_ESP, PAVO_ASSOC_DCCP);
    case ROW_HAVE_SPI_SEQ:
        return is_assoc(r, PAVO_ASSOC_ESP, PAVO_ASSOC_ESP);
    case ROW_HAVE_ADDRESS:
        return r->assoc.hasAddress == 4 || r->assoc.hasAddress == 6;
    case ROW_HAVE_DHCP:
        return is_assoc(r, PAVO_ASSOC_DHCP, PAVO_ASSOC_DHCP);
    case ROW_HAVE_RTP_F:
        return r->rtp.seen & 1;
    case ROW_HAVE_RTP_R:
        return r->rtp.seen & 2;
    case ROW_HAVE_JITTER_F:
        return (r->rtp.seen & 1) && r->rtp.jitter_us[0];
    case ROW_HAVE_JITTER_R:
        return (r->rtp.seen & 2) && r->rtp.jitter_us[1];
    case ROW_HAVE_QTYPE:
        return r->names.dnsQuery[0] || r->names.dnsType;
    case ROW_HAVE_RCODE:
        return r->names.hasDnsRcode;
    default:
        return true;
    }
}

/* Rules of the column 'have' of fields.def. */
static bool
is_present(const struct pavo_record *r, const struct fld *f)
{
    switch ((enum row_have)f->have) {
    case ROW_HAVE_ALWAYS:
        return true;
    case ROW_HAVE_IP:
        return row_is_ip(r);
    case ROW_HAVE_IP4: /* the protocol addresses of ARP are IPv4 ones */
        return r->kind == PAVO_KIND_IP4 || r->kind == PAVO_KIND_ARP;
    case ROW_HAVE_IP6:
        return r->kind == PAVO_KIND_IP6;
    case ROW_HAVE_PORTS:
        return r->hasPorts;
    case ROW_HAVE_MAC:
        return r->hasMac;
    case ROW_HAVE_ETHERTYPE:
        return r->ethernetType || r->isLlc;
    case ROW_HAVE_FWD:
        return row_is_ip(r) && row_is_seen(r, 0);
    case ROW_HAVE_REV:
        return row_is_ip(r) && row_is_seen(r, 1);
    case ROW_HAVE_TTL_FWD: /* another's record may not tell: no packet travels with 0 */
        return row_is_ip(r) && r->packetDeltaCount[0] && r->maximumTTL[0];
    case ROW_HAVE_TTL_REV:
        return row_is_ip(r) && r->packetDeltaCount[1] && r->maximumTTL[1];
    case ROW_HAVE_TCP_FWD:
        return tcp_is_seen(r, 0);
    case ROW_HAVE_TCP_REV:
        return tcp_is_seen(r, 1);
    case ROW_HAVE_ICMP:
        return r->hasIcmp;
    case ROW_HAVE_ICMP4:
        return r->hasIcmp && r->kind == PAVO_KIND_IP4;
    case ROW_HAVE_ICMP6:
        return r->hasIcmp && r->kind == PAVO_KIND_IP6;
    case ROW_HAVE_ICMPERR:
        return r->icmpErrorCount;
    case ROW_HAVE_FRAGMENT:
        return r->isFragment;
    case ROW_HAVE_QUOTE:
        return r->quote.kind;
    case ROW_HAVE_QUOTE_ICMP:
        return r->quote.kind && is_icmp(r->quote.proto);
    case ROW_HAVE_QUOTE_PORTS:
        return r->quote.kind && r->quote.has_ports;
    case ROW_HAVE_SPI:
        return r->securityParameterIndex;
    case ROW_HAVE_NAMED:
        return r->protocolName;
    case ROW_HAVE_ARP:
        return r->kind == PAVO_KIND_ARP;
    case ROW_HAVE_VLAN:
        return row_vlan(r, 0);
    case ROW_HAVE_INNER:
        return row_vlan(r, 1);
    case ROW_HAVE_SEGMENT:
        return row_segment(r);
    case ROW_HAVE_OUTER:
        return row_outer(r);
    case ROW_HAVE_ENCAP:
        return r->n_encap;
    case ROW_HAVE_STATE: /* OTH is only what TCP's rules say; another's record has no state */
        return r->connState || (r->parts & PAVO_PART_TCP);
    case ROW_HAVE_HISTORY:
        return r->history[0];
    case ROW_HAVE_TURNED:
        return r->initiatorTurned;
    case ROW_HAVE_CAST:
        return r->cast;
    case ROW_HAVE_COUNTED:
        return row_is_ip(r) && !r->countsUnknown;
    case ROW_HAVE_UNKNOWN:
        return r->countsUnknown;
    case ROW_HAVE_CUT:
        return r->parts & ROW_PART_CUT;
    case ROW_HAVE_PARTS:
        return r->parts & ROW_PARTS;
    default:
        return false;
    }
}

static uint64_t
load(const uint8_t *at, unsigned width)
{
    switch (width) {
    case 1:
        return *at;
    case 2: {
        uint16_t v;

        memcpy(&v, at, sizeof v);
        return v;
    }
    case 4: {
        uint32_t v;

        memcpy(&v, at, sizeof v);
        return v;
    }
    default: {
        uint64_t v;

        memcpy(&v, at, sizeof v);
        return v;
    }
    }
}

static void
store(uint8_t *at, unsigned width, uint64_t u)
{
    switch (width) {
    case 1:
        *at = (uint8_t)u;
        break;
    case 2: {
        const uint16_t v = (uint16_t)u;

        memcpy(at, &v, sizeof v);
        break;
    }
    case 4: {
        const uint32_t v = (uint32_t)u;

        memcpy(at, &v, sizeof v);
        break;
    }
    default:
        memcpy(at, &u, sizeof u);
    }
}

/* "0x0800": an even number of digits. */
static char *
format_flags(char *at, uint64_t u)
{
    unsigned octets = 1;

    while (octets < 8 && u >> (8 * octets))
        octets++;
    *at++ = '0';
    *at++ = 'x';
    for (unsigned i = 2 * octets; i-- > 0;)
        *at++ = "0123456789abcdef"[u >> (4 * i) & 15];
    return at;
}

/* RFC 8446 and its predecessors, RFC 9147: "1.3", of DTLS the version of TLS it is made after. */
static size_t
tls_text(uint64_t version, uint8_t text[16])
{
    static const struct {
        uint16_t version;
        char text[6];
    } names[] = {{0x0002, "ssl2"}, {0x0300, "ssl3"}, {0x0301, "1.0"},
                 {0x0302, "1.1"},  {0x0303, "1.2"},  {0x0304, "1.3"},
                 {0xfeff, "1.0"},  {0xfefd, "1.2"},  {0xfefc, "1.3"}};

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].version == version) {
            memcpy(text, names[i].text, sizeof names[i].text);
            return strlen(names[i].text);
        }
    }
    return (size_t)(format_flags((char *)text, version) - (char *)text);
}

/* What is not one number. */
static void
get_many(const struct pavo_record *r, const struct fld *f, const uint8_t *at, struct fld_value *v)
{
    v->at = at;
    v->width = 1;
    switch ((enum row_form)f->form) {
    case ROW_FORM_S:
        v->u = row_string(at, f->width);
        break;
    case ROW_FORM_HIST:
        v->u = PAVO_BINS;
        v->width = 4;
        break;
    case ROW_FORM_N16:
    case ROW_FORM_N32:
        v->u = row_first_n(r);
        v->width = f->form == ROW_FORM_N16 ? 2 : 4;
        break;
    case ROW_FORM_OCT:
        v->u = row_payload_n(r, payload_side(f));
        break;
    case ROW_FORM_TLS:
        v->at = NULL;
        v->u = tls_text(load(at, f->width), v->bytes);
        break;
    default: /* ROW_FORM_DIRS */
        v->at = NULL;
        v->u = row_first_n(r);
        for (unsigned i = 0; i < v->u; i++)
            v->bytes[i] = r->first.fromInitiator >> i & 1 ? '>' : '<';
    }
}

/* Members of parts, and forms that few rows have. Out of line: what all records have is got without
 * a call. */
static __attribute__((noinline)) bool
get_rare(const struct pavo_record *r, const struct fld *f, struct fld_value *v)
{
    const uint8_t *at = (const uint8_t *)r + f->offset;
    const unsigned part = fld_part(f);

    if (f->form == ROW_FORM_LIST)
        return false;
    if (part ? !(part & r->parts) || !is_present_in_part(r, f) : !is_present(r, f))
        return false; /* of a part that is not there nothing is read */
    v->type = f->type;
    v->u = 0;
    switch ((enum row_form)f->form) {
    case ROW_FORM_MAC:
        memcpy(v->bytes, at, 6);
        memset(v->bytes + 6, 0, 10);
        break;
    case ROW_FORM_ADDR:
        v->type = r->assoc.hasAddress == 4 ? FLD_IP4 : FLD_IP6;
        memcpy(v->bytes, at, 16);
        break;
    case ROW_FORM_PARTS:
        v->u = r->parts & ROW_PARTS;
        break;
    case ROW_FORM_CUT:
        v->u = 1;
        break;
    case ROW_FORM_S:
    case ROW_FORM_HIST:
    case ROW_FORM_N16:
    case ROW_FORM_N32:
    case ROW_FORM_OCT:
    case ROW_FORM_TLS:
    case ROW_FORM_DIRS:
        get_many(r, f, at, v);
        break;
    default:
        v->u = load(at, f->width);
    }
    return true;
}

unsigned
row_flags_more(const struct pavo_record *r)
{
    return (r->hasIcmp ? ROW_FLAG_ICMP : 0u) | (r->isFragment ? ROW_FLAG_FRAGMENT : 0u) |
           (r->isLlc ? ROW_FLAG_LLC : 0u) | (r->encapLost ? ROW_FLAG_ENCAP_LOST : 0u) |
           (r->quote.has_ports ? ROW_FLAG_QUOTE_PORTS : 0u) |
           (r->initiatorTurned ? ROW_FLAG_TURNED : 0u) |
           (r->countsUnknown ? ROW_FLAG_COUNTS_UNKNOWN : 0u) |
           (r->cast & PAVO_CAST_MULTICAST ? ROW_FLAG_MULTICAST : 0u) |
           (r->cast & PAVO_CAST_BROADCAST ? ROW_FLAG_BROADCAST : 0u) |
           (r->parts & ROW_PART_CUT ? ROW_FLAG_CUT : 0u);
}

bool
fld_get(const struct pavo_record *r, const struct fld *f, struct fld_value *v)
{
    const uint8_t *at = (const uint8_t *)r + f->offset;
    const struct pavo_layer *outer;

    if (f->form >= ROW_FORM_LIST || fld_part(f))
        return get_rare(r, f, v);
    if (!is_present(r, f))
        return false;
    v->type = f->type;
    v->u = 0;
    switch ((enum row_form)f->form) {
    case ROW_FORM_IP4:
        memcpy(v->bytes, at, 4);
        memset(v->bytes + 4, 0, 12);
        break;
    case ROW_FORM_IP6:
        memcpy(v->bytes, at, 16);
        break;
    case ROW_FORM_IPQ:
        v->type = r->quote.kind == PAVO_KIND_IP4 ? FLD_IP4 : FLD_IP6;
        memcpy(v->bytes, at, 16);
        break;
    case ROW_FORM_MAC:
        memcpy(v->bytes, at, 6);
        memset(v->bytes + 6, 0, 10);
        break;
    case ROW_FORM_PAIR:
        v->u = (uint64_t)at[0] << 8 | at[1];
        break;
    case ROW_FORM_LOW8:
        v->u = load(at, f->width) & 0xff;
        break;
    case ROW_FORM_FLAGS:
        v->u = row_flags(r);
        break;
    case ROW_FORM_VLAN:
        v->u = row_vlan(r, 0)->id;
        break;
    case ROW_FORM_INNER:
        v->u = row_vlan(r, 1)->id;
        break;
    case ROW_FORM_SEGMENT:
        v->u = row_segment(r);
        break;
    case ROW_FORM_OUTER_TYPE:
    case ROW_FORM_OUTER_ID:
        outer = row_outer(r);
        v->u = f->form == ROW_FORM_OUTER_ID ? outer->id : outer->type;
        break;
    default:
        v->u = load(at, f->width);
    }
    return true;
}

bool
fld_get_word(const struct pavo_record *r, const struct fld *f, struct fld_value *v)
{
    const struct fld *const end = fld_table + fld_count;
    const char *word = f->word;

    if (fld_get(r, f, v))
        return true;
    if (!word[0] || f < fld_table || f >= end)
        return false;
    for (const struct fld *g = f; g > fld_table && strcmp(g[-1].word, word) == 0; g--) {
        if (fld_get(r, g - 1, v))
            return true;
    }
    for (const struct fld *g = f + 1; g < end && strcmp(g->word, word) == 0; g++) {
        if (fld_get(r, g, v))
            return true;
    }
    return false;
}

/* A carrier that only a flat element names, for streams without the list. */
static void
layer_add(struct pavo_record *r, uint8_t type, uint32_t id)
{
    if (r->n_encap >= PAVO_LAYERS_MAX)
        return;
    r->encap[r->n_encap++] = (struct pavo_layer){.type = type, .id = id};
}

/* What is not one number; what does not fit is cut off. */
static void
set_many(struct pavo_record *r, const struct fld *f, const struct fld_value *v, uint8_t *at)
{
    const uint8_t *from = fld_bytes(v);
    size_t n = v->u;

    switch ((enum row_form)f->form) {
    case ROW_FORM_S:
        n = n < f->width ? n : f->width - 1u;
        memcpy(at, from, n);
        at[n] = 0;
        break;
    case ROW_FORM_OCT:
        n = n < PAVO_PAYLOAD_MAX ? n : PAVO_PAYLOAD_MAX;
        memcpy(at, from, n);
        r->bytes.n[payload_side(f)] = (uint16_t)n;
        break;
    case ROW_FORM_TLS: /* a text is made of them, not they of a text */
    case ROW_FORM_DIRS:
        store(at, f->width, n);
        break;
    default: /* numbers */
        n *= v->width;
        memcpy(at, from, n < f->width ? n : f->width);
    }
}

void
fld_set(struct pavo_record *r, const struct fld *f, const struct fld_value *v)
{
    uint8_t *at = (uint8_t *)r + f->offset;

    switch ((enum row_form)f->form) {
    case ROW_FORM_IP4:
        memcpy(at, v->bytes, 4);
        memset(at + 4, 0, 12);
        break;
    case ROW_FORM_IP6:
    case ROW_FORM_IPQ:
    case ROW_FORM_ADDR:
        memcpy(at, v->bytes, 16);
        break;
    case ROW_FORM_MAC:
        memcpy(at, v->bytes, 6);
        break;
    case ROW_FORM_S:
    case ROW_FORM_HIST:
    case ROW_FORM_N16:
    case ROW_FORM_N32:
    case ROW_FORM_OCT:
    case ROW_FORM_TLS:
    case ROW_FORM_DIRS:
        set_many(r, f, v, at);
        break;
    case ROW_FORM_PARTS:
        r->parts = (uint16_t)((r->parts & ROW_PART_CUT) | (v->u & ROW_PARTS));
        break;
    case ROW_FORM_PAIR:
        at[0] = (uint8_t)(v->u >> 8);
        at[1] = (uint8_t)v->u;
        break;
    case ROW_FORM_LOW8:
        store(at, f->width, (load(at, f->width) & ~UINT64_C(0xff)) | (v->u & 0xff));
        break;
    case ROW_FORM_FLAGS:
        row_flags_set(r, (unsigned)v->u);
        break;
    case ROW_FORM_VLAN:
    case ROW_FORM_INNER:
        layer_add(r, PAVO_CARRIER_VLAN, v->u & 0xfff);
        break;
    case ROW_FORM_SEGMENT:
        layer_add(r, v->u >> 56 == 2 ? PAVO_CARRIER_NVGRE : PAVO_CARRIER_VXLAN, v->u & 0xffffff);
        break;
    case ROW_FORM_OUTER_TYPE:
    case ROW_FORM_OUTER_ID:
    case ROW_FORM_LIST:
        break;
    case ROW_FORM_CUT:
        r->parts = (uint16_t)((r->parts & ROW_PARTS) | (v->u ? ROW_PART_CUT : 0));
        break;
    case ROW_FORM_B:
        store(at, f->width, v->u != 0);
        break;
    default:
        store(at, f->width, v->u);
    }
}

static bool
is_many(const struct fld_value *v)
{
    return v->type == FLD_S || v->type == FLD_A || v->type == FLD_O;
}

static size_t
many_bytes(const struct fld_value *v)
{
    return (size_t)v->u * (v->type == FLD_A ? v->width : 1);
}

int
fld_compare(const struct fld_value *a, const struct fld_value *b)
{
    const bool a_bytes = a->type == FLD_IP4 || a->type == FLD_IP6 || a->type == FLD_MAC;
    const bool b_bytes = b->type == FLD_IP4 || b->type == FLD_IP6 || b->type == FLD_MAC;

    if (a_bytes || b_bytes) {
        int order;

        if (a->type != b->type)
            return a->type < b->type ? -1 : 1;
        order = memcmp(a->bytes, b->bytes, a->type == FLD_IP4 ? 4 : a->type == FLD_IP6 ? 16 : 6);
        return order < 0 ? -1 : order > 0;
    }
    if (is_many(a) || is_many(b)) {
        size_t an, bn;
        int order;

        if (a->type != b->type)
            return a->type < b->type ? -1 : 1;
        an = many_bytes(a);
        bn = many_bytes(b);
        order = memcmp(fld_bytes(a), fld_bytes(b), an < bn ? an : bn);
        if (order == 0)
            return an < bn ? -1 : an > bn;
        return order < 0 ? -1 : 1;
    }
    return a->u < b->u ? -1 : a->u > b->u;
}

uint64_t
fld_number(const struct fld_value *v, unsigned i)
{
    return load((const uint8_t *)fld_bytes(v) + (size_t)i * v->width, v->width);
}

/* As much as fits: a whole number, a whole group of base64. */
static size_t
format_many(const struct fld_value *v, char *out, size_t n)
{
    size_t at = 0;

    if (n == 0)
        return 0;
    if (v->type == FLD_S) {
        at = v->u < n ? (size_t)v->u : n - 1;
        memcpy(out, fld_bytes(v), at);
    } else if (v->type == FLD_O) {
        const size_t most = (n - 1) / 4 * 3;

        at = (size_t)(fmt_base64(out, fld_bytes(v), v->u < most ? (size_t)v->u : most) - out);
    } else {
        for (unsigned i = 0; i < v->u && at + 22 <= n; i++) {
            if (i)
                out[at++] = ';';
            at = (size_t)(fmt_u64(out + at, fld_number(v, i)) - out);
        }
    }
    out[at] = '\0';
    return at;
}

size_t
fld_format(const struct fld *f, const struct fld_value *v, char *out, size_t n)
{
    char text[FLD_TEXT_MAX], *end = text;
    const char *word = NULL;
    size_t len;

    switch ((enum fld_type)v->type) {
    case FLD_IP4:
        end = fmt_ip4(text, v->bytes);
        break;
    case FLD_IP6:
        end = fmt_ip6(text, v->bytes);
        break;
    case FLD_MAC:
        end = fmt_mac(text, v->bytes);
        break;
    case FLD_MS:
    case FLD_NTP:
        end = fmt_time(text, v->u);
        break;
    case FLD_W:
        word = fld_word(f, v->u);
        if (word)
            end = (char *)memcpy(text, word, strlen(word)) + strlen(word);
        else
            end = fmt_u64(text, v->u);
        break;
    case FLD_F:
        end = format_flags(text, v->u);
        break;
    case FLD_B:
        word = v->u ? "true" : "false";
        end = (char *)memcpy(text, word, strlen(word)) + strlen(word);
        break;
    case FLD_ID:
        end = fmt_hex64(text, v->u);
        break;
    case FLD_U:
        end = fmt_u64(text, v->u);
        break;
    case FLD_R:
        end = fmt_ratio(text, v->u);
        break;
    case FLD_S:
    case FLD_A:
    case FLD_O:
        return format_many(v, out, n);
    case FLD_LIST:
        break;
    }
    len = (size_t)(end - text);
    if (n == 0)
        return 0;
    if (len >= n)
        len = n - 1;
    memcpy(out, text, len);
    out[len] = '\0';
    return len;
}

const char *
fld_word(const struct fld *f, uint64_t number)
{
    if (!f->words)
        return NULL;
    for (uint64_t i = 0; f->words[i]; i++) {
        if (i == number)
            return f->words[i][0] ? f->words[i] : NULL;
    }
    return NULL;
}
