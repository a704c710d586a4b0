/* capture_snoop.c - files of Solaris' snoop, RFC 1761
 *
 * All numbers are in network byte order. A record is filled up to whole words; its own length says
 * where the next one begins. The count of packets that snoop dropped is not ours, and is not read.
 */
#include <errno.h>

#include "capture_blocks.h"

enum {
    SNOOP_HEAD = 16,
    SNOOP_RECORD = 24,
    SNOOP_VERSION = 2,
    RECORD_MAX = BLOCKS_FRAME_MAX + SNOOP_RECORD + 4096, /* with what fills it up */
};

static inline uint32_t
n32(const uint8_t *p)
{
    return u32(p, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
}

/* The LINKTYPE_ of a snoop datalink type (RFC 1761 section 3); -1: none that pavo reads. */
static int
link_of(uint32_t datalink)
{
    switch (datalink) {
    case 0: /* IEEE 802.3 */
    case 4: /* Ethernet */
        return 1;
    case 2: /* IEEE 802.5 */
        return 6;
    case 8: /* FDDI */
        return 10;
    default:
        return -1;
    }
}

bool
snoop_begins(const struct blocks *b)
{
    return held(b) >= 8 && memcmp(b->at, "snoop\0\0\0", 8) == 0;
}

int
snoop_open_head(struct blocks *b, struct pavo_err *err)
{
    const char *name = b->r.cfg.name;
    struct pavo_err why;
    uint32_t version, datalink;
    int rc;

    if (hold(b, SNOOP_HEAD, false) != STEP_OK)
        return pavo_err_set(err, EBADMSG, "%.200s: ends after %zu bytes, inside the file header",
                            name, held(b));
    version = n32(b->at + 8);
    datalink = n32(b->at + 12);
    if (version != SNOOP_VERSION)
        return pavo_err_set(err, EBADMSG, "%.200s: snoop version %u is not one that pavo reads",
                            name, version);
    rc = link_of(datalink);
    if (rc < 0)
        return pavo_err_set(err, EPROTONOSUPPORT,
                            "%.200s: link type %u of snoop is not one that pavo reads", name,
                            datalink);
    rc = cap_reader_link(&b->r, rc, &why);
    if (rc < 0)
        return pavo_err_set(err, -rc, "%.200s: %.300s", name, why.text);
    b->link = (uint8_t)rc;
    step_over(b, SNOOP_HEAD);
    return 0;
}

enum step
snoop_next(struct blocks *b, struct pavo_frame *f, bool is_pinned)
{
    enum step step = hold(b, SNOOP_RECORD, is_pinned);
    uint32_t caplen, len, record;
    const uint8_t *h;

    if (step != STEP_OK)
        return step == STEP_END && held(b) > 0
                   ? blocks_broken(b, "cut inside the header of the next frame, %zu of %u bytes",
                                   held(b), (unsigned)SNOOP_RECORD)
                   : step;
    h = b->at;
    len = n32(h);
    caplen = n32(h + 4);
    record = n32(h + 8);
    if (caplen > BLOCKS_FRAME_MAX || record > RECORD_MAX || record < SNOOP_RECORD ||
        caplen > record - SNOOP_RECORD)
        return blocks_broken(b, "the next frame claims %u bytes in a record of %u", caplen, record);
    /* What fills up the last record may be missing. */
    step = hold(b, SNOOP_RECORD + caplen, is_pinned);
    if (step == STEP_OK && held(b) < record && !b->has_ended)
        step = hold(b, record, is_pinned);
    if (step == STEP_END && held(b) < SNOOP_RECORD + caplen)
        return blocks_broken(b, "cut inside the next frame, %zu of %u bytes",
                             held(b) - SNOOP_RECORD, caplen);
    if (step != STEP_OK && step != STEP_END)
        return step;
    h = b->at; /* it may have moved */
    *f = (struct pavo_frame){
        .data = h + SNOOP_RECORD,
        .ts_ns = cap_time_ns(n32(h + 16), (uint64_t)n32(h + 20) * 1000),
        .caplen = caplen,
        .len = len >= caplen ? len : caplen,
        .source = b->r.cfg.source,
        .link = b->link,
    };
    b->at = held(b) < record ? b->end : h + record;
    return STEP_OK;
}
