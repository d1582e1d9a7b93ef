/* Counting pitch classes under signatures. */
#include "tool/signature.h"

/* Of 20 folders of scores each has a mean from .83 (string quartets) to .98 (hymns). Two of them
 * without the accidentals of their signatures have .65 and .39; twelve pitch classes that are all
 * as frequent would have .58. */
static const double least_share = .75;
static const uint32_t least_files = 3;

enum { DRUMS = 9 };

static bool is_white(int pitch_class)
{
    return 0xab5 >> pitch_class & 1;
}

struct signature_count signature_count(const struct midifile *file)
{
    struct signature_count count = {0};
    const struct midifile_note *notes = midifile_notes(file, &(uint32_t){0});
    bool known = false;
    int sharps = 0;
    for (uint32_t i = 0; i < midifile_events(file); i++) {
        struct midi_event event = midifile_event(file, i);
        uint32_t note = midifile_event_note(file, i);
        if (event.meta == MIDI_META_KEY_SIGNATURE && event.length == 2) {
            int signed_with = (int8_t)event.data[0];
            known = signed_with >= -7 && signed_with <= 7;
            sharps = signed_with;
        }
        if (!known || note == MIDIFILE_NONE || midi_kind(&event) != MIDI_NOTE_ON ||
            event.data[1] == 0 || notes[note].channel == DRUMS)
            continue;
        int pitch = event.data[0];
        count.notes++;
        count.in_key += is_white((pitch + 7 * (12 - sharps)) % 12);
        count.in_c += is_white(pitch % 12);
        count.accidentals += sharps != 0;
    }
    return count;
}

void signature_add(struct signature_mean *mean, const struct signature_count *count)
{
    if (count->notes == 0 || 2 * count->accidentals < count->notes)
        return;
    mean->files++;
    mean->in_key += (double)count->in_key / (double)count->notes;
    mean->in_c += (double)count->in_c / (double)count->notes;
}

bool signature_is_implausible(const struct signature_mean *mean)
{
    return mean->files >= least_files && mean->in_key < least_share * mean->files;
}
