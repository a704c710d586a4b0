/* parts.c - an IPFIX stream of records with every part, for the consumer tests: to standard output
 *
 * What a capture brings depends on what the sensor was told to keep; this does not.
 */
#include <stdio.h>

#include "stream.h"

int
main(void)
{
    static struct pavo_record r[6];
    struct pavo_buf out;

    r[0] = rec_tcp4();
    rec_parts(&r[0], PAVO_PART_TCP | PAVO_PART_LOSS | PAVO_PART_RTT | PAVO_PART_METER);
    r[1] = rec_udp6();
    rec_parts(&r[1], PAVO_PART_NAMES | PAVO_PART_FIRST | PAVO_PART_RTP | PAVO_PART_BYTES);
    r[2] = rec_icmp4();
    rec_parts(&r[2], PAVO_PART_ECHO | PAVO_PART_ENTROPY);
    r[3] = rec_arp();
    rec_parts(&r[3], PAVO_PART_ASSOC);
    r[4] = rec_link(0x88cc, false);
    r[5] = rec_tcp4();
    rec_parts_longest(&r[5]);
    rec_encap(&r[5], PAVO_CARRIER_VLAN, 100, 0);
    out = stream_of(r, 6, 1400);
    if (fwrite(out.at, 1, out.len, stdout) != out.len)
        return 1;
    pavo_buf_free(&out);
    return 0;
}
