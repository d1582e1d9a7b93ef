/* A reload: everything that can fail comes before the first change. */
#include "daemon/service_private.h"

#include "daemon/log.h"
#include "daemon/settings.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

const char *service_choose_style(const struct config *config)
{
    const char *style = config->correct.style;
    if (!style)
        return access(AUDIOGENRL_DEFAULT_MODEL, R_OK) == 0 ? AUDIOGENRL_DEFAULT_MODEL : NULL;
    return *style ? style : NULL;
}

void service_set_realtime(struct service *service)
{
    struct error error;
    int priority = service->config->realtime.priority;
    service->realtime = engine_set_priority(service->engine, priority, &error) == 0 && priority > 0;
    if (!service->realtime && priority > 0)
        log_say(LOG_WARNING, "%s", error.text);
}

void service_lock_memory(struct service *service)
{
    if (service->memory_locked || !service->config->realtime.lock_memory)
        return;
    service->memory_locked = mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
    if (!service->memory_locked)
        log_say(LOG_WARNING, "memory cannot be locked: %s; notes may be late under load",
                strerror(errno));
}

int service_set_learning(struct service *service, const struct config *config, struct error *error)
{
    const char *folder = config->learn.folder;
    char *copy = folder ? strdup(folder) : NULL;
    if ((folder && !copy) ||
        repertoire_study(service->repertoire, folder, (unsigned)config->learn.takes, error) != 0) {
        free(copy);
        return error_set(error, "out of memory");
    }
    recorder_choose(service->takes, copy);
    return 0;
}

int service_set_recording(struct service *service, bool on, struct error *error)
{
    const char *folder = service->config->record.folder;
    char *copy = on && folder ? strdup(folder) : NULL;
    if (on && !folder)
        return error_set(error, "there is no folder to record into; [record] folder names one");
    if (on && !copy)
        return error_set(error, "out of memory");
    if (on != service->records)
        log_say(LOG_NOTICE, "recording: %s", on ? "on" : "off");
    service->records = on;
    recorder_choose(service->recorder, copy);
    return 0;
}

/* What was changed since by a command stays where the new file says the same as the old one. */
static bool records_after_reload(const struct service *service, const struct config *new)
{
    const struct config *old = service->config;
    bool same = old->record.at_start == new->record.at_start && old->record.folder;
    return new->record.folder && (same ? service->records : new->record.at_start);
}

static void on_config_fault(void *context, const char *fault)
{
    (void)context;
    log_say(LOG_ERR, "%s", fault);
}

static void change_port(struct service *service, const struct config *old)
{
    const struct config *new = service->config;
    enum settings_change change = settings_port_change(old, new);
    struct port_settings settings = settings_of_port(new, service->options->virtual_clock);
    if (!service->port || change == SETTINGS_SAME)
        return;
    if (change == SETTINGS_CHOOSE && service->port->ops->choose &&
        service->port->ops->choose(service->port, &settings, service_said, service) == 0)
        return;
    service_stop_port(service);
    service_start_port(service);
}

/* Hands the settings to all who have a part in them: to all, or -1, to none. */
static int share_config(struct service *service, const struct config *config, struct error *error)
{
    const struct engine_order ask = {.act = ENGINE_ASK};
    struct engine_status status;
    if (engine_do(service->engine, &ask, &status, error) != 0)
        return -1;
    struct filter_settings settings =
        settings_after_reload(service->config, config, &status.settings);
    const struct engine_order new = {.act = ENGINE_SETTINGS, .settings = &settings};
    const struct engine_order old = {.act = ENGINE_SETTINGS, .settings = &status.settings};
    char room[PATH_MAX];
    bool records = records_after_reload(service, config);
    char *folder = records ? strdup(config->record.folder) : NULL;
    if (records && !folder)
        return error_set(error, "out of memory");
    bool moved = control_move(service->control, service_choose_socket(config, room, sizeof room),
                              error) == 0;
    bool done = moved && engine_do(service->engine, &new, NULL, error) == 0;
    if (done && repertoire_choose(service->repertoire, config->correct.repertoire,
                                  service_choose_style(config), error) == 0) {
        service->records = records;
        recorder_choose(service->recorder, folder);
        return service_set_learning(service, config, error);
    }
    free(folder);
    if (done)
        engine_do(service->engine, &old, NULL, NULL);
    if (moved)
        (void)control_move(service->control,
                           service_choose_socket(service->config, room, sizeof room), NULL);
    return -1;
}

/* Takes the config. */
static void take_config(struct service *service, struct config *config)
{
    struct config *old = service->config;
    service->config = config;
    change_port(service, old);
    if (old->realtime.priority != config->realtime.priority)
        service_set_realtime(service);
    service_lock_memory(service);
    service->fades |= config->correct.fade;
    config_free(old);
}

/* A file that is being replaced, or was lost, is no wish for the defaults. */
static struct config *load_config(struct service *service, struct error *error)
{
    const char *path = service->options->config_path;
    struct config *config = service->options->user
                                ? config_load_user(path, on_config_fault, service, error)
                                : config_load(path, on_config_fault, service, error);
    if (!config || !config->blank || service->config->blank)
        return config;
    error_set(error, "%s: is empty or gone",
              path                     ? path
              : service->options->user ? "the file of settings"
                                       : CONFIG_DEFAULT_PATH);
    config_free(config);
    return NULL;
}

int service_reload(struct service *service, struct error *error)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
               (unsigned long long)(service_seconds() * 1e6));
    struct config *config = load_config(service, error);
    int status = config ? devices_apply(service->devices, config, error) : -1;
    if (status == 0)
        status = share_config(service, config, error);
    if (status == 0) {
        take_config(service, config);
        log_say(LOG_INFO, "settings were reloaded");
    } else {
        config_free(config);
        error_prefix(error, "the old settings stay");
        log_say(LOG_ERR, "reload: %s", error->text);
    }
    sd_notify(0, "READY=1");
    return status;
}
