/* Loading the library, opening, and sending a file's events at their times. */
#include "tool/sound.h"

#include "base/outfile.h"
#include "tool/fluidsynth.h"

#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAMES_A_SECOND = 44100,
    FRAMES_A_BLOCK = 64,
    CHANNELS = 16,
    CC_SUSTAIN = 64,
    CC_ALL_NOTES_OFF = 123,
    SYSEX_END = 0xF7,
    MESSAGE_LENGTH = 200,
};

static const double gain = 1;       /* full chords of a piano stay below full scale */
static const double longest = 2;    /* seconds that released notes may go on sounding */
static const double afterglow = .5; /* seconds of the room's echo after them */
static const double warm_up = 0.2;  /* seconds until a card runs evenly */

struct sound {
    void *library;
#define X(name) __typeof__ (&(name))(name);
    FLUIDSYNTH_FUNCTIONS(X)
#undef X
    fluid_settings_t *settings;
    fluid_synth_t *synth;
    fluid_file_renderer_t *renderer; /* of a WAV file */
    fluid_audio_driver_t *driver;    /* of a card */
    char *soundfont;
    char *path;              /* NULL: a card */
    FILE *rendered;          /* without a name: the library writes by name, see open_renderer */
    struct outfile *outfile; /* from sound_write on */
    double now;              /* seconds since the sound was opened */
    struct timespec began;   /* of a card */
    char message[MESSAGE_LENGTH]; /* the library's own first words on what went wrong */
    atomic_bool said;
};

/* --- The library --- */

static void keep_message(int level, const char *message, void *data)
{
    struct sound *sound = data;
    (void)level;
    if (!atomic_exchange(&sound->said, true))
        g_strlcpy(sound->message, message, sizeof sound->message);
}

static void drop_message(int level, const char *message, void *data)
{
    (void)level;
    (void)message;
    (void)data;
}

static void drop_alsa_message(const char *file, int line, const char *function, int code,
                              const char *format, ...)
{
    (void)file;
    (void)line;
    (void)function;
    (void)code;
    (void)format;
}

static void drop_jack_message(const char *text)
{
    (void)text;
}

/* Libraries below print what they dislike; the one error that counts is ours to say. */
static void quieten(struct sound *sound)
{
    typedef void alsa_handler(const char *, int, const char *, int, const char *, ...);
    typedef void jack_handler(const char *);
    int (*set_alsa)(alsa_handler *) = NULL;
    void (*set_jack)(jack_handler *) = NULL;
    *(void **)&set_alsa = dlsym(sound->library, "snd_lib_error_set_handler");
    if (set_alsa)
        set_alsa(drop_alsa_message);
    for (int i = 0; i < 2; i++) {
        *(void **)&set_jack =
            dlsym(sound->library, i ? "jack_set_info_function" : "jack_set_error_function");
        if (set_jack)
            set_jack(drop_jack_message);
    }
    for (int level = 0; level < FLUIDSYNTH_LOG_LEVELS; level++)
        sound->fluid_set_log_function(level, level < 2 ? keep_message : drop_message, sound);
}

static bool load_library(struct sound *sound, struct error *error)
{
    sound->library = dlopen(FLUIDSYNTH_SONAME, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!sound->library) {
        error_set(error,
                  "sound: %s is not installed; install the package libfluidsynth3, and a "
                  "SoundFont such as timgm6mb-soundfont",
                  FLUIDSYNTH_SONAME);
        return false;
    }
#define X(name)                                                                                    \
    *(void **)&sound->name = dlsym(sound->library, #name);                                         \
    if (!sound->name) {                                                                            \
        error_set(error, "sound: %s has no %s; expected FluidSynth 2", FLUIDSYNTH_SONAME, #name);  \
        return false;                                                                              \
    }
    FLUIDSYNTH_FUNCTIONS(X)
#undef X
    quieten(sound);
    return true;
}

/* --- SoundFonts --- */

/* The one that the system's owner chose comes first, then the one with most
 * instruments, then by name. */
static int rank(const char *name)
{
    if (g_str_has_prefix(name, "default"))
        return 0;
    return g_str_has_prefix(name, "FluidR3_GM.") ? 1 : 2;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    const char *x = *(char *const *)a;
    const char *y = *(char *const *)b;
    int difference = rank(x) - rank(y);
    return difference ? difference : strcmp(x, y);
}

static bool is_soundfont(const struct sound *sound, const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) && sound->fluid_is_soundfont(path);
}

static char *search_folder(const struct sound *sound, const char *folder)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GDir *entries = g_dir_open(folder, 0, NULL);
    for (const char *name; entries && (name = g_dir_read_name(entries));)
        g_ptr_array_add(names, g_strdup(name));
    if (entries)
        g_dir_close(entries);
    g_ptr_array_sort(names, compare_names);
    char *found = NULL;
    for (guint i = 0; i < names->len && !found; i++) {
        char *path = g_build_filename(folder, names->pdata[i], NULL);
        if (is_soundfont(sound, path))
            found = path;
        else
            g_free(path);
    }
    g_ptr_array_free(names, TRUE);
    return found;
}

