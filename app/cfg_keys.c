/* cfg_keys.c - the one table of configuration keys, and the texts made from it
 *
 * A row is the default, the parser, the range check, the line in `pavo keys`, the entry in
 * config/schema.json and the paragraph in docs/config.md.
 */
#include <string.h>

#include "cfg_table.h"

enum { FAR = 1000 };

#define AT(member)        .at = offsetof(struct cfg, member)
#define DEVICE_AT(member) .at = offsetof(struct cfg_device, member)
#define SINK_AT(member)   .at = offsetof(struct cfg_sink, member)

static const struct cfg_key device_parts[] = {
    {.name = "device",
     .type = CFG_STRING,
     DEVICE_AT(device),
     .help = "Name of the NIC (pcap), PCI address or vdev string (dpdk)."},
    {.name = "queues",
     .type = CFG_AUTO_COUNT,
     DEVICE_AT(queues),
     .fallback = "auto",
     .max = "128",
     .help = "Receive queues (dpdk). auto: one per worker."},
    {.name = "descriptors",
     .type = CFG_AUTO_COUNT,
     DEVICE_AT(descriptors),
     .fallback = "auto",
     .max = "32768",
     .help = "Receive descriptors of each queue (dpdk). auto: what the driver proposes."},
    {.name = "link",
     .type = CFG_STRING,
     DEVICE_AT(link),
     .help = "Name of the link that it taps. Devices of the same name are one interface: taps that "
             "see a direction each. Left out: the device's own name."},
    {.name = "link_type",
     .type = CFG_STRING,
     DEVICE_AT(link_type),
     .fallback = "EN10MB",
     .help = "Link type of the frames (dpdk), where the device replays another than Ethernet."},
    {0},
};

static const struct cfg_key sink_parts[] = {
    {.name = "format",
     .type = CFG_STRING,
     SINK_AT(format),
     .help = "text, json, csv or ipfix. Left out: by the extension of the target, else text."},
    {.name = "to",
     .type = CFG_STRING,
     SINK_AT(to),
     .fallback = "-",
     .help = "- is standard output; a path, or file:PATH, may hold strftime patterns (%Y%m%d)."},
    {.name = "rotate",
     .type = CFG_DURATION,
     SINK_AT(rotate_ns),
     .fallback = "0",
     .max = "366d",
     .help = "A new file each time the wall clock passes a multiple of this. 0: never."},
    {.name = "rotate_size",
     .type = CFG_BYTES,
     SINK_AT(rotate_bytes),
     .fallback = "0",
     .help = "A new file when this one has grown to so much. 0: never."},
    {0},
};

