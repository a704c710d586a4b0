/* main.c - pavo-gen: writes a capture of one of the workloads */
#include "workloads.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

const struct workload workloads[] = {
    {.name = "demo",
     .help = "an ordinary minute to look at, the same every time",
     .fallback = {.seed = 7},
     .run = workload_demo},
    {.name = "mix",
     .help = "everything at random: tunnels, pieces, errors, resets, disorder",
     .fallback = {.packets = 20000, .seed = 1},
     .run = workload_mix},
    {.name = "udp64",
     .help = "UDP frames of --size bytes over --flows flows in random order",
     .fallback = {.flows = 100000, .packets = 10000000, .seed = 1, .rate = 1000000, .size = 64},
     .run = workload_udp},
    {.name = "vxlan",
     .help = "udp64 inside VXLAN; --size is that of the inner frame",
     .fallback = {.flows = 100000, .packets = 10000000, .seed = 1, .rate = 1000000, .size = 64},
     .run = workload_vxlan},
    {.name = "tcp",
     .help = "whole TCP sessions, all --flows of them at once",
     .fallback = {.flows = 100000, .packets = 10000000, .rate = 1000000},
     .run = workload_tcp},
    {.name = "pairs",
     .help = "a query and its answer per flow",
     .fallback = {.flows = 5000000, .rate = 1000000},
     .run = workload_pairs},
    {.name = "synflood",
     .help = "connection requests, each of a new flow",
     .fallback = {.flows = 5000000, .seed = 1, .rate = 1000000},
     .run = workload_synflood},
    {.name = NULL},
};

static void
usage(FILE *to)
{
    fprintf(to, "usage: pavo-gen WORKLOAD [--flows N] [--packets N] [--seed S] [--size BYTES] "
                "[--rate PPS] [--ns] OUT.pcap|-\n\n");
    for (const struct workload *w = workloads; w->name; w++)
        fprintf(to, "  %-9s %s\n", w->name, w->help);
}

static int
refuse(const char *why, const char *what)
{
    fprintf(stderr, "pavo-gen: %s%s\n", why, what);
    usage(stderr);
    return 1;
}

/* A whole number from 1 on; 0: not one. */
static uint64_t
number(const char *text)
{
    char *end;
    uint64_t n;

    errno = 0;
    n = strtoull(text, &end, 10);
    return errno || *end || end == text || *text == '-' ? 0 : n;
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"flows", required_argument, NULL, 'f'}, {"packets", required_argument, NULL, 'p'},
        {"seed", required_argument, NULL, 's'},  {"size", required_argument, NULL, 'b'},
        {"rate", required_argument, NULL, 'r'},  {"ns", no_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},        {0}};
    const struct workload *w = workloads;
    struct workload_options o;
    struct gen_pcap out;
    bool ns = false;
    int letter;

    if (argc < 2)
        return refuse("which workload?", "");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return usage(stdout), 0;
    while (w->name && strcmp(w->name, argv[1]) != 0)
        w++;
    if (!w->name)
        return refuse("no such workload: ", argv[1]);
    o = w->fallback;
    argc--;
    argv++;
    while ((letter = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        uint64_t n;

        if (letter == 'h')
            return usage(stdout), 0;
        if (letter == '?')
            return refuse("see the usage", "");
        if (letter == 'n') {
            ns = true;
            continue;
        }
        n = number(optarg);
        if (n == 0)
            return refuse("not a number above 0: ", optarg);
        switch (letter) {
        case 'f':
            o.flows = n;
            break;
        case 'p':
            o.packets = n;
            break;
        case 's':
            o.seed = n;
            break;
        case 'r':
            o.rate = n;
            break;
        default:
            if (n < WORKLOAD_FRAME_MIN || n > WORKLOAD_FRAME_MAX)
                return refuse("a frame has 60 to 9000 bytes, not ", optarg);
            o.size = (uint32_t)n;
            break;
        }
    }
    if (optind != argc - 1)
        return refuse("one file to write, or - for the standard output", "");
    if (gen_pcap_open(&out, argv[optind], 1, ns) < 0) {
        fprintf(stderr, "pavo-gen: %s: %s\n", argv[optind], strerror(errno));
        return 2;
    }
    w->run(&o, &out);
    if (gen_pcap_close(&out) < 0) {
        fprintf(stderr, "pavo-gen: %s: not all was written: %s\n", argv[optind], strerror(errno));
        return 2;
    }
    return 0;
}
