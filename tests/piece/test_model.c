/* Model files: there and back, and everything that can be wrong with one. */
#include "base/rng.h"
#include "piece/model.h"
#include "pieces.h"
#include "rl/half.h"
#include "rl/policy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <sys/stat.h>

#include <cmocka.h>

static const char *const path = "test_model.agrl";

/* A score of the song's notes with a little of everything that a slot does not know. */
static struct score *score_in_threes(const struct song *song)
{
    struct score_note note[256];
    struct score_bar bar[64] = {{0, 0, 1, 4}};
    uint32_t bars = 1;
    assert_true(song->notes <= 256 && song->slots <= 256);
    for (uint32_t s = 0; s < song->slots; s++)
        for (uint32_t i = song->first[s]; i < song->first[s + 1]; i++)
            note[i] = (struct score_note){.quarter = s / 4. + (s % 4 ? 1 / 3. : 0),
                                          .second = s * .15 + .01,
                                          .length = .4F + (float)i,
                                          .pitch = song->pitch[i],
                                          .hand = (uint8_t[]){0, 1, 255}[i % 3],
                                          .doubt = (float)(i % 5) / 51};
    for (uint32_t quarter = 1; quarter < song->slots / 4; quarter += 3, bars++)
        bar[bars] = (struct score_bar){quarter, bars, 3, 4};
    struct score *score = score_create("s", note, song->notes, bar, bars, true, -2, NULL);
    assert_non_null(score);
    return score;
}

static void assert_same_scores(const struct score *a, const struct score *b)
{
    assert_true(a->onsets == b->onsets && a->notes == b->notes && a->bars == b->bars);
    assert_true(a->bars_known == b->bars_known && a->sharps == b->sharps);
    assert_memory_equal(a->quarter, b->quarter, a->onsets * sizeof *a->quarter);
    assert_memory_equal(a->second, b->second, a->onsets * sizeof *a->second);
    assert_memory_equal(a->first, b->first, (a->onsets + 1) * sizeof *a->first);
    assert_memory_equal(a->pitch, b->pitch, a->notes);
    assert_memory_equal(a->hand, b->hand, a->notes);
    assert_memory_equal(a->length, b->length, a->notes * sizeof *a->length);
    assert_true(!a->doubt == !b->doubt);
    if (a->doubt)
        assert_memory_equal(a->doubt, b->doubt, a->notes);
    for (uint32_t i = 0; i < a->notes; i++)
        assert_int_equal(a->finger ? a->finger[i] : 0, b->finger ? b->finger[i] : 0);
    for (uint32_t i = 0; i < a->bars; i++) {
        assert_true(a->bar[i].quarter == b->bar[i].quarter);
        assert_true(a->bar[i].number == b->bar[i].number && a->bar[i].beats == b->bar[i].beats &&
                    a->bar[i].unit == b->bar[i].unit);
    }
}

static struct model *make(const char *const *letters, size_t count, enum policy_kind kind,
                          uint32_t context)
{
    struct song *songs[128] = {NULL};
    for (size_t i = 0; i < count; i++) {
        songs[i] = piece_of_letters(letters[i]);
        songs[i]->score = score_in_threes(songs[i]);
    }
    const struct score *first = songs[0]->score;
    const struct score_finger fingers[] = {{first->quarter[1], first->pitch[first->first[1]], 4}};
    assert_int_equal(score_set_fingers(songs[0]->score, fingers, count > 1, NULL), 0);
    struct process *process =
        beats_process((const struct song *const *)songs, count, context, NULL);
    struct policy_shape shape = policy_shape_of_process(kind, process);
    struct policy *policy = policy_create(&shape, 5, NULL);
    struct model_origin origin = {.algorithm = "ppo", .steps = 123456789012, .seed = 42};
    assert_non_null(policy);
    strcpy(origin.policy, policy_name(kind));
    for (size_t i = 0; kind == POLICY_TABLE && i < policy->parameters; i++)
        policy->parameter[i] = (float)i * 0.37f - 1;
    return model_create(songs, count, process, policy, &origin, NULL);
}

static unsigned char *slurp(size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*length);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

/* A small model's file. */
static unsigned char *small(size_t *length)
{
    static const char *const letters[] = {"abacab", "xaby"};
    struct model *model = make(letters, 2, POLICY_TABLE, 0);
    assert_non_null(model);
    assert_int_equal(model_attach_training(model, "state", 5, NULL), 0);
    assert_int_equal(model_save(model, path, NULL), 0);
    model_free(model);
    return slurp(length);
}