const struct cfg_key cfg_keys[] = {
    {.name = "observer.name",
     .type = CFG_STRING,
     AT(observer.name),
     .help = "Name of this sensor in the records. Left out: the host name."},
    {.name = "observer.domain",
     .type = CFG_COUNT,
     AT(observer.domain),
     .fallback = "1",
     .min = "1",
     .max = "4294967295",
     .help = "IPFIX observation domain of the flow records."},

    {.name = "capture.backend",
     .type = CFG_WORD,
     AT(capture.backend),
     .fallback = "pcap",
     .words = "pcap dpdk",
     .help =
         "pcap: files, pipes and NICs through the kernel. dpdk: NIC queues polled by the workers."},
    {.name = "capture.devices",
     .type = CFG_DEVICES,
     AT(capture.devices),
     .at_n = offsetof(struct cfg, capture.n_devices),
     .fallback = "[]",
     .parts = device_parts,
     .help = "What to listen on: names, or objects with the parts below."},
    {.name = "capture.files",
     .type = CFG_STRINGS,
     AT(capture.files),
     .at_n = offsetof(struct cfg, capture.n_files),
     .fallback = "[]",
     .help = "Captures to read, one after the other; - is standard input."},
    {.name = "capture.filter",
     .type = CFG_STRING,
     AT(capture.filter),
     .help = "Only frames that this pcap-filter(7) expression matches."},
    {.name = "capture.snaplen",
     .type = CFG_BYTES32,
     AT(capture.snaplen),
     .fallback = "1024B",
     .min = "64B",
     .max = "262144B",
     .help = "Bytes kept of each frame of a live NIC (pcap). Records need headers only; 1024 holds "
             "deep "
             "tunnels, and less is copied. Lengths are counted in full whatever is kept."},
    {.name = "capture.buffer",
     .type = CFG_BYTES,
     AT(capture.buffer_bytes),
     .fallback = "32MiB",
     .min = "64KiB",
     .max = "2047MiB",
     .help = "Kernel memory for frames not yet read, of each live NIC (pcap)."},
    {.name = "capture.promiscuous",
     .type = CFG_BOOL,
     AT(capture.promiscuous),
     .fallback = "true",
     .help = "Take frames that are addressed to others, too."},
    {.name = "capture.immediate",
     .type = CFG_BOOL,
     AT(capture.immediate),
     .fallback = "false",
     .help = "Hand over each frame as it comes (pcap). false: blocks of frames within 100 ms, "
             "which is cheaper."},
    {.name = "capture.burst",
     .type = CFG_COUNT,
     AT(capture.burst),
     .fallback = "64",
     .min = "1",
     .max = "64",
     .help = "Most frames that a worker takes at once. Records do not depend on it."},
    {.name = "capture.reader",
     .type = CFG_WORD,
     AT(capture.reader),
     .fallback = "auto",
     .words = "auto pcap",
     .help = "Who reads regular files. auto: pavo itself, faster, and pcapng with any mix of "
             "interfaces. "
             "pcap: libpcap, as it reads pipes."},
    {.name = "capture.precision",
     .type = CFG_WORD,
     AT(capture.precision),
     .fallback = "ns",
     .words = "ns us",
     .help =
         "Time stamps are cut to this, for comparisons with sources that know microseconds only."},
    {.name = "capture.stop_idle",
     .type = CFG_DURATION,
     AT(capture.stop_idle_ns),
     .fallback = "0",
     .max = "1d",
     .help = "A live source that is silent this long has ended. 0: it never ends by itself."},
    {.name = "capture.dpdk.eal",
     .type = CFG_STRINGS,
     AT(capture.dpdk.eal),
     .at_n = offsetof(struct cfg, capture.dpdk.n_eal),
     .fallback = "[]",
     .help = "Further arguments for the start of DPDK's EAL. None are needed."},
    {.name = "capture.dpdk.mbufs",
     .type = CFG_AUTO_COUNT,
     AT(capture.dpdk.mbufs),
     .fallback = "auto",
     .max = "16777216",
     .help = "Packet buffers of each port. auto: by its queues and descriptors."},
    {.name = "capture.dpdk.mbuf_bytes",
     .type = CFG_BYTES32,
     AT(capture.dpdk.mbuf_bytes),
     .fallback = "2176B",
     .min = "256B",
     .max = "65535B",
     .help =
         "Size of a packet buffer, 128 bytes of headroom included. Longer frames take several."},
    {.name = "capture.dpdk.file_prefix",
     .type = CFG_STRING,
     AT(capture.dpdk.file_prefix),
     .help = "Name that keeps DPDK processes on a host apart. Left out: made from the process id."},
    {.name = "capture.dpdk.rss",
     .type = CFG_WORD,
     AT(capture.dpdk.rss),
     .fallback = "auto",
     .words = "auto trust off",
     .help = "How a NIC spreads packets over queues. auto: by the symmetric key, and what the "
             "driver says is checked. trust: by the driver's own key, which is taken to be "
             "symmetric. off: not at all."},
    {.name = "capture.dpdk.hardware_stamps",
     .type = CFG_BOOL,
     AT(capture.dpdk.hardware_stamps),
     .fallback = "true",
     .help = "Take the NIC's time stamps where it offers them and its clock can be read. Some "
             "drivers receive slower with them."},
    {.name = "capture.dpdk.telemetry",
     .type = CFG_BOOL,
     AT(capture.dpdk.telemetry),
     .fallback = "true",
     .help = "Answer on DPDK's telemetry socket: /pavo/stats, /pavo/queues, /pavo/plan."},
    {.name = "capture.dpdk.poll",
     .type = CFG_WORD,
     AT(capture.dpdk.poll),
     .fallback = "auto",
     .words = "auto busy adaptive",
     .help = "What a worker does while its queues are silent. busy: polls without pause. adaptive: "
             "sleeps, on the NIC's interrupt or for less than a millisecond. auto: busy for NICs, "
             "adaptive for virtual devices."},
    {.name = "capture.dpdk.hugepages",
     .type = CFG_BOOL,
     AT(capture.dpdk.hugepages),
     .fallback = "true",
     .help = "false: packet buffers in ordinary memory, for trials without a NIC."},
    {.name = "capture.dpdk.memory",
     .type = CFG_MIB,
     AT(capture.dpdk.memory_mb),
     .fallback = "256MiB",
     .min = "16MiB",
     .max = "1TiB",
     .help = "Memory for DPDK when hugepages is false."},

    {.name = "workers.count",
     .type = CFG_AUTO_COUNT,
     AT(workers.count),
     .fallback = "auto",
     .max = "128",
     .help = "Threads that decode and account, each with its share of the flow table. auto: one "
             "for pcap, one "
             "per queue for dpdk."},
    {.name = "workers.cores",
     .type = CFG_STRING,
     AT(workers.cores),
     .fallback = "auto",
     .help = "auto: pinned near their NIC when there are several workers or they poll; none: "
             "wherever the "
             "scheduler puts them; or a list such as 2-5,8."},
    {.name = "workers.smt",
     .type = CFG_BOOL,
     AT(workers.smt),
     .fallback = "false",
     .help = "true: both hardware threads of a core may become workers where workers.cores is "
             "auto. false: the second one stays idle while there are cores enough."},
    {.name = "workers.record_ring",
     .type = CFG_COUNT,
     AT(workers.record_ring),
     .fallback = "4096",
     .min = "256",
     .max = "1048576",
     .help = "Finished records that may wait between a worker and the export thread."},
    {.name = "workers.mesh_ring",
     .type = CFG_AUTO_COUNT,
     AT(workers.mesh_ring),
     .fallback = "auto",
     .max = "1048576",
     .help = "Packets that may wait between each pair of workers. auto: 8192 shared out over the "
             "workers, at most 4096."},

    {.name = "flow.limit",
     .type = CFG_COUNT,
     AT(flow.limit),
     .fallback = "262144",
     .min = "1024",
     .max = "1000000000",
     .help = "Flows that may live at once, over all workers. A full table exports its most idle "
             "flows early. "
             "Memory that no flow has used yet costs nothing."},
    {.name = "flow.encap_limit",
     .type = CFG_COUNT,
     AT(flow.encap_limit),
     .fallback = "16384",
     .min = "64",
     .max = "16777216",
     .help = "Different stacks of tunnels that are remembered at once, over all workers."},
    {.name = "flow.key",
     .type = CFG_FLAGS,
     AT(flow.key),
     .fallback = "[\"vlan\", \"tunnel\"]",
     .words = "vlan tunnel interface mac",
     .help = "What keeps flows apart besides addresses, protocol and ports."},
    {.name = "flow.meter",
     .type = CFG_BOOL,
     AT(flow.meter),
     .fallback = "true",
     .help = "Sizes of packets, times between them, round trips and header fields that change, of "
             "each flow in "
             "which one side sends more than one packet."},
    {.name = "flow.meter_limit",
     .type = CFG_AUTO_COUNT,
     AT(flow.meter_limit),
     .fallback = "auto",
     .max = "1000000000",
     .help = "Flows that may be metered at once, over all workers; each takes 384 bytes. Others go "
             "without until "
             "their next interval, counted. auto: as many as leave a flow at 320 bytes when the "
             "table is full, "
             "every forty-fourth."},
    {.name = "flow.names",
     .type = CFG_BOOL,
     AT(flow.names),
     .fallback = "false",
     .help = "Looks into the first payload of each flow: application, server name, ALPN and JA4 of "
             "TLS and QUIC, "
             "DNS question and answer code, HTTP host, SSH version. A live pcap source needs a "
             "snaplen of 2048 for it."},
    {.name = "flow.name_limit",
     .type = CFG_COUNT,
     AT(flow.name_limit),
     .fallback = "8192",
     .min = "16",
     .max = "16777216",
     .help = "Flows whose names are looked for or kept at once, over all workers, if flow.names is "
             "true."},
    {.name = "flow.payload",
     .type = CFG_COUNT,
     AT(flow.payload_bytes),
     .fallback = "0",
     .max = "1500",
     .help = "First bytes of each side's payload that stand in the record. 0: none."},
    {.name = "flow.entropy",
     .type = CFG_BOOL,
     AT(flow.entropy),
     .fallback = "false",
     .help = "Entropy of each side's payload bytes, as far as they are captured."},
    {.name = "flow.first_packets",
     .type = CFG_BOOL,
     AT(flow.first_packets),
     .fallback = "false",
     .help = "Sizes, directions and times of the first sixteen packets with payload."},
    {.name = "flow.active",
     .type = CFG_DURATION,
     AT(flow.timeouts.active),
     .fallback = "60s",
     .min = "1s",
     .max = "1d",
     .help = "A flow that goes on is reported at least this often."},
    {.name = "flow.idle.tcp",
     .type = CFG_DURATION,
     AT(flow.timeouts.idle_tcp),
     .fallback = "300s",
     .min = "10ms",
     .max = "1d",
     .help = "An established TCP connection ends when it is silent this long."},
    {.name = "flow.idle.tcp_new",
     .type = CFG_DURATION,
     AT(flow.timeouts.idle_tcp_new),
     .fallback = "20s",
     .min = "10ms",
     .max = "1d",
     .help = "The same for a TCP connection that was never answered."},
    {.name = "flow.idle.udp",
     .type = CFG_DURATION,
     AT(flow.timeouts.idle_udp),
     .fallback = "60s",
     .min = "10ms",
     .max = "1d",
     .help = "The same for UDP and UDP-Lite."},
    {.name = "flow.idle.icmp",
     .type = CFG_DURATION,
     AT(flow.timeouts.idle_icmp),
     .fallback = "10s",
     .min = "10ms",
     .max = "1d",
     .help = "The same for ICMP and ICMPv6."},
    {.name = "flow.idle.other",
     .type = CFG_DURATION,
     AT(flow.timeouts.idle_other),
     .fallback = "60s",
     .min = "10ms",
     .max = "1d",
     .help = "The same for all other protocols, ARP and frames without IP."},
    {.name = "flow.linger",
     .type = CFG_DURATION,
     AT(flow.timeouts.linger),
     .fallback = "5s",
     .min = "0",
     .max = "1h",
     .help = "A closed TCP connection waits this long for its last packets."},
    {.name = "flow.grace",
     .type = CFG_DURATION,
     AT(flow.timeouts.grace),
     .fallback = "1s",
     .min = "0",
     .max = "1m",
     .help = "Disorder of time stamps that is taken as it comes."},
    {.name = "flow.jump_back",
     .type = CFG_DURATION,
     AT(flow.jump_back_ns),
     .fallback = "60s",
     .min = "1s",
     .max = "366d",
     .help = "A step back of the capture's clock by more than this ends all flows, with a reason "
             "of its own."},
    {.name = "flow.jump_forward",
     .type = CFG_DURATION,
     AT(flow.jump_forward_ns),
     .fallback = "1h",
     .min = "1s",
     .max = "3660d",
     .help = "The same for a step forward."},

    {.name = "fragments.limit",
     .type = CFG_COUNT,
     AT(fragments.limit),
     .fallback = "16384",
     .min = "16",
     .max = "16777216",
     .help = "Fragmented datagrams of which each worker remembers the flow."},
    {.name = "fragments.waiting",
     .type = CFG_COUNT,
     AT(fragments.waiting),
     .fallback = "4096",
     .min = "16",
     .max = "16777216",
     .help = "Fragments that may wait for the first one of their datagram, for each worker."},
    {.name = "fragments.timeout",
     .type = CFG_DURATION,
     AT(fragments.timeout_ns),
     .fallback = "30s",
     .min = "100ms",
     .max = "10m",
     .help = "How long they wait, and how long a datagram is remembered."},

#define UDP_PORTS(row, word, step, what, ...)                                                      \
    {.name = "decap.udp." word,                                                                    \
     .type = CFG_PORTS,                                                                            \
     .udp = PAVO_UDP_##row,                                                                        \
     .fallback = "[" #__VA_ARGS__ "]",                                                             \
     .help = "UDP ports that carry " what "."},
#include "udp.def"
#undef UDP_PORTS
    {.name = "decap.udp.fou",
     .type = CFG_PORTS,
     .udp = PAVO_UDPS,
     .fallback = "[]",
     .help = "UDP ports that carry a bare IP protocol (fou): \"5555/ipv4\", /ipv6 or /gre, or the "
             "protocol's "
             "number."},
    {.name = "decap.l2tpv3.cookie",
     .type = CFG_WORD,
     AT(l2tpv3.cookie),
     .fallback = "auto",
     .words = "auto 0 4 8",
     .help = "Bytes of cookie in L2TPv3 data messages. auto: whatever makes IP or Ethernet of what "
             "follows."},
    {.name = "decap.stt.port",
     .type = CFG_COUNT,
     AT(stt.port),
     .fallback = "7471",
     .min = "0",
     .max = "65535",
     .help = "TCP port to which STT is sent. 0: none."},
    {.name = "decap.esp_null",
     .type = CFG_BOOL,
     AT(esp_null),
     .fallback = "false",
     .help =
         "Look into ESP for packets that are not encrypted (RFC 2410), by what their last bytes "
         "say. true costs some time for each ESP packet; rarely, an encrypted one is misread."},

    {.name = "export",
     .type = CFG_SINKS,
     AT(sinks),
     .at_n = offsetof(struct cfg, n_sinks),
     .fallback = "[]",
     .parts = sink_parts,
     .help = "Where records go, to all of them: [FORMAT:]TARGET, or objects with the parts below. "
             "Left out: a "
             "text table on standard output."},

    {.name = "control.interval",
     .type = CFG_DURATION,
     AT(control.interval_ns),
     .fallback = "60s",
     .min = "100ms",
     .max = "1d",
     .help = "How often the ledger is written into every stream."},
    {.name = "control.stats_socket",
     .type = CFG_STRING,
     AT(control.stats_socket),
     .fallback = "auto",
     .help = "Unix socket that `pavo stats` asks. auto: in the run directory for live sensors, "
             "none for files; "
             "empty: none."},
    {.name = "stats.certificate",
     .type = CFG_STRING,
     AT(stats.certificate),
     .fallback = "",
     .help = "File that `pavo bench --certificate` wrote on this machine: `pavo stats` then tells "
             "the load as a share of it. empty: none."},
    {0},
};

