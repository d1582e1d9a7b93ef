/* One walk over the properties of an object; each kind picks out its own. */
#include "lv2/message.h"

#include <lv2/atom/util.h>
#include <math.h>
#include <string.h>

static double number_of(const struct uris *uris, const LV2_Atom *value)
{
    const void *body = value + 1;
    if (value->type == uris->atom_float && value->size >= sizeof(float))
        return (double)*(const float *)body;
    if (value->type == uris->atom_double && value->size >= sizeof(double))
        return *(const double *)body;
    if (value->type == uris->atom_int && value->size >= sizeof(int32_t))
        return *(const int32_t *)body;
    if (value->type == uris->atom_long && value->size >= sizeof(int64_t))
        return (double)*(const int64_t *)body;
    return (double)NAN;
}

static void take_patch(const struct uris *uris, LV2_URID key, const LV2_Atom *value,
                       struct message *message)
{
    bool text = value->type == uris->atom_path || value->type == uris->atom_string;
    if (key == uris->patch_property && value->type == uris->atom_urid &&
        value->size >= sizeof(uint32_t)) {
        message->property = ((const LV2_Atom_URID *)value)->body;
    } else if (key == uris->patch_value && text) {
        message->text = (const char *)(value + 1);
        message->length = strnlen(message->text, value->size);
    }
}

static void take_position(const struct uris *uris, LV2_URID key, const LV2_Atom *value,
                          struct message_position *position)
{
    double number = number_of(uris, value);
    if (key == uris->time_speed)
        position->speed = number;
    else if (key == uris->time_tempo)
        position->tempo = number;
    else if (key == uris->time_beat_unit)
        position->beat_unit = number;
    else if (key == uris->time_bar_beat || (key == uris->time_beat && isnan(position->beat)))
        position->beat = number;
}

static bool kind_of(const struct uris *uris, LV2_URID type, enum message_kind *kind)
{
    const struct {
        LV2_URID type;
        enum message_kind kind;
    } kinds[] = {{uris->patch_set, MESSAGE_SET},
                 {uris->patch_get, MESSAGE_GET},
                 {uris->time_position, MESSAGE_POSITION}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].type == type) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

bool message_read(const struct uris *uris, const LV2_Atom *atom, struct message *message)
{
    const struct message_position unknown = {(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    const LV2_Atom_Object *object = (const LV2_Atom_Object *)atom;
    const char *body = (const char *)(atom + 1);
    uint32_t offset = sizeof(LV2_Atom_Object_Body);
    *message = (struct message){.position = unknown};
    if ((atom->type != uris->atom_object && atom->type != uris->atom_blank) ||
        atom->size < offset || !kind_of(uris, object->body.otype, &message->kind))
        return false;
    while (atom->size - offset >= sizeof(LV2_Atom_Property_Body)) {
        const LV2_Atom_Property_Body *property = (const void *)(body + offset);
        uint32_t room = atom->size - offset - (uint32_t)sizeof *property;
        if (property->value.size > room)
            return false;
        if (message->kind == MESSAGE_POSITION)
            take_position(uris, property->key, &property->value, &message->position);
        else
            take_patch(uris, property->key, &property->value, message);
        uint32_t next = lv2_atom_pad_size((uint32_t)sizeof *property + property->value.size);
        if (next > atom->size - offset)
            break;
        offset += next;
    }
    return message->kind != MESSAGE_SET || (message->property && message->text);
}
