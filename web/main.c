/* audiogenrl-web: options, settings, and then the server; or the address of the page; or what
 * systemd is to know of it. */
#include "base/outfile.h"
#include "config/config.h"
#include "web/announce.h"
#include "web/link.h"
#include "web/server.h"
#include "web/token.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { DONE = 0, FAILED = 1, USAGE = 2 };

enum option_code { LINK = 256, UNITS, ANNOUNCE, VERSION };

struct options {
    const char *config;
    const char *units; /* the folder for them */
    const char *announce;
    bool link;
};

static const char help[] =
    "Usage: audiogenrl-web [OPTION...]\n"
    "\n"
    "A page to see and steer audiogenrld from a phone.\n"
    "\n"
    "  -c, --config FILE  settings (" CONFIG_DEFAULT_PATH ", where it is there)\n"
    "      --link         print the address of the page, with the token that opens it,\n"
    "                     and draw it as a QR code; makes the token where there is none\n"
    "      --units FOLDER\n"
    "                     write there what systemd is to know of [web] listen; for\n"
    "                     systemd itself\n"
    "      --announce FOLDER\n"
    "                     write there what avahi is to know of it, or remove that\n"
    "  -h, --help         print this help\n"
    "      --version      print the version\n"
    "\n"
    "Exit status: 0 stopped as told, or done; 1 it cannot serve; 2 wrong usage.\n";

static int flush(void)
{
    if (fflush(stdout) == 0)
        return DONE;
    perror("audiogenrl-web: standard output");
    return FAILED;
}

static int fail(const struct error *error)
{
    fprintf(stderr, "audiogenrl-web: %s\n", error->text);
    return FAILED;
}

static int usage(const char *why)
{
    fprintf(stderr, "audiogenrl-web: %s; see audiogenrl-web --help\n", why);
    return USAGE;
}

/* -1: go on; else the exit code to end with. */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"link", no_argument, NULL, LINK},
                                          {"units", required_argument, NULL, UNITS},
                                          {"announce", required_argument, NULL, ANNOUNCE},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, VERSION},
                                          {NULL, 0, NULL, 0}};
    int code;
    opterr = 0;
    while ((code = getopt_long(argc, argv, "c:h", longs, NULL)) != -1)
        switch (code) {
        case 'c':
            options->config = optarg;
            break;
        case LINK:
            options->link = true;
            break;
        case UNITS:
            options->units = optarg;
            break;
        case ANNOUNCE:
            options->announce = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            return flush();
        case VERSION:
            puts("audiogenrl-web " AUDIOGENRL_VERSION);
            return flush();
        default:
            return usage("an option is unknown or lacks its value");
        }
    if (options->link + !!options->units + !!options->announce > 1)
        return usage("--link, --units and --announce are three things");
    return optind < argc ? usage("takes options only") : -1;
}

static int is_off(struct error *error)
{
    return error_set(
        error,
        "the page is off: write listen = 127.0.0.1:8322 below [web] in " CONFIG_DEFAULT_PATH);
}

/* --- The address --- */

static int show_link(const struct config *config, struct error *error)
{
    char token[REQUEST_TOKEN_MOST + 1];
    char link[LINK_BYTES];
    if (!config->web.listen)
        return is_off(error);
    if (token_make(config->web.token, token, error) != 0 ||
        link_text(config->web.listen, token, link, error) != 0)
        return -1;
    if (isatty(STDOUT_FILENO))
        (void)link_draw(link); /* without it the address has to be typed */
    puts(link);
    return 0;
}

/* --- systemd --- */

static int make_folder(const char *path, struct error *error)
{
    if (mkdir(path, 0755) == 0 || errno == EEXIST)
        return 0;
    return error_set(error, "%s: cannot make the folder: %s", path, strerror(errno));
}

static const char *format(char room[PATH_MAX], const char *text, ...)
    __attribute__((format(printf, 2, 3)));

static const char *format(char room[PATH_MAX], const char *text, ...)
{
    va_list values;
    va_start(values, text);
    vsnprintf(room, PATH_MAX, text, values);
    va_end(values);
    return room;
}

/* A '-': the page is there without an announcement too. */
static const char announcing[] =
    "ExecStartPost=-" AUDIOGENRL_WEB " --announce " ANNOUNCE_FOLDER "\n"
    "ExecStopPost=-rm -f " ANNOUNCE_FOLDER "/audiogenrl-web.service\n";

