/* Sets of channel and pitch. */
#include "daemon/debt.h"

#include <string.h>

enum { PAID_AT_ONCE = 16 };

#define MILLISECOND UINT64_C(1000000)
#define LONGEST_REST (256 * MILLISECOND)

void debt_sent(struct debt *debt, const struct midi_event *event, bool delivered)
{
    if (!midi_is_channel(event) || event->length != 2 || event->data[0] > 127)
        return;
    bool off = midi_is_note_off(event);
    if (!off && !midi_is_note_on(event))
        return;
    size_t word = (size_t)midi_channel(event) * 2 + event->data[0] / 64;
    uint64_t bit = UINT64_C(1) << event->data[0] % 64;
    debt->owed[word] &= ~bit;
    debt->recent[0][word] &= ~bit;
    debt->recent[1][word] &= ~bit;
    if (!off)
        return;
    uint64_t *set = delivered ? debt->recent[0] : debt->owed;
    set[word] |= bit;
    debt->any |= !delivered;
}

void debt_missed(struct debt *debt)
{
    uint64_t any = 0;
    for (size_t i = 0; i < DEBT_WORDS; i++) {
        debt->owed[i] |= debt->recent[0][i] | debt->recent[1][i];
        any |= debt->owed[i];
    }
    memset(debt->recent, 0, sizeof debt->recent);
    debt->any = any != 0;
}

void debt_turn(struct debt *debt)
{
    memcpy(debt->recent[1], debt->recent[0], sizeof debt->recent[1]);
    memset(debt->recent[0], 0, sizeof debt->recent[0]);
}

int debt_due(const struct debt *debt, uint64_t now)
{
    uint64_t since = now - debt->paid;
    if (!debt->any)
        return -1;
    return since >= debt->rest ? 0 : (int)((debt->rest - since) / MILLISECOND) + 1;
}

/* The lowest one. False: nothing is owed. */
static bool take_one(struct debt *debt, uint8_t *channel, uint8_t *pitch)
{
    for (size_t i = 0; i < DEBT_WORDS; i++) {
        if (!debt->owed[i])
            continue;
        *channel = (uint8_t)(i / 2);
        *pitch = (uint8_t)(i % 2 * 64 + (unsigned)__builtin_ctzll(debt->owed[i]));
        debt->owed[i] &= debt->owed[i] - 1;
        return true;
    }
    debt->any = false;
    return false;
}

void debt_pay(struct debt *debt, struct port *port, double seconds, uint64_t now)
{
    uint8_t channel = 0, pitch = 0;
    bool room = true;
    for (int i = 0; i < PAID_AT_ONCE && room && take_one(debt, &channel, &pitch); i++) {
        const uint8_t data[2] = {pitch, 64};
        const struct midi_event event = {
            .seconds = seconds, .status = MIDI_NOTE_OFF | channel, .data = data, .length = 2};
        room = port->ops->write(port, &event) == 0 && port->ops->flush(port) == 0;
        debt_sent(debt, &event, room);
    }
    debt->paid = now;
    debt->rest = room || debt->rest == 0 ? MILLISECOND : 2 * debt->rest;
    if (debt->rest > LONGEST_REST)
        debt->rest = LONGEST_REST;
}
