/* inih splits the lines into sections, keys and values. It cuts long lines and
 * names, takes an indented line for more of the value above, ignores what
 * follows a ']' and goes on after lines that it cannot read, all without a
 * word. So a reader of our own hands it the lines one by one: it counts them,
 * takes their indentation off, and holds back, as faults, those that inih would
 * misread. */
#include "config/config.h"
#include "config/default.h"
#include "config/ports.h"

#include "base/infile.h"
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

static const char *const clock_names[] = {"auto", "fixed", "midi", "tap"};
static const char *const mode_names[] = {"off", "scale", "correct", "generate"};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

const char *config_clock_name(enum config_clock clock)
{
    return clock_names[clock];
}

const char *config_mode_name(enum config_mode mode)
{
    return mode_names[mode];
}

int config_mode(const char *name)
{
    int mode = -1;
    return value_word(name, mode_names, COUNT(mode_names), &mode, NULL) == 0 ? mode : -1;
}

/* --- Keys --- */

static int set_text(char **to, const char *text, struct error *error)
{
    char *copy = strdup(text);
    if (!copy)
        return error_set(error, "out of memory");
    free(*to);
    *to = copy;
    return 0;
}

/* An empty value or "none" is no path. */
static int set_path(char **to, const char *text, struct error *error)
{
    if (*text != '\0' && strcmp(text, "none") != 0)
        return set_text(to, text, error);
    free(*to);
    *to = NULL;
    return 0;
}

typedef int key_set(struct config *config, const char *text, struct error *error);

#define KEY(name) static int name(struct config *config, const char *text, struct error *error)

KEY(input_range)
{
    return value_range(text, &config->input.lowest, &config->input.highest, error);
}

KEY(input_transpose)
{
    return value_integer(text, -48, 48, &config->input.transpose, error);
}

KEY(clock_source)
{
    int word = 0;
    if (value_word(text, clock_names, COUNT(clock_names), &word, error) != 0)
        return -1;
    config->clock.source = (enum config_clock)word;
    return 0;
}

KEY(clock_tempo)
{
    return value_number(text, 20, 400, &config->clock.tempo, error);
}

KEY(clock_meter)
{
    return value_meter(text, &config->clock.beats, &config->clock.unit, error);
}

KEY(correct_mode)
{
    int word = 0;
    if (value_word(text, mode_names, COUNT(mode_names), &word, error) != 0)
        return -1;
    config->correct.mode = (enum config_mode)word;
    return 0;
}

KEY(correct_follow)
{
    return value_number(text, 0, 100, &config->correct.follow, error);
}

KEY(correct_keep)
{
    return value_number(text, 0, 100, &config->correct.keep, error);
}

KEY(correct_style)
{
    return set_text(&config->correct.style, strcmp(text, "none") == 0 ? "" : text, error);
}

KEY(correct_repertoire)
{
    config->correct.chosen = true;
    return set_path(&config->correct.repertoire, text, error);
}

#define PLAIN_KEY(name, read, member)                                                              \
    KEY(name)                                                                                      \
    {                                                                                              \
        return read(text, &config->member, error);                                                 \
    }

PLAIN_KEY(input_channels, value_channels, input.channels)
PLAIN_KEY(correct_key, value_key, correct.key)
PLAIN_KEY(correct_fade, value_switch, correct.fade)
PLAIN_KEY(control_bypass, value_trigger, control.bypass)
PLAIN_KEY(control_panic, value_trigger, control.panic)
PLAIN_KEY(control_mode, value_trigger, control.mode)
PLAIN_KEY(control_tap, value_trigger, control.tap)
PLAIN_KEY(control_mode_off, value_trigger, control.set_mode[CONFIG_MODE_OFF])
PLAIN_KEY(control_mode_scale, value_trigger, control.set_mode[CONFIG_MODE_SCALE])
PLAIN_KEY(control_mode_correct, value_trigger, control.set_mode[CONFIG_MODE_CORRECT])
PLAIN_KEY(control_mode_generate, value_trigger, control.set_mode[CONFIG_MODE_GENERATE])
PLAIN_KEY(control_next_piece, value_trigger, control.next_piece)
PLAIN_KEY(control_previous_piece, value_trigger, control.previous_piece)
PLAIN_KEY(control_lock_piece, value_trigger, control.lock_piece)
PLAIN_KEY(control_record, value_trigger, control.record)
PLAIN_KEY(control_follow, value_knob, control.follow)
PLAIN_KEY(control_keep, value_knob, control.keep)
PLAIN_KEY(control_tempo, value_knob, control.tempo)
PLAIN_KEY(realtime_lock_memory, value_switch, realtime.lock_memory)
PLAIN_KEY(record_at_start, value_switch, record.at_start)

KEY(control_socket)
{
    if (text[0] != '/')
        return error_set(error, "expected a path that begins with /, found '%s'", text);
    return set_text(&config->control.socket, text, error);
}

