/* Any bytes as takes: three bytes a key, its pitch, the time since the last key, and whether
 * another take begins. Whatever is learned is in order and range, and its file is read again, note
 * for note. */
#include "draft/draft.h"

#include "target.h"

enum { LONGEST = 1200, TAKES = 8 };

static size_t read_takes(const uint8_t *data, size_t size, struct draft_key *key,
                         struct draft_take *take)
{
    size_t takes = 0, keys = 0, first = 0;
    double seconds = 0;
    for (size_t i = 0; i + 3 <= size && i < LONGEST; i += 3) {
        if (data[i + 2] == 0 && keys > first && takes + 1 < TAKES) {
            take[takes++] = (struct draft_take){key + first, keys - first};
            first = keys;
            seconds = 0;
        }
        seconds += data[i + 1] * (data[i + 2] & 1 ? .002 : .05);
        key[keys++] = (struct draft_key){.seconds = seconds,
                                         .release = seconds + .01 * (data[i + 2] >> 1),
                                         .pitch = data[i] & 127,
                                         .velocity = 64};
    }
    if (keys > first)
        take[takes++] = (struct draft_take){key + first, keys - first};
    return takes;
}

static void check(const struct draft_piece *piece)
{
    struct error error;
    size_t length = 0;
    for (size_t i = 0; i < piece->count; i++) {
        const struct draft_note *note = &piece->note[i];
        MUST(note->pitch < 128 && note->velocity >= 1 && note->velocity < 128);
        MUST(note->quarter >= 0 && note->length > 0);
        MUST(note->doubt >= 0 && note->doubt <= 1);
        MUST(i == 0 || note->quarter > note[-1].quarter ||
             (note->quarter >= note[-1].quarter && note->pitch >= note[-1].pitch));
    }
    uint8_t *bytes = draft_smf(piece, "name", &length, &error);
    MUST(bytes);
    struct midifile *file = midifile_load_memory(bytes, length, "piece", &error);
    MUST(file);
    MUST(midifile_warning(file)[0] == '\0');
    uint32_t count = 0;
    midifile_notes(file, &count);
    MUST(count == piece->count);
    MUST(draft_likeness(piece, file) >= 0);
    midifile_free(file);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct draft_key key[LONGEST];
    struct draft_take take[TAKES];
    struct draft_settings settings = draft_defaults();
    struct error error;
    if (size < 4)
        return 0;
    settings.least = 1 + (data[0] & 1);
    settings.ends = data[0] & 2;
    size_t count = read_takes(data + 1, size - 1, key, take);
    struct draft *draft = draft_learn(take, count, &settings, &error);
    MUST(draft || error.text[0]);
    for (size_t p = 0; draft && p < draft->count; p++)
        check(&draft->piece[p]);
    draft_free(draft);
    return 0;
}
