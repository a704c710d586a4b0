/* help.c - what the table of commands says: the overview, a command's help, the man page */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "version.h"

enum { COLUMNS = 79 };

static const char *const overview =
    "pavo writes an audit record for every conversation on a network: who talked to whom,\n"
    "through which tunnels, when, how much, and how it ended. Each packet and each record is\n"
    "counted to its end, and the counts must balance.\n"
    "\n"
    "First steps\n"
    "  pavo run -r capture.pcap                   the flows of a capture, as a table\n"
    "  sudo pavo run -i eth0                      the flows of a NIC, until Ctrl-C\n"
    "  pavo run -r capture.pcap -w flows.ipfix    keep them; IPFIX is the native file\n"
    "  pavo read flows.ipfix --top 10             what moved the most bytes\n"
    "  pavo verify flows.ipfix                    is the file complete?\n"
    "\n"
    "Commands\n";

static const char *const overview_end =
    "\n"
    "pavo help COMMAND explains one with examples; pavo keys lists the configuration.\n"
    "Exit status: 0 done, 1 usage or configuration, 2 a source or a sink failed,\n"
    "3 the ledger does not balance.\n";

/* Paragraphs, wrapped; a line that starts with a blank stands as it is. */
static void
print_wrapped(FILE *out, const char *text, unsigned indent)
{
    unsigned col = 0;

    while (*text) {
        size_t n;

        if (col == 0 && (*text == ' ' || *text == '\n')) { /* as it is, up to the end of the line */
            n = strcspn(text, "\n");
            if (n > 0)
                fprintf(out, "%*s%.*s", (int)indent, "", (int)n, text);
            fputc('\n', out);
            text += n + (text[n] == '\n');
            continue;
        }
        n = strcspn(text, " \n");
        if (col > 0 && col + 1 + n > COLUMNS) {
            fputc('\n', out);
            col = 0;
        }
        if (col == 0) {
            fprintf(out, "%*s", (int)indent, "");
            col = indent;
        } else {
            fputc(' ', out);
            col++;
        }
        fwrite(text, 1, n, out);
        col += (unsigned)n;
        text += n;
        if (*text == '\n' && (text[1] == '\n' || text[1] == ' ' || text[1] == '\0')) {
            fputc('\n', out);
            col = 0;
            text++;
        } else if (*text) {
            text++;
        }
    }
    if (col > 0)
        fputc('\n', out);
}

static void
option_names(char *out, size_t n, const struct cli_option *o)
{
    const char *arg = o->arg ? o->arg : "";
    const char *blank = o->arg ? " " : "";

    if (o->letter && o->word)
        snprintf(out, n, "-%c, --%s%s%s", o->letter, o->word, blank, arg);
    else if (o->letter)
        snprintf(out, n, "-%c%s%s", o->letter, blank, arg);
    else
        snprintf(out, n, "    --%s%s%s", o->word, blank, arg);
}

int
cli_help(const struct cli_command *cmd)
{
    printf("pavo %s - %s\n\nUsage: pavo %s %s\n\n", cmd->name, cmd->summary, cmd->name, cmd->usage);
    print_wrapped(stdout, cmd->text, 0);
    if (cmd->options && (cmd->options->letter || cmd->options->word))
        printf("\nOptions\n");
    for (const struct cli_option *o = cmd->options; o && (o->letter || o->word); o++) {
        char names[80];

        option_names(names, sizeof names, o);
        printf("  %s\n", names);
        print_wrapped(stdout, o->help, 10);
    }
    if (cmd->examples && cmd->examples->command)
        printf("\nExamples\n");
    for (const struct cli_example *e = cmd->examples; e && e->command; e++)
        printf("  %s\n      %s\n", e->command, e->says);
    return EXIT_DONE;
}

/* One line of roff text: hyphens that are typed, backslashes, and no control character at its
 * start. */
static void
roff(FILE *out, const char *s, size_t n)
{
    if (n > 0 && (s[0] == '.' || s[0] == '\''))
        fputs("\\&", out);
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\\')
            fputs("\\e", out);
        else if (s[i] == '-')
            fputs("\\-", out);
        else
            fputc(s[i], out);
    }
}

static void
roff_text(FILE *out, const char *text)
{
    bool literal = false;

    while (*text) {
        const size_t n = strcspn(text, "\n");
        const bool is_literal = text[0] == ' ';

        if (is_literal != literal)
            fputs(is_literal ? ".nf\n" : ".fi\n", out);
        literal = is_literal;
        if (n == 0) {
            fputs(".PP\n", out);
        } else {
            roff(out, text, n);
            fputc('\n', out);
        }
        text += n + (text[n] == '\n');
    }
    if (literal)
        fputs(".fi\n", out);
}

