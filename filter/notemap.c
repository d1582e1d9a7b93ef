/* A pitch by key, holders by pitch; the rules are told in notemap.h. */
#include "filter/notemap.h"

static uint8_t one_more(uint8_t releases)
{
    return releases < UINT8_MAX ? (uint8_t)(releases + 1) : releases;
}

struct notemap_strike notemap_strike(struct notemap *map, unsigned channel, unsigned key,
                                     unsigned pitch, uint32_t owner)
{
    struct notemap_key *held = &map->key[channel][key];
    if (held->held) {
        held->further = one_more(held->further);
        return (struct notemap_strike){.pitch = held->pitch, .again = true};
    }
    *held = (struct notemap_key){.owner = owner, .pitch = (uint8_t)pitch, .held = true};
    map->holders[channel][pitch]++;
    map->held[channel]++;
    struct notemap_strike strike = {.pitch = held->pitch};
    if (map->backlog[channel][pitch] >= NOTEMAP_BACKLOG) {
        strike.due = map->backlog[channel][pitch];
        map->backlog[channel][pitch] = 0;
    }
    return strike;
}

static struct notemap_answer end_note(struct notemap *map, unsigned channel, unsigned key)
{
    struct notemap_key *held = &map->key[channel][key];
    struct notemap_answer answer = {.owner = held->owner, .pitch = held->pitch, .ended = true};
    uint16_t *backlog = &map->backlog[channel][held->pitch];
    held->held = false;
    map->held[channel]--;
    if (--map->holders[channel][held->pitch] > 0) {
        /* A strike empties a full backlog, so there are at most that many and what the
         * holders may add, 256 each. */
        ++*backlog;
    } else {
        answer.times = (uint16_t)(*backlog + 1);
        *backlog = 0;
    }
    return answer;
}

struct notemap_answer notemap_release(struct notemap *map, unsigned channel, unsigned key)
{
    struct notemap_key *released = &map->key[channel][key];
    if (released->held)
        return end_note(map, channel, key);
    struct notemap_answer answer = {.pitch = (uint8_t)key};
    if (released->answered > 0) {
        released->answered--;
        answer.pitch = released->pitch;
        return answer;
    }
    bool sounds = map->holders[channel][key] > 0;
    if (released->further > 0) {
        released->further--;
        answer.pitch = released->pitch;
        sounds = map->holders[channel][answer.pitch] > 0;
        map->backlog[channel][answer.pitch] += sounds;
    }
    answer.times = !sounds;
    return answer;
}

struct notemap_answer notemap_drop(struct notemap *map, unsigned channel, unsigned key)
{
    struct notemap_key *held = &map->key[channel][key];
    held->answered = one_more(held->further);
    held->further = 0;
    return end_note(map, channel, key);
}

unsigned notemap_pressed(const struct notemap *map, unsigned channel, unsigned key)
{
    const struct notemap_key *held = &map->key[channel][key];
    return held->held ? held->pitch : key;
}
