/* words.c - the words of enumerations, by the numbers that stand in records
 *
 * Each list ends with NULL; an empty word is a number that has none.
 */
#include "words.h"

#include "pavo_export.h"

const char *const words_end[] = {
    "none", "idle_timeout", "active_timeout", "end_detected", "forced_end", "lack_of_resources",
    NULL};
const char *const words_detail[] = {"none",      "idle",       "active",      "tcp_closed",
                                    "tcp_reset", "tcp_reused", "capture_end", "stopped",
                                    "evicted",   "clock_jump", NULL};
_Static_assert(sizeof words_detail / sizeof *words_detail == PAVO_DETAILS + 1, "a word each");
const char *const words_basis[] = {"first_packet", "known_port", "icmp_request",  "arp_request",
                                   "synack",       "syn",        "request_bytes", NULL};
_Static_assert(sizeof words_basis / sizeof *words_basis == PAVO_BASES + 1, "a word each");
/* IPFIX element 239, RFC 5103 section 6.3. */
const char *const words_direction[] = {"arbitrary", "initiator", "reverse_initiator", "perimeter",
                                       NULL};
const char *const words_kind[] = {"link", "arp", "", "", "ipv4", "", "ipv6", NULL};
const char *const words_why[] = {
#define WHY(name, word, help) word,
#include "why.def"
#undef WHY
    NULL};
/* Numbers that no row has are empty words: a range first, then the rows over it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wpedantic"
const char *const words_carrier[PAVO_CARRIERS + 1] = {
    [0 ... PAVO_CARRIERS - 1] = "",
    [0] = "none",
#define CARRIER(name, number, key, word, spec, id) [number] = word,
#include "carriers.def"
#undef CARRIER
};
const char *const words_name[PAVO_NAMES + 1] = {
    [0 ... PAVO_NAMES - 1] = "",
#define NAME(name, number, word, spec) [number] = word,
#include "names.def"
};
#pragma GCC diagnostic pop
/* IANA protocol numbers, as far as they are assigned in one piece. */
const char *const words_proto[] = {
    "hopopt",     "icmp",       "igmp",      "ggp",       "ipv4",        "st",
    "tcp",        "cbt",        "egp",       "igp",       "bbn-rcc-mon", "nvp-ii",
    "pup",        "argus",      "emcon",     "xnet",      "chaos",       "udp",
    "mux",        "dcn-meas",   "hmp",       "prm",       "xns-idp",     "trunk-1",
    "trunk-2",    "leaf-1",     "leaf-2",    "rdp",       "irtp",        "iso-tp4",
    "netblt",     "mfe-nsp",    "merit-inp", "dccp",      "3pc",         "idpr",
    "xtp",        "ddp",        "idpr-cmtp", "tp++",      "il",          "ipv6",
    "sdrp",       "ipv6-route", "ipv6-frag", "idrp",      "rsvp",        "gre",
    "dsr",        "bna",        "esp",       "ah",        "i-nlsp",      "swipe",
    "narp",       "min-ipv4",   "tlsp",      "skip",      "ipv6-icmp",   "ipv6-nonxt",
    "ipv6-opts",  "",           "cftp",      "",          "sat-expak",   "kryptolan",
    "rvd",        "ippc",       "",          "sat-mon",   "visa",        "ipcv",
    "cpnx",       "cphb",       "wsn",       "pvp",       "br-sat-mon",  "sun-nd",
    "wb-mon",     "wb-expak",   "iso-ip",    "vmtp",      "secure-vmtp", "vines",
    "iptm",       "nsfnet-igp", "dgp",       "tcf",       "eigrp",       "ospf",
    "sprite-rpc", "larp",       "mtp",       "ax.25",     "os",          "micp",
    "scc-sp",     "etherip",    "encap",     "",          "gmtp",        "ifmp",
    "pnni",       "pim",        "aris",      "scps",      "qnx",         "a/n",
    "ipcomp",     "snp",        "compaq",    "ipx-in-ip", "vrrp",        "pgm",
    "",           "l2tp",       "ddx",       "iatp",      "stp",         "srp",
    "uti",        "smp",        "sm",        "ptp",       "isis",        "fire",
    "crtp",       "crudp",      "sscopmce",  "iplt",      "sps",         "pipe",
    "sctp",       "fc",         "rsvp-e2e",  "mobility",  "udplite",     "mpls-in-ip",
    "manet",      "shim6",      "wesp",      "rohc",      "ethernet",    "aggfrag",
    "nsh",        NULL};
