/* Takes through a corrector that does nothing: what comes out is what went in. */
#include "measure/run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct corrector *open_off(void)
{
    struct correct_settings settings = correct_defaults();
    settings.mode = CORRECT_OFF;
    struct corrector *corrector = corrector_open(NULL, 0, &settings, NULL);
    assert_non_null(corrector);
    return corrector;
}

/* Notes of very different lengths, some struck together, some of no length. */
static void fill(struct take_played *take, size_t count)
{
    memset(take, 0, count * sizeof *take);
    for (size_t k = 0; k < count; k++) {
        take[k].note.position = floor((double)k / 3);
        take[k].note.seconds = 0.125 * floor((double)k / 3);
        take[k].note.duration = (double)(k * 37 % 11) * 0.3;
        take[k].note.pitch = (uint8_t)(30 + k * 7 % 60);
        take[k].note.velocity = 70;
    }
}

static void off_sends_what_was_played(void **state)
{
    (void)state;
    enum { NOTES = 300 };
    struct take_played take[NOTES];
    uint8_t live[NOTES], whole[NOTES];
    uint64_t nanoseconds[NOTES];
    fill(take, NOTES);
    memset(nanoseconds, 0xff, sizeof nanoseconds);
    struct corrector *corrector = open_off();
    assert_int_equal(run_live(corrector, take, NOTES, live, nanoseconds, NULL), 0);
    assert_int_equal(run_whole(corrector, take, NOTES, whole, NULL), 0);
    for (size_t k = 0; k < NOTES; k++) {
        assert_int_equal(live[k], take[k].note.pitch);
        assert_int_equal(whole[k], take[k].note.pitch);
        assert_true(nanoseconds[k] < UINT64_C(1000000000));
    }
    assert_int_equal(run_live(corrector, take, 0, live, NULL, NULL), 0);
    corrector_close(corrector);
}

static void disorder_is_refused(void **state)
{
    (void)state;
    struct take_played take[9];
    uint8_t sent[9];
    struct error error = {""};
    fill(take, 9);
    take[5].note.seconds = 0;
    struct corrector *corrector = open_off();
    assert_int_equal(run_live(corrector, take, 9, sent, NULL, &error), -1);
    assert_non_null(strstr(error.text, "note 6"));
    assert_int_equal(run_whole(corrector, take, 9, sent, &error), -1);
    corrector_close(corrector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_sends_what_was_played),
        cmocka_unit_test(disorder_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
