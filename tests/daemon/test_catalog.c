/* What a folder of pieces becomes: in order of names, learned once, kept in the cache,
 * stopped at any moment, told of once in the log. */
#include "daemon/catalog.h"
#include "daemon/log.h"
#include "daemon/piece_loader.h"
#include "piece_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct desk {
    struct cache *cache;
    struct catalog *catalog;
};

static struct desk desk_open(const char *cache)
{
    struct desk desk = {.cache = cache_open(cache, NULL)};
    assert_non_null(desk.cache);
    desk.catalog = catalog_open(desk.cache, NULL);
    assert_non_null(desk.catalog);
    return desk;
}

static void desk_close(struct desk *desk)
{
    catalog_close(desk->catalog);
    cache_close(desk->cache);
}

static bool look(struct desk *desk)
{
    return catalog_look(desk->catalog, "pieces", NULL, false, NULL);
}

static void learn_all(struct desk *desk)
{
    while (catalog_wants(desk->catalog))
        catalog_learn(desk->catalog, NULL);
}

/* The names of the pieces that a corrector would know, in its order. */
static void names_are(struct desk *desk, const char *expected)
{
    char names[256] = "";
    struct snapshot *snapshot = catalog_snapshot(desk->catalog, NULL, NULL);
    assert_non_null(snapshot);
    for (size_t i = 0; i < snapshot_pieces(snapshot); i++) {
        strcat(names, i ? " " : "");
        strcat(names, snapshot_piece(snapshot, (int)i));
    }
    assert_int_equal(snapshot_is_complete(snapshot), !catalog_wants(desk->catalog));
    snapshot_free(snapshot);
    assert_string_equal(names, expected);
}

/* The paths of the cache's files, in order of name; how many. */
static int list_cache(char path[][300])
{
    struct dirent **file;
    int count = scandir("cache", &file, NULL, alphasort), kept = 0;
    for (int i = 0; i < count; i++) {
        if (file[i]->d_name[0] != '.')
            snprintf(path[kept++], 300, "cache/%s", file[i]->d_name);
        free(file[i]);
    }
    free(file);
    return kept;
}

/* --- Tests --- */

static void in_order_of_names_and_learned_once(void **state)
{
    (void)state;
    struct desk desk = desk_open("cache");
    write_piece("pieces/b.mid", 24, 60);
    assert_false(look(&desk));
    assert_true(catalog_wants(desk.catalog));
    names_are(&desk, "");
    assert_true(catalog_learn(desk.catalog, NULL));
    names_are(&desk, "b");
    write_piece("pieces/a.mid", 24, 50);
    assert_false(look(&desk));
    assert_true(catalog_learn(desk.catalog, NULL));
    names_are(&desk, "a b");
    assert_false(look(&desk));
    desk_close(&desk);

    /* After a restart all is there at once, also under another name. */
    desk = desk_open("cache");
    assert_true(look(&desk));
    assert_false(catalog_wants(desk.catalog));
    names_are(&desk, "a b");
    assert_int_equal(rename("pieces/a.mid", "pieces/c.mid"), 0);
    assert_true(look(&desk));
    assert_false(catalog_wants(desk.catalog));
    names_are(&desk, "b c");
    assert_int_equal(unlink("pieces/b.mid"), 0);
    assert_true(look(&desk));
    names_are(&desk, "c");
    /* Written anew with the same bytes, it is the same. */
    write_piece("pieces/c.mid", 24, 50);
    assert_false(look(&desk));
    assert_false(catalog_wants(desk.catalog));
    desk_close(&desk);

    desk = desk_open(NULL);
    look(&desk);
    assert_true(catalog_wants(desk.catalog));
    desk_close(&desk);
}

/* What is damaged is not taken and learned again, to the same bytes. */
static void a_damaged_cache(void **state)
{
    (void)state;
    static unsigned char first[PIECE_FILE_MOST], second[PIECE_FILE_MOST], bad[PIECE_FILE_MOST];
    char path[8][300], left[8][300];
    struct desk desk = desk_open("cache");
    write_piece("pieces/a.mid", 24, 60);
    write_piece("pieces/b.mid", 24, 50);
    look(&desk);
    learn_all(&desk);
    desk_close(&desk);
    assert_int_equal(list_cache(path), 2);
    size_t length = read_file(path[0], first), other = read_file(path[1], second);
    for (int damage = 0; damage < 4; damage++) {
        memcpy(bad, first, length);
        bad[length / 2] ^= 1;
        if (damage == 0)
            write_file(path[0], bad, length);
        else if (damage == 1)
            write_file(path[0], first, length - 8);
        else if (damage == 2)
            write_file(path[0], "", 0);
        else
            write_file(path[0], second, other); /* whole, and of another piece */
        desk = desk_open("cache");
        look(&desk);
        assert_true(catalog_wants(desk.catalog));
        assert_int_equal(list_cache(left), 1);
        if (damage == 3)
            learn_all(&desk);
        desk_close(&desk);
    }
    assert_int_equal(list_cache(path), 2);
    assert_int_equal(read_file(path[0], bad), length);
    assert_memory_equal(bad, first, length);
}

