/* walk.c - fuzz target of the decoder
 *
 * The first byte chooses the link type, the second how much longer the frame was than what is held.
 * The rest is the frame, in a block of just its size. What pavo_decap() promises must hold for any
 * bytes, and its short way must end as the walk does.
 *
 * The link type is the row of links.def of that number, modulo how many there are: a new row gives
 * other meanings to numbers from there on. Ethernet is row 0 and stays so; all files of corpus/walk
 * are of it, and inputs of the others are made anew by the tests (seeds.sh).
 */
#include "dec.h"
#include "decap_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pavo_decap_config cfg;
    static bool is_ready;
    struct pavo_layers once, twice;
    struct pavo_frame frame;
    struct held held;
    uint8_t *bytes;

    if (size < 2 || size > 65536)
        return 0;
    if (!is_ready) {
        fuzz_config(&cfg);
        is_ready = true;
    }
    bytes = malloc(size > 2 ? size - 2 : 1);
    if (!bytes)
        return 0;
    memcpy(bytes, data + 2, size - 2);
    frame = (struct pavo_frame){.data = bytes,
                                .caplen = (uint32_t)size - 2,
                                .len = (uint32_t)size - 2,
                                .link = data[0] % PAVO_LINKS};
    if (data[1] & 1) /* a short capture; beyond 64 KiB too, for jumbograms */
        frame.len += data[1] < 128 ? data[1] : (uint32_t)(data[1] - 127) << 12;

    memset(&once, 0x00, sizeof once);
    memset(&twice, 0xff, sizeof twice);
    pavo_decap(&cfg, &frame, &once);
    dec_frame(&cfg, &frame, false, &twice); /* and header by header */
    held = (struct held){.bytes = bytes, .n = frame.caplen};
    check_result(&once, &held, frame.len);
    check_same(&once, &twice);
    free(bytes);
    return 0;
}
