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

#include <errno.h>
#include <string.h>

#include "pavo_export.h"

static const char *const words_end[] = {
    "none", "idle_timeout", "active_timeout", "end_detected", "forced_end", "lack_of_resources",
    NULL};
static const char *const words_detail[] = {"none",      "idle",       "active",      "tcp_closed",
                                           "tcp_reset", "tcp_reused", "capture_end", "stopped",
                                           "evicted",   "clock_jump", NULL};
_Static_assert(sizeof words_detail / sizeof *words_detail == PAVO_DETAILS + 1, "a word each");
static const char *const words_basis[] = {"first_packet",  "known_port", "icmp_request",
                                          "arp_request",   "synack",     "syn",
                                          "request_bytes", NULL};
_Static_assert(sizeof words_basis / sizeof *words_basis == PAVO_BASES + 1, "a word each");
/* IPFIX element 239, RFC 5103 section 6.3. */
static const char *const words_direction[] = {"arbitrary", "initiator", "reverse_initiator",
                                              "perimeter", NULL};
static const char *const words_kind[] = {"link", "arp", "", "", "ipv4", "", "ipv6", NULL};
static const char *const words_why[] = {
#define WHY(name, word, help) word,
#include "why.def"
#undef WHY
    NULL};
/* Numbers that no row has are empty words: a range first, then the rows over it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wpedantic"
static const char *const words_carrier[PAVO_CARRIERS + 1] = {
    [0 ... PAVO_CARRIERS - 1] = "",
    [0] = "none",
#define CARRIER(name, number, key, word, spec, id) [number] = word,
#include "carriers.def"
#undef CARRIER
};
static const char *const words_name[PAVO_NAMES + 1] = {
    [0 ... PAVO_NAMES - 1] = "",
#define NAME(name, number, word, spec) [number] = word,
#include "names.def"
};
#pragma GCC diagnostic pop
/* IANA protocol numbers, as far as they are assigned in one piece. */
static const char *const words_proto[] = {
    "hopopt",     "icmp",       "igmp",      "ggp",       "ipv4",        "st",
    "tcp",        "cbt",        "egp",       "igp",       "bbn-rcc-mon", "nvp-ii",
    "pup",        "argus",      "emcon",     "xnet",      "chaos",       "udp",
    "mux",        "dcn-meas",   "hmp",       "prm",       "xns-idp",     "trunk-1",
    "trunk-2",    "leaf-1",     "leaf-2",    "rdp",       "irtp",        "iso-tp4",
    "netblt",     "mfe-nsp",    "merit-inp", "dccp",      "3pc",         "idpr",
    "xtp",        "ddp",        "idpr-cmtp", "tp++",      "il",          "ipv6",
    "sdrp",       "ipv6-route", "ipv6-frag", "idrp",      "rsvp",        "gre",
    "dsr",        "bna",        "esp",       "ah",        "i-nlsp",      "swipe",
    "narp",       "min-ipv4",   "tlsp",      "skip",      "ipv6-icmp",   "ipv6-nonxt",
    "ipv6-opts",  "",           "cftp",      "",          "sat-expak",   "kryptolan",
    "rvd",        "ippc",       "",          "sat-mon",   "visa",        "ipcv",
    "cpnx",       "cphb",       "wsn",       "pvp",       "br-sat-mon",  "sun-nd",
    "wb-mon",     "wb-expak",   "iso-ip",    "vmtp",      "secure-vmtp", "vines",
    "iptm",       "nsfnet-igp", "dgp",       "tcf",       "eigrp",       "ospf",
    "sprite-rpc", "larp",       "mtp",       "ax.25",     "os",          "micp",
    "scc-sp",     "etherip",    "encap",     "",          "gmtp",        "ifmp",
    "pnni",       "pim",        "aris",      "scps",      "qnx",         "a/n",
    "ipcomp",     "snp",        "compaq",    "ipx-in-ip", "vrrp",        "pgm",
    "",           "l2tp",       "ddx",       "iatp",      "stp",         "srp",
    "uti",        "smp",        "sm",        "ptp",       "isis",        "fire",
    "crtp",       "crudp",      "sscopmce",  "iplt",      "sps",         "pipe",
    "sctp",       "fc",         "rsvp-e2e",  "mobility",  "udplite",     "mpls-in-ip",
    "manet",      "shim6",      "wesp",      "rohc",      "ethernet",    "aggfrag",
    "nsh",        NULL};
_Static_assert(sizeof words_proto / sizeof *words_proto == 146, "145 is the last one");

#define WORDS_protocolIdentifier words_proto
#define WORDS_quotedProtocol     words_proto
#define WORDS_flowEndReason      words_end
#define WORDS_biflowDirection    words_direction
#define WORDS_flowEndDetail      words_detail
#define WORDS_initiatorBasis     words_basis
#define WORDS_decodeReason       words_why
#define WORDS_outerTunnelType    words_carrier
#define WORDS_protocolName       words_name
#define WORDS_networkType        words_kind
#define WORDS_OF_W(ie)           WORDS_##ie
#define WORDS_OF_OUTER_TYPE(ie)  WORDS_##ie
#define WORDS_OF_U(ie)           NULL
#define WORDS_OF_IP4(ie)         NULL
#define WORDS_OF_IP6(ie)         NULL
#define WORDS_OF_IPQ(ie)         NULL
#define WORDS_OF_MAC(ie)         NULL
#define WORDS_OF_MS(ie)          NULL
#define WORDS_OF_NTP(ie)         NULL
#define WORDS_OF_F(ie)           NULL
#define WORDS_OF_B(ie)           NULL
#define WORDS_OF_ID(ie)          NULL
#define WORDS_OF_PAIR(ie)        NULL
#define WORDS_OF_LOW8(ie)        NULL
#define WORDS_OF_FLAGS(ie)       NULL
#define WORDS_OF_VLAN(ie)        NULL
#define WORDS_OF_INNER(ie)       NULL
#define WORDS_OF_SEGMENT(ie)     NULL
#define WORDS_OF_OUTER_ID(ie)    NULL
#define WORDS_OF_LIST(ie)        NULL

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
        .width = (uint8_t)sizeof((struct pavo_record *)0)->member,                                 \
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
    }
    return false;
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

bool
fld_get(const struct pavo_record *r, const struct fld *f, struct fld_value *v)
{
    const uint8_t *at = (const uint8_t *)r + f->offset;
    const struct pavo_layer *outer;

    if (f->form == ROW_FORM_LIST || !is_present(r, f))
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
        memcpy(at, v->bytes, 16);
        break;
    case ROW_FORM_MAC:
        memcpy(at, v->bytes, 6);
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
    case ROW_FORM_B:
        store(at, f->width, v->u != 0);
        break;
    default:
        store(at, f->width, v->u);
    }
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
    return a->u < b->u ? -1 : a->u > b->u;
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
