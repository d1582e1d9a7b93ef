/* The search for places the player may have come to; see follow.h. */
#include "correct/follow_private.h"

#include <math.h>

static const float enter_part = .1f;   /* from away to a place, a note */
static const float local_part = .3f;   /* of these, to a place near the last one */
static const float begin_part = .05f;  /* of these, to the beginning of a piece */
static const float first_part = .95f;  /* the first note of all is the beginning of a piece */
static const float other_tempo = .1f;  /* of these, to places at another tempo than the clock's */
static const float out_of_beat = .1f;  /* of these, where the player's beats are not the piece's */
static const float most_ratio = 1e30f; /* as sure as this is sure */
static const float calm = .01f;        /* less of being away than this leaves nothing to look for */

enum {
    LOCAL_BACK = 40, /* slots searched before the likeliest place */
    LOCAL_AHEAD = 24,
    PAIR_LOOKS = 96,     /* places looked at for one pair of notes */
    OTHER_LOOKS = 96,    /* places looked at for another tempo than the clock's */
    FRESH = 16,          /* hypotheses that may enter with one note */
    FIRST_PIECES = 4096, /* whose beginnings are looked at for the first note of all */
    BEGIN_PIECES = 128,  /* and for another note */
    SEEN = 512,
    KNOWN_PIECES = 3, /* as few as this are believed to be what is going to be played */
};

/* The place where a note just heard stood if `diagonal` is where the player is now and the
 * piece passes at `rate` times the slots of the clock. */
static int64_t place_then(const struct follow *follow, const struct follow_heard *heard,
                          int32_t diagonal, float rate)
{
    int64_t ago = rate == 1 ? follow->slot - heard->slot
                            : (int64_t)floor((follow->fine - heard->fine) * rate + .5);
    return (int64_t)follow->slot + diagonal - ago;
}

/* How much better the last notes are explained from this diagonal on than by
 * being away, summed over when the player could have come there. */
static float support(const struct follow *follow, int32_t diagonal, float rate)
{
    float sum = 1, ratio = 1;
    uint32_t most = rate == 1 ? FOLLOW_HEARD : FOLLOW_MEMORY;
    uint32_t count = follow->heard_count < most ? follow->heard_count : most;
    for (uint32_t i = 1; i <= count; i++) {
        const struct follow_heard *heard =
            &follow->heard[(follow->heard_count - i) % FOLLOW_MEMORY];
        int64_t place = place_then(follow, heard, diagonal, rate);
        if (!on_timeline(follow, place))
            break;
        struct candidates from = candidates_at(follow, place, 0, 0);
        ratio *= likelihood_of(follow, &from, heard->pitch) / heard->expected;
        sum += ratio;
        if (ratio < .01f || ratio > most_ratio)
            break;
    }
    return sum;
}

/* Places that may be entered with one note: the best by a quick estimate. */
struct entries {
    struct entry {
        int32_t diagonal;
        float prior;
        float estimate;
    } entry[FRESH];
    uint32_t count, looks;
    float rate;         /* slots of the piece a slot of the clock */
    int32_t seen[SEEN]; /* diagonals looked at, by their low bits; INT32_MIN stands for none */
};

/* Whether a hypothesis is there already. */
static bool is_held(const struct follow *follow, int32_t diagonal)
{
    for (uint32_t i = 0; i < follow->count; i++)
        if (follow->hypothesis[i].diagonal == diagonal)
            return true;
    return false;
}

/* The prior raised by x and by every note just heard that stands where this place wants it. */
static float estimate(const struct follow *follow, int32_t diagonal, float rate, float prior,
                      uint8_t x)
{
    if (note_set_has(&follow->timeline->set[follow->slot + diagonal], x))
        prior *= 8;
    uint32_t count = follow->heard_count < FOLLOW_HEARD ? follow->heard_count : FOLLOW_HEARD;
    for (uint32_t i = 1; i <= count; i++) {
        const struct follow_heard *heard =
            &follow->heard[(follow->heard_count - i) % FOLLOW_MEMORY];
        int64_t place = place_then(follow, heard, diagonal, rate);
        if (on_timeline(follow, place) && note_set_has(&follow->timeline->set[place], heard->pitch))
            prior *= 8;
    }
    return prior;
}

static void consider(struct follow *follow, struct entries *entries, int64_t place, float prior,
                     uint8_t x)
{
    int32_t diagonal = (int32_t)(place - follow->slot);
    int32_t *seen = &entries->seen[(uint32_t)diagonal % SEEN];
    if (*seen == diagonal || !on_timeline(follow, place))
        return;
    *seen = diagonal;
    entries->looks++;
    if (entries->rate == 1 && ((int64_t)diagonal - follow->phase) % SONG_SLOTS_A_BEAT != 0)
        prior *= out_of_beat;
    float value = estimate(follow, diagonal, entries->rate, prior, x);
    uint32_t least = 0;
    for (uint32_t i = 1; i < entries->count; i++)
        if (entries->entry[i].estimate < entries->entry[least].estimate)
            least = i;
    if (entries->count < FRESH)
        least = entries->count++;
    else if (entries->entry[least].estimate >= value)
        return;
    entries->entry[least] = (struct entry){diagonal, prior, value};
}

