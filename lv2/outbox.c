/* Events of the host's sequence are written in place; those that wait are bytes in a ring. */
#include "lv2/outbox.h"

#include <lv2/atom/forge.h>
#include <lv2/atom/util.h>
#include <string.h>

/* Room for the body of an event of `size` bytes at the end of the sequence. NULL: none. */
static void *reserve(struct outbox *outbox, uint32_t frame, uint32_t size, LV2_URID type)
{
    LV2_Atom_Sequence *sequence = outbox->sequence;
    uint32_t used = sequence->atom.size - (uint32_t)sizeof sequence->body;
    if (size > outbox->room ||
        outbox->room - used < lv2_atom_pad_size((uint32_t)sizeof(LV2_Atom_Event) + size))
        return NULL;
    LV2_Atom_Event *event = lv2_atom_sequence_end(&sequence->body, sequence->atom.size);
    if (frame > outbox->last)
        outbox->last = frame;
    event->time.frames = outbox->last;
    event->body.size = size;
    event->body.type = type;
    sequence->atom.size += lv2_atom_pad_size((uint32_t)sizeof *event + size);
    return event + 1;
}

static uint8_t waiting_byte(const struct outbox *outbox, uint32_t at)
{
    return outbox->waiting[(outbox->begin + at) % OUTBOX_BYTES];
}

static void wait_byte(struct outbox *outbox, uint8_t byte)
{
    outbox->waiting[(outbox->begin + outbox->used++) % OUTBOX_BYTES] = byte;
}

/* Those that wait, as far as they fit. */
static void send_waiting(struct outbox *outbox)
{
    while (outbox->used > 0) {
        uint32_t size = waiting_byte(outbox, 0) | (uint32_t)waiting_byte(outbox, 1) << 8;
        uint8_t *byte = reserve(outbox, 0, size, outbox->uris->midi_event);
        if (!byte)
            return;
        for (uint32_t i = 0; i < size; i++)
            byte[i] = waiting_byte(outbox, 2 + i);
        outbox->begin = (outbox->begin + 2 + size) % OUTBOX_BYTES;
        outbox->used -= 2 + size;
    }
}

void outbox_begin(struct outbox *outbox, LV2_Atom_Sequence *sequence)
{
    const uint32_t head = sizeof(LV2_Atom_Sequence_Body);
    uint32_t size = sequence->atom.size;
    outbox->sequence = sequence;
    outbox->room = size > head ? size - head : 0;
    outbox->last = 0;
    sequence->atom.type = outbox->uris->atom_sequence;
    sequence->atom.size = size < head ? 0 : head;
    if (size < head)
        return;
    sequence->body.unit = 0;
    sequence->body.pad = 0;
    send_waiting(outbox);
}

void outbox_end(struct outbox *outbox)
{
    outbox->sequence = NULL;
}

void outbox_clear(struct outbox *outbox)
{
    outbox->begin = outbox->used = 0;
}

static void keep_waiting(struct outbox *outbox, const struct midi_event *event, bool status)
{
    uint32_t size = event->length + status;
    if (size > UINT16_MAX || OUTBOX_BYTES - outbox->used < size + 2)
        return;
    wait_byte(outbox, (uint8_t)size);
    wait_byte(outbox, (uint8_t)(size >> 8));
    if (status)
        wait_byte(outbox, event->status);
    for (uint32_t i = 0; i < event->length; i++)
        wait_byte(outbox, event->data[i]);
}

void outbox_send(struct outbox *outbox, uint32_t frame, const struct midi_event *event)
{
    bool status = event->status != MIDI_SYSEX_ESCAPE;
    if (!outbox->sequence)
        return;
    uint8_t *byte = outbox->used == 0 && event->length < UINT32_MAX
                        ? reserve(outbox, frame, event->length + status, outbox->uris->midi_event)
                        : NULL;
    if (!byte) {
        keep_waiting(outbox, event, status);
        return;
    }
    if (status)
        *byte++ = event->status;
    if (event->length > 0)
        memcpy(byte, event->data, event->length);
}

/* A patch:Set object: two properties. */
bool outbox_tell(struct outbox *outbox, uint32_t frame, LV2_URID property, const char *path)
{
    struct answer {
        LV2_Atom_Object_Body head;
        LV2_Atom_Property_Body key;
        uint64_t key_value;
        LV2_Atom_Property_Body value;
    };
    const struct uris *uris = outbox->uris;
    uint32_t length = (uint32_t)strlen(path) + 1;
    struct answer answer = {
        .head = {.otype = uris->patch_set},
        .key = {.key = uris->patch_property,
                .value = {.size = sizeof(uint32_t), .type = uris->atom_urid}},
        .value = {.key = uris->patch_value, .value = {.size = length, .type = uris->atom_path}},
    };
    memcpy(&answer.key_value, &property, sizeof property);
    char *body = outbox->sequence
                     ? reserve(outbox, frame, (uint32_t)sizeof answer + length, uris->atom_object)
                     : NULL;
    if (!body)
        return false;
    memcpy(body, &answer, sizeof answer);
    memcpy(body + sizeof answer, path, length);
    return true;
}
