#include "piece/spelling.h"

enum { FLATWARDS = 3, OCTAVE = 12, LETTERS = 7 };

/* F C G D A E B */
static const uint8_t by_fifths[LETTERS] = {3, 0, 4, 1, 5, 2, 6};
static const int8_t white[LETTERS] = {0, 2, 4, 5, 7, 9, 11};

static struct spelling with_letter(int pitch, int letter, int alter)
{
    int octave = (pitch - alter - white[letter]) / OCTAVE - 1;
    return (struct spelling){(uint8_t)letter, (int8_t)alter, (int8_t)octave};
}

struct spelling spelling_of(int pitch, int sharps)
{
    /* The fifth from C, first the one at or above the lowest of the window. */
    int lowest = sharps - FLATWARDS;
    int fifth = 7 * (pitch % OCTAVE) - lowest;
    fifth = lowest + ((fifth % OCTAVE) + OCTAVE) % OCTAVE;
    int index = fifth + 1 + 4 * LETTERS; /* from F with four flats, never below 0 */
    return with_letter(pitch, by_fifths[index % LETTERS], index / LETTERS - 4);
}

struct spelling spelling_beside(int pitch, int written, int sharps)
{
    struct spelling near = spelling_of(written, sharps);
    for (int letter = 0; letter < LETTERS; letter++)
        if (white[letter] == pitch % OCTAVE)
            return with_letter(pitch, letter, 0);
    int alter = near.alter + pitch - written;
    int apart = pitch - written;
    if ((apart == 1 || apart == -1) && alter >= -1 && alter <= 1)
        return with_letter(pitch, near.letter, alter);
    return spelling_of(pitch, sharps);
}

int spelling_signature(int letter, int sharps)
{
    int place = 0;
    while (by_fifths[place] != letter)
        place++;
    if (sharps > place)
        return 1;
    return -sharps > LETTERS - 1 - place ? -1 : 0;
}
