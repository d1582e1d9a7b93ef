/* The port is what stands behind the last colon; the settings have checked it. */
#include "web/announce.h"

#include "base/outfile.h"
#include "web/link.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int announce(const char *listen, const char *folder, struct error *error)
{
    char path[PATH_MAX];
    char text[512];
    struct stat status;
    if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode))
        return 0;
    snprintf(path, sizeof path, "%s/audiogenrl-web.service", folder);
    if (!listen || link_is_local(listen)) {
        (void)unlink(path);
        return 0;
    }
    int length = snprintf(text, sizeof text,
                          "<?xml version=\"1.0\" standalone=\"no\"?>\n"
                          "<!DOCTYPE service-group SYSTEM \"avahi-service.dtd\">\n"
                          "<!-- Written by audiogenrl-web(8): [web] listen of the settings. -->\n"
                          "<service-group>\n"
                          "  <name replace-wildcards=\"yes\">AudioGenRL on %%h</name>\n"
                          "  <service>\n"
                          "    <type>_http._tcp</type>\n"
                          "    <port>%s</port>\n"
                          "  </service>\n"
                          "</service-group>\n",
                          strrchr(listen, ':') + 1);
    return outfile_write(path, text, (size_t)length, error);
}
