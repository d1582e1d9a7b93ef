/* Golden takes: short streams of events, with exactly what comes out.
 *
 *     test_golden [--write] FOLDER...
 *
 * Every FOLDER/NAME.txt is a take. A line that begins with a blank is what the line
 * above it brings; all others go in. What the file says and what the filter does are
 * compared as text. --write writes down what it does now: look at the difference.
 *
 *     SECONDS BYTES      an event in hexadecimal; F7 or a data byte first: SysEx goes on
 *     SECONDS clocks N PERIOD   so many MIDI clocks, which are not told of
 *     SECONDS WORD       panic, lost (the input), wait, tap, patch (tell it), settle, clock
 *     set KEY VALUE ...  mode, bypass, follow, keep, key (pitch classes), transpose, channels,
 *                        range, kits, source, tempo; cc-, key- or program- with bypass, mode,
 *                        mode-MODE, panic or tap (set cc-bypass 80); cc- with knob-follow,
 *                        knob-keep or knob-tempo
 *     piece SLOT:PITCH.. a piece that is known, for the next corrector
 *     style              the shipped model of unknown music, for the next corrector
 *     corrector          another one takes over; `corrector none`
 *     say PITCH ...      what the corrector answers to the next notes, whatever it thinks
 *     show WORD ...      what is told after each note-on: slot, place; now: status, settings
 *     recording          ends the take with the recording of it
 *
 * Before the first event, settings and pieces are those the filter begins with. */
#include "daemon/recording.h"
#include "filter/filter.h"
#include "midi/midifile.h"
#include "tests/correct/music.h"
#include "tests/golden/set.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES = 4, NOTES = 4096, SAID = 64, BYTES = 256 };

struct take {
    FILE *out;
    struct filter *filter;
    struct filter_settings settings;
    struct model *model[PIECES + 1], *style;
    size_t pieces;
    struct corrector *corrector;
    bool shows_slot, shows_place, muted;
    struct recording *recording;
    const char *fault;
};

/* What the corrector is made to say; the real one is asked as well. */
static int said[SAID], said_count, said_next;

uint8_t __real_corrector_note(struct corrector *corrector, const struct correct_note *note);
uint8_t __wrap_corrector_note(struct corrector *corrector, const struct correct_note *note);

uint8_t __wrap_corrector_note(struct corrector *corrector, const struct correct_note *note)
{
    uint8_t pitch = __real_corrector_note(corrector, note);
    return said_next < said_count ? (uint8_t)said[said_next++] : pitch;
}

/* --- What comes out --- */

static void record(struct take *take, enum ring_kind kind, const struct midi_event *event)
{
    struct ring_entry entry = {.seconds = event->seconds, .kind = (uint8_t)kind};
    entry.status = event->status;
    if (!take->recording || !midi_is_channel(event))
        return;
    memcpy(entry.data, event->data, event->length);
    recording_add(take->recording, &entry);
}

static void print_bytes(FILE *out, const struct midi_event *event)
{
    if (event->status != MIDI_SYSEX_ESCAPE)
        fprintf(out, " %02X", event->status);
    for (uint32_t i = 0; i < event->length; i++)
        fprintf(out, " %02X", event->data[i]);
}

static void take_sent(void *context, const struct midi_event *event)
{
    struct take *take = context;
    record(take, RING_SENT, event);
    if (take->muted)
        return;
    fprintf(take->out, "  %.9g", event->seconds);
    print_bytes(take->out, event);
    fputc('\n', take->out);
}

static void show_clock(struct take *take, double seconds)
{
    struct clock_state clock = filter_clock(take->filter, seconds);
    fprintf(take->out, "  position %.3f, tempo %.2f%s%s%s\n", clock.position, clock.tempo,
            clock.locked ? ", locked" : "", clock.running ? "" : ", stopped",
            clock.missing ? ", missing" : "");
}

static void show_note(struct take *take)
{
    struct filter_status status = filter_status(take->filter);
    if (take->shows_slot)
        fprintf(take->out, "  slot %.3f\n", status.slot);
    if (take->shows_place && status.place.piece < 0)
        fprintf(take->out, "  no place\n");
    else if (take->shows_place)
        fprintf(take->out, "  piece %d, onset %u, quarter %.2f\n", status.place.piece,
                status.place.onset, status.place.quarter);
}

static void show_status(struct take *take)
{
    struct filter_status status = filter_status(take->filter);
    fprintf(take->out, "  notes %" PRIu64 ", corrected %" PRIu64 ", sounding %u\n", status.notes,
            status.corrected, status.sounding);
}

static void show_settings(struct take *take)
{
    const struct filter_settings *settings = filter_settings(take->filter);
    fprintf(take->out, "  mode %s, follow %.3f, keep %.3f, tempo %.2f%s\n",
            set_modes[settings->correct.mode], (double)settings->correct.follow,
            (double)settings->correct.keep, settings->clock.tempo,
            settings->bypass ? ", bypassed" : "");
}