const struct cfg_key *
cfg_key_find(const char *name)
{
    for (const struct cfg_key *k = cfg_keys; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

/* Edits that make one name of the other (Levenshtein), names longer than a key's are far from all.
 */
static unsigned
distance(const char *a, const char *b)
{
    unsigned row[65];
    const size_t n = strlen(b), m = strlen(a);

    if (n >= 64 || m >= 64)
        return FAR;
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        unsigned corner = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            const unsigned swap = corner + (a[i - 1] != b[j - 1]);
            const unsigned edge = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            corner = row[j];
            row[j] = swap < edge ? swap : edge;
        }
    }
    return row[n];
}

/* The same for the group that the first 'n' characters of a key name; it is answered by its first
 * key. */
static unsigned
distance_group(const char *name, const char *key, size_t n)
{
    char group[64];

    if (n >= sizeof group)
        return FAR;
    memcpy(group, key, n);
    group[n] = '\0';
    return distance(name, group);
}

const char *
cfg_key_nearest(const char *name, const struct cfg_key *rows)
{
    const char *best = NULL;
    unsigned least = (unsigned)strlen(name) / 2 + 2;
    const char *word = strrchr(name, '.') ? strrchr(name, '.') + 1 : name;

    for (const struct cfg_key *k = rows; k->name; k++) {
        const char *last = strrchr(k->name, '.');
        unsigned d = distance(name, k->name);

        /* The right word in the wrong group, or no group at all. */
        if (last && strcmp(last + 1, word) == 0 && d > 1)
            d = 1;
        for (const char *dot = strchr(k->name, '.'); dot; dot = strchr(dot + 1, '.')) {
            const unsigned g = distance_group(name, k->name, (size_t)(dot - k->name));

            d = g < d ? g : d;
        }
        if (d < least) {
            least = d;
            best = k->name;
        }
    }
    return best;
}

