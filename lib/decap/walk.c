/* walk.c - the loop over the steps of one frame
 *
 * What holds for every header is here once: its fixed bytes must be held, at most PAVO_DEPTH_MAX of
 * them are read, and a walk that ends inside a tunnel on trial (dec.h) gives the outer flow back.
 */
#include "dec.h"

static const struct dec_row {
    dec_fn *fn;
    uint32_t fixed;
} rows[DEC_STEPS] = {
#define STEP(name, function, fixed_bytes, family, keeps, spec)                                     \
    [DEC_##name] = {.fn = function, .fixed = fixed_bytes},
#include "steps.def"
};

#ifdef DEC_TRACE
void (*dec_trace)(enum dec_step step, const uint8_t *at, const struct dec_walk *w);
#endif

static const uint8_t first_step[PAVO_LINKS] = {
#define LINK(name, number, dlt, step, word, help) [PAVO_LINK_##name] = DEC_##step,
#include "links.def"
#undef LINK
};

enum dec_step
dec_link_step(uint32_t number)
{
    const int link = number <= UINT16_MAX ? pavo_link_of((int)number) : -1;

    return link < 0 ? DEC_STOP : (enum dec_step)first_step[link];
}

/* A transport header that is cut: its ports stand in its first four bytes (TCP, UDP, UDP-Lite,
 * SCTP, DCCP alike), and with them the packet stays in its flow. What an ICMP error quotes may be
 * all there is (RFC 792: 64 bits), and a tiny fragment holds no more. */
static void
read_cut_ports(struct dec_walk *w, enum dec_step step, const struct cur *rest)
{
    const uint8_t *h = cur_peek(rest, 4);

    if (!h)
        return;
    if (step != DEC_TCP && step != DEC_UDP && step != DEC_UDPLITE && step != DEC_SCTP &&
        step != DEC_DCCP)
        return;
    w->out->src_port = be16(h);
    w->out->dst_port = be16(h + 2);
    w->out->has_ports = 1;
}

/* The end of a walk with a tunnel on trial: is what was read inside a flow, or is the outer one? */
static void
end_trial(struct dec_walk *w)
{
    if (w->why == PAVO_WHY_DONE && w->out->kind == PAVO_KIND_LINK && !w->in_doubt)
        return; /* a whole frame of a protocol other than IP */
    if (w->why == PAVO_WHY_DONE)
        w->why = w->in_doubt ? PAVO_WHY_UNSOUND : PAVO_WHY_UNOPENED;
    memcpy(w->out, w->saved, sizeof w->saved);
}

void
dec_run(struct dec_walk *w, enum dec_step step, struct cur rest)
{
    struct pavo_layers *out = w->out;

    do {
        const struct dec_row *row = &rows[step];
        const uint8_t *h;

        if (out->depth == PAVO_DEPTH_MAX) {
            w->why = PAVO_WHY_DEPTH;
            break;
        }
        h = cur_take(&rest, row->fixed);
        if (!h) {
            dec_cut(w, &rest, row->fixed);
            read_cut_ports(w, step, &rest);
            break;
        }
        out->depth += row->fixed != 0;
#ifdef DEC_TRACE
        if (dec_trace)
            dec_trace(step, h, w);
#endif
        step = row->fn(h, &rest, w);
    } while (step != DEC_STOP);
    if (w->on_trial)
        end_trial(w);
    if (w->why == PAVO_WHY_DONE)
        w->why = w->flaw;
}

bool
dec_frag(struct dec_walk *w, uint8_t proto, const struct dec_piece *piece)
{
    struct pavo_layers *out = w->out;
    struct pavo_fragment *f = &out->frags[out->n_frags];
    const bool is_later = piece->offset != 0;

    out->frag = is_later ? PAVO_FRAG_LATER : PAVO_FRAG_FIRST;
    out->proto = proto;
    if (out->n_frags == PAVO_FRAGS_MAX) {
        w->why = PAVO_WHY_FRAG_NEST;
        return false;
    }
    if (piece->bytes > piece->room || piece->offset > piece->room - piece->bytes)
        dec_flaw(w, PAVO_WHY_FRAGMENT_OVERRUN);
    else if (piece->bytes == 0 || (piece->has_more && piece->bytes % 8 != 0))
        dec_flaw(w, PAVO_WHY_FRAGMENT_SIZE);
    f->ip_version = out->kind;
    f->proto = out->kind == PAVO_KIND_IP4 ? proto : 0;
    f->is_later = is_later;
    f->has_more = piece->has_more;
    f->id = piece->id;
    f->offset = piece->offset;
    f->bytes = piece->bytes;
    memcpy(f->src, out->src, sizeof f->src);
    memcpy(f->dst, out->dst, sizeof f->dst);
    out->n_frags++;
    return !is_later;
}

/* The walk of a frame, or of what follows its first headers: 'step' begins where their payload
 * does, and 'out' holds what they say. */
static __attribute__((noinline)) void
walk(const struct pavo_decap_config *cfg, const struct pavo_frame *frame, bool may_hurry,
     enum dec_step step, struct pavo_layers *out)
{
    struct cur rest = cur_open(frame->data, frame->caplen, frame->len);
    struct dec_walk w;

    if (step == DEC_STEPS) {
        step = (enum dec_step)first_step[frame->link];
        dec_clear(out);
        out->wire_len = frame->len;
    } else {
        (void)cur_narrow(&rest, out->payload_at + out->payload_len);
        (void)cur_take(&rest, out->payload_at);
    }
    w.cfg = cfg;
    w.out = out;
    w.start = frame->data;
    w.over = 0;
    w.why = PAVO_WHY_DONE;
    w.flaw = PAVO_WHY_DONE;
    w.on_trial = false;
    w.in_doubt = false;
    w.is_quote = false;
    w.is_piece = false;
    w.is_jumbo = false;
    w.may_hurry = may_hurry;
    dec_run(&w, step, rest);
    out->why = w.why;
}

void
dec_frame(const struct pavo_decap_config *cfg, const struct pavo_frame *frame, bool may_hurry,
          struct pavo_layers *out)
{
    const enum dec_step step = may_hurry ? dec_plain(cfg, frame, out) : DEC_STEPS;

    if (__builtin_expect(step != DEC_STOP, 0))
        walk(cfg, frame, may_hurry, step, out);
}

void
pavo_decap(const struct pavo_decap_config *cfg, const struct pavo_frame *frame,
           struct pavo_layers *out)
{
#ifdef DEC_TRACE
    walk(cfg, frame, false, DEC_STEPS, out); /* a test wants to see every header */
#else
    const enum dec_step step = dec_plain(cfg, frame, out);

    if (__builtin_expect(step != DEC_STOP, 0))
        walk(cfg, frame, true, step, out);
#endif
}
