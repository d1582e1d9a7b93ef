/* What smfcheck mended in a file, or left unread, as one line for its user. */
#ifndef MIDI_SMFMEND_H
#define MIDI_SMFMEND_H

#include <stddef.h>
#include <stdint.h>

enum smfmend_kind {
    SMFMEND_RMID,
    SMFMEND_MACBINARY,
    SMFMEND_TYPE_2,
    SMFMEND_TYPE_0,
    SMFMEND_TRACK_COUNT,
    SMFMEND_PADDING,
    SMFMEND_LENGTH,
    SMFMEND_CUT,
    SMFMEND_NO_END,
    SMFMEND_AFTER_END,
    SMFMEND_DATA,
    SMFMEND_QUANTITY,
    SMFMEND_REAL_TIME,
    SMFMEND_SECOND_FILE,
    SMFMEND_KINDS,
};

/* One kind: how often, and where first. */
struct smfmend {
    uint32_t count;
    uint32_t track; /* from 1; 0: outside of tracks */
    size_t at;      /* byte of the file as it was given */
};

struct smfmend_list {
    struct smfmend kind[SMFMEND_KINDS];
};

void smfmend_add(struct smfmend_list *list, enum smfmend_kind kind, uint32_t track, size_t at);

/* "NAME: mended: ...; ...", or "" where nothing was. */
void smfmend_text(const struct smfmend_list *list, const char *name, char *text, size_t room);

#endif