static void put_u32(unsigned char *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
}

/* Makes the checksum right again, as somebody with bad intent would. */
static void seal(unsigned char *bytes, size_t length)
{
    uLong crc = crc32(0, bytes, 12);
    put_u32(bytes + 12, (uint32_t)crc32(crc, bytes + 16, (uInt)(length - 16)));
}

static void assert_whole(const struct model *model)
{
    const struct process *process = model_process(model);
    const float *probability = model_arc_probability(model);
    for (uint32_t s = 0; s < process->states; s++) {
        double sum = 0;
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++)
            sum += (double)probability[a];
        assert_true(fabs(sum - 1) < 1e-5);
    }
    assert_int_equal(model_songs(model), process->trajectories);
}

static void test_round_trip(void **state)
{
    (void)state;
    static const char *const letters[] = {"abacab", "xaby", "hello world"};
    for (int kind = POLICY_TABLE; kind <= POLICY_MLP; kind++) {
        struct model *model = make(letters, 3, (enum policy_kind)kind, 1);
        struct error error;
        size_t length, first_length, training;
        assert_non_null(model);
        assert_null(model_training(model, &training));
        assert_int_equal(model_save(model, path, &error), 0);
        struct model *again = model_load(path, &error);
        assert_non_null(again);
        assert_whole(again);
        assert_string_equal(model_origin(again)->algorithm, "ppo");
        assert_string_equal(model_origin(again)->policy, policy_name((enum policy_kind)kind));
        assert_int_equal(model_origin(again)->steps, 123456789012);
        assert_int_equal(model_origin(again)->seed, 42);
        assert_int_equal(model_songs(again), 3);
        for (size_t i = 0; i < 3; i++) {
            const struct song *a = model_song(model, i), *b = model_song(again, i);
            assert_string_equal(a->name, b->name);
            assert_int_equal(a->slots, b->slots);
            assert_int_equal(a->notes, b->notes);
            assert_memory_equal(a->first, b->first, (a->slots + 1) * sizeof *a->first);
            assert_memory_equal(a->pitch, b->pitch, a->notes);
            assert_same_scores(model_score(model, i), model_score(again, i));
        }
        assert_int_equal(model_process(again)->context, 1);
        assert_memory_equal(model_policy(model)->parameter, model_policy(again)->parameter,
                            model_policy(model)->parameters * sizeof(float));
        assert_memory_equal(model_arc_probability(model), model_arc_probability(again),
                            model_process(model)->arcs * sizeof(float));
        unsigned char *first = slurp(&first_length);
        assert_int_equal(model_save(again, path, &error), 0);
        unsigned char *second = slurp(&length);
        assert_int_equal(length, first_length);
        assert_memory_equal(first, second, length);
        free(first);
        free(second);
        model_free(model);
        model_free(again);
    }
}

/* Only who goes on training has the state that it was left in. */
static void test_training_state(void **state)
{
    (void)state;
    size_t length, training;
    unsigned char *bytes = small(&length);
    struct model *model = model_load_memory(bytes, length, "it", true, NULL);
    assert_non_null(model);
    const void *kept = model_training(model, &training);
    assert_int_equal(training, 5);
    assert_memory_equal(kept, "state", 5);
    assert_int_equal(model_attach_training(model, NULL, 0, NULL), 0);
    assert_null(model_training(model, &training));
    model_free(model);
    model = model_load(path, NULL);
    assert_null(model_training(model, &training));
    assert_int_equal(training, 0);
    model_free(model);
    model = model_load_to_resume(path, NULL);
    assert_non_null(model_training(model, &training));
    model_free(model);
    free(bytes);
}

static void assert_refused(const unsigned char *bytes, size_t length, const char *with)
{
    struct error error = {{0}};
    struct model *model = model_load_memory(bytes, length, "it", true, &error);
    if (model)
        fail_msg("%zu bytes were taken, wanted: %s", length, with);
    assert_int_equal(strncmp(error.text, "it: ", 4), 0);
    if (!strstr(error.text, with))
        fail_msg("\"%s\" does not say \"%s\"", error.text, with);
}

static void test_every_bit(void **state)
{
    (void)state;
    size_t length;
    unsigned char *bytes = small(&length);
    for (size_t i = 0; i < 8 * length; i++) {
        bytes[i / 8] ^= (unsigned char)(1 << i % 8);
        assert_refused(bytes, length, i < 64 ? "not a model" : "damaged");
        bytes[i / 8] ^= (unsigned char)(1 << i % 8);
    }
    free(bytes);
}

