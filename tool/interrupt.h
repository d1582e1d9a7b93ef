/* Ctrl-C and the end of a session, for work that stops cleanly and saves. */
#ifndef TOOL_INTERRUPT_H
#define TOOL_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT and SIGTERM are only noted; a second one ends the program at once. */
void interrupt_catch(void);

/* Whether one came. */
bool interrupt_came(void);

#endif
