/* capture_pcap.h - what the two halves of the pcap backend share: files and pipes, and live NICs
 *
 * libpcap lends each frame only until the next one, so a queue copies what it hands out into its
 * arena.
 */
#ifndef PAVO_CAPTURE_PCAP_H
#define PAVO_CAPTURE_PCAP_H

#include <pcap/pcap.h>

#include "capture.h"
#include "capture_filter.h"
#include "capture_reader.h"

enum {
    ARENA_BYTES = 256 * 1024, /* a burst ends when this much is held */
    FRAME_MAX = 262144,       /* libpcap's MAXIMUM_SNAPLEN */
};

/* The frames of one burst. Owner: the worker that polls the queue. */
struct cap_arena {
    uint8_t *bytes; /* ARENA_BYTES + FRAME_MAX: below ARENA_BYTES any frame fits */
    size_t used;
    struct pavo_frame *out; /* of the recv() that runs */
    unsigned n, max;
    bool cut_us; /* capture.precision "us" */
};

/* Seconds of a pcap file are 32 bits, unsigned (draft-ietf-opsawg-pcap section 5); in files of the
 * host's own byte order libpcap extends their sign. */
static inline uint64_t
cap_ts_ns(const struct pcap_pkthdr *h, bool is_nano)
{
    const int64_t sec = h->ts.tv_sec < 0 && h->ts.tv_sec >= INT32_MIN
                            ? (int64_t)(uint32_t)h->ts.tv_sec
                            : h->ts.tv_sec;

    return cap_time_ns(sec, (uint64_t)h->ts.tv_usec * (is_nano ? 1 : 1000));
}

/* Appends a frame; false: the arena is full, though the burst has room for more. */
bool cap_arena_put(struct cap_arena *a, const struct pcap_pkthdr *h, const uint8_t *data,
                   bool is_nano, uint8_t link, uint16_t source);
/* The DLT_ of a LINKTYPE_ number, as libpcap maps it. */
int cap_dlt_of(int number);
/* "link type FDDI (10, FDDI) is not one that pavo reads"; returns 'text'. */
const char *cap_link_text(int dlt, char *text, size_t n);
/* Why a link type is refused, by name and number. */
int cap_refuse_link(const char *name, int dlt, struct pavo_err *err);

/* 0 or -errno: -EPROTONOSUPPORT a link type, -EINVAL a filter. */
int cap_files_open(const struct cfg *cfg, struct cap_set *set, struct cap_queue **out,
                   struct pavo_err *err);
void cap_files_close(struct cap_queue *q);
int cap_live_open(const struct cfg *cfg, const struct cfg_device *device, struct cap_set *set,
                  struct cap_queue **out, struct pavo_err *err);
void cap_live_close(struct cap_queue *q);

#endif
