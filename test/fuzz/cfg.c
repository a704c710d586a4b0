/* cfg.c - fuzz target: a configuration file, then one key from the command line
 *
 * Whatever the text, the configuration stays one that can be checked and freed, errors are
 * sentences without control characters, and what was refused is counted.
 */
#include <stdlib.h>
#include <string.h>

#include "cfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
complain(void *ctx, const char *sentence)
{
    unsigned *said = ctx;

    ++*said;
    if (!sentence[0] || strlen(sentence) >= 2048)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct pavo_err err;
    struct cfg *c = cfg_open(&err);
    unsigned said = 0;
    char *line;
    int bad;

    if (!c)
        return 0;
    bad = cfg_read_text(c, (const char *)bytes, n, "f.json", complain, &said);
    if ((bad == 0) != (said == 0))
        abort();
    line = malloc(n + 1);
    if (line && n < 4096) { /* and as a KEY=VALUE */
        memcpy(line, bytes, n);
        line[n] = '\0';
        said = 0;
        bad = cfg_set(c, line, complain, &said);
        if ((bad == 0) != (said == 0))
            abort();
    }
    free(line);
    (void)cfg_finish(c, complain, &said);
    cfg_close(c);
    return 0;
}
