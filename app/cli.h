/* cli.h - the sub-commands as data: usage, help, man page and dispatch come from these rows */
#ifndef PAVO_CLI_H
#define PAVO_CLI_H

/* Exit status of every command. */
enum {
    EXIT_DONE = 0,
    EXIT_USAGE = 1,      /* usage or configuration */
    EXIT_SOURCE = 2,     /* a source or a sink failed, or an input is broken */
    EXIT_UNBALANCED = 3, /* the ledger does not balance */
};

struct cli_option {
    char letter;      /* 0: none */
    const char *word; /* long name without dashes; NULL: none */
    const char *arg;  /* name of its argument; NULL: a switch */
    const char *help;
};

struct cli_example {
    const char *command;
    const char *says;
};

struct cli_command {
    const char *name;
    const char *usage;                  /* "[-c FILE] [-i NIC | -r FILE]... [FILTER]" */
    const char *summary;                /* one line */
    const char *text;                   /* paragraphs, blank line between */
    const struct cli_option *options;   /* ends with a row of zeros */
    const struct cli_example *examples; /* ends with a row of zeros */
    int (*run)(int argc, char **argv);  /* argv[0] is the command's name */
};

/* Each lives in the file named after it. */
extern const struct cli_command cmd_run, cmd_read, cmd_verify, cmd_plan, cmd_check, cmd_keys,
    cmd_stats, cmd_bench, cmd_version, cmd_help;
const struct cli_command *cli_find(const char *name); /* NULL: no such command */
/* All that is known about a command, as `pavo help CMD` prints it on stdout; returns EXIT_DONE. */
int cli_help(const struct cli_command *cmd);
extern const struct cli_command
    *const cli_commands[]; /* NULL-terminated, in the order of the help */

/* cli_getopt - like getopt_long over the command's own option rows (abbreviations not allowed, "--"
 * ends).
 *
 * Returns the option's row, with its argument in *arg; NULL at the first operand or the end (*at is
 * then the index of the first operand). *at is 0 or 1 before the first call. An unknown option or a
 * missing argument prints one sentence and the usage, and sets *bad. Options and operands may be
 * mixed only in this order: options first, then operands. */
const struct cli_option *cli_getopt(const struct cli_command *cmd, int argc, char **argv, int *at,
                                    const char **arg, int *bad);

#endif
