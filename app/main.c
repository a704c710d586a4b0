/* main.c - which sub-command was asked for; no logic of its own */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static int
unknown(const char *name)
{
    fprintf(stderr, "pavo: there is no command '%s'; the commands are", name);
    for (unsigned i = 0; cli_commands[i]; i++)
        fprintf(stderr, "%s %s", i ? "," : "", cli_commands[i]->name);
    fprintf(stderr, ".\nTry: pavo help\n");
    return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
    const struct cli_command *cmd;

    /* A reader that goes away is an error of the write, reported with its name. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
        return cmd_help.run(1, (char *[]){argv[0], NULL});
    if (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0)
        return cmd_version.run(1, argv + 1);
    cmd = cli_find(argv[1]);
    if (!cmd)
        return unknown(argv[1]);
    if (argc > 2 && (strcmp(argv[2], "-h") == 0 || strcmp(argv[2], "--help") == 0))
        return cli_help(cmd);
    return cmd->run(argc - 1, argv + 1);
}
