/* Any bytes as settings: faults, each one line with the file and a line that is
 * there, or values that are in range. */
#include "config/config.h"
#include "target.h"

struct told {
    int lines;
    size_t count;
};

static void check_fault(void *context, const char *fault)
{
    struct told *told = context;
    int line = -1;
    MUST(sscanf(fault, "input:%d: ", &line) == 1);
    MUST(line >= 0 && line <= told->lines);
    MUST(!strchr(fault, '\n') && strlen(fault) > 12);
    told->count++;
}

static void check_ports(const struct config_port *ports, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        MUST(strlen(ports[i].name) <= CONFIG_MAX_PORT_NAME);
        MUST(ports[i].split >= -1 && ports[i].split < 128 && ports[i].lower < 16);
        for (int c = 0; c < 16; c++)
            MUST(ports[i].map[c] < 16);
        for (size_t k = 0; k < ports[i].connect.count; k++)
            MUST(ports[i].connect.name[k][0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told = {.lines = 1};
    struct error error;
    for (size_t i = 0; i < size; i++)
        told.lines += data[i] == '\n';
    struct config *config = config_parse(data, size, "input", check_fault, &told, &error);
    MUST((config == NULL) == (told.count > 0));
    if (!config)
        return 0;
    MUST(config->input.lowest <= config->input.highest && config->input.highest < 128);
    MUST(config->input.channels != 0 && config->control.socket[0] == '/');
    MUST(config->clock.tempo >= 20 && config->clock.tempo <= 400);
    MUST(config->clock.beats >= 1 && config->clock.unit >= 1);
    MUST(config->realtime.priority >= 0 && config->realtime.priority <= 99);
    MUST(config->input_count >= 1 && config->input_count <= CONFIG_MAX_PORTS);
    MUST(config->output_count >= 1 && config->output_count <= CONFIG_MAX_PORTS);
    check_ports(config->inputs, config->input_count);
    check_ports(config->outputs, config->output_count);
    config_free(config);
    return 0;
}
