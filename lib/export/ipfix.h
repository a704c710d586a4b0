/* ipfix.h - numbers of IPFIX (RFC 7011) and of our streams, and what the parts of the encoder share
 *
 * Private to the export library.
 */
#ifndef PAVO_IPFIX_H
#define PAVO_IPFIX_H

#include "bytes_put.h"
#include "pavo_export.h"
#include "rows.h"

enum {
    IPFIX_VERSION = 10, /* RFC 7011 section 3.1 */
    IPFIX_HEADER = 16,
    IPFIX_SET_HEADER = 4,
    IPFIX_SET_TEMPLATES = 2, /* RFC 7011 section 3.3.2 */
    IPFIX_SET_OPTIONS = 3,
    IPFIX_SET_DATA = 256,      /* the lowest template id */
    IPFIX_VARIABLE = 65535,    /* length of a variable-length field, section 7 */
    IPFIX_ENTERPRISE = 0x8000, /* bit of an element id: a PEN follows */
    IPFIX_BASIC_LIST = 291,    /* RFC 6313 */
    IPFIX_SUB_TEMPLATE_LIST = 292,
    IPFIX_SUB_TEMPLATE_MULTI_LIST = 293,
    IPFIX_ALL_OF = 3,  /* RFC 6313 section 4.4.4: what stands in a list is there together */
    IPFIX_ORDERED = 4, /* section 4.4.5: the order says something */
    IPFIX_MESSAGE_MAX = 65535,
};

/* Template ids of our streams; they never change. Flows travel in the sensor's own observation
 * domain... */
enum {
    IPFIX_ID_IP4 = 256,
    IPFIX_ID_IP6 = 257,
    IPFIX_ID_ICMP4 = 258,
    IPFIX_ID_ICMP6 = 259,
    IPFIX_ID_ARP = 260,
    IPFIX_ID_LINK = 261,
    IPFIX_ID_LAYER = 264,  /* a layer of the encapsulation: type and id */
    IPFIX_ID_LAYER4 = 265, /* and IPv4 endpoints */
    IPFIX_ID_LAYER6 = 266, /* and IPv6 endpoints */
    IPFIX_ID_LAYERM = 267, /* and MACs beside these */
    IPFIX_ID_PARTS = 270,  /* and the eleven behind it: parts, ipfix_parts.c */
    /* ...options in domain 0. */
    IPFIX_ID_TYPES = 300,      /* RFC 5610 */
    IPFIX_ID_INTERFACES = 301, /* names of the sources */
    IPFIX_ID_OBSERVER = 302,   /* name of the sensor */
    IPFIX_ID_LEDGER = 303,
};

/* Elements that are not rows of fields.def or ledger.def. */
enum {
    IPFIX_IE_PORT_SRC = 7,
    IPFIX_IE_IP4_SRC = 8,
    IPFIX_IE_INGRESS = 10,
    IPFIX_IE_PORT_DST = 11,
    IPFIX_IE_IP4_DST = 12,
    IPFIX_IE_IP6_SRC = 27,
    IPFIX_IE_IP6_DST = 28,
    IPFIX_IE_EXPORTED_OCTETS = 40,
    IPFIX_IE_EXPORTED_MESSAGES = 41,
    IPFIX_IE_MAC_SRC = 56,
    IPFIX_IE_IP_VERSION = 60,
    IPFIX_IE_MAC_DST = 80,
    IPFIX_IE_INTERFACE_NAME = 82,
    IPFIX_IE_INTERFACE_DESCRIPTION = 83,
    IPFIX_IE_METERING_PROCESS = 143,
    IPFIX_IE_DOMAIN = 149,
    IPFIX_IE_IGNORED_PACKETS = 164,
    IPFIX_IE_NOT_SENT_FLOWS = 166,
    IPFIX_IE_NOT_SENT_PACKETS = 167,
    IPFIX_IE_NOT_SENT_OCTETS = 168,
    IPFIX_IE_DOMAIN_NAME = 300,
    IPFIX_IE_ELEMENT_ID = 303,
    IPFIX_IE_DATA_TYPE = 339,
    IPFIX_IE_DESCRIPTION = 340,
    IPFIX_IE_NAME = 341,
    IPFIX_IE_RANGE_BEGIN = 342,
    IPFIX_IE_RANGE_END = 343,
    IPFIX_IE_SEMANTICS = 344,
    IPFIX_IE_UNITS = 345,
    IPFIX_IE_PEN = 346,
    /* ours */
    IPFIX_IE_CARRIER_TYPE = 1030,
    IPFIX_IE_CARRIER_ID = 1031,
    IPFIX_IE_LEDGER_KIND = 1101,
    IPFIX_IE_LOST = 1150, /* element of a basicList: place n is row n of losses.def */
    IPFIX_IE_WHY = 1151,  /* and of why.def */
};

