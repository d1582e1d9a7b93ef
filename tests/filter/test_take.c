/* Choosing and placing of notes, songs, and both ways through a corrector. */
#include "filter/take.h"
#include "tests/midi/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A file made by hand: 480 ticks a quarter note, tracks of (delta, status, key, velocity). */
struct event {
    unsigned delta;
    unsigned char status, key, velocity;
};

struct track {
    const char *name;
    const struct event *event;
    size_t count;
};

#define EVENTS(events) (events), sizeof(events) / sizeof *(events)

static void put_track(struct bytes *to, const struct track *track)
{
    const uint8_t name[] = {0, 0xFF, 3, (uint8_t)strlen(track->name)}, end[] = {END};
    struct bytes bytes = {.length = 0};
    bytes_put(&bytes, name, sizeof name);
    bytes_put(&bytes, track->name, strlen(track->name));
    for (size_t i = 0; i < track->count; i++) {
        const struct event *event = &track->event[i];
        const uint8_t data[] = {(uint8_t)(0x80 | event->delta >> 7), event->delta & 0x7F,
                                event->status, event->key, event->velocity};
        bytes_put(&bytes, data, sizeof data);
    }
    bytes_put(&bytes, end, sizeof end);
    bytes_track(to, bytes.at, bytes.length);
}

static struct midifile *file_of(const struct track *track, uint8_t tracks)
{
    struct error error;
    struct bytes bytes = bytes_header(tracks > 1, tracks, 480);
    for (uint8_t t = 0; t < tracks; t++)
        put_track(&bytes, &track[t]);
    struct midifile *file = midifile_load_memory(bytes.at, bytes.length, "made.mid", &error);
    if (!file)
        fail_msg("%s", error.text);
    return file;
}

static const struct event high[] = {
    {0, 0x90, 72, 80}, {240, 0x80, 72, 0}, {0, 0x90, 74, 80},  {240, 0x80, 74, 0},
    {0, 0x91, 76, 80}, {480, 0x81, 76, 0}, {10, 0x90, 77, 80}, {110, 0x80, 77, 0},
};
static const struct event low[] = {
    {0, 0x92, 48, 70},
    {960, 0x82, 48, 0},
    {0, 0x92, 43, 70},
    {960, 0x82, 43, 0},
};
static const struct event drums[] = {
    {0, 0x99, 36, 100},
    {480, 0x89, 36, 0},
    {0, 0x99, 38, 100},
    {480, 0x89, 38, 0},
};

static struct midifile *band(void)
{
    const struct track tracks[] = {
        {"Melody", EVENTS(high)}, {"Bass", EVENTS(low)}, {"Kit", EVENTS(drums)}};
    return file_of(tracks, 3);
}

/* Two tracks of these names, with four notes in the first and two in the second. */
static struct midifile *two_tracks(const char *first, const char *second)
{
    return file_of((const struct track[]){{first, EVENTS(high)}, {second, EVENTS(low)}}, 2);
}

/* The take at the file's own grid. */
static struct take *take_of(const struct midifile *file, const char *tracks)
{
    struct error error;
    struct take_choice choice = {.tracks = tracks, .grid = TAKE_GRID_FILE};
    struct take *take = take_create(file, "made.mid", &choice, &error);
    if (!take)
        fail_msg("%s", error.text);
    return take;
}

static void test_channels(void **state)
{
    (void)state;
    struct error error;
    uint16_t channels = 0;
    assert_int_equal(take_read_channels("1-9,11", &channels, &error), 0);
    assert_int_equal(channels, 0x5ff);
    assert_int_equal(take_read_channels("16", &channels, &error), 0);
    assert_int_equal(channels, 0x8000);
    assert_int_equal(take_read_channels("1-16", &channels, &error), 0);
    assert_int_equal(channels, 0xffff);
    const char *const wrong[] = {"", "0", "17", "5-2", "1,", ",1", "1-", "a", "1 2", "1;2", "0001"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(take_read_channels(wrong[i], &channels, &error), -1);
        assert_int_equal(channels, 0xffff);
    }
}

static size_t count_of(const struct midifile *file, struct take_choice choice)
{
    struct error error;
    struct take *take = take_create(file, "made.mid", &choice, &error);
    size_t count = take ? take->count : 0;
    take_free(take);
    return count;
}

