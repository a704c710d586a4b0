/* cfg_value.c - text into values with units, and where in a document a key stands */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cfg_table.h"

struct unit {
    const char *word;
    uint64_t factor;
};

static const struct unit time_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", 60 * UINT64_C(1000000000)},
    {"h", 3600 * UINT64_C(1000000000)},
    {"d", 86400 * UINT64_C(1000000000)},
    {NULL, 0},
};
static const struct unit size_units[] = {
    {"B", 1},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", UINT64_C(1000000000000)},
    {"kiB", 1 << 10},
    {"KiB", 1 << 10},
    {"MiB", 1 << 20},
    {"GiB", 1 << 30},
    {"TiB", UINT64_C(1) << 40},
    {NULL, 0},
};
static const struct unit count_units[] = {
    {"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}, {NULL, 0},
};

/* Digits, an optional blank and a unit. -1: not of that form; -2: too large. */
static int
number_unit(const char *text, const struct unit *units, uint64_t *out)
{
    uint64_t v = 0;
    const char *at = text;

    if (!isdigit((unsigned char)*at))
        return -1;
    for (; isdigit((unsigned char)*at); at++) {
        const unsigned digit = (unsigned)(*at - '0');

        if (v > (UINT64_MAX - digit) / 10)
            return -2;
        v = v * 10 + digit;
    }
    if (*at == ' ')
        at++;
    if (*at == '\0' && v == 0) {
        *out = 0;
        return 0;
    }
    for (const struct unit *u = units; u->word; u++) {
        if (strcmp(u->word, at) != 0)
            continue;
        if (v > UINT64_MAX / u->factor)
            return -2;
        *out = v * u->factor;
        return 0;
    }
    return -1;
}

static const struct unit *
units_of(enum cfg_type type, const char **expects)
{
    switch (type) {
    case CFG_DURATION:
        *expects = "a time with its unit, such as 500ms, 30s, 5m or 1h";
        return time_units;
    case CFG_BYTES:
    case CFG_BYTES32:
    case CFG_MIB:
        *expects = "a size with its unit, such as 64KiB, 32MiB or 1GB";
        return size_units;
    default:
        *expects = "a whole number, such as 1000 or 4M";
        return count_units;
    }
}

int
cfg_value_number(const struct cfg_key *k, const char *text, uint64_t *out, char *why, size_t n)
{
    const char *expects;
    const struct unit *units = units_of(k->type, &expects);
    uint64_t v, limit;
    int rc;

    if (k->type == CFG_AUTO_COUNT && strcmp(text, "auto") == 0) {
        *out = 0;
        return 0;
    }
    rc = number_unit(text, units, &v);
    if (rc == -1) {
        snprintf(why, n, "\"%.60s\" is not %s%s", text, expects,
                 k->type == CFG_AUTO_COUNT ? ", or auto" : "");
        return -1;
    }
    if (rc == -2) {
        snprintf(why, n, "%.60s is too large%s%s", text, k->max ? "; the most is " : "",
                 k->max ? k->max : "");
        return -1;
    }
    if (k->min && number_unit(k->min, units, &limit) == 0 && v < limit) {
        snprintf(why, n, "%.60s is too little; the least is %s", text, k->min);
        return -1;
    }
    if (k->max && number_unit(k->max, units, &limit) == 0 && v > limit) {
        snprintf(why, n, "%.60s is too large; the most is %s", text, k->max);
        return -1;
    }
    *out = v;
    return 0;
}

static bool
has_word(const char *words, const char *text)
{
    const size_t n = strlen(text);

    while (*words) {
        const size_t w = strcspn(words, " ");

        if (w == n && strncmp(words, text, n) == 0)
            return true;
        words += w + (words[w] == ' ');
    }
    return false;
}

int
cfg_core_list(const char *text, void (*each)(void *ctx, unsigned core), void *ctx)
{
    while (*text) {
        char *end;
        unsigned long from, to;

        if (!isdigit((unsigned char)*text))
            return -1;
        from = to = strtoul(text, &end, 10);
        if (*end == '-') {
            if (!isdigit((unsigned char)end[1]))
                return -1;
            to = strtoul(end + 1, &end, 10);
        }
        if (from > to || to > 4095)
            return -1;
        for (unsigned long c = from; each && c <= to; c++)
            each(ctx, (unsigned)c);
        if (*end == ',' && end[1] != '\0')
            end++;
        else if (*end != '\0')
            return -1;
        text = end;
    }
    return 0;
}

static int
set_text(void *at, const char *text, char *why, size_t n)
{
    char *copy = strdup(text), *old;

    if (!copy) {
        snprintf(why, n, "no memory");
        return -1;
    }
    memcpy(&old, at, sizeof old);
    free(old);
    memcpy(at, &copy, sizeof copy);
    return 0;
}

int
cfg_value_set(void *base, const struct cfg_key *k, const char *text, char *why, size_t n)
{
    char *at = (char *)base + k->at;
    uint64_t v;

    switch (k->type) {
    case CFG_WORD:
        if (!has_word(k->words, text)) {
            snprintf(why, n, "\"%.60s\" is not one of: %s", text, k->words);
            return -1;
        }
        return set_text(at, text, why, n);
    case CFG_STRING:
        return set_text(at, text, why, n);
    case CFG_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
            snprintf(why, n, "\"%.60s\" is neither true nor false", text);
            return -1;
        }
        *(bool *)at = text[0] == 't';
        return 0;
    case CFG_COUNT:
    case CFG_AUTO_COUNT:
    case CFG_BYTES32:
    case CFG_MIB:
        if (cfg_value_number(k, text, &v, why, n) != 0)
            return -1;
        if (k->type == CFG_MIB)
            v = (v + (1 << 20) - 1) >> 20;
        if (v > UINT32_MAX) {
            snprintf(why, n, "%.60s is too large", text);
            return -1;
        }
        *(uint32_t *)(void *)at = (uint32_t)v;
        return 0;
    case CFG_BYTES:
    case CFG_DURATION:
        if (cfg_value_number(k, text, &v, why, n) != 0)
            return -1;
        *(uint64_t *)(void *)at = v;
        return 0;
    default:
        snprintf(why, n, "is a list");
        return -1;
    }
}

