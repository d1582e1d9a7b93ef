/* The JACK library, loaded when it is asked for: whoever has no JACK needs none, and the
 * library of PipeWire, which has the same name, is taken where it stands first. */
#ifndef MIDI_JACK_LIBRARY_H
#define MIDI_JACK_LIBRARY_H

#include "base/error.h"

#include <jack/jack.h>
#include <jack/midiport.h>

#define JACK_FUNCTIONS(USE)                                                                        \
    USE(activate)                                                                                  \
    USE(client_close)                                                                              \
    USE(client_open)                                                                               \
    USE(connect)                                                                                   \
    USE(deactivate)                                                                                \
    USE(frames_to_time)                                                                            \
    USE(free)                                                                                      \
    USE(get_ports)                                                                                 \
    USE(get_time)                                                                                  \
    USE(last_frame_time)                                                                           \
    USE(midi_clear_buffer)                                                                         \
    USE(midi_event_get)                                                                            \
    USE(midi_event_reserve)                                                                        \
    USE(midi_get_event_count)                                                                      \
    USE(midi_get_lost_event_count)                                                                 \
    USE(on_shutdown)                                                                               \
    USE(port_by_id)                                                                                \
    USE(port_by_name)                                                                              \
    USE(port_connected)                                                                            \
    USE(port_connected_to)                                                                         \
    USE(port_flags)                                                                                \
    USE(port_get_aliases)                                                                          \
    USE(port_get_buffer)                                                                           \
    USE(port_is_mine)                                                                              \
    USE(port_name)                                                                                 \
    USE(port_name_size)                                                                            \
    USE(port_register)                                                                             \
    USE(set_error_function)                                                                        \
    USE(set_graph_order_callback)                                                                  \
    USE(set_info_function)                                                                         \
    USE(set_port_connect_callback)                                                                 \
    USE(set_port_registration_callback)                                                            \
    USE(set_process_callback)                                                                      \
    USE(time_to_frames)

struct jack_library {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name */
#define JACK_MEMBER(name) __typeof__(jack_##name) *name;
    JACK_FUNCTIONS(JACK_MEMBER)
#undef JACK_MEMBER
};

/* The functions; they stay for as long as the program runs. NULL: there is no library, or one
 * that lacks a function. Main thread. */
const struct jack_library *jack_library(struct error *error);

#endif
