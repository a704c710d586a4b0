/* read_rows.c - rows of chosen columns
 *
 * The text table pads to the width that the type or the longest text asks for; a longer text moves
 * its own line only. CSV is quoted as RFC 4180 says. JSON is one flat object per line whose keys
 * are the names as they were asked for; an absent value is left out.
 */
#include "read_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WRITE_BYTES = 1 << 16 };

void
out_flush(struct out *o)
{
    size_t at = 0;

    if (o->buf.failed && !o->errnum)
        o->errnum = ENOMEM;
    while (at < o->buf.len && !out_is_over(o)) {
        const ssize_t n = write(o->fd, o->buf.at + at, o->buf.len - at);

        if (n > 0)
            at += (size_t)n;
        else if (n < 0 && errno == EPIPE)
            o->is_closed = true;
        else if (n < 0 && errno != EINTR)
            o->errnum = errno;
    }
    pavo_buf_clear(&o->buf);
}

void
out_step(struct out *o)
{
    if (o->buf.len >= WRITE_BYTES || o->buf.failed)
        out_flush(o);
}

int
rows_open(struct rows *t, struct out *out, enum rows_format format, unsigned n,
          struct pavo_err *err)
{
    *t = (struct rows){.out = out, .format = format, .n = n};
    t->names = calloc(n, sizeof *t->names);
    t->widths = calloc(n, sizeof *t->widths);
    t->is_right = calloc(n, sizeof *t->is_right);
    if (t->names && t->widths && t->is_right)
        return 0;
    rows_close(t);
    return pavo_err_set(err, ENOMEM, "no memory for %u columns", n);
}

void
rows_close(struct rows *t)
{
    free(t->names);
    free(t->widths);
    free(t->is_right);
    *t = (struct rows){0};
}

static void
widen(struct rows *t, unsigned i, size_t width)
{
    if (t->widths[i] < width)
        t->widths[i] = (unsigned)width;
}

void
rows_name(struct rows *t, unsigned i, const char *name, unsigned type)
{
    static const unsigned widths[] = {
        [FLD_U] = 7,    [FLD_IP4] = 15, [FLD_IP6] = 15, [FLD_MAC] = 17, [FLD_MS] = 30,
        [FLD_NTP] = 30, [FLD_W] = 4,    [FLD_F] = 6,    [FLD_B] = 5,    [FLD_ID] = 16,
        [FLD_LIST] = 8, [FLD_S] = 8,    [FLD_A] = 8,    [FLD_O] = 8,    [FLD_R] = 7};

    t->names[i] = name;
    t->is_right[i] = type == FLD_U || type == FLD_R;
    widen(t, i, strlen(name));
    widen(t, i, widths[type]);
}

void
rows_fit(struct rows *t, const struct cell *cells)
{
    for (unsigned i = 0; i < t->n; i++)
        widen(t, i, strlen(cells[i].text));
}

static void
put(struct rows *t, const char *text)
{
    pavo_buf_put(&t->out->buf, text, strlen(text));
}

static void
put_blanks(struct rows *t, size_t n)
{
    while (n--)
        pavo_buf_put(&t->out->buf, " ", 1);
}

/* A cell for a terminal: names come off the wire, and no byte of them may command it. */
static void
put_safe(struct rows *t, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;

    for (; *at; at++) {
        const bool is_control = *at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0);

        at += is_control && *at == 0xc2 && at[1]; /* C1, in UTF-8 */
        pavo_buf_put(&t->out->buf, is_control ? (const uint8_t *)"?" : at, 1);
    }
}

static void
put_text(struct rows *t, unsigned i, const char *text)
{
    const size_t len = strlen(text), width = t->widths[i];
    const size_t pad = len < width ? width - len : 0;
    const bool is_last = i + 1 == t->n;

    if (t->is_right[i])
        put_blanks(t, pad);
    put_safe(t, text);
    if (!t->is_right[i] && !is_last)
        put_blanks(t, pad);
    put(t, is_last ? "\n" : "  ");
}

/* RFC 4180 section 2: quotes around what holds a separator, a quote or a line end; quotes doubled.
 */
static void
put_csv(struct rows *t, unsigned i, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        put(t, text);
    } else {
        put(t, "\"");
        for (; *text; text++) {
            pavo_buf_put(&t->out->buf, text, 1);
            if (*text == '"')
                put(t, "\"");
        }
        put(t, "\"");
    }
    put(t, i + 1 == t->n ? "\n" : ",");
}

static void
put_json_string(struct rows *t, const char *text)
{
    const size_t len = strlen(text);
    uint8_t *room;

    put(t, "\"");
    room = pavo_buf_room(&t->out->buf, 6 * len);
    if (room)
        t->out->buf.len += (size_t)((uint8_t *)fmt_json_string((char *)room, text, len) - room);
    put(t, "\"");
}

void
rows_head(struct rows *t)
{
    if (t->format == ROWS_JSON)
        return;
    for (unsigned i = 0; i < t->n; i++) {
        if (t->format == ROWS_TEXT)
            put_text(t, i, t->names[i]);
        else
            put_csv(t, i, t->names[i]);
    }
}

void
rows_put(struct rows *t, const struct cell *cells)
{
    bool any = false;

    if (t->format == ROWS_JSON)
        put(t, "{");
    for (unsigned i = 0; i < t->n; i++) {
        if (t->format == ROWS_TEXT) {
            put_text(t, i, cells[i].text[0] ? cells[i].text : "-");
        } else if (t->format == ROWS_CSV) {
            put_csv(t, i, cells[i].text);
        } else if (cells[i].text[0]) {
            if (any)
                put(t, ",");
            any = true;
            put_json_string(t, t->names[i]);
            put(t, ":");
            if (cells[i].is_number)
                put(t, cells[i].text);
            else
                put_json_string(t, cells[i].text);
        }
    }
    if (t->format == ROWS_JSON)
        put(t, "}\n");
    out_step(t->out);
}
