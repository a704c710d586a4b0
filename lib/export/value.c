/* value.c - values as text, shared by the JSON, CSV and text encoders */
#include "value.h"

#include "rows.h"

enum { ETHERTYPE_ARP = 0x0806, ETHERTYPE_RARP = 0x8035 };

size_t
value_bytes(const struct fld *f)
{
    switch ((enum fld_type)f->type) {
    case FLD_LIST:
        return ENCAP_BYTES;
    case FLD_S:
        return 6 * (size_t)f->width + VALUE_BYTES; /* \u0000 */
    case FLD_O:
        return (size_t)f->width * 4 / 3 + VALUE_BYTES;
    case FLD_A:
        return PAVO_FIRST_MAX * 11 + VALUE_BYTES;
    default:
        return VALUE_BYTES;
    }
}

char *
value_put(char *at, const struct fld *f, const struct fld_value *v)
{
    const char *word;

    switch ((enum fld_type)v->type) {
    case FLD_U:
        return fmt_u64(at, v->u);
    case FLD_IP4:
        return fmt_ip4(at, v->bytes);
    case FLD_IP6:
        return fmt_ip6(at, v->bytes);
    case FLD_MAC:
        return fmt_mac(at, v->bytes);
    case FLD_MS:
    case FLD_NTP:
        return fmt_time(at, v->u);
    case FLD_ID:
        return fmt_hex64(at, v->u);
    case FLD_B:
        return v->u ? value_copy(at, "true", 4) : value_copy(at, "false", 5);
    case FLD_W:
        word = fld_word(f, v->u);
        return word ? value_copy(at, word, strlen(word)) : fmt_u64(at, v->u);
    case FLD_F:
        return at + fld_format(f, v, at, VALUE_BYTES);
    case FLD_S:
    case FLD_A:
    case FLD_O:
        return at + fld_format(f, v, at, value_bytes(f));
    case FLD_R:
        return fmt_ratio(at, v->u);
    case FLD_LIST:
        break;
    }
    return at;
}

char *
value_address(char *at, unsigned version, const uint8_t *address)
{
    if (version == PAVO_LAYER_MAC)
        return fmt_mac(at, address);
    return version == 4 ? fmt_ip4(at, address) : fmt_ip6(at, address);
}

char *
value_encap(char *at, const struct pavo_record *r)
{
    for (unsigned i = 0; i < r->n_encap; i++) {
        const struct pavo_layer *l = &r->encap[i];
        const char *word = pavo_carrier_word((enum pavo_carrier)l->type);
        const unsigned version = row_layer_version(l);

        if (i)
            *at++ = '/';
        at = value_copy(at, word, strlen(word));
        *at++ = ':';
        at = fmt_u64(at, l->id);
        if (version) {
            *at++ = '@';
            at = value_address(at, version, l->src);
            *at++ = '>';
            at = value_address(at, version, l->dst);
        }
    }
    return at;
}

const char *
value_protocol_word(const struct pavo_record *r)
{
    if (r->protocolName && r->protocolName < PAVO_NAMES)
        return pavo_name_word((enum pavo_name)r->protocolName);
    if (r->kind != PAVO_KIND_LINK && r->kind != PAVO_KIND_ARP)
        return NULL;
    if (r->ethernetType == ETHERTYPE_RARP && !r->isLlc)
        return "rarp";
    return r->kind == PAVO_KIND_ARP || (r->ethernetType == ETHERTYPE_ARP && !r->isLlc) ? "arp"
                                                                                       : NULL;
}
