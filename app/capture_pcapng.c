/* capture_pcapng.c - regular pcapng files, draft-ietf-opsawg-pcapng
 *
 * A file is a chain of blocks (section 3.1), of which those with frames, interfaces and sections
 * are read. Each interface has a link type, a snapshot length and a clock of its own, each section
 * a byte order and interfaces of its own. Frames of a link type that pavo does not read are lost,
 * counted, and named at the end of the file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_blocks.h"

/* draft-ietf-opsawg-pcapng section 4; 2 is the Packet Block of its appendix. */
enum {
    NG_MAGIC = 0x1a2b3c4d,
    NG_INTERFACE = 1,
    NG_OLD_PACKET = 2,
    NG_SIMPLE_PACKET = 3,
    NG_PACKET = 6,

    NG_FRAME = 12, /* type and length before the body of a block, length again behind it */
    NG_SECTION_MIN = NG_FRAME + 16,
    NG_SECTION_MAX = 1024 * 1024,
    NG_OPT_END = 0,
    NG_OPT_TSRESOL = 9,
    NG_OPT_TSOFFSET = 14,
};

/* ---- pcapng: interfaces -----------------------------------------------------------------------
 */

/* draft-ietf-opsawg-pcapng section 4.2, if_tsresol: a negative power of 10, or with the upper bit
 * of 2. */
static bool
iface_resolution(struct iface *i, uint8_t code)
{
    const unsigned power = code & 0x7f;

    if (power > (code & 0x80 ? 63 : 19))
        return false;
    i->per_s = 1;
    if (code & 0x80)
        i->per_s <<= power;
    else
        for (unsigned n = 0; n < power; n++)
            i->per_s *= 10;
    return true;
}

/* Options, draft-ietf-opsawg-pcapng section 3.5, between 'at' and 'end'. */
static enum step
iface_options(struct blocks *b, struct iface *i, const uint8_t *at, const uint8_t *end)
{
    bool has_resolution = false, has_offset = false;

    while (at < end) {
        uint16_t code, n;
        size_t padded;

        if (end - at < 4)
            return blocks_broken(b, "an option of an interface is cut");
        code = u16(at, b->is_swapped);
        n = u16(at + 2, b->is_swapped);
        at += 4;
        padded = ((size_t)n + 3) / 4 * 4;
        if ((size_t)(end - at) < padded)
            return blocks_broken(b, "option %u of an interface is longer than its block", code);
        if (code == NG_OPT_END)
            return n == 0
                       ? STEP_OK
                       : blocks_broken(b, "the end of an interface's options has a length, %u", n);
        if (code == NG_OPT_TSRESOL) {
            if (n != 1 || has_resolution || !iface_resolution(i, at[0]))
                return blocks_broken(b, "an interface's time stamp resolution makes no sense");
            has_resolution = true;
        } else if (code == NG_OPT_TSOFFSET) {
            if (n != 8 || has_offset)
                return blocks_broken(b, "an interface's time stamp offset makes no sense");
            i->offset_s = (int64_t)u64(at, b->is_swapped);
            has_offset = true;
        }
        at += padded;
    }
    return STEP_OK;
}

/* The place of a link type among those whose frames are lost; -1: it is not there. */
static int
unread_find(const struct blocks *b, int link)
{
    for (unsigned k = 0; k < b->r.n_unread_kinds; k++)
        if (b->r.unread[k].link == link)
            return (int)k;
    return b->r.n_unread_kinds == CAP_UNREAD_KINDS && pavo_link_of(link) < 0 ? CAP_UNREAD_KINDS - 1
                                                                             : -1;
}

static int
unread_add(struct blocks *b, int link, const char *why)
{
    struct cap_unread *u = &b->r.unread[b->r.n_unread_kinds];

    if (b->r.n_unread_kinds == CAP_UNREAD_KINDS)
        return CAP_UNREAD_KINDS - 1;
    if (b->r.n_unread_kinds == CAP_UNREAD_KINDS - 1)
        why = "still other link types are not ones that pavo reads";
    u->link = link;
    (void)snprintf(u->why, sizeof u->why, "%.250s", why);
    return (int)b->r.n_unread_kinds++;
}

/* Link type and filter: either the interface's frames are read, or they are lost and counted. */
static enum step
iface_link(struct blocks *b, struct iface *i, int number)
{
    struct pavo_err why;
    int link;

    i->unread = unread_find(b, number);
    if (i->unread >= 0)
        return STEP_OK;
    link = cap_reader_link(&b->r, number, &why);
    if (link >= 0) {
        i->link = (uint8_t)link;
        b->has_readable = true;
        return STEP_OK;
    }
    if (link != -EPROTONOSUPPORT && b->is_opening) {
        b->refused = link;
        return blocks_broken(b, "%.300s", why.text);
    }
    i->unread = unread_add(b, number, why.text);
    return STEP_OK;
}

