/* The commands of the tool; each takes its own argument vector, its name
 * first, and returns an exit code (tool/command.h). */
#ifndef TOOL_COMMANDS_H
#define TOOL_COMMANDS_H

int command_train(int argc, char **argv);
int command_train_style(int argc, char **argv); /* train with --style among its arguments */
int command_learn(int argc, char **argv);
int command_correct(int argc, char **argv);
int command_evaluate(int argc, char **argv);
int command_errors(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_convert(int argc, char **argv);
int command_report(int argc, char **argv);
int command_listen(int argc, char **argv);

/* To the service. */
int command_ports(int argc, char **argv);
int command_status(int argc, char **argv);
int command_input(int argc, char **argv);
int command_output(int argc, char **argv);
int command_bypass(int argc, char **argv);
int command_mode(int argc, char **argv);
int command_follow(int argc, char **argv);
int command_keep(int argc, char **argv);
int command_fade(int argc, char **argv);
int command_tempo(int argc, char **argv);
int command_transpose(int argc, char **argv);
int command_tap(int argc, char **argv);
int command_panic(int argc, char **argv);
int command_record(int argc, char **argv);
int command_pieces(int argc, char **argv);
int command_reload(int argc, char **argv);
int command_log(int argc, char **argv);
int command_monitor(int argc, char **argv);
int command_pieces(int argc, char **argv); /* or to its folder */

/* How error models are written, for --help. */
#define ERRORS_HELP                                                                                \
    "SPEC is an error model:\n"                                                                    \
    "  shift:p=0.5,max=2    with probability p, 1 to max semitones up or down\n"                   \
    "  slip:p=0.1           with probability p, the key a finger slips to\n"                       \
    "  any:p=0.5,range=12   with probability p, anywhere within range semitones\n"                 \
    "  none                 no wrong notes\n"                                                      \
    "each with ,drop=P ,add=P ,jitter=P for notes left out, keys brushed besides, and\n"           \
    "notes one sixteenth early or late (none:drop=0.1)."

#endif
