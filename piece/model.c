/* Models in memory, and writing them. */
#include "piece/model.h"

#include "base/outfile.h"
#include "piece/agent.h"
#include "piece/model_file.h"
#include "rl/half.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void model_free(struct model *model)
{
    if (!model)
        return;
    for (size_t i = 0; i < model->song_count; i++)
        song_free(model->songs[i]);
    free(model->songs);
    process_free(model->process);
    policy_free(model->policy);
    for (size_t i = 0; i < model->network_count; i++)
        policy_free(model->network[i]);
    free(model->arc_probability);
    free(model->training);
    free(model);
}

/* The names of algorithm and policy go into fields of fixed width. */
static int check_origin(const struct model_origin *origin, const struct policy *policy,
                        struct error *error)
{
    if (!memchr(origin->algorithm, 0, sizeof origin->algorithm) ||
        !memchr(origin->policy, 0, sizeof origin->policy))
        return error_set(error, "model: the name of the algorithm or policy is too long");
    if (strcmp(origin->policy, policy_name(policy->shape.kind)) != 0)
        return error_set(error, "model: the policy is called \"%s\" but is a \"%s\"",
                         origin->policy, policy_name(policy->shape.kind));
    return 0;
}

/* Every song has a score of as many notes. */
static int check_scores(struct model *model, struct error *error)
{
    for (size_t i = 0; i < model->song_count; i++) {
        struct song *song = model->songs[i];
        if (!song->score && !(song->score = score_of_song(song, error)))
            return -1;
        if (song->score->notes != song->notes)
            return error_set(error, "model: piece %zu has %u notes, but its score %u", i + 1,
                             song->notes, song->score->notes);
    }
    return 0;
}

/* The policy's view of the arcs: that of an agent where it is linear. */
static int fill_probability(struct model *model, struct error *error)
{
    const struct policy *policy = model->policy;
    if (policy->shape.kind != POLICY_LINEAR)
        return policy_arc_probability(policy, model->process, model->arc_probability, error);
    struct agent_task *task =
        agent_task_open(model->process, (const struct song *const *)model->songs, error);
    if (!task)
        return -1;
    bool fits = agent_policy_fits(task, policy);
    for (size_t i = 0; fits && i < policy->parameters; i++)
        fits = isfinite(policy->parameter[i]);
    if (fits)
        agent_arc_probability(task, policy, model->arc_probability);
    agent_task_close(task);
    return fits ? 0 : error_set(error, "model: the policy is not one for these pieces");
}

struct model *model_create(struct song **songs, size_t count, struct process *process,
                           struct policy *policy, const struct model_origin *origin,
                           struct error *error)
{
    struct model *model = calloc(1, sizeof *model);
    struct song **copy = malloc((count + 1) * sizeof(struct song *));
    if (!model || !copy) {
        for (size_t i = 0; i < count; i++)
            song_free(songs[i]);
        process_free(process);
        policy_free(policy);
        free(model);
        free(copy);
        error_set(error, "model: out of memory");
        return NULL;
    }
    if (count)
        memcpy(copy, songs, count * sizeof(struct song *));
    model->songs = copy;
    model->song_count = count;
    model->process = process;
    model->policy = policy;
    model->origin = *origin;
    model->arc_probability = malloc(process->arcs * sizeof *model->arc_probability);
    if (!model->arc_probability) {
        error_set(error, "model: out of memory");
        goto fail;
    }
    if (process->trajectories != count) {
        error_set(error, "model: %zu songs, but the process is of %u", count,
                  process->trajectories);
        goto fail;
    }
    if (check_scores(model, error) != 0 || check_origin(origin, policy, error) != 0 ||
        fill_probability(model, error) != 0)
        goto fail;
    return model;
fail:
    model_free(model);
    return NULL;
}

static int check_networks(const struct model *model, struct error *error)
{
    if (model->network_count == 0)
        return error_set(error, "model: has neither pieces nor networks");
    for (size_t i = 0; i < model->network_count; i++)
        if (check_origin(&model->origin, model->network[i], error) != 0)
            return -1;
    return 0;
}

