/* Settings before any are read. */
#ifndef CONFIG_DEFAULT_H
#define CONFIG_DEFAULT_H

#include "config/config.h"

/* NULL: out of memory. */
struct config *config_default(void);

#endif
