/* mesh.c - the rings between workers */
#include "mesh.h"

#include <errno.h>
#include <stdlib.h>

int
mesh_open(struct mesh *m, unsigned n, const bool *sends, uint32_t slots, uint32_t payload,
          const struct pavo_mem *mem, struct pavo_err *err)
{
    m->n = n;
    m->payload = payload;
    m->rings = calloc((size_t)n * n, sizeof(struct pavo_ring *));
    if (!m->rings)
        return pavo_err_set(err, ENOMEM, "workers: no memory");
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
