/* Where the program is built without libxml2 and libzip. */
#include "piece/musicxml.h"

struct musicxml *musicxml_read(const void *bytes, size_t length, const char *name,
                               struct error *error)
{
    (void)bytes;
    (void)length;
    error_set(error,
              "%s: is a MusicXML score; this program was built without libxml2 and libzip, which "
              "read it. Notation programs export .mid as well",
              name);
    return NULL;
}

void musicxml_free(struct musicxml *score)
{
    (void)score;
}

bool musicxml_available(void)
{
    return false;
}

uint16_t musicxml_keyboard(const struct musicxml *score)
{
    (void)score;
    return 0;
}
