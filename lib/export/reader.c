/* reader.c - an IPFIX stream back into records (RFC 7011, RFC 5655)
 *
 * A message is read whole into one buffer and worked off item by item; templates are kept per
 * observation domain. Nothing that is read is trusted: every length is held against the one around
 * it, the number of templates, fields and names is bounded, and what contradicts itself is reported
 * with its offset and skipped, as far as the lengths around it can be believed.
 *
 * Of a stream that ends inside a message, all records that are there whole are delivered first.
 */
#include "reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEMPLATES_MAX = 4096, /* announced in all domains */
    TEMPLATE_SLOTS = 2 * TEMPLATES_MAX,
    FIELDS_MAX = 1 << 17, /* of all templates */
    INTERFACES_MAX = 65536,
    NAME_MAX_BYTES = 256,
    NAMES_MAX_BYTES = 1 << 22,
};

struct pavo_reader {
    pavo_read_fn *read;
    void *ctx;
    uint64_t offset;     /* bytes consumed */
    uint64_t message_at; /* offset of the message in hand */
    bool is_done;        /* nothing follows */
    bool is_cut;         /* the message in hand ends early */
    uint32_t length;     /* bytes of it held */
    uint32_t told;       /* bytes it should have */
    uint32_t at;         /* next byte to look at */
    uint32_t set_end;    /* of the open data set; 0: none */
    bool set_is_cut;
    const struct map_template *set; /* its template */
    uint32_t domain, export_s;
    struct map_template
        *templates; /* open addressing by (domain, id); a slot once taken stays taken */
    unsigned n_templates;
    uint32_t n_fields;
    char **interfaces;
    uint32_t n_interfaces;
    size_t names_bytes;
    char *observer;
    uint8_t message[IPFIX_MESSAGE_MAX];
};

struct pavo_reader *
pavo_reader_open(pavo_read_fn *read, void *ctx, struct pavo_err *err)
{
    struct pavo_reader *r = calloc(1, sizeof *r);

    if (r)
        r->templates = calloc(TEMPLATE_SLOTS, sizeof *r->templates);
    if (!r || !r->templates) {
        free(r);
        pavo_err_set(err, ENOMEM, "no memory for an IPFIX reader");
        return NULL;
    }
    r->read = read;
    r->ctx = ctx;
    return r;
}

void
pavo_reader_close(struct pavo_reader *r)
{
    if (!r)
        return;
    for (unsigned i = 0; i < TEMPLATE_SLOTS; i++)
        free(r->templates[i].fields);
    for (uint32_t i = 0; i < r->n_interfaces; i++)
        free(r->interfaces[i]);
    free(r->interfaces);
    free(r->observer);
    free(r->templates);
    free(r);
}

uint64_t
pavo_reader_offset(const struct pavo_reader *r)
{
    return r->offset;
}

const char *
pavo_reader_observer(const struct pavo_reader *r, uint32_t source)
{
    return source < r->n_interfaces ? r->interfaces[source] : NULL;
}

const char *
pavo_reader_observer_name(const struct pavo_reader *r)
{
    return r->observer;
}

/* ---- what is wrong ----------------------------------------------------------------------------
 */

static enum pavo_item
broken_at(struct pavo_reader *r, uint64_t offset, const char *what, struct pavo_err *err)
{
    pavo_err_set(err, EBADMSG, "offset %" PRIu64 ": %s", offset, what);
    (void)r;
    return PAVO_ITEM_BROKEN;
}

static enum pavo_item
broken(struct pavo_reader *r, const char *what, struct pavo_err *err)
{
    return broken_at(r, r->message_at + r->at, what, err);
}

/* Where the rest of the message can't be read: on with the next one. */
static enum pavo_item
broken_message(struct pavo_reader *r, const char *what, struct pavo_err *err)
{
    const enum pavo_item item = broken(r, what, err);

    r->at = r->length;
    r->set_end = 0;
    return item;
}

static enum pavo_item
cut(struct pavo_reader *r, struct pavo_err *err)
{
    r->is_done = true;
    pavo_err_set(err, EBADMSG,
                 "offset %" PRIu64 ": the stream is cut inside a message of %u bytes that began at "
                 "offset %" PRIu64,
                 r->offset, r->told, r->message_at);
    return PAVO_ITEM_BROKEN;
}

/* ---- templates --------------------------------------------------------------------------------
 */

/* The slot of a template, taken or free; NULL: all are taken. */
static struct map_template *
template_slot(const struct pavo_reader *r, uint32_t domain, uint16_t id)
{
    uint32_t i = (domain * UINT32_C(2654435761) ^ id * UINT32_C(40503)) % TEMPLATE_SLOTS;

    for (unsigned n = 0; n < TEMPLATE_SLOTS; n++, i = (i + 1) % TEMPLATE_SLOTS) {
        struct map_template *t = &r->templates[i];

        if (t->id == 0 || (t->id == id && t->domain == domain))
            return t;
    }
    return NULL;
}

