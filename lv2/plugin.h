/* audiogenrl.lv2: the filter (filter/filter.h) as a MIDI effect for hosts that take LV2.
 *
 * What comes out is what the service would have sent: a test compares them event for
 * event. The ports and parameters are described in audiogenrl.ttl. */
#ifndef LV2_PLUGIN_H
#define LV2_PLUGIN_H

#include <lv2/core/lv2.h>

const LV2_Descriptor *plugin_descriptor(void);

#endif
