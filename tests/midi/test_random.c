/* Properties that must hold of every file, on random files known event by event. */
#include "base/rng.h"
#include "midi/midifile.h"
#include "smfgen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FILES = 400 };

static struct midifile *load(const struct smfgen *gen)
{
    struct error error = {""};
    struct midifile *file = midifile_load_memory(gen->bytes, gen->length, "random", &error);
    if (!file)
        print_error("%s\n", error.text);
    assert_non_null(file);
    return file;
}

static struct midifile *reload(const struct midifile *file)
{
    size_t length;
    const uint8_t *bytes = midifile_bytes(file, &length);
    struct error error = {""};
    struct midifile *again = midifile_load_memory(bytes, length, "saved", &error);
    if (!again)
        print_error("%s\n", error.text);
    assert_non_null(again);
    return again;
}

static int by_time(const void *a, const void *b)
{
    const struct smfgen_event *x = a, *y = b;
    if (x->tick != y->tick)
        return x->tick < y->tick ? -1 : 1;
    if (x->track != y->track)
        return x->track < y->track ? -1 : 1;
    return x->data < y->data ? -1 : x->data > y->data;
}

static bool carries_pitch(const struct midi_event *event)
{
    uint8_t kind = midi_kind(event);
    return kind == MIDI_NOTE_ON || kind == MIDI_NOTE_OFF || kind == MIDI_POLY_AFTERTOUCH;
}

/* Every event meant is there, in order, and no other. */
static void same_as_meant(const struct midifile *file, const struct smfgen *gen, bool mask_pitch)
{
    assert_int_equal(midifile_events(file), gen->events);
    for (uint32_t i = 0; i < gen->events; i++) {
        struct midi_event got = midifile_event(file, i);
        const struct smfgen_event *want = &gen->event[i];
        assert_int_equal(got.tick, want->tick);
        assert_int_equal(got.track, want->track);
        assert_int_equal(got.status, want->status);
        assert_int_equal(got.meta, want->meta);
        assert_int_equal(got.length, want->length);
        uint32_t from = mask_pitch && carries_pitch(&got) ? 1 : 0;
        assert_memory_equal(got.data + from, gen->pool + want->data + from, got.length - from);
    }
}

/* Gives every event, also one without data, an offset of its own, so that
 * by_time keeps the order inside a track. */
static void spread_offsets(struct smfgen *gen)
{
    uint8_t *pool = malloc(gen->pooled + gen->events);
    assert_non_null(pool);
    size_t used = 0;
    for (size_t i = 0; i < gen->events; i++) {
        memcpy(pool + used, gen->pool + gen->event[i].data, gen->event[i].length);
        gen->event[i].data = used;
        used += gen->event[i].length + 1;
    }
    free(gen->pool);
    gen->pool = pool;
}

static void make(struct smfgen *gen, uint64_t seed)
{
    smfgen_make(gen, seed, seed % 3 != 0);
    spread_offsets(gen);
    qsort(gen->event, gen->events, sizeof *gen->event, by_time);
}

static void every_event_is_read(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < FILES; seed++) {
        struct smfgen gen;
        make(&gen, seed);
        struct midifile *file = load(&gen);
        same_as_meant(file, &gen, false);
        assert_int_equal(midifile_ppq(file), gen.division);
        assert_int_equal(midifile_tracks(file), gen.tracks);
        smfgen_free(&gen);
        midifile_free(file);
    }
}

static void unchanged_is_saved_unchanged(void **state)
{
    (void)state;
    int clean = 0;
    for (uint64_t seed = 0; seed < FILES; seed++) {
        struct smfgen gen;
        make(&gen, seed);
        struct midifile *file = load(&gen);
        size_t length;
        const uint8_t *bytes = midifile_bytes(file, &length);
        if (gen.clean) {
            clean++;
            assert_int_equal(length, gen.length);
            assert_memory_equal(bytes, gen.bytes, length);
        }
        struct midifile *again = reload(file);
        same_as_meant(again, &gen, false);
        size_t twice;
        const uint8_t *same = midifile_bytes(again, &twice);
        assert_int_equal(twice, length);
        assert_memory_equal(same, bytes, length);
        midifile_free(again);
        midifile_free(file);
        smfgen_free(&gen);
    }
    assert_in_range(clean, FILES / 4, FILES - 1);
}

