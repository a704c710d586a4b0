/* capture_pcap.c - the libpcap backend: all files are one queue, each NIC is one */
#include "capture_pcap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cfg.h"

/* Owner: the main thread. */
static struct cap_queue *files;
static struct cap_queue **nics;
static unsigned n_nics;

bool
cap_arena_put(struct cap_arena *a, const struct pcap_pkthdr *h, const uint8_t *data, bool is_nano,
              uint8_t link, uint16_t source)
{
    const uint32_t caplen = h->caplen <= FRAME_MAX ? h->caplen : FRAME_MAX;
    uint64_t ts_ns = cap_ts_ns(h, is_nano);
    uint8_t *at = a->bytes + a->used;

    if (a->cut_us)
        ts_ns -= ts_ns % 1000;
    memcpy(at, data, caplen);
    a->out[a->n++] = (struct pavo_frame){
        .data = at,
        .ts_ns = ts_ns,
        .caplen = caplen,
        .len = h->len >= h->caplen ? h->len : h->caplen, /* a broken file may say less */
        .source = source,
        .link = link,
    };
    a->used += caplen;
    return a->n >= a->max || a->used <= ARENA_BYTES;
}

int
cap_dlt_of(int number)
{
    /* libpcap has no call for it, but tells it of a file: one that is a header and no frames. */
    struct pcap_file_header h = {
        .magic = 0xa1b2c3d4,
        .version_major = PCAP_VERSION_MAJOR,
        .version_minor = PCAP_VERSION_MINOR,
        .linktype = (bpf_u_int32)number,
    };
    char unused[PCAP_ERRBUF_SIZE];
    FILE *f = fmemopen(&h, sizeof h, "rb");
    pcap_t *pcap = f ? pcap_fopen_offline(f, unused) : NULL;

    if (pcap) {
        number = pcap_datalink(pcap);
        pcap_close(pcap); /* and the stream */
    } else if (f) {
        (void)fclose(f);
    }
    return number;
}

const char *
cap_link_text(int dlt, char *text, size_t n)
{
    const char *word = pcap_datalink_val_to_name(dlt);
    const char *help = pcap_datalink_val_to_description(dlt);

    snprintf(text, n, "link type %s (%d%s%.80s) is not one that pavo reads",
             word ? word : "unknown", dlt, help ? ", " : "", help ? help : "");
    return text;
}

int
cap_refuse_link(const char *name, int dlt, struct pavo_err *err)
{
    char text[160];

    return pavo_err_set(err, EPROTONOSUPPORT, "%.200s: %s; nothing was written", name,
                        cap_link_text(dlt, text, sizeof text));
}

static int
add(struct cap_set *set, struct cap_queue *q, struct pavo_err *err)
{
    return cap_set_queue(set, q) == 0 ? 0 : pavo_err_set(err, ENOMEM, "capture: no memory");
}

int
capture_pcap_open(const struct cfg *cfg, struct cap_set *set, struct pavo_err *err)
{
    int rc = 0;

    if (cfg->capture.n_files > 0) {
        rc = cap_files_open(cfg, set, &files, err);
        if (rc == 0)
            rc = add(set, files, err);
    }
    nics = calloc(cfg->capture.n_devices + 1, sizeof(struct cap_queue *));
    if (!nics)
        rc = pavo_err_set(err, ENOMEM, "capture: no memory");
    for (unsigned i = 0; rc == 0 && i < cfg->capture.n_devices; i++) {
        rc = cap_live_open(cfg, &cfg->capture.devices[i], set, &nics[i], err);
        if (rc == 0) {
            n_nics++;
            rc = add(set, nics[i], err);
        }
    }
    if (rc < 0)
        capture_pcap_close();
    return rc;
}

void
capture_pcap_close(void)
{
    cap_files_close(files);
    files = NULL;
    for (unsigned i = 0; i < n_nics; i++)
        cap_live_close(nics[i]);
    free(nics);
    nics = NULL;
    n_nics = 0;
}
