/* names.c - the words and the help of losses.def and drops.def */
#include "pavo_export.h"

static const struct name {
    const char *word, *help;
} losses[] =
    {
#define LOSS(name, received, word, help) [PAVO_LOSS_##name] = {word, help},
#include "losses.def"
#undef LOSS
},
  drops[] = {
#define DROP(name, word, help) [PAVO_DROP_##name] = {word, help},
#include "drops.def"
#undef DROP
};

const char *
pavo_loss_word(enum pavo_loss l)
{
    return (unsigned)l < PAVO_LOSSES ? losses[l].word : "?";
}

const char *
pavo_loss_help(enum pavo_loss l)
{
    return (unsigned)l < PAVO_LOSSES ? losses[l].help : "?";
}

const char *
pavo_drop_word(enum pavo_drop d)
{
    return (unsigned)d < PAVO_DROPS ? drops[d].word : "?";
}

const char *
pavo_drop_help(enum pavo_drop d)
{
    return (unsigned)d < PAVO_DROPS ? drops[d].help : "?";
}
