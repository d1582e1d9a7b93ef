/* What of libfluidsynth is used (its soname 3), by name and type.
 *
 * The library is loaded at run time (tool/sound.h), so that neither building nor
 * running the program needs it; the declarations are checked against the
 * library's own header by tests/tool/check_fluidsynth.c, where that is
 * installed. */
#ifndef TOOL_FLUIDSYNTH_H
#define TOOL_FLUIDSYNTH_H

typedef struct _fluid_hashtable_t fluid_settings_t;
typedef struct _fluid_synth_t fluid_synth_t;
typedef struct _fluid_audio_driver_t fluid_audio_driver_t;
typedef struct _fluid_file_renderer_t fluid_file_renderer_t;
typedef void (*fluid_log_function_t)(int level, const char *message, void *data);

#define FLUIDSYNTH_SONAME "libfluidsynth.so.3"

enum { FLUIDSYNTH_OK = 0, FLUIDSYNTH_LOG_LEVELS = 5 };

/* X(result, name, parameters) */
#define FLUIDSYNTH_FUNCTIONS(X)                                                                    \
    X(fluid_log_function_t, fluid_set_log_function, (int, fluid_log_function_t, void *))           \
    X(fluid_settings_t *, new_fluid_settings, (void))                                              \
    X(void, delete_fluid_settings, (fluid_settings_t *))                                           \
    X(int, fluid_settings_setstr, (fluid_settings_t *, const char *, const char *))                \
    X(int, fluid_settings_setnum, (fluid_settings_t *, const char *, double))                      \
    X(int, fluid_settings_setint, (fluid_settings_t *, const char *, int))                         \
    X(fluid_synth_t *, new_fluid_synth, (fluid_settings_t *))                                      \
    X(void, delete_fluid_synth, (fluid_synth_t *))                                                 \
    X(int, fluid_synth_sfload, (fluid_synth_t *, const char *, int))                               \
    X(int, fluid_synth_noteon, (fluid_synth_t *, int, int, int))                                   \
    X(int, fluid_synth_noteoff, (fluid_synth_t *, int, int))                                       \
    X(int, fluid_synth_key_pressure, (fluid_synth_t *, int, int, int))                             \
    X(int, fluid_synth_cc, (fluid_synth_t *, int, int, int))                                       \
    X(int, fluid_synth_program_change, (fluid_synth_t *, int, int))                                \
    X(int, fluid_synth_channel_pressure, (fluid_synth_t *, int, int))                              \
    X(int, fluid_synth_pitch_bend, (fluid_synth_t *, int, int))                                    \
    X(int, fluid_synth_sysex, (fluid_synth_t *, const char *, int, char *, int *, int *, int))     \
    X(int, fluid_synth_system_reset, (fluid_synth_t *))                                            \
    X(int, fluid_synth_get_active_voice_count, (fluid_synth_t *))                                  \
    X(int, fluid_is_soundfont, (const char *))                                                     \
    X(fluid_file_renderer_t *, new_fluid_file_renderer, (fluid_synth_t *))                         \
    X(void, delete_fluid_file_renderer, (fluid_file_renderer_t *))                                 \
    X(int, fluid_file_renderer_process_block, (fluid_file_renderer_t *))                           \
    X(fluid_audio_driver_t *, new_fluid_audio_driver, (fluid_settings_t *, fluid_synth_t *))       \
    X(void, delete_fluid_audio_driver, (fluid_audio_driver_t *))

#endif
