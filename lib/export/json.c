/* json.c - records as NDJSON in the shape of the Elastic Common Schema
 *
 * One object a line. Which members it has, and where, comes from the JSON paths of fields.def: at
 * open the paths become a tree, and the tree a flat list of steps (open an object, write a field,
 * close it) with the keys quoted beforehand. Writing a record runs over the steps; an object in
 * which no field was present is taken back. Only what several fields make together is code: the
 * rows of 'computed'.
 *
 * Numbers: a JSON number is exact up to 2^53 in most readers (RFC 8259 section 6), so a greater one
 * is written as a string of digits; in practice only octet counts come there, and only in ledgers.
 * Identifiers are strings whatever their size: flow.id, and outside of 'flow' what ECS calls
 * keywords (vlan.id, network.iana_number, observer.ingress.interface.id); so are flags that
 * identify (ethertype, SPI), while TCP flags are numbers. Absent means unknown.
 *
 * Most members belong to parts that a record may lack. There are two lists of steps: one without
 * any of those for records that have none, and one with all, in which a step is passed over unless
 * its part is there.
 *
 * event.type is ["connection","end"] for the last record of a flow, ["connection","start","info"]
 * for the first of several, ["connection","info"] for those between.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "column.h"
#include "ledger_row.h"
#include "rows.h"
#include "value.h"

#define EXACT_MAX (UINT64_C(1) << 53)

enum {
    DEPTH_MAX = 12,  /* of the tree */
    COPY_BYTES = 32, /* step texts are copied in pieces of this size, beyond their end */
    TWINS_MAX = 4,   /* rows that share a path */
};

struct json;
typedef char *put_fn(const struct json *j, char *at, const struct pavo_record *r);

/* One member while the tree is built. */
struct node {
    char key[64];
    struct node *first, *last, *next;
    const struct fld *rows[TWINS_MAX];
    unsigned n_rows;
    put_fn *put;            /* computed */
    const char *fixed;      /* computed: always this text */
    const struct fld *stat; /* computed: row of col_computed */
};

enum step_do { STEP_OPEN, STEP_CLOSE, STEP_FIELD, STEP_PUT, STEP_FIXED, STEP_STAT };

struct step {
    enum step_do what;
    bool is_quoted; /* FIELD: a string whatever its number */
    bool is_hex;    /* FIELD: flags that identify */
    bool is_list;   /* FIELD: the encapsulation */
    bool is_many;   /* FIELD: a text, numbers, bytes */
    uint8_t n_rows;
    uint16_t part;  /* PAVO_PART_ that must be there; 0: none */
    uint16_t bytes; /* of text */
    char *text;     /* "key": or "key":{ or the whole member */
    const struct fld *rows[TWINS_MAX];
    put_fn *put;
};

struct plan {
    struct step *steps;
    unsigned n_steps, steps_cap;
    size_t record_bytes; /* no record is longer */
};

struct json {
    struct plan plain, full; /* without parts and with all */
    size_t names_bytes;      /* of all names that a record may show */
    char *observer;          /* escaped */
    char *version;
    const char **sources; /* escaped; from malloc */
    unsigned n_sources;
};

/* ---- what is computed
 * ------------------------------------------------------------------------------ */

/* A number, or the string of a greater one. */
static char *
put_number(char *at, uint64_t n)
{
    if (n < 10) { /* most are */
        *at++ = (char)('0' + n);
        return at;
    }
    if (n <= EXACT_MAX)
        return fmt_u64(at, n);
    *at++ = '"';
    at = fmt_u64(at, n);
    *at++ = '"';
    return at;
}

static char *
put_string(char *at, const char *escaped)
{
    *at++ = '"';
    at = value_copy(at, escaped, strlen(escaped));
    *at++ = '"';
    return at;
}

static char *
put_timestamp(const struct json *j, char *at, const struct pavo_record *r)
{
    *at++ = '"';
    at = fmt_time(at, r->flowEndNanoseconds);
    *at++ = '"';
    return at;
}

static char *
put_type(const struct json *j, char *at, const struct pavo_record *r)
{
    const char *text = r->flowFinal           ? "[\"connection\",\"end\"]"
                       : r->flowSequence == 1 ? "[\"connection\",\"start\",\"info\"]"
                                              : "[\"connection\",\"info\"]";

    return value_copy(at, text, strlen(text));
}