static const struct map_template *
template_find(void *ctx, uint32_t domain, uint16_t id)
{
    const struct map_template *t = template_slot(ctx, domain, id);

    return t && t->id && t->n_fields ? t : NULL;
}

static void
template_withdraw(struct pavo_reader *r, struct map_template *t)
{
    r->n_fields -= t->n_fields;
    t->n_fields = 0;
    free(t->fields);
    t->fields = NULL;
}

/* RFC 7011 section 8.1: a record without fields withdraws its template, or with the id of the set
 * all of it. */
static void
withdraw(struct pavo_reader *r, uint16_t id)
{
    if (id >= IPFIX_SET_DATA) {
        struct map_template *t = template_slot(r, r->domain, id);

        if (t && t->id)
            template_withdraw(r, t);
        return;
    }
    for (unsigned i = 0; i < TEMPLATE_SLOTS; i++) {
        struct map_template *t = &r->templates[i];

        if (t->id && t->domain == r->domain && (t->n_scope != 0) == (id == IPFIX_SET_OPTIONS))
            template_withdraw(r, t);
    }
}

static bool
is_same(const struct map_template *t, unsigned n_scope, const struct map_field *f, unsigned n)
{
    if (t->n_fields != n || t->n_scope != n_scope)
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (t->fields[i].pen != f[i].pen || t->fields[i].id != f[i].id ||
            t->fields[i].bytes != f[i].bytes)
            return false;
    }
    return true;
}

/* Takes over 'fields'. NULL, or what is wrong. */
static const char *
template_put(struct pavo_reader *r, uint16_t id, unsigned n_scope, struct map_field *fields,
             unsigned n)
{
    struct map_template *t = template_slot(r, r->domain, id);

    if (t && t->id && is_same(t, n_scope, fields, n)) {
        free(fields);
        return NULL;
    }
    if (!t || (!t->id && r->n_templates >= TEMPLATES_MAX) ||
        r->n_fields - t->n_fields + n > FIELDS_MAX) {
        free(fields);
        return "more templates than the reader keeps";
    }
    if (t->id)
        template_withdraw(r, t);
    else
        r->n_templates++;
    *t = (struct map_template){.domain = r->domain,
                               .id = id,
                               .n_scope = (uint16_t)n_scope,
                               .n_fields = n,
                               .fields = fields};
    r->n_fields += n;
    map_compile(t);
    if (t->min_bytes == 0) {
        template_withdraw(r, t);
        return "a template whose records have no bytes";
    }
    return NULL;
}

/* One template record at *at, moved past it. NULL, or what is wrong. */
static const char *
template_read(struct pavo_reader *r, uint16_t set_id, const uint8_t **at, const uint8_t *end)
{
    const bool is_options = set_id == IPFIX_SET_OPTIONS;
    const uint16_t id = (uint16_t)get_be(*at, 2);
    const unsigned n = (unsigned)get_be(*at + 2, 2);
    unsigned n_scope = 0;
    struct map_field *fields;

    *at += 4;
    if (n == 0 && (id >= IPFIX_SET_DATA || id == set_id)) {
        withdraw(r, id);
        return NULL;
    }
    if (id < IPFIX_SET_DATA)
        return "a template with the id of a set";
    if (is_options) {
        if (end - *at < 2)
            return "an options template runs over the end of its set";
        n_scope = (unsigned)get_be(*at, 2);
        *at += 2;
        if (n_scope == 0 || n_scope > n)
            return "an options template whose scope count can't be";
    }
    if ((size_t)(end - *at) < (size_t)4 * n)
        return "a template runs over the end of its set";
    fields = calloc(n, sizeof *fields);
    if (!fields)
        return "no memory for a template";
    for (unsigned i = 0; i < n; i++) {
        const long left = (long)(end - *at);

        if (left < 4 || ((*at)[0] & 0x80 && left < 8)) {
            free(fields);
            return "a template runs over the end of its set";
        }
        fields[i].id = (uint16_t)get_be(*at, 2);
        fields[i].bytes = (uint16_t)get_be(*at + 2, 2);
        *at += 4;
        if (fields[i].id & IPFIX_ENTERPRISE) {
            fields[i].id &= IPFIX_ENTERPRISE - 1;
            fields[i].pen = (uint32_t)get_be(*at, 4);
            if (fields[i].pen == 0) /* not IANA's */
                fields[i].pen = UINT32_MAX;
            *at += 4;
        }
    }
    return template_put(r, id, n_scope, fields, n);
}

