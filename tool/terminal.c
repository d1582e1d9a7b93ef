/* Styles are pairs of colours where there are colours, and attributes where not. */
#define NCURSES_WIDECHAR 1
#include "tool/terminal.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct terminal {
    SCREEN *screen;
    bool unicode;
    bool colours;
};

/* Blue, orange and vermilion can be told apart whatever the kind of colour
 * blindness (Okabe and Ito, "Color Universal Design", 2008). */
struct look {
    short front, back; /* of 256 colours */
    short front_of_8, back_of_8;
    attr_t attributes; /* with colours */
    attr_t without;    /* without */
};

enum { OWN = -1 }; /* the terminal's own colour */

static const struct look looks[CELLS_STYLES] = {
    [STYLE_PLAIN] = {OWN, OWN, OWN, OWN, A_NORMAL, A_NORMAL},
    [STYLE_FAINT] = {OWN, OWN, OWN, OWN, A_DIM, A_NORMAL},
    [STYLE_STRONG] = {OWN, OWN, OWN, OWN, A_BOLD, A_BOLD},
    [STYLE_TITLE] = {231, 24, COLOR_WHITE, COLOR_BLUE, A_NORMAL, A_REVERSE},
    [STYLE_ALARM] = {16, 214, COLOR_BLACK, COLOR_YELLOW, A_BOLD, A_BOLD},
    [STYLE_WHITE_KEY] = {245, 255, COLOR_BLACK, COLOR_WHITE, A_NORMAL, A_REVERSE},
    [STYLE_BLACK_KEY] = {255, 16, COLOR_WHITE, COLOR_BLACK, A_NORMAL, A_NORMAL},
    [STYLE_KEY_HELD] = {231, 32, COLOR_WHITE, COLOR_BLUE, A_BOLD, A_BOLD},
    [STYLE_KEY_WRONG] = {231, 160, COLOR_WHITE, COLOR_RED, A_BOLD, A_BOLD},
    [STYLE_KEY_INSTEAD] = {16, 214, COLOR_BLACK, COLOR_YELLOW, A_NORMAL, A_BOLD},
    [STYLE_HELD] = {39, OWN, COLOR_CYAN, OWN, A_NORMAL, A_NORMAL},
    [STYLE_WRONG] = {203, OWN, COLOR_RED, OWN, A_BOLD, A_BOLD},
    [STYLE_INSTEAD] = {214, OWN, COLOR_YELLOW, OWN, A_BOLD, A_BOLD},
};

/* NO_COLOR: see no-color.org. */
static bool start_colours(bool plain)
{
    const char *none = getenv("NO_COLOR");
    if (plain || (none && *none) || !has_colors() || start_color() != OK ||
        COLOR_PAIRS <= CELLS_STYLES)
        return false;
    use_default_colors();
    for (int i = 0; i < CELLS_STYLES; i++) {
        const struct look *look = &looks[i];
        if (COLORS >= 256)
            init_pair((short)(i + 1), look->front, look->back);
        else
            init_pair((short)(i + 1), look->front_of_8, look->back_of_8);
    }
    return true;
}

static void set_up(struct terminal *terminal, bool plain)
{
    set_term(terminal->screen);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, TRUE);
    curs_set(0);
    set_escdelay(25);
    /* The fonts of Linux's own console have few of the signs. */
    const char *type = getenv("TERM");
    terminal->unicode =
        !plain && strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && type && strcmp(type, "linux") != 0;
    terminal->colours = start_colours(plain);
}

static int check_descriptors(struct error *error)
{
    if (!isatty(STDOUT_FILENO))
        return error_set(error, "standard output is no terminal; audiogenrl status prints what "
                                "the service does");
    if (!isatty(STDIN_FILENO))
        return error_set(error, "standard input is no terminal to read keys from");
    return 0;
}

/* Whether the terminal can do what a screen needs. */
static bool places_cursor(void)
{
    const char *place = tigetstr("cup");
    const char *clear = tigetstr("clear");
    return place && clear && place != (const char *)-1 && clear != (const char *)-1;
}

/* Only what characters are: numbers keep their points. Who comes over ssh may bring a
 * locale that is not installed here; its name still tells of UTF-8. */
static void take_characters(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    if (setlocale(LC_CTYPE, ""))
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = getenv(names[i]);
        if (!name || !*name)
            continue;
        if (strcasestr(name, "utf-8") || strcasestr(name, "utf8"))
            setlocale(LC_CTYPE, "C.UTF-8");
        return;
    }
}

struct terminal *terminal_open(bool plain, struct error *error)
{
    const char *type = getenv("TERM");
    if (check_descriptors(error) != 0)
        return NULL;
    struct terminal *terminal = calloc(1, sizeof *terminal);
    if (!terminal) {
        error_set(error, "out of memory");
        return NULL;
    }
    take_characters();
    terminal->screen = newterm(NULL, stdout, stdin);
    if (terminal->screen && places_cursor()) {
        set_up(terminal, plain);
        return terminal;
    }
    if (terminal->screen) {
        endwin();
        delscreen(terminal->screen);
    }
    free(terminal);
    error_set(error, "the terminal is of a type that has no screen, or is not known here (TERM=%s)",
              type ? type : "");
    return NULL;
}

void terminal_close(struct terminal *terminal)
{
    if (!terminal)
        return;
    /* A terminal without a second screen would keep the keyboard on it. */
    erase();
    refresh();
    endwin();
    delscreen(terminal->screen);
    free(terminal);
}

void terminal_leave(struct terminal *terminal)
{
    (void)terminal;
    endwin();
    clearok(stdscr, TRUE);
}

bool terminal_has_unicode(const struct terminal *terminal)
{
    return terminal->unicode;
}

void terminal_measure(struct terminal *terminal, int *rows, int *columns)
{
    struct winsize size;
    (void)terminal;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
        (size.ws_row != LINES || size.ws_col != COLS))
        resizeterm(size.ws_row, size.ws_col);
    *rows = LINES;
    *columns = COLS;
}

void terminal_show(struct terminal *terminal, const struct cells *cells)
{
    for (int row = 0; row < cells->rows && row < LINES; row++)
        for (int column = 0; column < cells->columns && column < COLS; column++) {
            const struct cell *cell = &cells->cell[row * cells->columns + column];
            const wchar_t text[2] = {(wchar_t)cell->glyph, L'\0'};
            const struct look *look = &looks[cell->style];
            cchar_t shown;
            if (cell->glyph == 0)
                continue;
            setcchar(&shown, text, terminal->colours ? look->attributes : look->without,
                     (short)(terminal->colours ? cell->style + 1 : 0), NULL);
            mvadd_wch(row, column, &shown);
        }
    refresh();
}

void terminal_repair(struct terminal *terminal)
{
    (void)terminal;
    clearok(stdscr, TRUE);
}

int terminal_key(struct terminal *terminal)
{
    wint_t key = 0;
    (void)terminal;
    switch (get_wch(&key)) {
    case OK:
        return (int)key;
    case KEY_CODE_YES:
        return key == KEY_UP ? KEY_IS_UP : key == KEY_DOWN ? KEY_IS_DOWN : KEY_IS_OTHER;
    default:
        return KEY_IS_NONE;
    }
}