static char *
put_duration(const struct json *j, char *at, const struct pavo_record *r)
{
    if (r->flowEndNanoseconds < r->flowStartNanoseconds)
        return NULL;
    return put_number(at, r->flowEndNanoseconds - r->flowStartNanoseconds);
}

static char *
put_protocol(const struct json *j, char *at, const struct pavo_record *r)
{
    const char *word = value_protocol_word(r);

    return word ? put_string(at, word) : NULL;
}

static char *
put_community_id(const struct json *j, char *at, const struct pavo_record *r)
{
    char id[32];

    return pavo_community_id(r, id) ? put_string(at, id) : NULL;
}

static char *
put_bytes(const struct json *j, char *at, const struct pavo_record *r)
{
    return put_number(at, r->octetDeltaCount[0] + r->octetDeltaCount[1]);
}

static char *
put_packets(const struct json *j, char *at, const struct pavo_record *r)
{
    return put_number(at, r->packetDeltaCount[0] + r->packetDeltaCount[1]);
}

static char *
put_observer(const struct json *j, char *at, const struct pavo_record *r)
{
    return put_string(at, j->observer);
}

static char *
put_version(const struct json *j, char *at, const struct pavo_record *r)
{
    return put_string(at, j->version);
}

static char *
put_interface(const struct json *j, char *at, const struct pavo_record *r)
{
    const char *name = value_source(r, j->sources, j->n_sources);

    return name ? put_string(at, name) : NULL;
}

struct computed {
    const char *path;
    put_fn *put;
    const char *fixed;
};

/* Before the rows of fields.def; a path alone settles the order of objects. */
static const struct computed computed_before[] = {
    {"@timestamp", put_timestamp, NULL},
    {"event.kind", NULL, "\"event\""},
    {"event.category", NULL, "[\"network\"]"},
    {"event.type", put_type, NULL},
    {"event.dataset", NULL, "\"flow\""},
    {"network", NULL, NULL},
    {"source", NULL, NULL},
    {"destination", NULL, NULL},
    {"vlan", NULL, NULL},
    {"tls", NULL, NULL},
    {"dns", NULL, NULL},
    {"url", NULL, NULL},
    {"flow", NULL, NULL},
    {"observer.name", put_observer, NULL},
    {"observer.product", NULL, "\"pavo\""},
    {"observer.version", put_version, NULL},
    {"observer.ingress.interface.name", put_interface, NULL},
};

/* Behind them. */
static const struct computed computed_after[] = {
    {"event.duration", put_duration, NULL},           {"network.protocol", put_protocol, NULL},
    {"network.community_id", put_community_id, NULL}, {"network.bytes", put_bytes, NULL},
    {"network.packets", put_packets, NULL},
};

/* The encapsulation, outermost first. */
static char *
put_encap(char *at, const struct pavo_record *r)
{
    *at++ = '[';
    for (unsigned i = 0; i < r->n_encap; i++) {
        const struct pavo_layer *l = &r->encap[i];
        const char *word = pavo_carrier_word((enum pavo_carrier)l->type);
        const unsigned version = row_layer_version(l);

        at = value_copy(at, "{\"type\":", 8);
        at = put_string(at, word);
        at = value_copy(at, ",\"id\":", 6);
        at = fmt_u64(at, l->id);
        if (version == PAVO_LAYER_MAC) { /* members of their own: a member has one type */
            at = value_copy(at, ",\"source_mac\":\"", 15);
            at = value_address(at, version, l->src);
            at = value_copy(at, "\",\"destination_mac\":\"", 21);
            at = value_address(at, version, l->dst);
            *at++ = '"';
        } else if (version) {
            at = value_copy(at, ",\"source\":\"", 11);
            at = value_address(at, version, l->src);
            at = value_copy(at, "\",\"destination\":\"", 17);
            at = value_address(at, version, l->dst);
            *at++ = '"';
        }
        at = value_copy(at, "},", 2);
    }
    if (at[-1] == ',')
        at--;
    *at++ = ']';
    return at;
}

