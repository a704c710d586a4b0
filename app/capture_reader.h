/* capture_reader.h - one capture that is read: what the queue of files asks of whoever reads it
 *
 * Two readers stand behind it: libpcap, for pipes and on request (capture_stream.c), and our own
 * for regular files (capture_blocks.c). Both give the same frames, counts and times of what both
 * can read.
 */
#ifndef PAVO_CAPTURE_READER_H
#define PAVO_CAPTURE_READER_H

#include "capture.h"
#include "capture_filter.h"

/* What is wanted of a reader. Copied; what it points to is borrowed until close. */
struct cap_reader_config {
    const char *name; /* of the file, for sentences */
    struct cap_filter
        *filter; /* NULL: all frames are wanted. Gets a program for each link type that turns up */
    const _Atomic bool *stop; /* NULL: never */
    uint16_t source;
    bool cut_us; /* capture.precision "us" */
};

enum { CAP_UNREAD_KINDS = 16 };

/* Frames of an interface that can't be read, in a file that has others. */
struct cap_unread {
    int link; /* LINKTYPE_ number */
    uint64_t n_frames;
    char why[256];
};

/* Owner: the thread that reads it. 'n_frames' counts all that were taken from the file: those
 * handed out, filtered and unread. */
struct cap_reader {
    const struct cap_reader_ops *ops;
    struct cap_reader_config cfg;
    uint64_t n_frames, n_filtered, n_unread;
    uint64_t n_bytes; /* of the file that are done, roughly */
    struct cap_unread unread[CAP_UNREAD_KINDS];
    unsigned n_unread_kinds;
    struct pavo_err error; /* after CAP_FAILED: what broke */
};

struct cap_reader_ops {
    /* Up to 'max' frames, valid until the next call; 0: none now; CAP_END; CAP_FAILED: the file is
     * broken here. */
    int (*read)(struct cap_reader *r, struct pavo_frame *out, unsigned max);
    /* Sleeps until there may be frames. NULL: there always are. */
    void (*wait)(struct cap_reader *r, int timeout_ms);
    void (*close)(struct cap_reader *r);
};

/* Both take the descriptor, even if they fail: 0, or -errno with a sentence that starts with the
 * file's name; -EPROTONOSUPPORT: no frame of a link type that pavo reads, -EINVAL: the filter,
 * -EBADMSG: no capture. */
int cap_stream_open(int fd, const struct cap_reader_config *cfg, struct cap_reader **out,
                    struct pavo_err *err);
int cap_blocks_open(int fd, const struct cap_reader_config *cfg, struct cap_reader **out,
                    struct pavo_err *err);

/* For readers. The pavo_link of a LINKTYPE_ or DLT_ number, with its filter ready, or -errno as
 * above; 'err' then says it without the file's name. */
int cap_reader_link(struct cap_reader *r, int number, struct pavo_err *err);
/* Says of bytes that are no capture what they may be; -EBADMSG. */
int cap_reader_refuse(const char *name, const uint8_t *head, size_t n, const char *says,
                      struct pavo_err *err);

/* Seconds may be anything in a broken file, and a fraction more than a second. */
static inline uint64_t
cap_time_ns(int64_t sec, uint64_t part_ns)
{
    if (sec < 0)
        return 0;
    if (part_ns > 999999999)
        part_ns = 999999999;
    if (sec > INT64_C(18446744072))
        sec = INT64_C(18446744072);
    return (uint64_t)sec * 1000000000 + part_ns;
}

#endif
