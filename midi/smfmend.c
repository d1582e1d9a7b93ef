#include "midi/smfmend.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const wording[SMFMEND_KINDS] = {
    [SMFMEND_RMID] = "RMID wrapper taken off",
    [SMFMEND_MACBINARY] = "MacBinary header taken off",
    [SMFMEND_TYPE_2] = "type 2 with one track read as type 0",
    [SMFMEND_TYPE_0] = "type 0 with several tracks read as type 1",
    [SMFMEND_TRACK_COUNT] = "wrong number of tracks in the header",
    [SMFMEND_PADDING] = "padding between chunks skipped",
    [SMFMEND_LENGTH] = "wrong track length",
    [SMFMEND_CUT] = "cut at the end, what is whole was read",
    [SMFMEND_NO_END] = "missing End of Track added",
    [SMFMEND_AFTER_END] = "bytes after an End of Track not read",
    [SMFMEND_DATA] = "data byte above 127 set to 127",
    [SMFMEND_QUANTITY] = "time or length of five bytes or more shortened",
    [SMFMEND_REAL_TIME] = "real-time or common message kept as an F7 event",
    [SMFMEND_SECOND_FILE] = "several files in one, the first was read",
};

struct writer {
    char *text;
    size_t room;
    size_t length;
};

/* Text that does not fit is cut. */
__attribute__((format(printf, 2, 3))) static void put(struct writer *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(to->text + to->length, to->room - to->length, format, arguments);
    va_end(arguments);
    if (length > 0)
        to->length += (size_t)length;
    if (to->length >= to->room)
        to->length = to->room - 1;
}

static void put_mend(struct writer *to, enum smfmend_kind kind, const struct smfmend *mend)
{
    put(to, "%s (", wording[kind]);
    if (mend->count > 1)
        put(to, "%u times, first in ", mend->count);
    if (mend->track > 0)
        put(to, "track %u, ", mend->track);
    put(to, "byte %zu)", mend->at);
}

void smfmend_add(struct smfmend_list *list, enum smfmend_kind kind, uint32_t track, size_t at)
{
    struct smfmend *mend = &list->kind[kind];
    if (mend->count++ == 0) {
        mend->track = track;
        mend->at = at;
    }
}

void smfmend_text(const struct smfmend_list *list, const char *name, char *text, size_t room)
{
    struct writer to = {.text = text, .room = room};
    text[0] = '\0';
    for (enum smfmend_kind kind = 0; kind < SMFMEND_KINDS; kind++) {
        if (list->kind[kind].count == 0)
            continue;
        if (to.length == 0)
            put(&to, "%s: mended: ", name);
        else
            put(&to, "; ");
        put_mend(&to, kind, &list->kind[kind]);
    }
}