static const char *
type_word(const struct cfg_key *k)
{
    switch (k->type) {
    case CFG_STRING:
        return "text";
    case CFG_WORD:
        return k->words;
    case CFG_BOOL:
        return "true or false";
    case CFG_COUNT:
        return "number";
    case CFG_AUTO_COUNT:
        return "number or auto";
    case CFG_BYTES:
    case CFG_BYTES32:
    case CFG_MIB:
        return "size";
    case CFG_DURATION:
        return "time";
    case CFG_STRINGS:
        return "list of text";
    case CFG_FLAGS:
        return "list of words";
    case CFG_PORTS:
        return "list of ports";
    case CFG_DEVICES:
    case CFG_SINKS:
        return "list of objects";
    }
    return "?";
}

/* "number, 1 to 64", "one of: ns us". */
static void
print_type(FILE *out, const struct cfg_key *k)
{
    if (k->type == CFG_WORD)
        fprintf(out, "one of: %s", k->words);
    else if (k->type == CFG_FLAGS)
        fprintf(out, "list of: %s", k->words);
    else
        fputs(type_word(k), out);
    if (k->min && k->max)
        fprintf(out, ", %s to %s", k->min, k->max);
    else if (k->max)
        fprintf(out, ", at most %s", k->max);
}

static void
print_help(FILE *out, const char *help, unsigned indent)
{
    unsigned col = indent;

    fprintf(out, "%*s", (int)indent, "");
    for (const char *at = help; *at;) {
        const size_t n = strcspn(at, " ");

        if (col > indent && col + 1 + n > 79) {
            fprintf(out, "\n%*s", (int)indent, "");
            col = indent;
        }
        if (col > indent) {
            fputc(' ', out);
            col++;
        }
        fwrite(at, 1, n, out);
        col += (unsigned)n;
        at += n + (at[n] == ' ');
    }
    fputc('\n', out);
}

