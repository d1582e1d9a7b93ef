/* From takes to pieces. */
#include "draft/draft_private.h"

#include "piece/score.h"
#include "piece/split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    VOTES = 2,         /* rounds of following and voting */
    LEAST_KEYS = 16,   /* of a piece */
    PART_OF_A_PASS = 8 /* of the onsets, that make a pass worth counting */
};

static const double least_confidence = .5;  /* of beats that are written down */
static const double longest_take = 15 * 60; /* seconds; what is longer is practice */

struct draft_settings draft_defaults(void)
{
    return (struct draft_settings){.least = 1, .ends = true};
}

struct draft_key *draft_keys(const struct take *take)
{
    struct draft_key *key = malloc(take->count * sizeof *key);
    for (size_t i = 0; key && i < take->count; i++)
        key[i] = (struct draft_key){.seconds = take->note[i].seconds,
                                    .release = take->release[i],
                                    .pitch = take->note[i].pitch,
                                    .velocity = take->note[i].velocity};
    return key;
}

/* --- The material --- */

static void material_clear(struct material *material)
{
    free(material->key);
    free(material->take);
    free(material->used);
    free(material->begin);
}

static int check_take(const struct draft_take *take, size_t number, struct error *error)
{
    for (size_t i = 0; i < take->count; i++) {
        const struct draft_key *key = &take->key[i];
        if (!isfinite(key->seconds) || !isfinite(key->release) || key->pitch > 127 ||
            (i > 0 && key->seconds < take->key[i - 1].seconds))
            return error_set(error, "take %zu: note %zu is out of order or range", number + 1,
                             i + 1);
    }
    return 0;
}

static int material_make(struct material *material, const struct draft_take *takes, size_t count,
                         struct error *error)
{
    size_t all = 0;
    *material = (struct material){0};
    if (count < 1 || count > DRAFT_MOST_TAKES) {
        error_set(error, "%zu takes, expected 1 to %d", count, DRAFT_MOST_TAKES);
        return -1;
    }
    for (size_t t = 0; t < count; t++) {
        all += takes[t].count;
        if (check_take(&takes[t], t, error) != 0)
            return -1;
    }
    if (all > DRAFT_MOST_NOTES) {
        error_set(error, "the takes have %zu notes together, at most %d are learned from", all,
                  DRAFT_MOST_NOTES);
        return -1;
    }
    *material = (struct material){.key = malloc((all + 1) * sizeof *material->key),
                                  .take = malloc((all + 1) * sizeof *material->take),
                                  .used = calloc(all + 1, sizeof *material->used),
                                  .begin = malloc((count + 1) * sizeof *material->begin),
                                  .takes = count};
    if (!material->key || !material->take || !material->used || !material->begin) {
        material_clear(material);
        error_set(error, "out of memory for %zu notes", all);
        return -1;
    }
    for (size_t t = 0; t < count; t++) {
        material->begin[t] = material->count;
        for (size_t i = 0; i < takes[t].count; i++, material->count++) {
            material->key[material->count] = takes[t].key[i];
            material->take[material->count] = (uint16_t)t;
        }
    }
    material->begin[count] = material->count;
    return 0;
}

/* --- A piece --- */

/* The lowest pitch of the right hand; 0 where there is one hand only. */
static int find_split(const struct sheet *sheet)
{
    static const double least_share = .15, least_apart = 12; /* of the notes; semitones */
    uint32_t count[128] = {0};
    for (size_t c = 0; c < sheet->count; c++)
        count[sheet->column[c].pitch]++;
    return split_find(count, least_share, least_apart);
}

/* Onsets of one slot stand at even parts of it. */
static void place_on_beats(struct draft_piece *piece, const struct sheet *sheet,
                           const struct meter *meter)
{
    for (uint32_t o = 0, end; o < sheet->onsets; o = end) {
        double slot = meter->slot[sheet->first[o]];
        for (end = o + 1; end < sheet->onsets && meter->slot[sheet->first[end]] <= slot;)
            end++;
        for (uint32_t i = o; i < end; i++)
            for (uint32_t c = sheet->first[i]; c < sheet->first[i + 1]; c++)
                piece->note[c].quarter = (slot + (double)(i - o) / (end - o)) / SONG_SLOTS_A_BEAT;
    }
}

static int compare_notes(const void *a, const void *b)
{
    const struct draft_note *x = a, *y = b;
    if (x->quarter < y->quarter || x->quarter > y->quarter)
        return x->quarter < y->quarter ? -1 : 1;
    return (x->pitch > y->pitch) - (x->pitch < y->pitch);
}

