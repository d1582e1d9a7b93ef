/* Parsing by GLib's GOption; help and version are our own entries, so that
 * both go through the same check of standard output as all else. */
#include "tool/command.h"

#include "tool/suggest.h"
#include "tool/words.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST_SHARED = 6, LINE = 1200 };

/* One line, whatever a file is called: control characters become spaces. */
static void print_line(const char *prefix, const char *text)
{
    char line[LINE];
    size_t length = 0;
    for (; *text && length + 1 < sizeof line; text++)
        line[length++] = (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text;
    line[length] = '\0';
    fprintf(stderr, "%s: %s\n", prefix, line);
}

/* The option that GOption does not know, as it was written without its value; NULL: another
 * fault. */
static const char *unknown_option(char **argv, const GError *fault, char *word, size_t room)
{
    if (!g_error_matches(fault, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
        return NULL;
    for (size_t i = 1; argv[i]; i++) {
        g_strlcpy(word, argv[i], room);
        word[strcspn(word, "=")] = '\0';
        /* GOption's sentence, in whatever language, ends in the option. */
        if (g_str_has_prefix(word, "--") && g_str_has_suffix(fault->message, argv[i]))
            return word;
    }
    return NULL;
}

static int explain(const char *name, char **argv, const GError *fault, const GOptionEntry *entries,
                   const GOptionEntry *shared)
{
    char word[64];
    if (!unknown_option(argv, fault, word, sizeof word))
        return command_usage(name, "%s", fault->message);
    const GOptionEntry *const lists[] = {entries, shared};
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (size_t l = 0; l < G_N_ELEMENTS(lists); l++)
        for (const GOptionEntry *entry = lists[l]; entry->long_name; entry++)
            if (entry->long_name[0])
                g_ptr_array_add(names, g_strconcat("--", entry->long_name, NULL));
    int code = command_usage_misspelt(name, N_("option"), word, (const char *const *)names->pdata,
                                      names->len);
    g_ptr_array_free(names, TRUE);
    return code;
}

static bool parse_options(GOptionContext *context, int argc, char **argv, GError **fault)
{
    /* The copy is GOption's to shorten; the caller's stays as it is. */
    char **copy = g_new0(char *, (gsize)argc + 1);
    for (int i = 0; i < argc; i++)
        copy[i] = g_strdup(argv[i]);
    bool parsed = g_option_context_parse_strv(context, &copy, fault);
    g_strfreev(copy);
    return parsed;
}

static void share_options(struct command_common *common, gboolean *help, gboolean *version,
                          GOptionEntry *shared)
{
    const GOptionEntry seed = {"seed",
                               0,
                               0,
                               G_OPTION_ARG_INT64,
                               &common->seed,
                               "start of the random numbers (1); same seed, same result",
                               "N"};
    const GOptionEntry json = {"json",
                               0,
                               0,
                               G_OPTION_ARG_NONE,
                               &common->json,
                               "print one JSON document on standard output",
                               NULL};
    const GOptionEntry quiet = {
        "quiet", 'q', 0, G_OPTION_ARG_NONE, &common->quiet, "say nothing but errors", NULL};
    size_t count = 0;
    if (common->offers & COMMAND_SEED)
        shared[count++] = seed;
    if (!(common->offers & COMMAND_NO_JSON))
        shared[count++] = json;
    if (!(common->offers & COMMAND_NO_QUIET))
        shared[count++] = quiet;
    shared[count++] =
        (GOptionEntry){"help", 'h', 0, G_OPTION_ARG_NONE, help, "print this help", NULL};
    shared[count++] =
        (GOptionEntry){"version", 0, 0, G_OPTION_ARG_NONE, version, "print the version", NULL};
    shared[count] = (GOptionEntry){0};
}

int command_parse(int argc, char **argv, const char *usage, const char *description,
                  const GOptionEntry *entries, struct command_common *common, char ***files)
{
    gboolean help = FALSE;
    gboolean version = FALSE;
    char **rest = NULL;
    GError *fault = NULL;
    GOptionEntry shared[MOST_SHARED];
    const GOptionEntry words[] = {
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    common->seed = 1;
    share_options(common, &help, &version, shared);
    GOptionContext *context = g_option_context_new(usage);
    g_option_context_set_help_enabled(context, FALSE);
    if (description)
        g_option_context_set_description(context, description);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, shared, NULL);
    g_option_context_add_main_entries(context, words, NULL);
    char *program = g_strdup_printf("audiogenrl %s", argv[0]);
    g_set_prgname(program);

    int code = COMMAND_GO_ON;
    if (!parse_options(context, argc, argv, &fault)) {
        code = explain(argv[0], argv, fault, entries, shared);
        g_error_free(fault);
    } else if (common->seed < 0) {
        code = command_usage(argv[0], "--seed takes a whole number from 0 up");
    } else if (help) {
        char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
        g_free(text);
        code = command_flush();
    } else if (version) {
        printf("audiogenrl %s\n", AUDIOGENRL_VERSION);
        code = command_flush();
    }
    g_option_context_free(context);
    g_free(program);
    *files = rest ? rest : g_new0(char *, 1);
    return code;
}

int command_usage(const char *name, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, _(format), arguments);
    va_end(arguments);
    char line[800];
    if (name)
        snprintf(line, sizeof line, _("%s: %s; see audiogenrl %s --help"), name, text, name);
    else
        snprintf(line, sizeof line, _("%s; see audiogenrl --help"), text);
    print_line("audiogenrl", line);
    return COMMAND_USAGE;
}

int command_usage_misspelt(const char *name, const char *what, const char *word,
                           const char *const *names, size_t count)
{
    const char *meant = suggest_name(word, names, count);
    if (!meant)
        return command_usage(name, "unknown %s %s", _(what), word);
    return command_usage(name, "unknown %s %s; did you mean %s?", _(what), word, meant);
}

int command_fail(const struct error *error)
{
    print_line("audiogenrl", error->text);
    return COMMAND_FAILED;
}

void command_note(const struct command_common *common, const char *format, ...)
{
    char text[LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, _(format), arguments);
    va_end(arguments);
    if (!common->quiet)
        print_line(_("note"), text);
}

void command_warn(const struct command_common *common, const char *format, ...)
{
    char text[LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, _(format), arguments);
    va_end(arguments);
    if (!common->quiet)
        print_line(_("warning"), text);
}

int command_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return COMMAND_DONE;
    struct error error;
    error_set(&error, "standard output: cannot write: %s", strerror(errno));
    return command_fail(&error);
}

int command_print_json(json_t *document)
{
    if (!document) {
        struct error error;
        error_set(&error, "standard output: out of memory for the JSON document");
        return command_fail(&error);
    }
    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(document);
    return command_flush();
}

json_t *command_text(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    json_t *value = json_string(valid);
    g_free(valid);
    return value;
}

json_t *command_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}
