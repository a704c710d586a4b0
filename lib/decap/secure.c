/* secure.c - encrypted protocols over UDP: QUIC, DTLS, WireGuard, OpenVPN
 *
 * Nothing in them can be opened. They are named where their first bytes leave no doubt, and change
 * nothing else; what does not look like them is plain UDP and no reason is counted.
 */
#include "dec.h"

enum {
    CID_MAX = 20,       /* RFC 9000 section 17.2 */
    DTLS_BYTES = 13,    /* RFC 6347 section 4.1 */
    OPENVPN_BYTES = 14, /* the shortest message of its control channel */
};

/* Versions whose long header is that of RFC 8999: 1, 2 (RFC 9369), drafts 22 to 34, the last ones
 * of Google, and those that are never spoken and only force a negotiation (RFC 9000 section 15). */
static bool
is_quic_version(uint32_t v)
{
    return v == 0x00000001 || v == 0x6b3343cf || (v >= 0xff000016 && v <= 0xff000022) ||
           v == 0x51303530 || v == 0x54303530 || v == 0x54303531 || (v & 0x0f0f0f0f) == 0x0a0a0a0a;
}

/* Long header: flags, version, two connection ids with their lengths. Version 0 is a negotiation
 * and lists versions of four bytes: RFC 8999 sections 5.1 and 6. */
static bool
looks_long(const uint8_t *h, const struct cur *rest)
{
    const uint32_t version = be32(h + 1);
    const uint32_t dcid = h[5];
    const uint32_t ids = 7 + dcid;
    uint32_t scid;

    if (version == 0x51303436) /* Q046 has both lengths in one byte */
        return (h[0] & 0xc0) == 0xc0 && (h[5] == 0x50 || h[5] == 0x05);
    if (dcid > CID_MAX || (version != 0 && (!is_quic_version(version) || !(h[0] & 0x40))))
        return false;
    h = cur_peek(rest, ids);
    if (!h)
        return false;
    scid = h[ids - 1];
    if (scid > CID_MAX || ids + scid > rest->told)
        return false;
    if (version != 0)
        return true;
    h = cur_peek(rest, ids + scid + 4);
    return h && (rest->told - ids - scid) % 4 == 0 && is_quic_version(be32(h + ids + scid));
}

/* Google's QUIC up to Q043: public flags with a version and a connection id of 8 bytes. */
static bool
looks_gquic(const uint8_t *h)
{
    return (h[0] & 0xc9) == 0x09 && h[9] == 'Q' && h[10] == '0' && h[11] >= '0' && h[11] <= '9' &&
           h[12] >= '0' && h[12] <= '9';
}

/* Content type, version 1.0 or 1.2 (1.3 says so too), epoch, sequence number, length: RFC 6347
 * section 4.1, RFC 9147 section 4. */
static bool
looks_dtls(const struct cur *rest)
{
    const uint8_t *h = cur_peek(rest, DTLS_BYTES);

    return h && h[0] >= 20 && h[0] <= 24 && (be16(h + 1) == 0xfeff || be16(h + 1) == 0xfefd) &&
           be16(h + 11) != 0 && be16(h + 11) + (uint32_t)DTLS_BYTES <= rest->told;
}

enum dec_step
dec_dtls(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (looks_dtls(rest))
        w->out->named = PAVO_NAME_DTLS;
    return DEC_STOP;
}

/* The first byte tells QUIC and DTLS on one port apart: RFC 9443 section 2. */
enum dec_step
dec_quic(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    h = cur_peek(rest, 13);
    if (!h)
        return DEC_STOP;
    if (h[0] & 0x80 ? looks_long(h, rest) : looks_gquic(h))
        w->out->named = PAVO_NAME_QUIC;
    else if (looks_dtls(rest))
        w->out->named = PAVO_NAME_DTLS;
    return DEC_STOP;
}

/* Type, three zeros, and a length for each type: the WireGuard paper section 5.4. */
enum dec_step
dec_wireguard(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t n = rest->told;
    uint32_t type;

    h = cur_peek(rest, 4);
    if (!h)
        return DEC_STOP;
    type = be32(h);
    if ((type == 0x01000000 && n == 148) || (type == 0x02000000 && n == 92) ||
        (type == 0x03000000 && n == 64) || (type == 0x04000000 && n >= 32 && n % 16 == 0))
        w->out->named = PAVO_NAME_WIREGUARD;
    return DEC_STOP;
}

/* A message of the control channel with 'mac' bytes of HMAC, packet id and time behind the session
 * id: a list of acknowledged packets, the other session's id if there are any, and for all but a
 * plain acknowledgment a packet number. Resets and acknowledgments end there. */
static bool
is_openvpn(const uint8_t *h, const struct cur *rest, uint32_t mac)
{
    const uint8_t op = h[0] >> 3;
    const uint32_t at = 9 + mac;
    uint32_t acks, size;

    h = cur_peek(rest, at + 1);
    if (!h)
        return false;
    acks = h[at];
    size = at + 1 + acks * 4 + (acks ? 8 : 0) + (op == 5 ? 0 : 4);
    if (acks > 8 || (op == 5 && acks == 0))
        return false;
    if (op != 4)
        return size == rest->told;
    h = cur_peek(rest, size + 3); /* a piece of TLS; it starts with a record header as a rule */
    return h && h[size] >= 20 && h[size] <= 23 && h[size + 1] == 3 && h[size + 2] <= 4;
}

/* Operation 5 bits and key id 3, session id: the OpenVPN protocol, section "Network protocol".
 * Operations: 4 control, 5 acknowledgment, 7 and 8 hard resets. HMAC: none, MD5, SHA-1, SHA-256,
 * SHA-512, each with 8 bytes of packet id and time. Data has no mark. */
enum dec_step
dec_openvpn(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    static const uint8_t macs[] = {0, 24, 28, 40, 72};
    uint8_t op;

    h = cur_peek(rest, OPENVPN_BYTES);
    if (!h)
        return DEC_STOP;
    op = h[0] >> 3;
    if ((op != 4 && op != 5 && op != 7 && op != 8) || (op >= 7 && (h[0] & 7) != 0) ||
        (be32(h + 1) == 0 && be32(h + 5) == 0))
        return DEC_STOP;
    for (unsigned i = 0; i < sizeof macs; i++)
        if (is_openvpn(h, rest, macs[i])) {
            w->out->named = PAVO_NAME_OPENVPN;
            break;
        }
    return DEC_STOP;
}
