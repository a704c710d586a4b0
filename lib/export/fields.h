/* fields.h - the fields of a record as data: rows of fields.def with get, set, compare and format
 *
 * Filter, reader, sort, group-by, CSV and the generated documents work on these and name no field.
 */
#ifndef PAVO_FIELDS_H
#define PAVO_FIELDS_H

#include "pavo_flow.h"

enum fld_type {
    FLD_U, /* unsigned number */
    FLD_IP4,
    FLD_IP6,
    FLD_MAC,
    FLD_MS,   /* time; value in ns since the epoch, milliseconds on the IPFIX wire */
    FLD_NTP,  /* time; value in ns since the epoch, NTP 64 bit on the IPFIX wire */
    FLD_W,    /* enumeration with words */
    FLD_F,    /* flags */
    FLD_B,    /* 0 or 1 */
    FLD_ID,   /* 64-bit identifier, sixteen hex digits in text */
    FLD_LIST, /* the encapsulation list; not comparable, no get/set */
    FLD_S,    /* text: 'u' bytes at fld_bytes() */
    FLD_A,    /* numbers: 'u' of 'width' octets each at fld_bytes(), in host order */
    FLD_O,    /* bytes: 'u' at fld_bytes(); base64 in text */
    FLD_R,    /* computed ratio of -1 to 1: (ratio + 1) * FLD_RATIO_ONE */
};
enum { FLD_RATIO_ONE = 10000 };

enum fld_semantics { FLD_K, FLD_Q, FLD_T, FLD_N };

/* Templates: IPv4, IPv6, link, ICMP over IPv4, ICMP over IPv6, ARP; none (part of another row).
 * Behind them the parts: one for records of all kinds, then PAVO_PART_*. */
enum {
    FLD_T4 = 1,
    FLD_T6 = 2,
    FLD_TL = 4,
    FLD_TI4 = 8,
    FLD_TI6 = 16,
    FLD_TA = 32,
    FLD_TT = FLD_T4 | FLD_T6,
    FLD_TI = FLD_TI4 | FLD_TI6,
    FLD_TV4 = FLD_T4 | FLD_TI4 | FLD_TA,
    FLD_TV6 = FLD_T6 | FLD_TI6,
    FLD_TS = FLD_TT | FLD_TL,
    FLD_TIP = FLD_TT | FLD_TI,
    FLD_TALL = FLD_TIP | FLD_TL | FLD_TA,
    FLD_T0 = 0,
    FLD_PMORE = 128,
    FLD_PART_SHIFT = 8,
    FLD_PTCP = PAVO_PART_TCP << FLD_PART_SHIFT,
    FLD_PMETER = PAVO_PART_METER << FLD_PART_SHIFT,
    FLD_PECHO = PAVO_PART_ECHO << FLD_PART_SHIFT,
    FLD_PASSOC = PAVO_PART_ASSOC << FLD_PART_SHIFT,
    FLD_PRTP = PAVO_PART_RTP << FLD_PART_SHIFT,
    FLD_PNAMES = PAVO_PART_NAMES << FLD_PART_SHIFT,
    FLD_PFIRST = PAVO_PART_FIRST << FLD_PART_SHIFT,
    FLD_PBYTES = PAVO_PART_BYTES << FLD_PART_SHIFT,
    FLD_PENTROPY = PAVO_PART_ENTROPY << FLD_PART_SHIFT,
    FLD_PLOSS = PAVO_PART_LOSS << FLD_PART_SHIFT,
    FLD_PRTT = PAVO_PART_RTT << FLD_PART_SHIFT,
};

struct fld {
    const char *ie;   /* IPFIX element name */
    const char *word; /* short name for filters and --fields; several rows may share it (src.ip of 4
                         and 6) */
    const char *json; /* dotted ECS path; several rows may share it */
    const char *unit, *help;
    uint32_t pen;
    uint16_t id;
    uint16_t offset;    /* of the member in struct pavo_record */
    uint16_t width;     /* bytes of the member */
    uint8_t bytes;      /* on the IPFIX wire; 0: variable */
    uint32_t templates; /* FLD_T4 | FLD_T6 | ..., or one part; 0: part of another row */
    uint8_t type;       /* enum fld_type */
    uint8_t semantics;  /* enum fld_semantics */
    uint8_t digest;
    uint8_t have; /* internal: presence rule */
    uint8_t form; /* internal: how the value lies in the record */
    const char *const *
        words; /* FLD_W: NULL-terminated; index is the number on the wire; "" where there is none */
};
extern const struct fld fld_table[];
extern const unsigned fld_count;

