/* cfg.c - the configuration: defaults, a JSON file over them, the command line over that
 *
 * Every value goes through one door, the table of keys (cfg_keys.c). Errors don't stop the reading:
 * each is one sentence with file, line and key, so that one look shows all that is wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cfg_table.h"

enum {
    FILE_MAX = 1 << 20,   /* bytes of a configuration file */
    COMPLAINTS_MAX = 100, /* of one file; then it is the wrong file */
    LIST_MAX = 65536,     /* entries of a list */
};

/* One reading: where errors go and what to call the document. */
struct reading {
    struct cfg *cfg;
    const char *name; /* of the file; NULL: the command line */
    const char *text;
    size_t n;
    cfg_complain_fn *complain;
    void *ctx;
    int bad;
};

static void complain(struct reading *r, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
complain(struct reading *r, const char *path, const char *fmt, ...)
{
    char sentence[1024];
    int n = 0;
    va_list ap;

    r->bad++;
    if (r->bad > COMPLAINTS_MAX)
        return;
    if (r->name) {
        const unsigned line = r->text ? cfg_line_of(r->text, r->n, path) : 0;

        n = line > 0 ? snprintf(sentence, sizeof sentence, "%s:%u: ", r->name, line)
                     : snprintf(sentence, sizeof sentence, "%s: ", r->name);
    }
    if (path && *path && n >= 0 && (size_t)n < sizeof sentence)
        n += snprintf(sentence + n, sizeof sentence - (size_t)n, "%.200s: ", path);
    if (n < 0 || (size_t)n >= sizeof sentence)
        n = 0;
    va_start(ap, fmt);
    vsnprintf(sentence + n, sizeof sentence - (size_t)n, fmt, ap);
    va_end(ap);
    r->complain(r->ctx, sentence);
}

/* ---- lists ------------------------------------------------------------------------------------
 */

static void
strings_free(char **list, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        free(list[i]);
    free(list);
}

static void
devices_free(struct cfg_device *d, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        free(d[i].device);
        free(d[i].link_type);
        free(d[i].link);
    }
    free(d);
}

static void
sinks_free(struct cfg_sink *s, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        free(s[i].format);
        free(s[i].to);
    }
    free(s);
}

void
cfg_clear_sources(struct cfg *c)
{
    devices_free(c->capture.devices, c->capture.n_devices);
    c->capture.devices = NULL;
    c->capture.n_devices = 0;
    strings_free(c->capture.files, c->capture.n_files);
    c->capture.files = NULL;
    c->capture.n_files = 0;
}

void
cfg_clear_sinks(struct cfg *c)
{
    sinks_free(c->sinks, c->n_sinks);
    c->sinks = NULL;
    c->n_sinks = 0;
}

/* One more element at the end of an array, zeroed. */
static void *
list_grow(void *list_at, unsigned *n, size_t bytes)
{
    void *list;
    char *more;

    memcpy(&list, list_at, sizeof list);
    more = realloc(list, (*n + 1) * bytes);
    if (!more)
        return NULL;
    memcpy(list_at, &more, sizeof more);
    memset(more + *n * bytes, 0, bytes);
    return more + (*n)++ * bytes;
}

int
cfg_add_device(struct cfg *c, const char *device)
{
    char *name = strdup(device);
    struct cfg_device *d =
        name ? list_grow(&c->capture.devices, &c->capture.n_devices, sizeof *d) : NULL;

    if (!d) {
        free(name);
        return -ENOMEM;
    }
    d->device = name;
    return 0;
}

int
cfg_add_file(struct cfg *c, const char *path)
{
    char *name = strdup(path);
    char **slot = name ? list_grow(&c->capture.files, &c->capture.n_files, sizeof *slot) : NULL;

    if (!slot) {
        free(name);
        return -ENOMEM;
    }
    *slot = name;
    return 0;
}

