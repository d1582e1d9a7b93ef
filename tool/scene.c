/* Events change keys, a status changes all else. */
#include "tool/scene.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NOTE_OFF = 0x80,
    NOTE_ON = 0x90,
    CONTROL = 0xB0,
    SUSTAIN = 64,
    PRESSED = 64,
    NOTICE_SECONDS = 5,
    REST_SECONDS = 4, /* without notes, after which a clock that finds the beat by them rests */
};

void scene_begin(struct scene *scene, double now)
{
    *scene = (struct scene){
        .struck = -1, .struck_at = now - 3600, .roll_began = now, .clock = {.beats = 4, .unit = 4}};
}

/* --- Keys --- */

static void forget_keys(struct scene *scene)
{
    memset(scene->held, 0, sizeof scene->held);
    memset(scene->sounding, 0, sizeof scene->sounding);
    scene->pedal = 0;
    scene->waiting = false;
}

static uint8_t *trace(struct scene *scene, int key)
{
    return &scene->roll[scene->rolled % SCENE_ROLL][key];
}

bool scene_sounds(const struct scene *scene, int key)
{
    for (int channel = 0; channel < SCENE_CHANNELS; channel++)
        if (scene->sounding[channel][key] > 0)
            return true;
    return false;
}

static void key_played(struct scene *scene, int channel, int key, bool on, double now)
{
    uint16_t bit = (uint16_t)(1U << channel);
    scene->waiting = on;
    if (!on) {
        scene->held[key] &= (uint16_t)~bit;
        return;
    }
    scene->waiting_channel = (uint8_t)channel;
    scene->waiting_key = (uint8_t)key;
    scene->held[key] |= bit;
    scene->answer[key] = (uint8_t)key;
    scene->struck = key;
    scene->struck_at = now;
}

/* A strike that answers the one before. */
static void answer(struct scene *scene, int pitch, double now)
{
    int key = scene->waiting_key;
    scene->answer[key] = (uint8_t)pitch;
    scene->origin[pitch] = (uint8_t)key;
    *trace(scene, pitch) = pitch == key ? SCENE_STRUCK : SCENE_INSTEAD;
    if (pitch == key)
        return;
    *trace(scene, key) = SCENE_WRONG;
    scene->correction[scene->corrections++ % SCENE_CORRECTIONS] =
        (struct scene_correction){.played = (uint8_t)key, .sent = (uint8_t)pitch, .at = now};
}

static void key_sent(struct scene *scene, int channel, int pitch, bool on, double now)
{
    uint8_t *strikes = &scene->sounding[channel][pitch];
    if (!on) {
        if (*strikes > 0)
            --*strikes;
        return;
    }
    if (*strikes < UINT8_MAX)
        ++*strikes;
    if (scene->waiting && scene->waiting_channel == channel)
        answer(scene, pitch, now);
    scene->waiting = false;
}

static int byte_of(const json_t *event, size_t at)
{
    const json_t *value = json_array_get(event, at);
    json_int_t number = json_integer_value(value);
    return json_is_integer(value) && number >= 0 && number < 256 ? (int)number : -1;
}

/* [seconds, "played", status, data, data] */
static void read_event(struct scene *scene, const json_t *event, double now)
{
    const char *kind = json_string_value(json_array_get(event, 1));
    int status = byte_of(event, 2), first = byte_of(event, 3), second = byte_of(event, 4);
    if (!kind)
        return;
    if (strcmp(kind, "let go") == 0) {
        memset(scene->held, 0, sizeof scene->held);
        return;
    }
    bool played = strcmp(kind, "played") == 0;
    if ((!played && strcmp(kind, "sent") != 0) || status < NOTE_OFF || first < 0 || first > 127 ||
        second < 0 || second > 127)
        return;
    int channel = status & 0x0F;
    if ((status & 0xE0) == NOTE_OFF) { /* or NOTE_ON */
        bool on = (status & 0xF0) == NOTE_ON && second > 0;
        if (played)
            key_played(scene, channel, first, on, now);
        else
            key_sent(scene, channel, first, on, now);
    } else if (!played && (status & 0xF0) == CONTROL && first == SUSTAIN) {
        uint16_t bit = (uint16_t)(1U << channel);
        scene->pedal = (uint16_t)(second >= PRESSED ? scene->pedal | bit : scene->pedal & ~bit);
    }
}