struct model *model_create_networks(struct policy **networks, size_t count,
                                    const struct model_origin *origin, struct error *error)
{
    struct model *model = calloc(1, sizeof *model);
    if (!model || count > MODEL_MAX_NETWORKS) {
        for (size_t i = 0; i < count; i++)
            policy_free(networks[i]);
        free(model);
        error_set(error, model ? "model: too many networks" : "model: out of memory");
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        model->network[i] = networks[i];
    model->network_count = count;
    model->origin = *origin;
    if (check_networks(model, error) == 0)
        return model;
    model_free(model);
    return NULL;
}

int model_attach_training(struct model *model, const void *bytes, size_t length,
                          struct error *error)
{
    unsigned char *copy = NULL;
    if (length) {
        copy = malloc(length);
        if (!copy)
            return error_set(error, "model: out of memory");
        memcpy(copy, bytes, length);
    }
    free(model->training);
    model->training = copy;
    model->training_length = length;
    return 0;
}

const void *model_training(const struct model *model, size_t *length)
{
    *length = model->training_length;
    return model->training;
}

size_t model_songs(const struct model *model)
{
    return model->song_count;
}

const struct song *model_song(const struct model *model, size_t index)
{
    return model->songs[index];
}

const struct score *model_score(const struct model *model, size_t index)
{
    return model->songs[index]->score;
}

int model_name_song(struct model *model, size_t index, const char *name, struct error *error)
{
    char *copy = strdup(name);
    if (!copy)
        return error_set(error, "model: out of memory");
    free(model->songs[index]->name);
    model->songs[index]->name = copy;
    return 0;
}

const struct process *model_process(const struct model *model)
{
    return model->process;
}

const struct policy *model_policy(const struct model *model)
{
    return model->policy;
}

size_t model_networks(const struct model *model)
{
    return model->network_count;
}

const struct policy *model_network(const struct model *model, size_t index)
{
    return model->network[index];
}

const struct model_origin *model_origin(const struct model *model)
{
    return &model->origin;
}

const float *model_arc_probability(const struct model *model)
{
    return model->arc_probability;
}

uint32_t model_crc(const unsigned char *bytes, size_t length)
{
    uLong crc = crc32_z(0, bytes, MODEL_CRC_AT);
    return (uint32_t)crc32_z(crc, bytes + MODEL_CRC_AT + 4, length - MODEL_CRC_AT - 4);
}

/* The file as it is put together: the sizes are known beforehand, so that one
 * block of memory and one cursor are enough. */
struct writer {
    unsigned char *bytes;
    size_t at;
};

static void put(struct writer *w, const void *bytes, size_t length)
{
    if (length)
        memcpy(w->bytes + w->at, bytes, length);
    w->at += length;
}

static void put_u32(struct writer *w, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        w->bytes[w->at++] = (unsigned char)(value >> 8 * i);
}

static void put_u64(struct writer *w, uint64_t value)
{
    put_u32(w, (uint32_t)value);
    put_u32(w, (uint32_t)(value >> 32));
}

static size_t padded(size_t length)
{
    return (length + 7) & ~(size_t)7;
}

static size_t name_length(const struct song *song)
{
    size_t length = strlen(song->name);
    return length > MODEL_MAX_NAME ? MODEL_MAX_NAME : length;
}

static void put_origin(struct writer *w, const struct model_origin *origin)
{
    char name[2][16] = {{0}};
    strcpy(name[0], origin->algorithm);
    strcpy(name[1], origin->policy);
    put(w, name, sizeof name);
    put_u64(w, origin->steps);
    put_u64(w, origin->seed);
}

static size_t song_bytes(const struct song *song)
{
    return MODEL_SONG_BYTES + 4 * ((size_t)song->slots + 1) + name_length(song) + song->notes;
}

static void put_song(struct writer *w, const struct song *song)
{
    put_u32(w, (uint32_t)name_length(song));
    put_u32(w, song->checksum);
    put_u32(w, song->slots);
    put_u32(w, song->notes);
    for (uint32_t s = 0; s <= song->slots; s++)
        put_u32(w, song->first[s]);
    put(w, song->name, name_length(song));
    put(w, song->pitch, song->notes);
}

static size_t score_bytes(const struct score *score)
{
    return MODEL_SCORE_BYTES + 16 * (size_t)score->onsets + MODEL_BAR_BYTES * (size_t)score->bars +
           4 * ((size_t)score->onsets + 1) + 6 * (size_t)score->notes;
}

/* Of all pieces; 0: no fingering is written in any. */
static size_t finger_bytes(const struct model *model)
{
    size_t notes = 0;
    bool any = false;
    for (size_t i = 0; i < model->song_count; i++) {
        any |= model->songs[i]->score->finger != NULL;
        notes += model->songs[i]->score->notes;
    }
    return any ? notes : 0;
}

static void put_fingers(struct writer *w, const struct model *model)
{
    for (size_t i = 0; i < model->song_count; i++) {
        const struct score *score = model->songs[i]->score;
        if (score->finger)
            put(w, score->finger, score->notes);
        else
            w->at += score->notes;
    }
}

static void put_double(struct writer *w, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_u64(w, bits);
}

static void put_float(struct writer *w, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_u32(w, bits);
}

static void put_score(struct writer *w, const struct score *score)
{
    put_u32(w, score->onsets);
    put_u32(w, score->notes);
    put_u32(w, score->bars);
    put(w, (unsigned char[]){score->bars_known, (unsigned char)score->sharps, 0, 0}, 4);
    for (uint32_t i = 0; i < score->onsets; i++)
        put_double(w, score->quarter[i]);
    for (uint32_t i = 0; i < score->onsets; i++)
        put_double(w, score->second[i]);
    for (uint32_t i = 0; i < score->bars; i++) {
        put_double(w, score->bar[i].quarter);
        put_u32(w, score->bar[i].number);
        put(w, (unsigned char[]){score->bar[i].beats, score->bar[i].unit, 0, 0}, 4);
    }
    for (uint32_t i = 0; i <= score->onsets; i++)
        put_u32(w, score->first[i]);
    for (uint32_t i = 0; i < score->notes; i++)
        put_float(w, score->length[i]);
    put(w, score->pitch, score->notes);
    put(w, score->hand, score->notes);
}

/* Bytes a parameter: two where no parameter loses by it. */
static uint32_t parameter_bytes(const struct policy *policy)
{
    for (size_t i = 0; i < policy->parameters; i++)
        if (!half_holds(policy->parameter[i]))
            return 4;
    return 2;
}

static size_t policy_bytes(const struct policy *policy)
{
    return MODEL_POLICY_BYTES + parameter_bytes(policy) * policy->parameters;
}

static void put_policy(struct writer *w, const struct policy *policy)
{
    put_u32(w, policy->shape.inputs);
    put_u32(w, policy->shape.actions);
    put_u32(w, policy->shape.layers);
    for (int i = 0; i < POLICY_MAX_LAYERS; i++)
        put_u32(w, policy->shape.width[i]);
    bool half = parameter_bytes(policy) == 2;
    put_u32(w, half ? MODEL_HALF : 0);
    put_u64(w, policy->parameters);
    for (size_t i = 0; i < policy->parameters; i++) {
        if (half) {
            uint16_t short_bits = half_write(policy->parameter[i]);
            put(w, (unsigned char[]){(unsigned char)short_bits, (unsigned char)(short_bits >> 8)},
                2);
            continue;
        }
        put_float(w, policy->parameter[i]);
    }
}

/* Writes the header's entry of a section and moves on to its place. */
static void put_entry(struct writer *table, uint32_t kind, uint32_t flags, size_t *offset,
                      size_t length)
{
    put_u32(table, kind);
    put_u32(table, flags);
    put_u64(table, *offset);
    put_u64(table, length);
    *offset += padded(length);
}

static void put_header(struct writer *w, const struct model *model, uint32_t sections,
                       size_t length)
{
    size_t offset = MODEL_HEADER + (size_t)sections * MODEL_ENTRY;
    put(w, MODEL_MAGIC, 8);
    put_u32(w, MODEL_VERSION);
    put_u32(w, 0);
    put_u64(w, length);
    put_u32(w, sections);
    put_u32(w, 0);
    put_entry(w, MODEL_ORIGIN, MODEL_NEEDED, &offset, MODEL_ORIGIN_BYTES);
    for (size_t i = 0; i < model->song_count; i++) {
        put_entry(w, MODEL_SONG, MODEL_NEEDED, &offset, song_bytes(model->songs[i]));
        put_entry(w, MODEL_SCORE, MODEL_NEEDED, &offset, score_bytes(model->songs[i]->score));
        if (model->songs[i]->score->doubt)
            put_entry(w, MODEL_DOUBT, 0, &offset, model->songs[i]->score->notes);
    }
    if (finger_bytes(model))
        put_entry(w, MODEL_FINGERS, 0, &offset, finger_bytes(model));
    if (model->process) {
        put_entry(w, MODEL_PROCESS, MODEL_NEEDED, &offset, MODEL_PROCESS_BYTES);
        put_entry(w, MODEL_POLICY, MODEL_NEEDED, &offset, policy_bytes(model->policy));
    }
    for (size_t i = 0; i < model->network_count; i++)
        put_entry(w, MODEL_NETWORK, MODEL_NEEDED, &offset, policy_bytes(model->network[i]));
    if (model->training)
        put_entry(w, MODEL_TRAINING, 0, &offset, model->training_length);
}

static void put_sections(struct writer *w, const struct model *model)
{
    put_origin(w, &model->origin);
    for (size_t i = 0; i < model->song_count; i++) {
        put_song(w, model->songs[i]);
        w->at = padded(w->at);
        put_score(w, model->songs[i]->score);
        w->at = padded(w->at);
        if (model->songs[i]->score->doubt)
            put(w, model->songs[i]->score->doubt, model->songs[i]->score->notes);
        w->at = padded(w->at);
    }
    if (finger_bytes(model)) {
        put_fingers(w, model);
        w->at = padded(w->at);
    }
    if (model->process) {
        put_u32(w, model->process->context);
        put_u32(w, model->process->states);
        put_u32(w, model->process->arcs);
        put_u32(w, 0);
        put_policy(w, model->policy);
        w->at = padded(w->at);
    }
    for (size_t i = 0; i < model->network_count; i++) {
        put_policy(w, model->network[i]);
        w->at = padded(w->at);
    }
    if (model->training)
        put(w, model->training, model->training_length);
}

int model_save(const struct model *model, const char *path, struct error *error)
{
    uint32_t sections = (uint32_t)(1 + 2 * model->song_count + (model->process ? 2 : 0) +
                                   model->network_count + (finger_bytes(model) > 0) +
                                   (model->training != NULL));
    size_t length = MODEL_ORIGIN_BYTES + padded(finger_bytes(model)) +
                    padded(model->training_length);
    if (model->process)
        length += MODEL_PROCESS_BYTES + padded(policy_bytes(model->policy));
    for (size_t i = 0; i < model->network_count; i++)
        length += padded(policy_bytes(model->network[i]));
    for (size_t i = 0; i < model->song_count; i++) {
        const struct score *score = model->songs[i]->score;
        length += padded(song_bytes(model->songs[i])) + padded(score_bytes(score)) +
                  (score->doubt ? padded(score->notes) : 0);
        sections += score->doubt != NULL;
    }
    length += MODEL_HEADER + (size_t)sections * MODEL_ENTRY;
    struct writer w = {calloc(1, length), 0};
    if (!w.bytes)
        return error_set(error, "%s: out of memory", path);
    put_header(&w, model, sections, length);
    put_sections(&w, model);
    w.at = MODEL_CRC_AT;
    put_u32(&w, model_crc(w.bytes, length));
    int status = outfile_write_durable(path, w.bytes, length, error);
    free(w.bytes);
    return status;
}