static void test_choice(void **state)
{
    (void)state;
    struct midifile *file = band();
    assert_int_equal(count_of(file, (struct take_choice){0}), 6);
    assert_int_equal(count_of(file, (struct take_choice){.channels = 1 << 9}), 2);
    assert_int_equal(count_of(file, (struct take_choice){.channels = 0xffff}), 8);
    assert_int_equal(count_of(file, (struct take_choice){.channels = 1}), 3);
    assert_int_equal(count_of(file, (struct take_choice){.tracks = "melody"}), 4);
    assert_int_equal(count_of(file, (struct take_choice){.tracks = "2"}), 2);
    assert_int_equal(count_of(file, (struct take_choice){.tracks = "BASS,1"}), 6);
    assert_int_equal(count_of(file, (struct take_choice){.tracks = "Kit"}), 2);
    assert_int_equal(count_of(file, (struct take_choice){.tracks = "Kit", .channels = 1}), 0);
    assert_int_equal(count_of(file, (struct take_choice){.tracks = "Mel"}), 0);
    assert_int_equal(count_of(file, (struct take_choice){.tracks = "4"}), 0);
    assert_int_equal(count_of(file, (struct take_choice){.tracks = ""}), 0);
    midifile_free(file);
}

static size_t count_named(const char *name)
{
    const struct track tracks[] = {{"Melody", high, 4}, {name, EVENTS(low)}};
    struct midifile *file = file_of(tracks, 2);
    size_t count = count_of(file, (struct take_choice){0});
    midifile_free(file);
    return count;
}

static void test_tracks_named_as_drums(void **state)
{
    (void)state;
    const char *const named[] = {"Drums",   "DRUM KIT",     "Snare 2", "1-Percussion", "Schlagzeug",
                                 "BATERÍA", "Batt. (Kick)", "hi-hat",  "Perkusja",     "Ударные"};
    const char *const music[] = {"Drummer boy", "Steel Drums", "Kitty", "Piano", "", "Kicking"};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (count_named(named[i]) != 2)
            fail_msg("%s", named[i]);
    for (size_t i = 0; i < sizeof music / sizeof *music; i++)
        if (count_named(music[i]) != 4)
            fail_msg("%s", music[i]);
}

/* Notes are drums from the bank on, until the next program of another. */
static void test_drum_kits(void **state)
{
    (void)state;
    static const struct event events[] = {
        {0, 0x91, 60, 80}, {10, 0x91, 60, 0}, {0, 0xB1, 0, 127}, {0, 0x91, 38, 80},
        {9, 0x91, 38, 0},  {0, 0x92, 60, 80}, {9, 0x92, 60, 0},  {0, 0xB1, 0, 0},
        {0, 0x91, 36, 80}, {9, 0x91, 36, 0},
    };
    struct midifile *file = file_of(&(struct track){"", EVENTS(events)}, 1);
    bool *found = take_find_drums(file);
    assert_non_null(found);
    const bool expected[] = {false, true, false, true};
    assert_memory_equal(found, expected, sizeof expected);
    assert_int_equal(count_of(file, (struct take_choice){0}), 2);
    assert_int_equal(count_of(file, (struct take_choice){.channels = 2}), 3);
    free(found);
    midifile_free(file);
}

/* Pitches given to the take's notes, and the pitch bytes that come of it: of note-ons,
 * releases and aftertouch in the file's order. */
static void check_sent(const struct event *events, size_t count, const uint8_t *given,
                       const uint8_t *expected)
{
    struct error error;
    struct midifile *file =
        file_of((const struct track[]){{"All", events, count}, {"Other", low, 0}}, 2);
    struct take *take = take_of(file, NULL);
    uint8_t pitches[16];
    memcpy(pitches, given, take->count);
    assert_int_equal(take_send(take, file, pitches, &error), 0);
    size_t at = 0;
    for (uint32_t i = 0; i < midifile_events(file); i++) {
        struct midi_event event = midifile_event(file, i);
        if (!midi_is_channel(&event))
            continue;
        if (midi_kind(&event) <= MIDI_POLY_AFTERTOUCH && event.data[0] != expected[at])
            fail_msg("event %zu: %d, expected %d", at, event.data[0], expected[at]);
        at++;
    }
    assert_int_equal(at, count);
    take_free(take);
    midifile_free(file);
}

