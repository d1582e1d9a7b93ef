/* From bytes to what is written, and from there to what is played. */
#include "piece/musicxml.h"

#include "piece/musicxml_private.h"
#include "piece/mxl.h"

#include <libxml/parser.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDED = 12 }; /* parts of a quarter note that a bar may be off its time signature */

int written_grow(void **array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return 0;
    size_t more = *room ? 2 * *room : 64;
    void *grown = realloc(*array, more * size);
    if (!grown)
        return -1;
    *array = grown;
    *room = more;
    return 0;
}

/* --- The document --- */

static void refuse_entity(void *context, const xmlChar *name, int type, const xmlChar *public,
                          const xmlChar *system, xmlChar *content)
{
    (void)name;
    (void)type;
    (void)public;
    (void)system;
    (void)content;
    xmlParserCtxt *parser = context;
    parser->_private = parser; /* what stopped it */
    xmlStopParser(parser);
}

static xmlDoc *parse(const char *text, size_t length, const char *name, struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, xmlInitParser);
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (!parser) {
        error_set(error, "%s: out of memory", name);
        return NULL;
    }
    parser->sax->entityDecl = refuse_entity;
    parser->sax->unparsedEntityDecl = NULL;
    xmlDoc *doc = xmlCtxtReadMemory(parser, text, (int)length, NULL, NULL,
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                        XML_PARSE_NOCDATA | XML_PARSE_NOBLANKS);
    if (!doc || parser->_private) {
        const xmlError *fault = xmlCtxtGetLastError(parser);
        if (parser->_private)
            error_set(error, "%s: declares entities, which are not read", name);
        else
            error_set(error, "%s: line %d: the XML of the score is damaged", name,
                      fault ? fault->line : 1);
        xmlFreeDoc(doc);
        doc = NULL;
    }
    xmlFreeParserCtxt(parser);
    return doc;
}

/* Bars of each part, measure[part * bars + bar], NULL where a part has fewer; both forms of the
 * format. The parts stand in the order of the part list. */
struct sheet {
    xmlNode **measure;
    uint32_t bars;
    uint16_t parts;
    bool timewise;
    xmlNode *root;
    char (*id)[64]; /* [parts] */
};

static int find_part(const struct sheet *sheet, const xmlNode *part)
{
    char id[64];
    xml_attribute(part, "id", id, sizeof id);
    for (uint16_t p = 0; p < sheet->parts; p++)
        if (strcmp(sheet->id[p], id) == 0)
            return p;
    return -1;
}

static uint32_t count_children(const xmlNode *node, const char *name)
{
    uint32_t count = 0;
    for (const xmlNode *child = node->children; child; child = child->next)
        count += xml_is(child, name);
    return count;
}

static void lay_out_partwise(struct sheet *sheet, xmlNode *node)
{
    int part = find_part(sheet, node);
    uint32_t b = 0;
    for (xmlNode *child = node->children; child && part >= 0; child = child->next)
        if (xml_is(child, "measure") && b < sheet->bars)
            sheet->measure[(size_t)part * sheet->bars + b++] = child;
}

static void lay_out_timewise(struct sheet *sheet, xmlNode *node, uint32_t bar)
{
    for (xmlNode *child = node->children; child; child = child->next) {
        int part = xml_is(child, "part") ? find_part(sheet, child) : -1;
        if (part < 0)
            continue;
        sheet->measure[(size_t)part * sheet->bars + bar] = child;
        /* The number is the measure's. */
        char number[MUSICXML_NUMBER];
        xml_attribute(node, "number", number, sizeof number);
        xmlSetProp(child, (const xmlChar *)"number", (const xmlChar *)number);
    }
}

static void lay_out(struct sheet *sheet)
{
    uint32_t bar = 0;
    for (xmlNode *child = sheet->root->children; child; child = child->next) {
        if (!sheet->timewise && xml_is(child, "part"))
            lay_out_partwise(sheet, child);
        else if (sheet->timewise && xml_is(child, "measure") && bar < sheet->bars)
            lay_out_timewise(sheet, child, bar++);
    }
}

