/* Any bytes as a score: a sentence, or notes and bars that keep their promises and
 * become a Standard MIDI File with nothing to mend. */
#include "load/notation.h"
#include "midi/midifile.h"
#include "target.h"

static void look_at(const struct musicxml *score)
{
    MUST(score->notes > 0 && score->bars > 0 && score->parts > 0 && score->division > 0);
    for (uint32_t b = 0; b < score->bars; b++) {
        const struct musicxml_bar *bar = &score->bar[b];
        MUST(bar->written < score->written_bars && bar->number[0] && bar->length > 0);
        MUST(bar->tick == (b ? bar[-1].tick + bar[-1].length : 0));
    }
    for (size_t i = 0; i < score->notes; i++) {
        const struct musicxml_note *note = &score->note[i];
        MUST(note->part < score->parts && note->bar < score->bars && note->pitch < 128);
        MUST(note->staff < score->part[note->part].staves && note->velocity > 0);
        MUST(note->velocity < 128 && note->grace == (note->length == 0));
        MUST(note->tick >= score->bar[note->bar].tick);
        MUST(i == 0 || note->bar >= note[-1].bar);
    }
    for (uint32_t i = 1; i < score->tempos; i++)
        MUST(score->tempo[i].tick > score->tempo[i - 1].tick);
    MUST(musicxml_keyboard(score) < score->parts);
}

static void convert(const struct musicxml *score)
{
    struct error error = {""};
    size_t length = 0;
    uint8_t *bytes = notation_smf(score, NOTATION_ALL_PARTS, "input", &length, &error);
    if (!bytes) {
        MUST(error.text[0]);
        return;
    }
    struct midifile *file = midifile_load_memory(bytes, length, "input", &error);
    MUST(file && !midifile_warning(file)[0]);
    uint32_t notes = 0;
    const struct midifile_note *note = midifile_notes(file, &notes);
    MUST(notes == score->notes);
    for (uint32_t i = 0; i < notes; i++)
        MUST(note[i].released);
    midifile_free(file);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {""};
    struct musicxml *score = musicxml_read(data, size, "input", &error);
    if (!score) {
        MUST(strncmp(error.text, "input: ", 7) == 0);
        return 0;
    }
    look_at(score);
    convert(score);
    musicxml_free(score);
    return 0;
}
