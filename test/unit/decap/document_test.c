/* document_test.c - the tables of docs/decode.md say what the decoder's tables say
 *
 *     document_test docs/decode.md        with PAVO_UPDATE=1: rewrites the tables
 */
#include "rows.h"
#include "t_doc.h"

static const char *path;

static const struct step_row {
    const char *name, *family, *keeps, *spec;
    unsigned fixed;
} steps[] = {
#define STEP(name_, function, fixed_, family_, keeps_, spec_)                                      \
    {.name = #name_, .family = #family_, .keeps = keeps_, .spec = spec_, .fixed = fixed_},
#include "steps.def"
};

static const struct route_row {
    const char *by, *step;
    unsigned value;
} routes[] = {
#define ROUTE(by_, value_, step_) {.by = #by_, .step = #step_, .value = value_},
#include "steps.def"
};

/* How a field that routes is named for readers, and how its values are printed. */
static const struct {
    const char *by, *name;
    int hex_digits; /* 0: decimal */
} fields[] = {
#define BY(by_, word, digits) {.by = #by_, .name = word, .hex_digits = digits},
#include "steps.def"
};

/* What leads to a step, field by field. */
static void
print_routes(FILE *f, const char *step)
{
    const char *between = "";

#define LINK(name, number, dlt, first, word, help)                                                 \
    if (strcmp(step, #first) == 0) {                                                               \
        fprintf(f, "%s%s", *between ? ", " : "link type ", word);                                  \
        between = "; ";                                                                            \
    }
#include "links.def"
#undef LINK
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        bool named = false;

        for (size_t r = 0; r < sizeof routes / sizeof routes[0]; r++) {
            if (strcmp(routes[r].by, fields[i].by) || strcmp(routes[r].step, step))
                continue;
            fprintf(f, "%s%s ", named ? "," : between, named ? "" : fields[i].name);
            fprintf(f, fields[i].hex_digits ? "%0*x" : "%*u", fields[i].hex_digits,
                    routes[r].value);
            named = true;
            between = "; ";
        }
    }
#define UDP_PORTS(name, word, first, help, ...)                                                    \
    if (strcmp(step, #first) == 0) {                                                               \
        fprintf(f, "%sUDP port %s", between,                                                       \
                *#__VA_ARGS__ ? #__VA_ARGS__ : "of the configuration");                            \
        between = "; ";                                                                            \
    }
#include "udp.def"
#undef UDP_PORTS
}

/* The first case in which each header is read. */
static const char *shown_by[DEC_STEPS];

static void
find_cases(void)
{
    dec_trace = rows_trace;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n;
        uint8_t *bytes = t_hex(rows[i].hex, &n);
        struct pavo_layers o;

        decode(rows[i].link, bytes, (uint32_t)n, rows[i].told ? rows[i].told : (uint32_t)n, &o);
        for (unsigned step = 0; step < DEC_STEPS; step++)
            if (rows_seen[step] && !shown_by[step])
                shown_by[step] = rows[i].says;
        free(bytes);
    }
}

static void
check(const char *part, void (*print)(FILE *))
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    print(f);
    fclose(f);
    t_doc_part(path, part, text);
    free(text);
}

/* The first case of a link type. */
static const char *
case_of_link(enum pavo_link link)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].link == link)
            return rows[i].says;
    return "none";
}

static void
print_links(FILE *f)
{
    fputs("| link type | number in files | what it is | first header | shown by the case |\n"
          "| --- | --- | --- | --- | --- |\n",
          f);
#define LINK(name, number, dlt, step, word, help)                                                  \
    fprintf(f, "| %s | %d | %s | %s | %s |\n", word, number, help, #step,                          \
            case_of_link(PAVO_LINK_##name));
#include "links.def"
#undef LINK
}

static void
print_steps(FILE *f)
{
    fputs("| header | bytes | found by | kept in the record | shown by the case | specification |\n"
          "| --- | --- | --- | --- | --- | --- |\n",
          f);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const char *shown = shown_by[i + 1];

        fprintf(f, "| %s | %u | ", steps[i].name, steps[i].fixed);
        print_routes(f, steps[i].name);
        fprintf(f, " | %s | %s | %s |\n", *steps[i].keeps ? steps[i].keeps : "-",
                shown ? shown : "none", steps[i].spec);
    }
}

static void
print_names(FILE *f)
{
    fputs("| name | number | specification |\n| --- | --- | --- |\n", f);
#define NAME(name, number, word, spec) fprintf(f, "| `%s` | %d | %s |\n", word, number, spec);
#include "names.def"
}

static void
print_carriers(FILE *f)
{
    fputs("| word | number | id | part of the flow's identity | specification |\n"
          "| --- | --- | --- | --- | --- |\n",
          f);
#define CARRIER(name, number, key, word, spec, id)                                                 \
    fprintf(f, "| `%s` | %d | %s | %s | %s |\n", word, number, id,                                 \
            pavo_carrier_is_identity(number) ? "yes" : "no", spec);
#include "carriers.def"
#undef CARRIER
}

static void
print_reasons(FILE *f)
{
    fputs("| reason | what it means |\n| --- | --- |\n", f);
    for (unsigned why = 0; why < PAVO_WHYS; why++)
        fprintf(f, "| `%s` | %s |\n", pavo_why_word(why), pavo_why_help(why));
}

static void
link_types_stand_in_the_document(void **state)
{
    check("links", print_links);
}

static void
headers_stand_in_the_document(void **state)
{
    check("steps", print_steps);
}

static void
names_stand_in_the_document(void **state)
{
    check("names", print_names);
}

static void
carriers_stand_in_the_document(void **state)
{
    check("carriers", print_carriers);
}

static void
reasons_stand_in_the_document(void **state)
{
    check("reasons", print_reasons);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_types_stand_in_the_document),
        cmocka_unit_test(headers_stand_in_the_document),
        cmocka_unit_test(carriers_stand_in_the_document),
        cmocka_unit_test(names_stand_in_the_document),
        cmocka_unit_test(reasons_stand_in_the_document),
    };

    if (argc != 2) {
        fprintf(stderr, "usage: %s docs/decode.md\n", argv[0]);
        return 1;
    }
    path = argv[1];
    rows_config();
    find_cases();
    return cmocka_run_group_tests_name("docs/decode.md", tests, NULL, NULL);
}
