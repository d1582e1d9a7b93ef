#include "follow/elsewhere.h"

#include <stdlib.h>
#include <string.h>

/* Shares of semitones from any of the last keys to the next: steps in the corpus, by classes. */
static float by_distance(int semitones)
{
    return semitones == 0    ? .08f
           : semitones <= 2  ? .09f
           : semitones <= 5  ? .05f
           : semitones <= 12 ? .02f
                             : .002f;
}

static unsigned slot_of(const struct elsewhere *elsewhere, uint16_t *key)
{
    unsigned a = elsewhere->recent[(elsewhere->count - 1) % ELSEWHERE_RECENT],
             b = elsewhere->recent[(elsewhere->count - 2) % ELSEWHERE_RECENT];
    *key = (uint16_t)(a << 7 | b);
    return (*key * 0x9e37u >> 4) % ELSEWHERE_PAIRS;
}

void elsewhere_start(struct elsewhere *elsewhere)
{
    memset(elsewhere, 0, sizeof *elsewhere);
    for (int p = 0; p < 128; p++)
        elsewhere->share[p] = 1.f / 128;
}

float elsewhere_expect(const struct elsewhere *elsewhere, uint8_t x)
{
    uint32_t known = elsewhere->count < ELSEWHERE_RECENT ? elsewhere->count : ELSEWHERE_RECENT;
    if (known == 0)
        return 1.f / 60;
    float near = 0;
    for (uint32_t i = 0; i < known; i++)
        near += by_distance(abs((int)x - elsewhere->recent[i]));
    float expected = .5f * near / (float)known + .5f * elsewhere->share[x];
    if (elsewhere->count >= 2) {
        uint16_t key;
        unsigned slot = slot_of(elsewhere, &key);
        if (elsewhere->pair[slot].count && elsewhere->pair[slot].key == key) {
            float sure =
                (float)elsewhere->pair[slot].count / ((float)elsewhere->pair[slot].count + 1);
            expected = (1 - sure) * expected + (elsewhere->pair[slot].follower == x ? sure : 0);
            if (elsewhere->pair[slot].follower != x)
                expected += .5f * sure * expected;
        }
    }
    return expected > .0005f ? expected : .0005f;
}

void elsewhere_hear(struct elsewhere *elsewhere, uint8_t x)
{
    if (elsewhere->count >= 2) {
        uint16_t key;
        unsigned slot = slot_of(elsewhere, &key);
        if (elsewhere->pair[slot].key == key && elsewhere->pair[slot].follower == x &&
            elsewhere->pair[slot].count) {
            if (elsewhere->pair[slot].count < 4)
                elsewhere->pair[slot].count++;
        } else {
            elsewhere->pair[slot].key = key;
            elsewhere->pair[slot].follower = x;
            elsewhere->pair[slot].count = 1;
        }
    }
    for (int p = 0; p < 128; p++)
        elsewhere->share[p] *= .97f;
    elsewhere->share[x] += .03f;
    elsewhere->recent[elsewhere->count % ELSEWHERE_RECENT] = x;
    elsewhere->count++;
}