static void new_pitches_change_nothing_else(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < FILES; seed++) {
        struct smfgen gen;
        make(&gen, seed);
        struct midifile *file = load(&gen);
        struct rng rng;
        rng_seed(&rng, seed, 9);
        uint32_t count;
        const struct midifile_note *note = midifile_notes(file, &count);
        for (uint32_t n = 0; n < count; n++)
            if (rng_below(&rng, 3))
                assert_int_equal(midifile_set_pitch(file, n, (uint8_t)rng_below(&rng, 128)), 0);
        same_as_meant(file, &gen, true);
        /* Each note's own events follow it, orphans stay. */
        for (uint32_t i = 0; i < midifile_events(file); i++) {
            struct midi_event event = midifile_event(file, i);
            uint32_t n = midifile_event_note(file, i);
            if (n != MIDIFILE_NONE)
                assert_int_equal(event.data[0], note[n].pitch);
            else if (carries_pitch(&event))
                assert_int_equal(event.data[0], gen.pool[gen.event[i].data]);
        }
        struct midifile *again = reload(file);
        same_as_meant(again, &gen, true);
        midifile_free(again);
        midifile_free(file);
        smfgen_free(&gen);
    }
}

/* The pairing said in midifile.h, done the slow way. */
static void notes_are_paired_as_said(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < FILES; seed += 4) {
        struct smfgen gen;
        make(&gen, seed);
        struct midifile *file = load(&gen);
        uint32_t count, events = midifile_events(file), n = 0;
        const struct midifile_note *note = midifile_notes(file, &count);
        uint32_t *owner = malloc((events + 1) * sizeof *owner);
        assert_non_null(owner);
        memset(owner, 0xFF, events * sizeof *owner);
        for (uint32_t i = 0; i < events; i++) {
            struct midi_event on = midifile_event(file, i);
            if (!midi_is_note_on(&on))
                continue;
            assert_int_equal(note[n].tick, on.tick);
            assert_int_equal(note[n].track, on.track);
            assert_int_equal(note[n].velocity, on.data[1]);
            for (uint32_t j = i + 1; j < events; j++) {
                struct midi_event off = midifile_event(file, j);
                if (off.track != on.track || !midi_is_note_off(&off) ||
                    midi_channel(&off) != midi_channel(&on) || off.data[0] != on.data[0] ||
                    owner[j] != MIDIFILE_NONE)
                    continue;
                owner[j] = n;
                assert_int_equal(midifile_event_note(file, j), n);
                assert_true(note[n].released);
                assert_int_equal(note[n].duration_ticks, off.tick - on.tick);
                break;
            }
            n++;
        }
        assert_int_equal(n, count);
        free(owner);
        midifile_free(file);
        smfgen_free(&gen);
    }
}

/* Giving all notes back as they were gives the same events. */
static void rewriting_the_same_notes_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < FILES; seed++) {
        struct smfgen gen;
        make(&gen, seed);
        struct midifile *file = load(&gen);
        uint32_t count;
        const struct midifile_note *note = midifile_notes(file, &count);
        struct midifile_new_note *list = malloc((count + 1) * sizeof *list);
        assert_non_null(list);
        bool across = false;
        for (uint32_t i = 0; i < count; i++)
            list[i] = (struct midifile_new_note){
                note[i].track,   note[i].tick,  note[i].duration_ticks, i,
                note[i].channel, note[i].pitch, note[i].velocity};
        /* What belongs to a note of another track moves to that note's track. */
        for (uint32_t i = 0; i < midifile_events(file); i++) {
            uint32_t n = midifile_event_note(file, i);
            across |= n != MIDIFILE_NONE && midifile_event(file, i).track != note[n].track;
        }
        struct error error = {""};
        struct midifile *made = midifile_rewrite_notes(file, list, count, &error);
        assert_non_null(made);
        if (!across)
            same_as_meant(made, &gen, false);
        assert_int_equal(midifile_events(made), gen.events);
        midifile_free(made);
        free(list);
        midifile_free(file);
        smfgen_free(&gen);
    }
}