static bool find_soundfont(struct sound *sound, const char *wanted, struct error *error)
{
    static const char *const folders[] = {"/usr/share/sounds/sf2", "/usr/share/sounds/sf3",
                                          "/usr/share/soundfonts"};
    if (wanted && is_soundfont(sound, wanted))
        sound->soundfont = g_strdup(wanted);
    else if (wanted)
        error_set(error, "%s: %s, expected a SoundFont (.sf2, .sf3)", wanted,
                  g_file_test(wanted, G_FILE_TEST_EXISTS) ? "is none" : "no such file");
    for (size_t i = 0; !wanted && i < G_N_ELEMENTS(folders) && !sound->soundfont; i++)
        sound->soundfont = search_folder(sound, folders[i]);
    if (!wanted && !sound->soundfont)
        error_set(error, "sound: no SoundFont in /usr/share/sounds/sf2, /usr/share/sounds/sf3 or "
                         "/usr/share/soundfonts; install the package timgm6mb-soundfont or "
                         "fluid-soundfont-gm, or name one with --soundfont FILE");
    return sound->soundfont != NULL;
}

static void drop_log(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
    (void)domain;
    (void)data;
    drop_message((int)level, message, NULL);
}

/* A damaged one makes a library below complain through GLib. */
static bool load_soundfont(struct sound *sound, struct error *error)
{
    GLogFunc former = g_log_set_default_handler(drop_log, NULL);
    bool loaded = sound->fluid_synth_sfload(sound->synth, sound->soundfont, 1) >= 0;
    g_log_set_default_handler(former, NULL);
    if (!loaded)
        error_set(error, "%s: cannot be loaded as a SoundFont", sound->soundfont);
    return loaded;
}

/* --- Opening --- */

static bool make_synth(struct sound *sound, struct error *error)
{
    sound->settings = sound->new_fluid_settings();
    if (sound->settings) {
        sound->fluid_settings_setnum(sound->settings, "synth.sample-rate", FRAMES_A_SECOND);
        sound->fluid_settings_setnum(sound->settings, "synth.gain", gain);
        sound->fluid_settings_setint(sound->settings, "synth.lock-memory", 0);
        sound->fluid_settings_setint(sound->settings, "audio.period-size", FRAMES_A_BLOCK);
        sound->synth = sound->new_fluid_synth(sound->settings);
    }
    if (!sound->synth)
        error_set(error, "sound: libfluidsynth cannot make a synthesizer: %s", sound->message);
    return sound->synth != NULL;
}

static bool open_synth(struct sound *sound, const char *soundfont, struct error *error)
{
    return load_library(sound, error) && find_soundfont(sound, soundfont, error) &&
           make_synth(sound, error) && load_soundfont(sound, error);
}

/* The library opens its file by name. One without a name has one all the same
 * below /proc, and cannot be left behind. */
static int open_renderer(struct sound *sound, struct error *error)
{
    sound->rendered = tmpfile();
    if (!sound->rendered)
        return error_set(error, "%s: cannot make a temporary file in /tmp", sound->path);
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fileno(sound->rendered));
    if (sound->fluid_settings_setstr(sound->settings, "audio.file.name", name) != FLUIDSYNTH_OK ||
        sound->fluid_settings_setstr(sound->settings, "audio.file.type", "wav") != FLUIDSYNTH_OK ||
        sound->fluid_settings_setstr(sound->settings, "audio.file.format", "s16") != FLUIDSYNTH_OK)
        return error_set(error, "%s: this libfluidsynth cannot write WAV files", sound->path);
    sound->renderer = sound->new_fluid_file_renderer(sound->synth);
    return sound->renderer ? 0
                           : error_set(error, "%s: libfluidsynth cannot write: %s", sound->path,
                                       sound->message);
}

