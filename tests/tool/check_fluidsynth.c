/* Compiled, never run: declarations of tool/fluidsynth.h that are not the
 * library's own are errors beside them. */
#include "tool/fluidsynth.h"

#include <fluidsynth.h>

_Static_assert((int)FLUIDSYNTH_OK == (int)FLUID_OK, "FLUID_OK");
_Static_assert((int)FLUIDSYNTH_LOG_LEVELS == (int)LAST_LOG_LEVEL, "LAST_LOG_LEVEL");
