/* check.c - pavo check: all that is wrong with a configuration; starts nothing */
#include <string.h>

#include "args.h"
#include "capture_filter.h"
#include "log.h"

/* The filter must parse on what it is most often used for. */
static int
check_filter(const struct cfg *cfg)
{
    struct pavo_err err;
    struct cap_filter *f;
    int bad = 0;

    if (!cfg->capture.filter)
        return 0;
    f = cap_filter_open(cfg->capture.filter, &err);
    if (!f || cap_filter_link(f, PAVO_LINK_ETHER, &err) < 0) {
        log_error("capture.filter: %s", err.text);
        bad = 1;
    }
    cap_filter_close(f);
    return bad;
}

static void
complain(void *ctx, const char *sentence)
{
    log_error("%s", sentence);
}

static int
check_one(const char *path)
{
    struct args a;
    int bad;

    if (args_open(&a) < 0)
        return EXIT_USAGE;
    a.bad += cfg_read(a.cfg, path, complain, NULL);
    bad = a.bad;
    a.bad = 0; /* the checks over several keys are made whatever was wrong before */
    bad += args_finish(&a, 0, NULL);
    bad += check_filter(a.cfg);
    if (bad == 0)
        printf("%s: good\n", path);
    else
        printf("%s: %d %s\n", path, bad, bad == 1 ? "error" : "errors");
    args_close(&a);
    return bad ? EXIT_USAGE : EXIT_DONE;
}

static int
check_run(int argc, char **argv)
{
    const char *arg;
    int at = 1, bad = 0, status = EXIT_DONE;

    if (cli_getopt(&cmd_check, argc, argv, &at, &arg, &bad))
        return cli_help(&cmd_check);
    if (bad)
        return EXIT_USAGE;
    if (at >= argc) {
        log_error("check: which file? usage: pavo check FILE...");
        return EXIT_USAGE;
    }
    for (; at < argc; at++)
        if (check_one(argv[at]) != EXIT_DONE)
            status = EXIT_USAGE;
    return status;
}

const struct cli_command cmd_check = {
    .name = "check",
    .usage = "FILE...",
    .summary = "says all that is wrong with a configuration file",
    .text =
        "Reads configuration files as run would, starts nothing, and reports every error with its\n"
        "line and, for a key that does not exist, the nearest one that does.\n",
    .options =
        (const struct cli_option[]){
            {'h', "help", NULL, "This text."},
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"pavo check /etc/pavo/appliance.json", "before the service is restarted"},
            {0},
        },
    .run = check_run,
};
