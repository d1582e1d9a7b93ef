/* Rolls as ABC text: each bar's notes as they are written. */
#include "picture/engrave.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 32 };

struct excerpt {
    struct roll_note note[MOST];
    size_t count;
    struct bar bar[4];
    size_t bars;
    int sharps;
    unsigned hands;
};

static struct excerpt three_four(size_t bars)
{
    struct excerpt excerpt = {.bars = bars, .hands = 1};
    for (size_t b = 0; b < bars; b++)
        excerpt.bar[b] = (struct bar){.start = 3.0 * (double)b,
                                      .length = 3,
                                      .pulse = 1,
                                      .number = 5 + (unsigned)b,
                                      .beats = 3,
                                      .unit = 4};
    return excerpt;
}

static void add(struct excerpt *excerpt, double onset, double length, int pitch)
{
    assert_true(excerpt->count < MOST);
    excerpt->note[excerpt->count++] = (struct roll_note){
        .onset = onset, .duration = length, .played = (uint8_t)pitch, .sent = (uint8_t)pitch};
}

/* The text from the first voice on, line feeds as spaces. */
static void music(const struct excerpt *excerpt, const char *want)
{
    struct error error = {""};
    const struct roll roll = {.notes = excerpt->note,
                              .count = excerpt->count,
                              .bars = excerpt->bar,
                              .bar_count = excerpt->bars};
    const struct engrave engrave = {
        .roll = &roll, .sharps = excerpt->sharps, .hands = excerpt->hands, .width = 400};
    char *text = engrave_abc(&engrave, &error);
    assert_string_equal(error.text, "");
    assert_non_null(text);
    char *from = strstr(text, "V:1 ");
    assert_non_null(from);
    for (char *at = from; *at; at++)
        if (*at == '\n')
            *at = at[1] ? ' ' : '\0';
    assert_string_equal(from, want);
    free(text);
}

static void values_and_rests(void **state)
{
    (void)state;
    struct excerpt excerpt = three_four(2);
    add(&excerpt, 0, .98, 60);    /* let go a little early */
    add(&excerpt, 1, .48, 62);    /* an eighth, */
    add(&excerpt, 1.5, 1.5, 64);  /* over the beat: a dotted quarter */
    add(&excerpt, 3.25, .25, 65); /* a sixteenth off the beat */
    add(&excerpt, 3.5, 1.75, 67); /* not one value: a dotted quarter and a sixteenth, tied */
    music(&excerpt, "V:1 clef=treble  C16 D8E24 |  z4F4G24- G4z4z8 |");
}

static void chords_voices_and_ties(void **state)
{
    (void)state;
    struct excerpt excerpt = three_four(2);
    add(&excerpt, 0, 4, 48); /* held under the others, over the bar line */
    for (int beat = 0; beat < 6; beat++) {
        add(&excerpt, beat, 1, 72 + beat);
        add(&excerpt, beat, 1, 76 + beat);
    }
    music(&excerpt, "V:1 clef=treble  [ce]16 [^cf]16 [d^f]16 & C,48- |"
                    "  [C,_eg]16 [=e^g]16 [fa]16 |");
}

static void triplets(void **state)
{
    (void)state;
    struct excerpt excerpt = three_four(1);
    for (int i = 0; i < 3; i++)
        add(&excerpt, i / 3.0, 1 / 3.0, 60 + i);
    add(&excerpt, 1, 2 / 3.0, 64);
    add(&excerpt, 1 + 2 / 3.0, 1 / 3.0, 65);
    add(&excerpt, 2, 1, 67);
    music(&excerpt, "V:1 clef=treble  (3:2:3C8^C8D8 (3:2:2E16F8 G16 |");
}

static void signs_of_the_key(void **state)
{
    (void)state;
    struct excerpt excerpt = three_four(2);
    excerpt.sharps = 1;
    add(&excerpt, 0, 1, 66); /* F sharp is the key's; */
    add(&excerpt, 1, 1, 65); /* its natural is written, */
    add(&excerpt, 2, .5, 65);
    add(&excerpt, 2.5, .5, 66);
    add(&excerpt, 3, 3, 66); /* and nothing any more in the next bar */
    music(&excerpt, "V:1 clef=treble  F16 =F16 F8^F8 |  F48 |");
}

static void what_was_struck(void **state)
{
    (void)state;
    struct excerpt excerpt = three_four(1);
    add(&excerpt, 0, 1, 60);
    excerpt.note[0].played = 62;
    add(&excerpt, 1, 1, 64);
    excerpt.note[1].kind = ROLL_LEFT_OUT;
    add(&excerpt, 1.98, .25, 66);
    excerpt.note[2].kind = ROLL_ADDED;
    add(&excerpt, 2, 1, 67);
    music(&excerpt, "V:1 clef=treble  [I:voicemap m1][CD]16[I:voicemap none] !left!E16 "
                    "[I:voicemap m2][G^F]16[I:voicemap none] |");
}

static void fingers(void **state)
{
    (void)state;
    struct excerpt excerpt = three_four(2);
    add(&excerpt, 0, 1, 60);
    add(&excerpt, 0, 1, 67);
    add(&excerpt, 1, 3, 64); /* tied: once */
    excerpt.note[0].finger = 1;
    excerpt.note[1].finger = 5;
    excerpt.note[1].played = 69; /* the right note's */
    excerpt.note[2].finger = 3;
    music(&excerpt, "V:1 clef=treble  [I:voicemap m1]!1!!5![CGA]16[I:voicemap none] !3!E32- | "
                    " E16 z16 z16 |");
}