static void test_what_is_sent(void **state)
{
    (void)state;
    /* Two keys on one pitch: it ends with the later; the first release goes where nothing
     * sounds, to its own number if that does not. */
    static const struct event two[] = {{0, 0x90, 60, 80}, {9, 0x90, 62, 80}, {9, 0xA0, 60, 5},
                                       {9, 0x80, 60, 33}, {9, 0x90, 62, 0},  {9, 0x80, 62, 1}};
    check_sent(two, 6, (uint8_t[]){70, 70}, (uint8_t[]){70, 70, 70, 60, 70, 62});
    check_sent(two, 6, (uint8_t[]){62, 62}, (uint8_t[]){62, 62, 62, 60, 62, 62});
    check_sent(two, 6, (uint8_t[]){60, 60}, (uint8_t[]){60, 60, 60, 59, 60, 62});
    check_sent(two, 6, (uint8_t[]){60, 62}, (uint8_t[]){60, 62, 60, 60, 62, 62});
    /* Strikes of one key end with its releases, the first with the first. */
    static const struct event again[] = {{0, 0x90, 60, 80}, {9, 0x90, 60, 80}, {9, 0x80, 60, 33},
                                         {9, 0x90, 60, 80}, {9, 0x80, 60, 1},  {9, 0x80, 60, 2}};
    check_sent(again, 6, (uint8_t[]){70, 71, 72}, (uint8_t[]){70, 71, 70, 72, 71, 72});
    check_sent(again, 6, (uint8_t[]){60, 71, 60}, (uint8_t[]){60, 71, 60, 60, 71, 60});
    /* Releases of both voices come. */
    static const struct event both[] = {{0, 0x90, 60, 80},
                                        {0, 0x90, 60, 80},
                                        {9, 0x80, 60, 33},
                                        {9, 0x80, 60, 80},
                                        {9, 0x80, 60, 1}};
    check_sent(both, 5, (uint8_t[]){70, 60}, (uint8_t[]){70, 60, 70, 60, 60});
    check_sent(both, 5, (uint8_t[]){60, 70}, (uint8_t[]){60, 70, 60, 70, 60});
    /* All notes off ends them; their releases end nothing that was struck since. */
    static const struct event off[] = {{0, 0x90, 60, 80},
                                       {9, 0xB0, 123, 0},
                                       {9, 0x90, 62, 80},
                                       {9, 0x80, 60, 33},
                                       {9, 0x80, 62, 33}};
    check_sent(off, 5, (uint8_t[]){60, 60}, (uint8_t[]){60, 0, 60, 59, 60});
}

/* Notes that are not corrected keep their pitches, also those on a corrected one's key. */
static void test_what_is_sent_beside_others(void **state)
{
    (void)state;
    struct error error;
    static const struct event mine[] = {{0, 0x90, 60, 80}, {20, 0x80, 60, 0}, {0, 0x90, 64, 80},
                                        {20, 0x80, 64, 0}, {0, 0x90, 60, 80}, {9, 0x80, 60, 0}};
    static const struct event others[] = {
        {10, 0x90, 60, 80}, {20, 0x80, 60, 0}, {5, 0x90, 66, 80}, {10, 0x80, 66, 0}};
    const struct track tracks[] = {{"Mine", EVENTS(mine)}, {"Others", EVENTS(others)}};
    struct midifile *file = file_of(tracks, 2);
    struct take *take = take_of(file, "Mine");
    uint8_t pitches[] = {62, 66, 62};
    assert_int_equal(take_send(take, file, pitches, &error), 0);
    /* By time: 60 on, 60 on, 60 off, 66 on, 60 off, 66 on, 64's release, 62, 66 off, 62 off. */
    const uint8_t expected[] = {62, 60, 62, 66, 60, 66, 64, 62, 66, 62};
    size_t at = 0;
    for (uint32_t i = 0; i < midifile_events(file); i++) {
        struct midi_event event = midifile_event(file, i);
        if (midi_is_channel(&event))
            assert_int_equal(event.data[0], expected[at++]);
    }
    take_free(take);
    midifile_free(file);
}

static void test_places(void **state)
{
    (void)state;
    struct midifile *file = band();
    struct take *take = take_of(file, NULL);
    const uint8_t pitch[] = {72, 48, 74, 76, 43, 77};
    const double tick[] = {0, 0, 240, 480, 960, 970};
    const double end[] = {240, 960, 480, 960, 1920, 1080};
    assert_int_equal(take->count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(take->note[i].pitch, pitch[i]);
        assert_float_equal(take->note[i].slot, tick[i] / 120, 1e-12);
        assert_float_equal(take->note[i].seconds, tick[i] / 960, 1e-9);
        assert_float_equal(take->release[i], end[i] / 960, 1e-9);
    }
    take_free(take);
    midifile_free(file);
}

