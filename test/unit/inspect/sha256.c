/* sha256.c - SHA-256 by the examples of FIPS 180-4, however the bytes are cut; QUIC's keys by RFC
 * 9001 appendix A.1 and RFC 9369 appendix A.1 */
#include "sha256.h"

#include "quic_keys.h"
#include "t.h"

static const struct hash_case {
    const char *says, *text;
    unsigned times;
    const char *hex;
} hash_cases[] = {
    {"nothing", "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"three letters", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"56 letters, whose length needs a block of its own",
     "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"a million letters", "aaaaaaaaaa", 100000,
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

static void
hash(void **state)
{
    const struct hash_case *c = *state;
    uint8_t got[32];
    struct sha256 s;
    size_t n;
    uint8_t *want = t_hex(c->hex, &n);

    assert_int_equal(n, sizeof got);
    sha256_begin(&s);
    for (unsigned i = 0; i < c->times; i++)
        sha256_put(&s, c->text, strlen(c->text));
    sha256_end(&s, got);
    assert_memory_equal(got, want, n);
    for (size_t cut = 0; c->times == 1 && cut <= strlen(c->text); cut++) {
        sha256_begin(&s);
        sha256_put(&s, c->text, cut);
        sha256_put(&s, c->text + cut, strlen(c->text) - cut);
        sha256_end(&s, got);
        assert_memory_equal(got, want, n);
    }
    free(want);
}

static const struct key_case {
    const char *says;
    uint32_t version;
    const char *dcid, *key, *iv, *hp;
} key_cases[] = {
    {"version 1", 1, "8394c8f03e515708", "1f369613dd76d5467730efcbe3b1a22d",
     "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2"},
    {"version 2", 0x6b3343cf, "8394c8f03e515708", "8b1a0bc121284290a29e0971b5cd045d",
     "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9"},
    {"an unknown version has none", 0x0a0a0a0a, "8394c8f03e515708",
     "00000000000000000000000000000000", "000000000000000000000000",
     "00000000000000000000000000000000"},
};

static void
same(const uint8_t *got, const char *hex)
{
    size_t n;
    uint8_t *want = t_hex(hex, &n);

    assert_memory_equal(got, want, n);
    free(want);
}

static void
keys(void **state)
{
    const struct key_case *c = *state;
    struct quic_keys k;
    size_t n;
    uint8_t *dcid = t_hex(c->dcid, &n);

    quic_client_keys(c->version, dcid, n, &k);
    same(k.key, c->key);
    same(k.iv, c->iv);
    same(k.hp, c->hp);
    free(dcid);
}

int
main(void)
{
    return T_RUN_TABLE(hash_cases, hash) + T_RUN_TABLE(key_cases, keys);
}
