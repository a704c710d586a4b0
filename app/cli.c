/* cli.c - the table of sub-commands and the reader of their options
 *
 * Options come before operands, long names are not abbreviated, "--" ends them: what a command line
 * means never depends on which options exist.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

const struct cli_command *const cli_commands[] = {
    &cmd_run,   &cmd_read,  &cmd_verify,  &cmd_plan, &cmd_check, &cmd_keys,
    &cmd_bench, &cmd_stats, &cmd_version, &cmd_help, NULL,
};

static void
usage_hint(const struct cli_command *cmd)
{
    fprintf(stderr, "usage: pavo %s %s\n       pavo help %s   explains it\n", cmd->name, cmd->usage,
            cmd->name);
}

static const char *rest; /* inside a group of letters; command lines are read by one thread */

static const struct cli_option *
fail(const struct cli_command *cmd, int *bad)
{
    rest = NULL;
    usage_hint(cmd);
    *bad = 1;
    return NULL;
}

static const struct cli_option *
find_word(const struct cli_command *cmd, const char *word, size_t n)
{
    for (const struct cli_option *o = cmd->options; o && (o->letter || o->word); o++)
        if (o->word && strlen(o->word) == n && strncmp(o->word, word, n) == 0)
            return o;
    return NULL;
}

static const struct cli_option *
find_letter(const struct cli_command *cmd, char letter)
{
    for (const struct cli_option *o = cmd->options; o && (o->letter || o->word); o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static const struct cli_option *
long_option(const struct cli_command *cmd, int argc, char **argv, int *at, const char **arg,
            int *bad)
{
    const char *word = argv[*at] + 2;
    const char *equals = strchr(word, '=');
    const size_t n = equals ? (size_t)(equals - word) : strlen(word);
    const struct cli_option *o = find_word(cmd, word, n);

    if (!o) {
        fprintf(stderr, "pavo %s: there is no option --%.*s\n", cmd->name, (int)n, word);
        return fail(cmd, bad);
    }
    if (!o->arg && equals) {
        fprintf(stderr, "pavo %s: --%s is a switch and takes no value\n", cmd->name, o->word);
        return fail(cmd, bad);
    }
    ++*at;
    if (!o->arg)
        return o;
    if (equals) {
        *arg = equals + 1;
    } else if (*at < argc) {
        *arg = argv[(*at)++];
    } else {
        fprintf(stderr, "pavo %s: --%s needs its %s behind it\n", cmd->name, o->word, o->arg);
        return fail(cmd, bad);
    }
    return o;
}

/* "-qv" is "-q -v", "-rFILE" is "-r FILE": the letters that remain are kept in 'rest' between
 * calls. */
static const struct cli_option *
short_option(const struct cli_command *cmd, int argc, char **argv, int *at, const char **arg,
             int *bad)
{
    const char letter = *rest;
    const struct cli_option *o = find_letter(cmd, letter);

    if (!o) {
        fprintf(stderr, "pavo %s: there is no option -%c\n", cmd->name, letter);
        return fail(cmd, bad);
    }
    ++rest;
    if (!o->arg) {
        if (*rest == '\0') {
            rest = NULL;
            ++*at;
        }
        return o;
    }
    ++*at;
    if (*rest != '\0') {
        *arg = rest;
    } else if (*at < argc) {
        *arg = argv[(*at)++];
    } else {
        fprintf(stderr, "pavo %s: -%c needs its %s behind it\n", cmd->name, letter, o->arg);
        return fail(cmd, bad);
    }
    rest = NULL;
    return o;
}

const struct cli_option *
cli_getopt(const struct cli_command *cmd, int argc, char **argv, int *at, const char **arg,
           int *bad)
{
    const char *a;

    *arg = NULL;
    *bad = 0;
    if (*at == 0) { /* argv[0] is the command's name */
        *at = 1;
        rest = NULL;
    }
    if (rest)
        return short_option(cmd, argc, argv, at, arg, bad);
    if (*at >= argc)
        return NULL;
    a = argv[*at];
    if (a[0] != '-' || a[1] == '\0')
        return NULL;
    if (strcmp(a, "--") == 0) {
        ++*at;
        return NULL;
    }
    if (a[1] == '-')
        return long_option(cmd, argc, argv, at, arg, bad);
    rest = a + 1;
    return short_option(cmd, argc, argv, at, arg, bad);
}

const struct cli_command *
cli_find(const char *name)
{
    for (unsigned i = 0; cli_commands[i]; i++)
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
    return NULL;
}