/* ---- the plan
 * ------------------------------------------------------------------------------------- */

static void
node_free(struct node *n)
{
    while (n) {
        struct node *next = n->next;

        node_free(n->first);
        free(n);
        n = next;
    }
}

/* The node of a dotted path, made if it is not there; NULL: no memory. */
static struct node *
node_at(struct node *root, const char *path)
{
    struct node *n = root;

    while (*path) {
        const size_t bytes = strcspn(path, ".");
        struct node *child = n->first;

        if (bytes >= sizeof child->key)
            return NULL;
        while (child && (strlen(child->key) != bytes || memcmp(child->key, path, bytes) != 0))
            child = child->next;
        if (!child) {
            child = calloc(1, sizeof *child);
            if (!child)
                return NULL;
            memcpy(child->key, path, bytes);
            if (n->last)
                n->last->next = child;
            else
                n->first = child;
            n->last = child;
        }
        n = child;
        path += bytes + (path[bytes] == '.');
    }
    return n;
}

static int
tree_computed(struct node *root, const struct computed *rows, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++) {
        struct node *n = node_at(root, rows[i].path);

        if (!n)
            return -ENOMEM;
        n->put = rows[i].put;
        n->fixed = rows[i].fixed;
    }
    return 0;
}

static int
tree_stats(struct node *root)
{
    for (const struct fld *f = col_computed + (COL_STATS - COL_BYTES); f->word; f++) {
        struct node *n = node_at(root, f->json);

        if (!n)
            return -ENOMEM;
        n->stat = f;
    }
    return 0;
}

static int
tree_fields(struct node *root, bool with_parts)
{
    for (unsigned i = 0; i < fld_count; i++) {
        struct node *n;

        if (!fld_table[i].json[0] || (fld_part(&fld_table[i]) && !with_parts))
            continue;
        n = node_at(root, fld_table[i].json);
        if (!n || n->n_rows == TWINS_MAX)
            return -ENOMEM;
        n->rows[n->n_rows++] = &fld_table[i];
    }
    return 0;
}

/* The next step, with its text made of three pieces; NULL: no memory. */
static struct step *
step_put(struct plan *p, enum step_do what, const char *a, const char *b, const char *c)
{
    const size_t bytes = strlen(a) + strlen(b) + strlen(c);
    struct step *s;

    if (p->n_steps == p->steps_cap) {
        const unsigned cap = p->steps_cap ? p->steps_cap * 2 : 128;

        s = realloc(p->steps, cap * sizeof *s);
        if (!s)
            return NULL;
        p->steps = s;
        p->steps_cap = cap;
    }
    s = &p->steps[p->n_steps];
    *s = (struct step){
        .what = what, .bytes = (uint16_t)bytes, .text = malloc(bytes + 1 + COPY_BYTES)};
    if (!s->text)
        return NULL;
    strcpy(s->text, a);
    strcat(s->text, b);
    strcat(s->text, c);
    p->n_steps++;
    p->record_bytes += bytes + 1;
    return s;
}

/* ECS keywords outside of 'flow': ids and the protocol number. */
static bool
path_is_keyword(const char *path)
{
    const char *last = strrchr(path, '.');

    return strncmp(path, "flow.", 5) != 0 && last &&
           (strcmp(last, ".id") == 0 || strcmp(last, ".iana_number") == 0);
}

static int
plan_field(struct plan *p, const struct node *n)
{
    const struct fld *f = n->rows[0];
    struct step *s = step_put(p, STEP_FIELD, "\"", n->key, "\":");

    if (!s)
        return -ENOMEM;
    memcpy(s->rows, n->rows, sizeof s->rows);
    s->n_rows = (uint8_t)n->n_rows;
    s->is_hex = f->type == FLD_F && f->semantics == FLD_K;
    s->is_quoted = f->type == FLD_U ? path_is_keyword(f->json)
                                    : (f->type != FLD_B && f->type != FLD_F) || s->is_hex;
    s->is_list = f->type == FLD_LIST;
    s->is_many = f->type == FLD_S || f->type == FLD_A || f->type == FLD_O;
    s->part = (uint16_t)fld_part(f);
    p->record_bytes += value_bytes(f) + 2;
    return 0;
}

