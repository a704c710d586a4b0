/* netanalyzer.c - frames of Hilscher's netANALYZER: Ethernet with its FCS */
#include "dec.h"

enum { FCS_BYTES = 4 };

/* Four bytes of port and state; in transparent mode the preamble and the start of frame too. */
enum dec_step
dec_netanalyzer(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (rest->told >= FCS_BYTES)
        cur_narrow(rest, rest->told - FCS_BYTES);
    return DEC_ETHER;
}
