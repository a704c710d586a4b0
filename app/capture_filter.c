/* capture_filter.c - pcap-filter expressions outside the kernel */
#include "capture_filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

struct cap_filter {
    char *expression;
    struct bpf_program programs[PAVO_LINKS];
    bool compiled[PAVO_LINKS];
};

static const int dlts[PAVO_LINKS] = {
#define LINK(name, number, dlt, step, word, help) [PAVO_LINK_##name] = (dlt),
#include "links.def"
#undef LINK
};

struct cap_filter *
cap_filter_open(const char *expression, struct pavo_err *err)
{
    struct cap_filter *f = calloc(1, sizeof *f);

    if (f)
        f->expression = strdup(expression);
    if (!f || !f->expression) {
        pavo_err_set(err, ENOMEM, "filter: no memory");
        free(f);
        return NULL;
    }
    return f;
}

int
cap_filter_link(struct cap_filter *f, enum pavo_link link, struct pavo_err *err)
{
    pcap_t *dead;
    int rc = 0;

    if (f->compiled[link])
        return 0;
    dead = pcap_open_dead(dlts[link], 262144);
    if (!dead)
        return pavo_err_set(err, ENOMEM, "filter: no memory");
    if (pcap_compile(dead, &f->programs[link], f->expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
        rc = pavo_err_set(err, EINVAL, "filter \"%.200s\" on %s frames: %s", f->expression,
                          pavo_link_word(link), pcap_geterr(dead));
    else
        f->compiled[link] = true;
    pcap_close(dead);
    return rc;
}

bool
cap_filter_pass(const struct cap_filter *f, const struct pavo_frame *frame)
{
    const struct pcap_pkthdr h = {.caplen = frame->caplen, .len = frame->len};

    if (frame->link >= PAVO_LINKS || !f->compiled[frame->link])
        return true;
    return pcap_offline_filter(&f->programs[frame->link], &h, frame->data) != 0;
}

void
cap_filter_close(struct cap_filter *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < PAVO_LINKS; i++)
        if (f->compiled[i])
            pcap_freecode(&f->programs[i]);
    free(f->expression);
    free(f);
}

const char *
cap_library(void)
{
    return pcap_lib_version();
}
