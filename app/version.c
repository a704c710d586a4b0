/* version.c - what this binary is and what it was built with */
#include <jansson.h>
#include <stdio.h>

#include "capture_filter.h"
#include "cli.h"
#include "version.h"

static int
version_run(int argc, char **argv)
{
    const char *arg;
    int at = 1, bad = 0;

    if (cli_getopt(&cmd_version, argc, argv, &at, &arg, &bad))
        return cli_help(&cmd_version);
    if (bad)
        return EXIT_USAGE;
    printf("pavo %s\n", PAVO_VERSION);
    printf("  capture   pcap (%s)", cap_library());
#ifdef PAVO_HAVE_DPDK
    printf(", dpdk");
#endif
    printf("\n  topology  ");
#ifdef PAVO_HAVE_HWLOC
    puts("hwloc");
#else
    puts("scheduler affinity (built without hwloc)");
#endif
    printf("  json      jansson %s\n", JANSSON_VERSION);
    return EXIT_DONE;
}

const struct cli_command cmd_version = {
    .name = "version",
    .usage = "",
    .summary = "version, and what it was built with",
    .text = "Prints the version of pavo and of the libraries that this binary uses.\n",
    .options =
        (const struct cli_option[]){
            {'h', "help", NULL, "This text."},
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"pavo version", "for a bug report"},
            {0},
        },
    .run = version_run,
};