int
cfg_add_sink(struct cfg *c, const char *spec)
{
    const char *colon = strchr(spec, ':');
    char *format = NULL, *to;
    struct cfg_sink *s;

    if (colon) { /* only the words of formats are prefixes: "file:x" and a path with a colon are not
                  */
        char word[16];
        const size_t n = (size_t)(colon - spec);

        if (n < sizeof word) {
            memcpy(word, spec, n);
            word[n] = '\0';
            if (pavo_format_find(word)) {
                format = strdup(word);
                if (!format)
                    return -ENOMEM;
                spec = colon + 1;
            }
        }
    }
    to = strdup(*spec ? spec : "-");
    s = to ? list_grow(&c->sinks, &c->n_sinks, sizeof *s) : NULL;
    if (!s) {
        free(format);
        free(to);
        return -ENOMEM;
    }
    s->format = format;
    s->to = to;
    return 0;
}

/* ---- values -----------------------------------------------------------------------------------
 */

/* A JSON scalar as the text that the command line would have. */
static const char *
scalar_text(const json_t *v, char *number, size_t n)
{
    if (json_is_string(v))
        return strlen(json_string_value(v)) == json_string_length(v) ? json_string_value(v) : NULL;
    if (json_is_boolean(v))
        return json_is_true(v) ? "true" : "false";
    if (json_is_integer(v)) {
        snprintf(number, n, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        return number;
    }
    return NULL;
}

static const char *
json_kind(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_REAL:
        return "a fraction";
    case JSON_NULL:
        return "null";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "a number";
    default:
        return "true or false";
    }
}

static void
set_scalar(struct reading *r, void *base, const struct cfg_key *k, const char *path,
           const json_t *v)
{
    char number[32], why[256];
    const char *text = scalar_text(v, number, sizeof number);
    const bool wants_text = k->type == CFG_STRING || k->type == CFG_WORD;

    if (!text || (wants_text && !json_is_string(v)) ||
        (json_is_boolean(v) != (k->type == CFG_BOOL)))
        complain(r, path, "%s stands here; it takes %s", json_kind(v),
                 wants_text            ? "a text in quotes"
                 : k->type == CFG_BOOL ? "true or false"
                                       : "a number, or one with its unit in quotes");
    else if (cfg_value_set(base, k, text, why, sizeof why) != 0)
        complain(r, path, "%s", why);
}

static void
set_strings(struct reading *r, const struct cfg_key *k, const char *path, const json_t *v)
{
    char **list = NULL, **old;
    unsigned n = 0, *n_at = (unsigned *)(void *)((char *)r->cfg + k->at_n);
    size_t i;
    const json_t *item;

    json_array_foreach(v, i, item)
    {
        char **slot;

        if (!json_is_string(item)) {
            complain(r, path, "%s in it; it takes texts in quotes", json_kind(item));
            continue;
        }
        slot = list_grow(&list, &n, sizeof *slot);
        if (slot)
            *slot = strdup(json_string_value(item));
        if (!slot || !*slot) {
            complain(r, path, "no memory");
            break;
        }
    }
    memcpy(&old, (char *)r->cfg + k->at, sizeof old);
    strings_free(old, *n_at);
    memcpy((char *)r->cfg + k->at, &list, sizeof list);
    *n_at = n;
}

static void
set_flags(struct reading *r, const struct cfg_key *k, const char *path, const json_t *v)
{
    unsigned flags = 0;
    size_t i;
    const json_t *item;

    json_array_foreach(v, i, item)
    {
        const char *text = json_is_string(item) ? json_string_value(item) : "";
        const char *words = k->words;
        unsigned bit = 0;

        for (; *words; bit++) {
            const size_t n = strcspn(words, " ");

            if (strlen(text) == n && strncmp(words, text, n) == 0)
                break;
            words += n + (words[n] == ' ');
        }
        if (*words)
            flags |= 1u << bit;
        else
            complain(r, path, "\"%.60s\" is not one of: %s", text, k->words);
    }
    *(unsigned *)(void *)((char *)r->cfg + k->at) = flags;
}

