/* capture_blocks.h - what the parts of the reader of regular files share: pcap, pcapng, and snoop
 *
 * Whatever is next in the file is looked at until it is whole, and only then stepped over. So what
 * is broken is found again, with the same words, when read() comes back to it after it handed out
 * what lay before it.
 */
#ifndef PAVO_CAPTURE_BLOCKS_H
#define PAVO_CAPTURE_BLOCKS_H

#include <byteswap.h>
#include <string.h>
#include <sys/types.h>

#include "capture_reader.h"

enum {
    BLOCKS_FRAME_MAX = 262144, /* bytes of a frame that are handed out; libpcap's MAXIMUM_SNAPLEN */
    BLOCKS_HOLD_MAX = 384 * 1024, /* of a larger block only so much is held: no frame needs more */
    BLOCKS_ALIGNED = 4096,
    BLOCKS_FRONT =
        BLOCKS_HOLD_MAX, /* where in the buffer reads begin; before it is what was held */
    BLOCKS_BUFFER = 1024 * 1024,
    BLOCKS_READ =
        128 * 1024, /* at once: what is read is still in the caches when it is looked at */
    BLOCKS_LOOK_MAX =
        4096, /* frames that one read() looks at: a filter may let nothing through for long */
    BLOCKS_INTERFACES_MAX = 65536, /* of a section */
    NG_SECTION = 0x0a0d0d0a,       /* first bytes of a pcapng file */
};

/* One interface of a section. */
struct iface {
    uint32_t snaplen;
    uint8_t link;   /* if it is read */
    int unread;     /* else: which of the reader's; -1 */
    uint64_t per_s; /* units of its time stamps in a second */
    int64_t offset_s;
    uint64_t plain_ns; /* time stamps up to 'plain_max' are this many nanoseconds each */
    uint64_t plain_max;
};

enum step {
    STEP_OK,     /* what was asked for is there: a frame, bytes */
    STEP_UNREAD, /* a frame that is lost */
    STEP_FULL,   /* the buffer must be filled, and frames point into it */
    STEP_END,
    STEP_BROKEN,
};

/* Does a frame header name the captured length first? From 2.3 on it does, though not in all files
 * that say 2.3 (libpcap, sf-pcap.c). */
enum lengths { LENGTHS_CAPLEN_FIRST, LENGTHS_LESSER_FIRST, LENGTHS_LEN_FIRST };

/* The next frame; with f NULL (pcapng) up to it. 'is_pinned': frames point into the buffer. */
struct blocks;
typedef enum step blocks_next_fn(struct blocks *b, struct pavo_frame *f, bool is_pinned);

/* One file. */
struct blocks {
    struct cap_reader r; /* first */
    blocks_next_fn *next_frame;
    int fd;
    uint8_t *bytes;          /* BLOCKS_BUFFER */
    const uint8_t *at, *end; /* what is held and not read */
    uint64_t from, next;     /* where in the file the capture begins, and where 'end' is */
    bool has_ended;          /* nothing lies behind 'end' */
    bool is_swapped;

    uint32_t frame_head; /* pcap: bytes before each frame */
    uint32_t unit_ns;
    uint32_t snaplen;
    enum lengths lengths;
    uint8_t link;

    struct iface *ifaces; /* pcapng: of this section */
    uint32_t n_ifaces, ifaces_room;
    bool has_readable, is_opening;
    int refused; /* -errno of a filter that does not fit an interface, while opening */
};

static inline uint16_t
u16(const uint8_t *p, bool is_swapped)
{
    uint16_t v;

    memcpy(&v, p, sizeof v);
    return is_swapped ? bswap_16(v) : v;
}

static inline uint32_t
u32(const uint8_t *p, bool is_swapped)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return is_swapped ? bswap_32(v) : v;
}

static inline uint64_t
u64(const uint8_t *p, bool is_swapped)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return is_swapped ? bswap_64(v) : v;
}

/* What is wrong, for CAP_FAILED. */
enum step blocks_broken(struct blocks *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), cold));
/* pread() that is not interrupted. */
ssize_t blocks_read_at(const struct blocks *b, uint8_t *to, size_t n, uint64_t at);
/* Reads until 'want' bytes are held; what is held already moves. */
enum step blocks_fill(struct blocks *b, size_t want);

static inline size_t
held(const struct blocks *b)
{
    return (size_t)(b->end - b->at);
}

/* STEP_OK: 'n' bytes lie at b->at, n <= BLOCKS_HOLD_MAX. STEP_END: the file ends before. */
static inline enum step
hold(struct blocks *b, size_t n, bool is_pinned)
{
    if (held(b) >= n)
        return STEP_OK;
    if (b->has_ended)
        return STEP_END;
    return is_pinned ? STEP_FULL : blocks_fill(b, n);
}

static inline void
step_over(struct blocks *b, uint32_t n)
{
    if (n <= held(b)) {
        b->at += n;
        return;
    }
    b->next += n - held(b);
    b->at = b->end;
}

/* The blocks before the first frame: 0, or -errno if there is nothing to read. */
int ng_open(struct blocks *b, struct pavo_err *err);
blocks_next_fn ng_next;

/* Do the bytes held begin a file of snoop? The file header: 0, or -errno. */
bool snoop_begins(const struct blocks *b);
int snoop_open_head(struct blocks *b, struct pavo_err *err);
blocks_next_fn snoop_next;

#endif
