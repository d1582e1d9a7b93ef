/* The order of playing. A section is played from its forward repeat (or from where
 * the last section ended) to its backward repeat, as often as that says; of its
 * endings each pass takes its own. After D.C. or D.S. there are no repeats, and the
 * last ending is taken, as is the habit. A jump is taken once. */
#include "piece/musicxml_private.h"

#include <stdlib.h>
#include <string.h>

struct player {
    const struct written *written;
    struct unfolded *played;
    uint32_t count, room;
    uint32_t bar;     /* the next */
    uint32_t section; /* where its repeat goes back to */
    uint8_t pass;
    bool jumped;    /* after D.C. or D.S. */
    bool coda;      /* in the coda */
    uint8_t *taken; /* [bars] jumps already taken */
};

static bool plays(const struct player *player, uint32_t bar)
{
    uint32_t endings = player->written->bar[bar].endings;
    return endings == 0 || (endings >> player->pass & 1) != 0;
}

/* All endings of the section that `bar` stands in or before, as bits: those that follow
 * one another up to the first bar without. */
static uint32_t endings_of(const struct written *written, uint32_t bar)
{
    uint32_t all = 0, at = bar;
    while (at > 0 && written->bar[at].endings && written->bar[at - 1].endings)
        at--;
    for (; at < written->bars && written->bar[at].endings; at++)
        all |= written->bar[at].endings;
    return all;
}

static uint8_t highest(uint32_t bits)
{
    uint8_t top = 0;
    for (uint8_t i = 1; i < 31; i++)
        if (bits >> i & 1)
            top = i;
    return top;
}

/* How often a repeat that ends here is played. */
static uint8_t times(const struct written *written, uint32_t bar)
{
    uint8_t last = highest(endings_of(written, bar));
    uint8_t told = written->bar[bar].backward;
    return last > told ? last : told;
}

static void begin_section(struct player *player, uint32_t bar)
{
    player->section = bar;
    player->pass = 1;
}

/* The bar of that label; none: bars. */
static uint32_t find_segno(const struct written *written, const char *label)
{
    uint32_t any = written->bars;
    for (uint32_t b = 0; b < written->bars; b++) {
        if (written->bar[b].segno[0] && strcmp(written->bar[b].segno, label) == 0)
            return b;
        if (written->bar[b].segno[0] && any == written->bars)
            any = b;
    }
    return any;
}

/* The coda stands after where it is left for. */
static uint32_t find_coda(const struct written *written, uint32_t from, const char *label)
{
    uint32_t any = written->bars;
    for (uint32_t b = from + 1; b < written->bars; b++) {
        if (written->bar[b].coda[0] && strcmp(written->bar[b].coda, label) == 0)
            return b;
        if (written->bar[b].coda[0] && any == written->bars)
            any = b;
    }
    return any;
}

/* Whether it leads to the coda: said there, or a coda sign that a later one follows. */
static const char *leaves_for_coda(const struct written *written, uint32_t bar)
{
    if (written->bar[bar].tocoda[0])
        return written->bar[bar].tocoda;
    if (!written->bar[bar].coda[0])
        return NULL;
    for (uint32_t b = 0; b < written->bars; b++)
        if (written->bar[b].tocoda[0] || (b < bar && written->bar[b].coda[0]))
            return NULL;
    return find_coda(written, bar, written->bar[bar].coda) < written->bars ? written->bar[bar].coda
                                                                           : NULL;
}

static void jump_to(struct player *player, uint32_t bar)
{
    player->jumped = true;
    player->bar = bar;
    begin_section(player, bar);
}

/* Where the playing goes on after `bar`; false: it is over. */
static bool go_on(struct player *player, uint32_t bar)
{
    const struct written *written = player->written;
    const struct written_bar *at = &written->bar[bar];
    player->bar = bar + 1;
    if (player->jumped && !player->coda) {
        if (at->fine)
            return false;
        const char *label = leaves_for_coda(written, bar);
        uint32_t coda = label ? find_coda(written, bar, label) : written->bars;
        if (coda < written->bars) {
            player->coda = true;
            player->bar = coda;
            begin_section(player, coda);
            return true;
        }
    }
    if (at->backward && (!player->jumped || player->coda)) {
        if (player->pass < times(written, bar)) {
            player->pass++;
            player->bar = player->section;
            return true;
        }
        /* Endings that follow still belong to this section. */
        if (bar + 1 == written->bars || !written->bar[bar + 1].endings)
            begin_section(player, bar + 1);
    }
    if ((at->dacapo || at->dalsegno[0]) && !player->taken[bar]) {
        uint32_t to = at->dacapo ? 0 : find_segno(written, at->dalsegno);
        player->taken[bar] = 1;
        if (to <= bar)
            jump_to(player, to);
    }
    return true;
}

static int play(struct player *player, uint32_t bar)
{
    if (player->count == MUSICXML_MAX_BARS)
        return error_set(player->written->error, "%s: repeats itself into more than %d bars",
                         player->written->name, MUSICXML_MAX_BARS);
    if (!player->played || player->count == player->room) {
        player->room = player->room ? 2 * player->room : 256;
        struct unfolded *more = realloc(player->played, player->room * sizeof *more);
        if (!more)
            return error_set(player->written->error, "%s: out of memory", player->written->name);
        player->played = more;
    }
    player->played[player->count++] = (struct unfolded){bar, player->pass};
    return 0;
}

static int play_all(struct player *player)
{
    const struct written *written = player->written;
    bool inside = false; /* an ending was played last */
    while (player->bar < written->bars) {
        uint32_t bar = player->bar;
        const struct written_bar *at = &written->bar[bar];
        if (at->forward && bar != player->section)
            begin_section(player, bar);
        if (!at->endings && inside && bar != player->section)
            begin_section(player, bar);
        /* No repeats after a jump: the last ending. */
        if (at->endings && player->jumped && !player->coda)
            player->pass = highest(endings_of(written, bar));
        inside = at->endings != 0;
        if (!plays(player, bar)) {
            player->bar++;
            continue;
        }
        if (play(player, bar) != 0)
            return -1;
        if (!go_on(player, bar))
            break;
        if (player->bar != bar + 1)
            inside = false;
    }
    return 0;
}

struct unfolded *written_unfold(const struct written *written, uint32_t *count)
{
    struct player player = {
        .written = written, .pass = 1, .taken = calloc((size_t)written->bars + 1, 1)};
    int result = player.taken ? play_all(&player)
                              : error_set(written->error, "%s: out of memory", written->name);
    free(player.taken);
    if (result == 0 && player.count == 0)
        result = error_set(written->error, "%s: no bar is played", written->name);
    if (result != 0) {
        free(player.played);
        return NULL;
    }
    *count = player.count;
    return player.played;
}
