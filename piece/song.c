/* Songs: a counting sort of notes by slot. */
#include "piece/song.h"

#include "piece/score.h"

#include <stdlib.h>
#include <string.h>

static int song_check(const struct song_note *notes, size_t count, const char *name,
                      uint32_t *last_slot, struct error *error)
{
    if (count == 0)
        return error_set(error, "%s: no notes", name);
    if (count > SONG_MAX_NOTES)
        return error_set(error, "%s: %zu notes, at most %d are taken", name, count, SONG_MAX_NOTES);
    *last_slot = 0;
    for (size_t i = 0; i < count; i++) {
        if (notes[i].pitch > 127)
            return error_set(error, "%s: note %zu has pitch %u, expected 0 to 127", name, i,
                             notes[i].pitch);
        if (notes[i].slot >= SONG_MAX_SLOTS)
            return error_set(error, "%s: longer than %d sixteenths", name, SONG_MAX_SLOTS);
        if (notes[i].slot > *last_slot)
            *last_slot = notes[i].slot;
    }
    return 0;
}

struct song *song_create(const char *name, uint32_t checksum, const struct song_note *notes,
                         size_t count, struct error *error)
{
    uint32_t last = 0;
    if (song_check(notes, count, name, &last, error) != 0)
        return NULL;
    struct song *song = calloc(1, sizeof *song);
    if (!song)
        goto no_memory;
    song->checksum = checksum;
    song->slots = (last / SONG_SLOTS_A_BEAT + 1) * SONG_SLOTS_A_BEAT;
    song->notes = (uint32_t)count;
    song->name = strdup(name);
    song->first = calloc(song->slots + 2, sizeof *song->first);
    song->pitch = malloc(count);
    if (!song->name || !song->first || !song->pitch)
        goto no_memory;
    /* Counts two places up, so that filling turns first[s + 1] into the start of slot s + 1. */
    for (size_t i = 0; i < count; i++)
        song->first[notes[i].slot + 2]++;
    for (uint32_t s = 2; s <= song->slots; s++)
        song->first[s] += song->first[s - 1];
    for (size_t i = 0; i < count; i++)
        song->pitch[song->first[notes[i].slot + 1]++] = notes[i].pitch;
    return song;
no_memory:
    song_free(song);
    error_set(error, "%s: out of memory", name);
    return NULL;
}

struct song *song_copy(const struct song *song, struct error *error)
{
    struct song_note *notes = calloc(song->notes, sizeof *notes);
    if (!notes) {
        error_set(error, "%s: out of memory", song->name);
        return NULL;
    }
    for (uint32_t slot = 0; slot < song->slots; slot++)
        for (uint32_t i = song->first[slot]; i < song->first[slot + 1]; i++)
            notes[i] = (struct song_note){.slot = slot, .pitch = song->pitch[i]};
    struct song *copy = song_create(song->name, song->checksum, notes, song->notes, error);
    free(notes);
    if (copy && song->score && !(copy->score = score_copy(song->score, error))) {
        song_free(copy);
        return NULL;
    }
    return copy;
}

void song_free(struct song *song)
{
    if (!song)
        return;
    score_free(song->score);
    free(song->name);
    free(song->first);
    free(song->pitch);
    free(song);
}

struct song **song_copy_all(struct song *const *songs, size_t count, struct error *error)
{
    struct song **copies = calloc(count + 1, sizeof(struct song *));
    if (!copies) {
        error_set(error, "out of memory for %zu pieces", count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (!(copies[i] = song_copy(songs[i], error))) {
            song_free_all(copies, count);
            return NULL;
        }
    return copies;
}

void song_free_all(struct song **songs, size_t count)
{
    for (size_t i = 0; songs && i < count; i++)
        song_free(songs[i]);
    free(songs);
}

void song_slot_set(const struct song *song, uint32_t slot, uint64_t set[2])
{
    set[0] = set[1] = 0;
    for (uint32_t i = song->first[slot]; i < song->first[slot + 1]; i++)
        set[song->pitch[i] >> 6] |= (uint64_t)1 << (song->pitch[i] & 63);
}
