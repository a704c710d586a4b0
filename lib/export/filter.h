/* filter.h - which records: a text in the look of a pcap filter, made into a small tree
 *
 * The language is described in docs/reading.md. In short: pcap's primitives ('src net 10.0.0.0/8',
 * 'tcp port 80 or 443', 'vlan 100', 'ether host ..'), the layers that carry the flow ('vni 5001',
 * 'tunnel gre', 'outer host ..'), and comparisons on any field ('bytes > 1MB', 'end_reason = idle',
 * 'tcp.flags & syn').
 */
#ifndef PAVO_FILTER_H
#define PAVO_FILTER_H

#include "pavo_flow.h"

enum {
    PAVO_FILTER_TEXT_MAX = 65536, /* bytes of a filter's text */
    PAVO_FILTER_NODES_MAX = 8192, /* tests and groups in it */
    PAVO_FILTER_DEPTH_MAX = 64,   /* parentheses and 'not' within each other */
};

/* Read-only once open: any number of threads may match with it. */
struct pavo_filter;

/* pavo_filter_open - compiles a filter; an empty text matches every record
 *
 * Returns NULL and one sentence, which names the word it stumbled over and where that stands. */
struct pavo_filter *pavo_filter_open(const char *text, struct pavo_err *err);
void pavo_filter_close(struct pavo_filter *f);

/* pavo_filter_match - does the record pass? Allocates nothing; its time is bounded by the filter's
 * size. */
bool pavo_filter_match(const struct pavo_filter *f, const struct pavo_record *r);

#endif
