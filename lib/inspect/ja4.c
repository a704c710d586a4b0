/* ja4.c - spells a JA4: what the hello offers, its ciphers sorted and hashed, its extensions sorted
 * and hashed with the signature algorithms as they stand */
#include "ja4.h"

#include <stdio.h>
#include <string.h>

#include "sha256.h"

enum { EXT_SNI = 0x0000, EXT_ALPN = 0x0010, HASH_LETTERS = 12 };

void
ja4_add(uint16_t *list, unsigned *n, uint16_t v)
{
    if (!is_grease(v) && *n < JA4_LIST_MAX)
        list[(*n)++] = v;
}

/* Insertion: the lists are short and nearly in order. */
static void
sort(uint16_t *list, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        const uint16_t v = list[i];
        unsigned at = i;

        for (; at > 0 && list[at - 1] > v; at--)
            list[at] = list[at - 1];
        list[at] = v;
    }
}

static char
digit(unsigned v)
{
    return "0123456789abcdef"[v & 15];
}

static void
put_list(struct sha256 *s, const uint16_t *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const char text[5] = {',', digit(list[i] >> 12u), digit(list[i] >> 8u),
                              digit(list[i] >> 4u), digit(list[i])};

        sha256_put(s, text + (i == 0), i ? 5 : 4);
    }
}

static void
put_hash(struct sha256 *s, char *out)
{
    uint8_t hash[32];

    sha256_end(s, hash);
    for (unsigned i = 0; i < HASH_LETTERS; i++)
        out[i] = digit(i % 2 ? hash[i / 2] : hash[i / 2] >> 4u);
}

static const char *
version_word(uint16_t v)
{
    switch (v) {
    case 0x0304:
        return "13";
    case 0x0303:
        return "12";
    case 0x0302:
        return "11";
    case 0x0301:
        return "10";
    case 0x0300:
        return "s3";
    case 0x0002:
        return "s2";
    default:
        return "00";
    }
}

static bool
is_letter(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static unsigned
at_most_99(unsigned n)
{
    return n < 99 ? n : 99;
}

void
ja4_spell(struct ja4 *j, char out[JA4_BYTES])
{
    char ends[2] = {'0', '0'}, b[HASH_LETTERS + 1] = "000000000000",
         c[HASH_LETTERS + 1] = "000000000000";
    uint16_t kept[JA4_LIST_MAX];
    unsigned n = 0;
    struct sha256 s;

    if (j->has_alpn && is_letter(j->alpn[0]) && is_letter(j->alpn[1])) {
        memcpy(ends, j->alpn, 2);
    } else if (j->has_alpn) {
        ends[0] = digit(j->alpn[0] >> 4u);
        ends[1] = digit(j->alpn[1]);
    }
    if (j->n_ciphers) {
        sort(j->ciphers, j->n_ciphers);
        sha256_begin(&s);
        put_list(&s, j->ciphers, j->n_ciphers);
        put_hash(&s, b);
    }
    for (unsigned i = 0; i < j->n_extensions; i++)
        if (j->extensions[i] != EXT_SNI && j->extensions[i] != EXT_ALPN)
            kept[n++] = j->extensions[i];
    if (n) {
        sort(kept, n);
        sha256_begin(&s);
        put_list(&s, kept, n);
        if (j->n_signatures) {
            sha256_put(&s, "_", 1);
            put_list(&s, j->signatures, j->n_signatures);
        }
        put_hash(&s, c);
    }
    snprintf(out, JA4_BYTES, "%c%s%c%02u%02u%c%c_%s_%s", j->is_quic ? 'q' : 't',
             version_word(j->version), j->has_sni ? 'd' : 'i', at_most_99(j->n_ciphers),
             at_most_99(j->n_extensions), ends[0], ends[1], b, c);
}
