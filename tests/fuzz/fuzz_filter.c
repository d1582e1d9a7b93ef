/* Any bytes as a stream of MIDI events and commands, under watch
 * (tests/filter/watch.h): whatever comes, what goes out is what was promised.
 *
 * A byte below 128 begins a command or sets how fast time goes; above, it is the
 * status byte of an event, whose data are the bytes that follow, sound or not. */
#include "tests/filter/watch.h"

#include "rl/policy.h"
#include "target.h"

struct input {
    const uint8_t *at, *end;
    double seconds;
};

/* Longer ones say nothing new, but take their time. */
enum { LONGEST = 512 };

static struct corrector *correctors[3]; /* the first is none */
static bool used[3];

static uint8_t next(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* A scale and chords: enough for every mode to have something to say. */
static struct model *make_model(void)
{
    struct song_note notes[64];
    for (unsigned i = 0; i < 64; i++)
        notes[i] = (struct song_note){.slot = i / 2 * 2, .pitch = (uint8_t)(48 + i * 7 % 24)};
    struct song *songs[] = {song_create("piece", 0, notes, 64, NULL)};
    struct process *process = beats_process((const struct song *const *)songs, 1, 1, NULL);
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct policy *policy = policy_create(&shape, 1, NULL);
    struct model_origin origin = {.algorithm = "counts", .policy = "table"};
    struct model *model = model_create(songs, 1, process, policy, &origin, NULL);
    return model;
}

/* Opening takes longer than most inputs: it is done once. But each input starts from
 * nothing, or it would not tell the whole story. */
static void start_correctors(void)
{
    struct correct_settings settings = correct_defaults();
    static struct model *model;
    if (!model) {
        model = make_model();
        const struct model *models[] = {model};
        for (size_t i = 1; i < 3; i++)
            correctors[i] = corrector_open(models, i == 1, &settings, NULL);
    }
    settings.mode = CORRECT_OFF;
    for (size_t i = 1; i < 3; i++) {
        if (used[i]) {
            corrector_set(correctors[i], &settings, NULL);
            corrector_take(correctors[i], NULL, 0, NULL, NULL, NULL);
        }
        used[i] = false;
    }
}

static void use(struct watch *watch, size_t which)
{
    used[which] = true;
    watch_set_corrector(watch, correctors[which]);
}

static struct filter_trigger read_trigger(struct input *input)
{
    uint8_t number = next(input);
    return (struct filter_trigger){.kind = next(input) & 3, .number = number & 127};
}

static struct filter_settings read_settings(struct input *input)
{
    struct filter_settings settings = filter_defaults();
    uint8_t flags = next(input);
    settings.channels = (uint16_t)(next(input) << 8 | next(input));
    settings.correct.mode = flags & 3;
    settings.clock.source = flags >> 2 & 3;
    settings.bypass = flags >> 4 & 1;
    settings.clock.tempo = 20 + next(input);
    if (flags >> 6 & 1) {
        settings.lowest = next(input) & 63;
        settings.highest = 64 + (next(input) & 63);
    }
    if (flags >> 7) {
        settings.toggle_bypass = read_trigger(input);
        settings.next_mode = read_trigger(input);
        settings.panic = read_trigger(input);
        settings.tap = read_trigger(input);
    }
    return settings;
}

static void command(struct watch *watch, struct input *input, uint8_t which)
{
    struct filter *filter = watch_filter(watch);
    struct filter_settings settings;
    switch (which & 15) {
    case 0:
        settings = read_settings(input);
        watch_set(watch, &settings);
        break;
    case 1:
        settings = read_settings(input);
        watch_reopen(watch, &settings);
        input->seconds = 0;
        break;
    case 2:
        watch_release_all(watch, input->seconds);
        break;
    case 3:
        filter_set_bypass(filter, which & 16);
        break;
    case 4:
        filter_set_mode(filter, which >> 4 & 3);
        break;
    case 5:
        watch_tap(watch, input->seconds);
        break;
    case 6:
        use(watch, (which >> 4) % 3);
        break;
    case 7:
        filter_settle(filter);
        break;
    default:
        input->seconds += (which & 15) * (which & 15) * (which >> 4) * 0.002 - 0.02;
        break;
    }
}

static void event(struct watch *watch, struct input *input, uint8_t status)
{
    struct midi_event event = {.seconds = input->seconds, .status = status};
    event.length = status < 0xF0                      ? midi_channel_length(status)
                   : status == 0xF0 || status == 0xF7 ? next(input)
                   : status == 0xF2                   ? 2
                                                      : 0;
    if (event.length > (size_t)(input->end - input->at))
        event.length = (uint32_t)(input->end - input->at);
    /* Of the exact size, so that a sanitizer sees a read beyond it. */
    uint8_t *bytes = event.length ? malloc(event.length) : NULL;
    if (bytes)
        memcpy(bytes, input->at, event.length);
    event.data = bytes;
    input->at += event.length;
    watch_event(watch, &event);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct watch *watch;
    if (size > LONGEST)
        return -1;
    struct input input = {.at = data, .end = data + size};
    start_correctors();
    struct filter_settings settings = read_settings(&input);
    if (watch)
        watch_start(watch, &settings);
    else
        watch = watch_open(&settings);
    use(watch, 1);
    while (input.at < input.end) {
        uint8_t byte = next(&input);
        if (byte < 128)
            command(watch, &input, byte);
        else
            event(watch, &input, byte);
    }
    watch_release_all(watch, input.seconds);
    return 0;
}
