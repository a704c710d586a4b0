/* args.h - the options that run, plan and check share: a file, and what overrides it */
#ifndef PAVO_ARGS_H
#define PAVO_ARGS_H

#include "cfg.h"
#include "cli.h"

#define ARGS_SOURCE_OPTIONS                                                                        \
    {'c', "config", "FILE",                                                                        \
     "Reads the configuration FILE; what the command line says overrides it."},                    \
        {'i', "interface", "NIC",                                                                  \
         "Listens on the network interface NIC; may be given several times."},                     \
        {'r', "read", "FILE",                                                                      \
         "Reads a capture (pcap, pcapng or snoop); several are read one after the other. - is "    \
         "standard input; a named pipe is read while it is written."},                             \
        {'w', "write", "[FORMAT:]TARGET",                                                          \
         "Writes the records to TARGET, a path or - for standard output; may be given several "    \
         "times. FORMAT is "                                                                       \
         "text, json, csv or ipfix; left out, the extension decides (.jsonl .csv .ipfix), else "   \
         "it is text. A "                                                                          \
         "path may hold strftime patterns."},                                                      \
        {0, "workers", "N", "Decodes and accounts in N threads: --set workers.count=N."},          \
    {                                                                                              \
        0, "set", "KEY=VALUE",                                                                     \
            "Sets any key of the configuration (pavo keys); may be given several times."           \
    }

/* A configuration in the making. */
struct args {
    struct cfg *cfg;
    const char *file;
    bool has_source, has_sink;
    int bad; /* errors so far; each was printed */
};

int args_open(struct args *a);
/* Takes an option row of ARGS_SOURCE_OPTIONS; false: it is another. The -c option has to be applied
 * first: see args_config(). */
bool args_option(struct args *a, const struct cli_option *o, const char *arg);
/* First pass over the command line: reads the file that -c names. */
void args_config(struct args *a, const struct cli_command *cmd, int argc, char **argv);
/* The operands are a filter; then the checks over several keys. Returns the number of errors. */
int args_finish(struct args *a, int n, char **operands);
void args_close(struct args *a);

#endif
