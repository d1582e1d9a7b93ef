/* audiogenrl fade: help that fades, switched and shown. */
#include "tool/client.h"
#include "tool/command.h"
#include "tool/commands.h"

#include <stdio.h>
#include <string.h>

static const char *const steps[] = {"none", "a little", "much", "all"};

enum { STEPS = sizeof steps / sizeof *steps, KNOWN = 3 };

static void print_bar(const json_t *bar)
{
    json_int_t help = json_integer_value(json_object_get(bar, "help"));
    const json_t *errors = json_object_get(bar, "errors");
    json_int_t right = json_integer_value(json_object_get(bar, "right"));
    printf("%6" JSON_INTEGER_FORMAT "  %-8s", json_integer_value(json_object_get(bar, "bar")),
           help >= 0 && help < STEPS ? steps[help] : "?");
    if (json_is_number(errors))
        printf("  %3.0f %%", 100 * json_number_value(errors));
    puts(right >= KNOWN ? "  known" : "");
}

static int show(const struct command_common *common)
{
    struct error error;
    json_t *answer = client_ask("progress", NULL, &error);
    if (!answer)
        return command_fail(&error);
    if (common->json)
        return command_print_json(answer);
    const char *piece = json_string_value(json_object_get(answer, "piece"));
    const json_t *bars = json_object_get(answer, "bars");
    printf("fade %s\n", json_is_true(json_object_get(answer, "on")) ? "on" : "off");
    puts(piece ? piece : "no piece is recognised");
    if (json_array_size(bars) > 0)
        puts("   bar  help      wrong");
    for (size_t i = 0; i < json_array_size(bars); i++)
        print_bar(json_array_get(bars, i));
    json_decref(answer);
    return command_flush();
}

static int give(const char *word, const struct command_common *common)
{
    bool forget = strcmp(word, "forget") == 0;
    struct error error;
    if (!forget && strcmp(word, "on") != 0 && strcmp(word, "off") != 0 &&
        strcmp(word, "toggle") != 0)
        return command_usage("fade", "expected on, off, toggle or forget, not '%s'", word);
    json_t *answer =
        client_ask(forget ? "forget-progress" : "fade", forget ? NULL : json_string(word), &error);
    if (!answer)
        return command_fail(&error);
    if (common->json)
        return command_print_json(answer);
    if (!common->quiet && !forget)
        printf("fade %s\n", json_is_true(json_object_get(answer, "fade")) ? "on" : "off");
    json_decref(answer);
    return command_flush();
}

int command_fade(int argc, char **argv)
{
    const GOptionEntry none[] = {{NULL, 0, 0, 0, NULL, NULL, NULL}};
    struct command_common common = {0};
    char **words = NULL;
    int code = command_parse(
        argc, argv, "[on|off|toggle|forget]",
        "With fade on, a bar is helped the less, the fewer wrong keys are struck in it. Without a\n"
        "word: the bars of the piece that is played. forget: full help in every bar again.",
        none, &common, &words);
    if (code == COMMAND_GO_ON && words[0] && words[1])
        code = command_usage("fade", "takes one word at most");
    if (code == COMMAND_GO_ON)
        code = words[0] ? give(words[0], &common) : show(&common);
    g_strfreev(words);
    return code;
}
