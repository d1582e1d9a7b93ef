/* Switches: events of the keyboard that are taken and act on the program. */
#include "filter/filter_private.h"

enum { PRESSED = 64 };

enum trigger {
    TRIGGER_BYPASS,
    TRIGGER_MODE,
    TRIGGER_PANIC,
    TRIGGER_TAP,
    TRIGGER_SET_MODE,                                       /* the first of them */
    TRIGGER_WISH = TRIGGER_SET_MODE + CORRECT_GENERATE + 1, /* the first of them */
    TRIGGERS = TRIGGER_WISH + FILTER_WISHES,
};

static const struct filter_trigger *trigger_of(const struct filter_settings *settings,
                                               enum trigger which)
{
    const struct filter_trigger *triggers[TRIGGER_SET_MODE] = {
        [TRIGGER_BYPASS] = &settings->toggle_bypass,
        [TRIGGER_MODE] = &settings->next_mode,
        [TRIGGER_PANIC] = &settings->panic,
        [TRIGGER_TAP] = &settings->tap,
    };
    if (which >= TRIGGER_WISH)
        return &settings->wish[which - TRIGGER_WISH];
    return which < TRIGGER_SET_MODE ? triggers[which]
                                    : &settings->set_mode[which - TRIGGER_SET_MODE];
}

struct filter_knob_range filter_knob_range(enum filter_knob knob)
{
    static const struct filter_knob_range ranges[FILTER_KNOBS] = {
        [FILTER_KNOB_FOLLOW] = {0, 1, 4},
        [FILTER_KNOB_KEEP] = {0, 2, 4},
        [FILTER_KNOB_TEMPO] = {40, 100, 240},
    };
    return ranges[knob];
}

int filter_switch_check(const struct filter_settings *settings, struct error *error)
{
    for (enum trigger t = 0; t < TRIGGERS; t++) {
        const struct filter_trigger *trigger = trigger_of(settings, t);
        if (trigger->kind > FILTER_BY_PROGRAM || trigger->number > 127)
            return error_set(error, "a switch has number %u, expected 0 to 127", trigger->number);
    }
    for (enum filter_knob k = 0; k < FILTER_KNOBS; k++) {
        const struct filter_trigger *knob = &settings->knob[k];
        if ((knob->kind != FILTER_BY_NOTHING && knob->kind != FILTER_BY_CONTROL) ||
            knob->number > 127)
            return error_set(error, "a knob is no control change from 0 to 127");
    }
    return 0;
}

void filter_switch_changes(struct filter *filter, const struct filter_settings *settings)
{
    for (enum trigger t = 0; t < TRIGGERS; t++) {
        const struct filter_trigger *before = trigger_of(&filter->settings, t);
        const struct filter_trigger *after = trigger_of(settings, t);
        if (before->kind != after->kind || before->number != after->number)
            filter->pedal_down &= (uint16_t) ~(1U << t);
    }
}

static double knob_value(enum filter_knob knob, uint8_t value)
{
    struct filter_knob_range range = filter_knob_range(knob);
    if (value <= PRESSED)
        return range.least + (range.middle - range.least) * value / PRESSED;
    return range.middle + (range.most - range.middle) * (value - PRESSED) / (127 - PRESSED);
}

static void turn(struct filter *filter, enum filter_knob knob, uint8_t value)
{
    struct filter_settings settings = filter->settings;
    double number = knob_value(knob, value);
    if (knob == FILTER_KNOB_FOLLOW)
        settings.correct.follow = (float)number;
    else if (knob == FILTER_KNOB_KEEP)
        settings.correct.keep = (float)number;
    else
        settings.clock.tempo = number;
    (void)filter_set(filter, &settings, NULL);
}

static void next_mode(struct filter *filter)
{
    static const enum correct_mode next[] = {
        [CORRECT_OFF] = CORRECT_CORRECT,
        [CORRECT_CORRECT] = CORRECT_GENERATE,
        [CORRECT_GENERATE] = CORRECT_SCALE,
        [CORRECT_SCALE] = CORRECT_CORRECT,
    };
    filter_set_mode(filter, next[filter->settings.correct.mode]);
}

static void act(struct filter *filter, enum trigger which, double seconds)
{
    switch (which) {
    case TRIGGER_BYPASS:
        filter_set_bypass(filter, !filter->settings.bypass);
        break;
    case TRIGGER_MODE:
        next_mode(filter);
        break;
    case TRIGGER_PANIC:
        filter_release_all(filter, seconds);
        break;
    case TRIGGER_TAP:
        filter_tap(filter, seconds);
        break;
    default:
        if (which >= TRIGGER_WISH)
            filter->asked_for |= 1U << (which - TRIGGER_WISH);
        else
            filter_set_mode(filter, (enum correct_mode)(which - TRIGGER_SET_MODE));
        break;
    }
}

unsigned filter_asked(struct filter *filter)
{
    unsigned asked = filter->asked_for;
    filter->asked_for = 0;
    return asked;
}

/* Whether the event presses its switch. A pedal that is pressed slowly sends
 * many values, but presses once. */
static bool is_press(struct filter *filter, enum trigger which, const struct midi_event *event)
{
    if (midi_kind(event) != MIDI_CONTROL_CHANGE)
        return midi_kind(event) == MIDI_PROGRAM_CHANGE || midi_is_note_on(event);
    bool was = filter->pedal_down >> which & 1;
    bool is = event->data[1] >= PRESSED;
    if (is != was)
        filter->pedal_down ^= (uint16_t)(1U << which);
    return is && !was;
}

static enum filter_trigger_kind trigger_kind(const struct midi_event *event)
{
    switch (midi_kind(event)) {
    case MIDI_NOTE_ON:
    case MIDI_NOTE_OFF:
    case MIDI_POLY_AFTERTOUCH:
        return FILTER_BY_KEY;
    case MIDI_CONTROL_CHANGE:
        return FILTER_BY_CONTROL;
    case MIDI_PROGRAM_CHANGE:
        return FILTER_BY_PROGRAM;
    default:
        return FILTER_BY_NOTHING;
    }
}

bool filter_switch_take(struct filter *filter, const struct midi_event *event, double seconds)
{
    enum filter_trigger_kind kind = trigger_kind(event);
    bool taken = false;
    if (kind == FILTER_BY_NOTHING)
        return false;
    if (kind == FILTER_BY_KEY && !midi_is_note_on(event) &&
        notemap_is_held(&filter->map, midi_channel(event), event->data[0]))
        return false;
    for (enum trigger t = 0; t < TRIGGERS; t++) {
        const struct filter_trigger *trigger = trigger_of(&filter->settings, t);
        if (trigger->kind != kind || trigger->number != event->data[0])
            continue;
        taken = true;
        if (is_press(filter, t, event))
            act(filter, t, seconds);
    }
    for (enum filter_knob k = 0; k < FILTER_KNOBS && kind == FILTER_BY_CONTROL; k++)
        if (filter->settings.knob[k].kind == kind &&
            filter->settings.knob[k].number == event->data[0]) {
            taken = true;
            turn(filter, k, event->data[1]);
        }
    return taken;
}
