/* run.c - pavo run: the sensor, from the command line to the balanced ledger
 *
 * The main thread opens, waits for signals, callers of the stats socket and the end, and then adds
 * up. Nothing is written before all sources are open and of a link type that is known.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "bench_cert.h"
#include "control.h"
#include "log.h"
#include "outputs.h"
#include "report.h"
#include "watch.h"
#ifdef PAVO_HAVE_DPDK
#include "dpdk_telemetry.h"
#endif

/* timeout(1) sends its signal twice in a row, and a terminal may too: one wish to stop is meant. */
enum { STOP_AGAIN_MS = 1000 };

struct run {
    const struct cfg *cfg;
    struct cap_set set;
    struct outputs out;
    struct sensor *sensor;
    struct control_socket socket;
    int signals;
    struct watch watch;
    bool is_quiet, is_live;
    double certified; /* packets per second of a worker, by stats.certificate; 0: none */
    uint64_t start_ms, stop_ms;
    struct report_rate before, now;
};

static uint64_t
clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
take_rate(struct run *r)
{
    const uint64_t ms = clock_ms();
    struct pavo_counts c;

    if (r->now.ms && ms - r->now.ms < 900)
        return;
    sensor_counts(r->sensor, false, &c);
    r->before = r->now.ms ? r->now : (struct report_rate){.ms = r->start_ms};
    r->now = (struct report_rate){.ms = ms,
                                  .packets = c.received,
                                  .octets = c.received_octets,
                                  .records = c.made.records,
                                  .flows = c.flows_made};
}

static void
answer(struct run *r)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    if (!out)
        return;
    report_json(out, r->sensor, r->cfg, r->out.sinks, r->out.n, clock_ms() - r->start_ms,
                &r->before, &r->now, r->certified);
    fclose(out);
    control_answer(&r->socket, text, n);
    free(text);
}

static void
print_counters(struct run *r)
{
    struct pavo_counts c;

    sensor_counts(r->sensor, false, &c);
    progress_end();
    fprintf(stderr, "pavo: counters after %.1f s\n", (double)(clock_ms() - r->start_ms) / 1000);
    report_text(stderr, &c, r->out.sinks, r->out.n);
}

static void
on_signals(struct run *r)
{
    int number;

    while ((number = control_signal(r->signals)) != 0) {
        switch (number) {
        case SIGHUP:
            log_info("files are opened anew");
            sensor_reopen(r->sensor);
            break;
        case SIGUSR1:
            print_counters(r);
            break;
        default:
            if (sensor_was_stopped(r->sensor)) {
                if (clock_ms() - r->stop_ms < STOP_AGAIN_MS)
                    break;
                log_error("stopped at once: what was not written yet is lost");
                _exit(EXIT_SOURCE);
            }
            log_debug("stopping: what was received is accounted and written");
            r->stop_ms = clock_ms();
            sensor_stop(r->sensor);
            break;
        }
    }
}

static void
show_progress(struct run *r)
{
    uint64_t done, total;
    struct pavo_counts c;

    if (r->is_quiet || !isatty(STDERR_FILENO) || !capture_progress(&done, &total))
        return;
    sensor_counts(r->sensor, false, &c);
    progress_show(r->set.queues[0]->name, done, total, c.received, "packets");
}

/* Until everything is written. */
static void
wait_for_end(struct run *r)
{
    while (!sensor_is_done(r->sensor)) {
        struct pollfd fds[3] = {
            {.fd = sensor_done_fd(r->sensor), .events = POLLIN},
            {.fd = r->signals, .events = POLLIN},
            {.fd = r->socket.fd, .events = POLLIN},
        };
        uint64_t unused;
        const bool is_file = capture_progress(&unused, &unused);

        (void)poll(fds, 3, is_file ? 200 : r->is_live ? 1000 : -1);
        if (r->is_live)
            watch_look(&r->watch, r->sensor);
        if (fds[1].revents)
            on_signals(r);
        if (r->socket.fd >= 0)
            take_rate(r);
        if (fds[2].revents)
            answer(r);
        show_progress(r);
    }
    sensor_join(r->sensor);
    progress_end();
}

