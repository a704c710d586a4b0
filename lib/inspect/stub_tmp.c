#include "pavo_inspect.h"
__attribute__((weak)) enum pavo_inspect_next pavo_inspect_stream(struct pavo_inspect *i, unsigned side, const uint8_t *at, uint32_t held, uint32_t told) { return PAVO_INSPECT_DONE; }
__attribute__((weak)) enum pavo_inspect_next pavo_inspect_gap(struct pavo_inspect *i, unsigned side) { return PAVO_INSPECT_DONE; }
__attribute__((weak)) enum pavo_inspect_next pavo_inspect_datagram(struct pavo_inspect *i, unsigned side, const uint8_t *at, uint32_t held, uint32_t told, struct pavo_inspect_crypto *crypto) { return PAVO_INSPECT_DONE; }
__attribute__((weak)) struct pavo_inspect_crypto *pavo_inspect_crypto_open(void) { return 0; }
__attribute__((weak)) void pavo_inspect_crypto_close(struct pavo_inspect_crypto *c) {}