static const char *
templates_read(struct pavo_reader *r, uint16_t set_id, const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 4) {
        const char *wrong;

        if (get_be(at, 4) == 0) /* padding */
            return NULL;
        wrong = template_read(r, set_id, &at, end);
        if (wrong)
            return wrong;
    }
    return NULL;
}

/* ---- options ----------------------------------------------------------------------------------
 */

static char *
copy_name(const uint8_t *at, size_t n)
{
    char *name = malloc(NAME_MAX_BYTES);

    if (!name)
        return NULL;
    if (n > NAME_MAX_BYTES - 1)
        n = NAME_MAX_BYTES - 1;
    memcpy(name, at, n);
    name[n] = '\0';
    return name;
}

static void
interface_put(struct pavo_reader *r, uint64_t index, const uint8_t *at, size_t n)
{
    char *name;

    if (index >= INTERFACES_MAX || r->names_bytes + NAME_MAX_BYTES > NAMES_MAX_BYTES)
        return;
    if (index >= r->n_interfaces) {
        char **more = realloc(r->interfaces, (size_t)(index + 1) * sizeof *more);

        if (!more)
            return;
        memset(more + r->n_interfaces, 0, (size_t)(index + 1 - r->n_interfaces) * sizeof *more);
        r->interfaces = more;
        r->n_interfaces = (uint32_t)index + 1;
    }
    name = copy_name(at, n);
    if (!name)
        return;
    if (r->interfaces[index])
        free(r->interfaces[index]);
    else
        r->names_bytes += NAME_MAX_BYTES;
    r->interfaces[index] = name;
}

/* Names of interfaces and of the sensor. */
static const uint8_t *
options_read(struct pavo_reader *r, const struct map_template *t, const uint8_t *at,
             const uint8_t *end, const char **why)
{
    uint64_t index = UINT64_MAX;
    const uint8_t *name = NULL;
    size_t name_bytes = 0;

    for (uint32_t i = 0; i < t->n_fields; i++) {
        const struct map_field *f = &t->fields[i];
        const long n = map_length(f, &at, end);

        if (n < 0) {
            *why = "an options record runs over the end of its set";
            return NULL;
        }
        if (f->pen == 0 && f->id == IPFIX_IE_INGRESS && n >= 1 && n <= 8)
            index = get_be(at, (unsigned)n);
        if (f->pen == 0 && f->id == IPFIX_IE_INTERFACE_NAME) {
            name = at;
            name_bytes = (size_t)n;
        }
        if (f->pen == 0 && f->id == IPFIX_IE_DOMAIN_NAME && (t->has & MAP_IS_OBSERVER)) {
            free(r->observer);
            r->observer = copy_name(at, (size_t)n);
        }
        at += n;
    }
    if ((t->has & MAP_IS_INTERFACES) && name)
        interface_put(r, index, name, name_bytes);
    return at;
}

/* ---- messages, sets, records -------------------------------------------------------------------
 */

/* Up to 'n' bytes; fewer at the end, -1 on an error. */
static long
read_all(struct pavo_reader *r, uint8_t *to, size_t n)
{
    size_t have = 0;

    while (have < n) {
        const long got = r->read(r->ctx, to + have, n - have);

        if (got < 0 || (size_t)got > n - have)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
        r->offset += (uint64_t)got;
    }
    return (long)have;
}

static enum pavo_item
read_failed(struct pavo_reader *r, struct pavo_err *err)
{
    const int errnum = errno;

    r->is_done = true;
    pavo_err_set(err, errnum ? errnum : EIO, "offset %" PRIu64 ": reading failed: %s", r->offset,
                 strerror(errnum ? errnum : EIO));
    return PAVO_ITEM_BROKEN;
}

/* The next message into the buffer. PAVO_ITEM_RECORD: it is there. */
static enum pavo_item
message_read(struct pavo_reader *r, struct pavo_err *err)
{
    long got;

    r->message_at = r->offset;
    r->at = r->length = 0;
    r->set_end = 0;
    r->told = IPFIX_HEADER;
    errno = 0;
    got = read_all(r, r->message, IPFIX_HEADER);
    if (got < 0)
        return read_failed(r, err);
    if (got == 0) {
        r->is_done = true;
        return PAVO_ITEM_END;
    }
    if (got >= 2 && get_be(r->message, 2) != IPFIX_VERSION) {
        r->is_done = true;
        return broken(r, "no IPFIX message begins here (the version is not 10)", err);
    }
    if (got < IPFIX_HEADER)
        return cut(r, err);
    r->told = (uint32_t)get_be(r->message + 2, 2);
    if (r->told < IPFIX_HEADER) {
        r->is_done = true;
        return broken(r, "a message that is shorter than its header", err);
    }
    r->export_s = (uint32_t)get_be(r->message + 4, 4);
    r->domain = (uint32_t)get_be(r->message + 12, 4);
    got = read_all(r, r->message + IPFIX_HEADER, r->told - IPFIX_HEADER);
    if (got < 0)
        return read_failed(r, err);
    r->at = IPFIX_HEADER;
    r->length = IPFIX_HEADER + (uint32_t)got;
    r->is_cut = r->length < r->told;
    return PAVO_ITEM_RECORD;
}

