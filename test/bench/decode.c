/* decode.c - one frame through the decoder, many times: what scripts/decode-cost.sh counts
 *
 *     bench-decode FRAME TIMES      FRAME: a row below; without arguments: their names
 *
 * The difference of two runs with different TIMES is the cost of the decoder alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pavo_decap.h"

enum { ETHER = 14, IP4 = 20, UDP = 8, TCP = 20, NEST = 65535 };

static uint8_t frame[NEST];

static size_t
put(size_t at, const char *hex)
{
    for (; *hex; hex++) {
        unsigned byte;

        if (*hex == ' ')
            continue;
        if (sscanf(hex, "%2x", &byte) != 1)
            abort();
        frame[at++] = (uint8_t)byte;
        hex++;
    }
    return at;
}

#define ETH_IP4  "02000000000b 02000000000a 0800 "
#define TCP_BODY "04d2 0050 00000001 00000002 5010 2000 0000 0000 "

static size_t
make_tcp(void)
{
    return put(0, ETH_IP4 "4500 0034 1234 0000 4006 0000 0a000001 0a000002 " TCP_BODY
                          "000000000000000000000000");
}

static size_t
make_vxlan(void)
{
    return put(0, ETH_IP4 "4500 005a 1234 0000 4011 0000 0a000001 0a000002 c000 12b5 0046 0000 "
                          "08000000 00138900 " ETH_IP4
                          "4500 0028 1234 0000 4006 0000 c0a80001 c0a80002 " TCP_BODY);
}

/* IPv6 with as many destination options as fit into 'total' bytes, each 2048 long or as long as the
 * rest: headers of headers. */
static size_t
make_nested(size_t total)
{
    size_t at = put(0, "02000000000b 02000000000a 86dd 60000000 0000 3c 40 "
                       "fd000000000000000000000000000001 fd000000000000000000000000000002");
    const size_t body = total - at;

    frame[18] = (uint8_t)(body >> 8);
    frame[19] = (uint8_t)body;
    while (at + 8 <= total) {
        const size_t left = (total - at) / 8 * 8;
        const size_t n = total <= 1024 ? 64 : left < 2048 ? left : 2048;

        if (n > left)
            break;
        memset(frame + at, 0, n); /* Pad1, which is the longest way through options */
        frame[at] = 60;
        frame[at + 1] = (uint8_t)(n / 8 - 1);
        at += n;
    }
    return total;
}

static size_t
make_nested_1k(void)
{
    return make_nested(1024);
}

static size_t
make_nested_64k(void)
{
    return make_nested(65535 - 41);
}

/* Label stacks and tags: 4 bytes each, to the end of the frame. */
static size_t
make_labels(size_t total)
{
    size_t at = put(0, "02000000000b 02000000000a 8847");

    while (at + 4 <= total)
        at = put(at, "00064040");
    return at;
}

static size_t
make_labels_1k(void)
{
    return make_labels(1024);
}

static size_t
make_labels_64k(void)
{
    return make_labels(65535);
}

static const struct {
    const char *name;
    size_t (*make)(void);
} frames[] = {
    {"tcp", make_tcp},
    {"vxlan", make_vxlan},
    {"nested-1k", make_nested_1k},
    {"nested-64k", make_nested_64k},
    {"labels-1k", make_labels_1k},
    {"labels-64k", make_labels_64k},
};

int
main(int argc, char **argv)
{
    static struct pavo_decap_config cfg;
    static struct pavo_layers out;
    struct pavo_frame f = {.data = frame};

    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        if (argc != 3) {
            puts(frames[i].name);
            continue;
        }
        if (strcmp(argv[1], frames[i].name) != 0)
            continue;
        f.link = (uint8_t)pavo_link_of(1);
        f.len = f.caplen = (uint32_t)frames[i].make();
        pavo_decap_config_init(&cfg);
        for (long n = strtol(argv[2], NULL, 10); n > 0; n--)
            pavo_decap(&cfg, &f, &out);
        printf("%s: %u bytes, depth %u, %s\n", argv[1], f.len, out.depth,
               pavo_why_word((enum pavo_why)out.why));
        return 0;
    }
    return argc == 3;
}
