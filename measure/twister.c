/* The reference algorithm; its constants are part of its definition. */
#include "measure/twister.h"

enum { MIDDLE_WORD = 397 };

static uint32_t mixed(const struct twister *twister, unsigned i)
{
    return twister->word[i - 1] ^ twister->word[i - 1] >> 30;
}

/* init_by_array with a key of one word. */
void twister_seed(struct twister *twister, uint32_t seed)
{
    uint32_t *word = twister->word;
    word[0] = 19650218;
    for (unsigned i = 1; i < TWISTER_WORDS; i++)
        word[i] = 1812433253 * mixed(twister, i) + i;
    for (unsigned k = 0, i = 1; k < TWISTER_WORDS; k++) {
        word[i] = (word[i] ^ mixed(twister, i) * 1664525) + seed;
        if (++i == TWISTER_WORDS) {
            word[0] = word[TWISTER_WORDS - 1];
            i = 1;
        }
    }
    for (unsigned k = 1, i = 2; k < TWISTER_WORDS; k++) {
        word[i] = (word[i] ^ mixed(twister, i) * 1566083941) - i;
        if (++i == TWISTER_WORDS) {
            word[0] = word[TWISTER_WORDS - 1];
            i = 1;
        }
    }
    word[0] = UINT32_C(1) << 31;
    twister->next = TWISTER_WORDS;
}

static void renew(struct twister *twister)
{
    uint32_t *word = twister->word;
    for (unsigned i = 0; i < TWISTER_WORDS; i++) {
        uint32_t y = (word[i] & UINT32_C(0x80000000)) |
                     (word[(i + 1) % TWISTER_WORDS] & UINT32_C(0x7FFFFFFF));
        word[i] =
            word[(i + MIDDLE_WORD) % TWISTER_WORDS] ^ y >> 1 ^ (y & 1 ? UINT32_C(0x9908B0DF) : 0);
    }
    twister->next = 0;
}

uint32_t twister_bits(struct twister *twister, unsigned bits)
{
    if (twister->next == TWISTER_WORDS)
        renew(twister);
    uint32_t y = twister->word[twister->next++];
    y ^= y >> 11;
    y ^= y << 7 & UINT32_C(0x9D2C5680);
    y ^= y << 15 & UINT32_C(0xEFC60000);
    y ^= y >> 18;
    return y >> (32 - bits);
}

double twister_double(struct twister *twister)
{
    double high = twister_bits(twister, 27);
    double low = twister_bits(twister, 26);
    return (high * 0x1p26 + low) / 0x1p53;
}

uint32_t twister_below(struct twister *twister, uint32_t count)
{
    unsigned bits = 0;
    while (bits < 32 && count >> bits)
        bits++;
    uint32_t drawn;
    do
        drawn = twister_bits(twister, bits);
    while (drawn >= count);
    return drawn;
}
