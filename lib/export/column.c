/* column.c - columns: rows of fields.def by any of their names, and the computed ones
 *
 * Computed columns have a row in the same shape as a field, so that parsing, units and help are the
 * same code. Nothing here allocates; a column is a small value that its user keeps.
 */
#include "column.h"

#include <stdio.h>
#include <string.h>

static bool
name_is(const struct fld *f, const char *name)
{
    return (f->word && strcmp(f->word, name) == 0) || (f->json && strcmp(f->json, name) == 0);
}

/* The row of an element name. The reverse element (RFC 5103) has the same name in the table and
 * stands before the forward one; it is asked for as RFC 5103 spells it: reverseOctetDeltaCount. */
static const struct fld *
by_element(const char *name)
{
    const struct fld *first = NULL, *last = NULL;
    const bool reverse = strncmp(name, "reverse", 7) == 0 && name[7] >= 'A' && name[7] <= 'Z';

    for (unsigned i = 0; i < fld_count; i++) {
        if (strcmp(fld_table[i].ie, name) == 0)
            last = &fld_table[i];
        if (reverse && (fld_table[i].ie[0] ^ 0x20) == name[7] &&
            strcmp(fld_table[i].ie + 1, name + 8) == 0 && !first)
            first = &fld_table[i];
    }
    return last ? last : first;
}

/* "end_reason" is "end.reason": words are split by dots, hands write underscores. */
static const struct fld *
by_spelling(const char *name)
{
    char word[COL_NAME_MAX];
    size_t i = 0;

    for (; name[i] && i + 1 < sizeof word; i++)
        word[i] = name[i] == '_' ? '.' : name[i];
    word[i] = '\0';
    return fld_find(word, NULL);
}

bool
col_find(const char *name, struct col *out, struct pavo_err *err)
{
    struct col_near near = {.name = name};
    const struct fld *f;

    if (strlen(name) < COL_NAME_MAX) {
        *out = (struct col){.kind = COL_FIELD};
        memcpy(out->name, name, strlen(name) + 1);
        for (unsigned i = 0; col_computed[i].word; i++) {
            if (name_is(&col_computed[i], name)) {
                out->kind = (uint8_t)(COL_BYTES + i);
                out->fld = &col_computed[i];
                return true;
            }
        }
        f = by_element(name);
        if (!f)
            f = fld_find(name, NULL);
        if (!f)
            f = by_spelling(name);
        if (f && f->type == FLD_LIST) { /* the list by its own name: the column that shows it */
            out->kind = COL_ENCAP;
            out->fld = &col_computed[COL_ENCAP - COL_BYTES];
            return true;
        }
        if (f) {
            out->fld = f;
            return true;
        }
    }
    if (err) {
        col_near_columns(&near);
        if (near.best)
            pavo_err_set(err, 22, "there is no field '%.60s'; did you mean '%s'?", name, near.best);
        else
            pavo_err_set(err, 22, "there is no field '%.60s'; 'pavo read --fields help' lists them",
                         name);
    }
    return false;
}

bool
col_is_text(const struct col *c)
{
    const uint8_t type = c->fld->type;

    return type == FLD_LIST || type == FLD_S || type == FLD_A || type == FLD_O;
}

bool
col_is_quantity(const struct col *c)
{
    return c->fld->semantics == FLD_Q && c->fld->type == FLD_U;
}

bool
col_get(const struct pavo_record *r, const struct col *c, struct fld_value *v)
{
    if (c->kind == COL_FIELD)
        return fld_get_word(r, c->fld, v);
    *v = (struct fld_value){.type = c->fld->type};
    switch (c->kind) {
    case COL_BYTES:
        v->u = r->octetDeltaCount[0] + r->octetDeltaCount[1];
        return true;
    case COL_PACKETS:
        v->u = r->packetDeltaCount[0] + r->packetDeltaCount[1];
        return true;
    case COL_PAYLOAD:
        v->u = r->payloadOctets[0] + r->payloadOctets[1];
        return true;
    case COL_DURATION:
        v->u = r->flowEndNanoseconds > r->flowStartNanoseconds
                   ? r->flowEndNanoseconds - r->flowStartNanoseconds
                   : 0;
        return true;
    case COL_TCP_FLAGS:
        v->u = r->tcpControlBits[0] | r->tcpControlBits[1];
        return r->protocolIdentifier == 6;
    default:
        return c->kind >= COL_STATS && col_compute(r, c->fld, v);
    }
}

/* "vlan:100/vxlan:5001"; an id of 0 where a carrier has none is left out. */
static size_t
encap_text(const struct pavo_record *r, char *out)
{
    size_t at = 0;

    for (unsigned i = 0; i < r->n_encap && i < PAVO_LAYERS_MAX; i++) {
        const struct pavo_layer *l = &r->encap[i];
        int n = snprintf(out + at, COL_TEXT_MAX - at, "%s%s:%u", i ? "/" : "",
                         pavo_carrier_word((enum pavo_carrier)l->type), l->id);

        if (n < 0 || (size_t)n >= COL_TEXT_MAX - at)
            break;
        at += (size_t)n;
    }
    out[at] = '\0';
    return at;
}

size_t
col_value_text(const struct col *c, const struct fld_value *v, char *out)
{
    size_t n;

    if (v->type == FLD_U)
        n = (size_t)(fmt_u64(out, v->u) - out);
    else
        n = fld_format(c->fld, v, out, COL_TEXT_MAX);
    out[n] = '\0';
    return n;
}

size_t
col_text(const struct pavo_record *r, const struct col *c, char *out)
{
    struct fld_value v;

    out[0] = '\0';
    if (c->kind == COL_COMMUNITY)
        return pavo_community_id(r, out) ? strlen(out) : 0;
    if (c->kind == COL_ENCAP)
        return encap_text(r, out);
    if (!col_get(r, c, &v))
        return 0;
    return col_value_text(c, &v, out);
}

bool
col_value_is_number(const struct col *c, const struct fld_value *v)
{
    (void)c;
    return v->type == FLD_R ||
           ((v->type == FLD_U || v->type == FLD_B) && v->u <= (UINT64_C(1) << 53));
}

/* ---- the nearest name --------------------------------------------------- */

/* Edit distance, bounded to short names; capital letters count as small ones. */
static unsigned
distance(const char *a, const char *b)
{
    enum { LONGEST = 48 };
    unsigned row[LONGEST + 1];
    const size_t na = strlen(a), nb = strlen(b);

    if (na > LONGEST || nb > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= nb; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            const unsigned above = row[j];
            const bool same = (a[i - 1] | 0x20) == (b[j - 1] | 0x20);
            unsigned best = diagonal + (same ? 0 : 1);

            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = above;
            row[j] = best;
        }
    }
    return row[nb];
}

void
col_near_try(struct col_near *n, const char *candidate)
{
    const size_t letters = strlen(n->name);
    unsigned d;

    if (!candidate || !candidate[0])
        return;
    d = distance(n->name, candidate);
    if (d > (letters < 3 ? 1 : letters / 3 + (letters % 3 != 0)))
        return;
    if (!n->best || d < n->distance) {
        n->best = candidate;
        n->distance = d;
    }
}

void
col_near_columns(struct col_near *n)
{
    for (unsigned i = 0; col_computed[i].word; i++)
        col_near_try(n, col_computed[i].word);
    for (unsigned i = 0; i < fld_count; i++)
        col_near_try(n, fld_table[i].word);
    for (unsigned i = 0; i < fld_count; i++)
        col_near_try(n, fld_table[i].json);
    for (unsigned i = 0; i < fld_count; i++)
        col_near_try(n, fld_table[i].ie);
}
