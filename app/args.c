/* args.c - command line over configuration file over defaults */
#include "args.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

static void
complain(void *ctx, const char *sentence)
{
    log_error("%s", sentence);
}

int
args_open(struct args *a)
{
    struct pavo_err err;

    *a = (struct args){.cfg = cfg_open(&err)};
    if (!a->cfg) {
        log_error("%s", err.text);
        return -1;
    }
    return 0;
}

static void
no_memory(struct args *a, int rc)
{
    if (rc < 0) {
        log_error("no memory for the command line");
        a->bad++;
    }
}

bool
args_option(struct args *a, const struct cli_option *o, const char *arg)
{
    char text[64];

    switch (o->letter) {
    case 'c': /* read by args_config(), before all else */
        return true;
    case 'i':
    case 'r':
        if (!a->has_source)
            cfg_clear_sources(a->cfg);
        a->has_source = true;
        no_memory(a, o->letter == 'i' ? cfg_add_device(a->cfg, arg) : cfg_add_file(a->cfg, arg));
        return true;
    case 'w':
        if (!a->has_sink)
            cfg_clear_sinks(a->cfg);
        a->has_sink = true;
        no_memory(a, cfg_add_sink(a->cfg, arg));
        return true;
    case 0:
        break;
    default:
        return false;
    }
    if (strcmp(o->word, "set") == 0) {
        a->bad += cfg_set(a->cfg, arg, complain, NULL);
    } else if (strcmp(o->word, "workers") == 0) {
        snprintf(text, sizeof text, "workers.count=%.40s", arg);
        a->bad += cfg_set(a->cfg, text, complain, NULL);
    } else {
        return false;
    }
    return true;
}

void
args_config(struct args *a, const struct cli_command *cmd, int argc, char **argv)
{
    const struct cli_option *o;
    const char *arg;
    int at = 1, bad = 0;

    while ((o = cli_getopt(cmd, argc, argv, &at, &arg, &bad)) != NULL) {
        if (o->letter != 'c')
            continue;
        if (a->file) {
            log_error("-c is given twice: %s and %s; one file is read", a->file, arg);
            a->bad++;
            return;
        }
        a->file = arg;
        a->bad += cfg_read(a->cfg, arg, complain, NULL);
    }
    a->bad += bad;
}

static int
join(struct args *a, int n, char **words)
{
    static const char *const key = "capture.filter=";
    size_t bytes = strlen(key) + 1;
    char *text;

    for (int i = 0; i < n; i++)
        bytes += strlen(words[i]) + 1;
    text = malloc(bytes);
    if (!text)
        return -1;
    strcpy(text, key);
    for (int i = 0; i < n; i++) {
        strcat(text, i ? " " : "");
        strcat(text, words[i]);
    }
    a->bad += cfg_set(a->cfg, text, complain, NULL);
    free(text);
    return 0;
}

int
args_finish(struct args *a, int n, char **operands)
{
    if (n > 0)
        no_memory(a, join(a, n, operands));
    /* What is already wrong would be said again. */
    if (a->bad == 0)
        a->bad += cfg_finish(a->cfg, complain, NULL);
    return a->bad;
}

void
args_close(struct args *a)
{
    cfg_close(a->cfg);
    a->cfg = NULL;
}