static bool open_driver(struct sound *sound, const char *name)
{
    if (sound->fluid_settings_setstr(sound->settings, "audio.driver", name) == FLUIDSYNTH_OK)
        sound->driver = sound->new_fluid_audio_driver(sound->settings, sound->synth);
    return sound->driver != NULL;
}

static int open_card(struct sound *sound, const char *wanted, struct error *error)
{
    static const char *const names[] = {"pipewire", "pulseaudio", "alsa"};
    if (wanted)
        open_driver(sound, wanted);
    for (size_t i = 0; !wanted && i < G_N_ELEMENTS(names) && !sound->driver; i++)
        open_driver(sound, names[i]);
    if (!sound->driver)
        return error_set(error,
                         "sound: no sound card can be opened with %s; name another driver with "
                         "--driver, or write a file with -o OUT.wav",
                         wanted ? wanted : "pipewire, pulseaudio or alsa");
    clock_gettime(CLOCK_MONOTONIC, &sound->began);
    return 0;
}

struct sound *sound_open_wav(const char *path, const char *soundfont, struct error *error)
{
    struct sound *sound = g_new0(struct sound, 1);
    sound->path = g_strdup(path);
    if (open_synth(sound, soundfont, error) && open_renderer(sound, error) == 0)
        return sound;
    sound_free(sound);
    return NULL;
}

struct sound *sound_open_card(const char *driver, const char *soundfont, struct error *error)
{
    struct sound *sound = g_new0(struct sound, 1);
    if (open_synth(sound, soundfont, error) && open_card(sound, driver, error) == 0 &&
        sound_pause(sound, warm_up, error) == 0)
        return sound;
    sound_free(sound);
    return NULL;
}

const char *sound_soundfont(const struct sound *sound)
{
    return sound->soundfont;
}

/* --- Time --- */

