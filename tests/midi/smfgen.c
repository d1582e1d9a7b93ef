#include "smfgen.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 1 << 20, MAX_EVENTS = 1 << 14 };

struct writer {
    struct smfgen *gen;
    struct rng rng;
    bool odd;
    uint32_t track, tick;
    uint8_t running;
};

static uint32_t below(struct writer *w, uint32_t bound)
{
    return rng_below(&w->rng, bound);
}

static bool chance(struct writer *w, uint32_t one_in)
{
    return below(w, one_in) == 0;
}

static void put(struct writer *w, uint32_t byte)
{
    w->gen->bytes[w->gen->length++] = (uint8_t)byte;
}

static void put_text(struct writer *w, const char *text)
{
    while (*text)
        put(w, (uint8_t)*text++);
}

static void put_number(struct writer *w, uint32_t value, int bytes)
{
    for (int i = bytes; i-- > 0;)
        put(w, value >> (8 * i) & 0xFF);
}

/* Sometimes with leading zero groups, which are legal up to four bytes. */
static void put_quantity(struct writer *w, uint32_t value)
{
    int groups = value > 0x1FFFFF ? 4 : value > 0x3FFF ? 3 : value > 0x7F ? 2 : 1;
    if (w->odd && groups < 4 && chance(w, 40))
        groups++;
    for (int i = groups; i-- > 0;)
        put(w, (value >> (7 * i) & 0x7F) | (i > 0 ? 0x80 : 0));
}

static void list_event(struct writer *w, uint8_t status, uint8_t meta, const uint8_t *data,
                       uint32_t length)
{
    struct smfgen *gen = w->gen;
    gen->event[gen->events++] = (struct smfgen_event){.track = w->track,
                                                      .tick = w->tick,
                                                      .length = length,
                                                      .data = gen->pooled,
                                                      .status = status,
                                                      .meta = meta};
    memcpy(gen->pool + gen->pooled, data, length);
    gen->pooled += length;
}

static void put_time(struct writer *w)
{
    uint32_t delta = chance(w, 2) ? 0 : below(w, 200);
    if (chance(w, 100))
        delta = below(w, 0x100000);
    w->tick += delta;
    put_quantity(w, delta);
}

static void put_channel(struct writer *w, uint8_t status, uint8_t first, uint8_t second)
{
    uint8_t data[2] = {first, second};
    uint32_t length = (status & 0xE0) == 0xC0 ? 1 : 2;
    put_time(w);
    if (status != w->running || !chance(w, 2))
        put(w, status);
    w->running = status;
    for (uint32_t i = 0; i < length; i++)
        put(w, data[i]);
    list_event(w, status, 0, data, length);
}

static void put_long(struct writer *w, uint8_t status, uint8_t meta, const uint8_t *data,
                     uint32_t length)
{
    put_time(w);
    put(w, status);
    if (status == 0xFF)
        put(w, meta);
    put_quantity(w, length);
    for (uint32_t i = 0; i < length; i++)
        put(w, data[i]);
    list_event(w, status, meta, data, length);
    /* Going on with running status is against the specification. */
    if (!w->odd)
        w->running = 0;
}

static void put_meta(struct writer *w)
{
    uint8_t data[400];
    uint32_t length = chance(w, 10) ? 100 + below(w, 300) : below(w, 12);
    for (uint32_t i = 0; i < length; i++)
        data[i] = (uint8_t)(32 + below(w, 95));
    switch (below(w, 6)) {
    case 0:
        data[0] = (uint8_t)below(w, 16), data[1] = (uint8_t)below(w, 256), data[2] = 1;
        put_long(w, 0xFF, 0x51, data, 3);
        break;
    case 1:
        data[0] = (uint8_t)(1 + below(w, 12)), data[1] = (uint8_t)below(w, 5);
        data[2] = 24, data[3] = 8;
        put_long(w, 0xFF, 0x58, data, 4);
        break;
    case 2:
        data[0] = (uint8_t)(below(w, 15) - 7), data[1] = (uint8_t)below(w, 2);
        put_long(w, 0xFF, 0x59, data, 2);
        break;
    case 3:
        put_long(w, 0xFF, 0x7F, data, length);
        break;
    default:
        put_long(w, 0xFF, (uint8_t)(1 + below(w, 7)), data, length);
    }
}

static void put_sysex(struct writer *w)
{
    uint8_t data[400];
    uint32_t length = 1 + (chance(w, 10) ? below(w, 390) : below(w, 12));
    for (uint32_t i = 0; i < length; i++)
        data[i] = (uint8_t)below(w, 128);
    data[length - 1] = 0xF7;
    if (!w->odd || chance(w, 2)) {
        put_long(w, 0xF0, 0, data, length);
        return;
    }
    switch (below(w, 4)) {
    case 0: /* in packets */
        put_long(w, 0xF0, 0, data, length - 1);
        put_long(w, 0xF7, 0, data + length - 1, 1);
        break;
    case 1: /* escaped real-time */
        data[0] = 0xF8;
        put_long(w, 0xF7, 0, data, 1);
        break;
    case 2: /* escaped channel message: not a note of ours */
        data[0] = 0x90, data[1] = 60, data[2] = 64;
        put_long(w, 0xF7, 0, data, 3);
        break;
    default:
        put_long(w, below(w, 2) ? 0xF0 : 0xF7, 0, data, 0);
    }
}

