/* Values by channel, and the order in which a synth understands them. */
#include "filter/patch.h"

#include "midi/control.h"

#include <string.h>

void patch_clear(struct patch *patch)
{
    memset(patch, PATCH_UNTOLD, sizeof *patch);
    for (unsigned c = 0; c < 16; c++)
        patch->channel[c].registered = false;
}

/* As the MIDI Association recommends (RP-015). */
static void reset_controls(struct patch_channel *channel)
{
    static const uint8_t reset[] = {
        CC_MODULATION, CC_EXPRESSION, CC_SUSTAIN,   CC_PORTAMENTO, CC_SOSTENUTO,      CC_SOFT,
        CC_LEGATO,     CC_HOLD_2,     CC_OTHER_LOW, CC_OTHER,      CC_REGISTERED_LOW, CC_REGISTERED,
    };
    for (unsigned i = 0; i < sizeof reset; i++)
        channel->control[reset[i]] = PATCH_UNTOLD;
    channel->registered = false;
    channel->pressure = PATCH_UNTOLD;
    channel->bend[0] = PATCH_UNTOLD;
}

/* The registered parameter that data goes to; NULL: another one, or none. */
static uint8_t *parameter(struct patch_channel *channel)
{
    uint8_t number = channel->control[CC_REGISTERED_LOW];
    if (!channel->registered || channel->control[CC_REGISTERED] != 0 || number >= PATCH_PARAMETERS)
        return NULL;
    return channel->parameter[number];
}

static void control(struct patch_channel *channel, uint8_t number, uint8_t value)
{
    uint8_t *data = parameter(channel);
    switch (number) {
    case CC_DATA:
    case CC_DATA_LOW:
        if (data)
            data[number == CC_DATA_LOW] = value;
        return;
    case CC_INCREMENT:
    case CC_DECREMENT:
        return;
    case CC_RESET:
        reset_controls(channel);
        return;
    case CC_OTHER_LOW:
    case CC_OTHER:
        channel->registered = false;
        break;
    case CC_REGISTERED_LOW:
    case CC_REGISTERED:
        channel->registered = true;
        break;
    default:
        break;
    }
    if (number < PATCH_CONTROLS)
        channel->control[number] = value;
}

void patch_event(struct patch *patch, const struct midi_event *event)
{
    if (event->status == MIDI_META && event->meta == 0 && event->length == 0)
        patch_clear(patch); /* a reset on a wire */
    if (!midi_is_channel(event))
        return;
    struct patch_channel *channel = &patch->channel[midi_channel(event)];
    switch (midi_kind(event)) {
    case MIDI_CONTROL_CHANGE:
        control(channel, event->data[0], event->data[1]);
        break;
    case MIDI_PROGRAM_CHANGE:
        channel->program = event->data[0];
        break;
    case MIDI_CHANNEL_PRESSURE:
        channel->pressure = event->data[0];
        break;
    case MIDI_PITCH_BEND:
        memcpy(channel->bend, event->data, sizeof channel->bend);
        break;
    default:
        break;
    }
}

void patch_lift_pedals(struct patch *patch)
{
    static const uint8_t pedals[] = {CC_SUSTAIN, CC_SOSTENUTO, CC_SOFT, CC_HOLD_2};
    for (unsigned c = 0; c < 16; c++)
        for (unsigned i = 0; i < sizeof pedals; i++)
            patch->channel[c].control[pedals[i]] = PATCH_UNTOLD;
}

struct teller {
    double seconds;
    patch_send *send;
    void *context;
    uint8_t channel;
};

static void tell(const struct teller *teller, uint8_t kind, uint8_t first, uint8_t second)
{
    uint8_t data[2] = {first, second};
    struct midi_event event = {.seconds = teller->seconds,
                               .status = kind | teller->channel,
                               .data = data,
                               .length = midi_channel_length(kind)};
    teller->send(teller->context, &event);
}

static void tell_control(const struct teller *teller, const struct patch_channel *channel,
                         uint8_t number)
{
    if (channel->control[number] != PATCH_UNTOLD)
        tell(teller, MIDI_CONTROL_CHANGE, number, channel->control[number]);
}

static void tell_parameters(const struct teller *teller, const struct patch_channel *channel)
{
    static const uint8_t entry[2] = {CC_DATA, CC_DATA_LOW};
    for (unsigned p = 0; p < PATCH_PARAMETERS; p++) {
        const uint8_t *data = channel->parameter[p];
        if (data[0] == PATCH_UNTOLD && data[1] == PATCH_UNTOLD)
            continue;
        tell(teller, MIDI_CONTROL_CHANGE, CC_REGISTERED, 0);
        tell(teller, MIDI_CONTROL_CHANGE, CC_REGISTERED_LOW, (uint8_t)p);
        for (unsigned i = 0; i < 2; i++)
            if (data[i] != PATCH_UNTOLD)
                tell(teller, MIDI_CONTROL_CHANGE, entry[i], data[i]);
    }
    /* What was chosen last is chosen last. */
    for (unsigned i = 0; i < 2; i++) {
        bool registered = channel->registered == i;
        tell_control(teller, channel, registered ? CC_REGISTERED : CC_OTHER);
        tell_control(teller, channel, registered ? CC_REGISTERED_LOW : CC_OTHER_LOW);
    }
}

static void tell_channel(const struct teller *teller, const struct patch_channel *channel)
{
    tell_control(teller, channel, CC_BANK);
    tell_control(teller, channel, CC_BANK_LOW);
    if (channel->program != PATCH_UNTOLD)
        tell(teller, MIDI_PROGRAM_CHANGE, channel->program, 0);
    for (unsigned number = 0; number < PATCH_CONTROLS; number++)
        if (number != CC_BANK && number != CC_BANK_LOW &&
            (number < CC_OTHER_LOW || number > CC_REGISTERED))
            tell_control(teller, channel, (uint8_t)number);
    tell_parameters(teller, channel);
    if (channel->pressure != PATCH_UNTOLD)
        tell(teller, MIDI_CHANNEL_PRESSURE, channel->pressure, 0);
    if (channel->bend[0] != PATCH_UNTOLD)
        tell(teller, MIDI_PITCH_BEND, channel->bend[0], channel->bend[1]);
}

void patch_tell(const struct patch *patch, double seconds, patch_send *send, void *context)
{
    for (uint8_t c = 0; c < 16; c++) {
        const struct teller teller = {seconds, send, context, c};
        tell_channel(&teller, &patch->channel[c]);
    }
}
