/* The golden takes (tests/golden), played to the plugin: what it sends is what is written
 * there, event for event.
 *
 *     test_takes MODULE STYLE LEAST FOLDER...
 *
 * Takes that use what only the service has (switches, channels, taps, MIDI clocks, another
 * corrector by name) are passed over; at least LEAST must be left. */
#include "host.h"
#include "tests/correct/music.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECES = 4, NOTES = 4096, SAID = 64, BYTES = 64, BLOCK = 1 << 16, LINES = 4096 };

/* Times of the takes are whole frames. */
static const double rate = 1e7;

static const char *module, *style;

struct take {
    char *line[LINES]; /* of what goes in and what is expected, without what is told beside */
    size_t lines;
    struct host *host;
    void (*say)(const uint8_t *pitches, size_t count);
    char folder[64];
    size_t pieces;
    bool styled;
    bool begun;
    double speed, tempo;
    bool position; /* is to be told */
};

static bool starts(const char *line, const char *word)
{
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 && (line[length] == ' ' || line[length] == '\0');
}

static bool is_timed(const char *line)
{
    return *line >= '0' && *line <= '9';
}

static const char *words_of(const char *line)
{
    const char *space = strchr(line, ' ');
    return space ? space + 1 : "";
}

static bool is_event(const char *words)
{
    return *words && strspn(words, "0123456789ABCDEF ") == strlen(words);
}

/* --- What the plugin has --- */

static bool has_settings(const char *words)
{
    static const char *const known[] = {"mode", "bypass", "follow", "keep", "source", "tempo"};
    char copy[256];
    snprintf(copy, sizeof copy, "%s", words);
    for (char *key = strtok(copy, " "); key; key = strtok(NULL, " ")) {
        const char *value = strtok(NULL, " ");
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found |= strcmp(key, known[i]) == 0;
        if (!found || !value || strcmp(value, "tap") == 0 || strcmp(value, "midi") == 0)
            return false;
    }
    return true;
}

static bool is_possible(const struct take *take)
{
    double last = 0;
    for (size_t i = 0; i < take->lines; i++) {
        const char *line = take->line[i], *words = words_of(line);
        if (starts(line, "set") && !has_settings(words))
            return false;
        if (starts(line, "corrector") || starts(line, "recording"))
            return false;
        if (!is_timed(line))
            continue;
        if (!is_event(words) && strcmp(words, "panic") != 0 && strcmp(words, "wait") != 0 &&
            strcmp(words, "clock") != 0)
            return false;
        if (atof(line) < last)
            return false;
        last = atof(line);
    }
    return true;
}

/* --- What goes in --- */

static void set(struct take *take, const char *words)
{
    static const char *const modes[] = {"off", "scale", "correct", "generate"};
    char copy[256];
    snprintf(copy, sizeof copy, "%s", words);
    for (char *key = strtok(copy, " "); key; key = strtok(NULL, " ")) {
        const char *value = strtok(NULL, " ");
        if (strcmp(key, "mode") == 0) {
            for (int i = 0; i < 4; i++)
                if (strcmp(value, modes[i]) == 0)
                    host_control(take->host, HOST_MODE, (float)i);
        } else if (strcmp(key, "bypass") == 0) {
            host_control(take->host, HOST_BYPASS, strcmp(value, "on") == 0 ? 1 : 0);
        } else if (strcmp(key, "follow") == 0 || strcmp(key, "keep") == 0) {
            host_control(take->host, *key == 'f' ? HOST_FOLLOW : HOST_KEEP, strtof(value, NULL));
        } else {
            if (strcmp(key, "source") == 0)
                take->speed = strcmp(value, "fixed") == 0 ? 1 : 0;
            else
                take->tempo = atof(value);
            take->position = true;
        }
    }
}

static void add_piece(struct take *take, const char *words)
{
    static struct song_note notes[NOTES];
    char name[128];
    size_t count = 0;
    for (int used = 0; count < NOTES; words += used) {
        unsigned slot = 0, pitch = 0;
        if (sscanf(words, " %u:%u%n", &slot, &pitch, &used) != 2)
            break;
        notes[count++] = (struct song_note){.slot = slot, .pitch = (uint8_t)pitch};
    }
    struct song *song = music_written(notes, count);
    struct model *model = music_model(&song, 1);
    snprintf(name, sizeof name, "%s/%zu.model", take->folder, take->pieces++);
    if (model_save(model, name, NULL) != 0)
        abort();
    model_free(model);
}

static void say(struct take *take, const char *words)
{
    uint8_t pitches[SAID];
    size_t count = 0;
    char *end = NULL;
    for (long pitch = strtol(words, &end, 10); end != words && count < SAID;
         words = end, pitch = strtol(words, &end, 10))
        pitches[count++] = (uint8_t)pitch;
    take->say(pitches, count);
}

/* Work is done at once: after the block all models are there. */
static void begin(struct take *take)
{
    if (take->begun)
        return;
    take->begun = true;
    host_set_path(take->host, 0, "urn:audiogenrl:corrector#style", take->styled ? style : "");
    host_set_path(take->host, 0, "urn:audiogenrl:corrector#repertoire", take->folder);
    host_run(take->host, 1);
}

