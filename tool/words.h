/* Words of the language of the reader (gettext), and names of notes.
 *
 * The catalogue is chosen by the environment (LANGUAGE, LC_ALL, LC_MESSAGES, LANG); without
 * one of it the words are English. AUDIOGENRL_LOCALES names another folder of catalogues than
 * that of the installation. */
#ifndef TOOL_WORDS_H
#define TOOL_WORDS_H

#include "piece/bars.h"
#include "piece/spelling.h"

#include <glib.h>
#include <libintl.h>
#include <stdbool.h>

#define _(text) gettext(text)
#define N_(text) text

enum word_names { NAMES_ENGLISH, NAMES_GERMAN, NAMES_ITALIAN, NAMES_JAPANESE };

/* Finds the catalogue; once, before the first word. */
void words_open(void);

/* Words in ASCII from now on, as near as that comes. */
void words_plain(bool plain);

/* The language of the words, "en" or "de": for lang= of a page. */
const char *words_language(void);

/* The names that go with the language; -1 where `name` is none of english, german, italian,
 * japanese. NULL: the language's. */
int words_names(const char *name);

/* The option that chooses them, and what to say where it names none. */
#define WORDS_ENTRY(names)                                                                         \
    {                                                                                              \
        "names", 0, 0, G_OPTION_ARG_STRING, &(names),                                              \
            "names of notes (those of the language): english, german, italian or japanese",        \
            "NAMES"                                                                                \
    }
#define WORDS_NAMES_FAULT "--names is english, german, italian or japanese, not '%s'"

/* "F♯4", "Fis4", "fa♯4", "嬰ヘ4"; g_free. */
char *word_note(struct spelling note, enum word_names names);

/* A key without music around it, black ones as sharps; `unicode`: else in ASCII, and English where
 * that is not enough. g_free. */
char *word_key(int key, enum word_names names, bool unicode);

/* Without its octave, a natural said: "F natural", "F sharp". g_free. */
char *word_tone(struct spelling note, enum word_names names);

/* "beat 2", "beat 1 and"; of an offset into a bar, quarters. g_free. */
char *word_beat(const struct bar *bar, double offset);

/* "♩ = 84": a tempo in quarters a minute, in beats of that many quarters. g_free. */
char *word_tempo(double tempo, double pulse);

#endif
