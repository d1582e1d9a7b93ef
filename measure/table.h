/* Tables of results: aligned text for people, CSV and JSON for programs.
 *
 * Cells are filled row after row, left to right. Texts are copied; a number
 * that is NaN is a dash in text, empty in CSV, null in JSON. */
#ifndef MEASURE_TABLE_H
#define MEASURE_TABLE_H

#include "base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table_column {
    const char *key;     /* in CSV and JSON */
    const char *heading; /* in text; NULL: the column is for programs only */
    int decimals;        /* in text; -1: a column of texts */
};

struct table;

/* Borrows the columns, which must outlive it. NULL: out of memory. */
struct table *table_create(const struct table_column *columns, size_t count, struct error *error);
void table_free(struct table *table);

/* Fills the next cell. Out of memory is kept and told by the output functions. */
void table_text(struct table *table, const char *text);
void table_number(struct table *table, double number);

/* Columns whose every number is NaN are left out of the text. -1: out of
 * memory, or a row that is not full. Errors of the stream are the caller's to check. */
int table_print(const struct table *table, FILE *stream, struct error *error);

/* With a header line; fields are quoted where they must be (RFC 4180). */
int table_write_csv(const struct table *table, const char *path, struct error *error);

/* An array of objects, one a row. NULL: out of memory, or a row that is not full. */
json_t *table_json(const struct table *table, struct error *error);

#endif
