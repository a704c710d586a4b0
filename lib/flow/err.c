/* err.c - one sentence about what went wrong */
#include <stdarg.h>
#include <stdio.h>

#include "pavo_flow.h"

int
pavo_err_set(struct pavo_err *err, int errnum, const char *fmt, ...)
{
    va_list ap;

    if (err) {
        va_start(ap, fmt);
        vsnprintf(err->text, sizeof err->text, fmt, ap);
        va_end(ap);
    }
    return -errnum;
}