struct fld_value {
    uint8_t type;   /* enum fld_type */
    uint8_t width;  /* FLD_A: octets of a number */
    uint64_t u;     /* number, time in ns, flags, enumeration, id; FLD_S, FLD_A, FLD_O: how many */
    const void *at; /* FLD_S, FLD_A, FLD_O: borrowed from the record; NULL: in 'bytes' */
    uint8_t bytes[16]; /* address, MAC, short text */
};

/* What a text, numbers or bytes are made of. */
static inline const void *
fld_bytes(const struct fld_value *v)
{
    return v->at ? v->at : v->bytes;
}

/* The PAVO_PART_ bit without which a field is absent; 0: none. */
static inline unsigned
fld_part(const struct fld *f)
{
    return f->templates >> FLD_PART_SHIFT;
}

/* By element name, word or JSON path: the first row of that name, and the next one after 'after'
 * that shares it (for IPv4 and IPv6 twins); NULL when there is none. */
const struct fld *fld_find(const char *name, const struct fld *after);
/* Value of a field; false: absent in this record (unknown, or not of this kind). Read only. */
bool fld_get(const struct pavo_record *r, const struct fld *f, struct fld_value *v);
/* As fld_get over all rows that share f's word (twins stand side by side in the table). */
bool fld_get_word(const struct pavo_record *r, const struct fld *f, struct fld_value *v);
void fld_set(struct pavo_record *r, const struct fld *f, const struct fld_value *v);
/* Number 'i' of an FLD_A. */
uint64_t fld_number(const struct fld_value *v, unsigned i);
/* -1, 0, 1; addresses by family then bytes. */
int fld_compare(const struct fld_value *a, const struct fld_value *b);
/* Text as in JSON without quotes: RFC 3339 with nine digits for times, words, hex, true and false,
 * numbers "1;2;3", bytes as base64. Returns the length, < n, and writes a NUL behind it. 64 bytes
 * are enough for every type but texts, numbers and bytes. */
size_t fld_format(const struct fld *f, const struct fld_value *v, char *out, size_t n);
enum { FLD_TEXT_MAX = 64 };
/* The word of a number of an enumeration; NULL: it has none. */
const char *fld_word(const struct fld *f, uint64_t number);
/* Text into a value of the field's type, units and words understood ("10.0.0.1", "1MiB", "5s",
 * "idle"). 0 or -EINVAL. An address may be of either family, whatever the row: v->type says which.
 * A word may be cut short where that leaves no doubt. */
int fld_parse(const struct fld *f, const char *text, struct fld_value *v);

/* Formatters that the encoders share; they write no NUL and return the end. */
char *fmt_u64(char *at, uint64_t n);
char *fmt_ip4(char *at, const uint8_t ip[4]);
char *fmt_ip6(char *at, const uint8_t ip[16]); /* RFC 5952; at most 45 bytes */
char *fmt_mac(char *at, const uint8_t mac[6]); /* 00-00-5E-00-53-01 */
char *fmt_time(char *at, uint64_t ns);         /* 2026-11-23T10:00:05.123456789Z, 30 bytes */
char *fmt_hex64(char *at, uint64_t n);         /* sixteen digits */
char *fmt_base64(char *at, const uint8_t *bytes, size_t n); /* RFC 4648 section 4 */
char *fmt_ratio(char *at, uint64_t ratio); /* FLD_R: "-0.25", at most four decimals */
char *fmt_json_string(char *at, const char *s,
                      size_t n); /* escaped, without quotes; at most 6n bytes */

/* 128-bit digest of the fields with D = 1; the digest of a set is the sum (mod 2^128) of its
 * records'. */
struct pavo_digest {
    uint64_t hi, lo;
};
struct pavo_digest pavo_record_digest(const struct pavo_record *r);
void pavo_digest_add(struct pavo_digest *sum, const struct pavo_digest *d);

/* community_id version 1 of an IP record ("1:" + base64 of SHA-1); 30 bytes and NUL. False: not an
 * IP flow. */
bool pavo_community_id(const struct pavo_record *r, char out[32]);

#endif
