/* capture_blocks.c - regular pcap, pcapng and snoop files, without libpcap
 *
 * The file is read in large pieces into one buffer, and frames are handed out as pointers into it:
 * nothing is copied per frame. What is handed out must stay where it is, so a burst ends where the
 * buffer would have to be filled again. (A mapping would save that copy, too, but a file that is
 * cut while it is mapped is a SIGBUS.)
 *
 * Where libpcap reads a file, the same frames, lengths and times come out here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_blocks.h"

/* draft-ietf-opsawg-pcap section 4, and libpcap's sf-pcap.c: microseconds, nanoseconds, and
 * microseconds with a longer frame header, of a libpcap that was once patched for Linux. */
static const uint32_t MAGIC_US = 0xa1b2c3d4, MAGIC_NS = 0xa1b23c4d, MAGIC_PATCHED = 0xa1b2cd34;
enum {
    PCAP_HEAD = 24,
    PCAP_FRAME = 16,
    PCAP_FRAME_PATCHED = 24,
};

enum step
blocks_broken(struct blocks *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(b->r.error.text, sizeof b->r.error.text, fmt, args);
    va_end(args);
    return STEP_BROKEN;
}

/* ---- the buffer -------------------------------------------------------------------------------
 */

ssize_t
blocks_read_at(const struct blocks *b, uint8_t *to, size_t n, uint64_t at)
{
    ssize_t got;

    do
        got = pread(b->fd, to, n, (off_t)at);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Moves what is held to just before BLOCKS_FRONT and reads to behind that: from a page's begin to a
 * page's begin, if the file is read from its own. Copies of the kernel to elsewhere in a line took
 * four times as long. */
enum step
blocks_fill(struct blocks *b, size_t want)
{
    const size_t n = held(b);
    uint8_t *front = b->bytes + BLOCKS_FRONT, *const end = b->bytes + BLOCKS_BUFFER;

    memmove(front - n, b->at, n);
    b->at = front - n;
    b->end = front;
    while (held(b) < want && !b->has_ended) {
        const size_t room = (size_t)(end - front);
        const ssize_t got =
            blocks_read_at(b, front, room < BLOCKS_READ ? room : BLOCKS_READ, b->next);

        if (got < 0)
            return blocks_broken(b, "can't be read: %s", strerror(errno));
        b->has_ended = got == 0;
        b->next += (uint64_t)got;
        front += got;
        b->end = front;
    }
    return held(b) >= want ? STEP_OK : STEP_END;
}

/* ---- pcap -------------------------------------------------------------------------------------
 */

static int
pcap_open_head(struct blocks *b, uint32_t magic, struct pavo_err *err)
{
    const char *name = b->r.cfg.name;
    const uint8_t *h;
    uint16_t major, minor;
    uint32_t snaplen;
    struct pavo_err why;
    int rc;

    if (hold(b, PCAP_HEAD, false) != STEP_OK)
        return pavo_err_set(err, EBADMSG, "%.200s: ends after %zu bytes, inside the file header",
                            name, held(b));
    h = b->at;
    major = u16(h + 4, b->is_swapped);
    minor = u16(h + 6, b->is_swapped);
    if (!(major == 2 && minor <= 4) && !(major == 543 && minor == 0)) /* 543.0: DG/UX */
        return pavo_err_set(err, EBADMSG, "%.200s: pcap version %u.%u is not one that pavo reads",
                            name, major, minor);
    /* The upper six bits of the link type tell of the frame check sequence. */
    rc = cap_reader_link(&b->r, (int)(u32(h + 20, b->is_swapped) & 0x03ffffff), &why);
    if (rc < 0)
        return pavo_err_set(err, -rc, "%.200s: %.300s", name, why.text);
    b->link = (uint8_t)rc;
    snaplen = u32(h + 16, b->is_swapped);
    if (snaplen == 0 || snaplen > INT32_MAX)
        snaplen = BLOCKS_FRAME_MAX;
    b->frame_head = PCAP_FRAME;
    if (magic == MAGIC_PATCHED) {
        b->frame_head = PCAP_FRAME_PATCHED;
        /* A cooked capture was given an Ethernet header past its snapshot length. */
        if (b->link == PAVO_LINK_ETHER && snaplen <= INT32_MAX - 14)
            snaplen += 14;
    }
    b->snaplen = snaplen;
    b->unit_ns = magic == MAGIC_NS ? 1 : 1000;
    b->lengths = major == 2 && minor == 3  ? LENGTHS_LESSER_FIRST
                 : major == 2 && minor > 3 ? LENGTHS_CAPLEN_FIRST
                                           : LENGTHS_LEN_FIRST;
    step_over(b, PCAP_HEAD);
    return 0;
}

static inline enum step
pcap_next(struct blocks *b, struct pavo_frame *f, bool is_pinned)
{
    enum step step = hold(b, b->frame_head, is_pinned);
    uint32_t caplen, len, kept;
    const uint8_t *h;

    if (step != STEP_OK)
        return step == STEP_END && held(b) > 0
                   ? blocks_broken(b, "cut inside the header of the next frame, %zu of %u bytes",
                                   held(b), b->frame_head)
                   : step;
    h = b->at;
    caplen = u32(h + 8, b->is_swapped);
    len = u32(h + 12, b->is_swapped);
    if (b->lengths == LENGTHS_LEN_FIRST || (b->lengths == LENGTHS_LESSER_FIRST && caplen > len)) {
        const uint32_t t = caplen;

        caplen = len;
        len = t;
    }
    if (caplen > BLOCKS_FRAME_MAX)
        return blocks_broken(b, "the next frame claims %u bytes; the most that are sane are %d",
                             caplen, BLOCKS_FRAME_MAX);
    step = hold(b, b->frame_head + caplen, is_pinned);
    if (step != STEP_OK)
        return step == STEP_END ? blocks_broken(b, "cut inside the next frame, %zu of %u bytes",
                                                held(b) - b->frame_head, caplen)
                                : step;
    h = b->at; /* it may have moved */
    kept = caplen <= b->snaplen ? caplen : b->snaplen;
    *f = (struct pavo_frame){
        .data = h + b->frame_head,
        .ts_ns =
            cap_time_ns(u32(h, b->is_swapped), (uint64_t)u32(h + 4, b->is_swapped) * b->unit_ns),
        .caplen = kept,
        .len = len >= kept ? len : kept,
        .source = b->r.cfg.source,
        .link = b->link,
    };
    b->at = h + b->frame_head + caplen;
    return STEP_OK;
}

/* What is the same for all frames of a file. Of its own: what is written through 'out' can't be any
 * of it. */
struct pcap_usual {
    struct pavo_frame frame; /* from 'rss' on */
    uint64_t unit_ns;
    size_t head; /* bytes of a frame's header */
};
enum { FRAME_REST = sizeof(struct pavo_frame) - offsetof(struct pavo_frame, rss) };
_Static_assert(offsetof(struct pavo_frame, len) == offsetof(struct pavo_frame, caplen) + 4,
               "both lengths are copied in one, as they stand in the file");

/* The frame whose header is at 'h', if at most 'most' bytes of it were captured, as of most there
 * are. Returns where the next one begins; NULL: it is another. */
static inline __attribute__((always_inline)) const uint8_t *
pcap_usual(const struct pcap_usual *u, const uint8_t *h, size_t most, struct pavo_frame *out)
{
    const size_t caplen = u32(h + 8, false);

    if (caplen > most || u32(h + 12, false) < caplen)
        return NULL;
    out->data = h + u->head;
    out->ts_ns = cap_time_ns(u32(h, false), (uint64_t)u32(h + 4, false) * u->unit_ns);
    memcpy(&out->caplen, h + 8, 8);
    memcpy(&out->rss, &u->frame.rss, FRAME_REST);
    return h + u->head + caplen;
}

/* Frames of a file that is as most are, as long as they are held whole; pcap_next() says the same
 * of them, and knows the rest. Returns how many. */
static unsigned
pcap_many(struct blocks *b, struct pavo_frame *out, unsigned max)
{
    enum { SHORT = 2048 }; /* no frame of most wires is longer */
    const struct pcap_usual u = {
        .frame = {.source = b->r.cfg.source, .link = b->link},
        .unit_ns = b->unit_ns,
        .head = b->frame_head,
    };
    const size_t most = b->snaplen < BLOCKS_FRAME_MAX ? b->snaplen : BLOCKS_FRAME_MAX;
    const size_t most_short = most < SHORT ? most : SHORT;
    const uint8_t *h = b->at, *next;
    size_t room = held(b);
    unsigned n = 0;

    /* Where there is room for any short one, how much there is needs not to be asked. */
    for (; n < max && room >= u.head + SHORT; n++) {
        if (!(next = pcap_usual(&u, h, most_short, &out[n])))
            break;
        room -= (size_t)(next - h);
        h = next;
    }
    for (; n < max && room >= u.head; n++) {
        if (!(next = pcap_usual(&u, h, room - u.head < most ? room - u.head : most, &out[n])))
            break;
        room -= (size_t)(next - h);
        h = next;
    }
    b->at = h;
    return n;
}

static bool
is_usual(const struct blocks *b)
{
    return b->next_frame == pcap_next && !b->is_swapped && b->lengths == LENGTHS_CAPLEN_FIRST &&
           !b->r.cfg.cut_us && !b->r.cfg.filter;
}

/* ---- the reader -------------------------------------------------------------------------------
 */

static int
blocks_read(struct cap_reader *r, struct pavo_frame *out, unsigned max)
{
    struct blocks *b = (struct blocks *)(void *)r;
    unsigned n = is_usual(b) ? pcap_many(b, out, max) : 0;
    unsigned looked = n;

    while (n < max && looked < BLOCKS_LOOK_MAX) {
        struct pavo_frame *f = &out[n];
        /* pcap is asked for by name: what is called by address is not inlined. */
        const enum step step =
            b->next_frame == pcap_next ? pcap_next(b, f, n > 0) : b->next_frame(b, f, n > 0);

        if (step > STEP_UNREAD) {
            if (looked > 0)
                break;
            return step == STEP_END ? CAP_END : CAP_FAILED;
        }
        looked++;
        if (step == STEP_UNREAD) {
            r->n_unread++;
            continue;
        }
        if (r->cfg.cut_us)
            f->ts_ns -= f->ts_ns % 1000;
        if (r->cfg.filter && !cap_filter_pass(r->cfg.filter, f)) {
            r->n_filtered++;
            continue;
        }
        n++;
    }
    r->n_frames += looked;
    r->n_bytes = b->next - held(b) - b->from;
    return (int)n;
}

static void
blocks_close(struct cap_reader *r)
{
    struct blocks *b = (struct blocks *)(void *)r;

    close(b->fd);
    free(b->bytes);
    free(b->ifaces);
    free(b);
}

static const struct cap_reader_ops blocks_ops = {
    .read = blocks_read,
    .close = blocks_close,
};

int
cap_blocks_open(int fd, const struct cap_reader_config *cfg, struct cap_reader **out,
                struct pavo_err *err)
{
    struct blocks *b = calloc(1, sizeof *b);
    const off_t from = lseek(fd, 0, SEEK_CUR); /* of standard input something may be read */
    uint32_t magic = 0;
    int rc;

    if (!b) {
        close(fd);
        return pavo_err_set(err, ENOMEM, "%.200s: no memory", cfg->name);
    }
    b->r.ops = &blocks_ops;
    b->r.cfg = *cfg;
    b->fd = fd;
    b->from = b->next = from > 0 ? (uint64_t)from : 0;
    b->bytes = aligned_alloc(BLOCKS_ALIGNED, BLOCKS_BUFFER);
    if (!b->bytes) {
        rc = pavo_err_set(err, ENOMEM, "%.200s: no memory", cfg->name);
        goto fail;
    }
    b->at = b->end = b->bytes + BLOCKS_FRONT;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    if (hold(b, 8, false) == STEP_BROKEN) {
        rc = pavo_err_set(err, EIO, "%.200s: %.250s", cfg->name, b->r.error.text);
        goto fail;
    }
    for (int swap = 0; swap < 2 && held(b) >= 4; swap++) {
        magic = u32(b->at, swap);
        b->is_swapped = swap;
        if (magic == NG_SECTION || magic == MAGIC_US || magic == MAGIC_NS || magic == MAGIC_PATCHED)
            break;
        magic = 0;
    }
    if (snoop_begins(b)) {
        b->next_frame = snoop_next;
        rc = snoop_open_head(b, err);
    } else if (magic == 0) {
        rc = cap_reader_refuse(cfg->name, b->at, held(b), "is no pcap, pcapng or snoop file", err);
    } else {
        b->next_frame = magic == NG_SECTION ? ng_next : pcap_next;
        rc = magic == NG_SECTION ? ng_open(b, err) : pcap_open_head(b, magic, err);
    }
    if (rc < 0)
        goto fail;
    *out = &b->r;
    return 0;

fail:
    blocks_close(&b->r);
    return rc;
}