/* The steps of a node's members. */
static int
plan_members(struct plan *p, const struct node *parent, unsigned depth)
{
    if (depth >= DEPTH_MAX)
        return -ENOMEM;
    for (const struct node *n = parent->first; n; n = n->next) {
        struct step *s;
        int rc;

        assert(!n->first || !n->n_rows); /* fields.def: a path is a field or an object */
        if (n->first) {
            if (!step_put(p, STEP_OPEN, "\"", n->key, "\":{"))
                return -ENOMEM;
            rc = plan_members(p, n, depth + 1);
            if (rc != 0)
                return rc;
            if (!step_put(p, STEP_CLOSE, "", "", ""))
                return -ENOMEM;
        } else if (n->fixed) {
            if (!(s = step_put(p, STEP_FIXED, "\"", n->key, "\":")))
                return -ENOMEM;
            s->text = realloc(s->text, s->bytes + strlen(n->fixed) + 2 + COPY_BYTES);
            if (!s->text)
                return -ENOMEM;
            strcat(strcat(s->text, n->fixed), ",");
            p->record_bytes += strlen(s->text);
            s->bytes = (uint16_t)strlen(s->text);
        } else if (n->put) {
            if (!(s = step_put(p, STEP_PUT, "\"", n->key, "\":")))
                return -ENOMEM;
            s->put = n->put;
            p->record_bytes += VALUE_BYTES;
        } else if (n->stat) {
            if (!(s = step_put(p, STEP_STAT, "\"", n->key, "\":")))
                return -ENOMEM;
            s->rows[0] = n->stat;
            s->part = (uint16_t)fld_part(n->stat);
            p->record_bytes += VALUE_BYTES;
        } else if (n->n_rows) {
            rc = plan_field(p, n);
            if (rc != 0)
                return rc;
        }
    }
    return 0;
}

static int
plan_make(struct plan *p, bool with_parts)
{
    struct node *root = calloc(1, sizeof *root);
    int rc = root ? 0 : -ENOMEM;

    p->record_bytes = 8 + 2 * COPY_BYTES;
    if (rc == 0)
        rc = tree_computed(root, computed_before,
                           sizeof computed_before / sizeof computed_before[0]);
    if (rc == 0)
        rc = tree_fields(root, with_parts);
    if (rc == 0 && with_parts)
        rc = tree_stats(root);
    if (rc == 0)
        rc = tree_computed(root, computed_after, sizeof computed_after / sizeof computed_after[0]);
    if (rc == 0)
        rc = plan_members(p, root, 0);
    node_free(root);
    return rc;
}

/* ---- records
 * ---------------------------------------------------------------------------------------- */

/* The text of a step. In pieces of a fixed size, which the compiler makes two moves of; there is
 * room behind every text and behind the record. */
static inline char *
text_put(char *at, const struct step *s)
{
    for (unsigned i = 0; i < s->bytes; i += COPY_BYTES)
        memcpy(at + i, s->text + i, COPY_BYTES);
    return at + s->bytes;
}

/* A text, numbers or bytes. */
static char *
many_put(const struct fld *f, char *at, const struct fld_value *v)
{
    if (v->type == FLD_A) {
        *at++ = '[';
        for (unsigned i = 0; i < v->u; i++) {
            at = fmt_u64(at, fld_number(v, i));
            *at++ = ',';
        }
        at -= v->u != 0;
        *at++ = ']';
        return at;
    }
    *at++ = '"';
    if (v->type == FLD_S)
        at = fmt_json_string(at, fld_bytes(v), (size_t)v->u);
    else
        at = value_put(at, f, v);
    *at++ = '"';
    return at;
}

/* Key and value of a statistic; 'at' if the record has none. */
static char *
stat_put(const struct step *s, char *at, const struct pavo_record *r)
{
    struct fld_value v;

    if (!col_compute(r, s->rows[0], &v))
        return at;
    at = text_put(at, s);
    return v.type == FLD_R ? fmt_ratio(at, v.u) : put_number(at, v.u);
}