static int read_sheet(struct sheet *sheet, const struct written *written)
{
    const char *name = written->name;
    xmlNode *list = xml_child(sheet->root, "part-list");
    sheet->timewise = xml_is(sheet->root, "score-timewise");
    if (!sheet->timewise && !xml_is(sheet->root, "score-partwise"))
        return error_set(written->error, "%s: is XML, but not a MusicXML score", name);
    uint32_t parts = list ? count_children(list, "score-part") : 0;
    if (parts == 0 || parts > WRITTEN_MAX_PARTS)
        return error_set(written->error, "%s: has %u parts, expected 1 to %d", name, parts,
                         WRITTEN_MAX_PARTS);
    if (sheet->timewise)
        sheet->bars = count_children(sheet->root, "measure");
    else
        for (const xmlNode *child = sheet->root->children; child; child = child->next)
            if (xml_is(child, "part")) {
                uint32_t bars = count_children(child, "measure");
                sheet->bars = bars > sheet->bars ? bars : sheet->bars;
            }
    if (sheet->bars == 0 || sheet->bars > WRITTEN_MAX_BARS)
        return error_set(written->error, "%s: has %u bars, expected 1 to %d", name, sheet->bars,
                         WRITTEN_MAX_BARS);
    sheet->id = calloc(parts, sizeof *sheet->id);
    sheet->measure = calloc((size_t)parts * sheet->bars, sizeof(xmlNode *));
    if (!sheet->id || !sheet->measure)
        return error_set(written->error, "%s: out of memory", name);
    for (const xmlNode *child = list->children; child; child = child->next)
        if (xml_is(child, "score-part"))
            xml_attribute(child, "id", sheet->id[sheet->parts++], sizeof sheet->id[0]);
    lay_out(sheet);
    return 0;
}

/* --- Parts and divisions --- */

static char *copy_text(const xmlNode *node, const char *child)
{
    char text[256];
    xml_child_text(node, child, text, sizeof text);
    return strdup(text);
}

static int read_parts(struct written *written, const struct sheet *sheet)
{
    written->part = calloc((size_t)sheet->parts + 1, sizeof *written->part);
    if (!written->part)
        return error_set(written->error, "%s: out of memory", written->name);
    const xmlNode *list = xml_child(sheet->root, "part-list");
    for (const xmlNode *child = list->children; child; child = child->next) {
        if (!xml_is(child, "score-part"))
            continue;
        struct musicxml_part *part = &written->part[written->parts++];
        double program = xml_number(xml_child(child, "midi-instrument"), "midi-program", 1);
        part->program = program >= 1 && program <= 128 ? (uint8_t)(program - 1) : 0;
        part->staves = 1;
        part->name = copy_text(child, "part-name");
        if (!part->name)
            return error_set(written->error, "%s: out of memory", written->name);
    }
    return 0;
}

static uint32_t common_multiple(uint32_t a, uint32_t b)
{
    uint32_t x = a, y = b;
    while (y) {
        uint32_t rest = x % y;
        x = y;
        y = rest;
    }
    uint64_t multiple = x ? (uint64_t)a / x * b : 1;
    return multiple > MUSICXML_MAX_DIVISION ? MUSICXML_MAX_DIVISION : (uint32_t)multiple;
}

static uint32_t find_division(const struct sheet *sheet)
{
    uint32_t division = 1;
    for (size_t i = 0; i < (size_t)sheet->parts * sheet->bars; i++)
        for (const xmlNode *node = sheet->measure[i] ? sheet->measure[i]->children : NULL; node;
             node = node->next) {
            double told = xml_is(node, "attributes") ? xml_number(node, "divisions", 0) : 0;
            if (told >= 1 && told <= MUSICXML_MAX_DIVISION && told == floor(told))
                division = common_multiple(division, (uint32_t)told);
            else if (told > 0)
                division = MUSICXML_MAX_DIVISION;
        }
    return division;
}

/* --- The bars --- */

