/* plain.c - the decoder's short way through the most common frames, see plain.h */
#include "plain.h"

static inline __attribute__((always_inline)) enum dec_step
plain_ip(const struct pavo_decap_config *cfg, const struct pavo_frame *f, const bool is_ip6,
         struct pavo_layers *out)
{
    struct plain v;

    if (!plain_read(cfg, f, is_ip6, &v))
        return DEC_STEPS;
    plain_fields(&v, is_ip6, f->len, out);
    return v.next;
}

enum dec_step
dec_plain(const struct pavo_decap_config *cfg, const struct pavo_frame *f, struct pavo_layers *out)
{
    if (plain_is_ip4(f))
        return plain_ip(cfg, f, false, out);
    return plain_is_ip6(f) ? plain_ip(cfg, f, true, out) : DEC_STEPS;
}