_Static_assert(sizeof words_proto / sizeof *words_proto == 146, "145 is the last one");

const char *const words_state[] = {"OTH",  "S0",   "S1",     "SF",    "REJ", "S2",  "S3",
                                   "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH",  "SHR", NULL};
_Static_assert(sizeof words_state / sizeof *words_state == PAVO_CONN_STATES + 1, "a word each");
const char *const words_side[] = {"inactive",    "syn_sent", "syn_ack_sent", "partial",
                                  "established", "closed",   "reset",        NULL};
_Static_assert(sizeof words_side / sizeof *words_side == PAVO_SIDES + 1, "a word each");
const char *const words_ip_id[] = {"unknown", "zero",   "constant", "counter",
                                   "rising",  "random", NULL};
_Static_assert(sizeof words_ip_id / sizeof *words_ip_id == PAVO_IP_IDS + 1, "a word each");
const char *const words_assoc[] = {"none", "sctp", "dccp", "esp", "arp", "nd", "dhcp", NULL};
_Static_assert(sizeof words_assoc / sizeof *words_assoc == PAVO_ASSOCS + 1, "a word each");
const char *const words_assoc_state[] = {"unknown",     "requested", "answered",
                                         "established", "closing",   "closed",
                                         "aborted",     "announced", NULL};
_Static_assert(sizeof words_assoc_state / sizeof *words_assoc_state == PAVO_ASSOC_STATES + 1,
               "a word each");
const char *const words_cast[] = {"unicast", "multicast", "broadcast", NULL};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wpedantic"
/* IANA's registry of DNS parameters: types that are asked for, and response codes of the header. */
const char *const words_dns_type[] = {
    [0 ... 257] = "", [1] = "A",        [2] = "NS",          [5] = "CNAME",  [6] = "SOA",
    [10] = "NULL",    [12] = "PTR",     [13] = "HINFO",      [15] = "MX",    [16] = "TXT",
    [17] = "RP",      [18] = "AFSDB",   [24] = "SIG",        [25] = "KEY",   [28] = "AAAA",
    [29] = "LOC",     [33] = "SRV",     [35] = "NAPTR",      [37] = "CERT",  [39] = "DNAME",
    [41] = "OPT",     [43] = "DS",      [44] = "SSHFP",      [46] = "RRSIG", [47] = "NSEC",
    [48] = "DNSKEY",  [49] = "DHCID",   [50] = "NSEC3",      [52] = "TLSA",  [55] = "HIP",
    [59] = "CDS",     [60] = "CDNSKEY", [61] = "OPENPGPKEY", [64] = "SVCB",  [65] = "HTTPS",
    [99] = "SPF",     [249] = "TKEY",   [250] = "TSIG",      [251] = "IXFR", [252] = "AXFR",
    [255] = "ANY",    [256] = "URI",    [257] = "CAA",       [258] = NULL};
#pragma GCC diagnostic pop
const char *const words_dns_rcode[] = {"NOERROR", "FORMERR",   "SERVFAIL", "NXDOMAIN", "NOTIMP",
                                       "REFUSED", "YXDOMAIN",  "YXRRSET",  "NXRRSET",  "NOTAUTH",
                                       "NOTZONE", "DSOTYPENI", NULL};

/* Applications of the inspector. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wpedantic"
const char *const words_app[] = {[0 ... 255] = "",
#define APP(name, number, word, spec) [number] = word,
#include "apps.def"
#undef APP
                                 [256] = NULL};
#pragma GCC diagnostic pop