/* Places where a note just heard and x stand at the same distance as they were played. */
static void consider_pairs(struct follow *follow, struct entries *entries, float prior, uint8_t x)
{
    const struct timeline *timeline = follow->timeline;
    uint32_t count = follow->heard_count < FOLLOW_HEARD ? follow->heard_count : FOLLOW_HEARD;
    for (uint32_t i = 1; i <= count && entries->looks < FOLLOW_LOOKS; i++) {
        const struct follow_heard *heard =
            &follow->heard[(follow->heard_count - i) % FOLLOW_MEMORY];
        int64_t distance = follow->slot - place_then(follow, heard, 0, entries->rate);
        if (distance > TIMELINE_REACH)
            break;
        if (distance < 0 || (distance == 0 && heard->pitch == x))
            continue;
        uint32_t bucket = timeline_bucket(timeline, heard->pitch, x, (unsigned)distance);
        uint32_t first = timeline->pair_first[bucket];
        uint32_t size = timeline->pair_first[bucket + 1] - first;
        /* A long list is seen a part at a time, another part with every note. */
        uint32_t offset = size > PAIR_LOOKS ? (follow->notes * PAIR_LOOKS) % size : 0;
        for (uint32_t k = 0; k < size && k < PAIR_LOOKS && entries->looks < FOLLOW_LOOKS; k++)
            consider(follow, entries, timeline->pair_place[first + (offset + k) % size], prior, x);
    }
}

static void consider_near(struct follow *follow, struct entries *entries, float prior, uint8_t x)
{
    const struct timeline *timeline = follow->timeline;
    int64_t middle = (int64_t)follow->slot + follow->anchor;
    for (int64_t place = middle - LOCAL_BACK; place <= middle + LOCAL_AHEAD; place++)
        if (on_timeline(follow, place) && slip_window(timeline->set[place], x))
            consider(follow, entries, place, prior / (LOCAL_BACK + LOCAL_AHEAD), x);
}

/* The beginnings of so many pieces at most, of others with every note. */
static void consider_beginnings(struct follow *follow, struct entries *entries, uint32_t most,
                                float prior, uint8_t x)
{
    const struct timeline *timeline = follow->timeline;
    uint32_t pieces = timeline->pieces;
    uint32_t first = pieces > most ? follow->notes * most % pieces : 0;
    for (uint32_t k = 0; k < pieces && k < most; k++)
        consider(follow, entries, timeline->piece[(first + k) % pieces].onset,
                 prior / (float)pieces, x);
}

/* Whether the player is where expected: the notes so far left no doubt, or the
 * likeliest place explains x to the letter. */
static bool is_clear(const struct follow *follow, uint8_t x)
{
    int64_t place = (int64_t)follow->slot + follow->best;
    return follow->away < calm ||
           (follow->best_weight > sure_weight && on_timeline(follow, place) &&
            note_set_has(&follow->timeline->set[place], x));
}

static void entries_start(struct entries *entries, float rate)
{
    entries->count = entries->looks = 0;
    entries->rate = rate;
    for (int i = 0; i < SEEN; i++)
        entries->seen[i] = INT32_MIN;
}

/* Clocks that have to find the beat often take half or double the tempo before a piece
 * tells them. A place that explains the notes so is entered as it is now: the clock will
 * be told by it. One tempo a note is thought of. */
static void enter_at_other_tempo(struct follow *follow, uint8_t x)
{
    static const float rates[] = {2, .5f, 1.5f, 2 / 3.f};
    struct entries entries;
    entries_start(&entries, rates[follow->notes % 4]);
    entries.looks = FOLLOW_LOOKS - OTHER_LOOKS;
    consider_pairs(follow, &entries,
                   follow->away * enter_part * other_tempo / (float)follow->timeline->notes, x);
    for (uint32_t i = 0; i < entries.count; i++) {
        const struct entry *entry = &entries.entry[i];
        float weight = entry->prior * support(follow, entry->diagonal, entries.rate);
        if (weight > least_weight && !is_held(follow, entry->diagonal))
            follow_add(follow, entry->diagonal, weight);
    }
}

void follow_enter(struct follow *follow, uint8_t x)
{
    const struct timeline *timeline = follow->timeline;
    if (timeline->notes == 0 || is_clear(follow, x))
        return;
    struct entries entries;
    entries_start(&entries, 1);
    if (follow->heard_count == 0) {
        consider_beginnings(follow, &entries, FIRST_PIECES, first_part, x);
        follow->away = 1 - first_part;
        follow->believed = timeline->pieces <= KNOWN_PIECES;
    } else {
        float entering = follow->away * enter_part;
        if (follow->anchored)
            consider_near(follow, &entries, entering * local_part, x);
        if (follow->struck == 0)
            consider_beginnings(follow, &entries, BEGIN_PIECES, entering * begin_part, x);
        consider_pairs(follow, &entries, entering / (float)timeline->notes, x);
    }
    for (uint32_t i = 0; i < entries.count; i++) {
        const struct entry *entry = &entries.entry[i];
        float weight = entry->prior * support(follow, entry->diagonal, 1);
        if (weight > least_weight && !is_held(follow, entry->diagonal))
            follow_add(follow, entry->diagonal, weight);
    }
    if (!follow->believed && follow->struck == 0 && follow->heard_count >= FOLLOW_HEARD)
        enter_at_other_tempo(follow, x);
    follow_normalise(follow);
}
