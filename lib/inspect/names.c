/* names.c - words of applications */
#include "pavo_inspect.h"

const char *
pavo_app_word(enum pavo_app a)
{
    switch (a) {
    case PAVO_APP_NONE:
        return "";
#define APP(name, number, word, spec)                                                              \
    case PAVO_APP_##name:                                                                          \
        return word;
#include "apps.def"
#undef APP
    case PAVO_APPS:
        break;
    }
    return "?";
}