static int write_piece(struct draft_piece *piece, const struct sheet *sheet, struct meter *meter,
                       struct error *error)
{
    int split = find_split(sheet);
    piece->note = malloc((sheet->count + 1) * sizeof *piece->note);
    if (!piece->note)
        return error_set(error, "out of memory for %zu notes", sheet->count);
    piece->count = sheet->count;
    piece->confidence = meter->confidence;
    piece->beats = meter->confidence >= least_confidence && meter->tempo > 0;
    piece->tempo = piece->beats ? meter->tempo : 120;
    piece->hands = split > 0;
    for (size_t c = 0; c < sheet->count; c++) {
        const struct column *column = &sheet->column[c];
        double second = column->second - sheet->column[0].second;
        piece->note[c] = (struct draft_note){
            .seconds = second,
            .quarter = second * 2,
            .length = fmax((double)column->length, .02) * piece->tempo / 60,
            .pitch = column->pitch,
            .velocity = (uint8_t)fmin(fmax((double)column->velocity + .5, 1), 127),
            .hand = !split                  ? SCORE_NO_HAND
                    : column->pitch < split ? SCORE_LEFT
                                            : SCORE_RIGHT,
            .heard = column->heard,
            .passed = column->passed,
            .doubt = column->doubt};
    }
    if (piece->beats) {
        place_on_beats(piece, sheet, meter);
        piece->beat = meter->beat;
        piece->beat_count = meter->beats;
        meter->beat = NULL;
    }
    /* Pitches that were decided may be in another order than those struck. */
    qsort(piece->note, piece->count, sizeof *piece->note, compare_notes);
    return 0;
}

static void count_passes(struct draft_piece *piece, const struct sheet *sheet,
                         const struct placing *placing, const struct material *material)
{
    for (size_t p = 0; p < placing->passes; p++) {
        const struct pass *pass = &placing->pass[p];
        piece->passes += PART_OF_A_PASS * (pass->last - pass->first + 1) >= sheet->onsets;
    }
    for (size_t t = 0; t < material->takes; t++) {
        size_t heard = 0;
        for (size_t k = material->begin[t]; k < material->begin[t + 1]; k++)
            heard += placing->column_of[k] >= 0;
        piece->takes += heard >= LEAST_KEYS / 2;
    }
}

/* What was played on the way through the piece is no other piece's. */
static void use_passes(struct material *material, const struct placing *placing)
{
    for (size_t p = 0; p < placing->passes; p++)
        for (size_t k = placing->pass[p].begin; k < placing->pass[p].end; k++)
            material->used[k] = true;
}

static int finish(struct draft_piece *piece, struct sheet *sheet, const struct material *material,
                  const struct placing *placing, const struct draft_settings *settings,
                  struct error *error)
{
    struct meter meter;
    if (meter_find(&meter, sheet, settings->task, error) != 0)
        return -1;
    int status = decide(sheet, material, placing, &meter, settings, error);
    if (status == 0)
        status = write_piece(piece, sheet, &meter, error);
    meter_clear(&meter);
    return status;
}

/* 1: it is no piece after all. */
static int learn_piece(struct draft_piece *piece, struct material *material,
                       const struct stretch *stretch, const struct draft_settings *settings,
                       struct error *error)
{
    struct sheet sheet = {0};
    struct placing placing = {0};
    int status = sheet_of_keys(&sheet, material, stretch->run_begin, stretch->run_end, error);
    for (int v = 0; status == 0 && sheet.count > 0 && v < VOTES; v++) {
        status = placing_make(&placing, material, &sheet, settings->task, error);
        if (status == 0)
            status = vote(&sheet, material, &placing, settings->ends, error);
        placing_clear(&placing);
    }
    if (status == 0 && sheet.count < LEAST_KEYS)
        status = 1;
    if (status == 0)
        status = placing_make(&placing, material, &sheet, settings->task, error);
    if (status == 0)
        status = vote_count(&sheet, material, &placing, error);
    if (status == 0) {
        count_passes(piece, &sheet, &placing, material);
        use_passes(material, &placing);
        if (piece->passes < 2 || piece->passes < settings->least)
            status = 1;
    }
    if (status == 0)
        status = finish(piece, &sheet, material, &placing, settings, error);
    placing_clear(&placing);
    sheet_clear(&sheet);
    return status;
}

