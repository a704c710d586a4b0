/* formats.c - the formats that a record can be written in, found by word or by a path's extension
 */
#include <string.h>

#include "pavo_export.h"

const struct pavo_format *const pavo_formats[] = {
    &pavo_format_text, &pavo_format_json, &pavo_format_csv, &pavo_format_ipfix, NULL,
};

const struct pavo_format *
pavo_format_find(const char *word)
{
    for (unsigned i = 0; pavo_formats[i]; i++)
        if (strcmp(pavo_formats[i]->word, word) == 0)
            return pavo_formats[i];
    return NULL;
}

/* Is the extension one of a blank-separated list? */
static bool
list_has(const char *list, const char *ext)
{
    const size_t n = strlen(ext);

    while (*list) {
        const size_t word = strcspn(list, " ");

        if (word == n && memcmp(list, ext, n) == 0)
            return true;
        list += word;
        list += strspn(list, " ");
    }
    return false;
}

const struct pavo_format *
pavo_format_of_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');

    if (!dot || !dot[1])
        return NULL;
    for (unsigned i = 0; pavo_formats[i]; i++)
        if (list_has(pavo_formats[i]->extensions, dot))
            return pavo_formats[i];
    return NULL;
}