static void test_every_length(void **state)
{
    (void)state;
    size_t length;
    unsigned char *bytes = small(&length);
    for (size_t cut = 0; cut < length; cut++) {
        /* A copy of just that size, so that reading past it is noticed. */
        unsigned char *part = malloc(cut ? cut : 1);
        assert_non_null(part);
        memcpy(part, bytes, cut);
        assert_refused(part, cut, cut == 0 ? "empty" : cut < 8 ? "not a model" : "damaged");
        if (cut >= 32) { /* cut, and made to look whole */
            put_u32(part + 16, (uint32_t)cut);
            seal(part, cut);
            assert_refused(part, cut, "");
        }
        free(part);
    }
    free(bytes);
}

/* Every byte set to other values under a right checksum: refused, or a model
 * that is sound. */
static void test_every_field(void **state)
{
    (void)state;
    static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
    size_t length, refused = 0;
    unsigned char *bytes = small(&length);
    for (size_t i = 16; i < length; i++)
        for (size_t v = 0; v < sizeof values; v++) {
            unsigned char keep = bytes[i];
            struct error error = {{0}};
            bytes[i] = values[v];
            seal(bytes, length);
            struct model *model = model_load_memory(bytes, length, "it", true, &error);
            if (model)
                assert_whole(model);
            else
                assert_true(error.text[0]);
            refused += model == NULL;
            model_free(model);
            bytes[i] = keep;
        }
    assert_true(refused > length / 2);
    free(bytes);
}

static void test_versions(void **state)
{
    (void)state;
    size_t length;
    unsigned char *bytes = small(&length);
    bytes[8] = 3;
    seal(bytes, length);
    assert_refused(bytes, length, "a model of version 3; this program reads version 2");
    bytes[8] = 1;
    seal(bytes, length);
    assert_refused(bytes, length, "train it again");
    free(bytes);
}

/* A piece that was given without a score has the one that its slots make. */
static void test_score_of_slots(void **state)
{
    (void)state;
    struct song *song = piece_of_letters("abacab");
    struct process *process = process_of(song, 0);
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct model_origin origin = {.algorithm = "counts", .policy = "table"};
    struct model *model =
        model_create(&song, 1, process, policy_create(&shape, 0, NULL), &origin, NULL);
    assert_non_null(model);
    const struct score *score = model_score(model, 0);
    assert_int_equal(score->onsets, 12);
    assert_true(score->quarter[3] == 1.5 && score->second[3] == 6 * .15 &&
                score->length[3] == .25F);
    assert_int_equal(score->pitch[3], 'b' / 2);
    assert_int_equal(score->hand[3], SCORE_NO_HAND);
    assert_int_equal(score->bars, 2);
    assert_false(score->bars_known);
    model_free(model);
}

/* A score of other notes than the song's belongs to another piece. */
static void test_score_of_another(void **state)
{
    (void)state;
    struct error error;
    struct song *song = piece_of_letters("ab"), *other = piece_of_letters("abc");
    song->score = score_in_threes(other);
    struct process *process = process_of(song, 0);
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct model_origin origin = {.algorithm = "counts", .policy = "table"};
    assert_null(model_create(&song, 1, process, policy_create(&shape, 0, NULL), &origin, &error));
    assert_non_null(strstr(error.text, "piece 1 has 4 notes, but its score 6"));
    song_free(other);
}

/* The same file with one more section at its end. */
static void test_unknown_section(void **state)
{
    (void)state;
    enum { HEADER = 32, ENTRY = 24, EXTRA = 8 };
    size_t length;
    unsigned char *bytes = small(&length);
    uint32_t sections = bytes[24];
    size_t table = HEADER + (size_t)sections * ENTRY, longer = length + ENTRY + EXTRA;
    unsigned char *more = calloc(1, longer), *entry = more + table;
    assert_non_null(more);
    memcpy(more, bytes, table);
    memcpy(entry + ENTRY, bytes + table, length - table);
    for (uint32_t i = 0; i < sections; i++) {
        unsigned char *offset = more + HEADER + i * ENTRY + 8;
        put_u32(offset, (uint32_t)(offset[0] | offset[1] << 8 | offset[2] << 16) + ENTRY);
    }
    memcpy(entry, "NEWS", 4);
    put_u32(entry + 8, (uint32_t)(longer - EXTRA));
    put_u32(entry + 16, EXTRA);
    put_u32(more + 16, (uint32_t)longer);
    put_u32(more + 24, sections + 1);
    seal(more, longer);
    struct model *model = model_load_memory(more, longer, "it", true, NULL);
    assert_non_null(model);
    model_free(model);
    put_u32(entry + 4, 1);
    seal(more, longer);
    assert_refused(more, longer, "newer");
    free(more);
    free(bytes);
}