static void
man_command(FILE *out, const struct cli_command *cmd)
{
    fprintf(out, ".SS pavo %s \\- %s\n.B pavo %s\n", cmd->name, cmd->summary, cmd->name);
    roff(out, cmd->usage, strlen(cmd->usage));
    fputs("\n.PP\n", out);
    roff_text(out, cmd->text);
    for (const struct cli_option *o = cmd->options; o && (o->letter || o->word); o++) {
        char names[80];
        const char *at = names;

        option_names(names, sizeof names, o);
        at += strspn(at, " ");
        fputs(".TP\n.B ", out);
        roff(out, at, strlen(at));
        fputc('\n', out);
        roff_text(out, o->help);
    }
    for (const struct cli_example *e = cmd->examples; e && e->command; e++) {
        fputs(".PP\nExample: ", out);
        roff(out, e->says, strlen(e->says));
        fputs("\n.PP\n.RS\n.nf\n", out);
        roff(out, e->command, strlen(e->command));
        fputs("\n.fi\n.RE\n", out);
    }
}

static void
man_page(FILE *out)
{
    fputs(".\\\" Generated from the table of commands by: pavo help --man\n"
          ".TH PAVO 1 \"\" \"pavo " PAVO_VERSION "\" \"User Commands\"\n"
          ".SH NAME\n"
          "pavo \\- network audit sensor: a record for every conversation\n"
          ".SH SYNOPSIS\n"
          ".nf\n",
          out);
    for (unsigned i = 0; cli_commands[i]; i++) {
        fprintf(out, "\\fBpavo %s\\fR ", cli_commands[i]->name);
        roff(out, cli_commands[i]->usage, strlen(cli_commands[i]->usage));
        fputc('\n', out);
    }
    fputs(".fi\n.SH DESCRIPTION\n", out);
    roff_text(out,
              "pavo watches a network from one host and writes an audit record for every\n"
              "conversation it sees: who talked to whom, through which tunnels, when, how\n"
              "much, and how it ended. It reads network interfaces and captures through\n"
              "libpcap, and NIC queues through DPDK where it is built with it.\n"
              "\n"
              "Each packet and each record ends in exactly one counted place. The counts, the\n"
              "ledger, are part of every stream, and pavo ends with status 3 if they do not\n"
              "balance.\n");
    fputs(".SH COMMANDS\n", out);
    for (unsigned i = 0; cli_commands[i]; i++)
        man_command(out, cli_commands[i]);
    fputs(".SH SIGNALS\n", out);
    roff_text(out,
              "SIGINT and SIGTERM end a sensor: what was received is accounted, all flows are\n"
              "written, the ledger is closed. A second one ends it at once. SIGHUP opens the\n"
              "files of all sinks anew. SIGUSR1 prints the counters on standard error.\n");
    fputs(".SH EXIT STATUS\n.TP\n.B 0\ndone\n.TP\n.B 1\nusage or configuration\n.TP\n.B 2\n"
          "a source or a sink failed, or an input is broken\n.TP\n.B 3\n"
          "the ledger does not balance\n",
          out);
    fputs(".SH SEE ALSO\n.BR tcpdump (8),\n.BR pcap\\-filter (7)\n", out);
}

static int
help_run(int argc, char **argv)
{
    const struct cli_option *o;
    const struct cli_command *cmd;
    const char *arg;
    int at = 1, bad = 0;

    while ((o = cli_getopt(&cmd_help, argc, argv, &at, &arg, &bad)) != NULL) {
        if (o->letter == 'h')
            return cli_help(&cmd_help);
        man_page(stdout);
        return EXIT_DONE;
    }
    if (bad)
        return EXIT_USAGE;
    if (at >= argc) {
        fputs(overview, stdout);
        for (unsigned i = 0; cli_commands[i]; i++)
            printf("  %-8s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
        fputs(overview_end, stdout);
        return EXIT_DONE;
    }
    cmd = cli_find(argv[at]);
    if (!cmd) {
        fprintf(stderr, "pavo help: there is no command '%s'; pavo help lists them\n", argv[at]);
        return EXIT_USAGE;
    }
    return cli_help(cmd);
}

const struct cli_command cmd_help = {
    .name = "help",
    .usage = "[COMMAND] | --man",
    .summary = "explains a command, with examples",
    .text = "Without a command: what pavo is and what it can do.\n",
    .options =
        (const struct cli_option[]){
            {0, "man", NULL, "Prints the man page pavo(1), made from the same table."},
            {'h', "help", NULL, "This text."},
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"pavo help run", "all that the sensor can do"},
            {0},
        },
    .run = help_run,
};
