/* Notes that go wrong in the same way are said once, with all their bars. */
#include "tool/advice_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEXT_KEY = 2, /* semitones */
    FIFTH = 7,
    OCTAVE = 12,
    MOST_BARS_NAMED = 4,
};

/* Notes with one way of going wrong. */
struct kind {
    enum advice_rule rule;
    uint8_t hand;
    int written, struck; /* pitches; of the rules of a note's name without octave */
    uint32_t note;       /* the first */
    unsigned times, due;
    unsigned bars[MOST_BARS_NAMED];
    size_t bar_count, notes;
};

const char *advice_name(enum advice_rule rule)
{
    static const char *const names[ADVICE_RULES] = {
        [ADVICE_SIGNATURE] = "signature", [ADVICE_ACCIDENTAL] = "accidental",
        [ADVICE_OCTAVE] = "octave",       [ADVICE_JUMP] = "jump",
        [ADVICE_THIRD] = "third",         [ADVICE_NEIGHBOUR] = "neighbour",
        [ADVICE_OTHER] = "other",         [ADVICE_CHORD] = "chord",
        [ADVICE_LEFT_OUT] = "left-out",   [ADVICE_ADDED] = "added",
        [ADVICE_WAIT] = "wait",           [ADVICE_SLOW] = "slow",
        [ADVICE_HURRY] = "hurry",         [ADVICE_TOGETHER] = "together",
        [ADVICE_TOO_FAST] = "too-fast",   [ADVICE_HANDS] = "hands",
    };
    return names[rule];
}

/* What to do, by rule; NULL: nothing general. */
static const char *const todo_of[ADVICE_RULES] = {
    [ADVICE_SIGNATURE] = N_("Before you play, name the black keys that the key signature asks "
                            "for, and mark this note."),
    [ADVICE_ACCIDENTAL] = N_("Mark the accidental: it is not in the key signature and holds to "
                             "the end of the bar."),
    [ADVICE_OCTAVE] = N_("Find the key before you start: the name is right, the octave is not."),
    [ADVICE_JUMP] = N_("Practise the jump alone: look at the key, move the hand, then play."),
    [ADVICE_THIRD] = N_("Read the note again: it was taken for the next line or space."),
    [ADVICE_NEIGHBOUR] = N_("Choose a fingering here and keep to it; play it slowly three times "
                            "right."),
    [ADVICE_OTHER] = N_("Play this place slowly until it is right three times."),
    [ADVICE_CHORD] = N_("Play the notes of the chord one after another, then together."),
    [ADVICE_LEFT_OUT] = N_("Play the hand alone and count aloud, so that the note gets its time."),
    [ADVICE_ADDED] = N_("Lift the finger that brushes this key; play it slowly."),
    [ADVICE_WAIT] = N_("Begin a bar earlier and play over this place, slowly enough not to wait."),
    [ADVICE_SLOW] = N_("Play the bars around it at the tempo that this passage allows."),
    [ADVICE_HURRY] = N_("Count aloud, or use a metronome here."),
    [ADVICE_TOGETHER] = N_("Put the hands together at half the tempo, then a little faster each "
                           "time."),
    [ADVICE_TOO_FAST] = N_("Play it three times right at the slower tempo before you go faster."),
    [ADVICE_HANDS] = N_("Play each hand alone until it is right, then both slowly."),
};

void advice_add(struct adviser *adviser, enum advice_rule rule, double weight, char *what,
                const char *todo)
{
    struct advice advice = {.rule = rule,
                            .what = what,
                            .weight = weight,
                            .todo = g_strdup(todo),
                            .order = adviser->list->len};
    g_array_append_val(adviser->list, advice);
}

void advice_free(GArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        g_free(g_array_index(list, struct advice, i).what);
        g_free(g_array_index(list, struct advice, i).todo);
    }
    g_array_free(list, TRUE);
}

/* --- What kind of mistake --- */

/* How far the hand comes, to its note nearest to this one at the onset before it, semitones; 0:
 * not known. */