/* Interface Description Block, section 4.2. */
static enum step
iface_add(struct blocks *b, const uint8_t *body, const uint8_t *end)
{
    struct iface i = {.unread = -1, .per_s = 1000000};

    if (end - body < 8)
        return blocks_broken(b, "an interface's block is too short");
    if (b->n_ifaces == BLOCKS_INTERFACES_MAX)
        return blocks_broken(b, "more than %d interfaces", BLOCKS_INTERFACES_MAX);
    if (b->n_ifaces == b->ifaces_room) {
        const uint32_t room = b->ifaces_room ? 2 * b->ifaces_room : 4;
        struct iface *more = realloc(b->ifaces, room * sizeof *more);

        if (!more)
            return blocks_broken(b, "no memory for %u interfaces", room);
        b->ifaces = more;
        b->ifaces_room = room;
    }
    i.snaplen = u32(body + 4, b->is_swapped);
    if (i.snaplen == 0 || i.snaplen > INT32_MAX)
        i.snaplen = BLOCKS_FRAME_MAX;
    if (iface_options(b, &i, body + 8, end) != STEP_OK)
        return STEP_BROKEN;
    for (uint64_t ns = 1000000000, per_s = 1; ns > 0; ns /= 10, per_s *= 10) {
        if (i.per_s == per_s && i.offset_s == 0) {
            i.plain_ns = ns;
            i.plain_max = UINT64_C(18446744072999999999) / ns;
        }
    }
    if (iface_link(b, &i, u16(body, b->is_swapped)) != STEP_OK)
        return STEP_BROKEN;
    b->ifaces[b->n_ifaces++] = i;
    return STEP_OK;
}

static uint64_t
iface_time_ns(const struct iface *i, uint64_t units)
{
    uint64_t part;

    if (i->plain_ns > 0 && units <= i->plain_max)
        return units * i->plain_ns;
    part = units % i->per_s;
    if (i->per_s <= UINT64_C(1) << 34) /* the product fits: 10^9 < 2^30 */
        part = part * 1000000000 / i->per_s;
    else if ((i->per_s & (i->per_s - 1)) != 0) /* a power of 10 */
        part /= i->per_s / 1000000000;
    else /* a power of 2 above 32: the lower half of 'part' first */
        part = ((part >> 32) * 1000000000 + ((part & UINT32_MAX) * 1000000000 >> 32)) /
               (i->per_s >> 32);
    return cap_time_ns((int64_t)(units / i->per_s + (uint64_t)i->offset_s), part);
}

/* ---- pcapng: blocks ---------------------------------------------------------------------------
 */

/* Section Header Block, section 4.1, of which 'n' bytes are held. Its length of the section is not
 * needed. */
static enum step
section_begin(struct blocks *b, uint32_t n, bool is_swapped)
{
    uint16_t major, minor;

    if (n < NG_SECTION_MIN)
        return blocks_broken(b, "a section header of %u bytes is too short", n);
    if (n > NG_SECTION_MAX)
        return blocks_broken(b, "a section header of %u bytes makes no sense", n);
    major = u16(b->at + 12, is_swapped);
    minor = u16(b->at + 14, is_swapped);
    if (major != 1 || (minor != 0 && minor != 2)) /* 1.2 is 1.0 with more kinds of blocks */
        return blocks_broken(b, "pcapng version %u.%u is not one that pavo reads", major, minor);
    b->is_swapped = is_swapped;
    b->n_ifaces = 0;
    return STEP_OK;
}

/* A frame of interface 'id' whose bytes begin 'head' bytes into the block of 'n' bytes. */
static enum step
packet(struct blocks *b, struct pavo_frame *f, uint32_t n, uint32_t head, uint32_t id,
       uint64_t units, uint32_t caplen, uint32_t len)
{
    const struct iface *i;

    if (id >= b->n_ifaces)
        return blocks_broken(b, "the next frame is of interface %u; the section has %u", id,
                             b->n_ifaces);
    i = &b->ifaces[id];
    if (i->unread >= 0) {
        b->r.unread[i->unread].n_frames++;
        return STEP_UNREAD;
    }
    if (caplen > i->snaplen)
        return blocks_broken(b, "the next frame claims %u bytes; its interface captures %u", caplen,
                             i->snaplen);
    if (caplen > n - head - 4)
        return blocks_broken(b, "the next frame claims %u bytes; its block holds %u", caplen,
                             n - head - 4);
    *f = (struct pavo_frame){
        .data = b->at + head,
        .ts_ns = iface_time_ns(i, units),
        .caplen = caplen <= BLOCKS_FRAME_MAX ? caplen : BLOCKS_FRAME_MAX,
        .len = len >= caplen ? len : caplen,
        .source = b->r.cfg.source,
        .link = i->link,
    };
    return STEP_OK;
}

