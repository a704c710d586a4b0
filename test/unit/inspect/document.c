/* document.c - the tables of docs/inspect.md say what apps.def says
 *
 *     document docs/inspect.md        with PAVO_UPDATE=1: rewrites the table
 */
#include "messages.h"
#include "t_doc.h"

static const char *path;

static const struct app_row {
    unsigned number;
    const char *word, *spec;
} apps[] = {
#define APP(name_, number_, word_, spec_) {.number = number_, .word = word_, .spec = spec_},
#include "apps.def"
#undef APP
};

static const char *
over_of(unsigned app)
{
    bool has[2] = {false, false};

    if (app == PAVO_APP_TLS || app == PAVO_APP_RTMP)
        return "TCP";
    if (app == PAVO_APP_QUIC)
        return "UDP";
    for (size_t k = 0; k < N_MESSAGES; k++)
        if (messages[k].app == app)
            has[messages[k].over] = true;
    return has[STREAM] && has[DATAGRAM] ? "TCP, UDP" : has[STREAM] ? "TCP" : "UDP";
}

/* Specification and evidence stand in one text, with a colon between them. */
static void
print_apps(FILE *f)
{
    fputs("| number | label | tested over | specification | evidence |\n"
          "| --- | --- | --- | --- | --- |\n",
          f);
    for (size_t k = 0; k < sizeof apps / sizeof apps[0]; k++) {
        const char *colon = strstr(apps[k].spec, ": ");

        assert_non_null(colon);
        fprintf(f, "| %u | `%s` | %s | %.*s | %s |\n", apps[k].number, apps[k].word,
                over_of(apps[k].number), (int)(colon - apps[k].spec), apps[k].spec, colon + 2);
    }
}

static void
applications(void **state)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);

    assert_non_null(f);
    print_apps(f);
    fclose(f);
    t_doc_part(path, "applications", text);
    free(text);
}

static void
numbers_are_their_own(void **state)
{
    for (size_t k = 0; k < sizeof apps / sizeof apps[0]; k++) {
        assert_true(apps[k].number > 0 && apps[k].number < 256);
        for (size_t j = 0; j < k; j++) {
            assert_int_not_equal(apps[j].number, apps[k].number);
            assert_string_not_equal(apps[j].word, apps[k].word);
        }
    }
    assert_string_equal(pavo_app_word(PAVO_APP_NONE), "");
    assert_string_equal(pavo_app_word(PAVO_APPS), "?");
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_their_own),
        cmocka_unit_test(applications),
    };

    if (argc != 2)
        return 2;
    path = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