/* The next set. PAVO_ITEM_RECORD: go on. */
static enum pavo_item
set_read(struct pavo_reader *r, struct pavo_err *err)
{
    const uint8_t *const head = r->message + r->at;
    uint32_t bytes, end;
    uint16_t id;

    if (r->length - r->at < IPFIX_SET_HEADER) {
        if (r->is_cut)
            return cut(r, err);
        return broken_message(r, "bytes behind the last set of a message", err);
    }
    id = (uint16_t)get_be(head, 2);
    bytes = (uint32_t)get_be(head + 2, 2);
    if (bytes < IPFIX_SET_HEADER || bytes > r->told - r->at)
        return broken_message(r, "a set whose length contradicts its message", err);
    end = r->at + bytes;
    r->set_is_cut = end > r->length;
    if (id == IPFIX_SET_TEMPLATES || id == IPFIX_SET_OPTIONS) {
        const char *wrong;
        enum pavo_item item = PAVO_ITEM_RECORD;

        if (r->set_is_cut)
            return cut(r, err);
        wrong = templates_read(r, id, head + IPFIX_SET_HEADER, r->message + end);
        if (wrong)
            item = broken(r, wrong, err);
        r->at = end;
        return item;
    }
    if (id >= IPFIX_SET_DATA) {
        r->set = template_find(r, r->domain, id);
        if (!r->set) {
            const enum pavo_item item =
                broken(r, "records of a template that was not announced", err);

            r->at = r->set_is_cut ? r->length : end;
            return item;
        }
        r->at += IPFIX_SET_HEADER;
        r->set_end = r->set_is_cut ? r->length : end;
        return PAVO_ITEM_RECORD;
    }
    if (r->set_is_cut)
        return cut(r, err);
    { /* RFC 7011 section 3.3.2: 0, 1 and 4 to 255 are not used */
        const enum pavo_item item = broken(r, "a set with an id that has no meaning", err);

        r->at = end;
        return item;
    }
}

/* The next record of the open set. PAVO_ITEM_END: nothing to deliver, go on. */
static enum pavo_item
record_read(struct pavo_reader *r, struct pavo_record *rec, struct pavo_ledger *l,
            struct pavo_err *err)
{
    const struct map_template *t = r->set;
    const uint8_t *const at = r->message + r->at, *const end = r->message + r->set_end, *next;
    const char *why = "";
    enum pavo_item item = PAVO_ITEM_END;

    if (t->n_scope && (t->has & MAP_IS_LEDGER)) {
        next = map_ledger(t, at, end, l, &why);
        item = PAVO_ITEM_LEDGER;
    } else if (t->n_scope) {
        next = options_read(r, t, at, end, &why);
    } else {
        next = map_record(t, at, end, r->export_s, template_find, r, rec, &why);
        if (t->has & MAP_IS_FLOW)
            item = PAVO_ITEM_RECORD;
    }
    if (!next) {
        item = r->set_is_cut ? cut(r, err) : broken(r, why, err);
        r->at = r->set_end;
        r->set_end = 0;
        return item;
    }
    r->at = (uint32_t)(next - r->message);
    return item;
}

enum pavo_item
pavo_reader_next(struct pavo_reader *r, struct pavo_record *rec, struct pavo_ledger *l,
                 struct pavo_err *err)
{
    for (;;) {
        enum pavo_item item;

        if (r->is_done)
            return PAVO_ITEM_END;
        if (r->set_end) {
            if (r->set_end - r->at >= r->set->min_bytes) {
                item = record_read(r, rec, l, err);
                if (item != PAVO_ITEM_END)
                    return item;
                continue;
            }
            if (r->set_is_cut)
                return cut(r, err);
            r->at = r->set_end; /* the rest is padding */
            r->set_end = 0;
        } else if (r->at < r->length) {
            item = set_read(r, err);
            if (item != PAVO_ITEM_RECORD)
                return item;
        } else if (r->is_cut) {
            return cut(r, err);
        } else {
            item = message_read(r, err);
            if (item != PAVO_ITEM_RECORD)
                return item;
        }
    }
}
