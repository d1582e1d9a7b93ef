/* The defaults that audiogenrl.conf(5) names. */
#include "config/default.h"

#include "config/ports.h"

#include <stdlib.h>
#include <string.h>

struct config *config_default(void)
{
    struct config *config = calloc(1, sizeof *config);
    if (!config)
        return NULL;
    config_port_add(config, false, "", 0);
    config_port_add(config, true, "", 0);
    config->input.channels = 0xFDFF; /* all but 10, the drums */
    config->input.highest = 127;
    config->clock.tempo = 100;
    config->clock.beats = 4;
    config->clock.unit = 4;
    config->correct.mode = CONFIG_MODE_CORRECT;
    config->correct.follow = -1;
    config->correct.keep = -1;
    config->correct.repertoire = strdup(CONFIG_DEFAULT_REPERTOIRE);
    config->control.socket = strdup(CONFIG_DEFAULT_SOCKET);
    config->web.token = strdup(CONFIG_DEFAULT_TOKEN);
    config->realtime.priority = 20;
    config->realtime.lock_memory = true;
    config->record.at_start = true;
    config->learn.takes = 3;
    if (config->correct.repertoire && config->control.socket && config->web.token)
        return config;
    config_free(config);
    return NULL;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    config_ports_free(config);
    free(config->correct.style);
    free(config->correct.repertoire);
    free(config->control.socket);
    free(config->record.folder);
    free(config->web.listen);
    free(config->web.token);
    free(config->learn.folder);
    free(config);
}
