/* names.c - words for the enumerations, and link types by number, from their tables */
#include "pavo_decap.h"

const char *
pavo_why_word(enum pavo_why why)
{
    static const char *const words[PAVO_WHYS] = {
#define WHY(name, word, help) [PAVO_WHY_##name] = word,
#include "why.def"
#undef WHY
    };

    return (unsigned)why < PAVO_WHYS ? words[why] : "?";
}

const char *
pavo_why_help(enum pavo_why why)
{
    static const char *const helps[PAVO_WHYS] = {
#define WHY(name, word, help) [PAVO_WHY_##name] = help,
#include "why.def"
#undef WHY
    };

    return (unsigned)why < PAVO_WHYS ? helps[why] : "?";
}

const char *
pavo_carrier_word(enum pavo_carrier c)
{
    switch ((int)c) {
#define CARRIER(name, number, key, word, spec, id)                                                 \
    case number:                                                                                   \
        return word;
#include "carriers.def"
#undef CARRIER
    default:
        return "?";
    }
}

const char *
pavo_name_word(enum pavo_name n)
{
    switch ((int)n) {
#define NAME(name, number, word, spec)                                                             \
    case number:                                                                                   \
        return word;
#include "names.def"
    case 0:
        return "";
    default:
        return "?";
    }
}

bool
pavo_carrier_is_identity(enum pavo_carrier c)
{
    enum { PATH, IDENT };

    switch ((int)c) {
#define CARRIER(name, number, key, word, spec, id)                                                 \
    case number:                                                                                   \
        return key == IDENT;
#include "carriers.def"
#undef CARRIER
    default:
        return false;
    }
}

const char *
pavo_link_word(enum pavo_link l)
{
    static const char *const words[PAVO_LINKS] = {
#define LINK(name, number, dlt, step, word, help) [PAVO_LINK_##name] = word,
#include "links.def"
#undef LINK
    };

    return (unsigned)l < PAVO_LINKS ? words[l] : "?";
}

int
pavo_link_of(int number)
{
    static const struct {
        int number, dlt;
    } links[PAVO_LINKS] = {
#define LINK(name, number, dlt, step, word, help) [PAVO_LINK_##name] = {number, dlt},
#include "links.def"
#undef LINK
    };

    for (int i = 0; i < PAVO_LINKS; i++)
        if (links[i].number == number || links[i].dlt == number)
            return i;
    return -1;
}
