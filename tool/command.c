/* Parsing by GLib's GOption; help and version are our own entries, so that
 * both go through the same check of standard output as all else. */
#include "tool/command.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* One line, whatever a file is called: control characters become spaces. */
static void print_line(const char *text)
{
    char line[1024];
    size_t length = 0;
    for (; *text && length + 1 < sizeof line; text++)
        line[length++] = (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text;
    line[length] = '\0';
    fprintf(stderr, "audiogenrl: %s\n", line);
}

static int parse_options(GOptionContext *context, int argc, char **argv, const char *name,
                         struct command_common *common)
{
    GError *fault = NULL;
    /* The copy is GOption's to shorten; the caller's stays as it is. */
    char **copy = g_new0(char *, (gsize)argc + 1);
    for (int i = 0; i < argc; i++)
        copy[i] = g_strdup(argv[i]);
    bool parsed = g_option_context_parse_strv(context, &copy, &fault);
    g_strfreev(copy);
    if (!parsed) {
        int code = command_usage(name, "%s", fault->message);
        g_error_free(fault);
        return code;
    }
    if (common->seed < 0)
        return command_usage(name, "--seed takes a whole number from 0 up");
    return COMMAND_GO_ON;
}

int command_parse(int argc, char **argv, const char *usage, const char *description,
                  const GOptionEntry *entries, struct command_common *common, char ***files)
{
    gboolean help = FALSE;
    gboolean version = FALSE;
    char **rest = NULL;
    const GOptionEntry shared[] = {
        {"seed", 0, 0, G_OPTION_ARG_INT64, &common->seed,
         "start of the random numbers (1); same seed, same result", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &common->json,
         "print one JSON document on standard output", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &common->quiet, "say nothing but errors", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "print this help", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &rest, NULL, NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    common->seed = 1;
    GOptionContext *context = g_option_context_new(usage);
    g_option_context_set_help_enabled(context, FALSE);
    if (description)
        g_option_context_set_description(context, description);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_main_entries(context, shared, NULL);
    char *program = g_strdup_printf("audiogenrl %s", argv[0]);
    g_set_prgname(program);

    int code = parse_options(context, argc, argv, argv[0], common);
    if (code == COMMAND_GO_ON && help) {
        char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
        g_free(text);
        code = command_flush();
    } else if (code == COMMAND_GO_ON && version) {
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
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char line[800];
    if (name)
        snprintf(line, sizeof line, "%s: %s; see audiogenrl %s --help", name, text, name);
    else
        snprintf(line, sizeof line, "%s; see audiogenrl --help", text);
    print_line(line);
    return COMMAND_USAGE;
}

int command_fail(const struct error *error)
{
    print_line(error->text);
    return COMMAND_FAILED;
}

void command_note(const struct command_common *common, const char *format, ...)
{
    if (common->quiet)
        return;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_line(text);
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
