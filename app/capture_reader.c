/* capture_reader.c - what the readers of captures share: link types, and bytes that are none */
#include "capture_reader.h"

#include <errno.h>

#include "capture_pcap.h"

int
cap_reader_link(struct cap_reader *r, int number, struct pavo_err *err)
{
    const int link = pavo_link_of(number);
    char text[160];
    int rc;

    if (link < 0)
        return pavo_err_set(err, EPROTONOSUPPORT, "%s",
                            cap_link_text(cap_dlt_of(number), text, sizeof text));
    if (r->cfg.filter && (rc = cap_filter_link(r->cfg.filter, (enum pavo_link)link, err)) < 0)
        return rc;
    return link;
}

int
cap_reader_refuse(const char *name, const uint8_t *head, size_t n, const char *says,
                  struct pavo_err *err)
{
    const char *tool = NULL;

    if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b)
        tool = "gzip";
    else if (n >= 4 && head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd)
        tool = "zstd";
    else if (n >= 2 && head[0] == 0xfd && head[1] == '7')
        tool = "xz";
    if (tool)
        return pavo_err_set(err, EBADMSG, "%.200s: is compressed; try: %s -dc FILE | pavo run -r -",
                            name, tool);
    return pavo_err_set(err, EBADMSG, "%.200s: %s", name,
                        n == 0 ? "is empty, not a capture" : says);
}
