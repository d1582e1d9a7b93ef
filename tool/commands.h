/* The commands of the tool; each takes its own argument vector, its name
 * first, and returns an exit code (tool/command.h). */
#ifndef TOOL_COMMANDS_H
#define TOOL_COMMANDS_H

int command_train(int argc, char **argv);
int command_correct(int argc, char **argv);
int command_evaluate(int argc, char **argv);
int command_errors(int argc, char **argv);
int command_inspect(int argc, char **argv);

#endif
