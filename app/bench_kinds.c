/* bench_kinds.c - names of the roads through DPDK, known to every build */
#include <string.h>

#include "dpdk_bench.h"

static const struct {
    const char *word;
    uint32_t flows;
} kinds[] = {
    [DPDK_BENCH_NONE] = {"none", UINT32_MAX},
    [DPDK_BENCH_NULL] = {"null", UINT32_MAX},
    [DPDK_BENCH_RING] = {"ring", UINT32_MAX},
    [DPDK_BENCH_PCAP] = {"pcap", 8192},
};

const char *
dpdk_bench_word(enum dpdk_bench_kind k)
{
    return kinds[k].word;
}

int
dpdk_bench_find(const char *word)
{
    for (int i = DPDK_BENCH_NULL; i <= DPDK_BENCH_PCAP; i++)
        if (strcmp(kinds[i].word, word) == 0)
            return i;
    return -1;
}

uint32_t
dpdk_bench_flows(enum dpdk_bench_kind k)
{
    return kinds[k].flows;
}
