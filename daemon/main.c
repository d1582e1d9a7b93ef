/* audiogenrld: options, settings, and then the service. */
#include "config/config.h"
#include "daemon/log.h"
#include "daemon/service.h"
#include "daemon/settings.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { DONE = 0, FAILED = 1, USAGE = 2 };

enum option_code { CHECK = 256, FOREGROUND, USER, VIRTUAL_CLOCK, VERSION };

struct options {
    struct service_options service;
    bool check;
    bool foreground;
    bool quiet;
};

static const char help[] =
    "Usage: audiogenrld [OPTION...]\n"
    "\n"
    "Reads a MIDI keyboard, repairs its wrong notes and sends them on to a synth.\n"
    "\n"
    "  -c, --config FILE  settings (" CONFIG_DEFAULT_PATH ", where it is there)\n"
    "      --check        read the settings, name every fault in them, and end\n"
    "      --foreground   log for people to read; without, where journald listens,\n"
    "                     each line begins with its priority\n"
    "      --user         settings and repertoire are the user's own, below ~/.config\n"
    "                     and ~/.local/share\n"
    "      --virtual-clock\n"
    "                     backend virtual: time is what the events say\n"
    "  -q, --quiet        log warnings and errors only\n"
    "  -h, --help         print this help\n"
    "      --version      print the version\n"
    "\n"
    "Exit status: 0 stopped as told, or settings without fault; 1 it could not\n"
    "start, or faults; 2 wrong usage.\n";

static int flush(void)
{
    if (fflush(stdout) == 0)
        return DONE;
    perror("audiogenrld: standard output");
    return FAILED;
}

static int usage(const char *why)
{
    fprintf(stderr, "audiogenrld: %s; see audiogenrld --help\n", why);
    return USAGE;
}

/* -1: go on; else the exit code to end with. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"check", no_argument, NULL, CHECK},
                                          {"foreground", no_argument, NULL, FOREGROUND},
                                          {"user", no_argument, NULL, USER},
                                          {"virtual-clock", no_argument, NULL, VIRTUAL_CLOCK},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, VERSION},
                                          {NULL, 0, NULL, 0}};
    int code;
    opterr = 0;
    while ((code = getopt_long(argc, argv, "c:qh", longs, NULL)) != -1)
        switch (code) {
        case 'c':
            options->service.config_path = optarg;
            break;
        case CHECK:
            options->check = true;
            break;
        case FOREGROUND:
            options->foreground = true;
            break;
        case USER:
            options->service.user = true;
            break;
        case VIRTUAL_CLOCK:
            options->service.virtual_clock = true;
            break;
        case 'q':
            options->quiet = true;
            break;
        case 'h':
            fputs(help, stdout);
            return flush();
        case VERSION:
            puts("audiogenrld " AUDIOGENRL_VERSION);
            return flush();
        default:
            return usage("an option is unknown or lacks its value");
        }
    return optind < argc ? usage("takes options only") : -1;
}

static void print_fault(void *context, const char *fault)
{
    (void)context;
    log_say(LOG_ERR, "%s", fault);
}

static int run(const struct options *options)
{
    struct error error;
    const char *path = options->service.config_path;
    struct config *config = options->service.user
                                ? config_load_user(path, print_fault, NULL, &error)
                                : config_load(path, print_fault, NULL, &error);
    if (!config)
        return FAILED;
    if (options->service.virtual_clock && !settings_read_files(config)) {
        config_free(config);
        return usage("--virtual-clock needs settings with [input] backend = virtual");
    }
    if (options->check) {
        config_free(config);
        return DONE;
    }
    if (service_run(&options->service, config, &error) == 0)
        return DONE;
    log_say(LOG_ERR, "%s", error.text);
    return FAILED;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    int code = read_options(argc, argv, &options);
    if (code >= 0)
        return code;
    bool journal = getenv("JOURNAL_STREAM") && !options.foreground && !options.check;
    log_open(journal, options.quiet ? LOG_WARNING : LOG_INFO);
    return run(&options);
}
