/* cli.c - the option reader, and the table of commands it reads by */
#include "cli.h"
#include "t.h"

static const struct cli_command test_command = {
    .name = "test",
    .usage = "[-q] [-r FILE]...",
    .options =
        (const struct cli_option[]){
            {'q', "quiet", NULL, "q"},
            {'r', "read", "FILE", "r"},
            {0, "set", "KEY=VALUE", "s"},
            {0},
        },
};

static const struct cli_case {
    const char *says;
    const char *argv[8];
    const char *
        expects; /* "q r=FILE |2": options, then the index of the first operand; "!" if it is bad */
} cases[] = {
    {"short options take their argument as the next word", {"test", "-q", "-r", "a"}, "q r=a |4"},
    {"short options stand together, and the last may hold its argument",
     {"test", "-qra"},
     "q r=a |2"},
    {"a long option takes its argument behind = or as the next word",
     {"test", "--read=a", "--read", "b"},
     "r=a r=b |4"},
    {"an argument may be empty behind =", {"test", "--read="}, "r= |2"},
    {"an option without a letter has its word", {"test", "--set", "a=b"}, "set=a=b |3"},
    {"operands end the options", {"test", "-q", "tcp", "-r"}, "q |2"},
    {"-- ends the options and is no operand", {"test", "--", "-q"}, "|2"},
    {"- alone is an operand", {"test", "-"}, "|1"},
    {"- may be an argument", {"test", "-r", "-"}, "r=- |3"},
    {"long names are not abbreviated", {"test", "--qui"}, "!"},
    {"an unknown letter is refused", {"test", "-x"}, "!"},
    {"a missing argument is refused", {"test", "-q", "-r"}, "q !"},
    {"a switch takes no value", {"test", "--quiet=1"}, "!"},
    {"an unknown letter in a group is refused, and the next line starts afresh",
     {"test", "-qx"},
     "q !"},
};

static void
runs(void **state)
{
    const struct cli_case *c = *state;
    char got[128] = "";
    const struct cli_option *o;
    const char *arg;
    char *argv[8];
    int argc = 0, at = 1, bad = 0;
    FILE *quiet = freopen("/dev/null", "w", stderr);

    assert_non_null(quiet);
    for (; argc < 8 && c->argv[argc]; argc++)
        argv[argc] = strdup(c->argv[argc]);
    while ((o = cli_getopt(&test_command, argc, argv, &at, &arg, &bad)) != NULL) {
        const size_t n = strlen(got);

        if (arg)
            snprintf(got + n, sizeof got - n, "%.1s%s=%s ", o->letter ? &o->letter : "",
                     o->letter ? "" : o->word, arg);
        else
            snprintf(got + n, sizeof got - n, "%c ", o->letter);
    }
    if (bad)
        strcat(got, "!");
    else
        snprintf(got + strlen(got), 16, "|%d", at);
    assert_string_equal(got, c->expects);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
}

static void
commands_are_complete(void **state)
{
    for (unsigned i = 0; cli_commands[i]; i++) {
        const struct cli_command *c = cli_commands[i];

        assert_ptr_equal(cli_find(c->name), c);
        assert_non_null(c->run);
        assert_true(strlen(c->summary) > 10 && strlen(c->text) > 20);
        assert_true(c->examples && c->examples[0].command);
        for (const struct cli_example *e = c->examples; e->command; e++)
            assert_true(strstr(e->command, "pavo ") && e->says);
        for (const struct cli_option *o = c->options; o->letter || o->word; o++) {
            assert_non_null(o->help);
            for (const struct cli_option *p = c->options; p != o; p++) {
                assert_true(!o->letter || o->letter != p->letter);
                assert_true(!o->word || !p->word || strcmp(o->word, p->word) != 0);
            }
        }
    }
    assert_null(cli_find("runs"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(commands_are_complete)};

    return cmocka_run_group_tests(tests, NULL, NULL) + T_RUN_TABLE(cases, runs);
}
