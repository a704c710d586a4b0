/* assoc.c - SCTP, DCCP, ESP, ARP, ND and DHCP: lives by their messages, and ESP against a slow
 * model
 *
 * A message of a story is one of the protocol's: 'a' is what it says (chunks, type, operation), 'b'
 * a number of it (verification tag, code, hardware address), and 'hex' its payload.
 */
#include "rnd.h"
#include "talk.h"

struct message {
    uint32_t ms;
    char from; /* 'c' is side 1 and the initiator, 's' side 0; 0: the end; '|': a new record */
    uint32_t a, b;
    const char *hex;
};

#define SCTP_INIT(kind, tag, more) "0" kind "00 0014 " tag " 00010000 000a 000a 00000001" more
#define NS(target)                 "00000000 " target
#define NA(flags, target)          flags "000000 " target
#define T1                         "20010db8000000000000000000000001 "
#define LINK_OF(last)              "0201 0200000000" last
#define BOOTP(xid, yiaddr)                                                                         \
    "01010600 " xid " 0000 0000 00000000 " yiaddr " 00000000 00000000 " Z16 Z64 Z128 "63825363 "
#define Z16  "00000000000000000000000000000000 "
#define Z64  Z16 Z16 Z16 Z16
#define Z128 Z64 Z64

enum {
    DATA = 1 << 0,
    INIT = 1 << 1,
    INIT_ACK = 1 << 2,
    SACK = 1 << 3,
    ABORT = 1 << 6,
    SHUTDOWN = 1 << 7,
    SHUTDOWN_ACK = 1 << 8,
    COOKIE_ECHO = 1 << 10,
    COOKIE_ACK = 1 << 11,
    SHUTDOWN_COMPLETE = 1 << 14,
};

