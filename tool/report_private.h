/* Parts of the page, in the order in which they stand. */
#ifndef TOOL_REPORT_PRIVATE_H
#define TOOL_REPORT_PRIVATE_H

#include "tool/report.h"

/* The head of a document up to <main>, with its title; and its end. */
void page_open(GString *page, const char *title);
void page_close(GString *page);

/* Text that may hold anything; a name, in which a line stands for a space. */
void page_text(GString *page, const char *text);
void page_name(GString *page, const char *name);

/* A session by its name and time. */
void page_session(GString *page, const char *name, int64_t time);

/* A sentence of a list. */
void page_item(GString *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* -1: error. */
int page_passages(GString *page, const struct report *report, struct error *error);
void page_time(GString *page, const struct report *report);
void page_pedal(GString *list, const struct report *report);
void page_progress(GString *page, const struct report *report);
void page_bars(GString *page, const struct report *report);

#endif
