/* What of libfluidsynth is used (its soname 3).
 *
 * The library is loaded at run time (tool/sound.h), so that neither building nor
 * running the program needs it: these functions are never linked to, their
 * declarations give the types of pointers to them. tests/tool/check_fluidsynth.c
 * compares them with the library's own header, where that is installed. */
#ifndef TOOL_FLUIDSYNTH_H
#define TOOL_FLUIDSYNTH_H

typedef struct _fluid_hashtable_t fluid_settings_t;
typedef struct _fluid_synth_t fluid_synth_t;
typedef struct _fluid_audio_driver_t fluid_audio_driver_t;
typedef struct _fluid_file_renderer_t fluid_file_renderer_t;
typedef void (*fluid_log_function_t)(int level, const char *message, void *data);

#define FLUIDSYNTH_SONAME "libfluidsynth.so.3"

enum { FLUIDSYNTH_OK = 0, FLUIDSYNTH_LOG_LEVELS = 5 };

fluid_log_function_t fluid_set_log_function(int level, fluid_log_function_t log, void *data);
fluid_settings_t *new_fluid_settings(void);
void delete_fluid_settings(fluid_settings_t *settings);
int fluid_settings_setstr(fluid_settings_t *settings, const char *name, const char *value);
int fluid_settings_setnum(fluid_settings_t *settings, const char *name, double value);
int fluid_settings_setint(fluid_settings_t *settings, const char *name, int value);
fluid_synth_t *new_fluid_synth(fluid_settings_t *settings);
void delete_fluid_synth(fluid_synth_t *synth);
int fluid_synth_sfload(fluid_synth_t *synth, const char *path, int reset_presets);
int fluid_synth_noteon(fluid_synth_t *synth, int channel, int key, int velocity);
int fluid_synth_noteoff(fluid_synth_t *synth, int channel, int key);
int fluid_synth_key_pressure(fluid_synth_t *synth, int channel, int key, int value);
int fluid_synth_cc(fluid_synth_t *synth, int channel, int control, int value);
int fluid_synth_program_change(fluid_synth_t *synth, int channel, int program);
int fluid_synth_channel_pressure(fluid_synth_t *synth, int channel, int value);
int fluid_synth_pitch_bend(fluid_synth_t *synth, int channel, int value);
int fluid_synth_sysex(fluid_synth_t *synth, const char *data, int length, char *response,
                      int *response_length, int *handled, int dry_run);
int fluid_synth_system_reset(fluid_synth_t *synth);
int fluid_synth_get_active_voice_count(fluid_synth_t *synth);
int fluid_is_soundfont(const char *path);
fluid_file_renderer_t *new_fluid_file_renderer(fluid_synth_t *synth);
void delete_fluid_file_renderer(fluid_file_renderer_t *renderer);
int fluid_file_renderer_process_block(fluid_file_renderer_t *renderer);
fluid_audio_driver_t *new_fluid_audio_driver(fluid_settings_t *settings, fluid_synth_t *synth);
void delete_fluid_audio_driver(fluid_audio_driver_t *driver);

/* X(name) for each of them. */
#define FLUIDSYNTH_FUNCTIONS(X)                                                                    \
    X(fluid_set_log_function)                                                                      \
    X(new_fluid_settings)                                                                          \
    X(delete_fluid_settings)                                                                       \
    X(fluid_settings_setstr)                                                                       \
    X(fluid_settings_setnum)                                                                       \
    X(fluid_settings_setint)                                                                       \
    X(new_fluid_synth)                                                                             \
    X(delete_fluid_synth)                                                                          \
    X(fluid_synth_sfload)                                                                          \
    X(fluid_synth_noteon)                                                                          \
    X(fluid_synth_noteoff)                                                                         \
    X(fluid_synth_key_pressure)                                                                    \
    X(fluid_synth_cc)                                                                              \
    X(fluid_synth_program_change)                                                                  \
    X(fluid_synth_channel_pressure)                                                                \
    X(fluid_synth_pitch_bend)                                                                      \
    X(fluid_synth_sysex)                                                                           \
    X(fluid_synth_system_reset)                                                                    \
    X(fluid_synth_get_active_voice_count)                                                          \
    X(fluid_is_soundfont)                                                                          \
    X(new_fluid_file_renderer)                                                                     \
    X(delete_fluid_file_renderer)                                                                  \
    X(fluid_file_renderer_process_block)                                                           \
    X(new_fluid_audio_driver)                                                                      \
    X(delete_fluid_audio_driver)

#endif