/* "5555/ipv4", 4789, or { "port": 5555, "proto": 4 }. */
static int
port_of(const json_t *v, long *port, long *proto)
{
    char *end;

    *proto = -1;
    if (json_is_integer(v)) {
        *port = (long)json_integer_value(v);
    } else if (json_is_object(v)) {
        const json_t *p = json_object_get(v, "port"), *q = json_object_get(v, "proto");

        if (!json_is_integer(p) || !json_is_integer(q) || json_object_size(v) != 2)
            return -1;
        *port = (long)json_integer_value(p);
        *proto = (long)json_integer_value(q);
    } else if (json_is_string(v)) {
        const char *s = json_string_value(v);

        if (*s < '0' || *s > '9')
            return -1;
        *port = strtol(s, &end, 10);
        if (*end == '\0')
            return 0;
        if (*end != '/')
            return -1;
        s = end + 1;
        if (strcmp(s, "ipv4") == 0 || strcmp(s, "ipip") == 0)
            *proto = 4;
        else if (strcmp(s, "ipv6") == 0)
            *proto = 41;
        else if (strcmp(s, "gre") == 0)
            *proto = 47;
        else if (*s >= '0' && *s <= '9')
            *proto = strtol(s, &end, 10);
        else
            return -1;
        if (*proto >= 0 && *s >= '0' && *s <= '9' && *end != '\0')
            return -1;
    } else {
        return -1;
    }
    return 0;
}

static void
set_ports(struct reading *r, const struct cfg_key *k, const char *path, const json_t *v)
{
    const enum pavo_udp udp = (enum pavo_udp)k->udp;
    const bool fou = udp == PAVO_UDPS;
    size_t i;
    const json_t *item;

    if (fou)
        pavo_decap_fou_clear(r->cfg->decap);
    else
        pavo_decap_udp_clear(r->cfg->decap, udp);
    json_array_foreach(v, i, item)
    {
        long port, proto;

        if (port_of(item, &port, &proto) != 0 || port < 1 || port > 65535 ||
            (fou ? proto < 0 : proto >= 0))
            complain(r, path, "entry %zu is not %s", i + 1,
                     fou ? "a port and a protocol, such as \"5555/ipv4\""
                         : "a UDP port, 1 to 65535");
        else if (!fou)
            pavo_decap_udp(r->cfg->decap, udp, (uint16_t)port);
        else if (pavo_decap_fou(r->cfg->decap, (uint16_t)port, (uint8_t)proto) != 0)
            complain(r, path, "protocol %ld can't follow FOU; ipv4 (4), ipv6 (41) and gre (47) can",
                     proto);
    }
}

/* The object of a list, by its rows. */
static void
set_parts(struct reading *r, void *base, const struct cfg_key *k, const char *path, const json_t *v)
{
    const char *name;
    json_t *item;

    json_object_foreach((json_t *)(uintptr_t)v, name, item)
    {
        const struct cfg_key *p = k->parts;
        char below[256];

        snprintf(below, sizeof below, "%s.%s", path, name);
        while (p->name && strcmp(p->name, name) != 0)
            p++;
        if (p->name) {
            set_scalar(r, base, p, below, item);
        } else {
            const char *near = cfg_key_nearest(name, k->parts);

            complain(r, below, "there is no such key%s%s", near ? "; did you mean " : "",
                     near ? near : "");
        }
    }
}

static void
set_objects(struct reading *r, const struct cfg_key *k, const char *path, const json_t *v)
{
    const bool sinks = k->type == CFG_SINKS;
    struct cfg *c = r->cfg;
    size_t i;
    const json_t *item;

    if (sinks) {
        cfg_clear_sinks(c);
    } else {
        devices_free(c->capture.devices, c->capture.n_devices);
        c->capture.devices = NULL;
        c->capture.n_devices = 0;
    }
    json_array_foreach(v, i, item)
    {
        char below[128];
        void *base;

        snprintf(below, sizeof below, "%s[%zu]", path, i);
        if (json_is_string(item)) {
            const char *s = json_string_value(item);

            if ((sinks ? cfg_add_sink(c, s) : cfg_add_device(c, s)) != 0)
                complain(r, below, "no memory");
            continue;
        }
        if (!json_is_object(item)) {
            complain(r, below, "%s stands here; it takes a text or an object", json_kind(item));
            continue;
        }
        base = sinks ? (void *)list_grow(&c->sinks, &c->n_sinks, sizeof *c->sinks)
                     : (void *)list_grow(&c->capture.devices, &c->capture.n_devices,
                                         sizeof *c->capture.devices);
        if (base)
            set_parts(r, base, k, below, item);
        else
            complain(r, below, "no memory");
        if (base && !sinks && !((struct cfg_device *)base)->device)
            complain(r, below, "has no \"device\", the name of what to listen on");
        if (base && sinks && !((struct cfg_sink *)base)->to)
            ((struct cfg_sink *)base)->to = strdup("-");
    }
}

