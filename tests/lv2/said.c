/* In a copy of the plugin for tests: what the corrector is made to say; the real one is asked
 * as well. */
#include "correct/corrector.h"

#include <lv2/core/lv2.h>

enum { SAID = 64 };

static uint8_t said[SAID];
static size_t said_count, said_next;

uint8_t __real_corrector_note(struct corrector *corrector, const struct correct_note *note);
uint8_t __wrap_corrector_note(struct corrector *corrector, const struct correct_note *note);
LV2_SYMBOL_EXPORT void said_say(const uint8_t *pitches, size_t count);

uint8_t __wrap_corrector_note(struct corrector *corrector, const struct correct_note *note)
{
    uint8_t pitch = __real_corrector_note(corrector, note);
    return said_next < said_count ? said[said_next++] : pitch;
}

void said_say(const uint8_t *pitches, size_t count)
{
    said_count = count < SAID ? count : SAID;
    said_next = 0;
    for (size_t i = 0; i < said_count; i++)
        said[i] = pitches[i];
}
