/* filter.c - the filter's language: words into a tree of tests
 *
 * Recursive descent with one word in hand and one more to look at. pcap's habits are kept:
 * qualifiers stand before a value, 'and' binds tighter than 'or', and a value behind 'and' or 'or'
 * takes the qualifiers of the one before ('tcp port 80 or 443'). A word that a comparison follows
 * is a field; so words of the language and names of fields need not differ.
 *
 * Bounds: the text, the nodes and the depth of nesting; chains of 'and' and 'or' are lists and cost
 * none.
 */
#include "filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_parse.h"

#define KIND_BIT(k) (1u << (k))

static const struct kind_word {
    const char *word;
    uint32_t kinds;
} kind_words[] = {
    {"ip", KIND_BIT(PAVO_KIND_IP4)},
    {"ip6", KIND_BIT(PAVO_KIND_IP6)},
    {"arp", KIND_BIT(PAVO_KIND_ARP)},
    {"rarp", KIND_BIT(PAVO_KIND_ARP)},
};

static const char *const plain_words[] = {
    "src",    "dst",   "host", "net", "port", "portrange", "proto", "ether", "vni",
    "tunnel", "outer", "has",  "and", "or",   "not",       "in",    "id",    "mask",
};

enum { ETHERTYPE_ARP = 0x0806, ETHERTYPE_RARP = 0x8035 };

/* Types with a virtual network identifier of 24 bits. */
static const uint8_t vni_carriers[] = {PAVO_CARRIER_VXLAN, PAVO_CARRIER_VXLAN_GPE,
                                       PAVO_CARRIER_GENEVE, PAVO_CARRIER_NVGRE};

static bool
is_and(const struct tok *t)
{
    return flt_is_word(t, "and") || flt_is_op(t, "&&");
}

static bool
is_or(const struct tok *t)
{
    return flt_is_word(t, "or") || flt_is_op(t, "||");
}