/* Key and value of a field; 'at' if the record has none. */
static inline __attribute__((always_inline)) char *
field_put(const struct step *s, char *at, const struct pavo_record *r)
{
    struct fld_value v;
    const struct fld *f;

    if (s->is_list)
        return r->n_encap ? put_encap(text_put(at, s), r) : at;
    f = value_get(r, s->rows, s->n_rows, &v);
    if (!f)
        return at;
    at = text_put(at, s);
    if (s->is_many)
        return many_put(f, at, &v);
    if (!s->is_quoted)
        return v.type == FLD_B ? value_put(at, f, &v) : put_number(at, v.u);
    *at++ = '"';
    at = value_put(at, f, &v);
    *at++ = '"';
    return at;
}

/* The members of a record, each with a comma behind it; 'with_parts' is a constant. */
static inline __attribute__((always_inline)) char *
steps_put(const struct json *j, char *at, const struct pavo_record *r, const bool with_parts)
{
    const struct plan *p = with_parts ? &j->full : &j->plain;
    char *opened[DEPTH_MAX], *end;
    unsigned depth = 0;

    for (unsigned i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];

        if (with_parts && s->part && !(s->part & r->parts))
            continue;
        /* Not a switch: the jump through its table was mispredicted, a tenth of the time of a line.
         */
        if (s->what == STEP_FIELD) {
            end = field_put(s, at, r);
            if (end != at)
                *end++ = ',';
            at = end;
        } else if (s->what == STEP_OPEN) {
            opened[depth++] = at;
            at = text_put(at, s);
        } else if (s->what == STEP_CLOSE) {
            depth--;
            if (at[-1] == '{') { /* nothing in it: as if it had never been opened */
                at = opened[depth];
            } else {
                at[-1] = '}';
                *at++ = ',';
            }
        } else if (s->what == STEP_FIXED) {
            at = text_put(at, s);
        } else if (with_parts && s->what == STEP_STAT) {
            end = stat_put(s, at, r);
            if (end != at)
                *end++ = ',';
            at = end;
        } else {
            end = s->put(j, text_put(at, s), r);
            if (end) {
                *end++ = ',';
                at = end;
            }
        }
    }
    return at;
}

static void
json_record(void *enc, struct pavo_buf *out, const struct pavo_record *r)
{
    const struct json *j = enc;
    const bool with_parts = (r->parts & ROW_PARTS) != 0;
    const size_t room = (with_parts ? &j->full : &j->plain)->record_bytes + j->names_bytes;
    char *const begin = (char *)pavo_buf_room(out, room);
    char *at = begin;

    if (!begin)
        return;
    *at++ = '{';
    at = with_parts ? steps_put(j, at, r, true) : steps_put(j, at, r, false);
    at[-1] = '}'; /* the last comma */
    *at++ = '\n';
    out->len += (size_t)(at - begin);
}

/* ---- ledgers
 * ---------------------------------------------------------------------------------------- */

/* Bytes of the objects that two paths have in common: "counts." of counts.lost.x and counts.why.y.
 */
static size_t
path_common(const char *a, const char *b)
{
    size_t common = 0;

    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '.')
            common = i + 1;
    return common;
}

/* The rows of the ledger as members of the object that is open: keys nest as their paths do. */
static char *
ledger_members(char *at, const struct pavo_ledger *l)
{
    const char *before = "";

    for (unsigned i = 0; i < ledger_row_count; i++) {
        const char *path = ledger_rows[i].path;
        const size_t common = path_common(before, path);

        for (const char *p = before + common; (p = strchr(p, '.')); p++) {
            at[-1] = '}';
            *at++ = ',';
        }
        for (const char *p = path + common; *p;) {
            const size_t bytes = strcspn(p, ".");

            *at++ = '"';
            at = value_copy(at, p, bytes);
            *at++ = '"';
            *at++ = ':';
            p += bytes;
            if (*p == '.') {
                *at++ = '{';
                p++;
            }
        }
        at = put_number(at, ledger_row_get(l, &ledger_rows[i]));
        *at++ = ',';
        before = path;
    }
    for (const char *p = before; (p = strchr(p, '.')); p++) {
        at[-1] = '}';
        *at++ = ',';
    }
    at[-1] = '}';
    return at;
}