/* A single take, as it stands. */
static int learn_single(struct draft_piece *piece, struct material *material,
                        const struct draft_settings *settings, struct error *error)
{
    struct sheet sheet = {0};
    int status = sheet_of_keys(&sheet, material, 0, material->count, error);
    if (status == 0)
        status = finish(piece, &sheet, material, NULL, settings, error);
    piece->takes = piece->passes = 1;
    sheet_clear(&sheet);
    return status;
}

static void piece_clear(struct draft_piece *piece)
{
    free(piece->note);
    free(piece->beat);
    *piece = (struct draft_piece){0};
}

/* --- All of them --- */

static uint64_t heard_in(const struct draft_piece *piece)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < piece->count; i++)
        sum += piece->note[i].heard;
    return sum;
}

static int compare_pieces(const void *a, const void *b)
{
    uint64_t x = heard_in(a), y = heard_in(b);
    return (x < y) - (x > y);
}

static size_t count_used(const struct material *material)
{
    size_t used = 0;
    for (size_t k = 0; k < material->count; k++)
        used += material->used[k];
    return used;
}

/* What was found and is no piece, or no part of the one that was learned, is not found again. */
static void leave(struct material *material, const struct stretch *stretch, bool learned)
{
    bool used = false;
    for (size_t k = stretch->begin; k < stretch->end; k++)
        used |= material->used[k];
    for (size_t k = stretch->begin; k < stretch->end && !(used && learned); k++)
        material->used[k] = true;
}

static int learn_all(struct draft *draft, struct material *material,
                     const struct draft_settings *settings, struct error *error)
{
    int status = 0;
    while (draft->count < DRAFT_MOST_PIECES) {
        struct stretch stretch;
        struct draft_piece *piece = &draft->piece[draft->count];
        status = gather(material, !settings->ends, &stretch, settings->task, error);
        if (status != 0)
            break;
        status = choose_stretch(material, &stretch, settings->task, error);
        if (status == 0)
            status = learn_piece(piece, material, &stretch, settings, error);
        if (status == 0)
            draft->count++;
        else
            piece_clear(piece);
        if (status < 0)
            return -1;
        leave(material, &stretch, status == 0);
    }
    return status < 0 ? -1 : 0;
}

/* A recording that is longer than a piece. */
static bool is_long(const struct material *material)
{
    return material->count > 0 &&
           material->key[material->count - 1].seconds - material->key[0].seconds > longest_take;
}

static int refuse(const struct material *material, const struct draft_settings *settings,
                  struct error *error)
{
    if (material->count < LEAST_KEYS)
        return error_set(error, "%zu notes are too few for a piece, expected at least %d",
                         material->count, LEAST_KEYS);
    if (settings->least > 2)
        return error_set(error, "nothing here was played %u times", settings->least);
    if (material->takes == 1)
        return error_set(error, "nothing in this recording was played twice; play the piece again");
    return error_set(error,
                     "nothing in these %zu takes belongs together: no passage occurs in two of "
                     "them; give takes of the same piece, in the same key",
                     material->takes);
}

static int learn(struct draft *draft, struct material *material,
                 const struct draft_settings *settings, struct error *error)
{
    draft->notes = material->count;
    if (material->takes == 1 && settings->least <= 1 && material->count >= LEAST_KEYS &&
        !is_long(material)) {
        draft->count = 1;
        return learn_single(&draft->piece[0], material, settings, error);
    }
    if (known_leave_out(material, settings->known, settings->known_count, settings->task, error) !=
            0 ||
        learn_all(draft, material, settings, error) != 0)
        return -1;
    draft->elsewhere = material->count - count_used(material);
    if (draft->count == 0)
        return refuse(material, settings, error);
    qsort(draft->piece, draft->count, sizeof *draft->piece, compare_pieces);
    return 0;
}

struct draft *draft_learn(const struct draft_take *takes, size_t count,
                          const struct draft_settings *settings, struct error *error)
{
    struct draft *draft = calloc(1, sizeof *draft);
    struct material material;
    if (!draft) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (material_make(&material, takes, count, error) != 0) {
        free(draft);
        return NULL;
    }
    int status = learn(draft, &material, settings, error);
    material_clear(&material);
    if (status == 0)
        return draft;
    draft_free(draft);
    return NULL;
}

void draft_free(struct draft *draft)
{
    if (!draft)
        return;
    for (size_t i = 0; i < draft->count; i++)
        piece_clear(&draft->piece[i]);
    free(draft);
}
