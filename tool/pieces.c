/* audiogenrl pieces: what the service follows, and the choice of one piece of it. */
#include "tool/client.h"
#include "tool/command.h"
#include "tool/commands.h"

#include <stdio.h>
#include <string.h>

static void print_names(const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        printf("%s%s", i == 0 ? "  " : ", ", json_string_value(json_array_get(names, i)));
}

/* The file that is followed alone has a star. */
static void print_pieces(const json_t *answer)
{
    const char *locked = json_string_value(json_object_get(answer, "locked"));
    const json_t *pieces = json_object_get(answer, "pieces");
    for (size_t i = 0; i < json_array_size(pieces); i++) {
        const json_t *piece = json_array_get(pieces, i);
        const char *file = json_string_value(json_object_get(piece, "file"));
        const char *why = json_string_value(json_object_get(piece, "why"));
        if (!file)
            continue;
        printf("%c %s", locked && strcmp(locked, file) == 0 ? '*' : ' ', file);
        print_names(json_object_get(piece, "names"));
        if (!json_object_get(piece, "names"))
            printf("  %s%s%s", json_string_value(json_object_get(piece, "state")), why ? ": " : "",
                   why ? why : "");
        putchar('\n');
    }
}

/* The service's name of the command; NULL: wrong usage, which was said. */
static const char *read_words(char *const *words, json_t **value)
{
    static const char *const commands[] = {"lock", "unlock", "next", "previous"};
    if (!words[0])
        return "pieces";
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(words[0], commands[i]) != 0)
            continue;
        bool named = i == 0;
        if (g_strv_length((char **)words) != (named ? 2U : 1U)) {
            command_usage("pieces", named ? "lock takes one name of a file" : "%s takes no value",
                          words[0]);
            return NULL;
        }
        *value = named ? json_string(words[1]) : NULL;
        return commands[i];
    }
    command_usage("pieces", "expected lock, unlock, next or previous, not '%s'", words[0]);
    return NULL;
}

static int ask(const char *command, json_t *value, const struct command_common *common)
{
    struct error error;
    json_t *answer = client_ask(command, value, &error);
    if (!answer)
        return command_fail(&error);
    if (common->json)
        return command_print_json(answer);
    if (!common->quiet)
        print_pieces(answer);
    json_decref(answer);
    return command_flush();
}

int command_pieces(int argc, char **argv)
{
    const GOptionEntry none[] = {{NULL, 0, 0, 0, NULL, NULL, NULL}};
    struct command_common common = {0};
    char **words = NULL;
    json_t *value = NULL;
    int code = command_parse(argc, argv, "[lock|unlock|next|previous] [NAME]",
                             "Lists the files of the repertoire with the pieces in them; a star "
                             "is before the one that is followed alone.\n\n"
                             "  lock NAME       follow this file alone\n"
                             "  next, previous  the one behind or before it, by name\n"
                             "  unlock          follow all of them",
                             none, &common, &words);
    const char *command = code == COMMAND_GO_ON ? read_words(words, &value) : NULL;
    if (code == COMMAND_GO_ON)
        code = command ? ask(command, value, &common) : COMMAND_USAGE;
    g_strfreev(words);
    return code;
}
