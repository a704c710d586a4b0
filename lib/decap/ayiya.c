/* ayiya.c - AYIYA, "anything in anything": IP behind a signed header */
#include "dec.h"

enum {
    OP_FORWARD = 1,
    OP_ECHO_FORWARD = 3,
    OP_MAX = 7,
    HASH_MAX = 2, /* none, MD5, SHA-1 */
    AUTH_MAX = 2, /* none, shared secret, public key */
    NEXT_IP4 = 4,
    NEXT_IP6 = 41,
};

/* Length (a power of two) and type of the identity; length in words and method of the signature;
 * authentication and operation; next header; time. Identity and signature follow:
 * draft-massar-v6ops-ayiya-02 section 3. */
enum dec_step
dec_ayiya(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t op = h[2] & 0x0fu;
    const uint32_t signature = (h[1] >> 4) * 4u;
    const uint32_t more = (1u << (h[0] >> 4)) + signature;
    enum dec_step step;

    if ((h[1] & 0x0f) > HASH_MAX || h[2] >> 4 > AUTH_MAX || op > OP_MAX ||
        (signature != 0 && signature != 16 && signature != 20))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (!cur_take(rest, more))
        return dec_cut(w, rest, more);
    if (op != OP_FORWARD && op != OP_ECHO_FORWARD) {
        w->out->named = PAVO_NAME_AYIYA;
        return DEC_STOP;
    }
    step = h[3] == NEXT_IP6 ? DEC_IP6 : h[3] == NEXT_IP4 ? DEC_IP4 : DEC_STOP;
    if (step == DEC_STOP)
        return dec_stop(w, PAVO_WHY_UNOPENED);
    if (step != dec_by_nibble(w, rest))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    dec_enter(w, PAVO_CARRIER_AYIYA, 0);
    return step;
}