static void hands_and_clefs(void **state)
{
    (void)state;
    struct excerpt excerpt = three_four(1);
    excerpt.hands = 2;
    add(&excerpt, 0, 3, 72);
    add(&excerpt, 0, 3, 40);
    excerpt.note[1].part = 1;
    music(&excerpt, "V:1 clef=treble  c48 | V:2 clef=bass  E,,48 |");
    excerpt.note[1].sent = excerpt.note[1].played = 71;
    music(&excerpt, "V:1 clef=treble  c48 | V:2 clef=treble  B48 |");
    excerpt.count = 1;
    music(&excerpt, "V:1 clef=treble  c48 | V:2 clef=bass  Z |");
}

static void compound_time(void **state)
{
    (void)state;
    struct excerpt excerpt = three_four(1);
    excerpt.bar[0].pulse = 1.5;
    excerpt.bar[0].beats = 6;
    excerpt.bar[0].unit = 8;
    add(&excerpt, 0, 1, 60);
    add(&excerpt, 1, .5, 62);
    add(&excerpt, 2, 1, 64);
    music(&excerpt, "V:1 clef=treble  C16D8 z8E16 |");
}

static void what_is_not_written(void **state)
{
    (void)state;
    struct error error = {""};
    struct excerpt excerpt = three_four(1);
    for (int i = 0; i < 5; i++)
        add(&excerpt, i / 5.0, .2, 60 + i); /* rounded, in order, or refused: no crash */
    const struct roll roll = {
        .notes = excerpt.note, .count = 5, .bars = excerpt.bar, .bar_count = 1};
    struct engrave engrave = {.roll = &roll, .hands = 1, .width = 400};
    free(engrave_abc(&engrave, &error));
    excerpt.note[0].duration = 1e12;
    free(engrave_abc(&engrave, &error));
    excerpt.bar[0].length = 1020; /* 255/1, which a .mid can say */
    assert_null(engrave_abc(&engrave, &error));
    assert_string_equal(error.text, "bar 5: too long to be written as notes");
    engrave.sharps = 9;
    assert_null(engrave_abc(&engrave, &error));
    assert_string_equal(error.text, "no bar to write as notes");
}

/* Sixty-fourths of a voice up to its end, in halves of a third so that triplets are whole. */
static long length_of(const char *from, const char *end)
{
    long sum = 0, triplets = 0;
    for (const char *at = from; at < end;) {
        if (strncmp(at, "[I:", 3) == 0) {
            at = strchr(at, ']') + 1;
        } else if (strncmp(at, "(3:2:", 5) == 0) {
            triplets = strtol(at + 5, (char **)&at, 10);
        } else if (*at == '[' || strchr("ABCDEFGabcdefgxz", *at)) {
            if (*at == '[')
                at = strchr(at, ']');
            at += strcspn(at, "0123456789");
            long length = strtol(at, (char **)&at, 10);
            sum += triplets > 0 ? 2 * length : 3 * length;
            triplets -= triplets > 0;
        } else {
            at += *at == '!' ? strcspn(at + 1, "!") + 2 : 1;
        }
    }
    return sum;
}

/* Each voice of each bar of 3/4 is as long as the bar. */
static unsigned check_bars(const char *text)
{
    unsigned bars = 0;
    const char *at = strstr(text, "V:1 ");
    for (const char *end; at && (end = strstr(at, " |\n")); at = end + 3, bars++) {
        if (*at == 'V')
            at = strchr(at, '\n');
        if (memmem(at, (size_t)(end - at), "Z", 1))
            continue;
        const char *other = memchr(at, '&', (size_t)(end - at));
        assert_int_equal(length_of(at, other ? other : end), 3L * 3 * 16);
        if (other)
            assert_int_equal(length_of(other, end), 3L * 3 * 16);
    }
    return bars;
}

/* Whatever the times, a bar is filled exactly, or refused. */
static void random_times(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 7, 0);
    unsigned written = 0;
    for (int round = 0; round < 2000; round++) {
        struct error error = {""};
        struct excerpt excerpt = three_four(3);
        excerpt.hands = 2;
        for (int i = 0; i < 12; i++) {
            uint32_t grid = round % 3 == 0 ? 16 : round % 3 == 1 ? 12 : 97;
            double onset = rng_below(&rng, 9 * grid) / (double)grid;
            double length = (1 + rng_below(&rng, grid)) / (double)grid;
            add(&excerpt, onset, length, 36 + (int)rng_below(&rng, 48));
            excerpt.note[i].part = (uint8_t)rng_below(&rng, 2);
            excerpt.note[i].kind = (enum roll_kind)rng_below(&rng, 3);
            excerpt.note[i].played = (uint8_t)(36 + rng_below(&rng, 48));
        }
        const struct roll roll = {
            .notes = excerpt.note, .count = 12, .bars = excerpt.bar, .bar_count = 3};
        const struct engrave engrave = {.roll = &roll, .hands = 2, .width = 400};
        char *text = engrave_abc(&engrave, &error);
        assert_true(text || error.text[0]);
        written += text != NULL;
        if (text)
            assert_int_equal(check_bars(text), 6);
        free(text);
    }
    assert_true(written > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_rests),
        cmocka_unit_test(chords_voices_and_ties),
        cmocka_unit_test(triplets),
        cmocka_unit_test(signs_of_the_key),
        cmocka_unit_test(what_was_struck),
        cmocka_unit_test(fingers),
        cmocka_unit_test(hands_and_clefs),
        cmocka_unit_test(compound_time),
        cmocka_unit_test(what_is_not_written),
        cmocka_unit_test(random_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
