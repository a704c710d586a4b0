/* walk.c - fuzz target of the decoder
 *
 * The first byte chooses the link type, the second how much longer the frame was than what is held.
 * The rest is the frame, in a block of just its size. What pavo_decap() promises must hold for any
 * bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "pavo_decap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): it must also stop a release build. */
static void
must(bool holds)
{
    if (!holds)
        abort();
}

static bool
is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

static void
check(const struct pavo_layers *o, const struct pavo_frame *frame)
{
    const bool is_ip = o->kind == PAVO_KIND_IP4 || o->kind == PAVO_KIND_IP6;

    must(o->why < PAVO_WHYS);
    must(o->depth <= PAVO_DEPTH_MAX && o->depth <= frame->caplen);
    must(o->n_layers <= PAVO_LAYERS_MAX && o->n_layers <= o->depth);
    must(o->n_frags <= PAVO_FRAGS_MAX);
    must(o->wire_len == frame->len);
    must(is_ip || o->kind == PAVO_KIND_LINK || o->kind == PAVO_KIND_ARP);
    must(is_ip || (o->proto == 0 && !o->has_ports && o->frag == PAVO_FRAG_NONE && !o->has_tcp));
    must(o->payload_len <= o->l3_len);
    must(!o->has_tcp || o->has_ports);
    must(!o->has_tcp || o->proto == 6);
    must(!o->has_tcp_opt || o->has_tcp);
    must(o->tcp_wscale <= 14);
    must(!o->has_sctp || (o->proto == 132 && o->has_ports));
    must(o->has_sctp || o->sctp_chunks == 0);
    must(strcmp(pavo_name_word((enum pavo_name)o->named), "?") != 0);
    must(o->tcp_flags <= 0xfff && o->flow_label <= 0xfffff);
    must(o->frag != PAVO_FRAG_LATER || !o->has_ports);
    must(o->kind == PAVO_KIND_IP6 || is_zero(o->src + 4, 12));
    must(o->kind == PAVO_KIND_IP6 || is_zero(o->dst + 4, 12));
    must(o->kind != PAVO_KIND_LINK || is_zero(o->src, 4));
    for (unsigned i = 0; i < o->n_layers; i++) {
        const struct pavo_layer *l = &o->layers[i];

        must(strcmp(pavo_carrier_word(l->type), "?") != 0);
        must(l->ip_version == 0 || l->ip_version == PAVO_LAYER_MAC || l->ip_version == 4 ||
             l->ip_version == 6);
        must(l->unused == 0);
        must(l->ip_version == 6 || is_zero(l->src + 6, 10));
        must(l->ip_version == 6 || l->ip_version == PAVO_LAYER_MAC || is_zero(l->src + 4, 2));
    }
    for (unsigned i = 0; i < o->n_frags; i++) {
        must(o->frags[i].ip_version == 4 || o->frags[i].ip_version == 6);
        must(!o->frags[i].is_later || i + 1u == o->n_frags);
    }
    must(o->quote.kind == 0 || o->quote.kind == PAVO_KIND_IP4 || o->quote.kind == PAVO_KIND_IP6);
    must(o->quote.kind == 0 || o->has_icmp);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pavo_decap_config cfg;
    static bool is_ready;
    struct pavo_layers once, twice;
    struct pavo_frame frame;
    uint8_t *bytes;

    if (size < 2 || size > 65536)
        return 0;
    if (!is_ready) {
        pavo_decap_config_init(&cfg);
        pavo_decap_fou(&cfg, 5555, 4);
        pavo_decap_fou(&cfg, 5556, 41);
        pavo_decap_fou(&cfg, 5557, 47);
        cfg.esp_null = true;
        pavo_decap_udp(&cfg, PAVO_UDP_ARUBA_ERM, 5558);
        is_ready = true;
    }
    bytes = malloc(size - 1);
    if (!bytes)
        return 0;
    memcpy(bytes, data + 2, size - 2);
    frame = (struct pavo_frame){.data = bytes,
                                .caplen = (uint32_t)size - 2,
                                .len = (uint32_t)size - 2,
                                .link = data[0] % PAVO_LINKS};
    if (data[1] & 1) /* a short capture; beyond 64 KiB too, for jumbograms */
        frame.len += data[1] < 128 ? data[1] : (uint32_t)(data[1] - 127) << 12;

    memset(&once, 0x00, sizeof once);
    memset(&twice, 0xff, sizeof twice);
    pavo_decap(&cfg, &frame, &once);
    pavo_decap(&cfg, &frame, &twice);
    check(&once, &frame);
    check(&twice, &frame);
    /* The result must not depend on what was in it before. */
    must(memcmp(&once, &twice, offsetof(struct pavo_layers, n_layers) + 1) == 0);
    free(bytes);
    return 0;
}