/* Blocks with a frame: Enhanced Packet (section 4.3), Simple Packet (4.4), Packet (appendix A). */
static enum step
packet_block(struct blocks *b, struct pavo_frame *f, uint32_t type, uint32_t n)
{
    const bool sw = b->is_swapped;
    const uint8_t *p = b->at + 8;
    uint32_t id, len, caplen;

    if (n < NG_FRAME + (type == NG_SIMPLE_PACKET ? 4u : 20u))
        return blocks_broken(b, "the block of the next frame is too short, %u bytes", n);
    if (type == NG_SIMPLE_PACKET) {
        /* Of the first interface, without time, and with the captured length left to reckon. */
        len = u32(p, sw);
        caplen = b->n_ifaces > 0 && len > b->ifaces[0].snaplen ? b->ifaces[0].snaplen : len;
        return packet(b, f, n, 12, 0, 0, caplen, len);
    }
    id = type == NG_PACKET ? u32(p, sw) : u16(p, sw);
    return packet(b, f, n, 28, id, (uint64_t)u32(p + 4, sw) << 32 | u32(p + 8, sw), u32(p + 12, sw),
                  u32(p + 16, sw));
}

/* STEP_OK: the next block is held, as much as is needed of it, and its length is sane. */
static inline enum step
block_hold(struct blocks *b, bool is_pinned, bool *is_swapped, uint32_t *n_out)
{
    enum step step = hold(b, NG_FRAME, is_pinned); /* of a section header, to its magic */
    uint32_t n, behind;

    if (step != STEP_OK)
        return step == STEP_END && held(b) > 0
                   ? blocks_broken(b, "cut inside the header of the next block, %zu bytes", held(b))
                   : step;
    if (u32(b->at, false) == NG_SECTION) { /* reads the same in both orders */
        *is_swapped = u32(b->at + 8, false) != NG_MAGIC;
        if (u32(b->at + 8, *is_swapped) != NG_MAGIC)
            return blocks_broken(b, "a section header without its magic");
    }
    n = u32(b->at + 4, *is_swapped);
    if (n < NG_FRAME || n % 4 != 0)
        return blocks_broken(b, "the next block claims %u bytes, which no block has", n);
    step = hold(b, n <= BLOCKS_HOLD_MAX ? n : BLOCKS_HOLD_MAX, is_pinned);
    if (step != STEP_OK)
        return step == STEP_END
                   ? blocks_broken(b, "cut inside the next block, %zu of %u bytes", held(b), n)
                   : step;
    if (n <= held(b)) {
        behind = u32(b->at + n - 4, *is_swapped);
    } else {
        uint8_t tail[4];

        if (blocks_read_at(b, tail, sizeof tail, b->next - held(b) + n - 4) != sizeof tail)
            return blocks_broken(b, "cut inside the next block of %u bytes", n);
        behind = u32(tail, *is_swapped);
    }
    if (behind != n)
        return blocks_broken(b, "the next block says %u bytes before and %u behind", n, behind);
    *n_out = n;
    return STEP_OK;
}

enum step
ng_next(struct blocks *b, struct pavo_frame *f, bool is_pinned)
{
    for (;;) {
        bool is_swapped = b->is_swapped;
        uint32_t n = 0, type;
        enum step step = block_hold(b, is_pinned, &is_swapped, &n);

        if (step != STEP_OK)
            return step;
        type = u32(b->at, is_swapped);
        if (type == NG_PACKET || type == NG_SIMPLE_PACKET || type == NG_OLD_PACKET) {
            if (!f)
                return STEP_OK;
            step = packet_block(b, f, type, n);
            if (step != STEP_BROKEN)
                step_over(b, n);
            return step;
        }
        if (type == NG_SECTION)
            step = section_begin(b, n, is_swapped);
        else if (type == NG_INTERFACE)
            step = n <= BLOCKS_HOLD_MAX
                       ? iface_add(b, b->at + 8, b->at + n - 4)
                       : blocks_broken(b, "an interface of %u bytes makes no sense", n);
        if (step != STEP_OK)
            return step;
        step_over(b, n);
    }
}

/* The blocks before the first frame: is there an interface that can be read? A file without any
 * frame needs none. What is broken behind the first interface is left for read() to find. */
int
ng_open(struct blocks *b, struct pavo_err *err)
{
    enum step step;

    b->is_opening = true;
    step = ng_next(b, NULL, false);
    b->is_opening = false;
    if (b->refused)
        return pavo_err_set(err, -b->refused, "%.200s: %.300s", b->r.cfg.name, b->r.error.text);
    if (step == STEP_BROKEN && b->n_ifaces == 0)
        return pavo_err_set(err, EBADMSG, "%.200s: %.250s", b->r.cfg.name, b->r.error.text);
    if (step == STEP_OK && b->n_ifaces == 0)
        return pavo_err_set(err, EBADMSG, "%.200s: has a frame before any interface",
                            b->r.cfg.name);
    if (b->r.n_unread_kinds > 0 && !b->has_readable)
        return pavo_err_set(err, EPROTONOSUPPORT, "%.200s: %.250s", b->r.cfg.name,
                            b->r.unread[0].why);
    return 0;
}
