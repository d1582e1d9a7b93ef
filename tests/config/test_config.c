/* Settings: defaults, every key, every fault with its line, and a plain count of
 * lines to compare the reader with. */
#include "config/config.h"
#include "config/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct told {
    int count;
    char text[16][512];
};

static void remember(void *context, const char *fault)
{
    struct told *told = context;
    if (told->count < 16)
        snprintf(told->text[told->count], sizeof told->text[0], "%s", fault);
    told->count++;
}

static struct config *parse(const char *text, struct told *told, struct error *error)
{
    *told = (struct told){0};
    return config_parse(text, strlen(text), "it.conf", remember, told, error);
}

static struct config *good(const char *text)
{
    struct told told;
    struct error error;
    struct config *config = parse(text, &told, &error);
    if (!config)
        fail_msg("%s", error.text);
    assert_int_equal(told.count, 0);
    return config;
}

/* The text has this one fault. */
static void bad(const char *text, const char *fault)
{
    struct told told;
    struct error error;
    struct config *config = parse(text, &told, &error);
    assert_null(config);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.text[0], error.text);
    if (!strstr(error.text, fault))
        fail_msg("'%s' does not say '%s'", error.text, fault);
}

static void test_defaults(void **state)
{
    (void)state;
    struct config *config = good("");
    assert_int_equal(config->inputs[0].backend, CONFIG_ALSA);
    assert_int_equal(config->input.channels, 0xFDFF);
    assert_int_equal(config->input.lowest, 0);
    assert_int_equal(config->input.highest, 127);
    assert_int_equal(config->clock.source, CONFIG_CLOCK_AUTO);
    assert_true(config->clock.tempo == 100);
    assert_int_equal(config->correct.mode, CONFIG_MODE_CORRECT);
    assert_string_equal(config->correct.repertoire, CONFIG_DEFAULT_REPERTOIRE);
    assert_string_equal(config->control.socket, "/run/audiogenrl/control");
    assert_int_equal(config->realtime.priority, 20);
    assert_true(config->realtime.lock_memory);
    assert_null(config->record.folder);
    assert_null(config->web.listen);
    assert_string_equal(config->web.token, "/etc/audiogenrl/web.token");
    config_free(config);
}