static void show_recording(struct take *take)
{
    size_t length = 0;
    uint8_t *bytes = recording_file(take->recording, &length);
    struct midifile *file = midifile_load_memory(bytes, length, "recording", NULL);
    for (uint32_t i = 0; file && i < midifile_events(file); i++) {
        struct midi_event event = midifile_event(file, i);
        if (!midi_is_channel(&event))
            continue;
        fprintf(take->out, "  %s %u", midifile_track_name(file, event.track), event.tick);
        print_bytes(take->out, &event);
        fputc('\n', take->out);
    }
    midifile_free(file);
    free(bytes);
}

/* --- Settings and correctors --- */

static void set(struct take *take, char *words)
{
    if (take->filter)
        take->settings = *filter_settings(take->filter);
    for (char *key = strtok(words, " "); key; key = strtok(NULL, " ")) {
        const char *value = strtok(NULL, " ");
        if (!value || !set_one(&take->settings, key, value))
            take->fault = "no such setting";
    }
    if (take->filter && filter_set(take->filter, &take->settings, NULL) != 0)
        take->fault = "settings out of range";
}

static void add_piece(struct take *take, char *words)
{
    static struct song_note notes[NOTES];
    size_t count = 0;
    for (char *word = strtok(words, " "); word && count < NOTES; word = strtok(NULL, " ")) {
        unsigned slot = 0, pitch = 0;
        if (sscanf(word, "%u:%u", &slot, &pitch) != 2)
            take->fault = "expected SLOT:PITCH";
        notes[count++] = (struct song_note){.slot = slot, .pitch = (uint8_t)pitch};
    }
    if (count == 0 || take->pieces == PIECES) {
        take->fault = "too many pieces, or none";
        return;
    }
    struct song *song = music_written(notes, count);
    take->model[take->pieces++] = music_model(&song, 1);
}

static void change_corrector(struct take *take, bool none)
{
    const struct model *models[PIECES + 1];
    size_t count = 0;
    for (; count < take->pieces; count++)
        models[count] = take->model[count];
    if (take->style)
        models[count++] = take->style;
    struct corrector *before = take->corrector;
    take->corrector = none ? NULL : corrector_open(models, count, &take->settings.correct, NULL);
    filter_set_corrector(take->filter, take->corrector);
    corrector_close(before);
}

static void begin(struct take *take)
{
    if (take->filter)
        return;
    take->filter = filter_open(&take->settings, take_sent, take, NULL);
    if (take->filter)
        change_corrector(take, false);
    else
        take->fault = "settings out of range";
}

/* --- What goes in --- */

