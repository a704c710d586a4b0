/* t_doc.h - parts of documents that are generated, held against what the code says now
 *
 * A part stands between the lines "<!-- generated: NAME -->" and "<!-- end: NAME -->". A test
 * prints what the part should say into a stream and compares; with PAVO_UPDATE=1 in the environment
 * it rewrites the part instead.
 */
#ifndef PAVO_T_DOC_H
#define PAVO_T_DOC_H

#include "t.h"

static inline char *
t_doc_read(const char *path, size_t *n_out)
{
    FILE *in = fopen(path, "rb");
    char *text = malloc(1 << 20);
    size_t n;

    if (!in)
        fail_msg("%s: can't be read", path);
    n = fread(text, 1, (1 << 20) - 1, in);
    fclose(in);
    text[n] = 0;
    *n_out = n;
    return text;
}

/* Compares the part 'name' of the document with 'want' (whole lines). */
static inline void
t_doc_part(const char *path, const char *name, const char *want)
{
    char begin[128], end[128];
    size_t n;
    char *text = t_doc_read(path, &n), *from, *to;
    FILE *out;

    snprintf(begin, sizeof begin, "<!-- generated: %s -->\n", name);
    snprintf(end, sizeof end, "<!-- end: %s -->", name);
    from = strstr(text, begin);
    to = from ? strstr(from, end) : NULL;
    if (!to)
        fail_msg("%s: no part '%s' in it", path, name);
    from += strlen(begin);
    if ((size_t)(to - from) == strlen(want) && memcmp(from, want, strlen(want)) == 0) {
        free(text);
        return;
    }
    if (!getenv("PAVO_UPDATE"))
        fail_msg("%s: part '%s' is not what the code says; run this test with PAVO_UPDATE=1", path,
                 name);
    out = fopen(path, "wb");
    if (!out)
        fail_msg("%s: can't be written", path);
    fwrite(text, 1, (size_t)(from - text), out);
    fputs(want, out);
    fputs(to, out);
    fclose(out);
    free(text);
}

#endif