static void
set_key(struct reading *r, const struct cfg_key *k, const char *path, const json_t *v)
{
    if (k->type < CFG_STRINGS) {
        set_scalar(r, r->cfg, k, path, v);
        return;
    }
    if (!json_is_array(v)) {
        complain(r, path, "%s stands here; it takes a list: [ ... ]", json_kind(v));
        return;
    }
    if (json_array_size(v) > LIST_MAX) {
        complain(r, path, "has %zu entries; the most is %d", json_array_size(v), LIST_MAX);
        return;
    }
    switch (k->type) {
    case CFG_STRINGS:
        set_strings(r, k, path, v);
        break;
    case CFG_FLAGS:
        set_flags(r, k, path, v);
        break;
    case CFG_PORTS:
        set_ports(r, k, path, v);
        break;
    default:
        set_objects(r, k, path, v);
        break;
    }
}

/* The objects of a document down to the rows of the table. */
static void
set_group(struct reading *r, const char *prefix, const json_t *v)
{
    const char *name;
    json_t *item;

    json_object_foreach((json_t *)(uintptr_t)v, name, item)
    {
        char path[256];
        size_t n;
        const struct cfg_key *k, *group = NULL;

        if (r->bad > COMPLAINTS_MAX)
            return;
        snprintf(path, sizeof path, "%s%s%.100s", prefix, *prefix ? "." : "", name);
        k = cfg_key_find(path);
        if (k) {
            set_key(r, k, path, item);
            continue;
        }
        n = strlen(path);
        for (k = cfg_keys; k->name && !group; k++)
            if (strncmp(k->name, path, n) == 0 && k->name[n] == '.')
                group = k;
        if (group && json_is_object(item)) {
            set_group(r, path, item); /* as deep as the table's names are */
        } else if (group) {
            complain(r, path, "is a group of keys such as %s and takes an object", group->name);
        } else {
            const char *near = cfg_key_nearest(path, cfg_keys);

            complain(r, path, "there is no such key%s%s", near ? "; did you mean " : "",
                     near ? near : "");
        }
    }
}

/* ---- the doors --------------------------------------------------------------------------------
 */

int
cfg_read_text(struct cfg *c, const char *text, size_t n, const char *name,
              cfg_complain_fn *complain_fn, void *ctx)
{
    struct reading r = {
        .cfg = c, .name = name, .text = text, .n = n, .complain = complain_fn, .ctx = ctx};
    json_error_t error;
    json_t *root;

    if (n > FILE_MAX) {
        r.text = NULL;
        complain(&r, NULL, "is larger than %d bytes: this is not a configuration", FILE_MAX);
        return r.bad;
    }
    root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        char where[256];

        snprintf(where, sizeof where, "%s:%d:%d", name, error.line, error.column);
        r.name = where;
        r.text = NULL;
        complain(&r, NULL, "not JSON: %s", error.text);
        return r.bad;
    }
    if (json_is_object(root))
        set_group(&r, "", root);
    else
        complain(&r, NULL, "is %s; a configuration is an object: { ... }", json_kind(root));
    if (r.bad > COMPLAINTS_MAX) {
        char more[300];

        snprintf(more, sizeof more, "%s: and more; only the first %d are shown", name,
                 COMPLAINTS_MAX);
        complain_fn(ctx, more);
    }
    json_decref(root);
    return r.bad;
}

int
cfg_read(struct cfg *c, const char *path, cfg_complain_fn *complain_fn, void *ctx)
{
    struct reading r = {.cfg = c, .name = path, .complain = complain_fn, .ctx = ctx};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = NULL;
    size_t n = 0;
    long got = 0;

    if (fd < 0) {
        complain(&r, NULL, "can't be opened: %s", strerror(errno));
        return r.bad;
    }
    text = malloc(FILE_MAX + 1);
    while (text && n <= FILE_MAX && (got = read(fd, text + n, FILE_MAX + 1 - n)) > 0)
        n += (size_t)got;
    if (!text || got < 0)
        complain(&r, NULL, "can't be read: %s", strerror(errno));
    else
        r.bad = cfg_read_text(c, text, n, path, complain_fn, ctx);
    free(text);
    close(fd);
    return r.bad;
}