static int way_to(const struct session_piece *piece, uint32_t note)
{
    int least = 0;
    double before = -1;
    for (uint32_t n = note; n-- > 0 && (before < 0 || piece->onset[n] >= before - 1e-6);) {
        if (piece->hand[n] != piece->hand[note] || piece->onset[n] >= piece->onset[note] - 1e-6)
            continue;
        int way = abs(piece->score->pitch[n] - piece->score->pitch[note]);
        if (before < 0 || way < least)
            least = way;
        before = piece->onset[n];
    }
    return least;
}

static enum advice_rule rule_of(const struct session_piece *piece, uint32_t note, int key)
{
    int sharps = piece->score->sharps, written = piece->score->pitch[note];
    struct spelling name = spelling_of(written, sharps);
    struct spelling struck = spelling_beside(key, written, sharps);
    int signature = spelling_signature(name.letter, sharps), apart = abs(key - written);
    if (signature != 0 && name.alter == signature && key == written - signature)
        return ADVICE_SIGNATURE;
    if (name.alter != signature && key == written - name.alter + signature)
        return ADVICE_ACCIDENTAL;
    if (apart > 0 && apart % OCTAVE == 0)
        return ADVICE_OCTAVE;
    if (apart <= NEXT_KEY && way_to(piece, note) > FIFTH)
        return ADVICE_JUMP;
    if (abs(spelling_step(name) - spelling_step(struck)) == 2)
        return ADVICE_THIRD;
    return apart <= NEXT_KEY ? ADVICE_NEIGHBOUR : ADVICE_OTHER;
}

/* A note of a chord: another one of its hand is due with it. */
static bool in_chord(const struct session_piece *piece, uint32_t note)
{
    for (uint32_t n = note; n-- > 0 && piece->onset[n] > piece->onset[note] - 1e-6;)
        if (piece->hand[n] == piece->hand[note])
            return true;
    for (uint32_t n = note + 1;
         n < piece->score->notes && piece->onset[n] < piece->onset[note] + 1e-6; n++)
        if (piece->hand[n] == piece->hand[note])
            return true;
    return false;
}

/* --- Kinds --- */

static unsigned number_of(const struct session_piece *piece, uint32_t note)
{
    return piece->bars[bars_find(piece->bars, piece->bar_count, piece->onset[note] + 1e-6)].number;
}

/* Same mistake: of the signature and of accidentals by name, else by pitch and key. */
static bool same_kind(const struct kind *a, const struct kind *b)
{
    bool by_name = a->rule == ADVICE_SIGNATURE || a->rule == ADVICE_ACCIDENTAL;
    if (a->rule != b->rule || a->hand != b->hand)
        return false;
    if (by_name)
        return (a->written - b->written) % OCTAVE == 0 && (a->struck - b->struck) % OCTAVE == 0;
    return a->written == b->written && a->struck == b->struck && a->rule != ADVICE_WAIT &&
           a->rule != ADVICE_JUMP;
}

static void add_kind(GArray *kinds, const struct session_piece *piece, struct kind kind)
{
    unsigned bar = number_of(piece, kind.note);
    kind.bars[0] = bar;
    kind.bar_count = kind.notes = 1;
    for (guint i = 0; i < kinds->len; i++) {
        struct kind *other = &g_array_index(kinds, struct kind, i);
        if (!same_kind(other, &kind))
            continue;
        other->times += kind.times;
        other->due += kind.due;
        other->notes++;
        if (other->bars[other->bar_count - 1] != bar && other->bar_count < MOST_BARS_NAMED)
            other->bars[other->bar_count++] = bar;
        return;
    }
    g_array_append_val(kinds, kind);
}