/* What systemd.generator(7) asks for: where the page is switched on, the socket with its
 * address, wanted with all others. */
static int write_units(const struct config *config, const char *folder, struct error *error)
{
    char path[PATH_MAX];
    char text[PATH_MAX];
    if (!config->web.listen)
        return 0;
    format(text,
           "# Written by audiogenrl-web --units: [web] listen of the settings.\n"
           "[Socket]\nListenStream=\nListenStream=%s\n%s",
           config->web.listen, link_is_local(config->web.listen) ? "" : announcing);
    if (make_folder(format(path, "%s/audiogenrl-web.socket.d", folder), error) != 0 ||
        outfile_write(format(path, "%s/audiogenrl-web.socket.d/listen.conf", folder), text,
                      strlen(text), error) != 0 ||
        make_folder(format(path, "%s/sockets.target.wants", folder), error) != 0)
        return -1;
    format(path, "%s/sockets.target.wants/audiogenrl-web.socket", folder);
    if (symlink(AUDIOGENRL_UNITS "/audiogenrl-web.socket", path) == 0 || errno == EEXIST)
        return 0;
    return error_set(error, "%s: cannot make the link: %s", path, strerror(errno));
}

/* --- The server --- */

/* systemd's socket, or our own. -1: there is none. */
static int find_socket(const struct config *config, bool *given, struct error *error)
{
    int count = sd_listen_fds(1);
    *given = count > 0;
    if (count == 1 && sd_is_socket(SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, 1) > 0)
        return SD_LISTEN_FDS_START;
    if (count > 0)
        return error_set(error, "systemd has given %d sockets, expected one that listens", count);
    return config->web.listen ? link_listen(config->web.listen, error) : is_off(error);
}

/* Where the service is: as the command asks for it. */
static const char *find_control(const struct config *config, char *room, size_t size)
{
    const char *named = getenv("AUDIOGENRL_SOCKET");
    if (named && *named)
        return named;
    if (strcmp(config->control.socket, CONFIG_DEFAULT_SOCKET) == 0 &&
        config_user_socket(room, size) == 0 && access(room, W_OK) == 0)
        return room;
    return config->control.socket;
}

/* A folder for reports: the unit's, or one of our own. -1: none can be made. */
static int find_reports(char *room, size_t size, bool *own, struct error *error)
{
    const char *given = getenv("CACHE_DIRECTORY");
    *own = !given;
    snprintf(room, size, "%s", given ? given : "/tmp/audiogenrl-web-XXXXXX");
    if (given || mkdtemp(room))
        return 0;
    return error_set(error, "%s: cannot make a folder for reports: %s", room, strerror(errno));
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *file;
    while (folder && (file = readdir(folder)))
        (void)unlinkat(dirfd(folder), file->d_name, 0);
    if (folder)
        closedir(folder);
    (void)rmdir(path);
}

static int serve(const struct config *config, struct error *error)
{
    char token[REQUEST_TOKEN_MOST + 1];
    char control[PATH_MAX];
    char reports[PATH_MAX];
    const char *program = getenv("AUDIOGENRL");
    bool given = false;
    bool own = false;
    if (token_read(config->web.token, token, error) != 0 ||
        find_reports(reports, sizeof reports, &own, error) != 0)
        return -1;
    int fd = find_socket(config, &given, error);
    const struct server_options options = {.listening = fd,
                                           .rests = given,
                                           .token = token,
                                           .control = find_control(config, control, sizeof control),
                                           .pieces = config->correct.repertoire,
                                           .recordings = config->record.folder,
                                           .reports = reports,
                                           .program =
                                               program && *program ? program : AUDIOGENRL_PROGRAM};
    int status = fd >= 0 ? server_run(&options, error) : -1;
    if (own)
        remove_folder(reports);
    return status;
}

static int run(const struct options *options, struct error *error)
{
    struct config *config = config_load(options->config, NULL, NULL, error);
    if (!config)
        return -1;
    int status = options->link       ? show_link(config, error)
                 : options->announce ? announce(config->web.listen, options->announce, error)
                 : options->units    ? write_units(config, options->units, error)
                                     : serve(config, error);
    config_free(config);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct error error;
    int code = read_options(argc, argv, &options);
    if (code >= 0)
        return code;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (run(&options, &error) != 0)
        return fail(&error);
    return flush();
}