static void put_any(struct writer *w)
{
    uint8_t channel = (uint8_t)below(w, 2), key = (uint8_t)(58 + below(w, 6));
    uint8_t value = (uint8_t)below(w, 128);
    switch (below(w, 16)) {
    case 0:
        put_meta(w);
        break;
    case 1:
        put_sysex(w);
        break;
    case 2:
        put_channel(w, 0xA0 | channel, key, value);
        break;
    case 3:
        put_channel(w, 0xB0 | channel, 64, value);
        break;
    case 4:
        put_channel(w, 0xC0 | channel, value, 0);
        break;
    case 5:
        put_channel(w, (uint8_t)(below(w, 2) ? 0xD0 : 0xE0) | channel, value, 1);
        break;
    case 6:
    case 7:
    case 8:
        put_channel(w, 0x80 | channel, key, value);
        break;
    case 9:
    case 10:
        put_channel(w, 0x90 | channel, key, 0);
        break;
    default:
        put_channel(w, 0x90 | channel, key, (uint8_t)(1 + below(w, 127)));
    }
}

/* True: the track claims all that follows, so nothing may follow. */
static bool put_track(struct writer *w, bool last)
{
    struct smfgen *gen = w->gen;
    size_t chunk = gen->length;
    put_text(w, "MTrk");
    put_number(w, 0, 4);
    w->tick = 0;
    w->running = 0;
    for (uint32_t i = below(w, chance(w, 4) ? 1500 : 60); i > 0; i--)
        put_any(w);
    bool missing = w->odd && chance(w, 8), junk = w->odd && !missing && chance(w, 8);
    if (missing) {
        gen->clean = false;
    } else {
        put_time(w);
        put_number(w, 0xFF2F00, 3);
    }
    list_event(w, 0xFF, 0x2F, (const uint8_t *)"", 0);
    if (junk)
        put_number(w, 0x00903C40, 4);
    uint32_t length = (uint32_t)(gen->length - chunk - 8);
    bool too_long = w->odd && last && !junk && chance(w, 8);
    if (too_long) {
        length += 1 << 24;
        gen->clean = false;
    }
    for (size_t i = 0; i < 4; i++)
        gen->bytes[chunk + 4 + i] = (uint8_t)(length >> (24 - 8 * i));
    return too_long && missing;
}

static void put_unknown(struct writer *w)
{
    if (!w->odd || !chance(w, 6))
        return;
    put_text(w, "XFIH");
    uint32_t length = below(w, 20);
    put_number(w, length, 4);
    for (; length > 0; length--)
        put(w, below(w, 256));
}

static void put_file(struct writer *w)
{
    struct smfgen *gen = w->gen;
    uint32_t format = below(w, 2), told = gen->tracks;
    if (format == 0 && !w->odd)
        told = gen->tracks = 1;
    gen->clean = format == 1 || gen->tracks == 1;
    if (w->odd && chance(w, 6)) {
        told = below(w, 10);
        gen->clean = gen->clean && told == gen->tracks;
    }
    uint32_t extra = w->odd && chance(w, 6) ? 2 : 0;
    put_text(w, "MThd");
    put_number(w, 6 + extra, 4);
    put_number(w, format, 2);
    put_number(w, told, 2);
    put_number(w, gen->division, 2);
    put_number(w, 0, (int)extra);
    for (w->track = 0; w->track < gen->tracks; w->track++) {
        put_unknown(w);
        if (put_track(w, w->track + 1 == gen->tracks))
            return;
    }
    put_unknown(w);
}

static void wrap(struct writer *w)
{
    struct smfgen *gen = w->gen;
    uint8_t head[32] = "RIFF\0\0\0\0RMIDINFO\3\0\0\0abc\0data";
    uint32_t length = (uint32_t)gen->length;
    memmove(gen->bytes + sizeof head, gen->bytes, gen->length);
    for (int i = 0; i < 4; i++) {
        head[4 + i] = (uint8_t)((length + 24) >> (8 * i));
        head[28 + i] = (uint8_t)(length >> (8 * i));
    }
    memcpy(gen->bytes, head, sizeof head);
    gen->length += sizeof head;
    gen->clean = false;
}

void smfgen_make(struct smfgen *gen, uint64_t seed, bool odd)
{
    struct writer w = {.gen = gen, .odd = odd};
    rng_seed(&w.rng, seed, odd);
    *gen = (struct smfgen){.bytes = malloc(MAX_BYTES),
                           .event = malloc(MAX_EVENTS * sizeof *gen->event),
                           .pool = malloc(MAX_BYTES)};
    if (!gen->bytes || !gen->event || !gen->pool)
        abort();
    gen->tracks = 1 + below(&w, 5);
    gen->division = 1 + below(&w, chance(&w, 2) ? 32767 : 480);
    put_file(&w);
    if (odd && chance(&w, 6))
        wrap(&w);
}

void smfgen_free(struct smfgen *gen)
{
    free(gen->bytes);
    free(gen->event);
    free(gen->pool);
}
