/* One table of numbers and names. */
#include "lv2/uris.h"

#include <lv2/atom/atom.h>
#include <lv2/log/log.h>
#include <lv2/midi/midi.h>
#include <lv2/patch/patch.h>
#include <lv2/time/time.h>
#include <stddef.h>

void uris_map(struct uris *uris, const LV2_URID_Map *map)
{
    const struct {
        LV2_URID *number;
        const char *name;
    } all[] = {
        {&uris->atom_blank, LV2_ATOM__Blank},
        {&uris->atom_double, LV2_ATOM__Double},
        {&uris->atom_float, LV2_ATOM__Float},
        {&uris->atom_int, LV2_ATOM__Int},
        {&uris->atom_long, LV2_ATOM__Long},
        {&uris->atom_object, LV2_ATOM__Object},
        {&uris->atom_path, LV2_ATOM__Path},
        {&uris->atom_sequence, LV2_ATOM__Sequence},
        {&uris->atom_string, LV2_ATOM__String},
        {&uris->atom_urid, LV2_ATOM__URID},
        {&uris->log_error, LV2_LOG__Error},
        {&uris->log_note, LV2_LOG__Note},
        {&uris->log_warning, LV2_LOG__Warning},
        {&uris->midi_event, LV2_MIDI__MidiEvent},
        {&uris->patch_get, LV2_PATCH__Get},
        {&uris->patch_property, LV2_PATCH__property},
        {&uris->patch_set, LV2_PATCH__Set},
        {&uris->patch_value, LV2_PATCH__value},
        {&uris->time_position, LV2_TIME__Position},
        {&uris->time_bar_beat, LV2_TIME__barBeat},
        {&uris->time_beat, LV2_TIME__beat},
        {&uris->time_beat_unit, LV2_TIME__beatUnit},
        {&uris->time_tempo, LV2_TIME__beatsPerMinute},
        {&uris->time_speed, LV2_TIME__speed},
        {&uris->repertoire, URIS_REPERTOIRE},
        {&uris->style, URIS_STYLE},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        *all[i].number = map->map(map->handle, all[i].name);
}
