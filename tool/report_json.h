/* A report as JSON. */
#ifndef TOOL_REPORT_JSON_H
#define TOOL_REPORT_JSON_H

#include "tool/report.h"

/* `output`: where its page is. */
json_t *report_json(const struct report *report, const char *output);

#endif
