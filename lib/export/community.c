/* community.c - community_id version 1 of a flow, with seed 0
 *
 * SHA-1 over seed, addresses, protocol, a zero octet, and ports where the protocol has any, the
 * smaller endpoint first, so that every tool that watches the same conversation prints the same
 * string. ICMP has a message type in place of one port, and the type of its answer in place of the
 * other; a type without an answer has its code there and is not put in order. (Specification:
 * https://github.com/corelight/community-id-spec)
 */
#include <string.h>

#include "bytes_put.h"
#include "fields.h"
#include "sha1.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58, SCTP = 132 };

struct pair {
    uint8_t type, answer;
};
/* clang-format off */
static const struct pair icmp_pairs[] = {
    {8, 0}, {0, 8}, {13, 14}, {14, 13}, {15, 16}, {16, 15}, {17, 18}, {18, 17}, {10, 9}, {9, 10},
};
static const struct pair icmp6_pairs[] = {
    {128, 129}, {129, 128}, {133, 134}, {134, 133}, {135, 136}, {136, 135}, {130, 131}, {131, 130},
    {139, 140}, {140, 139}, {144, 145}, {145, 144},
};
/* clang-format on */

/* What stands for the second port of an ICMP message; false: the type has no answer. */
static bool
icmp_answer(const struct pavo_record *r, uint16_t *answer)
{
    const bool v6 = r->protocolIdentifier == ICMP6;
    const struct pair *p = v6 ? icmp6_pairs : icmp_pairs;
    const size_t n = v6 ? sizeof icmp6_pairs / sizeof *p : sizeof icmp_pairs / sizeof *p;

    for (size_t i = 0; i < n; i++) {
        if (p[i].type == r->icmpType) {
            *answer = p[i].answer;
            return true;
        }
    }
    *answer = r->icmpCode;
    return false;
}

bool
pavo_community_id(const struct pavo_record *r, char out[32])
{
    const uint8_t *first = r->sourceAddress, *second = r->destinationAddress;
    const unsigned bytes = r->kind == PAVO_KIND_IP4 ? 4 : 16;
    const uint8_t proto = r->protocolIdentifier;
    uint16_t first_port = 0, second_port = 0;
    bool has_ports = false, is_ordered = true;
    uint8_t text[40], hash[SHA1_BYTES], *at = text;
    int order;

    if (r->kind != PAVO_KIND_IP4 && r->kind != PAVO_KIND_IP6)
        return false;
    if ((proto == TCP || proto == UDP || proto == SCTP) && r->hasPorts) {
        has_ports = true;
        first_port = r->sourceTransportPort;
        second_port = r->destinationTransportPort;
    } else if ((proto == ICMP || proto == ICMP6) && r->hasIcmp) {
        has_ports = true;
        first_port = r->icmpType;
        is_ordered = icmp_answer(r, &second_port);
    }
    order = memcmp(first, second, bytes);
    if (is_ordered && (order > 0 || (order == 0 && first_port > second_port))) {
        const uint16_t port = first_port;

        first = r->destinationAddress;
        second = r->sourceAddress;
        first_port = second_port;
        second_port = port;
    }
    at = put_be(at, 0, 2); /* seed */
    at = (uint8_t *)memcpy(at, first, bytes) + bytes;
    at = (uint8_t *)memcpy(at, second, bytes) + bytes;
    at = put_be(at, proto, 1);
    at = put_be(at, 0, 1);
    if (has_ports) {
        at = put_be(at, first_port, 2);
        at = put_be(at, second_port, 2);
    }
    sha1(text, (size_t)(at - text), hash);
    memcpy(out, "1:", 2);
    *fmt_base64(out + 2, hash, sizeof hash) = '\0';
    return true;
}
