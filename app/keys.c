/* keys.c - pavo keys: the table of configuration keys, for people and for the generated documents
 */
#include <stdio.h>
#include <string.h>

#include "cfg.h"
#include "cli.h"

static int
keys_run(int argc, char **argv)
{
    const struct cli_option *o;
    const char *arg;
    int at = 1, bad = 0;

    while ((o = cli_getopt(&cmd_keys, argc, argv, &at, &arg, &bad)) != NULL) {
        if (o->letter == 'h')
            return cli_help(&cmd_keys);
        if (strcmp(o->word, "schema") == 0)
            cfg_keys_schema(stdout);
        else
            cfg_keys_markdown(stdout);
        return EXIT_DONE;
    }
    if (bad)
        return EXIT_USAGE;
    cfg_keys_text(stdout, at < argc ? argv[at] : NULL);
    return EXIT_DONE;
}

const struct cli_command cmd_keys = {
    .name = "keys",
    .usage = "[--schema | --markdown] [PART-OF-A-NAME]",
    .summary = "every configuration key: default, range, meaning",
    .text =
        "Lists the keys of the configuration file. With a word, those whose name holds it. Every\n"
        "key can also be given on the command line of run, plan and check: --set flow.active=30s\n"
        "\n"
        "Values carry units: 300s, 5m, 100ms; 64MiB, 100MB. Times and sizes without one are\n"
        "refused, for nobody remembers which was meant.\n",
    .options =
        (const struct cli_option[]){
            {0, "schema", NULL, "The same as a JSON schema, for editors."},
            {0, "markdown", NULL, "The same as the table in docs/config.md."},
            {'h', "help", NULL, "This text."},
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"pavo keys flow.idle", "the idle times of all protocols"},
            {"pavo keys --schema > schema.json", "let the editor check the file"},
            {0},
        },
    .run = keys_run,
};
