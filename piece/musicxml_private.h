/* The score as it is written, between reading (musicxml_bar.c), the order of playing
 * (musicxml_unfold.c) and the notes that are played (musicxml.c). */
#ifndef PIECE_MUSICXML_PRIVATE_H
#define PIECE_MUSICXML_PRIVATE_H

#include "piece/musicxml.h"

#include <libxml/tree.h>

enum {
    WRITTEN_LABEL = 16, /* characters of a segno's or a coda's name, with the NUL */
    WRITTEN_MAX_PARTS = 128,
    WRITTEN_MAX_STAVES = 8,
    WRITTEN_MAX_BARS = 1 << 14,
    WRITTEN_MAX_NOTES = 1 << 19,
    WRITTEN_MAX_QUARTERS = 1024, /* of one bar */
};

struct written_note {
    struct musicxml_note note; /* tick: from the start of its bar; bar: of the score */
    bool tie_start, tie_stop;
    uint32_t passes;  /* bit p: sounds in pass p only; 0: in all */
    uint32_t measure; /* ticks of a bar by its part's time signature; 0: it has none */
};

struct written_tempo {
    uint32_t bar, tick; /* tick: from the start of the bar */
    double bpm;
};

struct written_bar {
    uint32_t length;
    uint32_t keyboard;   /* length of what a part of several staves has in it; 0: nothing */
    bool mixed;          /* parts have time signatures of different lengths */
    uint32_t first_note; /* in note[], when all are read */
    char number[MUSICXML_NUMBER];
    bool forward;      /* a repeat begins */
    uint8_t backward;  /* times that its repeat is played; 0: none ends here */
    uint32_t endings;  /* of the ending that it belongs to, bit n: played in pass n; 0: none */
    bool ending_start; /* its first bar */
    bool dacapo, fine;
    char segno[WRITTEN_LABEL], coda[WRITTEN_LABEL]; /* "": none */
    char dalsegno[WRITTEN_LABEL], tocoda[WRITTEN_LABEL];
    uint8_t beats, unit; /* in force */
    int8_t sharps;
    bool minor, key_known, meter_known;
};

struct written {
    const char *name;
    struct error *error;
    uint32_t division;
    bool concert; /* pitches are written as they sound */
    uint16_t parts;
    struct musicxml_part *part;
    uint32_t bars;
    struct written_bar *bar;
    size_t notes, note_room;
    struct written_note *note; /* part after part; by bar and tick after written_sort */
    size_t tempos, tempo_room;
    struct written_tempo *tempo;
};

/* Makes room for one more of [count] in *array; -1: out of memory. */
int written_grow(void **array, size_t count, size_t *room, size_t size);

/* Reads a part's bars, measure[bars], into `written`. -1: error. */
int written_read_part(struct written *written, uint16_t part, xmlNode *const *measure);

/* The order in which bars are played, malloced, with the pass of each. NULL: error. */
struct unfolded {
    uint32_t bar;
    uint8_t pass;
};
struct unfolded *written_unfold(const struct written *written, uint32_t *count);

/* Fills the bars, notes, tempos, meters and keys that are played. -1: error. */
int written_play(struct written *written, struct musicxml *score);

/* Small things about XML. */
static inline bool xml_is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && xmlStrcmp(node->name, (const xmlChar *)name) == 0;
}

/* The first child of that name; NULL: none (also where node is NULL). */
xmlNode *xml_child(const xmlNode *node, const char *name);

/* Text of a node, or of its child, without white space around; "" where there is none. */
void xml_text(const xmlNode *node, char *text, size_t room);
void xml_child_text(const xmlNode *node, const char *name, char *text, size_t room);

/* The number in a child; `otherwise` where there is none. */
double xml_number(const xmlNode *node, const char *name, double otherwise);

/* An attribute's value; "" where there is none. */
void xml_attribute(const xmlNode *node, const char *name, char *text, size_t room);
bool xml_attribute_is(const xmlNode *node, const char *name, const char *value);

#endif