/* Of pointers, so that what is equal keeps its order. */
static int by_bar(const void *a, const void *b)
{
    const struct written_note *first = *(struct written_note *const *)a;
    const struct written_note *second = *(struct written_note *const *)b;
    const struct musicxml_note *x = &first->note, *y = &second->note;
    const uint32_t left[] = {x->bar, x->tick, x->part, x->staff, !x->grace};
    const uint32_t right[] = {y->bar, y->tick, y->part, y->staff, !y->grace};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    /* Grace notes in their order, chords from below. */
    if (!x->grace && x->pitch != y->pitch)
        return x->pitch < y->pitch ? -1 : 1;
    return first < second ? -1 : first > second;
}

/* A bar in which nothing stands is as long as its time signature says. */
static void settle_bars(struct written *written)
{
    uint8_t beats = 4, unit = 4;
    for (uint32_t b = 0; b < written->bars; b++) {
        struct written_bar *bar = &written->bar[b];
        if (bar->meter_known) {
            beats = bar->beats;
            unit = bar->unit;
        }
        bar->beats = beats;
        bar->unit = unit;
        if (bar->mixed && bar->keyboard)
            bar->length = bar->keyboard;
        /* Lengths of tuplets that are rounded add up to a little less or more. */
        uint32_t whole = 4 * written->division * beats / unit;
        uint32_t off = bar->length > whole ? bar->length - whole : whole - bar->length;
        if (bar->meter_known && off <= written->division / ROUNDED)
            bar->length = whole;
        if (bar->length == 0)
            bar->length = 4 * written->division * beats / unit;
        if (!bar->number[0])
            snprintf(bar->number, sizeof bar->number, "%u", b + 1);
    }
}

static int sort_notes(struct written *written)
{
    size_t count = written->notes;
    struct written_note **order = malloc((count + 1) * sizeof(struct written_note *));
    struct written_note *sorted = malloc((count + 1) * sizeof *sorted);
    if (order && sorted) {
        for (size_t i = 0; i < count; i++)
            order[i] = &written->note[i];
        qsort(order, count, sizeof(struct written_note *), by_bar);
        for (size_t i = 0; i < count; i++)
            sorted[i] = *order[i];
        free(written->note);
        written->note = sorted;
        sorted = NULL;
    }
    bool sorts = order && !sorted;
    free(order);
    free(sorted);
    if (!sorts)
        return error_set(written->error, "%s: out of memory", written->name);
    size_t note = 0;
    for (uint32_t b = 0; b <= written->bars; b++) {
        while (note < count && written->note[note].note.bar < b)
            note++;
        written->bar[b].first_note = (uint32_t)note;
    }
    return 0;
}

/* Where parts have time signatures of their own (6/8 of a voice above 2/4), a bar of theirs is
 * as long as the keyboard's: their notes are as much shorter or longer. */
static void fit_parts(struct written *written)
{
    for (size_t n = 0; n < written->notes; n++) {
        struct written_note *note = &written->note[n];
        const struct written_bar *bar = &written->bar[note->note.bar];
        if (!bar->mixed || !bar->keyboard || note->measure == 0)
            continue;
        uint32_t whole = 4 * written->division * bar->beats / bar->unit;
        double scale = (double)whole / note->measure;
        uint32_t end = (uint32_t)((note->note.tick + note->note.length) * scale + .5);
        note->note.tick = (uint32_t)(note->note.tick * scale + .5);
        if (!note->note.grace)
            note->note.length = end > note->note.tick ? end - note->note.tick : 1;
    }
}

static int read_bars(struct written *written, const struct sheet *sheet)
{
    written->bars = sheet->bars;
    written->division = find_division(sheet);
    written->bar = calloc((size_t)sheet->bars + 1, sizeof *written->bar);
    if (!written->bar)
        return error_set(written->error, "%s: out of memory", written->name);
    for (uint16_t p = 0; p < written->parts; p++)
        if (written_read_part(written, p, sheet->measure + (size_t)p * sheet->bars) != 0)
            return -1;
    settle_bars(written);
    fit_parts(written);
    return sort_notes(written);
}

static void free_written(struct written *written)
{
    for (uint16_t p = 0; written->part && p < written->parts; p++)
        free(written->part[p].name);
    free(written->part);
    free(written->bar);
    free(written->note);
    free(written->tempo);
}