/* The text behind "key=" as JSON: lists may be written as JSON or as words with commas. */
static json_t *
value_of_text(const struct cfg_key *k, const char *text)
{
    json_t *list;

    if (text[0] == '[')
        return json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    list = json_array();
    while (list && *text) {
        const size_t n = k->type == CFG_SINKS ? strlen(text) : strcspn(text, ",");
        json_t *word = json_stringn(text, n);

        if (k->type == CFG_DEVICES || k->type == CFG_STRINGS || k->type == CFG_FLAGS ||
            k->type == CFG_PORTS || k->type == CFG_SINKS)
            json_array_append_new(list, word);
        text += n + (text[n] == ',');
    }
    return list;
}

int
cfg_set(struct cfg *c, const char *key_value, cfg_complain_fn *complain_fn, void *ctx)
{
    struct reading r = {.cfg = c, .complain = complain_fn, .ctx = ctx};
    const char *equals = strchr(key_value, '=');
    const struct cfg_key *k;
    char name[80], why[256];

    if (!equals) {
        complain(&r, NULL, "--set %.80s: has no '='; it takes KEY=VALUE", key_value);
        return r.bad;
    }
    snprintf(name, sizeof name, "%.*s", (int)(equals - key_value), key_value);
    k = cfg_key_find(name);
    if (!k) {
        const char *near = cfg_key_nearest(name, cfg_keys);

        complain(&r, name, "there is no such key%s%s", near ? "; did you mean " : "",
                 near ? near : "");
    } else if (k->type < CFG_STRINGS) {
        if (cfg_value_set(c, k, equals + 1, why, sizeof why) != 0)
            complain(&r, name, "%s", why);
    } else {
        json_t *v = value_of_text(k, equals + 1);

        if (v)
            set_key(&r, k, name, v);
        else
            complain(&r, name, "\"%.100s\" is neither a JSON list nor words with commas",
                     equals + 1);
        json_decref(v);
    }
    return r.bad;
}

struct cfg *
cfg_open(struct pavo_err *err)
{
    struct cfg *c = calloc(1, sizeof *c);
    char why[256];

    if (c)
        c->decap = malloc(sizeof *c->decap);
    if (!c || !c->decap) {
        pavo_err_set(err, ENOMEM, "configuration: no memory");
        free(c);
        return NULL;
    }
    pavo_decap_config_init(c->decap); /* the fallbacks of decap.udp.* are the ports of udp.def */
    c->flow.key = PAVO_KEY_DEFAULT;
    for (const struct cfg_key *k = cfg_keys; k->name; k++) {
        if (k->fallback && k->type < CFG_STRINGS &&
            cfg_value_set(c, k, k->fallback, why, sizeof why) != 0) {
            pavo_err_set(err, EINVAL, "configuration: default of %s: %s", k->name, why);
            cfg_close(c);
            return NULL;
        }
    }
    return c;
}

static bool
is_dpdk(const struct cfg *c)
{
    return strcmp(c->capture.backend, "dpdk") == 0;
}

static void
check_sources(struct reading *r)
{
    const struct cfg *c = r->cfg;
    unsigned stdins = 0;

    if (c->capture.n_devices > 0 && c->capture.n_files > 0)
        complain(r, "capture", "a run reads files or listens on NICs, not both");
    if (is_dpdk(c) && c->capture.n_files > 0)
        complain(r, "capture.files",
                 "the dpdk backend reads no files by name; use backend pcap, or a device such as "
                 "\"net_pcap0,rx_pcap=FILE\"");
#ifndef PAVO_HAVE_DPDK
    if (is_dpdk(c))
        complain(r, "capture.backend",
                 "this pavo was built without DPDK; build it with -Ddpdk=enabled, or use pcap");
#endif
    for (unsigned i = 0; i < c->capture.n_files; i++)
        stdins += strcmp(c->capture.files[i], "-") == 0;
    if (stdins > 1)
        complain(r, "capture.files", "standard input can be read only once");
    for (unsigned i = 0; i < c->capture.n_devices; i++) {
        for (unsigned j = 0; j < i; j++)
            if (c->capture.devices[i].device && c->capture.devices[j].device &&
                strcmp(c->capture.devices[i].device, c->capture.devices[j].device) == 0)
                complain(r, "capture.devices", "%s is named twice: its packets would count twice",
                         c->capture.devices[i].device);
    }
}

