/* Compiled, never run: the declarations of tool/fluidsynth.h are the library's. */
#include "tool/fluidsynth.h"

#include <fluidsynth.h>

#define X(result, name, parameters)                                                                \
    _Static_assert(__builtin_types_compatible_p(__typeof__(name), result parameters), #name);
FLUIDSYNTH_FUNCTIONS(X)
#undef X
_Static_assert((int)FLUIDSYNTH_OK == (int)FLUID_OK, "FLUID_OK");
_Static_assert((int)FLUIDSYNTH_LOG_LEVELS == (int)LAST_LOG_LEVEL, "LAST_LOG_LEVEL");
