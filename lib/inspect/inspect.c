/* inspect.c - who reads which bytes of a flow, and when enough is known
 *
 * A stream: the first bytes of a side are kept together, and the readers are asked in a fixed
 * order until one knows. One that says no, and all before it did, is not asked again. No two of
 * them know the same stream, so the answer does not depend on how it was cut. Once a label is known
 * the other side is read by the same reader or not at all.
 *
 * A datagram is judged by itself; only QUIC puts several together.
 */
#include <string.h>

#include "ins.h"

/* Readers of a stream, in the order in which they are asked: 'state' of a side. SSH is last, since
 * lines of any text may stand before what tells it. */
enum reader {
    READ_TLS,
    READ_HTTP,
    READ_DNS,
    READ_APPS,
    READ_SSH,
    READERS,
};

enum {
    BLIND_DATAGRAMS = 4, /* of a side that give no label: then no more are looked at */
};

static enum pavo_inspect_next
next_of(const struct pavo_inspect *i)
{
    return i->side_done[0] && i->side_done[1] ? PAVO_INSPECT_DONE : PAVO_INSPECT_MORE;
}

static void
end_all(struct pavo_inspect *i)
{
    i->side_done[0] = 1;
    i->side_done[1] = 1;
}

static void
drop_tls(struct pavo_record_names *names)
{
    names->serverName[0] = names->alpn[0] = names->ja4[0] = '\0';
    names->tlsVersion = 0;
}

static enum ins_got
read_tls(const uint8_t *at, uint32_t n, struct pavo_record_names *names)
{
    enum ins_got got;

    if (at[0] != 22 || (n > 1 && at[1] != 3))
        return INS_NO;
    got = n > 5 && at[5] == 2 ? ins_tls_server(at, n, names) : ins_tls_client(at, n, names);
    /* A name is enough, even of a hello that is broken behind it: had the stream been cut there,
     * it would be known already. */
    if (got == INS_YES || names->serverName[0] || names->alpn[0])
        names->application = PAVO_APP_TLS;
    else if (got == INS_NO && names->application != PAVO_APP_TLS)
        drop_tls(names);
    return got;
}

/* DNS over TCP: two bytes of length before each message, RFC 1035 section 4.2.2. */
static enum ins_got
read_dns(const uint8_t *at, uint32_t n, struct pavo_record_names *names)
{
    uint32_t told;

    if (n < 2)
        return INS_MORE;
    told = be16(at);
    return ins_dns(at + 2, n - 2 < told ? n - 2 : told, told, names);
}

static enum ins_got
read_apps(const struct pavo_inspect *i, unsigned side, const uint8_t *at, uint32_t n,
          enum pavo_app *app)
{
    const struct ins_seen seen = {
        .at = at,
        .n = n,
        .told = UINT32_MAX,
        .other = i->at[!side],
        .n_other = i->n[!side],
    };

    return ins_app_stream(&seen, app);
}

static enum ins_got
ask(struct pavo_inspect *i, unsigned side, enum reader reader, const uint8_t *at, uint32_t n)
{
    struct pavo_record_names *names = &i->names;
    enum pavo_app app = PAVO_APP_NONE;
    enum ins_got got = INS_NO;

    switch (reader) {
    case READ_TLS:
        return read_tls(at, n, names);
    case READ_HTTP:
        return ins_http(at, n, names);
    case READ_DNS:
        got = read_dns(at, n, names);
        app = PAVO_APP_DNS;
        break;
    case READ_APPS:
        got = read_apps(i, side, at, n, &app);
        break;
    case READ_SSH:
        got = ins_ssh(at, n, side, names);
        app = PAVO_APP_SSH;
        break;
    case READERS:
        break;
    }
    if (got == INS_YES)
        names->application = (uint8_t)app;
    return got;
}

/* Who reads the other side of an application whose one side is known. */
static enum reader
reader_of(enum pavo_app app)
{
    switch ((unsigned)app) {
    case PAVO_APP_TLS:
        return READ_TLS;
    case PAVO_APP_HTTP:
        return READ_HTTP;
    case PAVO_APP_DNS:
        return READ_DNS;
    case PAVO_APP_SSH:
        return READ_SSH;
    default:
        return READERS;
    }
}