static const char *
sink_path(const struct cfg_sink *s)
{
    return strncmp(s->to, "file:", 5) == 0 ? s->to + 5 : s->to;
}

static void
check_sinks(struct reading *r)
{
    const struct cfg *c = r->cfg;

    for (unsigned i = 0; i < c->n_sinks; i++) {
        const struct cfg_sink *s = &c->sinks[i];
        const char *url = strstr(s->to, "://");
        char path[64];

        snprintf(path, sizeof path, "export[%u]", i);
        if (s->format && !pavo_format_find(s->format))
            complain(r, path, "there is no format \"%s\"; there are text, json, csv and ipfix",
                     s->format);
        if (url)
            complain(r, path, "%s: this pavo writes to files and standard output only", s->to);
        else if (*sink_path(s) == '\0')
            complain(r, path, "has no target");
        if ((s->rotate_ns || s->rotate_bytes) && strcmp(sink_path(s), "-") == 0)
            complain(r, path, "standard output can't be rotated");
        for (unsigned j = 0; j < i; j++)
            if (strcmp(sink_path(s), sink_path(&c->sinks[j])) == 0 &&
                strncmp(sink_path(s), "/dev/", 5) != 0)
                complain(r, path, "%s is the target of two sinks", s->to);
    }
}

int
cfg_finish(struct cfg *c, cfg_complain_fn *complain_fn, void *ctx)
{
    struct reading r = {.cfg = c, .complain = complain_fn, .ctx = ctx};

    if (!c->observer.name || !*c->observer.name) {
        char host[256] = "pavo";

        if (gethostname(host, sizeof host - 1) != 0 || !*host)
            snprintf(host, sizeof host, "pavo");
        free(c->observer.name);
        c->observer.name = strdup(host);
        if (!c->observer.name)
            complain(&r, "observer.name", "no memory");
    }
    if (strcmp(c->workers.cores, "auto") != 0 && strcmp(c->workers.cores, "none") != 0 &&
        (!*c->workers.cores || cfg_core_list(c->workers.cores, NULL, NULL) != 0))
        complain(&r, "workers.cores", "\"%s\" is neither auto nor none nor a list such as 2-5,8",
                 c->workers.cores);
    pavo_decap_stt(c->decap, (uint16_t)c->stt.port);
    pavo_decap_l2tpv3(c->decap,
                      strcmp(c->l2tpv3.cookie, "auto") == 0 ? -1 : atoi(c->l2tpv3.cookie));
    if (c->capture.filter && !*c->capture.filter) {
        free(c->capture.filter);
        c->capture.filter = NULL;
    }
    if (c->flow.jump_forward_ns <= c->flow.timeouts.grace)
        complain(&r, "flow.jump_forward", "is not above flow.grace: every packet would be a jump");
    if (c->flow.jump_back_ns <= c->flow.timeouts.grace)
        complain(&r, "flow.jump_back", "is not above flow.grace: disorder would be a jump");
    c->decap->esp_null = c->esp_null;
    check_sources(&r);
    check_sinks(&r);
    return r.bad;
}

void
cfg_close(struct cfg *c)
{
    if (!c)
        return;
    cfg_clear_sources(c);
    cfg_clear_sinks(c);
    free(c->observer.name);
    free(c->capture.backend);
    free(c->capture.filter);
    free(c->capture.reader);
    free(c->capture.precision);
    strings_free(c->capture.dpdk.eal, c->capture.dpdk.n_eal);
    free(c->capture.dpdk.file_prefix);
    free(c->capture.dpdk.poll);
    free(c->capture.dpdk.rss);
    free(c->workers.cores);
    free(c->control.stats_socket);
    free(c->stats.certificate);
    free(c->l2tpv3.cookie);
    free(c->decap);
    free(c);
}
