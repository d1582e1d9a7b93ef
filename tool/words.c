#include "tool/words.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#ifndef AUDIOGENRL_LOCALE_DIR
#define AUDIOGENRL_LOCALE_DIR "/usr/share/locale"
#endif

void words_open(void)
{
    /* Numbers stay as they are: they also go into SVG and CSS. */
    setlocale(LC_CTYPE, "");
    setlocale(LC_MESSAGES, "");
    const char *folder = g_getenv("AUDIOGENRL_LOCALES");
    bindtextdomain("audiogenrl", folder ? folder : AUDIOGENRL_LOCALE_DIR);
    bind_textdomain_codeset("audiogenrl", "UTF-8");
    textdomain("audiogenrl");
}

void words_plain(bool plain)
{
    bind_textdomain_codeset("audiogenrl", plain ? "ASCII" : "UTF-8");
}

const char *words_language(void)
{
    /* Translators: the two letters of the language of this catalogue. */
    return _("en");
}

int words_names(const char *name)
{
    static const char *const names[] = {"english", "german", "italian", "japanese"};
    static const char *const languages[] = {"en", "de", "it", "ja"};
    const char *const *list = name ? names : languages;
    const char *wanted = name ? name : words_language();
    for (int i = 0; i < (int)G_N_ELEMENTS(names); i++)
        if (strcmp(list[i], wanted) == 0)
            return i;
    return name ? -1 : NAMES_ENGLISH;
}

static const char *sign_of(int alter)
{
    static const char *const signs[] = {"𝄫", "♭", "", "♯", "𝄪"};
    return signs[CLAMP(alter, -2, 2) + 2];
}

/* B is H without a sign, and B with a flat. */
static char *german(struct spelling note)
{
    static const char *const sharp[] = {"C", "D", "E", "F", "G", "A", "H"};
    static const char *const flat[] = {"Ces", "Des", "Es", "Fes", "Ges", "As", "B"};
    static const char *const flats[] = {"Ceses", "Deses", "Eses", "Feses",
                                        "Geses", "Ases",  "Heses"};
    if (note.alter < 0)
        return g_strdup((note.alter == -1 ? flat : flats)[note.letter]);
    return g_strconcat(sharp[note.letter], note.alter > 0 ? "is" : "", note.alter > 1 ? "is" : "",
                       NULL);
}

static const char *const solfege[] = {"do", "re", "mi", "fa", "sol", "la", "si"};
static const char *const katakana[] = {"ハ", "ニ", "ホ", "ヘ", "ト", "イ", "ロ"};

static char *japanese(struct spelling note)
{
    static const char *const signs[] = {"重変", "変", "", "嬰", "重嬰"};
    return g_strconcat(signs[CLAMP(note.alter, -2, 2) + 2], katakana[note.letter], NULL);
}

char *word_note(struct spelling note, enum word_names names)
{
    char *name = names == NAMES_GERMAN     ? german(note)
                 : names == NAMES_JAPANESE ? japanese(note)
                 : names == NAMES_ITALIAN
                     ? g_strconcat(solfege[note.letter], sign_of(note.alter), NULL)
                     : g_strdup_printf("%c%s", "CDEFGAB"[note.letter], sign_of(note.alter));
    char *text = g_strdup_printf("%s%d", name, note.octave);
    g_free(name);
    return text;
}

char *word_key(int key, enum word_names names, bool unicode)
{
    static const uint8_t letters[] = {0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5, 6};
    int step = key % 12;
    const struct spelling note = {.letter = letters[step],
                                  .alter = step > 0 && letters[step] == letters[step - 1],
                                  .octave = (int8_t)(key / 12 - 1)};
    char *text = word_note(note, names == NAMES_JAPANESE && !unicode ? NAMES_ENGLISH : names);
    if (unicode)
        return text;
    char **parts = g_strsplit(text, sign_of(1), 2);
    char *plain = g_strjoinv("#", parts);
    g_strfreev(parts);
    g_free(text);
    return plain;
}

char *word_tone(struct spelling note, enum word_names names)
{
    static const char *const english[] = {" double flat", " flat", " natural", " sharp",
                                          " double sharp"};
    static const char *const italian[] = {" doppio bemolle", " bemolle", " naturale", " diesis",
                                          " doppio diesis"};
    int sign = CLAMP(note.alter, -2, 2) + 2;
    if (names == NAMES_GERMAN)
        return german(note);
    if (names == NAMES_JAPANESE)
        return note.alter ? japanese(note) : g_strconcat("本位", katakana[note.letter], NULL);
    if (names == NAMES_ITALIAN)
        return g_strconcat(solfege[note.letter], italian[sign], NULL);
    return g_strdup_printf("%c%s", "CDEFGAB"[note.letter], english[sign]);
}

static bool is_near(double a, double b)
{
    return fabs(a - b) < .02;
}

char *word_beat(const struct bar *bar, double offset)
{
    double beat = offset / bar->pulse + 1;
    int whole = (int)floor(beat + .02);
    double part = beat - whole;
    bool compound = is_near(bar->pulse, 1.5);
    if (fabs(part) < .02)
        return g_strdup_printf(_("beat %d"), whole);
    if (!compound && is_near(part, .5))
        return g_strdup_printf(_("beat %d and"), whole);
    if (compound && (is_near(part, 1.0 / 3) || is_near(part, 2.0 / 3)))
        return g_strdup_printf(part < .5 ? _("beat %d, second eighth") : _("beat %d, third eighth"),
                               whole);
    if (!compound && is_near(bar->pulse, 1) && (is_near(part, .25) || is_near(part, .75)))
        return g_strdup_printf(
            part < .5 ? _("beat %d, second sixteenth") : _("beat %d, fourth sixteenth"), whole);
    if (!compound && (is_near(part, 1.0 / 3) || is_near(part, 2.0 / 3)))
        return g_strdup_printf(part < .5 ? _("beat %d, second of the triplet")
                                         : _("beat %d, third of the triplet"),
                               whole);
    return g_strdup_printf(_("after beat %d"), whole);
}

char *word_tempo(double tempo, double pulse)
{
    const char *unit = is_near(pulse, 1.5)   ? "♩."
                       : is_near(pulse, .5)  ? "♪"
                       : is_near(pulse, .75) ? "♪."
                       : is_near(pulse, 2)   ? _("half")
                                             : "♩";
    double shown =
        is_near(pulse, 1.5) || is_near(pulse, .5) || is_near(pulse, .75) || is_near(pulse, 2)
            ? tempo / pulse
            : tempo;
    return g_strdup_printf("%s = %.0f", unit, shown);
}