static char *
put_text(char *at, const char *text)
{
    return value_copy(at, text, strlen(text));
}

static void
json_ledger(void *enc, struct pavo_buf *out, const struct pavo_ledger *l)
{
    const struct json *j = enc;
    size_t bytes = 512 + strlen(j->observer) + strlen(j->version);
    char *begin, *at;

    for (unsigned i = 0; i < ledger_row_count; i++)
        bytes += strlen(ledger_rows[i].path) + 40;
    begin = at = (char *)pavo_buf_room(out, bytes);
    if (!begin)
        return;
    *at++ = '{';
    if (l->time_ns) { /* before the first packet there is no event time */
        at = put_text(at, "\"@timestamp\":\"");
        at = fmt_time(at, l->time_ns);
        at = put_text(at, "\",");
    }
    at = put_text(at, "\"event\":{\"kind\":\"metric\",\"category\":[\"network\"],"
                      "\"type\":[\"info\"],\"dataset\":\"ledger\"},\"ledger\":{\"kind\":");
    at = put_string(at, ledger_kind_word(l->kind));
    *at++ = ',';
    at = ledger_members(at, l);
    at = put_text(at, ",\"observer\":{\"name\":");
    at = put_string(at, j->observer);
    at = put_text(at, ",\"product\":\"pavo\",\"version\":");
    at = put_string(at, j->version);
    at = put_text(at, "}}\n");
    out->len += (size_t)(at - begin);
}

/* ---- the doors
 * -------------------------------------------------------------------------------------- */

static void
plan_free(struct plan *p)
{
    for (unsigned i = 0; i < p->n_steps; i++)
        free(p->steps[i].text);
    free(p->steps);
}

static void
json_close(void *enc)
{
    struct json *j = enc;

    if (!j)
        return;
    plan_free(&j->plain);
    plan_free(&j->full);
    for (unsigned i = 0; j->sources && i < j->n_sources; i++)
        free((void *)(uintptr_t)j->sources[i]);
    free(j->sources);
    free(j->observer);
    free(j->version);
    free(j);
}

/* A name as the inside of a JSON string; what is not UTF-8 in it is replaced. NULL: no memory. */
static char *
name_escape(const char *name)
{
    const size_t n = name ? strlen(name) : 0;
    char *out = malloc(6 * n + 1);

    if (out)
        *fmt_json_string(out, name, n) = '\0';
    return out;
}

static int
names_make(struct json *j, const struct pavo_stream_info *info)
{
    size_t longest = 0;

    j->observer = name_escape(info->observer);
    j->version = name_escape(info->version);
    j->sources = calloc(info->n_sources ? info->n_sources : 1, sizeof *j->sources);
    if (!j->observer || !j->version || !j->sources)
        return -ENOMEM;
    j->n_sources = info->n_sources;
    for (unsigned i = 0; i < info->n_sources; i++) {
        if (!info->sources[i])
            continue;
        j->sources[i] = name_escape(info->sources[i]);
        if (!j->sources[i])
            return -ENOMEM;
        if (strlen(j->sources[i]) > longest)
            longest = strlen(j->sources[i]);
    }
    j->names_bytes = strlen(j->observer) + strlen(j->version) + longest;
    return 0;
}

static void *
json_open(const struct pavo_stream_info *info, struct pavo_err *err)
{
    struct json *j = calloc(1, sizeof *j);

    if (!j || plan_make(&j->plain, false) != 0 || plan_make(&j->full, true) != 0 ||
        names_make(j, info) != 0) {
        pavo_err_set(err, ENOMEM, "json: no memory for the encoder");
        json_close(j);
        return NULL;
    }
    return j;
}

/* A line stands for itself: a stream has no beginning and no end. */
static void
json_nothing(void *enc, struct pavo_buf *out)
{
}

const struct pavo_format pavo_format_json = {
    .word = "json",
    .extensions = ".jsonl .json .ndjson",
    .help = "one JSON object a line (NDJSON) with ECS names",
    .open = json_open,
    .begin = json_nothing,
    .record = json_record,
    .ledger = json_ledger,
    .flush = json_nothing,
    .end = json_nothing,
    .close = json_close,
    .whole_records = true,
};