void
cfg_keys_text(FILE *out, const char *pattern)
{
    bool any = false;

    for (const struct cfg_key *k = cfg_keys; k->name; k++) {
        if (pattern && !strstr(k->name, pattern))
            continue;
        any = true;
        fprintf(out, "%-26s %s\n", k->name, k->fallback ? k->fallback : "(none)");
        fputs("    (", out);
        print_type(out, k);
        fputs(")\n", out);
        print_help(out, k->help, 4);
        for (const struct cfg_key *p = k->parts; p && p->name; p++) {
            fprintf(out, "    %s.%-12s %s\n        (", "[]", p->name,
                    p->fallback ? p->fallback : "(none)");
            print_type(out, p);
            fputs(")\n", out);
            print_help(out, p->help, 8);
        }
    }
    if (!any && pattern)
        fprintf(out, "no key has \"%s\" in its name\n", pattern);
}

static void
markdown_row(FILE *out, const char *prefix, const struct cfg_key *k)
{
    fprintf(out, "| `%s%s` | ", prefix, k->name);
    if (k->fallback)
        fprintf(out, "`%s`", k->fallback);
    fputs(" | ", out);
    print_type(out, k);
    fputs(" | ", out);
    fputs(k->help, out);
    fputs(" |\n", out);
}

void
cfg_keys_markdown(FILE *out)
{
    fputs("| key | default | value | meaning |\n| --- | --- | --- | --- |\n", out);
    for (const struct cfg_key *k = cfg_keys; k->name; k++) {
        char prefix[80];

        markdown_row(out, "", k);
        snprintf(prefix, sizeof prefix, "%s[].", k->name);
        for (const struct cfg_key *p = k->parts; p && p->name; p++)
            markdown_row(out, prefix, p);
    }
}

