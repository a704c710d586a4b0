/* ring.c - memory of a ring; its doors are inline in ring.h */
#include <errno.h>

#include "ring.h"

struct pavo_ring *
pavo_ring_open(size_t slot_bytes, uint32_t slots, const struct pavo_mem *mem, struct pavo_err *err)
{
    const size_t align = alignof(max_align_t);
    struct pavo_ring *r;

    if (slot_bytes == 0 || slots == 0 || slots > UINT32_C(1) << 31) {
        pavo_err_set(err, EINVAL, "ring: %zu bytes in %u slots is no ring", slot_bytes, slots);
        return NULL;
    }
    slots = pow2_above(slots);
    slot_bytes = (slot_bytes + align - 1) / align * align;
    r = slot_bytes > SIZE_MAX / slots ? NULL : mem->get(mem, sizeof *r);
    if (!r) {
        pavo_err_set(err, ENOMEM, "ring: no memory for %u slots of %zu bytes", slots, slot_bytes);
        return NULL;
    }
    r->slots = mem->get(mem, slot_bytes * slots);
    if (!r->slots) {
        pavo_err_set(err, ENOMEM, "ring: no memory for %u slots of %zu bytes", slots, slot_bytes);
        mem->put(mem, r, sizeof *r);
        return NULL;
    }
    r->slot_bytes = slot_bytes;
    r->n_slots = slots;
    r->mask = slots - 1;
    r->mem = mem;
    atomic_init(&r->tail, 0);
    atomic_init(&r->head, 0);
    return r;
}

void
pavo_ring_close(struct pavo_ring *r)
{
    if (!r)
        return;
    r->mem->put(r->mem, r->slots, r->slot_bytes * r->n_slots);
    r->mem->put(r->mem, r, sizeof *r);
}
