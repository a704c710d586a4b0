/* tcp_options.c - the options of a TCP header, into the fields of struct pavo_layers */
#include "dec.h"

enum {
    KIND_END = 0,
    KIND_NOP = 1,
    KIND_MSS = 2,
    KIND_WSCALE = 3,
    KIND_SACK_OK = 4,
    KIND_SACK = 5,
    KIND_TS = 8,
    KIND_MD5 = 19,      /* RFC 2385 */
    KIND_AUTH = 29,     /* RFC 5925 */
    KIND_MPTCP = 30,    /* RFC 8684 */
    KIND_FASTOPEN = 34, /* RFC 7413 */
    KIND_SHARED = 254,  /* RFC 6994: an experiment by the number behind the length */
    EXID_FASTOPEN = 0xf989,
    MPTCP_JOIN = 1,
    MPTCP_JOIN_SYN_BYTES = 12,
    TCP_SYN = 0x02,
    TCP_ACK = 0x10,
    SACKS_MAX = 2,   /* that are kept */
    WSCALE_MAX = 14, /* RFC 7323 section 2.3: what is above counts as this */
};

static void
timestamps(struct pavo_layers *out, const uint8_t *p)
{
    out->has_tcp_opt |= PAVO_TCP_OPT_TS;
    out->tcp_tsval = be32(p);
    out->tcp_tsecr = be32(p + 4);
}

/* Pairs of sequence numbers, RFC 2018 section 3; the first one may be a duplicate's, RFC 2883. */
static void
sack(struct pavo_layers *out, const uint8_t *p, uint32_t blocks)
{
    out->has_tcp_opt |= PAVO_TCP_OPT_SACK;
    out->n_sack = (uint8_t)(blocks < SACKS_MAX ? blocks : SACKS_MAX);
    for (uint32_t i = 0; i < 2u * out->n_sack; i++)
        out->tcp_sack[i] = be32(p + 4 * i);
}

/* Subtype and flags, address id, the receiver's token, a random number: RFC 8684 section 3.2. Only
 * the first SYN has it in this length. */
static void
mptcp(struct pavo_layers *out, const uint8_t *o, uint32_t len)
{
    out->has_tcp_opt |= PAVO_TCP_OPT_MPTCP;
    if (o[2] >> 4 != MPTCP_JOIN || len != MPTCP_JOIN_SYN_BYTES ||
        (out->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
        return;
    out->mptcp_token = be32(o + 4);
    out->has_mptcp_token = 1;
}

/* One whole option of 'len' bytes at 'o'. False if that is not the length of its kind. */
static bool
option(struct pavo_layers *out, const uint8_t *o, uint32_t len)
{
    switch (o[0]) {
    case KIND_MSS:
        if (len != 4)
            return false;
        out->has_tcp_opt |= PAVO_TCP_OPT_MSS;
        out->tcp_mss = be16(o + 2);
        return true;
    case KIND_WSCALE:
        if (len != 3)
            return false;
        out->has_tcp_opt |= PAVO_TCP_OPT_WSCALE;
        out->tcp_wscale = o[2] < WSCALE_MAX ? o[2] : WSCALE_MAX;
        return true;
    case KIND_SACK_OK:
        if (len != 2)
            return false;
        out->has_tcp_opt |= PAVO_TCP_OPT_SACK_OK;
        return true;
    case KIND_SACK:
        if (len < 10 || (len - 2) % 8 != 0)
            return false;
        sack(out, o + 2, (len - 2) / 8);
        return true;
    case KIND_TS:
        if (len != 10)
            return false;
        timestamps(out, o + 2);
        return true;
    case KIND_FASTOPEN: /* a request is empty, a cookie has 4 to 16 bytes */
        if (len != 2 && (len < 6 || len > 18))
            return false;
        out->has_tcp_opt |= PAVO_TCP_OPT_FASTOPEN;
        return true;
    case KIND_SHARED:
        if (len >= 4 && be16(o + 2) == EXID_FASTOPEN)
            out->has_tcp_opt |= PAVO_TCP_OPT_FASTOPEN;
        return true;
    case KIND_MPTCP:
        if (len < 3)
            return false;
        mptcp(out, o, len);
        return true;
    case KIND_MD5:
    case KIND_AUTH:
        if (o[0] == KIND_MD5 ? len != 18 : len < 4)
            return false;
        out->has_tcp_opt |= PAVO_TCP_OPT_AUTH;
        return true;
    default:
        return true;
    }
}

/* RFC 9293 section 3.2: a kind alone for 0 (the end) and 1, else kind and length. */
bool
dec_tcp_options(struct pavo_layers *out, const uint8_t *o, uint32_t n, uint32_t held)
{
    uint32_t i = 0;

    if (n == 12 && held == n && be32(o) == DEC_TS_ALONE) {
        timestamps(out, o + 4);
        return true;
    }
    while (i < held && o[i] != KIND_END) {
        if (o[i] == KIND_NOP) {
            i++;
            continue;
        }
        if (i + 1 == n)
            return false; /* no room for a length */
        if (i + 1 >= held)
            return true;
        if (o[i + 1] < 2 || o[i + 1] > n - i)
            return false;
        if (o[i + 1] > held - i)
            return true;
        if (!option(out, o + i, o[i + 1]))
            return false;
        i += o[i + 1];
    }
    return true;
}
