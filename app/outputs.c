/* outputs.c - sinks from their configuration */
#include "outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "version.h"

const char *
outputs_path(const struct cfg_sink *s)
{
    return strncmp(s->to, "file:", 5) == 0 ? s->to + 5 : s->to;
}

const struct pavo_format *
outputs_format(const struct cfg_sink *s)
{
    const struct pavo_format *f;

    if (s->format)
        return pavo_format_find(s->format);
    f = pavo_format_of_path(outputs_path(s));
    return f ? f : &pavo_format_text;
}

static unsigned
terminal_columns(void)
{
    struct winsize w;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
        return w.ws_col;
    return 80;
}

static int
open_one(struct outputs *o, const struct cfg_sink *s, const struct cfg *cfg,
         const struct cap_set *set, struct pavo_err *err)
{
    const struct pavo_rotate rotate = {.every_ns = s->rotate_ns, .bytes = s->rotate_bytes};
    const bool is_stdout = strcmp(outputs_path(s), "-") == 0;
    struct pavo_sink_config config = {
        .format = outputs_format(s),
        .info =
            {
                .observer = cfg->observer.name,
                .version = PAVO_VERSION,
                .domain = cfg->observer.domain,
                .sources = set->source_names,
                .n_sources = set->n_sources,
                .terminal = is_stdout && isatty(STDOUT_FILENO),
                .columns = terminal_columns(),
            },
    };

    config.target = pavo_target_file(outputs_path(s), &rotate, err);
    if (!config.target)
        return -EIO;
    o->sinks[o->n] = pavo_sink_open(&config, err);
    if (!o->sinks[o->n])
        return -EIO;
    o->n++;
    return 0;
}

int
outputs_open(struct outputs *o, const struct cfg *cfg, const struct cap_set *set,
             struct pavo_err *err)
{
    static char to_stdout[] = "-";
    const struct cfg_sink fallback = {.to = to_stdout};
    const unsigned n = cfg->n_sinks ? cfg->n_sinks : 1;

    *o = (struct outputs){.sinks = calloc(n, sizeof(struct pavo_sink *))};
    if (!o->sinks)
        return pavo_err_set(err, ENOMEM, "sinks: no memory");
    for (unsigned i = 0; i < n; i++) {
        if (open_one(o, cfg->n_sinks ? &cfg->sinks[i] : &fallback, cfg, set, err) < 0) {
            outputs_close(o);
            return -EIO;
        }
    }
    return 0;
}

void
outputs_close(struct outputs *o)
{
    for (unsigned i = 0; i < o->n; i++)
        pavo_sink_close(o->sinks[i]);
    free(o->sinks);
    *o = (struct outputs){0};
}
