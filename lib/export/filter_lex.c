/* filter_lex.c - the words of a filter, and its errors
 *
 * One word in hand and one behind it. An address, a time, a range and a flag list are one word
 * each; text in quotation marks is a value and never a word of the language.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "filter_parse.h"

/* Keeps the first error only: what follows from it helps nobody. */
uint16_t
flt_fail(struct parse *p, const struct tok *at, const char *fmt, ...)
{
    char what[320];
    va_list ap;

    if (p->failed)
        return FLT_NONE;
    p->failed = true;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    if (at->kind == TOK_END)
        pavo_err_set(p->err, EINVAL, "filter: at its end: %s", what);
    else
        pavo_err_set(p->err, EINVAL, "filter: at '%.40s', character %zu: %s", at->text, at->pos + 1,
                     what);
    return FLT_NONE;
}

static bool
is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("._:/-+@%*#", c)) || (c & 0x80);
}

static void
lex(struct parse *p, struct tok *t)
{
    static const char *const ops[] = {"&&", "||", "==", "!=", "!~", "<=", ">=", "<", ">",
                                      "=",  "!",  "(",  ")",  ",",  "&",  "|",  "~"};
    size_t n = 0;

    while (p->text[p->at] && strchr(" \t\r\n", p->text[p->at]))
        p->at++;
    *t = (struct tok){.kind = TOK_END, .pos = p->at};
    if (!p->text[p->at])
        return;
    if (p->text[p->at] == '"') {
        const char *end = strchr(p->text + p->at + 1, '"');

        if (end)
            n = (size_t)(end - (p->text + p->at + 1));
        if (!end || n >= WORD_MAX) {
            t->kind = TOK_TEXT;
            flt_fail(p, t, end ? "this text is longer than 255 bytes" : "the quotation has no end");
            p->at = strlen(p->text);
            return;
        }
        t->kind = TOK_TEXT;
        memcpy(t->text, p->text + p->at + 1, n);
        p->at += n + 2;
        return;
    }
    if (is_word_char(p->text[p->at])) {
        t->kind = TOK_WORD;
        while (is_word_char(p->text[p->at + n]))
            n++;
        memcpy(t->text, p->text + p->at, n < WORD_MAX ? n : WORD_MAX - 1);
        if (n >= WORD_MAX)
            flt_fail(p, t, "no word is as long as this");
        p->at += n;
        return;
    }
    t->kind = TOK_OP;
    for (unsigned i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        n = strlen(ops[i]);
        if (strncmp(p->text + p->at, ops[i], n) == 0) {
            memcpy(t->text, ops[i], n);
            p->at += n;
            return;
        }
    }
    t->text[0] = p->text[p->at++];
    flt_fail(p, t, "the language has no such character");
}

void
flt_step(struct parse *p)
{
    p->tok = p->next;
    lex(p, &p->next);
}

bool
flt_is_word(const struct tok *t, const char *w)
{
    return t->kind == TOK_WORD && strcmp(t->text, w) == 0;
}

bool
flt_is_op(const struct tok *t, const char *o)
{
    return t->kind == TOK_OP && strcmp(t->text, o) == 0;
}

bool
flt_take_word(struct parse *p, const char *w)
{
    if (!flt_is_word(&p->tok, w))
        return false;
    flt_step(p);
    return true;
}

bool
flt_take_op(struct parse *p, const char *o)
{
    if (!flt_is_op(&p->tok, o))
        return false;
    flt_step(p);
    return true;
}

void
flt_lex_open(struct parse *p)
{
    lex(p, &p->tok);
    lex(p, &p->next);
}
