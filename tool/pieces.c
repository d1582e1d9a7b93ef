/* audiogenrl pieces: the repertoire as a table, and putting it in order. */
#include "load/folder.h"
#include "tool/client.h"
#include "tool/commands.h"
#include "tool/pieces_show.h"
#include "tool/repertoire.h"

#include <stdio.h>
#include <string.h>

struct pieces_options {
    char *folder, *output;
    struct command_common common;
};

enum act { SHOW, RENAME, FORGET, LOCK, UNLOCK, NEXT, PREVIOUS, ACTS };

static const struct {
    const char *name;
    guint words; /* behind it */
} acts[] = {
    [SHOW] = {"show", 1},         [RENAME] = {"rename", 2}, [FORGET] = {"forget", 1},
    [LOCK] = {"lock", 1},         [UNLOCK] = {"unlock", 0}, [NEXT] = {"next", 0},
    [PREVIOUS] = {"previous", 0},
};

/* --- The table --- */

static long long count_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

/* "takes", "3 takes" where it says how many. */
static void put_origin(GString *row, const json_t *file)
{
    char text[32];
    long long takes = count_of(file, "takes");
    const char *from = json_string_value(json_object_get(file, "from"));
    snprintf(text, sizeof text, takes ? "%2$lld %1$s" : "%s", from ? from : "style", takes);
    g_string_append_printf(row, "  %-10s", text);
}

static void put_played(GString *row, const json_t *played)
{
    long long notes = count_of(played, "notes");
    GDateTime *last = played ? g_date_time_new_from_unix_local(count_of(played, "last")) : NULL;
    char *text = last ? g_date_time_format(last, "%Y-%m-%d %H:%M") : NULL;
    if (text && notes > 0)
        g_string_append_printf(row, "  %-16s %5.1f %%", text,
                               100 * (1 - (double)count_of(played, "corrected") / (double)notes));
    else
        g_string_append_printf(row, "  %-16s %7s", "-", "-");
    g_free(text);
    if (last)
        g_date_time_unref(last);
}

/* Padded to a width that counts characters. */
static void put_name(GString *row, const char *name, glong width)
{
    g_string_append(row, name);
    for (glong i = g_utf8_strlen(name, -1); i < width; i++)
        g_string_append_c(row, ' ');
}

static void print_row(const json_t *file, const char *locked, glong width)
{
    const char *name = json_string_value(json_object_get(file, "file"));
    GString *row = g_string_new(locked && strcmp(locked, name) == 0 ? "* " : "  ");
    put_name(row, name, width);
    if (repertoire_says(file, "state", "ready")) {
        put_origin(row, file);
        g_string_append_printf(row, " %6lld %6lld %6lld", count_of(file, "bars"),
                               count_of(file, "notes"), count_of(file, "doubtful"));
        put_played(row, json_object_get(file, "played"));
    } else if (repertoire_says(file, "state", "learning"))
        g_string_append(row, "  is being learned");
    else
        g_string_append_printf(row, "  %s", json_string_value(json_object_get(file, "why")));
    puts(row->str);
    g_string_free(row, TRUE);
}

static void print_table(const struct repertoire *repertoire)
{
    const json_t *pieces = json_object_get(repertoire->answer, "pieces");
    const char *locked = json_string_value(json_object_get(repertoire->answer, "locked"));
    glong width = 20;
    for (size_t i = 0; i < json_array_size(pieces); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(pieces, i), "file"));
        width = MAX(width, MIN(g_utf8_strlen(name, -1), 48));
    }
    printf("%s: %zu file%s%s\n", repertoire->folder ? repertoire->folder : "no repertoire",
           json_array_size(pieces), json_array_size(pieces) == 1 ? "" : "s",
           repertoire->running ? "" : "; the service is not running");
    if (json_array_size(pieces) == 0)
        return;
    GString *head = g_string_new("  ");
    put_name(head, "file", width);
    printf("%s  %-10s %6s %6s %6s  %-16s %7s\n", head->str, "from", "bars", "notes", "doubt",
           "played last", "right");
    g_string_free(head, TRUE);
    for (size_t i = 0; i < json_array_size(pieces); i++)
        print_row(json_array_get(pieces, i), locked, width);
    if (locked)
        puts("* is locked: it alone is followed.");
}

static int list(const struct repertoire *repertoire, const struct command_common *common)
{
    if (common->json)
        return command_print_json(json_incref(repertoire->answer));
    if (!common->quiet)
        print_table(repertoire);
    return command_flush();
}

/* --- Changes --- */

