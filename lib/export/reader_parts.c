/* reader_parts.c - the parts of a record out of flowParts, and the values of single rows
 *
 * The list is another's word like all else: each entry is held against the end of the list, each
 * field against the end of its entry, and no list is followed into another. An entry is known by
 * the elements of its template, not by its number; a part of which one element came is there, and
 * what did not come of it is 0.
 */
#include "reader.h"

/* Numbers in network order into an array of the host's; what does not fit is cut off. */
static void
set_numbers(struct pavo_record *r, const struct fld *f, const uint8_t *at, unsigned n,
            unsigned width)
{
    uint32_t wide[PAVO_FIRST_MAX] = {0};
    uint16_t narrow[PAVO_FIRST_MAX] = {0};
    const unsigned room = f->width / width, count = n / width < room ? n / width : room;
    const struct fld_value v = {.type = f->type,
                                .width = (uint8_t)width,
                                .u = room,
                                .at = width == 2 ? (const void *)narrow : wide};

    for (unsigned i = 0; i < count; i++) {
        const uint64_t number = get_be(at + (size_t)i * width, width);

        wide[i] = (uint32_t)number;
        narrow[i] = (uint16_t)number;
    }
    fld_set(r, f, &v);
}

void
map_row(struct pavo_record *r, const struct fld *f, const uint8_t *at, unsigned n)
{
    struct fld_value v = {.type = f->type};
    const uint8_t *nul;

    switch ((enum row_form)f->form) {
    case ROW_FORM_MAC:
        if (n != 6)
            return;
        memcpy(v.bytes, at, 6);
        break;
    case ROW_FORM_IPQ:
    case ROW_FORM_ADDR:
        if (n != 16)
            return;
        memcpy(v.bytes, at, 16);
        break;
    case ROW_FORM_IP4:
    case ROW_FORM_IP6:
    case ROW_FORM_LIST:
    case ROW_FORM_PARTS:
        return;
    case ROW_FORM_S:
        nul = memchr(at, 0, n);
        v.u = nul ? (uint64_t)(nul - at) : n;
        v.at = at;
        break;
    case ROW_FORM_OCT:
        v.u = n;
        v.at = at;
        break;
    case ROW_FORM_HIST:
    case ROW_FORM_N32:
        set_numbers(r, f, at, n, 4);
        return;
    case ROW_FORM_N16:
        set_numbers(r, f, at, n, 2);
        return;
    case ROW_FORM_B: /* RFC 7011 section 6.1.5: 1 is true, 2 is false */
        v.u = n == 1 && *at == 1;
        break;
    case ROW_FORM_VLAN:
    case ROW_FORM_INNER:
    case ROW_FORM_SEGMENT: /* 0: untagged */
        if (n < 1 || n > 8)
            return;
        v.u = get_be(at, n);
        if (v.u == 0)
            return;
        break;
    default:
        if (n < 1 || n > 8) /* reduced size, RFC 7011 section 6.2 */
            return;
        v.u = get_be(at, n);
    }
    fld_set(r, f, &v);
}

/* The large parts lie behind what every record clears. */
static void
part_begin(struct pavo_record *r, unsigned parts)
{
    const unsigned fresh = parts & ~(unsigned)r->parts;

    if (fresh & PAVO_PART_FIRST)
        memset(&r->first, 0, sizeof r->first);
    if (fresh & PAVO_PART_NAMES)
        memset(&r->names, 0, sizeof r->names);
    if (fresh & PAVO_PART_BYTES)
        r->bytes.n[0] = r->bytes.n[1] = 0;
    r->parts |= (uint16_t)parts;
}

/* Does a field of an entry say something of the record? Only what belongs into parts does. */
static bool
is_of_part(const struct map_field *f)
{
    return f->act == MAP_PART || ((f->act == MAP_ROW || f->act == MAP_NUMBER) &&
                                  (fld_table[f->arg].templates & FLD_PMORE));
}

static const uint8_t *
read_entry(struct pavo_record *r, const struct map_template *t, const uint8_t *at,
           const uint8_t *end)
{
    part_begin(r, t->parts);
    for (uint32_t i = 0; i < t->n_fields; i++) {
        const struct map_field *f = &t->fields[i];
        const long n = map_length(f, &at, end);

        if (n < 0)
            return NULL;
        if (is_of_part(f)) {
            if (f->width)
                map_store(r, f, get_be(at, f->bytes));
            else
                map_row(r, &fld_table[f->arg], at, (unsigned)n);
        }
        at += n;
    }
    return at;
}

bool
map_parts(struct pavo_record *r, const uint8_t *at, const uint8_t *end, uint32_t domain,
          map_find_fn *find, void *ctx, const char **why)
{
    if (at == end) /* without even its semantics: as good as empty */
        return true;
    at++;
    while (end - at >= 4) {
        const struct map_template *t = find(ctx, domain, (uint16_t)get_be(at, 2));
        const long n = (long)get_be(at + 2, 2);
        const uint8_t *const entry_end = at + n;

        if (n < 4 || n > end - at) {
            *why = "a part runs over the end of its list";
            return false;
        }
        if (!t || t->n_scope) {
            *why = "a part has a template that was not announced";
            return false;
        }
        at += 4;
        while ((size_t)(entry_end - at) >= t->min_bytes) {
            at = read_entry(r, t, at, entry_end);
            if (!at) {
                *why = "a field runs over the end of its part";
                return false;
            }
        }
        if (at != entry_end) {
            *why = "a part is longer than its fields";
            return false;
        }
    }
    if (at != end) {
        *why = "bytes behind the last part of a list";
        return false;
    }
    return true;
}

void
map_parts_finish(struct pavo_record *r)
{
    if ((r->parts & PAVO_PART_ASSOC) && r->assoc.hasAddress == 4) { /* ::ffff:a.b.c.d */
        memmove(r->assoc.address, r->assoc.address + 12, 4);
        memset(r->assoc.address + 4, 0, 12);
    }
    if ((r->parts & PAVO_PART_FIRST) && r->first.n > PAVO_FIRST_MAX)
        r->first.n = PAVO_FIRST_MAX;
}
