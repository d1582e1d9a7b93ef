/* Music made audible by libfluidsynth and a SoundFont: through a sound card, or
 * into a WAV file.
 *
 * The library is loaded when sound is first asked for. Where it, or a SoundFont,
 * is missing, the error says what to install; nothing else of the program needs
 * them. A WAV file has 44,100 frames a second of two 16-bit samples; the same
 * music, SoundFont and library make the same bytes. One thread. */
#ifndef TOOL_SOUND_H
#define TOOL_SOUND_H

#include "base/error.h"
#include "midi/midifile.h"

struct sound;

#define SOUND_ENTRY(soundfont)                                                                     \
    {                                                                                              \
        "soundfont", 0, 0, G_OPTION_ARG_FILENAME, &(soundfont),                                    \
            "instruments (the first one in /usr/share/sounds/sf2, sf3 and /usr/share/soundfonts)", \
            "FILE.sf2|.sf3"                                                                        \
    }

/* The SoundFont is looked for in /usr/share/sounds/sf2, /usr/share/sounds/sf3
 * and /usr/share/soundfonts where `soundfont` is NULL. NULL: error. */
struct sound *sound_open_wav(const char *path, const char *soundfont, struct error *error);

/* `driver` as libfluidsynth calls it (alsa, pulseaudio, pipewire, jack); NULL:
 * the first of pipewire, pulseaudio and alsa that opens. */
struct sound *sound_open_card(const char *driver, const char *soundfont, struct error *error);

/* The SoundFont's path, the sound's own. */
const char *sound_soundfont(const struct sound *sound);

/* Sounds the music from `from` to `to` (seconds of the file), all notes released
 * at the end and died away: a note that was struck before `from` is not heard,
 * but controllers and programs set before count. Into a card this takes as long
 * as the music lasts. -1: nothing more can be written. */
int sound_play(struct sound *sound, const struct midifile *file, double from, double to,
               struct error *error);

/* Silence between two pieces of music. */
int sound_pause(struct sound *sound, double seconds, struct error *error);

/* Puts a WAV file into its place (base/outfile.h) and closes; of a card it only
 * closes. Of several files, sound_write first writes what can be written without
 * touching the target. -1: the target is as before. */
int sound_write(struct sound *sound, struct error *error);
int sound_commit(struct sound *sound, struct error *error);

/* Closes; a file that was not committed leaves nothing behind. NULL is allowed. */
void sound_free(struct sound *sound);

#endif
