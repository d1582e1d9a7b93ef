/* The files of the page, compiled in by web/CMakeLists.txt. */
#ifndef WEB_ASSET_H
#define WEB_ASSET_H

#include <stddef.h>

struct asset {
    const char *path; /* as it is asked for, "/page.js" */
    const char *type; /* of its content */
    const char *etag; /* in quotes; another one when the bytes are others */
    const unsigned char *bytes;
    size_t length;
};

/* NULL: there is none. */
const struct asset *asset_find(const char *path);

#endif