/* A side has said all that it can: does the other add anything? */
static void
end_side(struct pavo_inspect *i, unsigned side, const uint8_t *at, uint32_t n)
{
    i->side_done[side] = 1;
    switch (i->names.application) {
    case PAVO_APP_TLS:
    case PAVO_APP_SSH:
        return;
    case PAVO_APP_HTTP: /* a response: a request may follow that was not seen */
        if (n >= 5 && memcmp(at, "HTTP/", 5) == 0)
            return;
        break;
    case PAVO_APP_DNS:
        if (!i->names.hasDnsRcode)
            return;
        break;
    default:
        break;
    }
    end_all(i);
}

/* Asks all that may still know. */
static enum ins_got
look(struct pavo_inspect *i, unsigned side, const uint8_t *at, uint32_t n)
{
    enum ins_got all = INS_NO, got;

    if (i->names.application != PAVO_APP_NONE) {
        const enum reader reader = reader_of((enum pavo_app)i->names.application);

        return reader == READERS ? INS_NO : ask(i, side, reader, at, n);
    }
    for (unsigned r = i->state[side]; r < READERS; r++) {
        got = ask(i, side, (enum reader)r, at, n);
        if (got == INS_YES || i->names.application != PAVO_APP_NONE)
            return got;
        if (got == INS_MORE)
            all = INS_MORE;
        else if (all == INS_NO)
            i->state[side] = (uint8_t)(r + 1);
    }
    return all;
}

enum pavo_inspect_next
pavo_inspect_stream(struct pavo_inspect *i, unsigned side, const uint8_t *at, uint32_t held,
                    uint32_t told)
{
    const uint32_t have = i->n[side];
    const uint32_t room = PAVO_INSPECT_BUFFER - have;
    const uint32_t take = held < room ? held : room;
    enum ins_got got = INS_MORE;

    if (i->side_done[side] || told == 0)
        return next_of(i);
    i->packets[side]++;
    if (have && take) { /* behind what is kept; else it is read where it lies */
        memcpy(i->at[side] + have, at, take);
        at = i->at[side];
    }
    if (take)
        got = look(i, side, at, have + take);
    if (got == INS_YES) {
        end_side(i, side, at, have + take);
        return next_of(i);
    }
    if (got == INS_NO) {
        i->side_done[side] = 1;
        i->n[side] = 0;
        return next_of(i);
    }
    if (!have && take)
        memcpy(i->at[side], at, take);
    i->n[side] = (uint16_t)(have + take);
    if (held < told)
        return pavo_inspect_gap(i, side);
    if (take == room || i->packets[side] >= PAVO_INSPECT_PACKETS)
        i->side_done[side] = 1;
    return next_of(i);
}

enum pavo_inspect_next
pavo_inspect_gap(struct pavo_inspect *i, unsigned side)
{
    if (i->side_done[side])
        return next_of(i);
    i->is_gapped[side] = 1;
    i->side_done[side] = 1;
    return next_of(i);
}

static enum ins_got
look_at_datagram(struct pavo_inspect *i, unsigned side, const uint8_t *at, uint32_t held,
                 uint32_t told, struct pavo_inspect_crypto *crypto)
{
    const struct ins_seen seen = {.at = at, .n = held, .told = told};
    struct pavo_record_names *names = &i->names;
    enum pavo_app app = PAVO_APP_NONE;
    enum ins_got got;

    if (names->application == PAVO_APP_NONE) {
        if (ins_app_datagram(&seen, &app) == INS_YES) {
            names->application = (uint8_t)app;
            return INS_YES;
        }
    }
    if (names->application != PAVO_APP_DNS) {
        got = ins_quic(i, side, at, held, crypto);
        if (got == INS_YES || (got == INS_MORE && names->quicVersion))
            names->application = PAVO_APP_QUIC;
        if (got != INS_NO || names->application == PAVO_APP_QUIC)
            return got;
    }
    if (ins_dns(at, held, told, names) != INS_YES)
        return INS_NO;
    names->application = PAVO_APP_DNS;
    /* Multicast DNS answers without a question; one may follow. */
    return names->hasDnsRcode && names->dnsQuery[0] ? INS_YES : INS_MORE;
}

enum pavo_inspect_next
pavo_inspect_datagram(struct pavo_inspect *i, unsigned side, const uint8_t *at, uint32_t held,
                      uint32_t told, struct pavo_inspect_crypto *crypto)
{
    if (i->side_done[side] || held == 0)
        return next_of(i);
    i->packets[side]++;
    if (look_at_datagram(i, side, at, held, told, crypto) == INS_YES)
        end_all(i);
    else if (i->packets[side] >=
             (i->names.application == PAVO_APP_NONE ? BLIND_DATAGRAMS : PAVO_INSPECT_PACKETS))
        i->side_done[side] = 1;
    return next_of(i);
}
