/* dhcp.c - who was given which address: DHCP (RFC 2131, RFC 2132) and DHCPv6 (RFC 9915)
 *
 * Requests and answers meet by transaction id. A broadcast answer is another flow than its request;
 * each says what it can.
 */
#include <string.h>

#include "bytes.h"
#include "talk.h"

/* What a message is to the conversation. */
enum role { ROLE_NONE, ROLE_ASK, ROLE_OFFER, ROLE_GIVE, ROLE_REFUSE, ROLE_DECLINE, ROLE_RELEASE };

/* RFC 2132 section 9.6, RFC 9915 section 7.3; relays' messages have theirs inside. */
static const uint8_t roles4[] = {
    [1] = ROLE_ASK,  [2] = ROLE_OFFER,  [3] = ROLE_ASK,     [4] = ROLE_DECLINE,
    [5] = ROLE_GIVE, [6] = ROLE_REFUSE, [7] = ROLE_RELEASE, [8] = ROLE_ASK,
};
static const uint8_t roles6[] = {
    [1] = ROLE_ASK, [2] = ROLE_OFFER, [3] = ROLE_ASK,     [4] = ROLE_ASK,     [5] = ROLE_ASK,
    [6] = ROLE_ASK, [7] = ROLE_GIVE,  [8] = ROLE_RELEASE, [9] = ROLE_DECLINE, [11] = ROLE_ASK,
};

enum {
    FIXED4 = 240, /* with the cookie */
    COOKIE4 = 0x63825363,
    OPTION4_PAD = 0,
    OPTION4_TYPE = 53,
    OPTION4_END = 255,
    FIXED6 = 4,
    OPTION6_IA_NA = 3,
    OPTION6_IA_TA = 4,
    OPTION6_ADDRESS = 5,
    OPTION6_STATUS = 13,
    OPTIONS_MAX = 64,
};

/* What was read of a message. */
struct message {
    uint32_t transaction;
    uint8_t type;
    uint8_t role;    /* enum role */
    uint8_t version; /* of 'address': 4, 6, or 0 */
    uint8_t address[16];
};

/* Code and length; pad and end are a code alone: RFC 2132 section 2. */
static bool
read4(const uint8_t *h, uint32_t n, struct message *m)
{
    uint32_t i = FIXED4;

    if (n < FIXED4 || be32(h + 236) != COOKIE4)
        return false;
    m->transaction = be32(h + 4);
    if (be32(h + 16) != 0) { /* yiaddr */
        m->version = 4;
        memcpy(m->address, h + 16, 4);
    }
    for (unsigned k = 0; k < OPTIONS_MAX && i < n && h[i] != OPTION4_END; k++) {
        if (h[i] == OPTION4_PAD) {
            i++;
            continue;
        }
        if (i + 2 > n || h[i + 1] > n - i - 2)
            return false;
        if (h[i] == OPTION4_TYPE && h[i + 1] == 1) {
            m->type = h[i + 2];
            m->role = m->type < sizeof roles4 ? roles4[m->type] : ROLE_NONE;
            return true;
        }
        i += 2u + h[i + 1];
    }
    return false;
}

/* The options of 'n' bytes at 'h', code and length of two bytes each (RFC 9915 section 21.1): the
 * first address, and a status other than success. Those of an association stand inside it, behind
 * its identifier (4 bytes) and times (8, of IA_NA). */
static void
options6(const uint8_t *h, uint32_t n, bool is_inside, struct message *m)
{
    uint32_t i = 0;

    for (unsigned k = 0; k < OPTIONS_MAX && i + 4 <= n; k++) {
        const uint32_t code = be16(h + i), len = be16(h + i + 2);
        const uint32_t skip = code == OPTION6_IA_NA ? 12 : 4;

        i += 4;
        if (len > n - i)
            return;
        if (code == OPTION6_STATUS && len >= 2 && be16(h + i) != 0 && m->role == ROLE_GIVE)
            m->role = ROLE_REFUSE;
        if (code == OPTION6_ADDRESS && is_inside && len >= 24 && m->version == 0) {
            m->version = 6;
            memcpy(m->address, h + i, 16);
        }
        if ((code == OPTION6_IA_NA || code == OPTION6_IA_TA) && !is_inside && len >= skip)
            options6(h + i + skip, len - skip, true, m);
        i += len;
    }
}

static bool
read6(const uint8_t *h, uint32_t n, struct message *m)
{
    if (n < FIXED6)
        return false;
    m->type = h[0];
    m->role = m->type < sizeof roles6 ? roles6[m->type] : ROLE_NONE;
    m->transaction = be24(h + 1);
    if (m->role != ROLE_NONE)
        options6(h + FIXED6, n - FIXED6, false, m);
    return true;
}

void
dhcp_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns)
{
    struct message m = {0};
    bool is_answer;

    if (p->payload_held == 0 ||
        !(p->at.kind == PAVO_KIND_IP4 ? read4 : read6)(p->payload, p->payload_held, &m))
        return;
    part->u.dhcp.type = m.type;
    is_answer = m.role == ROLE_OFFER || m.role == ROLE_GIVE || m.role == ROLE_REFUSE;
    if (is_answer && m.transaction == part->u.dhcp.transaction)
        assoc_answer(part, side, ts_ns);
    if ((m.role == ROLE_OFFER || m.role == ROLE_GIVE) && m.version) {
        part->u.dhcp.has_address = m.version;
        memcpy(part->u.dhcp.address, m.address, 16);
    }
    switch ((enum role)m.role) {
    case ROLE_ASK:
        part->state = PAVO_ASSOC_REQUESTED;
        part->u.dhcp.ending = 0;
        part->u.dhcp.transaction = m.transaction;
        assoc_ask(part, side, ts_ns);
        break;
    case ROLE_OFFER:
        part->state = PAVO_ASSOC_ANSWERED;
        break;
    case ROLE_GIVE: /* in DHCPv6 also the answer to a release or a decline: section 18.3 */
        if (!part->u.dhcp.ending)
            part->state = PAVO_ASSOC_ESTABLISHED;
        break;
    case ROLE_REFUSE:
        if (!part->u.dhcp.ending)
            part->state = PAVO_ASSOC_ABORTED;
        break;
    case ROLE_DECLINE:
    case ROLE_RELEASE:
        part->state = m.role == ROLE_RELEASE ? PAVO_ASSOC_CLOSED : PAVO_ASSOC_ABORTED;
        part->u.dhcp.ending = 1;
        part->u.dhcp.transaction = m.transaction;
        break;
    case ROLE_NONE:
        break;
    }
}