static void test_not_files(void **state)
{
    (void)state;
    struct error error;
    assert_null(model_load("no such file", &error));
    assert_non_null(strstr(error.text, "no such file: cannot open"));
    assert_null(model_load("/", &error));
    assert_non_null(strstr(error.text, "folder"));
    assert_null(model_load("/dev/null", &error));
    assert_non_null(strstr(error.text, "device"));
    assert_refused((const unsigned char *)"\x89PNG\r\n\x1a\n and more", 17, "not a model");
    static const char *const letters[] = {"ab"};
    struct model *model = make(letters, 1, POLICY_TABLE, 0);
    assert_int_equal(model_save(model, "/dev/full", &error), -1);
    assert_int_equal(model_save(model, "no/such/folder/x", &error), -1);
    model_free(model);
}

static void test_inconsistent(void **state)
{
    (void)state;
    struct error error;
    struct song *song = piece_of_letters("abacab"), *other = piece_of_letters("ab");
    struct process *process = process_of(song, 0), *smaller = process_of(other, 0);
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, smaller);
    struct model_origin origin = {.algorithm = "ppo", .policy = "table"};
    assert_null(model_create(&song, 1, process, policy_create(&shape, 0, NULL), &origin, &error));
    assert_non_null(strstr(error.text, "states"));
    strcpy(origin.policy, "mlp");
    assert_null(model_create(&other, 1, smaller, policy_create(&shape, 0, NULL), &origin, &error));
    assert_non_null(strstr(error.text, "mlp"));
}

static struct policy *make_network(void)
{
    static const struct policy_shape shape = {.kind = POLICY_RELATIVE,
                                              .inputs = 21,
                                              .actions = 5,
                                              .layers = 1,
                                              .width = {16, 0, 16, 32, 2, 9}};
    struct policy *policy = policy_create(&shape, 3, NULL);
    struct rng rng;
    assert_non_null(policy);
    rng_seed(&rng, 1, 1);
    for (size_t i = 0; i < policy->parameters; i++)
        policy->parameter[i] += (float)(.3 * rng_normal(&rng));
    return policy;
}

/* Models of networks: written and read back, and not with one cut off. */
static void test_networks(void **state)
{
    (void)state;
    struct error error;
    struct policy *networks[2] = {make_network(), make_network()};
    networks[1]->parameter[7] = 42;
    for (size_t i = 0; i < networks[0]->parameters; i++)
        networks[0]->parameter[i] = half_read(half_write(networks[0]->parameter[i]));
    struct model_origin origin = {
        .algorithm = "style", .policy = "relative", .steps = 77, .seed = 5};
    struct model *model = model_create_networks(networks, 2, &origin, &error);
    assert_non_null(model);
    assert_int_equal(model_save(model, path, &error), 0);
    struct model *read = model_load(path, &error);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_non_null(read);
    /* One of them in half precision, as it loses nothing by it. */
    assert_true((size_t)about.st_size > 6 * networks[0]->parameters &&
                (size_t)about.st_size < 6 * networks[0]->parameters + 512);
    assert_int_equal(model_songs(read), 0);
    assert_null(model_process(read));
    assert_null(model_policy(read));
    assert_int_equal(model_networks(read), 2);
    assert_int_equal(model_origin(read)->steps, 77);
    for (size_t k = 0; k < 2; k++)
        assert_memory_equal(model_network(read, k)->parameter, model_network(model, k)->parameter,
                            networks[k]->parameters * sizeof(float));
    model_free(read);
    model_free(model);
    origin.algorithm[0] = 'x';
    assert_null(model_create_networks(networks, 0, &origin, &error));
}

static int clean_up(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),      cmocka_unit_test(test_training_state),
        cmocka_unit_test(test_every_bit),       cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_every_field),     cmocka_unit_test(test_versions),
        cmocka_unit_test(test_score_of_slots),  cmocka_unit_test(test_score_of_another),
        cmocka_unit_test(test_unknown_section), cmocka_unit_test(test_not_files),
        cmocka_unit_test(test_inconsistent),    cmocka_unit_test(test_networks),
    };
    return cmocka_run_group_tests(tests, NULL, clean_up);
}
