/* workloads.h - the captures that pavo-gen can make */
#ifndef PAVO_WORKLOADS_H
#define PAVO_WORKLOADS_H

#include "gen.h"

struct workload_options {
    uint64_t flows;
    uint64_t packets;
    uint64_t seed;
    uint64_t rate; /* packets per second of event time */
    uint32_t size; /* bytes of a frame */
};

struct workload {
    const char *name;
    const char *help;
    struct workload_options fallback; /* 0: the workload has no such option */
    void (*run)(const struct workload_options *o, struct gen_pcap *out);
};

extern const struct workload workloads[]; /* ends with a row without a name */

enum { WORKLOAD_FRAME_MIN = 60, WORKLOAD_FRAME_MAX = 9000 };

void workload_demo(const struct workload_options *o, struct gen_pcap *out);
void workload_mix(const struct workload_options *o, struct gen_pcap *out);
void workload_udp(const struct workload_options *o, struct gen_pcap *out);
void workload_vxlan(const struct workload_options *o, struct gen_pcap *out);
void workload_pairs(const struct workload_options *o, struct gen_pcap *out);
void workload_tcp(const struct workload_options *o, struct gen_pcap *out);
void workload_synflood(const struct workload_options *o, struct gen_pcap *out);

#endif