static void
schema_string(FILE *out, const char *s)
{
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fputc('\\', out);
        fputc(*s, out);
    }
    fputc('"', out);
}

static void
schema_enum(FILE *out, const char *words)
{
    const char *comma = "";

    fputs("\"enum\": [", out);
    while (*words) {
        const size_t n = strcspn(words, " ");

        fprintf(out, "%s\"%.*s\"", comma, (int)n, words);
        comma = ", ";
        words += n + (words[n] == ' ');
    }
    fputc(']', out);
}

static void schema_parts(FILE *out, const struct cfg_key *parts, unsigned indent);

static void
schema_value(FILE *out, const struct cfg_key *k, unsigned indent)
{
    static const char *const size_pattern = "^[0-9]+ ?(B|[kKMGT]i?B)$";
    static const char *const time_pattern = "^(0|[0-9]+ ?(ns|us|ms|s|m|h|d))$";

    fprintf(out, "{ \"description\": ");
    schema_string(out, k->help);
    fputs(", ", out);
    switch (k->type) {
    case CFG_STRING:
        fputs("\"type\": \"string\"", out);
        break;
    case CFG_WORD:
        schema_enum(out, k->words);
        break;
    case CFG_BOOL:
        fputs("\"type\": \"boolean\"", out);
        break;
    case CFG_COUNT:
        fputs("\"type\": [\"integer\", \"string\"], \"pattern\": \"^[0-9]+[kMG]?$\"", out);
        if (k->min)
            fprintf(out, ", \"minimum\": %s", k->min);
        if (k->max)
            fprintf(out, ", \"maximum\": %s", k->max);
        break;
    case CFG_AUTO_COUNT:
        fputs("\"type\": [\"integer\", \"string\"], \"pattern\": \"^(auto|[0-9]+[kMG]?)$\", "
              "\"minimum\": 0",
              out);
        if (k->max)
            fprintf(out, ", \"maximum\": %s", k->max);
        break;
    case CFG_BYTES:
    case CFG_BYTES32:
    case CFG_MIB:
        fprintf(out, "\"type\": [\"integer\", \"string\"], \"pattern\": \"%s\"", size_pattern);
        break;
    case CFG_DURATION:
        fprintf(out, "\"type\": [\"integer\", \"string\"], \"pattern\": \"%s\", \"maximum\": 0",
                time_pattern);
        break;
    case CFG_STRINGS:
        fputs("\"type\": \"array\", \"items\": { \"type\": \"string\" }", out);
        break;
    case CFG_FLAGS:
        fputs("\"type\": \"array\", \"items\": { ", out);
        schema_enum(out, k->words);
        fputs(" }", out);
        break;
    case CFG_PORTS:
        fputs("\"type\": \"array\", \"items\": { \"type\": [\"integer\", \"string\", \"object\"] }",
              out);
        break;
    case CFG_DEVICES:
    case CFG_SINKS:
        fputs("\"type\": \"array\", \"items\": { \"anyOf\": [{ \"type\": \"string\" }, ", out);
        schema_parts(out, k->parts, indent);
        fputs("] }", out);
        break;
    }
    fputs(" }", out);
}