static void add_note_kinds(const struct adviser *adviser, GArray *kinds, uint32_t note)
{
    const struct session_piece *piece = adviser->piece;
    const struct tally_spot *spot = &adviser->tally->spot[note];
    struct kind kind = {.hand = piece->hand[note],
                        .written = piece->score->pitch[note],
                        .struck = -1,
                        .note = note,
                        .due = spot->due};
    unsigned faults = spot->wrong + spot->left_out;
    bool again = tally_again(faults, spot->due);
    /* What came again only in sum is said by what it was most. */
    if (spot->wrong &&
        (tally_again(spot->wrong, spot->due) || (again && spot->wrong >= spot->left_out))) {
        unsigned most_times = spot->struck[0].times;
        bool most = 2 * most_times >= spot->wrong && (most_times > 1 || spot->due <= 1);
        kind.struck = spot->struck[0].key;
        kind.rule = most ? rule_of(piece, note, kind.struck) : ADVICE_OTHER;
        kind.times = most ? most_times : tally_again(spot->wrong, spot->due) ? spot->wrong : faults;
        if (!most)
            kind.struck = -1;
        add_kind(kinds, piece, kind);
    }
    if (spot->left_out &&
        (tally_again(spot->left_out, spot->due) || (again && spot->wrong < spot->left_out))) {
        kind.rule = in_chord(piece, note) ? ADVICE_CHORD : ADVICE_LEFT_OUT;
        kind.struck = -1;
        kind.times = tally_again(spot->left_out, spot->due) ? spot->left_out : faults;
        add_kind(kinds, piece, kind);
    }
    if (spot->waits && tally_again(spot->waits, spot->due)) {
        kind.rule = ADVICE_WAIT;
        kind.struck = -1;
        kind.times = spot->waits;
        add_kind(kinds, piece, kind);
    }
}

/* --- Words --- */

static const char *hand_word(uint8_t hand)
{
    return hand == SCORE_LEFT ? _("left hand") : _("right hand");
}

static char *place_at(const struct session_piece *piece, double quarter, int hand)
{
    const struct bar *bar = &piece->bars[bars_find(piece->bars, piece->bar_count, quarter + 1e-6)];
    char *beat = word_beat(bar, quarter - bar->start);
    char *text =
        hand >= 0 && piece->hands == 2
            ? g_strdup_printf(_("%s, bar %u, %s"), hand_word((uint8_t)hand), bar->number, beat)
            : g_strdup_printf(_("bar %u, %s"), bar->number, beat);
    g_free(beat);
    return text;
}

char *advice_place(const struct session_piece *piece, uint32_t note)
{
    return place_at(piece, piece->onset[note], piece->hand[note]);
}

/* One note by its beat, several by their bars. */
static char *place_of(const struct session_piece *piece, const struct kind *kind)
{
    if (kind->notes == 1)
        return place_at(piece, piece->onset[kind->note],
                        kind->rule == ADVICE_WAIT ? -1 : kind->hand);
    GString *bars = g_string_new(NULL);
    for (size_t i = 0; i < kind->bar_count; i++)
        g_string_append_printf(bars, "%s%u", i ? ", " : "", kind->bars[i]);
    char *list = g_string_free(bars, FALSE);
    char *named = g_strdup_printf(ngettext("bar %s", "bars %s", kind->bar_count), list);
    char *text = piece->hands == 2 ? g_strdup_printf("%s, %s", hand_word(kind->hand), named)
                                   : g_strdup(named);
    g_free(list);
    g_free(named);
    return text;
}

static char *times_of(const struct kind *kind)
{
    if (kind->due <= 1)
        return g_strdup(_("in the one go"));
    return g_strdup_printf(_("%u of %u times"), kind->times, kind->due);
}

/* What was struck, and what is written. */
static char *event_of(const struct adviser *adviser, const struct kind *kind)
{
    int sharps = adviser->piece->score->sharps;
    struct spelling written = spelling_of(kind->written, sharps);
    char *note = word_note(written, adviser->names), *text;
    if (kind->rule == ADVICE_CHORD) {
        text = g_strdup_printf(_("%s is missing in the chord"), note);
    } else if (kind->rule == ADVICE_LEFT_OUT) {
        text = g_strdup_printf(_("%s is left out"), note);
    } else if (kind->rule == ADVICE_WAIT) {
        text = g_strdup(_("a wait before this note"));
    } else if (kind->struck < 0) {
        text = g_strdup_printf(_("%s goes wrong"), note);
    } else {
        struct spelling struck = spelling_beside(kind->struck, kind->written, sharps);
        bool names = kind->rule == ADVICE_SIGNATURE || kind->rule == ADVICE_ACCIDENTAL;
        char *key = names ? word_tone(struck, adviser->names) : word_note(struck, adviser->names);
        char *tone = names ? word_tone(written, adviser->names) : g_strdup(note);
        if (kind->rule == ADVICE_JUMP)
            text = g_strdup_printf(kind->struck < kind->written
                                       ? _("the jump to %s lands a key too low")
                                       : _("the jump to %s lands a key too high"),
                                   note);
        else
            text = g_strdup_printf(_("%s for %s"), key, tone);
        g_free(key);
        g_free(tone);
    }
    g_free(note);
    return text;
}

