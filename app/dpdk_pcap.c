/* dpdk_pcap.c - the link type of a capture file that the driver net_pcap is to read: it does not
 * tell */
#include "dpdk_pcap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "capture_pcap.h"

int
dpdk_file_link(const char *path, struct pavo_err *err)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct stat st;
    const char *word;
    pcap_t *p;
    int dlt, link;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return -1;
    p = pcap_open_offline(path, why);
    if (!p)
        return -1;
    dlt = pcap_datalink(p);
    pcap_close(p);
    link = pavo_link_of(dlt);
    if (link >= 0)
        return link;
    word = pcap_datalink_val_to_name(dlt);
    pavo_err_set(err, EPROTONOSUPPORT, "%s: link type %s (%d) is not one that pavo opens", path,
                 word ? word : "unknown", dlt);
    return -2;
}

struct dpdk_told {
    pcap_t *file; /* NULL: no longer in step with the driver */
};

struct dpdk_told *
dpdk_told_open(const char *path)
{
    char why[PCAP_ERRBUF_SIZE];
    struct dpdk_told *t;
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return NULL;
    t = calloc(1, sizeof *t);
    if (t)
        t->file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
    return t;
}

void
dpdk_told_close(struct dpdk_told *t)
{
    if (!t)
        return;
    if (t->file)
        pcap_close(t->file);
    free(t);
}

void
dpdk_told_next(struct dpdk_told *t, uint64_t ts_us, struct pavo_frame *f)
{
    struct pcap_pkthdr *h;
    const u_char *bytes;

    if (!t->file)
        return;
    if (pcap_next_ex(t->file, &h, &bytes) == 1 && h->caplen == f->caplen) {
        /* As the driver reckons; 64 bits wrap around where a file is broken. */
        const uint64_t us =
            (uint64_t)h->ts.tv_sec * 1000000u + (uint64_t)((int64_t)h->ts.tv_usec / 1000);

        if (us == ts_us) {
            f->ts_ns = cap_ts_ns(h, true);
            f->len = h->len > f->caplen ? h->len : f->caplen;
            return;
        }
    }
    pcap_close(t->file);
    t->file = NULL;
}