/* NTP 64-bit time stamps, RFC 7011 section 6.1.10: seconds since 1900 modulo 2^32, then 2^-32
 * seconds. The fraction is rounded up here and down there, so that nanoseconds come back exactly.
 */
enum { IPFIX_NTP_OFFSET_DAYS = 25567 };
#define IPFIX_NTP_OFFSET UINT64_C(2208988800)
_Static_assert(IPFIX_NTP_OFFSET == IPFIX_NTP_OFFSET_DAYS * UINT64_C(86400),
               "70 years, 17 leap days");

static inline uint64_t
ipfix_ntp(uint64_t ns)
{
    const uint64_t seconds = ns / 1000000000, rest = ns % 1000000000;

    return (seconds + IPFIX_NTP_OFFSET) << 32 | ((rest << 32) + 999999999) / 1000000000;
}

/* A time before 1970 is taken as one after 2036, when the seconds begin anew. */
static inline uint64_t
ipfix_ns(uint64_t ntp)
{
    const uint64_t seconds = ((ntp >> 32) - IPFIX_NTP_OFFSET) & UINT32_MAX;

    return seconds * 1000000000 + (((ntp & UINT32_MAX) * 1000000000) >> 32);
}

/* One field of a template. */
struct ipfix_field {
    uint32_t pen;
    uint16_t id;
    uint16_t bytes; /* IPFIX_VARIABLE */
};

enum {
    IPFIX_PARTS_MOST = 8192, /* octets of all parts of a record */
    IPFIX_SLACK = 32,        /* that may be written behind what counts, and then are overwritten */
};

/* The encoder. One message is open at a time; it is written where it is sent from, behind what
 * counts in the caller's buffer ('open' of struct pavo_buf, 0 when there is none), and counts when
 * it is full, when the observation domain changes and at flush(). The buffer has room for a whole
 * message, and IPFIX_SLACK, from the moment it is opened. */
struct ipfix_enc {
    struct pavo_stream_info info;
    uint32_t limit;       /* most bytes of a message */
    uint32_t set_at;      /* where in the message the open set begins */
    uint16_t set_id;      /* 0: none is open */
    uint32_t domain;      /* of the open message */
    uint32_t records;     /* data records in the open message */
    uint32_t sequence[2]; /* data records so far: domain 0, flows (RFC 7011 section 3.1) */
    uint64_t octets, messages;
    uint8_t parts[IPFIX_PARTS_MOST]; /* of the record in hand */
};

/* The long way to room: another set, another message. */
uint8_t *ipfix_room_make(struct ipfix_enc *e, struct pavo_buf *out, uint32_t domain,
                         uint16_t set_id, uint32_t n);
/* Room for 'n' bytes in a set of that id; closes and opens set and message as needed. The caller
 * writes and calls ipfix_take(). 'n' is at most limit - 20. NULL: no memory for a message. An id of
 * data belongs to one domain, and a set of templates is closed when it is written. */
static inline uint8_t *
ipfix_room(struct ipfix_enc *e, struct pavo_buf *out, uint32_t domain, uint16_t set_id, uint32_t n)
{
    if (e->set_id == set_id && out->open + n <= e->limit)
        return out->at + out->len + out->open;
    return ipfix_room_make(e, out, domain, set_id, n);
}

