/* hash.c - the keyed hash and the Toeplitz hash against their definitions */
#include "flow_t.h"

#include "hash.h"

static uint64_t rnd_state = 1;

static uint64_t
rnd(void)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 7;
    rnd_state ^= rnd_state << 17;
    return rnd_state;
}

/* The definition: the input's bits from the left, each adds the 32 key bits that begin at its
 * place. */
static uint32_t
textbook_toeplitz(const uint8_t *in, size_t n)
{
    uint32_t hash = 0;
    uint8_t key[40 + 4];

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = i % 2 ? 0x5a : 0x6d;
    for (size_t bit = 0; bit < 8 * n; bit++) {
        uint32_t window = 0;

        if (!(in[bit / 8] >> (7 - bit % 8) & 1))
            continue;
        for (size_t k = bit; k < bit + 32; k++)
            window = window << 1 | (key[k / 8] >> (7 - k % 8) & 1u);
        hash ^= window;
    }
    return hash;
}

static void
toeplitz_is_the_definition(void **state)
{
    for (unsigned round = 0; round < 2000; round++) {
        const unsigned bytes = round % 2 ? 4 : 16;
        uint8_t in[36], src[16], dst[16];
        uint16_t sp, dp;

        for (unsigned i = 0; i < 16; i++) {
            src[i] = (uint8_t)rnd();
            dst[i] = (uint8_t)rnd();
        }
        sp = (uint16_t)rnd();
        dp = (uint16_t)rnd();
        memcpy(in, src, bytes);
        memcpy(in + bytes, dst, bytes);
        in[2 * bytes] = (uint8_t)(sp >> 8);
        in[2 * bytes + 1] = (uint8_t)sp;
        in[2 * bytes + 2] = (uint8_t)(dp >> 8);
        in[2 * bytes + 3] = (uint8_t)dp;
        assert_int_equal(pavo_toeplitz(src, dst, bytes, sp, dp),
                         textbook_toeplitz(in, 2 * bytes + 4));
        assert_int_equal(pavo_toeplitz(src, dst, bytes, 0, 0), textbook_toeplitz(in, 2 * bytes));
        assert_int_equal(pavo_toeplitz(dst, src, bytes, dp, sp),
                         pavo_toeplitz(src, dst, bytes, sp, dp));
    }
}

static void
portable_multiply_is_the_same(void **state)
{
    assert_true(hash_mum(UINT64_MAX, UINT64_MAX) == hash_mum_portable(UINT64_MAX, UINT64_MAX));
    for (unsigned i = 0; i < 100000; i++) {
        const uint64_t a = rnd(), b = rnd() >> (i % 64);

        assert_true(hash_mum(a, b) == hash_mum_portable(a, b));
    }
}

/* Flipping any input bit flips each output bit about half of the time. */
static void
every_bit_reaches_every_bit(void **state)
{
    enum { ROUNDS = 400 };
    static unsigned flips[64 * 8][64];

    for (unsigned round = 0; round < ROUNDS; round++) {
        const uint64_t seed[2] = {rnd(), rnd()};
        uint8_t in[64];
        uint64_t h;

        for (unsigned i = 0; i < sizeof in; i++)
            in[i] = (uint8_t)rnd();
        h = pavo_hash(in, sizeof in, seed);
        for (unsigned bit = 0; bit < 8 * sizeof in; bit++) {
            uint64_t d;

            in[bit / 8] ^= (uint8_t)(1u << bit % 8);
            d = h ^ pavo_hash(in, sizeof in, seed);
            in[bit / 8] ^= (uint8_t)(1u << bit % 8);
            for (unsigned o = 0; o < 64; o++)
                flips[bit][o] += d >> o & 1;
        }
    }
    for (unsigned bit = 0; bit < 512; bit++)
        for (unsigned o = 0; o < 64; o++) /* 6.5 standard deviations of a fair coin */
            assert_in_range(flips[bit][o], ROUNDS / 2 - 65, ROUNDS / 2 + 65);
}

static void
length_and_seed_matter(void **state)
{
    const uint8_t zero[64] = {0};
    const uint64_t s1[2] = {0, 0}, s2[2] = {0, 1}, s3[2] = {1, 0};

    for (size_t n = 1; n <= sizeof zero; n++) {
        assert_true(pavo_hash(zero, n, s1) != pavo_hash(zero, n - 1, s1));
        assert_true(pavo_hash(zero, n, s1) != pavo_hash(zero, n, s2));
        assert_true(pavo_hash(zero, n, s1) != pavo_hash(zero, n, s3));
    }
}

/* Keys that differ in a counter only, the shape of a scan, spread over buckets like random ones. */
static void
counters_spread(void **state)
{
    enum { N = 1 << 18, CELLS = 1 << 12 };
    static unsigned cell[CELLS], tag[CELLS];
    struct pavo_key k = {.kind = 4, .proto = 6};
    double chi = 0, chi_tag = 0;

    for (uint32_t i = 0; i < N; i++) {
        uint64_t h;

        k.port_a = (uint16_t)i;
        k.b[3] = (uint8_t)(i >> 16);
        h = pavo_key_hash(&k, t_seed);
        cell[h % CELLS]++;
        tag[h >> 52]++;
    }
    for (unsigned i = 0; i < CELLS; i++) {
        const double mean = (double)N / CELLS;

        chi += (cell[i] - mean) * (cell[i] - mean) / mean;
        chi_tag += (tag[i] - mean) * (tag[i] - mean) / mean;
    }
    /* Chi-square with 4095 degrees of freedom: mean 4095, standard deviation 90. */
    assert_in_range((unsigned)chi, 4095 - 6 * 90, 4095 + 6 * 90);
    assert_in_range((unsigned)chi_tag, 4095 - 6 * 90, 4095 + 6 * 90);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(toeplitz_is_the_definition),
        cmocka_unit_test(portable_multiply_is_the_same),
        cmocka_unit_test(every_bit_reaches_every_bit),
        cmocka_unit_test(length_and_seed_matter),
        cmocka_unit_test(counters_spread),
    };

    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
