/* Any bytes as a Standard MIDI File: a sentence, or a file that keeps its
 * promises when its notes are changed, saved, loaded and rewritten. */
#include "base/rng.h"
#include "filter/learned.h"
#include "midi/midifile.h"
#include "target.h"

static struct midifile *load(const uint8_t *bytes, size_t length)
{
    struct error error = {""};
    struct midifile *file = midifile_load_memory(bytes, length, "input", &error);
    if (!file)
        MUST(strncmp(error.text, "input: ", 7) == 0 && strlen(error.text) > 12);
    return file;
}

static struct midifile *reload(const struct midifile *file)
{
    size_t length;
    const uint8_t *bytes = midifile_bytes(file, &length);
    struct midifile *again = load(bytes, length);
    MUST(again);
    return again;
}

static void look_at_all(const struct midifile *file)
{
    uint32_t count;
    double seconds = 0;
    size_t sum = 0;
    for (uint32_t i = 0; i < midifile_events(file); i++) {
        struct midi_event event = midifile_event(file, i);
        MUST(event.seconds >= seconds);
        seconds = event.seconds;
        for (uint32_t k = 0; k < event.length; k++)
            sum += event.data[k];
    }
    for (uint32_t t = 0; t < midifile_tracks(file); t++)
        sum += strlen(midifile_track_name(file, t));
    const struct midifile_tempo *tempo = midifile_tempos(file, &count);
    for (uint32_t i = 1; i < count; i++)
        MUST(tempo[i].tick > tempo[i - 1].tick);
    const struct midifile_meter *meter = midifile_meters(file, &count);
    for (uint32_t i = 1; i < count; i++)
        MUST(meter[i].tick > meter[i - 1].tick);
    MUST(midifile_length_seconds(file) >= seconds && sum < SIZE_MAX);
    midifile_notes(file, &count);
    float *doubt = learned_doubts(file);
    for (uint32_t i = 0; doubt && i < count; i++)
        MUST(doubt[i] >= 0 && doubt[i] <= 1);
    free(doubt);
}

/* But for the note numbers of events that belong to notes. */
static void must_be_same(const struct midifile *a, const struct midifile *b)
{
    uint32_t notes, more;
    midifile_notes(a, &notes);
    midifile_notes(b, &more);
    MUST(notes == more && midifile_events(a) == midifile_events(b));
    MUST(midifile_ppq(a) == midifile_ppq(b) && midifile_format(a) == midifile_format(b));
    for (uint32_t i = 0; i < midifile_events(a); i++) {
        struct midi_event x = midifile_event(a, i), y = midifile_event(b, i);
        MUST(x.tick == y.tick && x.track == y.track && x.status == y.status && x.meta == y.meta &&
             x.length == y.length && x.seconds == y.seconds);
        uint32_t from = midifile_event_note(a, i) != MIDIFILE_NONE ? 1 : 0;
        MUST(memcmp(x.data + from, y.data + from, x.length - from) == 0);
    }
}

static void change_pitches(struct midifile *file, struct rng *rng)
{
    uint32_t count;
    const struct midifile_note *note = midifile_notes(file, &count);
    for (uint32_t n = 0; n < count; n++) {
        MUST(note[n].pitch < 128 && note[n].velocity > 0 && note[n].channel < 16);
        if (rng_below(rng, 2))
            MUST(midifile_set_pitch(file, n, (uint8_t)rng_below(rng, 128)) == 0);
    }
    MUST(midifile_set_pitch(file, count, 60) == -1);
}

static void rewrite(const struct midifile *file, struct rng *rng)
{
    uint32_t count;
    const struct midifile_note *note = midifile_notes(file, &count);
    struct midifile_new_note *list = malloc((count + 1) * sizeof *list);
    MUST(list);
    for (uint32_t n = 0; n < count; n++)
        list[n] = (struct midifile_new_note){
            .track = note[n].track,
            .tick = note[n].tick ^ rng_below(rng, 2),
            .duration_ticks = note[n].duration_ticks >> rng_below(rng, 2),
            .source = rng_below(rng, 4) ? n : MIDIFILE_NONE,
            .channel = note[n].channel,
            .pitch = note[n].pitch,
            .velocity = note[n].velocity,
        };
    struct error error;
    struct midifile *made = midifile_rewrite_notes(file, list, count, &error);
    if (made) {
        uint32_t notes;
        midifile_notes(made, &notes);
        MUST(notes == count);
        midifile_free(reload(made));
    }
    midifile_free(made);
    free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct midifile *file = load(data, size);
    if (!file)
        return 0;
    struct rng rng;
    rng_seed(&rng, midifile_checksum(file), 0);
    look_at_all(file);
    struct midifile *before = reload(file);
    must_be_same(file, before);
    change_pitches(file, &rng);
    struct midifile *after = reload(file);
    must_be_same(before, file);
    must_be_same(file, after);
    rewrite(file, &rng);
    midifile_free(after);
    midifile_free(before);
    midifile_free(file);
    return 0;
}
