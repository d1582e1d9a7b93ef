/* audiogenrl bypass, record, mode, follow, keep, tempo, transpose, input, output, tap, panic, reload:
 * commands to the service. They print nothing unless there is something to know. */
#include "tool/client.h"
#include "tool/command.h"
#include "tool/commands.h"
#include "tool/knobs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum value_kind { NO_VALUE, SWITCH, MODE, NUMBER, INTEGER, NAME };

struct order {
    const char *name;
    enum value_kind kind;
    const char *usage;
    double least, most;
    const char *description;
};

static int read_switch(const struct order *order, const char *word, json_t **value)
{
    if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0 && strcmp(word, "toggle") != 0)
        return command_usage(order->name, "expected on, off or toggle, not '%s'", word);
    *value = json_string(word);
    return COMMAND_GO_ON;
}

static int read_mode(const struct order *order, const char *word, json_t **value)
{
    if (knobs_mode(word) < 0)
        return command_usage(order->name, "expected correct, generate, scale or off, not '%s'",
                             word);
    *value = json_string(word);
    return COMMAND_GO_ON;
}

static int read_number(const struct order *order, const char *word, json_t **value)
{
    char *end = NULL;
    double number = g_ascii_strtod(word, &end);
    if (end == word || *end != '\0' || !(number >= order->least && number <= order->most))
        return command_usage(order->name, "expected a number from %g to %g, not '%s'", order->least,
                             order->most, word);
    if (order->kind == INTEGER && number != floor(number))
        return command_usage(order->name, "expected a whole number, not '%s'", word);
    *value = order->kind == INTEGER ? json_integer((json_int_t)number) : json_real(number);
    return COMMAND_GO_ON;
}

static int read_value(const struct order *order, char *const *words, json_t **value)
{
    size_t count = g_strv_length((char **)words);
    if (count != (order->kind == NO_VALUE ? 0 : 1))
        return command_usage(order->name,
                             order->kind == NO_VALUE ? "takes no value" : "takes one value");
    switch (order->kind) {
    case SWITCH:
        return read_switch(order, words[0], value);
    case MODE:
        return read_mode(order, words[0], value);
    case NUMBER:
    case INTEGER:
        return read_number(order, words[0], value);
    case NAME:
        *value = json_string(words[0]);
        return *value ? COMMAND_GO_ON : command_usage(order->name, "a name must be UTF-8");
    default:
        return COMMAND_GO_ON;
    }
}

static int give(const struct order *order, const struct command_common *common, json_t *value)
{
    struct error error;
    json_t *answer = client_ask(order->name, value, &error);
    if (!answer)
        return command_fail(&error);
    if (common->json)
        return command_print_json(answer);
    if (order->kind == SWITCH && !common->quiet)
        printf("%s %s\n", order->name,
               json_is_true(json_object_get(answer, order->name)) ? "on" : "off");
    json_decref(answer);
    return command_flush();
}

static int run(const struct order *order, int argc, char **argv)
{
    const GOptionEntry none[] = {{NULL, 0, 0, 0, NULL, NULL, NULL}};
    struct command_common common = {0};
    char **words = NULL;
    json_t *value = NULL;
    int code = command_parse(argc, argv, order->usage, order->description, none, &common, &words);
    if (code == COMMAND_GO_ON)
        code = read_value(order, words, &value);
    if (code == COMMAND_GO_ON)
        code = give(order, &common, value);
    g_strfreev(words);
    return code;
}

int command_bypass(int argc, char **argv)
{
    const struct order order = {
        "bypass", SWITCH, "on|off|toggle", 0, 0, "With bypass on, notes sound as they are played."};
    return run(&order, argc, argv);
}

int command_record(int argc, char **argv)
{
    const struct order order = {
        "record",
        SWITCH,
        "on|off|toggle",
        0,
        0,
        "Records into the folder of the settings. Off ends the file; on begins another."};
    return run(&order, argc, argv);
}

int command_mode(int argc, char **argv)
{
    const struct order order = {"mode", MODE, "correct|generate|scale|off",
                                0,      0,    "Notes that are held keep the pitch they have."};
    return run(&order, argc, argv);
}

int command_follow(int argc, char **argv)
{
    const struct order order = {
        "follow", NUMBER, "X",
        0,        100,    "Trust in the player, 0 to 100: the larger, the less is changed."};
    return run(&order, argc, argv);
}

int command_keep(int argc, char **argv)
{
    const struct order order = {
        "keep", NUMBER, "X", 0, 100, "Nats in favour of leaving a note as played, 0 to 100."};
    return run(&order, argc, argv);
}

int command_tempo(int argc, char **argv)
{
    const struct order order = {
        "tempo", NUMBER, "BPM",
        20,      400,    "Beats a minute, for the clocks fixed and tap; where auto begins."};
    return run(&order, argc, argv);
}

int command_transpose(int argc, char **argv)
{
    const struct order order = {
        "transpose", INTEGER, "N", -48, 48, "Semitones added to each key; drums stay as they are."};
    /* A number below 0 is no option. */
    bool below = argc == 2 && argv[1][0] == '-' && g_ascii_isdigit(argv[1][1]);
    char dashes[] = "--";
    char *words[] = {argv[0], dashes, argv[1], NULL};
    return below ? run(&order, 3, words) : run(&order, argc, argv);
}

int command_input(int argc, char **argv)
{
    const struct order order = {
        "input", NAME, "CLIENT:PORT|auto",
        0,       0,    "The port to read from, as ports lists it; auto: what the settings say."};
    return run(&order, argc, argv);
}

int command_output(int argc, char **argv)
{
    const struct order order = {
        "output", NAME, "CLIENT:PORT|auto",
        0,        0,    "The port to play on, as ports lists it; auto: what the settings say."};
    return run(&order, argc, argv);
}

int command_tap(int argc, char **argv)
{
    const struct order order = {
        "tap", NO_VALUE, NULL, 0, 0, "A tap on the beat, for the clocks tap and fixed."};
    return run(&order, argc, argv);
}

int command_panic(int argc, char **argv)
{
    const struct order order = {"panic", NO_VALUE, NULL, 0, 0, "Releases everything that sounds."};
    return run(&order, argc, argv);
}

int command_reload(int argc, char **argv)
{
    const struct order order = {"reload",
                                NO_VALUE,
                                NULL,
                                0,
                                0,
                                "Reads settings and repertoire anew; with a fault in them the old "
                                "ones stay."};
    return run(&order, argc, argv);
}