/* Notes anywhere, some made from old ones: all come out as asked. */
static void rewritten_notes_are_there(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < FILES; seed++) {
        struct smfgen gen;
        make(&gen, seed);
        struct midifile *file = load(&gen);
        struct rng rng;
        rng_seed(&rng, seed, 11);
        uint32_t old;
        midifile_notes(file, &old);
        struct midifile_new_note list[200];
        uint32_t count = rng_below(&rng, 200);
        for (uint32_t i = 0; i < count; i++)
            list[i] = (struct midifile_new_note){
                .track = rng_below(&rng, gen.tracks),
                .tick = rng_below(&rng, 2000),
                .duration_ticks = rng_below(&rng, 4) ? 1 + rng_below(&rng, 500) : 0,
                .source = old && rng_below(&rng, 2) ? rng_below(&rng, old) : MIDIFILE_NONE,
                .channel = (uint8_t)(2 + rng_below(&rng, 14)),
                .pitch = (uint8_t)(i % 128),
                .velocity = (uint8_t)(1 + rng_below(&rng, 127))};
        struct error error = {""};
        struct midifile *made = midifile_rewrite_notes(file, list, count, &error);
        assert_non_null(made);
        uint32_t notes;
        const struct midifile_note *note = midifile_notes(made, &notes);
        assert_int_equal(notes, count);
        for (uint32_t i = 0; i < count; i++) {
            bool found = false;
            for (uint32_t n = 0; n < notes; n++)
                found |= note[n].track == list[i].track && note[n].tick == list[i].tick &&
                         note[n].channel == list[i].channel && note[n].pitch == list[i].pitch &&
                         note[n].velocity == list[i].velocity && note[n].released;
            assert_true(found);
        }
        midifile_free(made);
        midifile_free(file);
        smfgen_free(&gen);
    }
}

/* Damage of every kind: a file or a sentence that names it, never anything else. */
static void damaged_files_are_stood(void **state)
{
    (void)state;
    int loaded = 0, refused = 0;
    for (uint64_t seed = 0; seed < 10 * FILES; seed++) {
        struct smfgen gen;
        smfgen_make(&gen, seed / 10, true);
        struct rng rng;
        rng_seed(&rng, seed, 13);
        for (uint32_t i = 1 + rng_below(&rng, 4); i > 0; i--)
            gen.bytes[rng_below(&rng, (uint32_t)gen.length)] = (uint8_t)rng_below(&rng, 256);
        if (rng_below(&rng, 3) == 0)
            gen.length = rng_below(&rng, (uint32_t)gen.length + 1);
        struct error error = {""};
        struct midifile *file = midifile_load_memory(gen.bytes, gen.length, "damaged", &error);
        if (file) {
            loaded++;
            struct midifile *again = reload(file);
            size_t length, twice;
            const uint8_t *bytes = midifile_bytes(file, &length);
            const uint8_t *same = midifile_bytes(again, &twice);
            assert_int_equal(twice, length);
            assert_memory_equal(same, bytes, length);
            midifile_free(again);
        } else {
            refused++;
            assert_memory_equal(error.text, "damaged: ", 9);
            assert_null(strchr(error.text, '\n'));
        }
        midifile_free(file);
        smfgen_free(&gen);
    }
    assert_true(loaded > 8 * FILES && refused > FILES / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_is_read),
        cmocka_unit_test(unchanged_is_saved_unchanged),
        cmocka_unit_test(new_pitches_change_nothing_else),
        cmocka_unit_test(notes_are_paired_as_said),
        cmocka_unit_test(rewriting_the_same_notes_changes_nothing),
        cmocka_unit_test(rewritten_notes_are_there),
        cmocka_unit_test(damaged_files_are_stood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
