/* JACK in a build without its headers: it cannot be opened. */
#include "midi/port.h"

static struct port *none_open(const struct port_settings *settings, struct error *error)
{
    (void)settings;
    error_set(error, "JACK: this build of the service has no JACK; use backend = alsa");
    return NULL;
}

const struct port_ops port_jack_ops = {.name = "jack", .open = none_open};