/* The rows of a list's objects. */
static void
schema_parts(FILE *out, const struct cfg_key *parts, unsigned indent)
{
    const char *comma = "\n";

    fputs("{\n", out);
    fprintf(out, "%*s\"type\": \"object\", \"additionalProperties\": false, \"properties\": {",
            (int)indent + 2, "");
    for (const struct cfg_key *p = parts; p->name; p++) {
        fprintf(out, "%s%*s\"%s\": ", comma, (int)indent + 4, "", p->name);
        schema_value(out, p, indent + 4);
        comma = ",\n";
    }
    fprintf(out, " } }");
}

/* All rows below 'prefix' as an object; groups recurse. Rows of a group stand together in the
 * table. */
static const struct cfg_key *
schema_group(FILE *out, const struct cfg_key *k, size_t prefix, unsigned indent)
{
    const char *comma = "\n";
    const struct cfg_key *first = k;

    fputs("{\n", out);
    fprintf(out, "%*s\"type\": \"object\", \"additionalProperties\": false, \"properties\": {",
            (int)indent, "");
    while (k->name && strncmp(k->name, first->name, prefix) == 0) {
        const char *word = k->name + prefix;
        const char *dot = strchr(word, '.');

        fputs(comma, out);
        comma = ",\n";
        if (dot) {
            fprintf(out, "%*s\"%.*s\": ", (int)indent + 2, "", (int)(dot - word), word);
            k = schema_group(out, k, (size_t)(dot - k->name) + 1, indent + 4);
        } else {
            fprintf(out, "%*s\"%s\": ", (int)indent + 2, "", word);
            schema_value(out, k, indent + 2);
            k++;
        }
    }
    fputs(" } }", out);
    return k;
}

void
cfg_keys_schema(FILE *out)
{
    fputs("{ \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n  \"title\": \"pavo\",\n"
          "  \"allOf\": [",
          out);
    schema_group(out, cfg_keys, 0, 4);
    fputs("] }\n", out);
}
