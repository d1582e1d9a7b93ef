/* The one symbol that a host looks for. */
#include "lv2/plugin.h"

#include <stddef.h>

LV2_SYMBOL_EXPORT const LV2_Descriptor *lv2_descriptor(uint32_t index)
{
    return index == 0 ? plugin_descriptor() : NULL;
}