static int hex(char digit)
{
    return digit >= '0' && digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

static void event(struct take *take, double seconds, const char *text)
{
    uint8_t bytes[BYTES] = {0};
    uint32_t count = 0;
    for (; text[0] && text[1] && count < BYTES; text += text[2] ? 3 : 2)
        bytes[count++] = (uint8_t)(hex(text[0]) << 4 | hex(text[1]));
    bool later = bytes[0] < 0x80 || bytes[0] == MIDI_SYSEX_ESCAPE;
    struct midi_event event = {
        .seconds = seconds, .data = bytes + !later, .length = count - !later};
    event.status = later ? MIDI_SYSEX_ESCAPE : bytes[0];
    record(take, RING_PLAYED, &event);
    filter_event(take->filter, &event);
    filter_settle(take->filter);
    if (midi_is_channel(&event) && midi_is_note_on(&event))
        show_note(take);
}

static void send_clocks(struct take *take, double seconds, unsigned count, double period)
{
    take->muted = true;
    for (unsigned i = 0; i < count; i++) {
        struct midi_event event = {.seconds = seconds + i * period, .status = 0xF8};
        filter_event(take->filter, &event);
    }
    take->muted = false;
}

static void act(struct take *take, double seconds, const char *text)
{
    unsigned count = 0;
    double period = 0;
    if (sscanf(text, "clocks %u %lf", &count, &period) == 2)
        send_clocks(take, seconds, count, period);
    else if (strcmp(text, "panic") == 0)
        filter_release_all(take->filter, seconds);
    else if (strcmp(text, "lost") == 0)
        filter_lose_input(take->filter, seconds);
    else if (strcmp(text, "wait") == 0)
        filter_wait(take->filter, seconds);
    else if (strcmp(text, "tap") == 0)
        filter_tap(take->filter, seconds);
    else if (strcmp(text, "patch") == 0)
        filter_tell_patch(take->filter, seconds, take_sent, take);
    else if (strcmp(text, "clock") == 0)
        show_clock(take, seconds);
    else if (strspn(text, "0123456789ABCDEF ") == strlen(text))
        event(take, seconds, text);
    else
        take->fault = "no such word";
}

static void show(struct take *take, const char *words)
{
    begin(take);
    if (strstr(words, "status"))
        show_status(take);
    if (strstr(words, "settings"))
        show_settings(take);
    take->shows_slot = strstr(words, "slot") != NULL;
    take->shows_place = strstr(words, "place") != NULL;
}

static void say(const char *words)
{
    said_count = said_next = 0;
    char *end = NULL;
    for (long pitch = strtol(words, &end, 10); end != words && said_count < SAID;
         words = end, pitch = strtol(words, &end, 10))
        said[said_count++] = (int)pitch;
}

static void line(struct take *take, char *text)
{
    char *rest = text + strcspn(text, " ");
    size_t length = (size_t)(rest - text);
    rest += *rest == ' ';
    if (*text == '#' || *text == '\0')
        return;
    char *end = NULL;
    double seconds = strtod(text, &end);
    if (end == text + length) {
        begin(take);
        if (!take->fault)
            act(take, seconds, rest);
    } else if (strncmp(text, "set", length) == 0) {
        set(take, rest);
    } else if (strncmp(text, "piece", length) == 0) {
        add_piece(take, rest);
    } else if (strncmp(text, "style", length) == 0) {
        take->style = model_load(GOLDEN_STYLE, NULL);
    } else if (strncmp(text, "corrector", length) == 0) {
        begin(take);
        change_corrector(take, strcmp(rest, "none") == 0);
    } else if (strncmp(text, "say", length) == 0) {
        say(rest);
    } else if (strncmp(text, "show", length) == 0) {
        show(take, rest);
    } else if (strncmp(text, "recording", length) == 0) {
        take->recording = recording_open(0, NULL);
    } else {
        take->fault = "no such line";
    }
}

/* --- Files --- */

/* The take as it goes now; malloced. NULL: it cannot be told. */
static char *play(const char *text, const char *name)
{
    char *result = NULL;
    size_t size = 0;
    struct take take = {.out = open_memstream(&result, &size), .settings = filter_defaults()};
    char *copy = strdup(text);
    int number = 0;
    say("");
    for (char *at = copy, *next; *at && !take.fault; at = next) {
        next = at + strcspn(at, "\n");
        next += *next == '\n' ? (*next = '\0', 1) : 0;
        number++;
        if (*at == ' ')
            continue;
        fprintf(take.out, "%s\n", at);
        line(&take, at);
    }
    if (take.recording && !take.fault)
        show_recording(&take);
    if (take.fault)
        fprintf(stderr, "%s:%d: %s\n", name, number, take.fault);
    fclose(take.out);
    filter_close(take.filter);
    corrector_close(take.corrector);
    for (size_t i = 0; i < take.pieces; i++)
        model_free(take.model[i]);
    model_free(take.style);
    recording_free(take.recording);
    free(copy);
    if (take.fault) {
        free(result);
        return NULL;
    }
    return result;
}

static char *read_text(const char *name)
{
    char *text = NULL;
    size_t size = 0;
    FILE *in = fopen(name, "r");
    if (!in)
        return NULL;
    if (getdelim(&text, &size, '\0', in) < 0) {
        free(text);
        text = NULL;
    }
    fclose(in);
    return text;
}

static void show_difference(const char *name, const char *expected, const char *now)
{
    int number = 1;
    while (*expected && *now) {
        size_t a = strcspn(expected, "\n"), b = strcspn(now, "\n");
        if (a != b || strncmp(expected, now, a) != 0)
            break;
        expected += a + 1;
        now += b + 1;
        number++;
    }
    fprintf(stderr, "%s:%d:\n- %.*s\n+ %.*s\n", name, number, (int)strcspn(expected, "\n"),
            expected, (int)strcspn(now, "\n"), now);
}

static int check(const char *name, bool write)
{
    char *expected = read_text(name);
    char *now = expected ? play(expected, name) : NULL;
    bool same = now && strcmp(expected, now) == 0;
    bool good = now && (same || write);
    if (!expected)
        fprintf(stderr, "%s: cannot be read\n", name);
    else if (now && !same && !write)
        show_difference(name, expected, now);
    FILE *out = good && !same ? fopen(name, "w") : NULL;
    if (good && !same)
        good = out && fputs(now, out) >= 0 && fclose(out) == 0;
    free(now);
    free(expected);
    return good ? 0 : 1;
}

static int is_take(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end && strcmp(end, ".txt") == 0;
}

int main(int argc, char **argv)
{
    bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
    int takes = 0, wrong = 0;
    for (int i = 1 + write; i < argc; i++) {
        struct dirent **entry = NULL;
        int count = scandir(argv[i], &entry, is_take, alphasort);
        for (int k = 0; k < count; k++) {
            char name[4096];
            snprintf(name, sizeof name, "%s/%s", argv[i], entry[k]->d_name);
            wrong += check(name, write);
            takes++;
            free(entry[k]);
        }
        free(entry);
    }
    printf("%d takes, %d not as written\n", takes, wrong);
    return takes > 0 && wrong == 0 ? 0 : 1;
}
