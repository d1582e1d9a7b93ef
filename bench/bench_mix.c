/* Who decides when a player leaves a piece: sessions of a piece from its beginning,
 * something that is not in the repertoire, another piece from its middle, and the
 * first again with two restarts, all with wrong notes.
 *
 *     bench_mix [-t TRACK] [-n SESSIONS] [-p P] STYLE.model PIECE.mid... -- OTHER.mid...
 *
 * Prints per cent of notes on the pitch that was meant, by stretch, from two bars
 * after each change, for the pieces alone, the style alone, and both together.
 * P of the notes are wrong by one or two semitones (.1). */
#include "filter/take.h"
#include "midi/midifile.h"
#include "music.h"
#include "piece/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 256, STRETCHES = 4, PARTS = 6, EXPERTS = 3, SETTLED = 2 };

/* Bars of each part; the last three are one stretch: restarts. */
static const uint32_t bars[PARTS] = {24, 24, 24, 8, 8, 16};
static const int stretch_of[PARTS] = {0, 1, 2, 3, 3, 3};
static const char *const stretch_name[STRETCHES] = {"a piece from its beginning", "other music",
                                                    "another piece from its middle",
                                                    "the first again, two restarts"};

struct music {
    struct song *song[MOST];
    size_t count;
};

struct part {
    size_t first, last; /* notes that count */
    int stretch;
};

struct counts {
    size_t notes[STRETCHES], played[STRETCHES], right[EXPERTS][STRETCHES];
};

static void fail(const char *why)
{
    fprintf(stderr, "bench_mix: %s\n", why);
    exit(1);
}

static struct song *read_song(const char *path, const char *track)
{
    struct error error = {""};
    struct take_choice choice = {.tracks = track};
    struct midifile *file = midifile_load(path, &error);
    struct take *take = file ? take_create(file, path, &choice, &error) : NULL;
    struct song *song = take ? take_song(take, file, path, &error) : NULL;
    if (!song)
        fail(error.text);
    take_free(take);
    midifile_free(file);
    return song;
}

static void add_part(struct playing *playing, struct part *part, const struct song *song,
                     uint32_t from, int number)
{
    double start = playing->end;
    size_t first = playing->count;
    playing_add(playing, song, from, from + bars[number] * MUSIC_BAR);
    while (first < playing->count && playing->note[first].slot < start + SETTLED * MUSIC_BAR)
        first++;
    *part = (struct part){first, playing->count, stretch_of[number]};
}

static const struct song *draw(const struct music *music, struct rng *rng,
                               const struct song *not_this)
{
    const struct song *song;
    do
        song = music->song[rng_below(rng, (uint32_t)music->count)];
    while (song == not_this);
    return song;
}

static void session(const struct music *pieces, const struct music *others,
                    const struct model *const models[2], double wrong, uint64_t seed,
                    struct counts *counts)
{
    struct playing playing = {0};
    struct part part[PARTS];
    struct rng rng;
    rng_seed(&rng, seed, 0);
    const struct song *a = draw(pieces, &rng, NULL), *b = draw(pieces, &rng, a);
    const struct song *other = draw(others, &rng, NULL);
    add_part(&playing, &part[0], a, 0, 0);
    add_part(&playing, &part[1], other, 8 * MUSIC_BAR, 1);
    add_part(&playing, &part[2], b, b->slots / (2 * MUSIC_BAR) * MUSIC_BAR, 2);
    for (int number = 3; number < PARTS; number++)
        add_part(&playing, &part[number], a, 0, number);
    playing_shift(&playing, &rng, wrong, 2);
    for (int e = 0; e < EXPERTS; e++) {
        static const size_t first[EXPERTS] = {0, 1, 0}, count[EXPERTS] = {1, 1, 2};
        struct correct_settings settings = correct_defaults();
        struct corrector *corrector = corrector_open(models + first[e], count[e], &settings, NULL);
        if (!corrector)
            fail("out of memory");
        playing_play(&playing, corrector);
        corrector_close(corrector);
        for (int p = 0; p < PARTS; p++)
            for (size_t i = part[p].first; i < part[p].last; i++) {
                counts->right[e][part[p].stretch] += playing.sent[i] == playing.meant[i];
                counts->notes[part[p].stretch] += e == 0;
                counts->played[part[p].stretch] +=
                    e == 0 && playing.note[i].pitch == playing.meant[i];
            }
    }
    playing_free(&playing);
}

int main(int argc, char **argv)
{
    static struct music pieces, others;
    const char *track = NULL;
    int sessions = 40, option;
    double wrong = .1;
    while ((option = getopt(argc, argv, "+t:n:p:")) != -1) {
        if (option == 't')
            track = optarg;
        else if (option == 'n')
            sessions = atoi(optarg);
        else if (option == 'p')
            wrong = atof(optarg);
        else
            return 2;
    }
    struct error error;
    struct model *style = optind < argc ? model_load(argv[optind], &error) : NULL;
    if (!style)
        fail(optind < argc ? error.text : "expected STYLE.model PIECE.mid... -- OTHER.mid...");
    struct music *music = &pieces;
    for (int i = optind + 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0)
            music = &others;
        else if (music->count < MOST)
            music->song[music->count++] = read_song(argv[i], track);
    }
    if (pieces.count < 2 || others.count == 0)
        fail("expected two pieces at least, and other music after --");
    struct model *repertoire = music_model(pieces.song, pieces.count);
    const struct model *const models[2] = {repertoire, style};
    struct counts counts = {0};
    for (int s = 0; s < sessions; s++)
        session(&pieces, &others, models, wrong, (uint64_t)s + 1, &counts);
    printf("%-32s %8s %8s %8s %8s %8s\n", "exact %", "notes", "played", "pieces", "style", "both");
    for (int k = 0; k < STRETCHES; k++)
        printf("%-32s %8zu %8.2f %8.2f %8.2f %8.2f\n", stretch_name[k], counts.notes[k],
               100. * (double)counts.played[k] / (double)counts.notes[k],
               100. * (double)counts.right[0][k] / (double)counts.notes[k],
               100. * (double)counts.right[1][k] / (double)counts.notes[k],
               100. * (double)counts.right[2][k] / (double)counts.notes[k]);
    return 0;
}