static void add_event(struct take *take, const char *words)
{
    uint8_t bytes[BYTES];
    size_t count = 0;
    char *end = NULL;
    for (; *words && count < BYTES; words = end)
        bytes[count++] = (uint8_t)strtoul(words, &end, 16);
    if (take->position)
        host_position(take->host, 0, take->speed, take->tempo, NAN);
    take->position = false;
    host_midi(take->host, 0, bytes, count);
}

/* Whether the next line that goes in is an event of the same time: it belongs in the block. */
static bool goes_on(const struct take *take, size_t line, double seconds)
{
    for (size_t i = line + 1; i < take->lines; i++)
        if (*take->line[i] != ' ')
            return is_timed(take->line[i]) && is_event(words_of(take->line[i])) &&
                   !(atof(take->line[i]) > seconds);
    return false;
}

static void timed(struct take *take, size_t i)
{
    const char *words = words_of(take->line[i]);
    double seconds = atof(take->line[i]);
    begin(take);
    host_advance(take->host, (uint64_t)llround(seconds * rate), BLOCK);
    if (is_event(words)) {
        add_event(take, words);
        if (goes_on(take, i, seconds))
            return;
    } else if (strcmp(words, "panic") == 0) {
        host_control(take->host, HOST_PANIC, 1);
    }
    host_run(take->host, 1);
    host_control(take->host, HOST_PANIC, 0);
}

static void play(struct take *take)
{
    for (size_t i = 0; i < take->lines; i++) {
        const char *line = take->line[i];
        if (is_timed(line))
            timed(take, i);
        else if (starts(line, "set"))
            set(take, words_of(line));
        else if (starts(line, "piece"))
            add_piece(take, words_of(line));
        else if (starts(line, "style"))
            take->styled = true;
        else if (starts(line, "say"))
            say(take, words_of(line));
    }
}

/* --- What comes out --- */

static bool is_same(const char *line, const struct host_event *event)
{
    char *end = NULL;
    double seconds = strtod(line, &end);
    size_t count = 0;
    for (; *end && count < event->length; count++)
        if (strtoul(end, &end, 16) != event->byte[count])
            return false;
    return *end == '\0' && count == event->length && fabs(seconds - event->seconds) < 1.5 / rate;
}

static bool is_as_written(const struct take *take, const char *name)
{
    const struct host_event *event;
    size_t count = host_sent(take->host, &event), next = 0;
    for (size_t i = 0; i < take->lines; i++) {
        if (*take->line[i] != ' ')
            continue;
        if (next == count || !is_same(take->line[i], &event[next])) {
            fprintf(stderr, "%s: expected %s, event %zu of %zu is another\n", name, take->line[i],
                    next, count);
            return false;
        }
        next++;
    }
    if (next < count)
        fprintf(stderr, "%s: %zu events were sent and %zu expected\n", name, count, next);
    return next == count;
}

static void clear_folder(struct take *take)
{
    char name[128];
    for (size_t i = 0; i < take->pieces; i++) {
        snprintf(name, sizeof name, "%s/%zu.model", take->folder, i);
        unlink(name);
    }
    rmdir(take->folder);
}

/* 1: as written, 0: not, -1: passed over. */
static int check(struct take *take, const char *name)
{
    if (!is_possible(take))
        return -1;
    strcpy(take->folder, "takes.XXXXXX");
    if (!mkdtemp(take->folder))
        abort();
    take->tempo = 100;
    take->host = host_open(module, "/nonexistent", rate, HOST_AT_ONCE);
    *(void **)&take->say = host_symbol(take->host, "said_say");
    if (!take->say)
        abort();
    take->say(NULL, 0);
    play(take);
    bool good = is_as_written(take, name) && host_faults() == 0;
    host_close(take->host);
    clear_folder(take);
    return good;
}

/* --- Files --- */

static void read_lines(struct take *take, char *text)
{
    for (char *line = strtok(text, "\n"); line && take->lines < LINES; line = strtok(NULL, "\n")) {
        bool told = *line == ' ' && !is_timed(line + strspn(line, " "));
        if (*line != '#' && !told)
            take->line[take->lines++] = line;
    }
}

static int check_file(const char *name)
{
    static struct take take;
    char *text = NULL;
    size_t size = 0;
    FILE *in = fopen(name, "r");
    if (!in || getdelim(&text, &size, '\0', in) < 0)
        abort();
    fclose(in);
    take = (struct take){.lines = 0};
    read_lines(&take, text);
    int result = check(&take, name);
    free(text);
    return result;
}

static int is_take(const struct dirent *entry)
{
    const char *end = strrchr(entry->d_name, '.');
    return end && strcmp(end, ".txt") == 0;
}

int main(int argc, char **argv)
{
    int count[3] = {0, 0, 0}; /* passed over, wrong, as written */
    if (argc < 5)
        return 2;
    module = argv[1];
    style = argv[2];
    for (int i = 4; i < argc; i++) {
        struct dirent **entry = NULL;
        int files = scandir(argv[i], &entry, is_take, alphasort);
        for (int k = 0; k < files; k++) {
            char name[4096];
            snprintf(name, sizeof name, "%s/%s", argv[i], entry[k]->d_name);
            count[check_file(name) + 1]++;
            free(entry[k]);
        }
        free(entry);
    }
    printf("%d takes as written, %d not, %d passed over\n", count[2], count[1], count[0]);
    return count[1] == 0 && count[2] >= atoi(argv[3]) ? 0 : 1;
}