static const char *cause_of(const struct adviser *adviser, const struct kind *kind)
{
    if (kind->rule == ADVICE_SIGNATURE)
        return adviser->piece->score->sharps > 0 ? _("the sharp of the key signature")
                                                 : _("the flat of the key signature");
    if (kind->rule == ADVICE_ACCIDENTAL)
        return _("the accidental");
    return NULL;
}

static void tell_kind(struct adviser *adviser, const struct kind *kind)
{
    char *place = place_of(adviser->piece, kind), *times = times_of(kind);
    char *event = event_of(adviser, kind);
    const char *cause = cause_of(adviser, kind), *todo = todo_of[kind->rule];
    char *what = cause ? g_strdup_printf(_("%s: %s, %s: %s"), place, event, times, cause)
                       : g_strdup_printf(_("%s: %s, %s"), place, event, times);
    advice_add(adviser, kind->rule, (double)kind->times * kind->times / kind->due, what,
               todo ? _(todo) : NULL);
    g_free(place);
    g_free(times);
    g_free(event);
}

/* --- The passage --- */

static bool in_passage(const struct adviser *adviser, size_t printed)
{
    return printed >= adviser->passage->first &&
           printed < adviser->passage->first + adviser->passage->count;
}

bool advice_hand_errs(const struct adviser *adviser, uint8_t hand)
{
    const struct passage *passage = adviser->passage;
    for (size_t b = passage->first; b < passage->first + passage->count; b++) {
        uint32_t first;
        size_t count = passage_notes(adviser->piece, b, &first);
        for (size_t n = first; n < first + count; n++) {
            const struct tally_spot *spot = &adviser->tally->spot[n];
            if (adviser->piece->hand[n] == hand && spot->due > 1 &&
                tally_again(spot->wrong + spot->left_out, spot->due))
                return true;
        }
    }
    return false;
}

static void advise_extras(struct adviser *adviser)
{
    const struct session_piece *piece = adviser->piece;
    for (guint i = 0; i < adviser->tally->extra->len; i++) {
        const struct tally_extra *extra =
            &g_array_index(adviser->tally->extra, struct tally_extra, i);
        unsigned goes = MAX(adviser->passage->goes, extra->times);
        if (!in_passage(adviser, extra->bar) || !tally_again(extra->times, goes))
            continue;
        double start = piece->bars[piece->printed_bar[extra->bar]].start;
        char *place = place_at(piece, start + extra->offset, extra->hand);
        char *key = word_note(spelling_of(extra->key, piece->score->sharps), adviser->names);
        char *what = goes > 1 ? g_strdup_printf(_("%s: %s is struck besides, %u of %u times"),
                                                place, key, extra->times, goes)
                              : g_strdup_printf(_("%s: %s is struck besides"), place, key);
        advice_add(adviser, ADVICE_ADDED, (double)extra->times * extra->times / goes, what,
                   _(todo_of[ADVICE_ADDED]));
        g_free(place);
        g_free(key);
    }
}

static int compare_advice(const void *a, const void *b)
{
    const struct advice *x = a, *y = b;
    if (x->weight < y->weight || x->weight > y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

GArray *advise(const struct tally *tally, const struct passage *passage, enum word_names names)
{
    struct adviser adviser = {.tally = tally,
                              .piece = tally->piece,
                              .passage = passage,
                              .names = names,
                              .list = g_array_new(FALSE, FALSE, sizeof(struct advice))};
    GArray *kinds = g_array_new(FALSE, TRUE, sizeof(struct kind));
    for (size_t b = passage->first; b < passage->first + passage->count; b++) {
        uint32_t first;
        size_t count = passage_notes(tally->piece, b, &first);
        for (size_t n = first; n < first + count; n++)
            add_note_kinds(&adviser, kinds, (uint32_t)n);
    }
    for (guint i = 0; i < kinds->len; i++)
        tell_kind(&adviser, &g_array_index(kinds, struct kind, i));
    g_array_free(kinds, TRUE);
    advise_extras(&adviser);
    advise_goes(&adviser);
    g_array_sort(adviser.list, compare_advice);
    return adviser.list;
}