static bool
is_balanced(struct run *r, const struct pavo_counts *c)
{
    struct pavo_err err;
    bool good = true;

    if (!pavo_counts_balance(c, true, &err)) {
        log_error("ledger: %s", err.text);
        good = false;
    }
    for (unsigned i = 0; i < r->out.n; i++) {
        struct pavo_sink_counts s;

        pavo_sink_counts(r->out.sinks[i], &s);
        if (!pavo_sink_balance(c, &s, true, &err)) {
            log_error("ledger: %s: %s", pavo_sink_name(r->out.sinks[i]), err.text);
            good = false;
        }
    }
    return good;
}

/* What the run came to, in words and as exit status. */
static int
add_up(struct run *r)
{
    struct pavo_counts c;
    bool failed = false, balanced;

    sensor_counts(r->sensor, true, &c);
    for (unsigned i = 0; i < r->set.n_queues; i++)
        failed = failed || r->set.queues[i]->ops->error(r->set.queues[i]) != NULL;
    for (unsigned i = 0; i < r->out.n; i++) {
        const char *error = pavo_sink_error(r->out.sinks[i]);

        if (error)
            log_error("%s", error);
        failed = failed || error;
    }
    balanced = is_balanced(r, &c);
    if (!r->is_quiet) {
        report_text(stderr, &c, r->out.sinks, r->out.n);
        fprintf(stderr, "  ledger     %s\n", balanced ? "balanced" : "NOT BALANCED");
    }
    return !balanced ? EXIT_UNBALANCED : failed ? EXIT_SOURCE : EXIT_DONE;
}

/* What stats.certificate says; false: it is not to be trusted. */
static bool
read_certificate(struct run *r)
{
    struct pavo_err err;
    json_t *cert;

    if (r->cfg->stats.certificate[0] == '\0')
        return true;
    cert = bench_cert_read(r->cfg->stats.certificate, &err);
    if (!cert) {
        log_error("stats.certificate: %s", err.text);
        return false;
    }
    r->certified = bench_cert_rate(cert);
    json_decref(cert);
    return true;
}

static int
run_sensor(struct run *r)
{
    struct pavo_err err;
    const bool is_live = r->cfg->capture.n_files == 0;
    const char *path = r->cfg->control.stats_socket;
    int rc;

    if (!read_certificate(r))
        return EXIT_USAGE;
    rc = capture_open(r->cfg, &r->set, &err);
    if (rc < 0) {
        log_error("%s", err.text);
        /* A link type or a filter is what the user asked for; all else is the source's failure. */
        return rc == -EPROTONOSUPPORT || rc == -EINVAL ? EXIT_USAGE : EXIT_SOURCE;
    }
    r->signals = control_signals();
    if (outputs_open(&r->out, r->cfg, &r->set, &err) < 0) {
        log_error("%s", err.text);
        return EXIT_SOURCE;
    }
    if (!is_live && strcmp(path, "auto") == 0)
        path = "";
    if (control_open(&r->socket, path, r->cfg->observer.name, &err) < 0) {
        log_error("%s", err.text);
        return EXIT_USAGE;
    }
    r->sensor = sensor_open(r->cfg, &r->set, r->out.sinks, r->out.n, &err);
    if (!r->sensor) {
        log_error("%s", err.text);
        return EXIT_USAGE;
    }
    if (is_live)
        log_info("listening on %u %s; Ctrl-C ends it", r->set.n_queues,
                 r->set.n_queues == 1 ? "queue" : "queues");
    r->start_ms = clock_ms();
    r->now = (struct report_rate){.ms = r->start_ms};
#ifdef PAVO_HAVE_DPDK
    if (strcmp(r->cfg->capture.backend, "dpdk") == 0 && r->cfg->capture.dpdk.telemetry)
        dpdk_telemetry_open(r->sensor);
#endif
    r->is_live = is_live;
    sensor_settle_control(r->sensor);
    sensor_go(r->sensor);
    wait_for_end(r);
    watch_look(&r->watch, r->sensor);
    return add_up(r);
}