static const struct story {
    const char *says;
    enum pavo_assoc protocol;
    struct message message[10];
    enum pavo_assoc_state state;
    uint8_t multihomed, conflict, type, has_address;
    uint32_t tag[2], lost, replayed; /* lost and replayed of the initiator */
    uint32_t response_ms;
    uint8_t by, address; /* last byte */
} stories[] = {
    {.says = "SCTP: four messages establish, tags are those that each side expects",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', INIT, 0, SCTP_INIT("1", "000000c1", "")},
                 {5, 's', INIT_ACK, 0xc1, SCTP_INIT("2", "00000051", "")},
                 {6, 'c', COOKIE_ECHO | DATA, 0x51, NULL},
                 {9, 's', COOKIE_ACK, 0xc1, NULL}},
     .state = PAVO_ASSOC_ESTABLISHED,
     .tag = {0xc1, 0x51},
     .response_ms = 5},
    {.says = "SCTP: data that comes with the cookie establishes nothing",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', INIT, 0, NULL}, {6, 'c', COOKIE_ECHO | DATA, 0x51, NULL}},
     .state = PAVO_ASSOC_ANSWERED,
     .tag = {0, 0x51}},
    {.says = "SCTP: an association that began before the capture is established by its data",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', DATA, 0x51, NULL}, {5, 's', SACK, 0xc1, NULL}},
     .state = PAVO_ASSOC_ESTABLISHED,
     .tag = {0xc1, 0x51}},
    {.says = "SCTP: shutdown closes",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', DATA, 0x51, NULL},
                 {1, 'c', SHUTDOWN, 0x51, NULL},
                 {2, 's', SHUTDOWN_ACK, 0xc1, NULL},
                 {3, 'c', SHUTDOWN_COMPLETE, 0x51, NULL}},
     .state = PAVO_ASSOC_CLOSED,
     .tag = {0xc1, 0x51}},
    {.says = "SCTP: a shutdown that is not complete is closing, whatever data comes",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', DATA, 0x51, NULL},
                 {1, 'c', SHUTDOWN, 0x51, NULL},
                 {2, 's', DATA, 0xc1, NULL}},
     .state = PAVO_ASSOC_CLOSING,
     .tag = {0xc1, 0x51}},
    {.says = "SCTP: an abort ends, its tag may be the sender's own",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', INIT, 0, SCTP_INIT("1", "000000c1", "")}, {1, 's', ABORT, 0xc1, NULL}},
     .state = PAVO_ASSOC_ABORTED,
     .tag = {0xc1, 0}},
    {.says = "SCTP: an abort after the end changes nothing, an INIT begins the next one",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', SHUTDOWN_COMPLETE, 1, NULL},
                 {1, 's', ABORT, 1, NULL},
                 {2, 'c', INIT, 0, NULL}},
     .state = PAVO_ASSOC_REQUESTED},
    {.says = "SCTP: an INIT within a living association changes nothing",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', DATA, 0x51, NULL}, {1, 's', INIT, 0, NULL}},
     .state = PAVO_ASSOC_ESTABLISHED,
     .tag = {0, 0x51}},
    {.says = "SCTP: an INIT that names its own address is of one home",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', INIT, 0, SCTP_INIT("1", "000000c1", "0005 0008 0a000001")}},
     .state = PAVO_ASSOC_REQUESTED,
     .tag = {0xc1, 0}},
    {.says = "SCTP: an INIT ACK that names another address, behind a parameter with padding",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 's', INIT_ACK, 0xc1,
                  "02 00 0024 00000051 00010000 000a 000a 00000001 8000 0005 61000000 0005 0008 "
                  "0a000063"}},
     .state = PAVO_ASSOC_ANSWERED,
     .multihomed = 1,
     .tag = {0xc1, 0x51}},
    {.says = "SCTP: an IPv6 address makes several homes",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', INIT, 0,
                  "01 00 0028 000000c1 00010000 000a 000a 00000001 0006 0014 " T1}},
     .state = PAVO_ASSOC_REQUESTED,
     .multihomed = 1,
     .tag = {0xc1, 0}},
    {.says = "SCTP: a parameter beyond the chunk is not read",
     .protocol = PAVO_ASSOC_SCTP,
     .message = {{0, 'c', INIT, 0, SCTP_INIT("1", "000000c1", "0005 0008 0a000063")}},
     .state = PAVO_ASSOC_REQUESTED,
     .tag = {0xc1, 0}},
    /* DCCP: type, code; the sequence number is the place in the story unless 'hex' gives it */
    {.says = "DCCP: request, response and acknowledgement establish",
     .protocol = PAVO_ASSOC_DCCP,
     .message = {{0, 'c', 0, 42, NULL}, {4, 's', 1, 42, NULL}, {5, 'c', 3, 0, NULL}},
     .state = PAVO_ASSOC_ESTABLISHED,
     .tag = {42, 0},
     .lost = 1, /* the story's numbers are one for both sides */
     .response_ms = 4},
    {.says = "DCCP: a reset with code Closed closes",
     .protocol = PAVO_ASSOC_DCCP,
     .message = {{0, 'c', 2, 0, NULL}, {1, 'c', 6, 0, NULL}, {2, 's', 7, 1, NULL}},
     .state = PAVO_ASSOC_CLOSED},
    {.says = "DCCP: another reset aborts",
     .protocol = PAVO_ASSOC_DCCP,
     .message = {{0, 'c', 0, 42, NULL}, {2, 's', 7, 3, NULL}},
     .state = PAVO_ASSOC_ABORTED,
     .tag = {42, 0}},
    {.says = "DCCP: close without its reset is closing; a Sync changes nothing",
     .protocol = PAVO_ASSOC_DCCP,
     .message = {{0, 's', 2, 0, NULL}, {1, 's', 5, 0, NULL}, {2, 'c', 8, 0, NULL}},
     .state = PAVO_ASSOC_CLOSING},
    {.says = "DCCP: a number of 24 bits goes on where one of 48 ended",
     .protocol = PAVO_ASSOC_DCCP,
     .message = {{0, 'c', 0, 42, "12fffffe"},
                 {1, 'c', 3, 0, "00ffffff"},
                 {2, 'c', 2, 0, "00000002"},
                 {3, 'c', 2, 0, "00000001"}},
     .state = PAVO_ASSOC_ESTABLISHED,
     .tag = {42, 0},
     .lost = 1,
     .replayed = 1},
    /* ESP: sequence number */
    {.says = "ESP: a gap is lost",
     .protocol = PAVO_ASSOC_ESP,
     .message = {{0, 'c', 1, 0, NULL}, {1, 'c', 2, 0, NULL}, {2, 'c', 5, 0, NULL}},
     .lost = 2},
    {.says = "ESP: what comes late is not lost, what comes again is replayed",
     .protocol = PAVO_ASSOC_ESP,
     .message = {{0, 'c', 1, 0, NULL},
                 {1, 'c', 4, 0, NULL},
                 {2, 'c', 3, 0, NULL},
                 {3, 'c', 3, 0, NULL},
                 {4, 'c', 4, 0, NULL}},
     .lost = 1,
     .replayed = 3},
    {.says = "ESP: the numbers of extended ones wrap, and the sides have their own",
     .protocol = PAVO_ASSOC_ESP,
     .message = {{0, 'c', 0xfffffffe, 0, NULL}, {0, 's', 7, 0, NULL}, {1, 'c', 1, 0, NULL}},
     .lost = 2},
    {.says = "ESP: a record has its own losses",
     .protocol = PAVO_ASSOC_ESP,
     .message = {{0, 'c', 1, 0, NULL},
                 {1, 'c', 9, 0, NULL},
                 {2, '|', 0, 0, NULL},
                 {3, 'c', 11, 0, NULL},
                 {4, 'c', 2, 0, NULL},
                 {5, 'c', 3, 0, NULL}},
     .lost = 0,
     .replayed = 2},
    /* ARP: operation, last byte of the hardware address */
    {.says = "ARP: a reply answers, by its hardware address",
     .protocol = PAVO_ASSOC_ARP,
     .message = {{0, 'c', 1, 0xc, NULL}, {3, 's', 2, 0x5, NULL}},
     .state = PAVO_ASSOC_ANSWERED,
     .by = 5,
     .response_ms = 3},
    {.says = "ARP: a request that is repeated is answered from its last time",
     .protocol = PAVO_ASSOC_ARP,
     .message = {{0, 'c', 1, 0xc, NULL}, {1000, 'c', 1, 0xc, NULL}, {1003, 's', 2, 0x5, NULL}},
     .state = PAVO_ASSOC_ANSWERED,
     .by = 5,
     .response_ms = 3},
    {.says = "ARP: nobody answers",
     .protocol = PAVO_ASSOC_ARP,
     .message = {{0, 'c', 1, 0xc, NULL}, {1000, 'c', 1, 0xc, NULL}},
     .state = PAVO_ASSOC_REQUESTED},
    {.says = "ARP: two hardware addresses for one protocol address are a conflict",
     .protocol = PAVO_ASSOC_ARP,
     .message = {{0, 'c', 1, 0xc, NULL}, {3, 's', 2, 0x5, NULL}, {4, 's', 2, 0x6, NULL}},
     .state = PAVO_ASSOC_ANSWERED,
     .conflict = 1,
     .by = 6,
     .response_ms = 3},
    {.says = "ARP: sender and target alike announce",
     .protocol = PAVO_ASSOC_ARP,
     .message = {{0, 'g', 1, 0xc, NULL}, {2000, 'g', 2, 0xc, NULL}},
     .state = PAVO_ASSOC_ANNOUNCED},
    {.says = "ARP: two that announce one address are a conflict",
     .protocol = PAVO_ASSOC_ARP,
     .message = {{0, 'g', 1, 0xc, NULL}, {2000, 'g', 1, 0xd, NULL}},
     .state = PAVO_ASSOC_ANNOUNCED,
     .conflict = 1},
    /* ND: type, last byte of the frame's source */
    {.says = "ND: a solicitation has its target",
     .protocol = PAVO_ASSOC_ND,
     .message = {{0, 'c', 135, 0xc, NS(T1) "0101 02000000000c"}},
     .state = PAVO_ASSOC_REQUESTED,
     .has_address = 6,
     .address = 1},
    {.says = "ND: an advertisement that was asked for answers, by the address that it names",
     .protocol = PAVO_ASSOC_ND,
     .message = {{0, 'c', 136, 0xc, NA("60", T1) LINK_OF("0e")}},
     .state = PAVO_ASSOC_ANSWERED,
     .has_address = 6,
     .by = 0xe,
     .address = 1},
    {.says = "ND: without an option the frame's source answers",
     .protocol = PAVO_ASSOC_ND,
     .message = {{0, 's', 135, 5, NS(T1)}, {2, 'c', 136, 0xc, NA("40", T1)}},
     .state = PAVO_ASSOC_ANSWERED,
     .has_address = 6,
     .by = 0xc,
     .address = 1,
     .response_ms = 2},
    {.says = "ND: an advertisement that nobody asked for announces",
     .protocol = PAVO_ASSOC_ND,
     .message = {{0, 'c', 136, 0xc, NA("20", T1) LINK_OF("0e")}},
     .state = PAVO_ASSOC_ANNOUNCED,
     .has_address = 6,
     .by = 0xe,
     .address = 1},
    {.says = "ND: two link addresses for one target are a conflict",
     .protocol = PAVO_ASSOC_ND,
     .message = {{0, 'c', 136, 0xc, NA("60", T1) LINK_OF("0e")},
                 {1, 'c', 136, 0xc, NA("60", T1) LINK_OF("0f")}},
     .state = PAVO_ASSOC_ANSWERED,
     .has_address = 6,
     .conflict = 1,
     .by = 0xf,
     .address = 1},
    {.says = "ND: a message that is cut says nothing",
     .protocol = PAVO_ASSOC_ND,
     .message = {{0, 'c', 135, 0xc, "00000000 2001"}},
     .state = PAVO_ASSOC_UNKNOWN},
    /* DHCP: 'a' is 4 or 6 */
    {.says = "DHCP: a lease from discover to acknowledgement",
     .protocol = PAVO_ASSOC_DHCP,
     .message = {{0, 'c', 4, 0, BOOTP("00000007", "00000000") "350101 ff"},
                 {3, 's', 4, 0, BOOTP("00000007", "0a000042") "350102 ff"},
                 {4, 'c', 4, 0, BOOTP("00000007", "00000000") "00 350103 ff"},
                 {9, 's', 4, 0, BOOTP("00000007", "0a000042") "0c0161 350105 ff"}},
     .state = PAVO_ASSOC_ESTABLISHED,
     .type = 5,
     .has_address = 4,
     .response_ms = 3,
     .address = 0x42},
    {.says = "DHCP: a refusal",
     .protocol = PAVO_ASSOC_DHCP,
     .message = {{0, 'c', 4, 0, BOOTP("00000007", "00000000") "350103 ff"},
                 {2, 's', 4, 0, BOOTP("00000007", "00000000") "350106 ff"}},
     .state = PAVO_ASSOC_ABORTED,
     .type = 6,
     .response_ms = 2},
    {.says = "DHCP: the answer to another transaction is no answer",
     .protocol = PAVO_ASSOC_DHCP,
     .message = {{0, 'c', 4, 0, BOOTP("00000007", "00000000") "350103 ff"},
                 {2, 's', 4, 0, BOOTP("00000008", "0a000042") "350105 ff"}},
     .state = PAVO_ASSOC_ESTABLISHED,
     .type = 5,
     .has_address = 4,
     .address = 0x42},
    {.says = "DHCP: a release closes",
     .protocol = PAVO_ASSOC_DHCP,
     .message = {{0, 'c', 4, 0, BOOTP("00000009", "00000000") "350107 ff"}},
     .state = PAVO_ASSOC_CLOSED,
     .type = 7},
    {.says = "DHCP: BOOTP without a type says nothing",
     .protocol = PAVO_ASSOC_DHCP,
     .message = {{0, 'c', 4, 0, BOOTP("00000009", "0a000042") "ff"}},
     .state = PAVO_ASSOC_UNKNOWN},
    {.says = "DHCP: an option beyond the message ends the reading",
     .protocol = PAVO_ASSOC_DHCP,
     .message = {{0, 'c', 4, 0, BOOTP("00000009", "0a000042") "0cff61 350105"}},
     .state = PAVO_ASSOC_UNKNOWN},
    {.says = "DHCPv6: solicit, advertise, request, reply give an address",
     .protocol = PAVO_ASSOC_DHCP,
     .message = {{0, 'c', 6, 0, "01 000007 0001 0002 0003"},
                 {1, 's', 6, 0,
                  "02 000007 0003 0028 00000001 00000000 00000000 0005 0018 " T1
                  "00000e10 00001c20"},
                 {2, 'c', 6, 0, "03 000008"},
                 {4, 's', 6, 0,
                  "07 000008 0002 0001 00 0003 0028 00000001 00000000 00000000 0005 0018 " T1
                  "00000e10 00001c20"}},
     .state = PAVO_ASSOC_ESTABLISHED,
     .type = 7,
     .has_address = 6,
     .response_ms = 1,
     .address = 1},
    {.says = "DHCPv6: a reply with a status other than success, in the association, refuses",
     .protocol = PAVO_ASSOC_DHCP,
     .message = {{0, 'c', 6, 0, "03 000008"},
                 {4, 's', 6, 0, "07 000008 0003 0012 00000001 00000000 00000000 000d 0002 0002"}},
     .state = PAVO_ASSOC_ABORTED,
     .type = 7,
     .response_ms = 4},
    {.says = "DHCPv6: the reply to a release does not open again",
     .protocol = PAVO_ASSOC_DHCP,
     .message = {{0, 'c', 6, 0, "08 000009"}, {4, 's', 6, 0, "07 000009 000d 0002 0000"}},
     .state = PAVO_ASSOC_CLOSED,
     .type = 7},
    {.says = "DHCPv6: an option beyond the message ends the reading",
     .protocol = PAVO_ASSOC_DHCP,
     .message = {{4, 's', 6, 0, "07 000009 0003 00ff 00000001 00000000 00000000 0005 0018 " T1}},
     .state = PAVO_ASSOC_ESTABLISHED,
     .type = 7},
};