KEY(realtime_priority)
{
    return value_integer(text, 0, 99, &config->realtime.priority, error);
}

KEY(record_folder)
{
    return set_path(&config->record.folder, text, error);
}

KEY(web_listen)
{
    if (strcmp(text, "off") != 0 && value_address(text, error) != 0)
        return -1;
    return set_path(&config->web.listen, strcmp(text, "off") == 0 ? "" : text, error);
}

KEY(web_token)
{
    return set_text(&config->web.token, text, error);
}

KEY(learn_takes)
{
    return value_integer(text, 2, 20, &config->learn.takes, error);
}

KEY(learn_folder)
{
    return set_path(&config->learn.folder, text, error);
}

static const struct key {
    const char *section;
    const char *name;
    key_set *set;
    bool repeatable;
} keys[] = {
    {"input", "channels", input_channels, false},
    {"input", "range", input_range, false},
    {"input", "transpose", input_transpose, false},
    {"clock", "source", clock_source, false},
    {"clock", "tempo", clock_tempo, false},
    {"clock", "meter", clock_meter, false},
    {"correct", "mode", correct_mode, false},
    {"correct", "follow", correct_follow, false},
    {"correct", "keep", correct_keep, false},
    {"correct", "key", correct_key, false},
    {"correct", "fade", correct_fade, false},
    {"correct", "style", correct_style, false},
    {"correct", "repertoire", correct_repertoire, false},
    {"control", "bypass", control_bypass, false},
    {"control", "panic", control_panic, false},
    {"control", "mode", control_mode, false},
    {"control", "tap", control_tap, false},
    {"control", "mode-correct", control_mode_correct, false},
    {"control", "mode-generate", control_mode_generate, false},
    {"control", "mode-scale", control_mode_scale, false},
    {"control", "mode-off", control_mode_off, false},
    {"control", "next-piece", control_next_piece, false},
    {"control", "previous-piece", control_previous_piece, false},
    {"control", "lock-piece", control_lock_piece, false},
    {"control", "record", control_record, false},
    {"control", "follow", control_follow, false},
    {"control", "keep", control_keep, false},
    {"control", "tempo", control_tempo, false},
    {"control", "socket", control_socket, false},
    {"realtime", "priority", realtime_priority, false},
    {"realtime", "lock-memory", realtime_lock_memory, false},
    {"record", "folder", record_folder, false},
    {"record", "at-start", record_at_start, false},
    {"web", "listen", web_listen, false},
    {"web", "token", web_token, false},
    {"learn", "takes", learn_takes, false},
    {"learn", "folder", learn_folder, false},
};

/* --- Reading --- */

struct reading {
    struct config *config;
    const char *at; /* what has not been read yet */
    const char *end;
    const char *name;
    int line;
    int given[COUNT(keys)]; /* the line that gave the key; 0: none */
    config_tell *tell;
    void *context;
    size_t faults;
    struct error first;
};