static void test_every_key(void **state)
{
    (void)state;
    struct config *config = good("\xEF\xBB\xBF# all of it\n"
                                 "[input]\r\n"
                                 "  backend = portmidi\n"
                                 "\tconnect = Digital*Piano\n"
                                 "\n"
                                 "connect=USB: the = sign ; a comment\n"
                                 "channels = 1-3,16\n"
                                 "range = A0-C8\n"
                                 "[output] ; a comment\n"
                                 "connect = FLUID*\n"
                                 "[clock]\nsource = midi\ntempo = 97.5\nmeter = 6/8\n"
                                 "[correct]\nmode = generate\nfollow = 0.5\nkeep = 2\n"
                                 "style = /a/style.model\nrepertoire = /my pieces\n"
                                 "[control]\nbypass = cc:80\npanic = note:C#-1\nmode = program:7\n"
                                 "mode-scale = cc:81\nfollow = cc:20\ntempo = cc:22\n"
                                 "tap = none\nsocket = /tmp/s\n"
                                 "[realtime]\npriority = 0\nlock-memory = no\n"
                                 "[record]\nfolder = /takes\n"
                                 "[web]\nlisten = [::1]:80\ntoken = /my token");
    assert_int_equal(config->inputs[0].backend, CONFIG_PORTMIDI);
    assert_int_equal(config->inputs[0].connect.count, 2);
    assert_string_equal(config->inputs[0].connect.name[0], "Digital*Piano");
    assert_string_equal(config->inputs[0].connect.name[1], "USB: the = sign");
    assert_int_equal(config->input.channels, 0x8007);
    assert_int_equal(config->input.lowest, 21);
    assert_int_equal(config->input.highest, 108);
    assert_string_equal(config->outputs[0].connect.name[0], "FLUID*");
    assert_int_equal(config->clock.source, CONFIG_CLOCK_MIDI);
    assert_true(config->clock.tempo == 97.5);
    assert_int_equal(config->clock.beats, 6);
    assert_int_equal(config->clock.unit, 8);
    assert_int_equal(config->correct.mode, CONFIG_MODE_GENERATE);
    assert_true(config->correct.follow == 0.5);
    assert_true(config->correct.keep == 2);
    assert_string_equal(config->correct.style, "/a/style.model");
    assert_string_equal(config->correct.repertoire, "/my pieces");
    assert_int_equal(config->control.bypass.kind, CONFIG_TRIGGER_CC);
    assert_int_equal(config->control.bypass.number, 80);
    assert_int_equal(config->control.panic.kind, CONFIG_TRIGGER_NOTE);
    assert_int_equal(config->control.panic.number, 1);
    assert_int_equal(config->control.mode.kind, CONFIG_TRIGGER_PROGRAM);
    assert_int_equal(config->control.mode.number, 7);
    assert_int_equal(config->control.tap.kind, CONFIG_TRIGGER_NONE);
    assert_int_equal(config->control.set_mode[CONFIG_MODE_SCALE].number, 81);
    assert_int_equal(config->control.set_mode[CONFIG_MODE_OFF].kind, CONFIG_TRIGGER_NONE);
    assert_int_equal(config->control.follow.kind, CONFIG_TRIGGER_CC);
    assert_int_equal(config->control.follow.number, 20);
    assert_int_equal(config->control.keep.kind, CONFIG_TRIGGER_NONE);
    assert_int_equal(config->control.tempo.number, 22);
    assert_string_equal(config->control.socket, "/tmp/s");
    assert_int_equal(config->realtime.priority, 0);
    assert_false(config->realtime.lock_memory);
    assert_string_equal(config->record.folder, "/takes");
    assert_string_equal(config->web.listen, "[::1]:80");
    assert_string_equal(config->web.token, "/my token");
    config_free(config);
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const right[] = {"127.0.0.1:8322", "0.0.0.0:1", "[::]:65535",
                                        "[fe80::1:2]:80"};
    static const char *const wrong[] = {
        "on",           "8322",        "127.0.0.1",     "127.0.0.1:", ":80",
        "localhost:80", "[::1:80",     "::1:80",        "[::1]80",    "[]:80",
        "[:80",         "127.0.0.1:0", "1.2.3.4:65536", "1.2.3:80",   "[1.2.3.4]:80",
        "1.2.3.4]:80",  "1.2.3.4:80x"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        assert_int_equal(value_address(right[i], NULL), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(value_address(wrong[i], NULL), -1);
    struct config *config = good("[web]\nlisten = off\n");
    assert_null(config->web.listen);
    config_free(config);
    bad("[web]\nlisten = on\n", "it.conf:2: [web] listen: expected off or ADDRESS:PORT");
}

static void test_each_fault(void **state)
{
    (void)state;
    bad("[inputs]\nconnect = x\n", "it.conf:1: unknown section [inputs]");
    bad("[input]\n\n# x\nconect = x\n", "it.conf:4: [input] has no key 'conect'");
    bad("tempo = 3\n", "it.conf:1: key 'tempo' stands before any [SECTION]");
    bad("[clock]\ntempo = 3\n",
        "it.conf:2: [clock] tempo: expected a number from 20 to 400, found '3'");
    bad("[clock]\ntempo = 100bpm\n", "found '100bpm'");
    bad("[clock]\ntempo = nan\n", "found 'nan'");
    bad("[clock]\ntempo =\n", "found ''");
    bad("[clock]\ntempo = 100\ntempo = 90\n",
        "it.conf:3: [clock] tempo: was given in line 2 already");
    bad("[clock]\ntempo = 100\n[clock]\ntempo = 100\n", "it.conf:4:");
    bad("[clock]\nmeter = 4/5\n", "expected a meter");
    bad("[clock]\nmeter = 0/4\n", "expected a meter");
    bad("[clock]\nsource = Auto\n", "expected auto, fixed, midi or tap, found 'Auto'");
    bad("[clock\ntempo = 100\n", "it.conf:1: expected a ']'");
    bad("[clock] tempo = 100\n", "it.conf:1: expected nothing behind the section's name");
    bad("[clock]\ntempo\n", "it.conf:2: expected KEY = VALUE");
    bad("[input]\nchannels = 0-3\n", "expected channels");
    bad("[input]\nchannels = 5-3\n", "expected channels");
    bad("[input]\nchannels = 17\n", "expected channels");
    bad("[input]\nchannels = 1,\n", "expected channels");
    bad("[input]\nrange = C8-A0\n", "expected two notes");
    bad("[input]\nrange = A0-H8\n", "expected two notes");
    bad("[input]\nrange = A0-A9\n", "expected two notes");
    bad("[input]\nconnect =\n", "expected a pattern");
    bad("[input]\nconnect = none\nconnect = x\n", "it.conf:3: [input] connect: expected patterns");
    bad("[output]\nconnect = x\nconnect = none\n", "expected patterns, or none alone");
    bad("[correct]\nfollow = -1\n", "expected a number from 0 to 100");
    bad("[correct]\nkey = H major\n", "expected auto, or a note and major");
    bad("[correct]\nkey = D\n", "expected auto, or a note and major");
    bad("[correct]\nkey = D dorianic\n", "expected auto, or a note and major");
    bad("[correct]\nkey = Dminor\n", "expected auto, or a note and major");
    bad("[input]\ntranspose = 49\n", "expected");
    bad("[control]\npanic = cc:128\n", "expected cc:NUMBER");
    bad("[control]\npanic = key:1\n", "expected cc:NUMBER");
    bad("[control]\nmode-off = 7\n", "expected cc:NUMBER, note:NAME");
    bad("[control]\nkeep = note:A0\n", "expected cc:NUMBER (0 to 127) or none");
    bad("[control]\nkeep = cc:128\n", "expected cc:NUMBER (0 to 127) or none");
    bad("[control]\nsocket = here\n", "expected a path that begins with /");
    bad("[realtime]\npriority = 100\n", "expected a whole number from 0 to 99");
    bad("[realtime]\nlock-memory = maybe\n", "expected yes or no");
}

static void test_what_inih_would_misread(void **state)
{
    (void)state;
    struct told told;
    struct error error;
    /* An indented line is a key of its own and not more of the value above. */
    struct config *config = good("[clock]\ntempo = 100\n   meter = 3/4\n");
    assert_int_equal(config->clock.beats, 3);
    config_free(config);

    /* Lines of every length around those that inih cuts. */
    char text[512];
    for (int length = 150; length < 300; length++) {
        int head = snprintf(text, sizeof text, "[record]\nfolder = /");
        memset(text + head, 'a', sizeof text - (size_t)head);
        text[9 + length] = '\0';
        config = parse(text, &told, &error);
        if (length <= CONFIG_MAX_LINE) {
            assert_non_null(config);
            assert_int_equal(strlen(config->record.folder), length - 9);
            config_free(config);
        } else {
            assert_null(config);
            assert_int_equal(told.count, 1);
            assert_non_null(strstr(error.text, "it.conf:2: the line has"));
        }
    }
    const char zero[] = "[clock]\ntempo = 100\0 200\n";
    assert_null(config_parse(zero, sizeof zero - 1, "it.conf", remember, &told, &error));
    assert_string_equal(error.text, "it.conf:2: expected text, found a byte 0");
}

static void test_all_faults_are_told(void **state)
{
    (void)state;
    struct told told;
    struct error error;
    assert_null(parse("[clock]\ntempo = 1\n[nothing]\na = b\nc = d\n[input]\nx = y\nlost\n", &told,
                      &error));
    assert_int_equal(told.count, 4);
    assert_non_null(strstr(told.text[0], "it.conf:2:"));
    assert_non_null(strstr(told.text[1], "it.conf:3:"));
    assert_non_null(strstr(told.text[2], "it.conf:7:"));
    assert_non_null(strstr(told.text[3], "it.conf:8:"));
    assert_non_null(strstr(error.text, "(and 3 more)"));
}

static void test_no_patterns(void **state)
{
    (void)state;
    struct config *config = good("[input]\nconnect = none\n");
    assert_true(config->inputs[0].connect.none);
    assert_int_equal(config->inputs[0].connect.count, 0);
    assert_false(config->outputs[0].connect.none);
    assert_int_equal(config->outputs[0].connect.count, 0);
    config_free(config);
}

static void test_many_patterns(void **state)
{
    (void)state;
    char text[2048] = "[input]\n";
    for (int i = 0; i < CONFIG_MAX_PATTERNS; i++)
        strcat(text, "connect = a\n");
    struct config *config = good(text);
    assert_int_equal(config->inputs[0].connect.count, CONFIG_MAX_PATTERNS);
    config_free(config);
    strcat(text, "connect = a\n");
    bad(text, "it.conf:34: [input] connect: expected at most 32");
}

static void test_files(void **state)
{
    (void)state;
    struct error error;
    struct told told = {0};
    assert_null(config_load("/nowhere/x.conf", remember, &told, &error));
    assert_string_equal(error.text, "/nowhere/x.conf: cannot open: No such file or directory");
    assert_int_equal(told.count, 1);
    assert_null(config_load("/", NULL, NULL, &error));

    char path[] = "/tmp/audiogenrl-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    const char text[] = "[clock]\ntempo = 80\n";
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    struct config *config = config_load(path, NULL, NULL, &error);
    assert_non_null(config);
    assert_true(config->clock.tempo == 80);
    config_free(config);
    unlink(path);
}

/* As many classes as the scale has notes, with the tonic among them. */
static void test_ports(void **state)
{
    (void)state;
    struct config *config = good("[input]\nbackend = jack\nsplit = B3:2\nmap = 1-2:3,16:1\n"
                                 "[input upper]\nbackend = alsa\nconnect = a\nconnect = b\n"
                                 "[output]\nchannels = 1\n[output the_2-nd]\nmap = 5:1\n");
    assert_int_equal(config->input_count, 2);
    assert_int_equal(config->output_count, 2);
    assert_int_equal(config->inputs[0].split, 59);
    assert_int_equal(config->inputs[0].lower, 1);
    const uint8_t map[16] = {2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0};
    assert_memory_equal(config->inputs[0].map, map, 16);
    assert_string_equal(config->inputs[1].name, "upper");
    assert_int_equal(config->inputs[1].backend, CONFIG_ALSA);
    assert_int_equal(config->inputs[1].connect.count, 2);
    assert_int_equal(config->inputs[1].split, -1);
    assert_int_equal(config->outputs[0].channels, 1);
    assert_string_equal(config->outputs[1].name, "the_2-nd");
    assert_int_equal(config->outputs[1].map[4], 0);
    /* Where nothing is said: the backend of [input]; and [input] takes nothing beside others. */
    assert_int_equal(config->outputs[1].backend, CONFIG_JACK);
    assert_true(config->inputs[0].connect.none && config->outputs[0].connect.none);
    assert_false(config->outputs[1].connect.none);
    config_free(config);
    bad("[input a]\nrange = A0-C8\n", "it.conf:2: [input a] has no key 'range'");
    bad("[input a]\nmap = 1:2\n[input a]\nmap = 1:2\n", "was given in line 2 already");
    bad("[input]\nmap = 1:17\n", "expected channels from 1 to 16 such as 1:2,3-5:4");
    bad("[input]\nmap = 1:2,\n", "found '1:2,'");
    bad("[output]\nsplit = B3:2\n", "[output] has no key 'split'");
    bad("[input]\nsplit = B3\n", "expected a note and a channel such as B3:2");
    bad("[input a b]\n", "unknown section [input a b]");
    bad("[input seventeen-letters]\n", "unknown section");
    bad("[output a]\nmap = 1:1\n[output b]\nmap = 1:1\n[output c]\nmap = 1:1\n[output d]\n"
        "map = 1:1\n[output e]\nmap = 1:1\n[output f]\nmap = 1:1\n[output g]\nmap = 1:1\n"
        "[output h]\nmap = 1:1\n",
        "it.conf:16: [output h] map: expected at most 8 sections of this kind");
}

static void test_keys(void **state)
{
    static const struct {
        const char *name;
        uint16_t classes;
    } keys[] = {
        {"auto", 0},
        {"C major", 0xAB5},
        {"c ionian", 0xAB5},
        {"D dorian", 0xAB5},
        {"E  phrygian", 0xAB5},
        {"F lydian", 0xAB5},
        {"G mixolydian", 0xAB5},
        {"A aeolian", 0xAB5},
        {"A minor", 0xAB5},
        {"B locrian", 0xAB5},
        {"A minor pentatonic", 0x295},
        {"C Major Pentatonic", 0x295},
        {"F# major", 0xD6A},
        {"Gb major", 0xD6A},
        {"Cb major", 0xD5A},
        {"A harmonic minor", 0xB35},
        {"A melodic minor", 0xB55},
        {"A blues", 0x29D},
        {"B whole tone", 0xAAA},
    };
    char text[64];
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(text, sizeof text, "[correct]\nkey = %s\n", keys[i].name);
        struct config *config = config_parse(text, strlen(text), "it", NULL, NULL, NULL);
        assert_non_null(config);
        if (config->correct.key != keys[i].classes)
            print_error("%s: %03x, not %03x\n", keys[i].name, config->correct.key, keys[i].classes);
        assert_int_equal(config->correct.key, keys[i].classes);
        config_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_each_fault),
        cmocka_unit_test(test_what_inih_would_misread),
        cmocka_unit_test(test_all_faults_are_told),
        cmocka_unit_test(test_no_patterns),
        cmocka_unit_test(test_many_patterns),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
