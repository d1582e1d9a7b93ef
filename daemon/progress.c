/* Records stand in the order in which their pieces were played, the last one first. */
#include "daemon/progress.h"

#include "base/infile.h"
#include "base/monotonic.h"
#include "base/outfile.h"
#include "daemon/log.h"
#include "midi/text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct record {
    uint64_t piece; /* a number made from its notes */
    uint32_t bars;
    struct fade_bar *bar; /* [bars] */
};

struct known {
    char *piece; /* its name; NULL: none yet */
    uint32_t bar;
    unsigned count; /* since the start */
};

struct progress {
    char *path; /* NULL: nothing is kept */
    struct record record[PROGRESS_PIECES];
    size_t records;
    uint64_t passes;
    struct known known;
    bool changed; /* since it was saved */
    time_t saved;
    pthread_t thread;
    bool saving; /* the thread is to be joined */
    atomic_bool done;
    char *text; /* the thread's */
};

static time_t seconds(void)
{
    return (time_t)monotonic_seconds();
}

static void drop(struct progress *progress, size_t index)
{
    free(progress->record[index].bar);
    progress->records--;
    memmove(&progress->record[index], &progress->record[index + 1],
            (progress->records - index) * sizeof *progress->record);
}

static void drop_all(struct progress *progress)
{
    while (progress->records > 0)
        drop(progress, progress->records - 1);
}

/* --- Pieces --- */