static void sleep_until(const struct timespec *began, double seconds)
{
    struct timespec until = *began;
    double whole = floor(seconds);
    until.tv_sec += (time_t)whole;
    until.tv_nsec += (long)((seconds - whole) * 1e9);
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

/* Lets time pass: of a file to the block that is nearest. */
static int go_to(struct sound *sound, double seconds, struct error *error)
{
    const double block = (double)FRAMES_A_BLOCK / FRAMES_A_SECOND;
    if (sound->driver) {
        sleep_until(&sound->began, seconds);
        sound->now = fmax(sound->now, seconds);
        return 0;
    }
    while (sound->now + block / 2 < seconds) {
        if (sound->fluid_file_renderer_process_block(sound->renderer) != FLUIDSYNTH_OK)
            return error_set(error, "%s: cannot write a temporary file in /tmp: %s", sound->path,
                             sound->message);
        sound->now += block;
    }
    return 0;
}

int sound_pause(struct sound *sound, double seconds, struct error *error)
{
    return go_to(sound, sound->now + seconds, error);
}

/* --- Events --- */

static void send_channel(struct sound *sound, const struct midi_event *event)
{
    int channel = midi_channel(event);
    int first = event->data[0];
    int second = midi_channel_length(event->status) == 2 ? event->data[1] : 0;
    fluid_synth_t *synth = sound->synth;
    switch (midi_kind(event)) {
    case MIDI_NOTE_OFF:
        sound->fluid_synth_noteoff(synth, channel, first);
        break;
    case MIDI_NOTE_ON: /* of velocity 0: a release */
        sound->fluid_synth_noteon(synth, channel, first, second);
        break;
    case MIDI_POLY_AFTERTOUCH:
        sound->fluid_synth_key_pressure(synth, channel, first, second);
        break;
    case MIDI_CONTROL_CHANGE:
        sound->fluid_synth_cc(synth, channel, first, second);
        break;
    case MIDI_PROGRAM_CHANGE:
        sound->fluid_synth_program_change(synth, channel, first);
        break;
    case MIDI_CHANNEL_PRESSURE:
        sound->fluid_synth_channel_pressure(synth, channel, first);
        break;
    case MIDI_PITCH_BEND:
        sound->fluid_synth_pitch_bend(synth, channel, first | second << 7);
        break;
    default:
        break;
    }
}

static void send(struct sound *sound, const struct midi_event *event)
{
    if (midi_is_channel(event))
        send_channel(sound, event);
    else if (event->status == MIDI_SYSEX && event->length > 1 &&
             event->data[event->length - 1] == SYSEX_END)
        sound->fluid_synth_sysex(sound->synth, (const char *)event->data, (int)event->length - 1,
                                 NULL, NULL, NULL, 0);
}

static int fade(struct sound *sound, struct error *error)
{
    const double step = 0.01;
    for (int channel = 0; channel < CHANNELS; channel++) {
        sound->fluid_synth_cc(sound->synth, channel, CC_SUSTAIN, 0);
        sound->fluid_synth_cc(sound->synth, channel, CC_ALL_NOTES_OFF, 0);
    }
    for (double end = sound->now + longest; sound->now < end;)
        if (sound_pause(sound, step, error) != 0)
            return -1;
        else if (sound->fluid_synth_get_active_voice_count(sound->synth) == 0)
            break;
    return sound_pause(sound, afterglow, error);
}

int sound_play(struct sound *sound, const struct midifile *file, double from, double to,
               struct error *error)
{
    double start = sound->now - from;
    sound->fluid_synth_system_reset(sound->synth);
    for (uint32_t i = 0; i < midifile_events(file); i++) {
        struct midi_event event = midifile_event(file, i);
        if (event.seconds >= to)
            break;
        bool early = event.seconds < from;
        if (early && midifile_event_note(file, i) != MIDIFILE_NONE)
            continue;
        if (!early && go_to(sound, start + event.seconds, error) != 0)
            return -1;
        send(sound, &event);
    }
    if (isfinite(to) && go_to(sound, start + to, error) != 0)
        return -1;
    return fade(sound, error);
}

/* --- Closing --- */

static int copy(FILE *from, FILE *to)
{
    char buffer[1 << 16];
    rewind(from);
    for (size_t length; (length = fread(buffer, 1, sizeof buffer, from)) > 0;)
        if (fwrite(buffer, 1, length, to) != length)
            return -1;
    return ferror(from) ? -1 : 0;
}

int sound_write(struct sound *sound, struct error *error)
{
    if (!sound->renderer)
        return 0;
    sound->delete_fluid_file_renderer(sound->renderer); /* completes the header */
    sound->renderer = NULL;
    sound->outfile = outfile_open(sound->path, error);
    if (!sound->outfile)
        return -1;
    FILE *stream = outfile_stream(sound->outfile);
    if (copy(sound->rendered, stream) == 0 && fflush(stream) == 0)
        return 0;
    outfile_commit(sound->outfile, error); /* says why */
    sound->outfile = NULL;
    return -1;
}

int sound_commit(struct sound *sound, struct error *error)
{
    if (!sound->outfile && sound_write(sound, error) != 0)
        return -1;
    struct outfile *outfile = sound->outfile;
    sound->outfile = NULL;
    return outfile ? outfile_commit(outfile, error) : 0;
}

void sound_free(struct sound *sound)
{
    if (!sound)
        return;
    if (sound->driver)
        sound->delete_fluid_audio_driver(sound->driver);
    if (sound->renderer)
        sound->delete_fluid_file_renderer(sound->renderer);
    if (sound->synth)
        sound->delete_fluid_synth(sound->synth);
    if (sound->settings)
        sound->delete_fluid_settings(sound->settings);
    if (sound->outfile)
        outfile_abort(sound->outfile);
    if (sound->rendered)
        fclose(sound->rendered);
    for (int level = 0; sound->fluid_set_log_function && level < FLUIDSYNTH_LOG_LEVELS; level++)
        sound->fluid_set_log_function(level, drop_message, NULL);
    if (sound->library)
        dlclose(sound->library); /* stays: libraries below it keep threads and handlers */
    g_free(sound->soundfont);
    g_free(sound->path);
    g_free(sound);
}