/* --- The score --- */

static int name_score(struct musicxml *score, const xmlNode *root)
{
    const xmlNode *who = xml_child(root, "identification");
    char work[128], movement[128], title[260];
    xml_child_text(xml_child(root, "work"), "work-title", work, sizeof work);
    xml_child_text(root, "movement-title", movement, sizeof movement);
    bool both = work[0] && movement[0] && strcmp(work, movement) != 0;
    snprintf(title, sizeof title, "%s%s%s", work, both ? ": " : "",
             both || !work[0] ? movement : "");
    score->title = strdup(title);
    for (const xmlNode *child = who ? who->children : NULL; child; child = child->next)
        if (xml_is(child, "creator") && !score->composer &&
            xml_attribute_is(child, "type", "composer")) {
            char text[256];
            xml_text(child, text, sizeof text);
            score->composer = strdup(text);
        }
    if (!score->composer)
        score->composer = strdup("");
    return score->title && score->composer ? 0 : -1;
}

static bool is_keyboard(const struct written *written, uint16_t part)
{
    const struct musicxml_part *at = &written->part[part];
    return at->staves >= 2 || at->program < 8 || (at->program >= 16 && at->program < 24);
}

static struct musicxml *read_document(const xmlDoc *doc, const char *name, struct error *error)
{
    struct written written = {.name = name, .error = error};
    struct sheet sheet = {.root = xmlDocGetRootElement(doc)};
    struct musicxml *score = calloc(1, sizeof *score);
    if (!score) {
        error_set(error, "%s: out of memory", name);
        return NULL;
    }
    int result =
        sheet.root ? read_sheet(&sheet, &written) : error_set(error, "%s: no MusicXML score", name);
    if (result == 0)
        result = read_parts(&written, &sheet);
    written.concert =
        sheet.root && xml_child(xml_child(sheet.root, "defaults"), "concert-score") != NULL;
    if (result == 0)
        result = read_bars(&written, &sheet);
    if (result == 0)
        result = written_play(&written, score);
    if (result == 0 && name_score(score, sheet.root) != 0)
        result = error_set(error, "%s: out of memory", name);
    for (uint16_t p = 0; result == 0 && p < written.parts; p++)
        written.part[p].keyboard = is_keyboard(&written, p);
    if (result == 0) {
        score->parts = written.parts;
        score->part = written.part;
        written.part = NULL;
    }
    free_written(&written);
    free(sheet.measure);
    free(sheet.id);
    if (result == 0)
        return score;
    musicxml_free(score);
    return NULL;
}

struct musicxml *musicxml_read(const void *bytes, size_t length, const char *name,
                               struct error *error)
{
    char *unpacked = NULL;
    if (length >= 4 && memcmp(bytes, "PK\3\4", 4) == 0) {
        unpacked = mxl_unpack(bytes, length, MUSICXML_MAX_BYTES, name, &length, error);
        if (!unpacked)
            return NULL;
        bytes = unpacked;
    }
    struct musicxml *score = NULL;
    if (length > MUSICXML_MAX_BYTES) {
        error_set(error, "%s: larger than %d MiB", name, MUSICXML_MAX_BYTES >> 20);
    } else {
        xmlDoc *doc = parse(bytes, length, name, error);
        score = doc ? read_document(doc, name, error) : NULL;
        xmlFreeDoc(doc);
    }
    free(unpacked);
    return score;
}

void musicxml_free(struct musicxml *score)
{
    if (!score)
        return;
    for (uint16_t p = 0; p < score->parts; p++)
        free(score->part[p].name);
    free(score->part);
    free(score->title);
    free(score->composer);
    free(score->bar);
    free(score->note);
    free(score->tempo);
    free(score->meter);
    free(score->key);
    free(score);
}

bool musicxml_available(void)
{
    return true;
}

uint16_t musicxml_keyboard(const struct musicxml *score)
{
    for (uint16_t p = 0; p < score->parts; p++)
        if (score->part[p].staves >= 2)
            return p;
    for (uint16_t p = 0; p < score->parts; p++)
        if (score->part[p].keyboard)
            return p;
    return 0;
}
