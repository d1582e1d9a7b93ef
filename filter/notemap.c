/* Rings of strikes by key, counts by pitch; the rules are told in notemap.h. */
#include "filter/notemap.h"

bool notemap_is_overdue(const struct notemap *map, unsigned channel, unsigned key, double seconds)
{
    const struct notemap_key *held = &map->key[channel][key];
    return held->count == NOTEMAP_STRIKES ||
           (held->count > 0 && seconds - held->strike[held->first].seconds > NOTEMAP_STALE);
}

unsigned notemap_strike(struct notemap *map, unsigned channel, unsigned key, unsigned pitch,
                        double seconds, uint32_t owner)
{
    struct notemap_key *held = &map->key[channel][key];
    held->strike[(held->first + held->count++) % NOTEMAP_STRIKES] =
        (struct notemap_strike){.seconds = seconds, .owner = owner, .pitch = (uint8_t)pitch};
    held->answered = 0;
    map->holders[channel][pitch]++;
    unsigned due = map->backlog[channel][pitch];
    if (due < NOTEMAP_BACKLOG)
        return 0;
    map->backlog[channel][pitch] = 0;
    return due;
}

static struct notemap_answer release_oldest(struct notemap *map, unsigned channel, unsigned key)
{
    struct notemap_key *held = &map->key[channel][key];
    struct notemap_strike strike = held->strike[held->first];
    struct notemap_answer answer = {.owner = strike.owner, .pitch = strike.pitch, .ended = true};
    uint16_t *backlog = &map->backlog[channel][strike.pitch];
    held->first = (held->first + 1) % NOTEMAP_STRIKES;
    held->count--;
    if (--map->holders[channel][strike.pitch] > 0) {
        /* A strike empties a full backlog, so there are at most that many and the holders. */
        ++*backlog;
    } else {
        answer.times = *backlog + 1;
        *backlog = 0;
    }
    return answer;
}

struct notemap_answer notemap_release(struct notemap *map, unsigned channel, unsigned key)
{
    struct notemap_key *held = &map->key[channel][key];
    if (held->count > 0)
        return release_oldest(map, channel, key);
    struct notemap_answer answer = {.pitch = (uint8_t)key};
    if (held->answered > 0)
        held->answered--;
    else
        answer.times = map->holders[channel][key] == 0;
    return answer;
}

struct notemap_answer notemap_drop(struct notemap *map, unsigned channel, unsigned key)
{
    struct notemap_key *held = &map->key[channel][key];
    held->answered++;
    return release_oldest(map, channel, key);
}

unsigned notemap_pressed(const struct notemap *map, unsigned channel, unsigned key)
{
    const struct notemap_key *held = &map->key[channel][key];
    if (held->count == 0)
        return key;
    return held->strike[(held->first + held->count - 1) % NOTEMAP_STRIKES].pitch;
}
