/* blocks.c - fuzz target: the reader of regular capture files
 *
 * The first byte chooses the size of bursts, the rest is the file. Every byte handed out must be
 * there to read; what is handed out must not depend on the bursts; the counts must add up; and an
 * end must stay the end.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture_blocks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A digest of all that one reading gives. */
static uint64_t
read_through(int fd, unsigned burst)
{
    const struct cap_reader_config cfg = {.name = "fuzz", .source = 3};
    struct pavo_frame out[64];
    struct cap_reader *r;
    struct pavo_err err;
    uint64_t sum = 14695981039346656037u, n_frames = 0;
    int n;

    lseek(fd, 0, SEEK_SET);
    if (cap_blocks_open(dup(fd), &cfg, &r, &err) < 0)
        return 0;
    while ((n = r->ops->read(r, out, burst)) >= 0) {
        n_frames += (unsigned)n;
        for (int i = 0; i < n; i++) {
            const struct pavo_frame *f = &out[i];

            if (f->len < f->caplen || f->caplen > BLOCKS_FRAME_MAX || f->link >= PAVO_LINKS ||
                f->source != 3)
                abort();
            for (uint32_t k = 0; k < f->caplen; k++)
                sum = (sum ^ f->data[k]) * 1099511628211u;
            sum = (sum ^ f->ts_ns ^ ((uint64_t)f->len << 20) ^ f->link) * 1099511628211u;
        }
    }
    if (r->ops->read(r, out, burst) != n || n_frames + r->n_unread != r->n_frames ||
        r->n_filtered != 0)
        abort();
    sum ^= r->n_unread + (uint64_t)(unsigned)-n;
    r->ops->close(r);
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);

    if (fd < 0 || size < 1 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
        goto done;
    if (read_through(fd, 1 + data[0] % 64) != read_through(fd, 1))
        abort();
done:
    if (fd >= 0)
        close(fd);
    return 0;
}
