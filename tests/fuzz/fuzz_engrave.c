/* Any bytes as what abcm2ps may write, and as the notes of two bars: an SVG or none, a text
 * or a sentence. */
#include "picture/engrave_private.h"
#include "target.h"

enum { NOTE = 5, MOST = 64 };

static void clean(const uint8_t *data, size_t size)
{
    for (int file = 0; file < 2; file++) {
        char *page = malloc(size + 1);
        MUST(page);
        memcpy(page, data, size);
        page[size] = '\0';
        char *svg = engrave_clean(page, file);
        MUST(!svg || strncmp(svg, "<svg ", 5) == 0);
        MUST(!svg || strstr(svg, "</svg>"));
        free(svg);
        free(page);
    }
}

static void engrave(const uint8_t *data, size_t size)
{
    struct roll_note note[MOST];
    const struct bar bars[] = {
        {.length = 4, .pulse = 1, .number = 1, .beats = 4, .unit = 4},
        {.start = 4, .length = 3, .pulse = 1.5, .number = 2, .beats = 6, .unit = 8}};
    size_t count = 0;
    for (; count < MOST && size >= NOTE; size -= NOTE, data += NOTE)
        note[count++] = (struct roll_note){.onset = data[0] / 32.0,
                                           .duration = data[1] / 24.0,
                                           .sent = data[2] & 127,
                                           .played = data[3] & 127,
                                           .part = data[4] & 1,
                                           .kind = (enum roll_kind)((data[4] >> 1) % 3)};
    const struct roll roll = {.notes = note, .count = count, .bars = bars, .bar_count = 2};
    const struct engrave engrave = {
        .roll = &roll, .sharps = size ? data[0] % 15 - 7 : 0, .hands = 2, .width = 400};
    struct error error = {""};
    char *text = engrave_abc(&engrave, &error);
    MUST(text || error.text[0]);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    clean(data, size);
    engrave(data, size);
    return 0;
}