/* What was written ends at 'end'; 'record' if it is a data record. */
static inline void
ipfix_take(struct ipfix_enc *e, struct pavo_buf *out, const uint8_t *end, bool record)
{
    out->open = (size_t)(end - (out->at + out->len));
    e->records += record;
}

void ipfix_set_close(struct ipfix_enc *e, struct pavo_buf *out);
void ipfix_message_close(struct ipfix_enc *e, struct pavo_buf *out);

/* Writes a template in a set of its own; with 'scope' fields > 0 an options template. */
void ipfix_template(struct ipfix_enc *e, struct pavo_buf *out, uint32_t domain, uint16_t id,
                    const struct ipfix_field *f, unsigned n, unsigned scope);

/* A string as a variable-length field; cut at 254 octets. */
uint8_t *ipfix_string(uint8_t *at, const char *s);

static inline uint8_t *
ipfix_put_bytes(uint8_t *at, const void *bytes, unsigned n)
{
    memcpy(at, bytes, n);
    return at + n;
}

/* The length of a variable-length field, RFC 7011 section 7. */
static inline uint8_t *
ipfix_put_length(uint8_t *at, uint32_t n)
{
    if (n < 255) {
        *at++ = (uint8_t)n;
        return at;
    }
    *at++ = 255;
    return put_be(at, n, 2);
}

/* An address in a field of sixteen octets: IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
static inline uint8_t *
ipfix_put_mapped(uint8_t *at, const uint8_t ip[16], unsigned version)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

    if (version != 4)
        return ipfix_put_bytes(at, ip, 16);
    memcpy(at, prefix, sizeof prefix);
    memcpy(at + sizeof prefix, ip, 4);
    return at + 16;
}

/* Octets of the fields of fixed length of a template; a constant where that is one. */
static inline __attribute__((always_inline)) uint32_t
ipfix_fixed_bytes(const unsigned template)
{
    uint32_t n = 0;

#define FIELD(elem, p, id, T, ty, by, S, D, hv, wd, path, un, member, hp)                          \
    if (FLD_##T & template)                                                                        \
        n += by;
#include "fields.def"
#undef FIELD
    return n;
}

/* Parts, ipfix_parts.c: their templates; and the content of flowParts for a record, in at most
 * 'most' octets. What does not fit is left out, *cut says so. Returns the octets. */
void ipfix_parts_templates(struct ipfix_enc *e, struct pavo_buf *out);
uint32_t ipfix_parts_make(const struct pavo_record *r, uint8_t to[IPFIX_PARTS_MOST], uint32_t most,
                          bool *cut);
/* All parts of a record where they belong; and how many octets that takes. 0: there are such whose
 * length is only known when they are made. 'has' is what ipfix_parts_had() says. */
uint8_t *ipfix_parts_put(uint8_t *at, const struct pavo_record *r, uint32_t has);
uint32_t ipfix_parts_bytes(const struct pavo_record *r, uint32_t has);

/* The parts that a record has: FLD_P bits. */
static inline uint32_t
ipfix_parts_had(const struct pavo_record *r)
{
    return ((uint32_t)r->parts & ROW_PARTS) << FLD_PART_SHIFT |
           (row_has_more(r) ? (uint32_t)FLD_PMORE : 0);
}

/* Options of domain 0, ipfix_ledger.c: templates, types of our elements, names; and a ledger
 * record. */
void ipfix_options_begin(struct ipfix_enc *e, struct pavo_buf *out);
void ipfix_ledger(struct ipfix_enc *e, struct pavo_buf *out, const struct pavo_ledger *l);
/* Bytes that the longest options record needs. */
uint32_t ipfix_options_most(void);

/* The member of a ledger record with that element, for the reader; NULL: not one of ours. */
struct ipfix_member {
    uint32_t pen;
    uint16_t id;
    uint16_t offset;
    uint8_t bytes;
    uint8_t semantics;
    bool is_time;
    const char *ie, *unit, *help;
};
extern const struct ipfix_member ipfix_members[];
extern const unsigned ipfix_n_members;

#endif
