/* filter_value.c - the values of a filter: text into numbers, addresses, flags */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "filter_parse.h"

const struct proto_word flt_proto_words[] = {
    {"tcp", 6, true},    {"udp", 17, true},       {"icmp", 1, true},   {"icmp6", 58, true},
    {"sctp", 132, true}, {"dccp", 33, true},      {"igmp", 2, true},   {"esp", 50, true},
    {"ah", 51, true},    {"udplite", 136, true},  {"pim", 103, true},  {"vrrp", 112, true},
    {"ospf", 89, true},  {"eigrp", 88, true},     {"l2tp", 115, true}, {"rsvp", 46, true},
    {"gre", 47, false},  {"ipv6-icmp", 58, true}, {"ipv4", 4, false},  {"ipv6", 41, false},
    {NULL, 0, false},
};

static const char *const flag_words[] = {"fin", "syn", "rst", "psh", "ack",
                                         "urg", "ece", "cwr", "ae"};

int
flt_proto_of(const char *word)
{
    char *end;
    unsigned long n;

    for (unsigned i = 0; flt_proto_words[i].word; i++)
        if (strcmp(word, flt_proto_words[i].word) == 0)
            return flt_proto_words[i].number;
    if (strcmp(word, "icmpv6") == 0)
        return 58;
    if (word[0] < '0' || word[0] > '9')
        return -1;
    n = strtoul(word, &end, 0);
    return *end || n > 255 ? -1 : (int)n;
}

/* "N" or "A-B", decimal or 0x; false: neither, or beyond 'max'. */
bool
flt_range_of(const char *text, uint32_t max, uint32_t *lo, uint32_t *hi)
{
    char *end;
    unsigned long long a, b;

    if (text[0] < '0' || text[0] > '9')
        return false;
    a = b = strtoull(text, &end, 0);
    if (*end == '-') {
        text = end + 1;
        if (text[0] < '0' || text[0] > '9')
            return false;
        b = strtoull(text, &end, 0);
    }
    if (*end || a > b || b > max)
        return false;
    *lo = (uint32_t)a;
    *hi = (uint32_t)b;
    return true;
}

/* "10.0.0.0/8", "2001:db8::/32", "10.1" as pcap's short nets; clears the bits behind the prefix. */
bool
flt_net_of(const char *text, bool is_net, struct flt_node *n)
{
    char addr[64];
    const char *slash = strchr(text, '/');
    const size_t len = slash ? (size_t)(slash - text) : strlen(text);
    unsigned prefix, dots = 0, most;

    if (len >= sizeof addr - 8 || (slash && !is_net))
        return false;
    memcpy(addr, text, len);
    addr[len] = '\0';
    if (strchr(addr, ':')) {
        n->ip_version = 6;
        if (inet_pton(AF_INET6, addr, n->addr) != 1)
            return false;
    } else {
        n->ip_version = 4;
        for (const char *c = addr; *c; c++)
            dots += *c == '.';
        for (unsigned i = dots; is_net && i < 3; i++)
            memcpy(addr + strlen(addr), ".0", 3);
        if (inet_pton(AF_INET, addr, n->addr) != 1)
            return false;
    }
    most = n->ip_version == 6 ? 128 : 32;
    prefix = n->ip_version == 4 && is_net && dots < 3 ? (dots + 1) * 8 : most;
    if (slash) {
        char *end;
        const unsigned long bits = strtoul(slash + 1, &end, 10);

        if (slash[1] < '0' || slash[1] > '9' || *end || bits > most)
            return false;
        prefix = (unsigned)bits;
    }
    n->prefix = (uint8_t)prefix;
    for (unsigned bit = prefix; bit < most; bit++)
        n->addr[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    return true;
}

bool
flt_mac_of(const char *text, uint8_t mac[6])
{
    for (unsigned i = 0; i < 6; i++) {
        unsigned byte = 0, digits = 0;

        for (; digits < 2 && *text; text++, digits++) {
            const char *hex = "0123456789abcdef";
            const char *at = strchr(hex, *text | 0x20);

            if (!at || *text < '0')
                break;
            byte = byte * 16 + (unsigned)(at - hex);
        }
        if (!digits || (i < 5 && *text != ':' && *text != '-') || (i == 5 && *text))
            return false;
        mac[i] = (uint8_t)byte;
        text++;
    }
    return true;
}

/* One flag by name or number; also "syn+ack" and pcap's "tcp-syn". */
bool
flt_flags_of(const char *text, uint32_t *mask)
{
    char *end;

    if (text[0] >= '0' && text[0] <= '9') {
        const unsigned long n = strtoul(text, &end, 0);

        *mask |= (uint32_t)n;
        return !*end && n <= UINT32_MAX;
    }
    while (*text) {
        const size_t n = strcspn(text, "+");
        bool found = false;

        if (strncmp(text, "tcp-", 4) == 0) {
            text += 4;
            continue;
        }
        for (unsigned i = 0; i < sizeof flag_words / sizeof flag_words[0]; i++) {
            const bool push = i == 3 && n == 4 && strncmp(text, "push", 4) == 0;

            if (push || (strlen(flag_words[i]) == n && strncmp(flag_words[i], text, n) == 0)) {
                *mask |= 1u << i;
                found = true;
            }
        }
        if (!found)
            return false;
        text += n;
        if (*text == '+' && !*++text)
            return false;
    }
    return true;
}
