/* apps.c - labels by first bytes */
#include "ins.h"

enum ins_got
ins_app_stream(const struct ins_seen *s, enum pavo_app *app)
{
    (void)s, (void)app;
    return INS_NO;
}

enum ins_got
ins_app_datagram(const struct ins_seen *s, enum pavo_app *app)
{
    (void)s, (void)app;
    return INS_NO;
}