/* The packet of a message; its payload is a block of just its size, the caller's to free. */
static uint8_t *
packet_of(struct pavo_packet *p, enum pavo_assoc protocol, const struct message *m, unsigned nth)
{
    const bool by_client = m->from != 's';
    const uint32_t src = by_client ? 0x0a000001 : 0x0a000002;
    const uint32_t dst = by_client ? 0x0a000002 : 0x0a000001;
    uint8_t *bytes = NULL;
    size_t n = 0;

    p_ip4(p, AT_MS(m->ms), 0, src, dst);
    if (m->hex) {
        bytes = t_hex(m->hex, &n);
        p->payload = bytes;
        p->payload_held = (uint32_t)n;
    }
    switch (protocol) {
    case PAVO_ASSOC_SCTP:
        p->at.proto = 132;
        p->at.has_ports = p->at.has_sctp = 1;
        p->at.sctp_chunks = m->a;
        p->at.sctp_vtag = m->b;
        break;
    case PAVO_ASSOC_DCCP:
        p->at.proto = 33;
        p->at.has_ports = p->at.has_dccp = p->at.has_sequence = 1;
        p->at.dccp_type = (uint8_t)m->a;
        p->at.dccp_code = m->b;
        p->at.sequence = n == 4 ? (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                                      (uint32_t)bytes[2] << 8 | bytes[3]
                                : nth;
        break;
    case PAVO_ASSOC_ESP:
        p->at.proto = 50;
        p->at.has_sequence = 1;
        p->at.sequence = m->a;
        break;
    case PAVO_ASSOC_ARP:
        p->at.kind = PAVO_KIND_ARP;
        p->at.arp_op = (uint16_t)m->a;
        p->at.arp_sha[0] = 2;
        p->at.arp_sha[5] = (uint8_t)m->b;
        if (m->from == 'g')
            memcpy(p->at.dst, p->at.src, 4);
        break;
    case PAVO_ASSOC_ND:
        p->at.kind = PAVO_KIND_IP6;
        p->at.proto = 58;
        p->at.has_icmp = p->at.has_mac = 1;
        p->at.icmp_type = (uint8_t)m->a;
        p->at.src_mac[0] = 2;
        p->at.src_mac[5] = (uint8_t)m->b;
        break;
    default:
        p->at.proto = 17;
        p->at.has_ports = 1;
        p->at.kind = m->a == 4 ? PAVO_KIND_IP4 : PAVO_KIND_IP6;
        p->at.src_port = m->a == 4 ? (by_client ? 68 : 67) : (by_client ? 546 : 547);
        p->at.dst_port = m->a == 4 ? (by_client ? 67 : 68) : (by_client ? 547 : 546);
    }
    return bytes;
}

static void
story_test(void **state)
{
    const struct story *s = *state;
    struct assoc_part part;
    struct pavo_record_assoc r;
    uint32_t messages[2] = {0, 0};
    unsigned nth = 0;

    assoc_begin(&part, s->protocol);
    for (const struct message *m = s->message; m->from; m++, nth++) {
        const unsigned side = m->from != 's';
        struct pavo_packet p;
        uint8_t *bytes;

        if (m->from == '|') {
            assoc_interval(&part);
            messages[0] = messages[1] = 0;
            continue;
        }
        bytes = packet_of(&p, s->protocol, m, nth);
        assert_int_equal(assoc_of(&p), s->protocol);
        assoc_step(&part, &p, side, p.ts_ns);
        messages[!side]++;
        free(bytes);
    }
    assoc_fill(&part, 1, &r);
    assert_int_equal(r.protocol, s->protocol);
    assert_int_equal(r.state, s->state);
    assert_int_equal(r.messages[0], messages[0]);
    assert_int_equal(r.messages[1], messages[1]);
    assert_int_equal(r.multihomed, s->multihomed);
    assert_int_equal(r.conflict, s->conflict);
    assert_int_equal(r.tag[0], s->tag[0]);
    assert_int_equal(r.tag[1], s->tag[1]);
    assert_int_equal(r.lost[0], s->lost);
    assert_int_equal(r.replayed[0], s->replayed);
    assert_int_equal(r.response_ns, s->response_ms * MS);
    assert_int_equal(r.messageType, s->type);
    assert_int_equal(r.answeredBy[5], s->by);
    assert_int_equal(r.hasAddress, s->has_address);
    assert_int_equal(r.address[s->has_address == 4 ? 3 : 15], s->address);
}

/* Whatever a payload holds, at every length: AddressSanitizer sees a byte too far. */
static void
payloads_cut_anywhere_are_read_no_further(void **state)
{
    for (size_t i = 0; i < LENGTH(stories); i++)
        for (const struct message *m = stories[i].message; m->from; m++) {
            struct pavo_packet p;
            uint8_t *bytes;
            uint32_t whole;

            if (m->from == '|' || !m->hex)
                continue;
            bytes = packet_of(&p, stories[i].protocol, m, 0);
            whole = p.payload_held;
            for (uint32_t n = 0; n <= whole; n++) {
                uint8_t *cut = malloc(n ? n : 1);
                struct assoc_part part;

                memcpy(cut, bytes, n);
                p.payload = cut;
                p.payload_held = n;
                assoc_begin(&part, stories[i].protocol);
                assoc_step(&part, &p, 0, p.ts_ns);
                p.payload_held = 0;
                assoc_step(&part, &p, 1, p.ts_ns);
                free(cut);
            }
            free(bytes);
        }
}

static void
random_payloads_are_read_within_their_bounds(void **state)
{
    struct rnd rnd = {7};

    for (unsigned i = 0; i < 20000; i++) {
        const struct story *s = &stories[rnd_below(&rnd, LENGTH(stories))];
        const struct message *m = &s->message[0];
        struct pavo_packet p;
        struct assoc_part part;
        uint8_t *bytes;

        if (!m->hex)
            continue;
        bytes = packet_of(&p, s->protocol, m, 0);
        for (unsigned k = 0; k < 4; k++)
            bytes[rnd_below(&rnd, p.payload_held)] = (uint8_t)rnd_next(&rnd);
        assoc_begin(&part, s->protocol);
        assoc_step(&part, &p, 0, p.ts_ns);
        free(bytes);
    }
}

/* The model of ESP keeps every number of a series that never wraps its own 64 bits. */
static void
random_sequence_numbers_agree_with_a_model(void **state)
{
    enum { MANY = 30000, WINDOW = 32 };
    static uint8_t seen[MANY];
    struct rnd rnd = {*(const uint64_t *)*state};
    const uint32_t offset = UINT32_MAX - MANY / 2;
    struct part_track t = {0};
    uint32_t highest = 100, lost = 0, replayed = 0;

    memset(seen, 0, sizeof seen);
    seen[highest] = 1;
    part_track_step(&t, offset + highest);
    while (highest < MANY - 100) {
        uint32_t n = highest + 1 + (rnd_one_in(&rnd, 8) ? rnd_below(&rnd, 40) : 0);

        if (rnd_one_in(&rnd, 4))
            n = highest - rnd_below(&rnd, rnd_one_in(&rnd, 4) ? 60 : 8);
        if (n > highest) {
            lost += n - highest - 1;
            highest = n;
        } else {
            replayed++;
            if (highest - n < WINDOW && !seen[n])
                lost -= lost != 0;
        }
        seen[n] = 1;
        part_track_step(&t, offset + n);
        if (rnd_one_in(&rnd, 300)) /* a record */
            t.lost = t.replayed = lost = replayed = 0;
        assert_int_equal(t.highest, offset + highest);
        assert_int_equal(t.lost, lost);
        assert_int_equal(t.replayed, replayed);
    }
}

static void
other_packets_have_no_association(void **state)
{
    struct pavo_packet p;

    p_udp(&p, T0, 1, 68, 2, 53);
    assert_int_equal(assoc_of(&p), PAVO_ASSOC_NONE);
    p_udp(&p, T0, 1, 67, 2, 67);
    assert_int_equal(assoc_of(&p), PAVO_ASSOC_DHCP);
    p_tcp(&p, T0, 1, 67, 2, 68, SYN, 0, 0, 0);
    assert_int_equal(assoc_of(&p), PAVO_ASSOC_NONE);
    p_icmp(&p, T0, 1, 2, 135, 0, 0);
    assert_int_equal(assoc_of(&p), PAVO_ASSOC_NONE);
    p.at.kind = PAVO_KIND_LINK;
    assert_int_equal(assoc_of(&p), PAVO_ASSOC_NONE);
}

int
main(void)
{
    static uint64_t seeds[] = {1, 2, 3};
    const struct CMUnitTest others[] = {
        cmocka_unit_test(payloads_cut_anywhere_are_read_no_further),
        cmocka_unit_test(random_payloads_are_read_within_their_bounds),
        cmocka_unit_test(other_packets_have_no_association),
        cmocka_unit_test_prestate(random_sequence_numbers_agree_with_a_model, &seeds[0]),
        cmocka_unit_test_prestate(random_sequence_numbers_agree_with_a_model, &seeds[1]),
        cmocka_unit_test_prestate(random_sequence_numbers_agree_with_a_model, &seeds[2]),
    };
    int failed = T_RUN_TABLE(stories, story_test);

    failed += cmocka_run_group_tests_name("others", others, NULL, NULL);
    return failed != 0;
}
