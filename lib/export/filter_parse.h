/* filter_parse.h - what the parts of the filter's parser share: words (filter_lex.c), values
 * (filter_value.c) and sentences (filter.c) */
#ifndef PAVO_FILTER_PARSE_H
#define PAVO_FILTER_PARSE_H

#include "filter_tree.h"

enum tok_kind { TOK_END, TOK_WORD, TOK_TEXT, TOK_OP };

enum { WORD_MAX = 256 };

struct tok {
    enum tok_kind kind;
    size_t pos;          /* of its first byte in the text */
    char text[WORD_MAX]; /* operators: "<=" and so on */
};

/* What a primitive's value is. */
enum quals_of { OF_NOTHING, OF_HOST, OF_NET, OF_PORT, OF_PROTO, OF_MAC, OF_ETHERTYPE, OF_CARRIER };

struct quals {
    enum quals_of of;
    uint8_t side;
    uint8_t is_outer;
    uint32_t kinds;               /* bits of enum pavo_kind; 0: any */
    int proto;                    /* -1: any */
    struct flt_carriers carriers; /* OF_CARRIER: types */
};

struct parse {
    const char *text;
    size_t at;
    struct tok tok;  /* in hand */
    struct tok next; /* behind it */
    unsigned depth;
    struct quals last; /* of the primitive before, for values that stand alone */
    struct pavo_filter *f;
    struct pavo_err *err;
    bool failed;
};

/* ---- filter_lex.c ------------------------------------------------------- */

/* Keeps the first error only: what follows from it helps nobody. Returns FLT_NONE. */
uint16_t flt_fail(struct parse *p, const struct tok *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts the first two words in hand. */
void flt_lex_open(struct parse *p);
void flt_step(struct parse *p);
bool flt_is_word(const struct tok *t, const char *w);
bool flt_is_op(const struct tok *t, const char *o);
/* Steps over that word or operator if it is in hand. */
bool flt_take_word(struct parse *p, const char *w);
bool flt_take_op(struct parse *p, const char *o);

/* ---- filter_value.c ----------------------------------------------------- */

struct proto_word {
    const char *word;
    uint8_t number;
    bool alone; /* may stand without 'proto' */
};
extern const struct proto_word flt_proto_words[]; /* ends with a row of zeros */

/* IP protocol by word or number; -1: neither. */
int flt_proto_of(const char *word);
/* "N" or "A-B", decimal or 0x; false: neither, or beyond 'max'. */
bool flt_range_of(const char *text, uint32_t max, uint32_t *lo, uint32_t *hi);
/* "10.0.0.0/8", "2001:db8::/32", and if is_net pcap's short "10.1"; sets ip_version, prefix and
 * addr, and clears the bits behind the prefix. */
bool flt_net_of(const char *text, bool is_net, struct flt_node *n);
bool flt_mac_of(const char *text, uint8_t mac[6]);
/* TCP flags by name or number, "syn+ack" and pcap's "tcp-syn"; adds to *mask. */
bool flt_flags_of(const char *text, uint32_t *mask);

#endif
