/* cfg.h - the configuration: one struct, filled from one table of keys (cfg_keys.c), one JSON file
 * and the command line */
#ifndef PAVO_CFG_H
#define PAVO_CFG_H

#include <stdio.h>

#include "pavo_export.h"

struct cfg_device {
    char *device;         /* NIC name for pcap; PCI address or vdev string for dpdk */
    uint32_t queues;      /* dpdk: 0 = auto (one per worker core) */
    uint32_t descriptors; /* dpdk: 0 = driver's default */
    char *link;      /* devices of one name are one interface: taps that see a direction each */
    char *link_type; /* dpdk: link type of the frames, default EN10MB (for net_pcap of other
                        captures) */
};

struct cfg_sink {
    char *format; /* NULL: by extension, or text on a terminal */
    char *to;     /* "-", path, "file:PATH", later URLs */
    uint64_t rotate_ns;
    uint64_t rotate_bytes;
};

struct cfg {
    struct {
        char *name; /* default: host name */
        uint32_t domain;
    } observer;
    struct {
        char *backend; /* "pcap" or "dpdk" */
        struct cfg_device *devices;
        unsigned n_devices;
        char **files; /* -r, in order; "-" is stdin */
        unsigned n_files;
        char *filter; /* pcap syntax; NULL none */
        uint32_t snaplen;
        uint64_t buffer_bytes;
        bool promiscuous;
        bool immediate;
        uint32_t burst;        /* 1..64 */
        char *reader;          /* of regular files: "auto" (capture_blocks.c) or "pcap" (libpcap) */
        char *precision;       /* "ns" or "us": time stamps are cut to this */
        uint64_t stop_idle_ns; /* 0 never; a source silent this long has ended (needed for net_pcap
                                  files: automatic there) */
        struct {
            char **eal; /* extra EAL arguments */
            unsigned n_eal;
            uint32_t mbufs;      /* per port; 0 auto */
            uint32_t mbuf_bytes; /* data room */
            char *file_prefix;
            char *rss; /* "auto", "trust" or "off" */
            bool telemetry;
            bool hardware_stamps;
            char *poll;         /* "auto", "busy" or "adaptive": when a queue is silent */
            bool hugepages;     /* false: --no-huge */
            uint32_t memory_mb; /* --no-huge: -m */
        } dpdk;
    } capture;
    struct {
        uint32_t count;       /* 0: auto */
        char *cores;          /* "auto", "none" (do not pin) or a list "2-5,8" */
        bool smt;             /* both hardware threads of a core may be workers */
        uint32_t record_ring; /* records per worker */
        uint32_t mesh_ring;   /* packets per pair of workers */
    } workers;
    struct {
        uint32_t limit; /* flows in all, split over the workers */
        uint32_t encap_limit;
        unsigned key; /* PAVO_KEY_ bits */
        bool meter, names, entropy, first_packets;
        uint32_t meter_limit; /* 0: auto */
        uint32_t name_limit;
        uint32_t payload_bytes;
        struct pavo_timeouts timeouts;
        uint64_t jump_back_ns, jump_forward_ns;
    } flow;
    struct {
        uint32_t limit; /* datagrams */
        uint32_t waiting;
        uint64_t timeout_ns;
    } fragments;
    bool esp_null;                   /* decap.esp_null, applied by cfg_finish() */
    struct pavo_decap_config *decap; /* decap.udp.* applied; the rest of decap.* by cfg_finish() */
    struct {
        char *cookie; /* "auto", "0", "4" or "8" bytes */
    } l2tpv3;
    struct {
        uint32_t port; /* 0: none */
    } stt;
    struct cfg_sink *sinks; /* export */
    unsigned n_sinks;
    struct {
        uint64_t interval_ns; /* ledger records */
        char *stats_socket;   /* path; "auto": live sensors in the run directory; "" none */
    } control;
    struct {
        char *certificate; /* of pavo bench; "" none */
    } stats;
};

/* cfg_open - all defaults. cfg_read - a JSON file over them; every error in it is reported by
 * 'complain', the return value counts them. cfg_set - "flow.limit=1000000" from --set. cfg_finish -
 * checks that involve several keys. */
struct cfg *cfg_open(struct pavo_err *err);
typedef void cfg_complain_fn(void *ctx, const char *sentence);
int cfg_read(struct cfg *c, const char *path, cfg_complain_fn *complain, void *ctx);
int cfg_read_text(struct cfg *c, const char *text, size_t n, const char *name,
                  cfg_complain_fn *complain, void *ctx);
int cfg_set(struct cfg *c, const char *key_value, cfg_complain_fn *complain, void *ctx);
int cfg_finish(struct cfg *c, cfg_complain_fn *complain, void *ctx);
void cfg_close(struct cfg *c);
/* -i, -r and -w: the first of a kind takes the place of what the file names. -w is [FORMAT:]TARGET.
 * 0 or -ENOMEM. */
int cfg_add_device(struct cfg *c, const char *device);
int cfg_add_file(struct cfg *c, const char *path);
int cfg_add_sink(struct cfg *c, const char *spec);
void cfg_clear_sources(struct cfg *c);
void cfg_clear_sinks(struct cfg *c);
/* pavo keys, docs/config.md and config/schema.json from the table. */
void cfg_keys_text(FILE *out, const char *pattern);
void cfg_keys_markdown(FILE *out);
void cfg_keys_schema(FILE *out);

#endif
