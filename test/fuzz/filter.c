/* filter.c - fuzz target: the text of a record filter, and what it made of it on a few records
 *
 * A filter that opens must match without a fault, and must not depend on anything but text and
 * record: the same question has the same answer, and 'not (..)' the other one.
 */
#include <stdlib.h>
#include <string.h>

#include "filter.h"

static const struct pavo_record records[] = {
    {.kind = PAVO_KIND_IP4,
     .protocolIdentifier = 6,
     .hasPorts = 1,
     .hasMac = 1,
     .sourceAddress = {10, 0, 0, 1},
     .destinationAddress = {192, 0, 2, 80},
     .sourceTransportPort = 51000,
     .destinationTransportPort = 80,
     .packetDeltaCount = {5, 4},
     .octetDeltaCount = {500, 4000},
     .tcpControlBits = {0x1b, 0x12},
     .flowStartNanoseconds = 1,
     .flowEndNanoseconds = 1000000000,
     .n_encap = 2,
     .encap = {{.type = PAVO_CARRIER_VLAN, .id = 7},
               {.type = PAVO_CARRIER_VXLAN, .id = 5001, .ip_version = 6, .src = {0x20, 1}}}},
    {.kind = PAVO_KIND_IP6, .protocolIdentifier = 58, .hasIcmp = 1, .icmpType = 128},
    {.kind = PAVO_KIND_ARP, .ethernetType = 0x0806, .arpOperation = 1},
    {.kind = PAVO_KIND_LINK, .isLlc = 1},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pavo_filter *f, *not_f;
    struct pavo_err err;
    char *text = malloc(size + 8);

    if (!text)
        return 0;
    memcpy(text, "not (", 5);
    memcpy(text + 5, data, size);
    text[5 + size] = '\0';
    f = pavo_filter_open(text + 5, &err);
    strcat(text, ")");
    not_f = f ? pavo_filter_open(text, &err) : NULL;
    for (unsigned i = 0; f && i < sizeof records / sizeof records[0]; i++) {
        const bool is = pavo_filter_match(f, &records[i]);

        if (not_f && pavo_filter_match(not_f, &records[i]) == is)
            abort();
        if (pavo_filter_match(f, &records[i]) != is)
            abort();
    }
    pavo_filter_close(not_f);
    pavo_filter_close(f);
    free(text);
    return 0;
}