struct stopper {
    size_t left; /* answers until it says stop */
    size_t asked;
};

static bool goes_on(void *context, double share)
{
    struct stopper *stopper = context;
    (void)share;
    stopper->asked++;
    return stopper->left > stopper->asked;
}

/* Asked in finding the grid (twice for each of 400 notes) and in every update of
 * learning, and heard at once. */
static void stops_when_it_is_told(void **state)
{
    (void)state;
    static unsigned char bytes[PIECE_FILE_MOST];
    static const size_t moments[] = {1, 2, 399, 400, 401, 700, 800, 801, 802, 850};
    size_t length = make_piece(bytes, 400, 40, 150, 17);
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        struct error error;
        struct stopper stopper = {.left = moments[i]};
        const struct task task = {goes_on, &stopper};
        assert_null(piece_loader_learn(bytes, length, "p.mid", &task, &error));
        assert_non_null(strstr(error.text, "stopped"));
        assert_int_equal(stopper.asked, moments[i]);
    }
    write_file("pieces/a.mid", bytes, length);
    struct desk desk = desk_open("cache");
    look(&desk);
    struct stopper stopper = {.left = 500};
    const struct task task = {goes_on, &stopper};
    assert_false(catalog_learn(desk.catalog, &task));
    assert_true(catalog_wants(desk.catalog));
    names_are(&desk, "");
    desk_close(&desk);
}

struct changer {
    struct desk *desk;
    bool changed;
};

static bool change_what_is_learned(void *context, double share)
{
    struct changer *changer = context;
    (void)share;
    if (!changer->changed)
        write_piece("pieces/a.mid", 30, 61);
    changer->changed = true;
    return !catalog_is_stale(changer->desk->catalog);
}

/* A file that keeps changing is left for the end, and what is known to be out of date is
 * not learned to the end. */
static void a_file_that_keeps_changing(void **state)
{
    (void)state;
    struct desk desk = desk_open("cache");
    write_piece("pieces/a.mid", 24, 60);
    look(&desk);
    struct changer changer = {.desk = &desk};
    const struct task task = {change_what_is_learned, &changer};
    assert_false(catalog_learn(desk.catalog, &task));
    assert_false(catalog_wants(desk.catalog));
    write_piece("pieces/b.mid", 24, 50);
    look(&desk);
    assert_true(catalog_learn(desk.catalog, NULL));
    names_are(&desk, "b");
    assert_true(catalog_learn(desk.catalog, NULL));
    names_are(&desk, "a b");
    desk_close(&desk);
}

/* By their bytes, whatever they are called; copies, hidden files and folders are passed over. */
static void any_name(void **state)
{
    (void)state;
    struct desk desk = desk_open("cache");
    write_piece("pieces/a.kar", 8, 60);
    write_piece("pieces/b", 8, 61);
    write_piece("pieces/c.RMI", 8, 62);
    write_piece("pieces/d.model", 8, 63);
    write_piece("pieces/e.mid~", 8, 64);
    write_piece("pieces/f.mid.part", 8, 65);
    write_piece("pieces/.g.mid", 8, 66);
    assert_int_equal(mkdir("pieces/folder", 0700), 0);
    look(&desk);
    learn_all(&desk);
    names_are(&desk, "a b c d");
    desk_close(&desk);
}

