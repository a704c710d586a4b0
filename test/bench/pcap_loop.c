/* pcap_loop.c - the least that any reader of captures through libpcap costs
 *
 * Reads each file to its end and adds up the lengths; nothing is looked at. Its CPU time is the
 * measure for `pavo run -r`: see docs/measuring.md.
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>

static void
take(u_char *ctx, const struct pcap_pkthdr *h, const u_char *bytes)
{
    (void)bytes;
    *(uint64_t *)(void *)ctx += h->len;
}

int
main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE];
    uint64_t octets = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: bench-pcap-loop FILE...\n");
        return 1;
    }
    for (int i = 1; i < argc; i++) {
        pcap_t *p = pcap_open_offline(argv[i], error);
        int rc;

        if (!p) {
            fprintf(stderr, "%s: %s\n", argv[i], error);
            return 2;
        }
        rc = pcap_loop(p, -1, take, (u_char *)&octets);
        if (rc < 0)
            fprintf(stderr, "%s: %s\n", argv[i], pcap_geterr(p));
        pcap_close(p);
        if (rc < 0)
            return 2;
    }
    printf("%llu octets\n", (unsigned long long)octets);
    return 0;
}
