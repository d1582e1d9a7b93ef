/* Cells in one growing array, row by row. */
#include "measure/table.h"

#include "base/outfile.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct cell {
    char *text; /* NULL: a number */
    double number;
};

struct table {
    const struct table_column *columns;
    size_t width;
    struct cell *cells;
    size_t count, room;
    bool failed;
};

struct table *table_create(const struct table_column *columns, size_t count, struct error *error)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table) {
        error_set(error, "out of memory for a table");
        return NULL;
    }
    table->columns = columns;
    table->width = count;
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t k = 0; k < table->count; k++)
        free(table->cells[k].text);
    free(table->cells);
    free(table);
}

static void append(struct table *table, struct cell cell)
{
    if (table->count == table->room) {
        size_t room = table->room ? 2 * table->room : 64;
        struct cell *cells = realloc(table->cells, room * sizeof *cells);
        if (!cells) {
            table->failed = true;
            free(cell.text);
            return;
        }
        table->cells = cells;
        table->room = room;
    }
    table->cells[table->count++] = cell;
}

void table_text(struct table *table, const char *text)
{
    char *copy = strdup(text);
    if (copy)
        append(table, (struct cell){.text = copy});
    else
        table->failed = true;
}

void table_number(struct table *table, double number)
{
    append(table, (struct cell){.number = number});
}

static int check(const struct table *table, struct error *error)
{
    if (table->failed)
        return error_set(error, "out of memory for a table");
    if (table->width == 0)
        return error_set(error, "a table without columns");
    if (table->count % table->width != 0)
        return error_set(error, "the last row of a table has %zu cells of %zu",
                         table->count % table->width, table->width);
    return 0;
}

static size_t rows(const struct table *table)
{
    return table->width ? table->count / table->width : 0;
}

static const struct cell *cell_at(const struct table *table, size_t row, size_t column)
{
    return &table->cells[row * table->width + column];
}

/* What a cell shows; `space` is for numbers. */
static const char *shown(const struct cell *cell, int decimals, char space[64])
{
    if (cell->text)
        return cell->text;
    if (isnan(cell->number))
        return "–";
    snprintf(space, 64, "%.*f", decimals > 0 ? decimals : 0, cell->number);
    /* No "-0.0". */
    return space[0] == '-' && strspn(space + 1, "0.") == strlen(space + 1) ? space + 1 : space;
}

/* Characters, not bytes, of UTF-8. */
static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

static size_t column_width(const struct table *table, size_t column)
{
    const struct table_column *c = &table->columns[column];
    bool empty = true;
    size_t width = c->heading ? characters(c->heading) : 0;
    for (size_t row = 0; row < rows(table); row++) {
        char space[64];
        const struct cell *cell = cell_at(table, row, column);
        size_t length = characters(shown(cell, c->decimals, space));
        width = length > width ? length : width;
        empty = empty && !cell->text && isnan(cell->number);
    }
    return c->heading && !empty ? width : 0;
}

static void print_cell(FILE *stream, const char *text, size_t width, bool left, bool first)
{
    size_t length = characters(text);
    int pad = (int)(width > length ? width - length : 0);
    fprintf(stream, "%s%*s%s%*s", first ? "" : "  ", left ? 0 : pad, "", text, left ? pad : 0, "");
}

static void print_row(const struct table *table, FILE *stream, const size_t *widths, size_t row)
{
    bool first = true;
    for (size_t c = 0; c < table->width; c++) {
        if (widths[c] == 0)
            continue;
        char space[64];
        const struct table_column *column = &table->columns[c];
        const char *text = row == SIZE_MAX ? column->heading
                                           : shown(cell_at(table, row, c), column->decimals, space);
        print_cell(stream, text, widths[c], column->decimals < 0, first);
        first = false;
    }
    fputc('\n', stream);
}

int table_print(const struct table *table, FILE *stream, struct error *error)
{
    if (check(table, error) != 0)
        return -1;
    size_t *widths = malloc(table->width * sizeof *widths);
    if (!widths)
        return error_set(error, "out of memory for a table");
    for (size_t c = 0; c < table->width; c++)
        widths[c] = column_width(table, c);
    print_row(table, stream, widths, SIZE_MAX);
    for (size_t row = 0; row < rows(table); row++)
        print_row(table, stream, widths, row);
    free(widths);
    return 0;
}

static void write_field(FILE *stream, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

int table_write_csv(const struct table *table, const char *path, struct error *error)
{
    if (check(table, error) != 0)
        return -1;
    struct outfile *file = outfile_open(path, error);
    if (!file)
        return -1;
    FILE *stream = outfile_stream(file);
    for (size_t c = 0; c < table->width; c++) {
        if (c)
            fputc(',', stream);
        write_field(stream, table->columns[c].key);
    }
    fputc('\n', stream);
    for (size_t row = 0; row < rows(table); row++)
        for (size_t c = 0; c < table->width; c++) {
            const struct cell *cell = cell_at(table, row, c);
            if (cell->text)
                write_field(stream, cell->text);
            else if (!isnan(cell->number))
                fprintf(stream, "%.10g", cell->number);
            fputc(c + 1 < table->width ? ',' : '\n', stream);
        }
    return outfile_commit(file, error);
}

static json_t *json_of_cell(const struct cell *cell)
{
    if (cell->text) {
        json_t *text = json_string(cell->text);
        /* Names of files need not be UTF-8. */
        return text ? text : json_string("?");
    }
    if (isfinite(cell->number) && cell->number == floor(cell->number) && fabs(cell->number) < 9e15)
        return json_integer((json_int_t)cell->number);
    return isfinite(cell->number) ? json_real(cell->number) : json_null();
}

json_t *table_json(const struct table *table, struct error *error)
{
    if (check(table, error) != 0)
        return NULL;
    json_t *array = json_array();
    bool bad = !array;
    for (size_t row = 0; !bad && row < rows(table); row++) {
        json_t *object = json_object();
        bad = !object || json_array_append_new(array, object) != 0;
        for (size_t c = 0; !bad && c < table->width; c++)
            bad = json_object_set_new(object, table->columns[c].key,
                                      json_of_cell(cell_at(table, row, c))) != 0;
    }
    if (!bad)
        return array;
    json_decref(array);
    error_set(error, "out of memory for a table");
    return NULL;
}
