/* gen_pcap.c - capture files, written in little-endian order on every machine so that they compare
 * byte for byte */
#include "gen.h"

#include <errno.h>
#include <string.h>

static void
le16(uint8_t *at, uint32_t n)
{
    at[0] = (uint8_t)n;
    at[1] = (uint8_t)(n >> 8);
}

static void
le32(uint8_t *at, uint32_t n)
{
    le16(at, n);
    le16(at + 2, n >> 16);
}

int
gen_pcap_open(struct gen_pcap *p, const char *path, uint32_t link_type, bool ns)
{
    uint8_t h[24] = {0};

    *p = (struct gen_pcap){.ns = ns};
    p->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    if (!p->file)
        return -1;
    (void)setvbuf(p->file, NULL, _IOFBF, 1 << 20);
    le32(h, ns ? 0xa1b23c4du : 0xa1b2c3d4u);
    le16(h + 4, 2);
    le16(h + 6, 4);
    le32(h + 16, 262144);
    le32(h + 20, link_type);
    (void)fwrite(h, sizeof h, 1, p->file);
    return 0;
}

void
gen_pcap_put(struct gen_pcap *p, uint64_t ts_ns, const uint8_t *frame, uint32_t n)
{
    uint8_t h[16];
    const uint32_t part = (uint32_t)(ts_ns % 1000000000u);

    le32(h, (uint32_t)(ts_ns / 1000000000u));
    le32(h + 4, p->ns ? part : part / 1000);
    le32(h + 8, n);
    le32(h + 12, n);
    (void)fwrite(h, sizeof h, 1, p->file);
    (void)fwrite(frame, n, 1, p->file);
    p->packets++;
}

int
gen_pcap_close(struct gen_pcap *p)
{
    const int failed = fflush(p->file) != 0 || ferror(p->file);
    const int saved = errno;

    if (p->file != stdout && fclose(p->file) != 0)
        return -1;
    errno = saved;
    return failed ? -1 : 0;
}
