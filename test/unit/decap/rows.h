/* rows.h - the frames of walk_rows.def, and a decoder that tells which headers it reads in them
 *
 * For tests linked with the decoder that was compiled with DEC_TRACE.
 */
#ifndef ROWS_H
#define ROWS_H

#include "dec.h"
#include "t.h"

#include "frames.h"

static const struct row {
    const char *says, *hex, *is;
    const char *adds; /* NULL: not compared */
    enum pavo_link link;
    uint32_t told; /* 0: as many bytes as 'hex' holds */
} rows[] = {
#include "walk_rows.def"
};

static const char *const step_names[DEC_STEPS] = {
#define STEP(name, function, fixed, family, keeps, spec) [DEC_##name] = #name,
#include "steps.def"
};

static struct pavo_decap_config cfg;
static bool rows_seen[DEC_STEPS]; /* headers read so far */

/* Where the IP headers of the frame stand. */
static uint32_t rows_ip_at[PAVO_DEPTH_MAX];
static unsigned rows_ips;

static inline void
rows_trace(enum dec_step step, const uint8_t *at, const struct dec_walk *w)
{
    rows_seen[step] = true;
    if ((step == DEC_IP4 || step == DEC_IP6 || step == DEC_GRH) && !w->is_quote)
        rows_ip_at[rows_ips++] = (uint32_t)(at - w->start);
}

/* The configuration that the rows count on. */
static inline void
rows_config(void)
{
    pavo_decap_config_init(&cfg);
    pavo_decap_fou(&cfg, 5555, 4);
    pavo_decap_fou(&cfg, 5556, 41);
    pavo_decap_fou(&cfg, 5557, 47);
    pavo_decap_udp(&cfg, PAVO_UDP_OTV, 5559);
    cfg.esp_null = true;
    pavo_decap_udp(&cfg, PAVO_UDP_ARUBA_ERM, 5558);
}

static inline void
decode(enum pavo_link link, const uint8_t *bytes, uint32_t caplen, uint32_t len,
       struct pavo_layers *o)
{
    const struct pavo_frame frame = {
        .data = bytes, .caplen = caplen, .len = len, .link = (uint8_t)link};

    rows_ips = 0;
    memset(o, 0xa5, sizeof *o); /* the decoder must not count on what was there */
    pavo_decap(&cfg, &frame, o);
}

#endif