static int read_watch(struct scene *scene, const json_t *line, const char *kind, double now,
                      struct error *error)
{
    const json_t *events = json_object_get(line, "events");
    if (strcmp(kind, "missed") == 0) {
        json_int_t missed = json_integer_value(events);
        scene->missed += missed > 0 ? (uint64_t)missed : 0;
        forget_keys(scene);
        return SCENE_EVENTS;
    }
    if (strcmp(kind, "events") != 0 || !json_is_array(events))
        return error_set(error, "the service says what is not understood");
    for (size_t i = 0; i < json_array_size(events); i++)
        read_event(scene, json_array_get(events, i), now);
    return SCENE_EVENTS;
}

/* --- The status --- */

static double number_of(const json_t *object, const char *key, double least, double most)
{
    double number = json_number_value(json_object_get(object, key));
    if (!(number >= least))
        return least;
    return number > most ? most : number;
}

static long long count_of(const json_t *object, const char *key)
{
    json_int_t count = json_integer_value(json_object_get(object, key));
    return count > 0 ? (long long)count : 0;
}

static bool flag_of(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* "" where there is none. */
static void text_of(const json_t *object, const char *key, char *text, size_t room)
{
    const char *value = json_string_value(json_object_get(object, key));
    snprintf(text, room, "%s", value ? value : "");
}

/* Names with commas between. */
static void list_of(const json_t *names, char *text, size_t room)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(names) && at < room; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name)
            at += (size_t)snprintf(text + at, room - at, "%s%s", at ? ", " : "", name);
    }
}

static void read_ports(struct scene_ports *ports, const json_t *object)
{
    ports->open = flag_of(object, "open");
    text_of(object, "trouble", ports->trouble, sizeof ports->trouble);
    list_of(json_object_get(object, "inputs"), ports->inputs, sizeof ports->inputs);
    list_of(json_object_get(object, "outputs"), ports->outputs, sizeof ports->outputs);
}

static void read_meter(const json_t *object, unsigned *beats, unsigned *unit)
{
    char meter[16];
    text_of(object, "meter", meter, sizeof meter);
    char *end;
    unsigned long counts = strtoul(meter, &end, 10);
    unsigned long parts = *end == '/' ? strtoul(end + 1, NULL, 10) : 0;
    bool known = counts >= 1 && counts <= 32 && parts >= 1 && parts <= 32;
    *beats = known ? (unsigned)counts : 4;
    *unit = known ? (unsigned)parts : 4;
}

static void read_clock(struct scene_clock *clock, const json_t *object, double now)
{
    text_of(object, "source", clock->source, sizeof clock->source);
    read_meter(object, &clock->beats, &clock->unit);
    clock->tempo = number_of(object, "tempo", 0, 1000);
    clock->quarters = number_of(object, "beat", -1e9, 1e9);
    clock->locked = flag_of(object, "locked");
    clock->running = flag_of(object, "running");
    clock->at = now;
}

static void read_piece(struct scene_piece *piece, const json_t *object)
{
    piece->known = json_is_object(object);
    if (!piece->known)
        return;
    text_of(object, "name", piece->name, sizeof piece->name);
    piece->bar = number_of(object, "bar", 0, 1e9);
    piece->beat = number_of(object, "beat_of_bar", 1, 1e3);
    piece->since = number_of(object, "since", 0, 1e9);
    read_meter(object, &piece->beats, &piece->unit);
    piece->confidence = number_of(object, "confidence", 0, 1);
}

static void read_counts(struct scene_counts *counts, const json_t *status)
{
    const json_t *events = json_object_get(status, "events");
    const json_t *latency = json_object_get(status, "latency_us");
    counts->notes = count_of(status, "notes");
    counts->corrected = count_of(status, "corrected");
    counts->dropped = count_of(events, "dropped");
    counts->overruns = count_of(events, "overruns");
    counts->p50 = number_of(latency, "p50", 0, 1e12);
    counts->p99 = number_of(latency, "p99", 0, 1e12);
    counts->most = number_of(latency, "max", 0, 1e12);
}

static void read_recording(struct scene_recording *recording, const json_t *object)
{
    recording->on = json_is_object(object);
    recording->notes = count_of(object, "notes");
    text_of(object, "trouble", recording->trouble, sizeof recording->trouble);
}

/* A piece that was learned while the monitor looked is news. */
static void read_learned(struct scene *scene, const json_t *object, bool first, double now)
{
    struct scene_learned *learned = &scene->learned, before = *learned;
    char news[SCENE_TEXT];
    text_of(object, "last", learned->name, sizeof learned->name);
    learned->heard = count_of(object, "heard");
    bool same = strcmp(learned->name, before.name) == 0 && learned->heard == before.heard;
    if (first || same || !learned->name[0])
        return;
    snprintf(news, sizeof news, "heard %lld times: %.400s", learned->heard, learned->name);
    scene_say(scene, now, news);
}