static void test_song(void **state)
{
    (void)state;
    struct error error;
    struct midifile *file = band();
    struct take *take = take_of(file, NULL);
    struct song *song = take_song(take, file, "made", &error);
    assert_non_null(song);
    assert_int_equal(song->checksum, midifile_checksum(file));
    assert_int_equal(song->slots, 12);
    /* 72 and 48 are struck together, 77 ten ticks after 43: the file's order. */
    const uint8_t pitch[] = {72, 48, 74, 76, 43, 77};
    assert_int_equal(song->notes, 6);
    assert_memory_equal(song->pitch, pitch, 6);
    assert_int_equal(song->first[1], 2);
    assert_int_equal(song->first[8], 4);
    assert_int_equal(song->first[9], 6);
    song_free(song);
    take_free(take);
    midifile_free(file);
}

/* Onsets as they are written, the hands of the two tracks, and the same song as from the take. */
static void test_score(void **state)
{
    (void)state;
    struct error error;
    struct midifile *file = band();
    struct take *take = take_of(file, NULL);
    struct score *score = take_score(take, file, "made.mid", &error);
    assert_non_null(score);
    static const double quarter[] = {0, .5, 1, 2, 970 / 480.}, second[] = {0, .25, .5, 1};
    static const uint32_t first[] = {0, 2, 3, 4, 5, 6};
    static const uint8_t pitch[] = {72, 48, 74, 76, 43, 77};
    static const uint8_t hand[] = {SCORE_RIGHT, SCORE_LEFT, SCORE_RIGHT,
                                   SCORE_RIGHT, SCORE_LEFT, SCORE_RIGHT};
    static const float length[] = {.5F, 2, .5F, 1, 2, 110 / 480.F};
    assert_int_equal(score->onsets, 5);
    assert_memory_equal(score->quarter, quarter, sizeof quarter);
    assert_memory_equal(score->second, second, sizeof second);
    assert_memory_equal(score->first, first, sizeof first);
    assert_memory_equal(score->pitch, pitch, sizeof pitch);
    assert_memory_equal(score->hand, hand, sizeof hand);
    assert_memory_equal(score->length, length, sizeof length);
    assert_int_equal(score->bars, 1);
    assert_int_equal(score->bar[0].number, 1);
    struct song *song = take_song(take, file, "made", &error);
    struct song *same = score_song(score, "made", 0, &error);
    assert_true(song && same && song->slots == same->slots && song->notes == same->notes);
    assert_memory_equal(song->first, same->first, (song->slots + 1) * sizeof *song->first);
    assert_memory_equal(song->pitch, same->pitch, song->notes);
    song_free(song);
    song_free(same);
    score_free(score);
    take_free(take);
    midifile_free(file);
}

