/* document_test.c - the tables of docs/decode.md say what the decoder's tables say
 *
 *     document_test docs/decode.md        with PAVO_UPDATE=1: rewrites the tables
 */
#include "pavo_decap.h"
#include "t.h"
#include "t_doc.h"

static const char *path;

struct step_row {
    const char *name, *spec;
    unsigned fixed;
};
struct route_row {
    const char *by, *step;
    unsigned value;
};

static const struct step_row steps[] = {
#define STEP(name_, function, fixed_, spec_) {.name = #name_, .spec = spec_, .fixed = fixed_},
#define ROUTE(by, value, step)
#include "steps.def"
#undef STEP
#undef ROUTE
};

static const struct route_row routes[] = {
#define STEP(name, function, fixed, spec)
#define ROUTE(by_, value_, step_) {.by = #by_, .step = #step_, .value = value_},
#include "steps.def"
#undef STEP
#undef ROUTE
};

/* How a field that routes is named for readers, and how its values are printed. */
static const struct {
    const char *by, *name;
    int hex_digits; /* 0: decimal */
} fields[] = {
    {"ETHERTYPE", "EtherType", 4},
    {"LLC_SAP", "LLC SAP", 2},
    {"PPP", "PPP", 4},
    {"FAMILY", "address family", 0},
    {"IP_PROTO", "IP protocol", 0},
    {"GPE", "VXLAN-GPE next protocol", 0},
    {"GUE_PROTO", "GUE protocol", 0},
    {"UDP_PORT", "UDP port", 0},
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

static void
print_links(FILE *f)
{
    fputs("| link type | number in files | what it is |\n| --- | --- | --- |\n", f);
#define LINK(name, number, dlt, step, word, help)                                                  \
    fprintf(f, "| %s | %d | %s |\n", word, number, help);
#include "links.def"
#undef LINK
}

static void
print_steps(FILE *f)
{
    fputs("| header | fixed bytes | found by | specification |\n| --- | --- | --- | --- |\n", f);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        fprintf(f, "| %s | %u | ", steps[i].name, steps[i].fixed);
        print_routes(f, steps[i].name);
        fprintf(f, " | %s |\n", steps[i].spec);
    }
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
        cmocka_unit_test(reasons_stand_in_the_document),
    };

    if (argc != 2) {
        fprintf(stderr, "usage: %s docs/decode.md\n", argv[0]);
        return 1;
    }
    path = argv[1];
    return cmocka_run_group_tests_name("docs/decode.md", tests, NULL, NULL);
}