static void read_status(struct scene *scene, const json_t *status, bool settled, double now)
{
    const json_t *repertoire = json_object_get(status, "repertoire");
    bool first = !scene->known;
    scene->known = true;
    scene->uptime = number_of(status, "uptime", 0, 1e12);
    if (settled) {
        text_of(status, "mode", scene->mode, sizeof scene->mode);
        scene->bypass = flag_of(status, "bypass");
        scene->follow = number_of(status, "follow", 0, 100);
        scene->keep = number_of(status, "keep", 0, 100);
    }
    scene->pieces = count_of(repertoire, "pieces");
    scene->learning = !flag_of(repertoire, "complete");
    read_ports(&scene->ports, json_object_get(status, "ports"));
    read_clock(&scene->clock, json_object_get(status, "clock"), now);
    read_piece(&scene->piece, json_object_get(status, "piece"));
    read_counts(&scene->counts, status);
    read_recording(&scene->recording, json_object_get(status, "recording"));
    read_learned(scene, json_object_get(status, "learning"), first, now);
}

/* --- Lines --- */

static int read_object(struct scene *scene, const json_t *object, bool settled, double now,
                       struct error *error)
{
    const char *watch = json_string_value(json_object_get(object, "watch"));
    const json_t *ok = json_object_get(object, "ok");
    const char *why = json_string_value(json_object_get(object, "error"));
    if (watch)
        return read_watch(scene, object, watch, now, error);
    if (!json_is_boolean(ok))
        return error_set(error, "the service says what is not understood");
    if (!json_is_true(ok)) {
        error_set(error, "the service refuses: %s", why ? why : "it does not say why");
        return SCENE_REFUSED;
    }
    if (json_is_object(json_object_get(object, "clock"))) {
        read_status(scene, object, settled, now);
        return SCENE_STATUS;
    }
    return SCENE_DONE;
}

int scene_read(struct scene *scene, const char *line, size_t length, bool settled, double now,
               struct error *error)
{
    json_t *object = json_loadb(line, length, 0, NULL);
    int kind = read_object(scene, object, settled, now, error);
    json_decref(object);
    return kind;
}

void scene_connect(struct scene *scene, bool connected)
{
    forget_keys(scene);
    scene->connected = connected;
    scene->known = false;
}

/* --- Time --- */

void scene_say(struct scene *scene, double now, const char *text)
{
    snprintf(scene->notice, sizeof scene->notice, "%s", text);
    scene->notice_until = now + NOTICE_SECONDS;
}

static void begin_row(struct scene *scene)
{
    scene->rolled++;
    for (int key = 0; key < SCENE_KEYS; key++) {
        enum scene_trace held = scene->origin[key] == key ? SCENE_HELD : SCENE_INSTEAD_HELD;
        *trace(scene, key) = (uint8_t)(scene_sounds(scene, key) ? held : SCENE_NOTHING);
    }
}

void scene_tick(struct scene *scene, double now)
{
    const double row = 1e-3 * SCENE_ROLL_MS;
    if (scene->notice[0] && now > scene->notice_until)
        scene->notice[0] = '\0';
    if (!(now - scene->roll_began < row * SCENE_ROLL)) /* nobody looked for long */
        scene->roll_began = now - row * SCENE_ROLL;
    while (now - scene->roll_began >= row) {
        begin_row(scene);
        scene->roll_began += row;
    }
}

struct scene_beat scene_beat(const struct scene *scene, double now)
{
    const struct scene_clock *clock = &scene->clock;
    bool by_notes = strcmp(clock->source, "auto") == 0;
    struct scene_beat beat = {.known = scene->known && clock->running};
    if (by_notes && (!clock->locked || now - scene->struck_at > REST_SECONDS))
        beat.known = false;
    const struct scene_piece *piece = &scene->piece;
    beat.beats = piece->known ? piece->beats : clock->beats;
    beat.unit = piece->known ? piece->unit : clock->unit;
    double quarters =
        (piece->known ? piece->since : clock->quarters) + (now - clock->at) * clock->tempo / 60;
    double beats = quarters * beat.unit / 4 + (piece->known ? piece->beat - 1 : 0);
    double bar = floor(beats / beat.beats);
    beat.bar = bar + (piece->known ? piece->bar : 1);
    beat.beat = beats - bar * beat.beats + 1;
    return beat;
}