/* A name counts before the pitches do; part of another word is no name. */
static void test_hands(void **state)
{
    (void)state;
    static const struct {
        const char *names[2];
        uint8_t first;
    } cases[] = {{{"", ""}, SCORE_RIGHT},
                 {{"Piano left", "Piano right"}, SCORE_LEFT},
                 {{"L.H.", "copyright"}, SCORE_RIGHT},
                 {{"LH", "RH"}, SCORE_LEFT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct midifile *file = two_tracks(cases[i].names[0], cases[i].names[1]);
        struct take *take = take_of(file, NULL);
        uint8_t hands[6] = {0};
        assert_true(take->count == 6 && take_hands(take, file, hands));
        assert_int_equal(hands[0], cases[i].first);
        assert_int_equal(hands[1], !cases[i].first);
        take_free(take);
        midifile_free(file);
    }
}

static void test_off_sends_what_was_played(void **state)
{
    (void)state;
    struct error error;
    struct midifile *file = band();
    struct take *take = take_of(file, NULL);
    struct correct_settings settings = correct_defaults();
    settings.mode = CORRECT_OFF;
    struct corrector *corrector = corrector_open(NULL, 0, &settings, &error);
    for (int live = 0; live < 2; live++) {
        uint8_t sent[6] = {0};
        uint64_t nanoseconds[6] = {0};
        struct correct_place place[6];
        memset(place, 0x55, sizeof place);
        struct take_trace trace = {nanoseconds, place};
        assert_int_equal(take_correct(take->note, take->release, take->count, corrector, live, sent,
                                      &trace, &error),
                         0);
        for (size_t i = 0; i < 6; i++) {
            assert_int_equal(sent[i], take->note[i].pitch);
            if (live)
                assert_int_equal(place[i].piece, -1);
        }
    }
    corrector_close(corrector);
    take_free(take);
    midifile_free(file);
}

/* A grid that means nothing is found out, and one of the onsets' own is found. */
static void test_grid_is_found(void **state)
{
    (void)state;
    struct error error;
    struct event events[128];
    for (size_t i = 0; i < 64; i++) {
        unsigned step = i % 4 == 0 ? 398 : 199; /* 145 beats a minute at 120 of the file */
        events[2 * i] = (struct event){i == 0 ? 37 : 0, 0x90, (unsigned char)(60 + i * 5 % 12), 80};
        events[2 * i + 1] = (struct event){step, 0x80, events[2 * i].key, 0};
    }
    struct midifile *file = file_of(&(struct track){"Free", EVENTS(events)}, 1);
    struct take_choice choice = {.grid = TAKE_GRID_DECIDE};
    struct take *take = take_create(file, "made.mid", &choice, &error);
    assert_non_null(take);
    assert_false(take->fit.fits);
    assert_true(take->found);
    double last = 0;
    for (size_t i = 0; i < take->count; i++) {
        assert_true(take->note[i].slot >= last);
        last = take->note[i].slot;
    }
    /* Evenly spaced notes get even slots. */
    double step = take->note[2].slot - take->note[1].slot;
    assert_true(step >= 1);
    for (size_t i = 40; i + 1 < take->count; i++) {
        double expected = i % 4 == 0 ? 2 * step : step;
        assert_true(take->note[i + 1].slot - take->note[i].slot == expected);
    }
    take_free(take);
    midifile_free(file);
}

/* The file through the filter: the same notes as given to the corrector one by one,
 * where the beat has no say; and with a beat that was found. */
static void test_live(void **state)
{
    (void)state;
    struct error error;
    struct midifile *file = band();
    const struct take_choice choices[] = {{0}, {.tracks = "bass"}, {.channels = 1}};
    struct correct_settings settings = correct_defaults();
    settings.mode = CORRECT_SCALE;
    for (size_t c = 0; c < sizeof choices / sizeof *choices; c++) {
        struct take *take = take_create(file, "made.mid", &choices[c], &error);
        struct corrector *one = corrector_open(NULL, 0, &settings, &error);
        struct corrector *other = corrector_open(NULL, 0, &settings, &error);
        struct corrector *third = corrector_open(NULL, 0, &settings, &error);
        uint8_t expected[8] = {0}, sent[8] = {0}, played[8] = {0};
        uint64_t nanoseconds[8] = {0};
        struct correct_place place[8];
        const struct take_trace trace = {nanoseconds, place};
        assert_int_equal(
            take_correct(take->note, take->release, take->count, one, true, expected, NULL, &error),
            0);
        assert_int_equal(take_live(take, file, other, &settings, sent, NULL, &error), 0);
        assert_memory_equal(sent, expected, sizeof sent);
        assert_int_equal(take_play(take->note, take->release, take->count, third, &settings, played,
                                   &trace, &error),
                         0);
        assert_memory_equal(played, expected, sizeof played);
        for (size_t i = 0; i < take->count; i++)
            assert_true(nanoseconds[i] > 0 && place[i].piece == -1);
        assert_true(take->found);
        for (size_t i = 1; i < take->count; i++)
            assert_true(take->note[i].slot >= take->note[i - 1].slot - 0.5);
        assert_true(take->count < 3 || take->note[take->count - 1].slot > take->note[0].slot + 1);
        corrector_close(one);
        corrector_close(other);
        corrector_close(third);
        take_free(take);
    }
    settings.follow = -1;
    struct take *take = take_create(file, "made.mid", &choices[0], &error);
    assert_int_equal(take_live(take, file, NULL, &settings, NULL, NULL, &error), -1);
    assert_int_equal(
        take_play(take->note, take->release, take->count, NULL, &settings, NULL, NULL, &error), -1);
    take_free(take);
    midifile_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_tracks_named_as_drums),
        cmocka_unit_test(test_drum_kits),
        cmocka_unit_test(test_what_is_sent),
        cmocka_unit_test(test_what_is_sent_beside_others),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_song),
        cmocka_unit_test(test_score),
        cmocka_unit_test(test_hands),
        cmocka_unit_test(test_off_sends_what_was_played),
        cmocka_unit_test(test_live),
        cmocka_unit_test(test_grid_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
