/* twins.c - what is done twice, once quickly and once plainly, says the same
 *
 * Tags and ages of a bucket by vectors and by loops; keys in whole words and member by member; the
 * hash of a key from both.
 */
#include "bucket.h"
#include "key.h"
#include "t.h"

static uint64_t state_rnd = 88172645463325252u;

static uint64_t
rnd(void)
{
    state_rnd ^= state_rnd << 13;
    state_rnd ^= state_rnd >> 7;
    state_rnd ^= state_rnd << 17;
    return state_rnd;
}

/* Few different tags and ages, so that equal ones are common, and the ends of both ranges. */
static uint16_t
few(void)
{
    static const uint16_t values[] = {0, 0, 1, 2, 0x7fff, 0x8000, 0x8001, 0xffff};

    return values[rnd() % (sizeof values / sizeof values[0])];
}

static void
buckets_are_looked_at_alike(void **state)
{
    for (unsigned round = 0; round < 200000; round++) {
        struct ft_bucket b = {.tags = {0}};
        uint16_t now = few(), idle, idle_portable;
        unsigned bits;

        for (unsigned i = 0; i < BUCKET_ENTRIES; i++)
            entry_set(&b, i, few(), (uint32_t)rnd(), few());
        for (unsigned i = 0; i < 4; i++) {
            const uint16_t tag = few();

            assert_int_equal(bucket_match(&b, tag), bucket_match_portable(&b, tag));
        }
        bits = bucket_idlest(&b, now, &idle);
        assert_int_equal(bits, bucket_idlest_portable(&b, now, &idle_portable));
        if (bits)
            assert_int_equal(idle, idle_portable);
    }
}

/* A packet as the decoder leaves it, of few addresses and ports. */
static void
packet_any(struct pavo_packet *p)
{
    static const uint8_t kinds[] = {PAVO_KIND_IP4, PAVO_KIND_IP4, PAVO_KIND_IP6, PAVO_KIND_ARP,
                                    PAVO_KIND_LINK};
    uint64_t r = rnd();

    memset(p, 0, sizeof *p);
    p->at.kind = kinds[r % 5];
    p->at.proto = p->at.kind < PAVO_KIND_IP4 ? 0 : r & 0x100 ? PROTO_TCP : PROTO_UDP;
    p->at.has_ports = p->at.proto != 0 && r & 0xe00;
    p->at.has_mac = r >> 12 & 1;
    p->at.n_layers = r & 0x6000 ? 0 : 1;
    p->at.layers[0].type = PAVO_CARRIER_VLAN;
    p->at.layers[0].id = r >> 20 & 0xfff;
    p->at.src[r >> 32 & 3] = (uint8_t)(r >> 40 & 3);
    p->at.dst[r >> 34 & 3] = (uint8_t)(r >> 42 & 3);
    if (p->at.kind == PAVO_KIND_IP6) {
        p->at.src[15] = (uint8_t)(r >> 44 & 3);
        p->at.dst[8] = (uint8_t)(r >> 46 & 3);
    }
    if (p->at.has_ports) {
        p->at.src_port = few();
        p->at.dst_port = few();
    } else {
        p->at.spi = (uint32_t)rnd();
    }
    p->source = r >> 50 & 3;
}

static void
keys_are_made_alike(void **state)
{
    static const unsigned parts[] = {PAVO_KEY_DEFAULT, PAVO_KEY_DEFAULT | PAVO_KEY_ALONE, 0,
                                     PAVO_KEY_DEFAULT | PAVO_KEY_INTERFACE,
                                     PAVO_KEY_DEFAULT | PAVO_KEY_MAC};
    const uint64_t seed[2] = {1, 2};

    for (unsigned round = 0; round < 300000; round++) {
        const unsigned which = parts[rnd() % 5];
        struct pavo_packet plain, quick;

        packet_any(&plain);
        quick = plain;
        memset(&quick.key, 0xff, sizeof quick.key);
        pavo_packet_key(&plain, which);
        pavo_packet_key_hash(&quick, which, seed);
        assert_memory_equal(&plain.key, &quick.key, sizeof plain.key);
        assert_int_equal(plain.is_b, quick.is_b);
        assert_int_equal(plain.owner_hash, quick.owner_hash);
        assert_true(quick.hash == pavo_key_hash(&plain.key, seed));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_are_looked_at_alike),
        cmocka_unit_test(keys_are_made_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
