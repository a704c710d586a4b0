/* t.h - what the unit tests share: packets as hex text, tables of cases as cmocka tests
 *
 * A case is named by the sentence that must be true. A test program has a table of struct t_case or
 * of its own, and ends with t_run(). Blanks in hex text are for the reader.
 */
#ifndef PAVO_T_H
#define PAVO_T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Hex text into a heap block of exactly its size (so that AddressSanitizer sees one byte too far).
 */
static inline uint8_t *
t_hex(const char *text, size_t *n_out)
{
    size_t n = 0;
    uint8_t *out = malloc(strlen(text) / 2 + 1);
    int high = -1;

    for (; *text; text++) {
        const char *digits = "0123456789abcdef";
        const char *at = strchr(digits, *text >= 'A' && *text <= 'F' ? *text + 32 : *text);

        if (*text == ' ' || *text == '\n')
            continue;
        if (!at)
            fail_msg("not a hex digit: '%c'", *text);
        if (high < 0) {
            high = (int)(at - digits);
        } else {
            out[n++] = (uint8_t)(high << 4 | (at - digits));
            high = -1;
        }
    }
    if (high >= 0)
        fail_msg("odd number of hex digits");
    *n_out = n;
    return realloc(out, n ? n : 1);
}

/* Runs the rows of a table, each as a test of its own: 'says' is the first member of a row. */
static inline int
t_run_table(const char *group, const void *rows, size_t row_bytes, size_t n, CMUnitTestFunction fn)
{
    struct CMUnitTest *tests = calloc(n ? n : 1, sizeof *tests);
    int failed;

    for (size_t i = 0; i < n; i++) {
        const char *row = (const char *)rows + i * row_bytes;
        const char *says;

        memcpy(&says, row, sizeof says);
        tests[i] = (struct CMUnitTest){
            .name = says, .test_func = fn, .initial_state = (void *)(uintptr_t)row};
    }
    failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
    free(tests);
    return failed;
}
#define T_RUN_TABLE(table, fn)                                                                     \
    t_run_table(#table, table, sizeof(table)[0], sizeof(table) / sizeof(table)[0], fn)

#endif
