/* value.h - what the text-like encoders share: values of the table as text, names made safe,
 * encapsulation
 *
 * All write without NUL and return the end; the caller has room for the bytes that are named here.
 */
#ifndef PAVO_VALUE_H
#define PAVO_VALUE_H

#include <string.h>

#include "fields.h"
#include "pavo_export.h"

enum {
    VALUE_BYTES = 64,                    /* any value but a list, text, numbers, bytes */
    ENCAP_BYTES = PAVO_LAYERS_MAX * 160, /* any encapsulation, as JSON or as one word */
};

/* Most bytes of a field's value as text, with escapes and quotes. */
size_t value_bytes(const struct fld *f);

/* A value as in JSON, without quotes; lists give nothing. Texts are as they are, numbers
 * "1;2;3". */
char *value_put(char *at, const struct fld *f, const struct fld_value *v);

/* fld_get() over up to 'n' rows that stand for one thing: the first that is present. NULL: none is.
 */
static inline const struct fld *
value_get(const struct pavo_record *r, const struct fld *const *rows, unsigned n,
          struct fld_value *v)
{
    for (unsigned i = 0; i < n; i++)
        if (fld_get(r, rows[i], v))
            return rows[i];
    return NULL;
}

/* An address of a layer of the encapsulation or a flow: IPv4 (4), IPv6 (6), or a MAC
 * (PAVO_LAYER_MAC). */
char *value_address(char *at, unsigned version, const uint8_t *address);

/* "vlan:100/vxlan:5001@10.0.0.1>10.0.0.2": type:id, and the outer addresses where the layer has
 * some. */
char *value_encap(char *at, const struct pavo_record *r);

/* What the flow speaks, as a word: its name, else what the EtherType of an ARP or link-layer flow
 * says; NULL: no word for it. */
const char *value_protocol_word(const struct pavo_record *r);

/* Name of the interface or file of a record; NULL: not known. */
static inline const char *
value_source(const struct pavo_record *r, const char *const *names, unsigned n)
{
    return r->ingressInterface < n ? names[r->ingressInterface] : NULL;
}

static inline char *
value_copy(char *at, const char *text, size_t n)
{
    memcpy(at, text, n);
    return at + n;
}

#endif