/* A walk over a document that is known to be good, only to count lines up to a path. */
struct locate {
    const char *at, *end;
    unsigned line, found;
};

static void
blank(struct locate *l)
{
    for (; l->at < l->end && strchr(" \t\r\n", *l->at) && *l->at; l->at++)
        l->line += *l->at == '\n';
}

/* Steps over a string; hands out its raw text. */
static size_t
string(struct locate *l, const char **raw)
{
    const char *from = ++l->at;

    while (l->at < l->end && *l->at != '"')
        l->at += *l->at == '\\' && l->at + 1 < l->end ? 2 : 1;
    *raw = from;
    if (l->at < l->end)
        l->at++;
    return (size_t)(l->at - from) - (l->at <= l->end && l->at > from ? 1 : 0);
}

/* 'rest' is what of the path is left below this value; NULL: the path leads elsewhere. */
static void
value(struct locate *l, const char *rest, unsigned depth)
{
    unsigned index = 0;
    char open;

    blank(l);
    if (l->found || l->at >= l->end || depth > 64)
        return;
    if (rest && *rest == '\0') {
        l->found = l->line;
        return;
    }
    open = *l->at;
    if (open != '{' && open != '[') {
        const char *raw;

        if (open == '"')
            string(l, &raw);
        else
            while (l->at < l->end && !strchr(",]} \t\r\n", *l->at))
                l->at++;
        return;
    }
    l->at++;
    for (;; index++) {
        const char *below = NULL, *raw;

        blank(l);
        if (l->at >= l->end || *l->at == '}' || *l->at == ']')
            break;
        if (open == '{') {
            size_t n;

            if (*l->at != '"')
                return;
            n = string(l, &raw);
            if (rest) {
                const char *word = *rest == '.' ? rest + 1 : rest;

                if (strncmp(word, raw, n) == 0 && strchr(".[", word[n])) /* finds the NUL, too */
                    below = word + n;
            }
            blank(l);
            if (l->at < l->end && *l->at == ':')
                l->at++;
        } else if (rest && *rest == '[') {
            char *close;

            if (strtoul(rest + 1, &close, 10) == index && *close == ']')
                below = close + 1;
        }
        value(l, below, depth + 1);
        if (l->found)
            return;
        blank(l);
        if (l->at < l->end && *l->at == ',')
            l->at++;
        else if (l->at >= l->end || (*l->at != '}' && *l->at != ']'))
            return; /* deeper than we look: no line is better than a wrong one */
    }
    if (l->at < l->end)
        l->at++;
}

unsigned
cfg_line_of(const char *text, size_t n, const char *path)
{
    struct locate l = {.at = text, .end = text + n, .line = 1};

    value(&l, path, 0);
    return l.found;
}
