#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- The corrector of straw: stands in for the real one at linking --- */

uint8_t corrector_note(struct corrector *corrector, const struct correct_note *note)
{
    int pitch = corrector->to >= 0 ? corrector->to : note->pitch + corrector->shift;
    if (corrector->settings.mode == CORRECT_OFF)
        pitch = note->pitch;
    corrector->notes++;
    corrector->last = *note;
    corrector->holds[pitch]++;
    return (uint8_t)pitch;
}

void corrector_release(struct corrector *corrector, uint8_t pitch)
{
    corrector->holds[pitch]--;
}

int corrector_set(struct corrector *corrector, const struct correct_settings *settings,
                  struct error *error)
{
    (void)error;
    corrector->settings = *settings;
    return 0;
}

struct correct_place corrector_place(struct corrector *corrector)
{
    (void)corrector;
    return (struct correct_place){.piece = -1};
}

struct fade *corrector_fade(struct corrector *corrector)
{
    (void)corrector;
    return NULL;
}

/* --- A filter whose events are written down --- */

void desk_write_down(void *context, const struct midi_event *event)
{
    struct desk *desk = context;
    size_t at = strlen(desk->sent);
    desk->sends++;
    snprintf(desk->sent + at, sizeof desk->sent - at, "%s%02x", at ? ", " : "", event->status);
    for (uint32_t i = 0; i < event->length && event->data; i++) {
        at = strlen(desk->sent);
        snprintf(desk->sent + at, sizeof desk->sent - at, " %d", event->data[i]);
    }
}

static void desk_open(struct desk *desk)
{
    *desk = (struct desk){.settings = filter_defaults(), .corrector = {.to = -1}};
    desk->filter = filter_open(&desk->settings, desk_write_down, desk, NULL);
    assert_non_null(desk->filter);
    filter_set_corrector(desk->filter, &desk->corrector);
}

void desk_set(struct desk *desk)
{
    assert_int_equal(filter_set(desk->filter, &desk->settings, NULL), 0);
}

void in(struct desk *desk, unsigned status, unsigned first, unsigned second)
{
    uint8_t data[2] = {(uint8_t)first, (uint8_t)second};
    struct midi_event event = {
        .seconds = desk->seconds += 0.1, .status = (uint8_t)status, .data = data};
    event.length = status < 0xF0 ? midi_channel_length(event.status) : 0;
    filter_event(desk->filter, &event);
}

/* What was sent since the last call. */
void sent(struct desk *desk, const char *expected)
{
    assert_string_equal(desk->sent, expected);
    desk->sent[0] = '\0';
}

int desk_new(void **state)
{
    struct desk *desk = malloc(sizeof *desk);
    if (!desk)
        return -1;
    desk_open(desk);
    *state = desk;
    return 0;
}

int desk_free(void **state)
{
    struct desk *desk = *state;
    filter_close(desk->filter);
    free(desk);
    return 0;
}