/* What was done, as JSON: the service's answer, or that it is done. NULL: it could not be. */
static json_t *rename_piece(const struct repertoire *repertoire, const char *file, const char *name,
                            struct error *error)
{
    if (repertoire->running)
        return client_ask("rename", json_pack("{s:s, s:s}", "file", file, "name", name), error);
    char *made = folder_rename(repertoire->folder, file, name, error);
    free(made);
    return made ? json_pack("{s:b}", "ok", 1) : NULL;
}

static json_t *forget_piece(const struct repertoire *repertoire, const char *file,
                            struct error *error)
{
    if (repertoire->running)
        return client_ask("forget", json_string(file), error);
    int status = folder_forget(repertoire->folder, file, repertoire->store, error);
    return status == 0 ? json_pack("{s:b}", "ok", 1) : NULL;
}

static json_t *change(const struct repertoire *repertoire, enum act act, char *const *words,
                      struct error *error)
{
    const json_t *found = acts[act].words ? repertoire_find(repertoire, words[1], error) : NULL;
    const char *file = json_string_value(json_object_get(found, "file"));
    if (acts[act].words && !file)
        return NULL;
    if (act == RENAME)
        return rename_piece(repertoire, file, words[2], error);
    if (act == FORGET)
        return forget_piece(repertoire, file, error);
    if (repertoire->running)
        return client_ask(acts[act].name, file ? json_string(file) : NULL, error);
    error_set(error, "the service is not running: a piece is locked until it stops");
    return NULL;
}

static int do_change(const struct repertoire *repertoire, enum act act, char *const *words,
                     const struct command_common *common)
{
    struct error error;
    json_t *done = change(repertoire, act, words, &error);
    if (!done)
        return command_fail(&error);
    if (common->json)
        return command_print_json(done);
    if (!common->quiet && act >= LOCK) {
        const char *locked = json_string_value(json_object_get(done, "locked"));
        printf("%s\n", locked ? locked : "all pieces are followed");
    }
    json_decref(done);
    return command_flush();
}

static int show(const struct repertoire *repertoire, const char *name,
                const struct pieces_options *options)
{
    struct error error;
    const json_t *file = repertoire_find(repertoire, name, &error);
    if (!file)
        return command_fail(&error);
    char *path = g_build_filename(repertoire->folder,
                                  json_string_value(json_object_get(file, "file")), NULL);
    int code = pieces_show(path, options->output, &options->common);
    g_free(path);
    return code;
}

static int work(const struct pieces_options *options, char *const *words, enum act act)
{
    struct repertoire repertoire;
    struct error error;
    int code;
    if (repertoire_read(&repertoire, options->folder, &error) != 0)
        code = command_fail(&error);
    else if (act == ACTS)
        code = list(&repertoire, &options->common);
    else if (act == SHOW)
        code = show(&repertoire, words[1], options);
    else
        code = do_change(&repertoire, act, words, &options->common);
    repertoire_clear(&repertoire);
    return code;
}

static int run(const struct pieces_options *options, char *const *words)
{
    enum act act = SHOW;
    const char *names[ACTS];
    if (!words[0])
        return options->output ? command_usage("pieces", "-o goes with show")
                               : work(options, words, ACTS);
    for (int i = 0; i < ACTS; i++)
        names[i] = acts[i].name;
    while (act < ACTS && strcmp(acts[act].name, words[0]) != 0)
        act++;
    if (act == ACTS)
        return command_usage_misspelt("pieces", "word", words[0], names, ACTS);
    guint count = g_strv_length((char **)words) - 1;
    if (count != acts[act].words)
        return command_usage("pieces", "%s takes %u name(s), got %u", acts[act].name,
                             acts[act].words, count);
    if (options->output && act != SHOW)
        return command_usage("pieces", "-o goes with show");
    return work(options, words, act);
}

int command_pieces(int argc, char **argv)
{
    struct pieces_options options = {0};
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
         "where show draws the piece (NAME.svg)", "FILE.svg|.png|.pdf"},
        {"folder", 0, 0, G_OPTION_ARG_FILENAME, &options.folder,
         "a repertoire of which no service knows", "DIR"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **words = NULL;
    int code = command_parse(
        argc, argv, "show|rename|forget|lock|unlock|next|previous NAME",
        "Lists the repertoire: where each file is from, how much of it is in doubt, when it was "
        "played last and how many keys were right. show draws a piece with its doubt; rename NAME "
        "NEW; forget has a learned piece not learned again; lock NAME has it alone "
        "followed, next and previous the one behind or before it by name, unlock all of them "
        "again.",
        entries, &options.common, &words);
    if (code == COMMAND_GO_ON)
        code = run(&options, words);
    g_free(options.output);
    g_free(options.folder);
    g_strfreev(words);
    return code;
}