/* FNV-1a (Fowler, Noll, Vo), 64 bits, of pitches and score times to 1/960 quarter. */
static uint64_t number_of(const struct pieces *pieces, uint32_t piece)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    uint32_t first = pieces->piece[piece].first;
    uint32_t end = first + pieces->piece[piece].onsets;
    for (uint32_t at = first; at < end; at++) {
        uint64_t time = (uint64_t)llround(pieces->quarter[at] * 960);
        for (int byte = 0; byte < 4; byte++)
            hash = (hash ^ (time >> (8 * byte) & 0xFF)) * UINT64_C(0x100000001b3);
        for (uint32_t n = pieces->first[at]; n < pieces->first[at + 1]; n++)
            hash = (hash ^ pieces->pitch[n]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint32_t bars_of(const struct pieces *pieces, uint32_t piece)
{
    return pieces->bar_first[piece + 1] - pieces->bar_first[piece];
}

/* NULL: the piece was never played. */
static const struct record *find(const struct progress *progress, uint64_t piece, uint32_t bars)
{
    for (size_t i = 0; i < progress->records; i++)
        if (progress->record[i].piece == piece && progress->record[i].bars == bars)
            return &progress->record[i];
    return NULL;
}

/* A new one at the front, of bars that were not played. NULL: out of memory. */
static struct record *add(struct progress *progress, uint64_t piece, uint32_t bars)
{
    struct fade_bar *bar = calloc(bars + 1, sizeof *bar);
    if (!bar)
        return NULL;
    for (uint32_t i = 0; i < bars; i++)
        bar[i] = (struct fade_bar){.errors = -1, .help = FADE_ALL};
    if (progress->records == PROGRESS_PIECES)
        drop(progress, progress->records - 1);
    memmove(&progress->record[1], &progress->record[0],
            progress->records * sizeof *progress->record);
    progress->records++;
    progress->record[0] = (struct record){piece, bars, bar};
    return &progress->record[0];
}

/* The record of a piece, at the front. NULL: out of memory. */
static struct record *touch(struct progress *progress, const struct pieces *pieces, uint32_t piece)
{
    uint64_t number = number_of(pieces, piece);
    const struct record *found = find(progress, number, bars_of(pieces, piece));
    if (!found)
        return add(progress, number, bars_of(pieces, piece));
    struct record record = *found;
    size_t index = (size_t)(found - progress->record);
    memmove(&progress->record[1], &progress->record[0], index * sizeof record);
    progress->record[0] = record;
    return &progress->record[0];
}

void progress_fill(const struct progress *progress, struct corrector *corrector)
{
    const struct pieces *pieces = corrector_pieces(corrector);
    for (uint32_t k = 0; progress->records > 0 && k < pieces->count; k++) {
        const struct record *record = find(progress, number_of(pieces, k), bars_of(pieces, k));
        for (uint32_t b = 0; record && b < record->bars; b++)
            fade_put(corrector_fade(corrector), pieces->bar_first[k] + b, record->bar[b]);
    }
}

/* --- Bars --- */

/* As people call it. */
static uint32_t number_of_bar(const struct snapshot *snapshot, uint32_t piece, uint32_t bar)
{
    const struct pieces *pieces = corrector_pieces(snapshot_corrector(snapshot));
    const struct score *score = snapshot_score(snapshot, (int)piece);
    double quarter = pieces->quarter[pieces->bar[bar]];
    return score ? score_place(score, quarter).bar->number : bar - pieces->bar_first[piece] + 1;
}

static void say_known(struct progress *progress, const struct snapshot *snapshot, uint32_t piece,
                      uint32_t bar)
{
    const char *name = snapshot_piece(snapshot, (int)piece);
    uint32_t number = number_of_bar(snapshot, piece, bar);
    free(progress->known.piece);
    progress->known = (struct known){.piece = midi_text((const uint8_t *)name, strlen(name)),
                                     .bar = number,
                                     .count = progress->known.count + 1};
    log_say(LOG_NOTICE, "%s: bar %" PRIu32 " was right %d times in a row without help", name,
            number, FADE_KNOWN);
}

static void add_pass(struct progress *progress, const struct snapshot *snapshot,
                     const struct fade_pass *pass)
{
    const struct pieces *pieces = corrector_pieces(snapshot_corrector(snapshot));
    uint32_t piece = pieces->piece_of[pieces->bar[pass->bar]];
    struct record *record = touch(progress, pieces, piece);
    progress->passes++;
    progress->changed = true;
    if (!record)
        return; /* out of memory: the corrector still knows */
    struct fade_bar *bar = &record->bar[pass->bar - pieces->bar_first[piece]];
    bool was_known = bar->right == FADE_KNOWN;
    *bar = pass->now;
    if (!was_known && bar->right == FADE_KNOWN)
        say_known(progress, snapshot, piece, pass->bar);
}

void progress_add(struct progress *progress, const struct snapshot *snapshot,
                  const struct fade_pass *passes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_pass(progress, snapshot, &passes[i]);
}

/* --- What is told --- */

json_t *progress_describe(const struct progress *progress)
{
    const struct known *known = &progress->known;
    json_t *last = known->piece
                       ? json_pack("{s:s, s:I, s:I}", "piece", known->piece, "bar",
                                   (json_int_t)known->bar, "count", (json_int_t)known->count)
                       : json_null();
    return json_pack("{s:I, s:o}", "passes", (json_int_t)progress->passes, "known", last);
}

json_t *progress_describe_bars(const struct progress *progress, const struct snapshot *snapshot,
                               int piece)
{
    const struct pieces *pieces = snapshot ? corrector_pieces(snapshot_corrector(snapshot)) : NULL;
    json_t *list = json_array();
    if (!pieces || piece < 0 || (uint32_t)piece >= pieces->count)
        return list;
    uint32_t first = pieces->bar_first[piece];
    uint32_t bars = bars_of(pieces, (uint32_t)piece);
    const struct record *record = find(progress, number_of(pieces, (uint32_t)piece), bars);
    for (uint32_t b = 0; b < bars; b++) {
        const struct fade_bar *bar = record ? &record->bar[b] : NULL;
        json_t *errors = bar && bar->errors >= 0 ? json_real((double)bar->errors) : json_null();
        json_array_append_new(
            list,
            json_pack("{s:I, s:i, s:o, s:i}", "bar",
                      (json_int_t)number_of_bar(snapshot, (uint32_t)piece, first + b), "help",
                      bar ? bar->help : FADE_ALL, "errors", errors, "right", bar ? bar->right : 0));
    }
    return list;
}

/* --- The file --- */

static json_t *describe_record(const struct record *record)
{
    char number[17];
    snprintf(number, sizeof number, "%016" PRIx64, record->piece);
    json_t *bars = json_array();
    for (uint32_t b = 0; b < record->bars; b++) {
        const struct fade_bar *bar = &record->bar[b];
        json_array_append_new(bars, bar->errors < 0 ? json_null()
                                                    : json_pack("[f, i, i]", (double)bar->errors,
                                                                bar->help, bar->right));
    }
    return json_pack("{s:s, s:o}", "piece", number, "bars", bars);
}

char *progress_text(const struct progress *progress)
{
    json_t *pieces = json_array();
    for (size_t i = 0; i < progress->records; i++)
        json_array_append_new(pieces, describe_record(&progress->record[i]));
    json_t *all = json_pack("{s:i, s:o}", "format", 1, "pieces", pieces);
    char *text = all ? json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(all);
    return text;
}

static struct fade_bar read_bar(const json_t *value)
{
    struct fade_bar bar = {.errors = -1, .help = FADE_ALL};
    double errors = json_number_value(json_array_get(value, 0));
    json_int_t help = json_integer_value(json_array_get(value, 1));
    json_int_t right = json_integer_value(json_array_get(value, 2));
    if (json_array_size(value) == 3 && errors >= 0 && errors <= 1 && help >= FADE_NONE &&
        help <= FADE_ALL && right >= 0 && right <= FADE_KNOWN)
        bar = (struct fade_bar){(float)errors, (uint8_t)help, (uint8_t)right};
    return bar;
}

static int read_record(struct progress *progress, const json_t *value)
{
    const char *number = json_string_value(json_object_get(value, "piece"));
    const json_t *bars = json_object_get(value, "bars");
    char *end = NULL;
    uint64_t piece = number ? strtoull(number, &end, 16) : 0;
    if (!number || strlen(number) != 16 || *end || !json_is_array(bars))
        return -1;
    struct record *record = add(progress, piece, (uint32_t)json_array_size(bars));
    for (uint32_t b = 0; record && b < record->bars; b++)
        record->bar[b] = read_bar(json_array_get(bars, b));
    return record ? 0 : -1;
}

int progress_parse(struct progress *progress, const char *text, size_t length, struct error *error)
{
    json_error_t fault;
    json_t *all = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
    const json_t *pieces = json_object_get(all, "pieces");
    bool good = json_integer_value(json_object_get(all, "format")) == 1 && json_is_array(pieces);
    drop_all(progress);
    /* The last one first: each comes to the front. */
    for (size_t i = good ? json_array_size(pieces) : 0; good && i > 0; i--)
        good = read_record(progress, json_array_get(pieces, i - 1)) == 0;
    json_decref(all);
    if (good)
        return 0;
    drop_all(progress);
    return error_set(error, "it is damaged, or of another version");
}

static void read_file(struct progress *progress)
{
    struct error error;
    size_t length;
    char *aside = NULL;
    char *text = infile_read(progress->path, PROGRESS_BYTES, &length, &error);
    if (!text && errno == ENOENT)
        return;
    if (!text || progress_parse(progress, text, length, &error) != 0) {
        log_say(LOG_WARNING, "%s: %s; all bars begin with full help", progress->path, error.text);
        if (asprintf(&aside, "%s.damaged", progress->path) >= 0 &&
            rename(progress->path, aside) == 0)
            log_say(LOG_WARNING, "%s: the old file", aside);
        free(aside);
    }
    free(text);
}

static void *save(void *context)
{
    struct progress *progress = context;
    struct error error;
    if (outfile_write_durable(progress->path, progress->text, strlen(progress->text), &error) != 0)
        log_say(LOG_WARNING, "what was learned of bars is not kept: %s", error.text);
    atomic_store(&progress->done, true);
    return NULL;
}

static void join(struct progress *progress)
{
    if (!progress->saving)
        return;
    pthread_join(progress->thread, NULL);
    free(progress->text);
    progress->text = NULL;
    progress->saving = false;
}

static void begin_saving(struct progress *progress)
{
    progress->saved = seconds();
    progress->changed = false;
    progress->text = progress_text(progress);
    atomic_store(&progress->done, false);
    if (progress->text && pthread_create(&progress->thread, NULL, save, progress) == 0) {
        progress->saving = true;
        return;
    }
    free(progress->text);
    progress->text = NULL;
    progress->changed = true;
}

void progress_look(struct progress *progress)
{
    if (progress->saving && atomic_load(&progress->done))
        join(progress);
    if (progress->path && progress->changed && !progress->saving &&
        seconds() - progress->saved >= PROGRESS_SAVE)
        begin_saving(progress);
}

void progress_forget(struct progress *progress)
{
    drop_all(progress);
    progress->changed = true;
    progress->passes++;
}

/* --- Start and end --- */

struct progress *progress_open(const char *folder, struct error *error)
{
    struct progress *progress = calloc(1, sizeof *progress);
    if (progress && folder && asprintf(&progress->path, "%s/progress.json", folder) < 0) {
        free(progress);
        progress = NULL;
    }
    if (!progress) {
        error_set(error, "out of memory");
        return NULL;
    }
    progress->saved = seconds() - PROGRESS_SAVE;
    if (folder) {
        (void)mkdir(folder, 0700); /* where it cannot be, saving says so */
        read_file(progress);
    }
    return progress;
}

void progress_close(struct progress *progress)
{
    if (!progress)
        return;
    join(progress);
    if (progress->path && progress->changed) {
        begin_saving(progress);
        join(progress);
    }
    drop_all(progress);
    free(progress->known.piece);
    free(progress->path);
    free(progress);
}
