/* fresh.h - the usual first packets of a flow
 *
 * Of UDP in an ordinary frame the first packet of each side, of TCP the SYN and its answer.
 * Whatever else could be said of a packet that begins a flow or a side of it is asked first, and
 * leaves it to flow_begin() and flow_account(), which say the same of those that are taken here,
 * and know the rest. The packet stays brief.
 */
#ifndef PAVO_FRESH_H
#define PAVO_FRESH_H

#include "flow.h"

/* May its first packet be taken here? All that is asked is of the packet. */
bool fresh_begins(const struct pavo_shard *s, const struct pavo_packet *p);
/* Flow 'i', an entry that is nobody's, is that of 'p', which is counted. */
void fresh_begin(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p);
/* Counts 'p', a packet of flow 'i', if it is the first of its side and nothing speaks against it;
 * false: it is not, and nothing has changed. */
bool fresh_answer(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p);

/* The same for a SYN that ends flow 'i' and begins another one between the same ends. */
bool fresh_again(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p);

#endif
