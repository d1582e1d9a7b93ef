/* What a player plays otherwise than the score, again and again, is meant. */
#include "follow/belief.h"

static const double before = 3; /* seconds: what was heard since belongs to this time */
static const float sure = .5f;  /* probability of the position */
enum { AROUND = 2 };            /* positions whose notes may come early or late */

static uint32_t note_of(uint32_t position, int pitch)
{
    return position * 128 + (uint32_t)(pitch & 127) + 1;
}

static uint32_t slot_of(uint32_t note)
{
    return (note * 0x9e3779b1u) >> 20;
}

bool edition_knows(const struct follow *follow, uint32_t position, int pitch)
{
    uint32_t note = note_of(position, pitch), slot = slot_of(note);
    return follow->edition.note[slot] == note &&
           follow->seconds - follow->edition.heard[slot] > before;
}

void edition_hear(struct follow *follow)
{
    const struct pieces *pieces = follow->pieces;
    if (!follow->count || follow->now[0].weight < sure || follow->now[0].hands >= HANDS_APART)
        return;
    const struct hypothesis *likely = &follow->now[0];
    const struct pieces_piece *piece = &pieces->piece[pieces->piece_of[likely->position]];
    uint32_t end = piece->first + piece->onsets;
    uint32_t from =
        likely->position < piece->first + AROUND ? piece->first : likely->position - AROUND;
    int pitch = follow->x - likely->shift;
    for (uint32_t at = from; at < end && at <= likely->position + AROUND; at++)
        for (uint32_t k = pieces->first[at]; k < pieces->first[at + 1]; k++)
            if (pieces->pitch[k] == pitch)
                return;
    uint32_t note = note_of(likely->position, pitch), slot = slot_of(note);
    follow->edition.note[slot] = note;
    follow->edition.heard[slot] = follow->seconds;
}