/* What is no piece is named once, and again when it has changed. */
static void described_as(struct desk *desk, const char *expected)
{
    static const char *const facts[] = {"from", "takes", "notes", "bars", "doubt", "doubtful"};
    json_t *files = catalog_describe(desk->catalog);
    for (size_t i = 0; i < json_array_size(files); i++) {
        json_t *file = json_array_get(files, i);
        if (!json_object_get(file, "names"))
            continue;
        assert_string_equal(json_string_value(json_object_get(file, "from")), "midi");
        assert_int_equal(json_integer_value(json_object_get(file, "notes")), 40);
        assert_int_equal(json_integer_value(json_object_get(file, "bars")), 5);
        for (size_t k = 0; k < sizeof facts / sizeof *facts; k++)
            assert_int_equal(json_object_del(file, facts[k]), 0);
    }
    char *text = json_dumps(files, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(files);
}

static void one_alone(void **state)
{
    (void)state;
    struct desk desk = desk_open("cache");
    write_piece("pieces/a.mid", 40, 60);
    write_piece("pieces/b.mid", 40, 62);
    look(&desk);
    described_as(&desk, "[{\"file\":\"a.mid\",\"state\":\"learning\"},"
                        "{\"file\":\"b.mid\",\"state\":\"learning\"}]");
    assert_false(catalog_has(desk.catalog, "a.mid"));
    learn_all(&desk);
    write_file("pieces/c.mid", "MThd", 4);
    look(&desk);
    learn_all(&desk);
    json_t *files = catalog_describe(desk.catalog);
    const json_t *third = json_array_get(files, 2);
    assert_string_equal(json_string_value(json_object_get(third, "state")), "unusable");
    assert_non_null(strstr(json_string_value(json_object_get(third, "why")), "pieces/c.mid"));
    json_decref(files);
    unlink("pieces/c.mid");
    look(&desk);
    described_as(&desk, "[{\"file\":\"a.mid\",\"state\":\"ready\",\"names\":[\"a\"]},"
                        "{\"file\":\"b.mid\",\"state\":\"ready\",\"names\":[\"b\"]}]");
    static const struct {
        const char *only;
        size_t pieces;
    } cases[] = {{NULL, 2}, {"a.mid", 1}, {"b.mid", 1}, {"c.mid", 2}, {"", 2}, {"pieces/a.mid", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct snapshot *snapshot = catalog_snapshot(desk.catalog, cases[i].only, NULL);
        assert_int_equal(snapshot_pieces(snapshot), cases[i].pieces);
        if (cases[i].pieces == 1)
            assert_int_equal(*snapshot_piece(snapshot, 0), *cases[i].only);
        snapshot_free(snapshot);
    }
    desk_close(&desk);
}

/* More files than an answer holds. */
static void a_long_description(void **state)
{
    (void)state;
    struct desk desk = desk_open("cache");
    char path[256];
    for (int i = 0; i < 500; i++) {
        snprintf(path, sizeof path, "pieces/%03d_%0200d.mid", i, 0);
        write_file(path, "MThd", 4);
    }
    look(&desk);
    learn_all(&desk);
    json_t *files = catalog_describe(desk.catalog);
    char *text = json_dumps(files, JSON_COMPACT);
    assert_true(json_array_size(files) > 100 && json_array_size(files) < 500);
    assert_true(strlen(text) < CATALOG_DESCRIBED + 4096);
    free(text);
    json_decref(files);
    desk_close(&desk);
}

static void what_cannot_be_read(void **state)
{
    (void)state;
    char text[4096] = "";
    struct desk desk = desk_open("cache");
    int before = dup(STDERR_FILENO);
    int log = open("log", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
    write_file("pieces/broken.mid", "MThd", 4);
    assert_int_equal(mkfifo("pieces/fifo.mid", 0600), 0);
    assert_int_equal(mkdir("pieces/folder.mid", 0700), 0);
    assert_int_equal(symlink("/dev/zero", "pieces/zero.mid"), 0);
    assert_int_equal(symlink("round.mid", "pieces/round.mid"), 0);
    assert_int_equal(symlink("nowhere", "pieces/nowhere.mid"), 0);
    write_file("pieces/broken.model", "AGRL\r\n\x1a\n", 8);
    write_file("pieces/large.mid", "MThd", 4);
    assert_int_equal(truncate("pieces/large.mid", PIECE_LOADER_MAX_BYTES + 1), 0);
    log_open(false, LOG_INFO);
    dup2(log, STDERR_FILENO);
    for (int i = 0; i < 3; i++)
        assert_false(look(&desk));
    learn_all(&desk);
    for (int i = 0; i < 3; i++)
        assert_false(look(&desk));
    write_file("pieces/broken.mid", "MThd and more", 13);
    look(&desk);
    learn_all(&desk);
    dup2(before, STDERR_FILENO);
    close(before);
    assert_true(pread(log, text, sizeof text - 1, 0) > 0);
    close(log);
    desk_close(&desk);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 9);
    static const char *const sentences[] = {
        "left out: pieces/fifo.mid: is a FIFO, expected a file\n",
        "left out: pieces/folder.mid: is a folder, expected a file\n",
        "left out: pieces/zero.mid: is a device, expected a file\n",
        "left out: pieces/round.mid: is a loop of symbolic links, expected a file\n",
        "left out: pieces/nowhere.mid: cannot open: No such file or directory\n",
        "left out: pieces/broken.model: damaged",
        "left out: pieces/broken.mid: ",
        "left out: pieces/large.mid: is larger than 8 MiB, the most that a piece may be\n",
    };
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (!strstr(text, sentences[i]))
            fail_msg("%s is missing in\n%s", sentences[i], text);
}

/* A cache that cannot be written to is told of once, and no piece is lost by it. */
static void nowhere_to_keep(void **state)
{
    (void)state;
    char text[4096] = "";
    write_file("cache/file", "", 0);
    struct desk desk = desk_open("cache/file/folder");
    write_piece("pieces/a.mid", 24, 60);
    write_piece("pieces/b.mid", 24, 50);
    int before = dup(STDERR_FILENO);
    int log = open("log", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
    log_open(false, LOG_NOTICE);
    dup2(log, STDERR_FILENO);
    look(&desk);
    learn_all(&desk);
    dup2(before, STDERR_FILENO);
    log_open(false, LOG_ERR);
    close(before);
    names_are(&desk, "a b");
    assert_true(pread(log, text, sizeof text - 1, 0) > 0);
    close(log);
    desk_close(&desk);
    const char *said = strstr(text, "pieces will be learned again at the next start: cache/file/");
    assert_non_null(said);
    assert_string_equal(strchr(said, '\n'), "\n"); /* and nothing more */
}

/* What was used last stays; what is not the cache's is left alone. */
static void a_full_cache(void **state)
{
    (void)state;
    char path[8][300];
    struct cache *cache = cache_open("cache", NULL);
    for (int i = 0; i < 5; i++) {
        const struct timespec times[2] = {{.tv_sec = 1000 - i}, {.tv_sec = 1000 - i}};
        char name[100];
        snprintf(name, sizeof name, "cache/%064d.model%s", i, i == 2 ? ".q3fX2a" : "");
        write_file(name, "0123456789", 10);
        assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
    }
    write_file("cache/mine.model", "0123456789", 10);
    cache_trim(cache, 4, 1000);
    assert_int_equal(list_cache(path), 5);
    assert_int_equal(access("cache/mine.model", F_OK), 0);
    cache_trim(cache, 4, 25);
    assert_int_equal(list_cache(path), 3);
    assert_non_null(strstr(path[0], "0000.model"));
    assert_non_null(strstr(path[1], "0001.model"));
    cache_close(cache);
}

static void where_it_is(void **state)
{
    (void)state;
    char room[100];
    setenv("CACHE_DIRECTORY", "/var/cache/one:/var/cache/two", 1);
    assert_string_equal(cache_folder(room, sizeof room), "/var/cache/one");
    assert_null(cache_folder(room, 5));
    unsetenv("CACHE_DIRECTORY");
    setenv("XDG_CACHE_HOME", "/home/me/caches", 1);
    assert_string_equal(cache_folder(room, sizeof room),
                        geteuid() == 0 ? "/var/cache/audiogenrl" : "/home/me/caches/audiogenrl");
    struct cache *cache = cache_open("cache/made/for/this", NULL);
    assert_int_equal(access("cache/made/for/this", W_OK), 0);
    cache_close(cache);
}

static int empty_folder(void **state)
{
    (void)state;
    return system("rm -rf pieces cache && mkdir pieces cache");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(in_order_of_names_and_learned_once, empty_folder),
        cmocka_unit_test_setup(a_damaged_cache, empty_folder),
        cmocka_unit_test_setup(stops_when_it_is_told, empty_folder),
        cmocka_unit_test_setup(a_file_that_keeps_changing, empty_folder),
        cmocka_unit_test_setup(any_name, empty_folder),
        cmocka_unit_test_setup(one_alone, empty_folder),
        cmocka_unit_test_setup(a_long_description, empty_folder),
        cmocka_unit_test_setup(what_cannot_be_read, empty_folder),
        cmocka_unit_test_setup(nowhere_to_keep, empty_folder),
        cmocka_unit_test_setup(a_full_cache, empty_folder),
        cmocka_unit_test_setup(where_it_is, empty_folder),
    };
    log_open(false, LOG_ERR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
