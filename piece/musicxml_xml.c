/* What is asked of libxml2's tree. */
#include "piece/musicxml_private.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

xmlNode *xml_child(const xmlNode *node, const char *name)
{
    for (xmlNode *child = node ? node->children : NULL; child; child = child->next)
        if (xml_is(child, name))
            return child;
    return NULL;
}

static void copy_trimmed(const char *from, char *text, size_t room)
{
    while (isspace((unsigned char)*from))
        from++;
    size_t length = strlen(from);
    while (length > 0 && isspace((unsigned char)from[length - 1]))
        length--;
    if (length >= room)
        length = room - 1;
    /* No character of several bytes is cut. */
    while (length > 0 && from[length] != '\0' && ((unsigned char)from[length] & 0xC0) == 0x80)
        length--;
    memcpy(text, from, length);
    text[length] = '\0';
}

void xml_text(const xmlNode *node, char *text, size_t room)
{
    text[0] = '\0';
    for (const xmlNode *child = node ? node->children : NULL; child; child = child->next)
        if (child->type == XML_TEXT_NODE && child->content) {
            copy_trimmed((const char *)child->content, text, room);
            return;
        }
}

void xml_child_text(const xmlNode *node, const char *name, char *text, size_t room)
{
    xml_text(xml_child(node, name), text, room);
}

double xml_number(const xmlNode *node, const char *name, double otherwise)
{
    char text[40], *end;
    xml_child_text(node, name, text, sizeof text);
    double value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(value) ? value : otherwise;
}

void xml_attribute(const xmlNode *node, const char *name, char *text, size_t room)
{
    text[0] = '\0';
    for (const xmlAttr *at = node->properties; at; at = at->next)
        if (xmlStrcmp(at->name, (const xmlChar *)name) == 0 && at->children &&
            at->children->content)
            copy_trimmed((const char *)at->children->content, text, room);
}

bool xml_attribute_is(const xmlNode *node, const char *name, const char *value)
{
    char text[32];
    xml_attribute(node, name, text, sizeof text);
    return strcmp(text, value) == 0;
}
