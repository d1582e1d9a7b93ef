/* The URIs that the plugin understands, as numbers that the host gives them. */
#ifndef LV2_URIS_H
#define LV2_URIS_H

#include <lv2/urid/urid.h>

#define URIS_PLUGIN "urn:audiogenrl:corrector"
#define URIS_REPERTOIRE URIS_PLUGIN "#repertoire"
#define URIS_STYLE URIS_PLUGIN "#style"

struct uris {
    LV2_URID atom_blank, atom_double, atom_float, atom_int, atom_long, atom_object, atom_path,
        atom_sequence, atom_string, atom_urid;
    LV2_URID log_error, log_note, log_warning;
    LV2_URID midi_event;
    LV2_URID patch_get, patch_property, patch_set, patch_value;
    LV2_URID time_position, time_bar_beat, time_beat, time_beat_unit, time_tempo, time_speed;
    LV2_URID repertoire, style; /* the parameters */
};

void uris_map(struct uris *uris, const LV2_URID_Map *map);

#endif
