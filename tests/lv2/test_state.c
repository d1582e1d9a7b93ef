/* What a host hands back of a session, sound or damaged. */
#include "lv2/state.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct uris uris = {.atom_path = 1, .atom_string = 2, .repertoire = 3, .style = 4};

/* The style that is in the session; there is no repertoire. */
struct value {
    const char *body;
    size_t size;
    uint32_t type;
};

static const void *retrieve(LV2_State_Handle handle, uint32_t key, size_t *size, uint32_t *type,
                            uint32_t *flags)
{
    const struct value *value = handle;
    if (key != uris.style)
        return NULL;
    *size = value->size;
    *type = value->type;
    *flags = 0;
    return value->body;
}

static LV2_State_Status restore(struct value value, struct library_paths *paths)
{
    static const LV2_Feature *const none[] = {NULL};
    *paths = (struct library_paths){"/before", "/style/before"};
    return state_restore(&uris, paths, "/standard", retrieve, &value, none);
}

static void test_sound(void **state)
{
    static struct library_paths paths;
    (void)state;
    assert_int_equal(restore((struct value){"/a", 3, 1}, &paths), LV2_STATE_SUCCESS);
    assert_string_equal(paths.repertoire, "");
    assert_string_equal(paths.style, "/a");
    assert_int_equal(restore((struct value){"", 1, 2}, &paths), LV2_STATE_SUCCESS);
    assert_string_equal(paths.style, "");
    assert_int_equal(restore((struct value){NULL, 0, 0}, &paths), LV2_STATE_SUCCESS);
    assert_string_equal(paths.style, "/standard");
}

static void test_damaged_changes_nothing(void **state)
{
    static struct library_paths paths;
    static char text[PATH_MAX + 1];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    const struct value damaged[] = {
        {text, 0, 1},           /* not even an end */
        {text, 8, 1},           /* has none */
        {text, sizeof text, 1}, /* longer than a path can be */
        {"/a", 3, 5},           /* a number */
    };
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        assert_int_equal(restore(damaged[i], &paths), LV2_STATE_ERR_BAD_TYPE);
        assert_string_equal(paths.repertoire, "/before");
        assert_string_equal(paths.style, "/style/before");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_damaged_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
