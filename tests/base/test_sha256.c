/* The standard's own examples, and what sha256sum says of bytes of every length to 299. */
#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void hash_is(struct sha256 *hash, const char *expected)
{
    unsigned char digest[SHA256_BYTES];
    char text[2 * SHA256_BYTES + 1];
    sha256_end(hash, digest);
    for (int i = 0; i < SHA256_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(text, expected);
}

static void known_texts(void **state)
{
    (void)state;
    static const char *const known[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct sha256 hash;
        sha256_start(&hash);
        sha256_add(&hash, known[i][0], strlen(known[i][0]));
        hash_is(&hash, known[i][1]);
    }
}

static void every_length(void **state)
{
    (void)state;
    struct sha256 hash;
    sha256_start(&hash);
    for (size_t n = 0; n < 300; n++) {
        unsigned char bytes[300];
        memset(bytes, (int)n, n);
        sha256_add(&hash, bytes, n);
    }
    hash_is(&hash, "51cf3a33a0b478f9005908a23307bbe5edf16d4bae0ba3627ff88990a584a1f6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts),
        cmocka_unit_test(every_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