static void
explain_no_source(void)
{
    struct if_nameindex *nics = if_nameindex();

    fprintf(stderr, "pavo run: nothing to listen to. Name a capture, an interface, or a "
                    "configuration that does:\n"
                    "  pavo run -r FILE\n"
                    "  pavo run -i NIC\n"
                    "  pavo run -c FILE\n");
    if (nics && nics->if_index != 0) {
        fprintf(stderr, "interfaces here:");
        for (const struct if_nameindex *n = nics; n->if_index != 0; n++)
            fprintf(stderr, " %s", n->if_name);
        fputc('\n', stderr);
    }
    if (nics)
        if_freenameindex(nics);
}

static int
run_run(int argc, char **argv)
{
    const struct cli_option *o;
    struct args a;
    struct run r = {.socket.fd = -1, .signals = -1};
    const char *arg;
    int at = 1, bad = 0, status = EXIT_USAGE;

    if (args_open(&a) < 0)
        return EXIT_USAGE;
    args_config(&a, &cmd_run, argc, argv);
    while (a.bad == 0 && (o = cli_getopt(&cmd_run, argc, argv, &at, &arg, &bad)) != NULL) {
        if (args_option(&a, o, arg))
            continue;
        if (o->letter == 'h') {
            args_close(&a);
            return cli_help(&cmd_run);
        }
        r.is_quiet = r.is_quiet || o->letter == 'q';
        log_set_level(o->letter == 'q' ? LOG_ERROR : LOG_DEBUG);
    }
    if (bad || args_finish(&a, argc - at, argv + at) > 0)
        goto end;
    if (a.cfg->capture.n_files + a.cfg->capture.n_devices == 0) {
        explain_no_source();
        goto end;
    }
    r.cfg = a.cfg;
    status = run_sensor(&r);
    control_close(&r.socket);
#ifdef PAVO_HAVE_DPDK
    dpdk_telemetry_close();
#endif
    watch_close(&r.watch);
    sensor_close(r.sensor);
    outputs_close(&r.out);
    capture_close(&r.set);

end:
    args_close(&a);
    return status;
}

const struct cli_command cmd_run = {
    .name = "run",
    .usage = "[-c FILE] [-i NIC | -r FILE]... [-w [FORMAT:]TARGET]... [FILTER]",
    .summary = "the sensor: from NICs or captures to records",
    .text =
        "Reads packets from captures, pipes or network interfaces and writes a record for every\n"
        "conversation, and for each interval of one that goes on. Tunnels are opened down to the\n"
        "innermost conversation. FILTER is a pcap-filter(7) expression; only frames that match "
        "are\n"
        "looked at, before any tunnel is opened.\n"
        "\n"
        "Records go to standard output as a table, or where -w says. At the end the ledger is\n"
        "printed on standard error: each packet and each record has ended in one counted place.\n"
        "\n"
        "A running sensor writes what it has and ends on SIGINT or SIGTERM; SIGHUP makes it open\n"
        "its files anew, SIGUSR1 print its counters. `pavo stats` asks it over a socket.\n",
    .options =
        (const struct cli_option[]){
            ARGS_SOURCE_OPTIONS,
            {'q', "quiet", NULL, "Prints errors only: no ledger at the end, no progress."},
            {'v', "verbose", NULL, "Says more about what it does."},
            {'h', "help", NULL, "This text."},
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"pavo run -r capture.pcap", "its flows, as a table"},
            {"sudo pavo run -i eth0 -w flows.ipfix -w json:-", "two sinks: a file, and a stream"},
            {"pavo run -r a.pcap -r b.pcapng -w csv:flows.csv tcp port 443",
             "two captures, only what the filter matches"},
            {"tcpdump -w - -i eth0 | pavo run -r -", "what another program captures"},
            {"sudo pavo run -c /etc/pavo/appliance.json", "as a configuration says"},
            {0},
        },
    .run = run_run,
};
