/* mesh.c - the rings between workers */
#include "mesh.h"

#include <errno.h>
#include <stdlib.h>

static size_t
filled_bytes(const struct mesh *m)
{
    return (size_t)m->n * m->row * sizeof *m->filled;
}

int
mesh_open(struct mesh *m, unsigned n, const bool *sends, uint32_t slots, uint32_t payload,
          const struct pavo_mem *mem, struct pavo_err *err)
{
    m->n = n;
    m->payload = payload;
    m->row = (n + 1 + PAVO_CACHE_LINE / sizeof *m->filled - 1) /
             (PAVO_CACHE_LINE / sizeof *m->filled) * (PAVO_CACHE_LINE / sizeof *m->filled);
    m->rings = calloc((size_t)n * n, sizeof(struct pavo_ring *));
    m->filled = mem->get(mem, filled_bytes(m));
    m->mem = mem;
    if (!m->rings || !m->filled) {
        mesh_close(m);
        return pavo_err_set(err, ENOMEM, "workers: no memory");
    }
    for (unsigned from = 0; from < n; from++) {
        for (unsigned to = 0; sends[from] && to < n; to++) {
            if (to == from)
                continue;
            m->rings[from * n + to] =
                pavo_ring_open(sizeof(struct mesh_slot) + payload, slots, mem, err);
            if (!m->rings[from * n + to]) {
                mesh_close(m);
                return -ENOMEM;
            }
        }
    }
    return 0;
}

void
mesh_close(struct mesh *m)
{
    for (unsigned i = 0; m->rings && i < m->n * m->n; i++)
        pavo_ring_close(m->rings[i]);
    free(m->rings);
    if (m->filled)
        m->mem->put(m->mem, m->filled, filled_bytes(m));
    *m = (struct mesh){0};
}

size_t
mesh_bytes(unsigned n, unsigned n_senders, uint32_t slots, uint32_t payload)
{
    uint32_t rounded = 1;

    while (rounded < slots)
        rounded <<= 1;
    return n < 2 ? 0 : (size_t)n_senders * (n - 1) * rounded * (sizeof(struct mesh_slot) + payload);
}
