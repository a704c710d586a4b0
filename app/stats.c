/* stats.c - pavo stats: asks a running sensor for its counters */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "control.h"
#include "log.h"

enum { ANSWER_MAX = 4 << 20 };

struct found {
    char paths[64][108];
    unsigned n;
};

/* The sockets on which somebody listens. */
static void
find_sockets(struct found *f)
{
    char directory[80];
    DIR *d;
    const struct dirent *e;

    f->n = 0;
    if (!control_directory(directory, sizeof directory) || !(d = opendir(directory)))
        return;
    while (f->n < 64 && (e = readdir(d)) != NULL) {
        const size_t n = strlen(e->d_name);
        int fd, len;

        if (n < 6 || strcmp(e->d_name + n - 5, ".sock") != 0)
            continue;
        len = snprintf(f->paths[f->n], sizeof f->paths[0], "%s/%s", directory, e->d_name);
        if (len < 0 || (size_t)len >= sizeof f->paths[0])
            continue;
        fd = control_connect(f->paths[f->n]);
        if (fd == -ECONNREFUSED)
            unlink(f->paths[f->n]); /* left by a sensor that was killed */
        if (fd < 0)
            continue;
        close(fd);
        f->n++;
    }
    closedir(d);
}

static char *
ask(const char *path, size_t *n)
{
    const int fd = control_connect(path);
    char *text;
    ssize_t got;

    if (fd < 0) {
        log_error("%s: no sensor answers: %s", path, strerror(-fd));
        return NULL;
    }
    text = malloc(ANSWER_MAX + 1);
    *n = 0;
    while (text && *n < ANSWER_MAX && (got = read(fd, text + *n, ANSWER_MAX - *n)) > 0)
        *n += (size_t)got;
    close(fd);
    if (text)
        text[*n] = '\0';
    return text;
}

static json_int_t
number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const char *
word(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));

    return s ? s : "?";
}

/* Only what is not zero. */
static void
print_some(const char *title, const json_t *object)
{
    const char *name;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)object, name,
                        v) if (json_is_integer(v) && json_integer_value(v) != 0)
        printf("  %-10s %" JSON_INTEGER_FORMAT " %s\n", title, json_integer_value(v), name);
}

static void
print_lists(const json_t *root)
{
    const json_t *v, *r = json_object_get(root, "rates");
    size_t i;

    printf("  rates      %.0f packets, %.0f flows, %.0f records a second\n",
           json_real_value(json_object_get(r, "packets")),
           json_real_value(json_object_get(r, "flows")),
           json_real_value(json_object_get(r, "records")));
    if ((v = json_object_get(root, "load")) != NULL)
        printf("  load       %.1f %% of what this machine is certified for: %.0f of %.0f packets a "
               "second\n",
               100 * json_number_value(json_object_get(v, "share")),
               json_number_value(json_object_get(v, "packets")),
               json_number_value(json_object_get(v, "certified")));
    json_array_foreach(json_object_get(root, "queues"), i, v)
    {
        printf("  source     %s: %" JSON_INTEGER_FORMAT " packets offered%s\n", word(v, "name"),
               number(v, "offered"),
               json_is_false(json_object_get(v, "knows_losses")) ? ", losses not known" : "");
    }
    json_array_foreach(json_object_get(root, "workers"), i, v)
    {
        printf("  worker %-3zu %" JSON_INTEGER_FORMAT " packets received, %" JSON_INTEGER_FORMAT
               " accounted, %" JSON_INTEGER_FORMAT " flows live\n",
               i, number(v, "received"), number(v, "accounted"),
               number(v, "flows_made") - number(v, "flows_ended"));
    }
    json_array_foreach(json_object_get(root, "sinks"), i, v)
    {
        printf("  sink       %s: %" JSON_INTEGER_FORMAT " records written\n", word(v, "name"),
               number(json_object_get(v, "written"), "records"));
        if (json_is_string(json_object_get(v, "error")))
            printf("  failed     %s\n", word(v, "error"));
    }
}

static int
print_text(const char *text, size_t n)
{
    json_t *root = json_loadb(text, n, 0, NULL);
    const json_t *c = json_object_get(root, "counts");

    if (!c) {
        log_error("what answered is no sensor of this version");
        json_decref(root);
        return EXIT_SOURCE;
    }
    printf("%s, pavo %s, process %" JSON_INTEGER_FORMAT ", up %.1f s\n", word(root, "observer"),
           word(root, "version"), number(root, "pid"), (double)number(root, "uptime_ms") / 1000);
    printf("  received   %" JSON_INTEGER_FORMAT " packets of %" JSON_INTEGER_FORMAT
           " offered, %" JSON_INTEGER_FORMAT " bytes of IP\n",
           number(c, "received"), number(c, "offered"), number(c, "received_octets"));
    print_some("lost", json_object_get(c, "lost"));
    printf("  flows      %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT
           " live, %" JSON_INTEGER_FORMAT " ended early for want of room\n",
           number(c, "flows_made"), number(c, "live_flows"), number(c, "evicted"));
    printf("  records    %" JSON_INTEGER_FORMAT "\n",
           number(json_object_get(c, "made"), "records"));
    print_lists(root);
    print_some("decoded", json_object_get(c, "decoded"));
    printf("  ledger     %s\n",
           json_is_true(json_object_get(root, "balanced")) ? "balanced" : "NOT BALANCED");
    json_decref(root);
    return EXIT_DONE;
}

static int
stats_run(int argc, char **argv)
{
    const struct cli_option *o;
    struct found *found = NULL;
    const char *arg, *path;
    char *text;
    bool as_json = false;
    int at = 1, bad = 0, status = EXIT_SOURCE;
    size_t n;

    while ((o = cli_getopt(&cmd_stats, argc, argv, &at, &arg, &bad)) != NULL) {
        if (o->letter == 'h')
            return cli_help(&cmd_stats);
        as_json = true;
    }
    if (bad)
        return EXIT_USAGE;
    path = at < argc ? argv[at] : NULL;
    if (!path) {
        found = calloc(1, sizeof *found);
        if (!found)
            return EXIT_SOURCE;
        find_sockets(found);
        if (found->n == 0)
            log_error("stats: no running sensor of this user was found; name its socket "
                      "(control.stats_socket), or try sudo");
        if (found->n > 1) {
            log_error("stats: several sensors run; name one:");
            for (unsigned i = 0; i < found->n; i++)
                fprintf(stderr, "  pavo stats %s\n", found->paths[i]);
        }
        if (found->n != 1) {
            free(found);
            return EXIT_USAGE;
        }
        path = found->paths[0];
    }
    text = ask(path, &n);
    if (text && as_json)
        status = fwrite(text, 1, n, stdout) == n ? EXIT_DONE : EXIT_SOURCE;
    else if (text)
        status = print_text(text, n);
    free(text);
    free(found);
    return status;
}

const struct cli_command cmd_stats = {
    .name = "stats",
    .usage = "[--json] [SOCKET]",
    .summary = "counters of a running sensor",
    .text = "Asks a sensor over its unix socket. Without SOCKET the one that runs is found; if "
            "there are\n"
            "several they are listed. Sensors on NICs have a socket by themselves; one that reads "
            "files\n"
            "has it when control.stats_socket names it.\n",
    .options =
        (const struct cli_option[]){
            {0, "json", NULL, "The whole answer, as the sensor gives it."},
            {'h', "help", NULL, "This text."},
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"pavo stats", "what the sensor does at this moment"},
            {"pavo stats --json | jq .counts.lost", "one number for a monitoring system"},
            {0},
        },
    .run = stats_run,
};
