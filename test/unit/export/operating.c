/* The tables of docs/operating.md say what losses.def, drops.def and why.def say. */
#include "pavo_export.h"
#include "t_doc.h"

static const char *document;

static void
losses(void **state)
{
    char text[8192];
    int n =
        snprintf(text, sizeof text, "| reason | what it means, and what helps |\n| --- | --- |\n");

    (void)state;
    for (int i = 0; i < PAVO_LOSSES; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "| `%s` | %s |\n",
                      pavo_loss_word((enum pavo_loss)i), pavo_loss_help((enum pavo_loss)i));
    t_doc_part(document, "losses", text);
}

static void
drops(void **state)
{
    char text[8192];
    int n =
        snprintf(text, sizeof text, "| reason | what it means, and what helps |\n| --- | --- |\n");

    (void)state;
    for (int i = 0; i < PAVO_DROPS; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "| `%s` | %s |\n",
                      pavo_drop_word((enum pavo_drop)i), pavo_drop_help((enum pavo_drop)i));
    t_doc_part(document, "drops", text);
}

static void
reasons(void **state)
{
    char text[16384];
    int n = snprintf(text, sizeof text, "| reason | what it means |\n| --- | --- |\n");

    (void)state;
    for (int i = 1; i < PAVO_WHYS; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "| `%s` | %s |\n",
                      pavo_why_word((enum pavo_why)i), pavo_why_help((enum pavo_why)i));
    t_doc_part(document, "reasons", text);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses),
        cmocka_unit_test(drops),
        cmocka_unit_test(reasons),
    };

    document = argc > 1 ? argv[1] : "docs/operating.md";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
