/* audiogenrl: one program, a command a task. */
#include "tool/command.h"
#include "tool/commands.h"
#include "tool/words.h"

#include <stdio.h>
#include <string.h>

static int help(int argc, char **argv);

static const struct command commands[] = {
    {"train", "learn a piece, or a repertoire of several, from .mid files", command_train},
    {"learn", "learn a piece from takes of it, mistakes and all", command_learn},
    {"correct", "write a .mid with its wrong pitches replaced", command_correct},
    {"evaluate", "inject errors, correct, and measure against the truth", command_evaluate},
    {"errors", "write a copy of a .mid with errors injected", command_errors},
    {"inspect", "say what a .mid, a score or a model holds", command_inspect},
    {"convert", "write a score as a .mid", command_convert},
    {"report", "write a page about a recorded session", command_report},
    {"listen", "sound a .mid as played and as corrected", command_listen},
    {"pieces", "the repertoire: list, draw, rename, forget, lock pieces", command_pieces},
    {"ports", "service: what there is to connect to", command_ports},
    {"input", "service: read from one port, and no other", command_input},
    {"output", "service: play on one port, and no other", command_output},
    {"status", "service: ports, clock, mode, piece, counts, latency", command_status},
    {"bypass", "service: let notes sound as played, or correct them again", command_bypass},
    {"mode", "service: how to correct", command_mode},
    {"follow", "service: trust in the player", command_follow},
    {"keep", "service: favour for leaving a note as played", command_keep},
    {"fade", "service: help that fades as bars are learned", command_fade},
    {"tempo", "service: beats a minute", command_tempo},
    {"transpose", "service: add semitones to each key", command_transpose},
    {"tap", "service: a tap on the beat", command_tap},
    {"panic", "service: release everything that sounds", command_panic},
    {"record", "service: record what is played, or no longer", command_record},
    {"pieces", "service: the pieces there are, and which one to follow alone", command_pieces},
    {"reload", "service: read settings and repertoire anew", command_reload},
    {"log", "service: what is played and sent, one line an event", command_log},
    {"monitor", "service: see keys played and sent, live, and steer it", command_monitor},
    {"help", "list a command's options", help},
};

static int print_help(void)
{
    puts("Usage: audiogenrl COMMAND [OPTION...] ...\n"
         "\n"
         "Repairs wrong notes in MIDI playing by what reinforcement learning has learned\n"
         "of the music.\n"
         "\n"
         "Commands:");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    puts("\n"
         "audiogenrl COMMAND --help lists a command's options as well. --version prints\n"
         "the version. A file named - is standard input or output.\n"
         "\n"
         "Exit status: 0 done, 1 it could not be done, 2 wrong usage.");
    return command_flush();
}

static const struct command *find_command(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(word, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown(const char *word)
{
    static const char *const options[] = {"--help", "--version"};
    const char *names[G_N_ELEMENTS(commands)];
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        names[i] = commands[i].name;
    if (word[0] == '-')
        return command_usage_misspelt(NULL, N_("option"), word, options, G_N_ELEMENTS(options));
    return command_usage_misspelt(NULL, N_("command"), word, names, G_N_ELEMENTS(names));
}

static int help(int argc, char **argv)
{
    const GOptionEntry none[] = {{NULL, 0, 0, 0, NULL, NULL, NULL}};
    struct command_common common = {.offers = COMMAND_NO_JSON | COMMAND_NO_QUIET};
    char **words = NULL;
    int code = command_parse(argc, argv, "[COMMAND]", "Lists the commands, or the options of one.",
                             none, &common, &words);
    if (code == COMMAND_GO_ON && words[0] && words[1])
        code = command_usage("help", "expected one COMMAND, got %u", g_strv_length(words));
    if (code == COMMAND_GO_ON && !words[0])
        code = print_help();
    if (code == COMMAND_GO_ON) {
        const struct command *command = find_command(words[0]);
        char *asked[] = {words[0], (char[]){"--help"}, NULL};
        code = command ? command->run(2, asked) : unknown(words[0]);
    }
    g_strfreev(words);
    return code;
}

int main(int argc, char **argv)
{
    words_open();
    if (argc < 2)
        return command_usage(NULL, "no command");
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return print_help();
    if (strcmp(word, "--version") == 0) {
        puts("audiogenrl " AUDIOGENRL_VERSION);
        return command_flush();
    }
    const struct command *command = find_command(word);
    return command ? command->run(argc - 1, argv + 1) : unknown(word);
}