static bool
is_comparison(const struct tok *t)
{
    static const char *const ops[] = {"=", "==", "!=", "<", "<=", ">", ">=", "&", "~", "!~"};

    for (unsigned i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (flt_is_op(t, ops[i]))
            return true;
    return flt_is_word(t, "in");
}

/* ---- nodes -------------------------------------------------------------- */

static uint16_t
node_add(struct parse *p, enum flt_op op)
{
    struct pavo_filter *f = p->f;

    if (p->failed)
        return FLT_NONE;
    if (f->n == PAVO_FILTER_NODES_MAX)
        return flt_fail(p, &p->tok, "the filter has more than %d tests", PAVO_FILTER_NODES_MAX);
    if (f->n == f->cap) {
        const unsigned cap = f->cap ? f->cap * 2 : 16;
        struct flt_node *nodes = realloc(f->nodes, cap * sizeof *nodes);

        if (!nodes)
            return flt_fail(p, &p->tok, "no memory for the filter");
        f->nodes = nodes;
        f->cap = cap;
    }
    f->nodes[f->n] = (struct flt_node){.op = (uint8_t)op,
                                       .side = FLT_EITHER,
                                       .first = FLT_NONE,
                                       .next = FLT_NONE,
                                       .hi = UINT32_MAX};
    return (uint16_t)f->n++;
}

/* A list of children under construction: one child stays itself, more become a group. */
struct list {
    uint16_t first, last;
    unsigned n;
};

static void
list_add(struct parse *p, struct list *l, uint16_t node)
{
    if (p->failed || node == FLT_NONE)
        return;
    if (l->n++ == 0)
        l->first = node;
    else
        p->f->nodes[l->last].next = node;
    l->last = node;
}

static uint16_t
list_close(struct parse *p, const struct list *l, enum flt_op op)
{
    uint16_t group;

    if (p->failed)
        return FLT_NONE;
    if (l->n == 1)
        return l->first;
    group = node_add(p, op);
    if (group != FLT_NONE)
        p->f->nodes[group].first = l->first;
    return group;
}

static uint16_t
node_not(struct parse *p, uint16_t child)
{
    const uint16_t n = child == FLT_NONE ? FLT_NONE : node_add(p, FLT_NOT);

    if (n != FLT_NONE)
        p->f->nodes[n].first = child;
    return n;
}

/* ---- values ------------------------------------------------------------- */

/* Does the word look like a value rather than like a word of the language? */
static bool
is_value(const struct tok *t)
{
    return t->kind == TOK_WORD &&
           ((t->text[0] >= '0' && t->text[0] <= '9') || strchr(t->text, ':') != NULL);
}

static uint16_t
net_node(struct parse *p, const struct quals *q)
{
    struct flt_node n = {0};
    const bool is_net = q->of == OF_NET;
    uint16_t at;

    if (!flt_net_of(p->tok.text, is_net, &n)) {
        const bool slash = !is_net && strchr(p->tok.text, '/');

        return flt_fail(p, &p->tok, "%s",
                        slash    ? "a host has no prefix: write 'net' instead of 'host'"
                        : is_net ? "not a network; write 10.0.0.0/8 or 2001:db8::/32"
                                 : "not an IP address (names are not looked up)");
    }
    at = node_add(p, FLT_NET);
    if (at == FLT_NONE)
        return at;
    p->f->nodes[at].side = q->side;
    p->f->nodes[at].is_outer = q->is_outer;
    p->f->nodes[at].ip_version = n.ip_version;
    p->f->nodes[at].prefix = n.prefix;
    memcpy(p->f->nodes[at].addr, n.addr, sizeof n.addr);
    flt_step(p);
    if (is_net && flt_is_word(&p->tok, "mask")) { /* net 10.0.0.0 mask 255.0.0.0 */
        uint8_t mask[16];
        unsigned bits = 0;

        flt_step(p);
        if (n.ip_version != 4 || inet_pton(AF_INET, p->tok.text, mask) != 1)
            return flt_fail(p, &p->tok,
                            "not an IPv4 mask; write 255.255.0.0, or a prefix as in /16");
        while (bits < 32 && (mask[bits / 8] & (0x80u >> bits % 8)))
            bits++;
        for (unsigned i = bits; i < 32; i++)
            if (mask[i / 8] & (0x80u >> i % 8))
                return flt_fail(p, &p->tok, "a mask with holes is not a network");
        p->f->nodes[at].prefix = (uint8_t)bits;
        flt_step(p);
    }
    return at;
}

/* One value of a primitive, with 'cmp' for ports and ids. */
static uint16_t
value_node(struct parse *p, const struct quals *q, enum flt_cmp cmp)
{
    static const uint32_t most[] = {
        [OF_PORT] = 65535, [OF_PROTO] = 255, [OF_ETHERTYPE] = 65535, [OF_CARRIER] = UINT32_MAX};
    uint32_t lo = 0, hi = 0;
    int proto;
    uint16_t at;

    if (p->tok.kind != TOK_WORD)
        return flt_fail(p, &p->tok, "a value was expected here");
    switch (q->of) {
    case OF_HOST:
    case OF_NET:
        return net_node(p, q);
    case OF_MAC: {
        uint8_t mac[6];

        if (!flt_mac_of(p->tok.text, mac))
            return flt_fail(p, &p->tok, "not a MAC address; write 00:00:5e:00:53:01");
        at = node_add(p, FLT_MAC);
        if (at != FLT_NONE) {
            memcpy(p->f->nodes[at].addr, mac, 6);
            p->f->nodes[at].side = q->side;
            p->f->nodes[at].is_outer = q->is_outer;
            flt_step(p);
        }
        return at;
    }
    case OF_PROTO:
        proto = flt_proto_of(p->tok.text);
        lo = hi = (uint32_t)proto;
        if (proto < 0 && !flt_range_of(p->tok.text, 255, &lo, &hi))
            return flt_fail(p, &p->tok, "not a protocol; write tcp, udp, icmp.. or 0 to 255");
        break;
    default:
        if (q->of == OF_ETHERTYPE && flt_is_word(&p->tok, "ip"))
            lo = hi = 0x0800;
        else if (q->of == OF_ETHERTYPE && flt_is_word(&p->tok, "ip6"))
            lo = hi = 0x86dd;
        else if (q->of == OF_ETHERTYPE && flt_is_word(&p->tok, "arp"))
            lo = hi = ETHERTYPE_ARP;
        else if (!flt_range_of(p->tok.text, most[q->of], &lo, &hi))
            return flt_fail(p, &p->tok, "a number from 0 to %u was expected", most[q->of]);
        break;
    }
    if ((cmp == FLT_LT && lo == 0) || (cmp == FLT_GT && hi == most[q->of]))
        return flt_fail(p, &p->tok, "nothing can be %s this", cmp == FLT_LT ? "below" : "above");
    if (cmp == FLT_LT || cmp == FLT_LE) {
        hi = cmp == FLT_LT ? lo - 1 : hi;
        lo = 0;
    } else if (cmp == FLT_GT || cmp == FLT_GE) {
        lo = cmp == FLT_GT ? hi + 1 : lo;
        hi = most[q->of];
    }
    at = node_add(p, q->of == OF_PORT        ? FLT_PORT
                     : q->of == OF_PROTO     ? FLT_PROTO
                     : q->of == OF_ETHERTYPE ? FLT_ETHERTYPE
                                             : FLT_CARRIER);
    if (at == FLT_NONE)
        return at;
    p->f->nodes[at].lo = lo;
    p->f->nodes[at].hi = hi;
    p->f->nodes[at].side = q->side;
    p->f->nodes[at].is_outer = q->is_outer;
    p->f->nodes[at].carriers = q->carriers;
    flt_step(p);
    return at;
}

/* "(a, b)" or "(a or b)"; the first parenthesis is in hand. */
static uint16_t
value_list(struct parse *p, const struct quals *q)
{
    struct list l = {0};

    if (!flt_take_op(p, "("))
        return flt_fail(p, &p->tok, "'in' needs a list in parentheses: in (80, 443)");
    do {
        list_add(p, &l, value_node(p, q, FLT_EQ));
    } while (!p->failed && (flt_take_op(p, ",") || flt_take_word(p, "or") || flt_take_op(p, "||")));
    if (!p->failed && !flt_take_op(p, ")"))
        return flt_fail(p, &p->tok, "',' or ')' was expected");
    return list_close(p, &l, FLT_ANY);
}

/* The operator of a comparison; '!=' sets *negate. */
static enum flt_cmp
take_cmp(struct parse *p, bool *negate)
{
    static const struct {
        const char *op;
        enum flt_cmp cmp;
    } ops[] = {{"=", FLT_EQ},  {"==", FLT_EQ}, {"!=", FLT_EQ}, {"<", FLT_LT},
               {"<=", FLT_LE}, {">", FLT_GT},  {">=", FLT_GE}};

    *negate = flt_is_op(&p->tok, "!=");
    for (unsigned i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (flt_take_op(p, ops[i].op))
            return ops[i].cmp;
    return FLT_EQ;
}

/* Adds what the qualifiers say of kind and protocol to a test. */
static uint16_t
quals_close(struct parse *p, const struct quals *q, uint16_t test)
{
    struct list l = {0};
    uint16_t at;

    if (q->kinds) {
        at = node_add(p, FLT_KIND);
        if (at != FLT_NONE)
            p->f->nodes[at].mask = q->kinds;
        list_add(p, &l, at);
    }
    if (q->proto >= 0) {
        at = node_add(p, FLT_PROTO);
        if (at != FLT_NONE)
            p->f->nodes[at].lo = p->f->nodes[at].hi = (uint32_t)q->proto;
        list_add(p, &l, at);
    }
    list_add(p, &l, test);
    return list_close(p, &l, FLT_ALL);
}

static uint16_t
values(struct parse *p, const struct quals *q)
{
    const bool ordered = q->of == OF_PORT || q->of == OF_CARRIER;
    const struct tok op = p->tok;
    bool negate = false;
    enum flt_cmp cmp;
    uint16_t at;

    p->last = *q;
    if (flt_take_word(p, "in") || flt_is_op(&p->tok, "(")) {
        at = value_list(p, q);
    } else {
        cmp = take_cmp(p, &negate);
        if (cmp != FLT_EQ && !ordered)
            return flt_fail(p, &op, "only ports, ids and fields have an order");
        at = value_node(p, q, cmp);
    }
    at = quals_close(p, q, at);
    return negate ? node_not(p, at) : at;
}

/* ---- comparisons -------------------------------------------------------- */

/* "syn", "0x12", "syn|ack", "(syn|fin)" */
static bool
take_flags(struct parse *p, uint32_t *mask)
{
    const bool open = flt_take_op(p, "(");

    *mask = 0;
    do {
        if (p->tok.kind != TOK_WORD || !flt_flags_of(p->tok.text, mask)) {
            flt_fail(p, &p->tok,
                     "not TCP flags; write fin, syn, rst, psh, ack, urg, ece, cwr, ae, or 0x12");
            return false;
        }
        flt_step(p);
    } while (flt_take_op(p, "|"));
    if (open && !flt_take_op(p, ")")) {
        flt_fail(p, &p->tok, "')' was expected");
        return false;
    }
    return !p->failed;
}

static uint16_t
flags_node(struct parse *p, const struct col *c)
{
    const uint16_t at = node_add(p, FLT_FLAGS);
    uint32_t mask = UINT32_MAX, value;
    bool negate = false;

    if (at == FLT_NONE)
        return at;
    if (c->fld->type != FLD_F && c->fld->type != FLD_U)
        return flt_fail(p, &p->tok, "'&' is for flags and numbers");
    p->f->nodes[at].col = *c;
    if (flt_take_op(p, "&")) {
        if (!take_flags(p, &mask))
            return FLT_NONE;
        p->f->nodes[at].mask = mask;
        if (!flt_is_op(&p->tok, "=") && !flt_is_op(&p->tok, "==") && !flt_is_op(&p->tok, "!="))
            return at;
    }
    take_cmp(p, &negate);
    if (!take_flags(p, &value))
        return FLT_NONE;
    p->f->nodes[at].mask = mask;
    p->f->nodes[at].is_exact = 1;
    p->f->nodes[at].value.u = value;
    return negate ? node_not(p, at) : at;
}

/* What values of that field look like, for an error. */
static const char *
value_hint(const struct fld *f, char *out, size_t n)
{
    size_t at = 0;

    switch ((enum fld_type)f->type) {
    case FLD_IP4:
    case FLD_IP6:
        return "an address or a network";
    case FLD_MAC:
        return "a MAC address";
    case FLD_MS:
    case FLD_NTP:
        return "a time such as 2026-11-23T10:00:00Z";
    case FLD_B:
        return "true or false";
    case FLD_ID:
        return "sixteen hex digits";
    case FLD_R:
        return "a number from -1 to 1 with at most four decimals";
    case FLD_W:
        out[0] = '\0';
        for (unsigned i = 0; f->words && f->words[i] && at + 24 < n; i++)
            if (f->words[i][0])
                at +=
                    (size_t)snprintf(out + at, n - at, "%s%s", at ? ", " : "one of ", f->words[i]);
        return out;
    default:
        if (f->unit && strcmp(f->unit, "ns") == 0)
            return "a time such as 5s or 200ms";
        return "a number, with k, M, KiB, MiB.. as you like";
    }
}

/* The next row that shares the word of 'f'. */
static const struct fld *
twin_after(const struct fld *f)
{
    return f->word[0] ? fld_find(f->word, f) : NULL;
}

/* One value behind a field: tries the field and its twins. */
static uint16_t
compare_node(struct parse *p, const struct col *c, enum flt_cmp cmp)
{
    const uint16_t at = node_add(p, FLT_COMPARE);
    const struct fld *f;
    struct flt_node *n;
    char hint[200];

    if (at == FLT_NONE)
        return at;
    if (p->tok.kind != TOK_WORD && p->tok.kind != TOK_TEXT)
        return flt_fail(p, &p->tok, "a value of %s was expected", c->name);
    n = &p->f->nodes[at];
    n->col = *c;
    n->cmp = (uint8_t)cmp;
    if (col_is_text(c)) {
        n->op = FLT_TEXT;
        n->text = strdup(p->tok.text);
        if (!n->text)
            return flt_fail(p, &p->tok, "no memory for the filter");
        flt_step(p);
        return at;
    }
    if ((c->fld->type == FLD_IP4 || c->fld->type == FLD_IP6) && strchr(p->tok.text, '/')) {
        if (cmp != FLT_EQ || !flt_net_of(p->tok.text, true, n))
            return flt_fail(p, &p->tok, "%s",
                            cmp == FLT_EQ ? "not a network" : "a network has no order");
        n->op = FLT_WITHIN;
        flt_step(p);
        return at;
    }
    if (strcmp(c->fld->word, "proto") == 0 && flt_proto_of(p->tok.text) >= 0) {
        n->value =
            (struct fld_value){.type = c->fld->type, .u = (uint64_t)flt_proto_of(p->tok.text)};
        flt_step(p);
        return at;
    }
    for (f = c->fld; f; f = c->kind == COL_FIELD ? twin_after(f) : NULL) {
        if (fld_parse(f, p->tok.text, &n->value) == 0) {
            flt_step(p);
            return at;
        }
    }
    return flt_fail(p, &p->tok, "%s is %s", c->name, value_hint(c->fld, hint, sizeof hint));
}

/* 'F ~ TEXT': the text is in the field's. */
static uint16_t
contains_node(struct parse *p, const struct col *c)
{
    const bool negate = flt_is_op(&p->tok, "!~");
    uint16_t at;

    flt_step(p);
    if (p->tok.kind != TOK_WORD && p->tok.kind != TOK_TEXT)
        return flt_fail(p, &p->tok, "a piece of %s was expected", c->name);
    at = node_add(p, FLT_CONTAINS);
    if (at == FLT_NONE)
        return at;
    p->f->nodes[at].col = *c;
    p->f->nodes[at].text = strdup(p->tok.text);
    if (!p->f->nodes[at].text)
        return flt_fail(p, &p->tok, "no memory for the filter");
    flt_step(p);
    return negate ? node_not(p, at) : at;
}

static uint16_t
comparison(struct parse *p, const struct col *c)
{
    struct list l = {0};
    struct tok op;
    enum flt_cmp cmp;
    bool negate;
    uint16_t at;

    flt_step(p);
    op = p->tok;
    p->last.of = OF_NOTHING; /* "bytes > 5 or 6" is not a sentence */
    if (flt_take_word(p, "in")) {
        if (!flt_take_op(p, "("))
            return flt_fail(p, &p->tok, "'in' needs a list in parentheses: in (80, 443)");
        do {
            list_add(p, &l, compare_node(p, c, FLT_EQ));
        } while (!p->failed && flt_take_op(p, ","));
        if (!p->failed && !flt_take_op(p, ")"))
            return flt_fail(p, &p->tok, "',' or ')' was expected");
        return list_close(p, &l, FLT_ANY);
    }
    if (flt_is_op(&op, "~") || flt_is_op(&op, "!~"))
        return contains_node(p, c);
    if (flt_is_op(&op, "&") || (c->fld->type == FLD_F && op.text[0] != '<' && op.text[0] != '>'))
        return flags_node(p, c);
    cmp = take_cmp(p, &negate);
    if (cmp != FLT_EQ && (col_is_text(c) || c->fld->type == FLD_W || c->fld->type == FLD_MAC))
        return flt_fail(p, &op, "%s has no order: use =, != or in", c->name);
    at = compare_node(p, c, cmp);
    return negate ? node_not(p, at) : at;
}

/* ---- primitives --------------------------------------------------------- */

static const struct carrier_word {
    const char *word;
    uint8_t number;
} carrier_words[] = {
#define CARRIER(name, number, key, word, spec, id) {word, number},
#include "carriers.def"
#undef CARRIER
};

/* A carrier's number by its word, 0: none. */
static uint8_t
carrier_of(const char *word)
{
    for (unsigned i = 0; i < sizeof carrier_words / sizeof carrier_words[0]; i++)
        if (strcmp(carrier_words[i].word, word) == 0)
            return carrier_words[i].number;
    return 0;
}

static void
near_carriers(struct col_near *near)
{
    for (unsigned i = 0; i < sizeof carrier_words / sizeof carrier_words[0]; i++)
        col_near_try(near, carrier_words[i].word);
}

static uint16_t
carrier_test(struct parse *p, const uint8_t *carriers, unsigned n)
{
    struct quals q = {.of = OF_CARRIER, .proto = -1, .side = FLT_EITHER};
    const bool id = flt_take_word(p, "id");
    uint16_t at;

    for (unsigned i = 0; i < n; i++)
        q.carriers.bits[carriers[i] / 64] |= UINT64_C(1) << carriers[i] % 64;
    if (id || is_value(&p->tok) || is_comparison(&p->tok))
        return values(p, &q);
    at = node_add(p, FLT_CARRIER);
    if (at != FLT_NONE)
        p->f->nodes[at].carriers = q.carriers;
    return at;
}

/* 'tunnel', 'tunnel vxlan', 'tunnel vxlan id 5' */
static uint16_t
tunnel_test(struct parse *p)
{
    const uint8_t carrier = p->tok.kind == TOK_WORD ? carrier_of(p->tok.text) : 0;
    struct col_near near = {.name = p->tok.text};

    if (carrier) {
        flt_step(p);
        return carrier_test(p, &carrier, 1);
    }
    if (p->tok.kind == TOK_WORD && !is_and(&p->tok) && !is_or(&p->tok)) {
        near_carriers(&near);
        return flt_fail(p, &p->tok, "not a tunnel's type%s%s", near.best ? "; did you mean " : "",
                        near.best ? near.best
                                  : "; write vxlan, geneve, gre, nvgre, ipip, gue, fou..");
    }
    return node_add(p, FLT_TUNNEL);
}

/* src, dst, "src or dst", "src and dst" */
static bool
take_side(struct parse *p, struct quals *q)
{
    const bool src = flt_is_word(&p->tok, "src");

    if (!src && !flt_is_word(&p->tok, "dst"))
        return false;
    q->side = src ? FLT_SRC : FLT_DST;
    flt_step(p);
    if ((is_or(&p->tok) || is_and(&p->tok)) && flt_is_word(&p->next, src ? "dst" : "src")) {
        q->side = is_or(&p->tok) ? FLT_EITHER : FLT_BOTH;
        flt_step(p);
        flt_step(p);
    }
    return true;
}

/* [src|dst] [host|net|port|portrange|proto] VALUE; false: the word in hand is none of these. */
static bool
qualified(struct parse *p, struct quals *q, bool is_ether, uint16_t *out)
{
    const bool side = take_side(p, q);
    const struct tok at = p->tok;

    if (flt_take_word(p, "host"))
        q->of = is_ether ? OF_MAC : OF_HOST;
    else if (!is_ether && flt_take_word(p, "net"))
        q->of = OF_NET;
    else if (!is_ether && (flt_take_word(p, "port") || flt_take_word(p, "portrange")))
        q->of = OF_PORT;
    else if (flt_take_word(p, "proto"))
        q->of = is_ether ? OF_ETHERTYPE : OF_PROTO;
    else if (side || (q->is_outer && is_value(&p->tok)))
        q->of = is_ether ? OF_MAC : strchr(p->tok.text, '/') ? OF_NET : OF_HOST;
    else
        return false;
    if (q->is_outer && (q->of == OF_PROTO || q->of == OF_ETHERTYPE))
        *out = flt_fail(p, &at,
                        "layers that carry a flow have no protocol of their own: use 'tunnel'");
    else
        *out = values(p, q);
    return true;
}

/* tcp, ip6.. alone or before qualifiers. */
static bool
proto_test(struct parse *p, uint16_t *out)
{
    struct quals q = {.proto = -1, .side = FLT_EITHER};
    bool found = false, rarp = false;
    uint16_t type = FLT_NONE;

    for (unsigned i = 0; flt_proto_words[i].word; i++) {
        if (flt_proto_words[i].alone && flt_is_word(&p->tok, flt_proto_words[i].word)) {
            q.proto = flt_proto_words[i].number;
            found = true;
        }
    }
    for (unsigned i = 0; i < sizeof kind_words / sizeof kind_words[0]; i++) {
        if (flt_is_word(&p->tok, kind_words[i].word)) {
            q.kinds = kind_words[i].kinds;
            rarp = kind_words[i].word[0] == 'r';
            found = true;
        }
    }
    if (!found)
        return false;
    flt_step(p);
    if (q.kinds == KIND_BIT(PAVO_KIND_ARP)) { /* ARP and RARP differ by EtherType only, RFC 903 */
        type = node_add(p, FLT_ETHERTYPE);
        if (type != FLT_NONE)
            p->f->nodes[type].lo = p->f->nodes[type].hi = ETHERTYPE_RARP;
        if (!rarp)
            type = node_not(p, type);
    }
    if (!qualified(p, &q, false, out))
        *out = quals_close(p, &q, FLT_NONE);
    if (type != FLT_NONE) {
        struct list l = {0};

        list_add(p, &l, type);
        list_add(p, &l, *out);
        *out = list_close(p, &l, FLT_ALL);
    }
    return true;
}

static uint16_t
unknown(struct parse *p)
{
    struct col_near near = {.name = p->tok.text};

    for (unsigned i = 0; i < sizeof plain_words / sizeof plain_words[0]; i++)
        col_near_try(&near, plain_words[i]);
    for (unsigned i = 0; flt_proto_words[i].word; i++)
        col_near_try(&near, flt_proto_words[i].word);
    for (unsigned i = 0; i < sizeof kind_words / sizeof kind_words[0]; i++)
        col_near_try(&near, kind_words[i].word);
    near_carriers(&near);
    col_near_columns(&near);
    if (near.best)
        return flt_fail(p, &p->tok, "unknown word; did you mean '%s'?", near.best);
    return flt_fail(p, &p->tok, "neither a word of the filter language nor a field");
}

/* A field that stands alone: true flags, and an error for the rest. */
static uint16_t
alone(struct parse *p, const struct col *c)
{
    uint16_t at;

    if (c->fld->type != FLD_B && c->fld->type != FLD_F)
        return flt_fail(p, &p->tok, "what of it? Compare the field ('%s = ..'), or ask 'has %s'",
                        c->name, c->name);
    at = node_add(p, FLT_FLAGS);
    if (at != FLT_NONE) {
        p->f->nodes[at].col = *c;
        p->f->nodes[at].mask = UINT32_MAX;
        flt_step(p);
    }
    return at;
}

static uint16_t
has_test(struct parse *p)
{
    struct col c;
    uint16_t at;

    if (p->tok.kind != TOK_WORD || !col_find(p->tok.text, &c, NULL))
        return p->tok.kind == TOK_WORD ? unknown(p) : flt_fail(p, &p->tok, "'has' needs a field");
    at = node_add(p, FLT_HAS);
    if (at != FLT_NONE) {
        p->f->nodes[at].col = c;
        flt_step(p);
    }
    return at;
}

/* A value without a word before it. */
static uint16_t
bare_value(struct parse *p)
{
    const struct quals host = {.of = OF_HOST, .proto = -1, .side = FLT_EITHER};
    struct flt_node unused;
    struct quals q = p->last;

    if (q.of == OF_NOTHING) {
        if (!flt_net_of(p->tok.text, true, &unused) || !strpbrk(p->tok.text, ".:"))
            return flt_fail(p, &p->tok,
                            "a value of what? Say 'port', 'host', or a field before it");
        q = host;
        if (strchr(p->tok.text, '/'))
            q.of = OF_NET;
    }
    return values(p, &q);
}

static uint16_t
primitive(struct parse *p)
{
    struct quals q = {.proto = -1, .side = FLT_EITHER};
    const struct tok word = p->tok;
    uint8_t carrier;
    struct col c;
    uint16_t at;

    if (word.kind != TOK_WORD)
        return flt_fail(p, &word, "a test was expected here");
    if (is_comparison(&p->next) && col_find(word.text, &c, NULL))
        return comparison(p, &c);
    if (is_value(&word))
        return bare_value(p);
    if (proto_test(p, &at) || qualified(p, &q, false, &at))
        return at;
    if (flt_take_word(p, "outer")) {
        const bool is_ether = flt_take_word(p, "ether");

        q.is_outer = 1;
        if (qualified(p, &q, is_ether, &at))
            return at;
        return flt_fail(p, &p->tok, "%s",
                        is_ether ? "'outer ether' is followed by host, src or dst"
                                 : "'outer' is followed by host, net, port, src, dst or ether");
    }
    if (flt_take_word(p, "ether")) {
        if (qualified(p, &q, true, &at))
            return at;
        return flt_fail(p, &p->tok, "'ether' is followed by host, src, dst or proto");
    }
    if (flt_take_word(p, "vni")) {
        return carrier_test(p, vni_carriers, sizeof vni_carriers);
    }
    if (flt_take_word(p, "tunnel"))
        return tunnel_test(p);
    if (flt_take_word(p, "has"))
        return has_test(p);
    carrier = carrier_of(word.text);
    if (carrier) {
        flt_step(p);
        return carrier_test(p, &carrier, 1);
    }
    if (col_find(word.text, &c, NULL))
        return alone(p, &c);
    return unknown(p);
}

static uint16_t parse_or(struct parse *p);

static uint16_t
parse_unary(struct parse *p)
{
    bool negate = false;
    uint16_t at;

    if (p->failed)
        return FLT_NONE;
    while (flt_take_word(p, "not") || flt_take_op(p, "!"))
        negate = !negate;
    if (flt_is_op(&p->tok, "(")) {
        if (++p->depth > PAVO_FILTER_DEPTH_MAX)
            return flt_fail(p, &p->tok, "parentheses are nested deeper than %d",
                            PAVO_FILTER_DEPTH_MAX);
        flt_step(p);
        at = parse_or(p);
        p->depth--;
        if (!p->failed && !flt_take_op(p, ")"))
            return flt_fail(p, &p->tok, "')' was expected");
    } else {
        at = primitive(p);
    }
    return negate ? node_not(p, at) : at;
}

static uint16_t
parse_and(struct parse *p)
{
    struct list l = {0};

    list_add(p, &l, parse_unary(p));
    while (!p->failed && is_and(&p->tok)) {
        flt_step(p);
        list_add(p, &l, parse_unary(p));
    }
    return list_close(p, &l, FLT_ALL);
}

static uint16_t
parse_or(struct parse *p)
{
    struct list l = {0};

    list_add(p, &l, parse_and(p));
    while (!p->failed && is_or(&p->tok)) {
        flt_step(p);
        list_add(p, &l, parse_and(p));
    }
    return list_close(p, &l, FLT_ANY);
}

struct pavo_filter *
pavo_filter_open(const char *text, struct pavo_err *err)
{
    struct parse p = {.text = text, .err = err, .last = {.of = OF_NOTHING, .proto = -1}};

    if (strlen(text) > PAVO_FILTER_TEXT_MAX) {
        pavo_err_set(err, EINVAL, "filter: longer than %d bytes", PAVO_FILTER_TEXT_MAX);
        return NULL;
    }
    p.f = calloc(1, sizeof *p.f);
    if (!p.f) {
        pavo_err_set(err, ENOMEM, "filter: no memory");
        return NULL;
    }
    flt_lex_open(&p);
    p.f->root = p.tok.kind == TOK_END ? node_add(&p, FLT_ALL) : parse_or(&p);
    if (!p.failed && p.tok.kind != TOK_END)
        flt_fail(&p, &p.tok, "'and', 'or' or the end of the filter was expected");
    if (p.failed) {
        pavo_filter_close(p.f);
        return NULL;
    }
    return p.f;
}

void
pavo_filter_close(struct pavo_filter *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < f->n; i++)
        free(f->nodes[i].text);
    free(f->nodes);
    free(f);
}