static void fault(struct reading *reading, const char *what)
{
    struct error error;
    error_set(&error, "%s:%d: %s", reading->name, reading->line, what);
    /* Names out of the file stand in it; a fault stays one line whatever they hold. */
    for (char *c = error.text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    if (reading->faults++ == 0)
        reading->first = error;
    if (reading->tell)
        reading->tell(reading->context, error.text);
}

static bool known_section(const char *line, size_t length)
{
    if (config_is_port(line, length))
        return true;
    for (int i = 0; i < COUNT(keys); i++)
        if (strlen(keys[i].section) == length && strncmp(line, keys[i].section, length) == 0)
            return true;
    return false;
}

/* `[name]`, and nothing behind it but a comment. */
static bool check_heading(struct reading *reading, const char *line, size_t length)
{
    const char *close = memchr(line, ']', length);
    struct error error;
    if (!close) {
        fault(reading, "expected a ']' at the end of the section's name");
        return false;
    }
    size_t name = (size_t)(close - line) - 1;
    const char *rest = close + 1;
    while (rest < line + length && isspace((unsigned char)*rest))
        rest++;
    if (rest < line + length && *rest != ';' && *rest != '#') {
        fault(reading, "expected nothing behind the section's name; a key stands on its own line");
        return false;
    }
    if (!known_section(line + 1, name)) {
        error_set(&error,
                  "unknown section [%.*s]; there are input, output, clock, correct, control, "
                  "realtime, record, learn and web, and [input NAME] and [output NAME]",
                  (int)name, line + 1);
        fault(reading, error.text);
    }
    return true;
}

/* Is this a line for inih? Faults are told here. */
static bool check_line(struct reading *reading, const char *line, size_t length)
{
    struct error error;
    if (length == 0 || *line == '#' || *line == ';')
        return false;
    if (memchr(line, '\0', length)) {
        fault(reading, "expected text, found a byte 0");
        return false;
    }
    if (length > CONFIG_MAX_LINE) {
        error_set(&error, "the line has %zu bytes, expected at most %d", length, CONFIG_MAX_LINE);
        fault(reading, error.text);
        return false;
    }
    if (*line == '[')
        return check_heading(reading, line, length);
    if (!memchr(line, '=', length)) {
        fault(reading, "expected KEY = VALUE or [SECTION]");
        return false;
    }
    return true;
}

/* As fgets: the next line that inih may see. Of the others, a heading opens a
 * section of no name that is known, whose keys are passed over; the rest become
 * empty. */
static char *next_line(char *to, int room, void *context)
{
    struct reading *reading = context;
    if (reading->at == reading->end)
        return NULL;
    const char *feed = memchr(reading->at, '\n', (size_t)(reading->end - reading->at));
    const char *line = reading->at;
    const char *end = feed ? feed : reading->end;
    reading->at = feed ? feed + 1 : reading->end;
    reading->line++;
    while (line < end && isspace((unsigned char)*line))
        line++;
    while (end > line && isspace((unsigned char)end[-1]))
        end--;
    size_t length = (size_t)(end - line);
    if (!check_line(reading, line, length) || length + 2 > (size_t)room) {
        length = length > 0 && *line == '[' ? 3 : 0;
        line = "[?]";
    }
    memcpy(to, line, length);
    memcpy(to + length, "\n", 2);
    return to;
}

/* A key of a section. */
static void take_plain_key(struct reading *reading, const char *section, const char *name,
                           const char *value)
{
    struct error error, whole;
    for (int i = 0; i < COUNT(keys); i++) {
        const struct key *key = &keys[i];
        if (strcmp(key->section, section) != 0 || strcmp(key->name, name) != 0)
            continue;
        if (reading->given[i] && !key->repeatable)
            error_set(&error, "was given in line %d already", reading->given[i]);
        else if (key->set(reading->config, value, &error) == 0) {
            reading->given[i] = reading->line;
            return;
        }
        error_set(&whole, "[%s] %s: %s", section, name, error.text);
        fault(reading, whole.text);
        return;
    }
    error_set(&whole, "[%s] has no key '%s'", section, name);
    fault(reading, whole.text);
}

static int take_key(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;
    struct error error;
    struct error whole;
    if (*section == '\0') {
        error_set(&whole, "key '%s' stands before any [SECTION]", name);
        fault(reading, whole.text);
        return 1;
    }
    if (!known_section(section, strlen(section)))
        return 1; /* told with its heading */
    int code = config_port_key(reading->config, section, name, value, reading->line, &error);
    if (code > 0)
        take_plain_key(reading, section, name, value);
    if (code < 0) {
        error_set(&whole, "[%s] %s: %s", section, name, error.text);
        fault(reading, whole.text);
    }
    return 1;
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isspace((unsigned char)text[i]))
            return false;
    return true;
}

struct config *config_parse(const void *bytes, size_t length, const char *name, config_tell *tell,
                            void *context, struct error *error)
{
    const char *text = bytes;
    struct reading reading = {
        .config = config_default(), .name = name, .tell = tell, .context = context};
    if (!reading.config) {
        error_set(&reading.first, "%s: out of memory", name);
        error_set(error, "%s", reading.first.text);
        if (tell)
            tell(context, reading.first.text);
        return NULL;
    }
    reading.config->blank = is_blank(text, length);
    bool marked = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
    reading.at = text + (marked ? 3 : 0);
    reading.end = text + length;
    int bad =
        length > CONFIG_MAX_BYTES ? 1 : ini_parse_stream(next_line, &reading, take_key, &reading);
    if (length > CONFIG_MAX_BYTES)
        fault(&reading, "is larger than 1 MiB; expected a file of settings");
    else if (bad != 0 && reading.faults == 0)
        fault(&reading, "cannot be read as settings");
    config_ports_complete(reading.config);
    if (reading.faults == 0)
        return reading.config;
    config_free(reading.config);
    if (reading.faults == 1)
        error_set(error, "%s", reading.first.text);
    else
        error_set(error, "%s (and %zu more)", reading.first.text, reading.faults - 1);
    return NULL;
}

struct config *config_load(const char *path, config_tell *tell, void *context, struct error *error)
{
    const char *name = path ? path : CONFIG_DEFAULT_PATH;
    struct error cannot;
    size_t length = 0;
    char *bytes = infile_read(name, CONFIG_MAX_BYTES, &length, &cannot);
    if (!bytes && !path && errno == ENOENT)
        return config_parse("", 0, name, tell, context, error);
    if (!bytes) {
        if (tell)
            tell(context, cannot.text);
        error_set(error, "%s", cannot.text);
        return NULL;
    }
    struct config *config = config_parse(bytes, length, name, tell, context, error);
    free(bytes);
    return config;
}
