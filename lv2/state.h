/* What a host saves with a session beside the ports: the two paths. */
#ifndef LV2_PATHS_STATE_H
#define LV2_PATHS_STATE_H

#include "lv2/library.h"
#include "lv2/uris.h"

#include <lv2/state/state.h>

/* A style that is `standard` is not written, so that a session finds the installed one
 * wherever it is opened. */
LV2_State_Status state_save(const struct uris *uris, const struct library_paths *paths,
                            const char *standard, LV2_State_Store_Function store,
                            LV2_State_Handle handle, const LV2_Feature *const *features);

/* What is not in the state becomes the default: no repertoire, the standard style. */
LV2_State_Status state_restore(const struct uris *uris, struct library_paths *paths,
                               const char *standard, LV2_State_Retrieve_Function retrieve,
                               LV2_State_Handle handle, const LV2_Feature *const *features);

#endif
