/* cmd.c - Cisco metadata: the security group of the sender (TrustSec) */
#include "routes.h"

enum { CMD_VERSION = 1, CMD_WORDS = 1, OPTION_SGT = 1, OPTION_TYPE = 0x0fff };

/* Version, length in words, option (length 4 bits, type 12) and the group tag of 16 bits. The
 * EtherType of what follows stands behind them; in GRE, whose own type names the metadata, before
 * them. */
enum dec_step
dec_cmd(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const bool is_in_gre = dec_is_ip(w->out);
    const uint8_t *tag = is_in_gre ? h + 2 : h;

    if (tag[0] != CMD_VERSION || tag[1] != CMD_WORDS || (be16(tag + 2) & OPTION_TYPE) != OPTION_SGT)
        return dec_stop(w, PAVO_WHY_TAG_FORM);
    dec_enter(w, PAVO_CARRIER_CMD, be16(tag + 4));
    return dec_link_type(be16(is_in_gre ? h : h + 6), rest, w);
}
