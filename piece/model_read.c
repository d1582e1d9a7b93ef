/* Reading models. Nothing of the bytes is believed: the checksum finds what
 * was damaged by accident, the checks of every field what was made to be wrong. */
#include "base/infile.h"
#include "piece/model_file.h"
#include "rl/half.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What the section table led to; the pieces' sections are `song[0 .. songs-1]`,
 * `score[0 .. scores-1]` and, without bytes where there is none, `doubt[0 .. scores-1]`. */
struct contents {
    const char *name; /* of the file, for messages */
    uint32_t version;
    struct section origin, fingers, process, policy, training;
    struct section *song, *score, *doubt;
    size_t songs, scores;
    struct section network[MODEL_MAX_NETWORKS];
    size_t networks;
};

static int check_header(const unsigned char *bytes, size_t length, const char *name,
                        struct error *error)
{
    if (length == 0)
        return error_set(error, "%s: empty file, expected a model", name);
    if (length < 8 || memcmp(bytes, MODEL_MAGIC, 8) != 0)
        return error_set(error, "%s: not a model file", name);
    if (length < MODEL_HEADER || model_get_u64(bytes + 16) != length)
        return error_set(error, "%s: damaged: %zu bytes are there, the header promises %llu", name,
                         length,
                         length < MODEL_HEADER ? (unsigned long long)MODEL_HEADER
                                               : (unsigned long long)model_get_u64(bytes + 16));
    if (model_get_u32(bytes + MODEL_CRC_AT) != model_crc(bytes, length))
        return error_set(error, "%s: damaged: the checksum of its %zu bytes is wrong", name,
                         length);
    uint32_t version = model_get_u32(bytes + 8);
    if (version > MODEL_VERSION)
        return error_set(error,
                         "%s: a model of version %u; this program reads version %d, a newer one "
                         "is needed",
                         name, version, MODEL_VERSION);
    if (version == 0)
        return error_set(error, "%s: damaged: version 0", name);
    return 0;
}

/* Puts a section where it belongs; -1 where there is one already. */
static int file_section(struct contents *contents, uint32_t kind, uint32_t flags,
                        struct section section, struct error *error)
{
    struct section *place = NULL;
    if (kind == MODEL_SONG)
        place = &contents->song[contents->songs++];
    else if (kind == MODEL_SCORE)
        place = &contents->score[contents->scores++];
    else if (kind == MODEL_DOUBT && contents->scores > 0)
        place = &contents->doubt[contents->scores - 1];
    else if (kind == MODEL_NETWORK && contents->networks < MODEL_MAX_NETWORKS)
        place = &contents->network[contents->networks++];
    else if (kind == MODEL_ORIGIN)
        place = &contents->origin;
    else if (kind == MODEL_FINGERS)
        place = &contents->fingers;
    else if (kind == MODEL_PROCESS)
        place = &contents->process;
    else if (kind == MODEL_POLICY)
        place = &contents->policy;
    else if (kind == MODEL_TRAINING)
        place = &contents->training;
    else if (flags & MODEL_NEEDED)
        return error_set(error,
                         "%s: has a part of kind %08x that this program does not know; a newer "
                         "one is needed",
                         contents->name, kind);
    else
        return 0;
    if (place->bytes)
        return error_set(error, "%s: damaged: a part of kind %08x stands there twice",
                         contents->name, kind);
    *place = section;
    return 0;
}

/* Walks the table; the sections must follow one another without gaps. */
static int find_sections(const unsigned char *bytes, size_t length, struct contents *contents,
                         struct error *error)
{
    uint32_t count = model_get_u32(bytes + 24);
    if (count > (length - MODEL_HEADER) / MODEL_ENTRY)
        return error_set(error, "%s: damaged: %u parts do not fit into %zu bytes", contents->name,
                         count, length);
    contents->version = model_get_u32(bytes + 8);
    contents->song = calloc((size_t)count + 1, sizeof *contents->song);
    contents->score = calloc((size_t)count + 1, sizeof *contents->score);
    contents->doubt = calloc((size_t)count + 1, sizeof *contents->doubt);
    if (!contents->song || !contents->score || !contents->doubt)
        return error_set(error, "%s: out of memory", contents->name);
    size_t place = MODEL_HEADER + (size_t)count * MODEL_ENTRY;
    for (uint32_t i = 0; i < count; i++) {
        const unsigned char *entry = bytes + MODEL_HEADER + (size_t)i * MODEL_ENTRY;
        uint64_t offset = model_get_u64(entry + 8), size = model_get_u64(entry + 16);
        if (offset != place || size == 0 || size > length - place)
            return error_set(error, "%s: damaged: part %u lies outside of the file", contents->name,
                             i);
        struct section section = {bytes + place, (size_t)size};
        if (file_section(contents, model_get_u32(entry), model_get_u32(entry + 4), section,
                         error) != 0)
            return -1;
        place += ((size_t)size + 7) & ~(size_t)7;
        if (place > length)
            return error_set(error, "%s: damaged: part %u is not padded", contents->name, i);
    }
    if (place != length)
        return error_set(error, "%s: damaged: bytes after the last part", contents->name);
    bool piece = contents->process.bytes && contents->policy.bytes && contents->songs > 0;
    bool none = !contents->process.bytes && !contents->policy.bytes && contents->songs == 0;
    if (!contents->origin.bytes || !(contents->networks ? none : piece))
        return error_set(error, "%s: has no piece, process or policy", contents->name);
    if (contents->songs && contents->version < MODEL_SCORES_SINCE)
        return error_set(error,
                         "%s: a model of an earlier version (%u, now %d), which kept less of its "
                         "pieces; train it again",
                         contents->name, contents->version, MODEL_VERSION);
    if (contents->scores != contents->songs)
        return error_set(error, "%s: damaged: %zu pieces have %zu scores", contents->name,
                         contents->songs, contents->scores);
    return 0;
}

static int read_origin(const struct contents *contents, struct model_origin *origin,
                       struct error *error)
{
    const unsigned char *p = contents->origin.bytes;
    if (contents->origin.length != MODEL_ORIGIN_BYTES || p[15] != 0 || p[31] != 0)
        return error_set(error, "%s: damaged: where the model comes from cannot be read",
                         contents->name);
    memset(origin, 0, sizeof *origin);
    memcpy(origin->algorithm, p, 16);
    memcpy(origin->policy, p + 16, 16);
    for (int i = 0; i < 16; i++)
        if ((origin->algorithm[i] & 0x80) || (origin->algorithm[i] && origin->algorithm[i] < ' '))
            return error_set(error, "%s: damaged: the algorithm's name", contents->name);
    origin->steps = model_get_u64(p + 32);
    origin->seed = model_get_u64(p + 40);
    return 0;
}

/* Notes from the section's offsets and pitches; song_create checks the pitches. */
static int read_notes(const unsigned char *first, const unsigned char *pitch, uint32_t slots,
                      uint32_t notes, struct song_note *note)
{
    if (model_get_u32(first) != 0 || model_get_u32(first + 4 * (size_t)slots) != notes)
        return -1;
    for (uint32_t s = 0; s < slots; s++) {
        uint32_t from = model_get_u32(first + 4 * (size_t)s),
                 to = model_get_u32(first + 4 * (size_t)s + 4);
        if (to < from || to > notes)
            return -1;
        for (uint32_t i = from; i < to; i++)
            note[i] = (struct song_note){s, pitch[i]};
    }
    return 0;
}

/* A name may hold any UTF-8, but nothing that would steer a terminal. */
static int copy_name(char *name, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < ' ' || bytes[i] == 127)
            return -1;
    memcpy(name, bytes, length);
    name[length] = 0;
    return 0;
}

static struct song *read_song(const struct contents *contents, size_t index, struct error *error)
{
    const struct section *part = &contents->song[index];
    const unsigned char *p = part->bytes;
    char name[MODEL_MAX_NAME + 1];
    struct song *song = NULL;
    struct song_note *note = NULL;
    if (part->length < MODEL_SONG_BYTES)
        goto damaged;
    uint32_t length = model_get_u32(p), slots = model_get_u32(p + 8), notes = model_get_u32(p + 12);
    if (length > MODEL_MAX_NAME || slots == 0 || slots > SONG_MAX_SLOTS || notes == 0 ||
        notes > SONG_MAX_NOTES ||
        part->length != MODEL_SONG_BYTES + 4 * ((size_t)slots + 1) + length + notes)
        goto damaged;
    const unsigned char *first = p + MODEL_SONG_BYTES, *text = first + 4 * ((size_t)slots + 1);
    if (copy_name(name, text, length) != 0)
        goto damaged;
    note = malloc(notes * sizeof *note);
    if (!note) {
        error_set(error, "%s: out of memory", contents->name);
        return NULL;
    }
    if (read_notes(first, text + length, slots, notes, note) != 0)
        goto damaged;
    song = song_create(name, model_get_u32(p + 4), note, notes, error);
    if (!song)
        error_prefix(error, contents->name);
    if (song && song->slots != slots)
        goto damaged;
    free(note);
    return song;
damaged:
    free(note);
    song_free(song);
    error_set(error, "%s: damaged: piece %zu cannot be read", contents->name, index + 1);
    return NULL;
}

static struct song *read_piece(const struct contents *contents, size_t index, struct error *error)
{
    struct song *song = read_song(contents, index, error);
    if (song && (song->score = model_read_score(contents->score[index], contents->doubt[index],
                                                contents->name, index, error)))
        return song;
    song_free(song);
    return NULL;
}

static struct song **read_songs(const struct contents *contents, struct error *error)
{
    struct song **songs = calloc(contents->songs + 1, sizeof(struct song *));
    if (!songs) {
        error_set(error, "%s: out of memory", contents->name);
        return NULL;
    }
    for (size_t i = 0; i < contents->songs; i++) {
        songs[i] = read_piece(contents, i, error);
        if (!songs[i]) {
            while (i--)
                song_free(songs[i]);
            free(songs);
            return NULL;
        }
    }
    if (model_read_fingers(contents->fingers, contents->name, songs, contents->songs, error) == 0)
        return songs;
    song_free_all(songs, contents->songs);
    return NULL;
}

static struct process *read_process(const struct contents *contents, struct song **songs,
                                    struct error *error)
{
    const unsigned char *p = contents->process.bytes;
    if (contents->process.length != MODEL_PROCESS_BYTES) {
        error_set(error, "%s: damaged: the decision process cannot be read", contents->name);
        return NULL;
    }
    struct process *process =
        beats_process((const struct song *const *)songs, contents->songs, model_get_u32(p), error);
    if (!process) {
        error_prefix(error, contents->name);
        return NULL;
    }
    if (process->states != model_get_u32(p + 4) || process->arcs != model_get_u32(p + 8) ||
        model_get_u32(p + 12) != 0) {
        error_set(error, "%s: damaged: its pieces do not make the process it names",
                  contents->name);
        process_free(process);
        return NULL;
    }
    return process;
}

static float read_parameter(const unsigned char *p, uint32_t bytes)
{
    if (bytes == 2)
        return half_read((uint16_t)(p[0] | p[1] << 8));
    return model_get_float(p);
}

/* The length of the section is compared with the shape before anything of that
 * size is allocated. */
static struct policy *read_policy(const struct contents *contents, struct section section,
                                  const struct model_origin *origin, struct error *error)
{
    const unsigned char *p = section.bytes;
    size_t length = section.length;
    int kind = policy_kind(origin->policy);
    if (kind < 0) {
        error_set(error, "%s: a policy of a kind that this program does not know", contents->name);
        return NULL;
    }
    struct policy_shape shape = {.kind = (enum policy_kind)kind};
    if (length < MODEL_POLICY_BYTES)
        goto damaged;
    shape.inputs = model_get_u32(p);
    shape.actions = model_get_u32(p + 4);
    shape.layers = model_get_u32(p + 8);
    for (int i = 0; i < POLICY_MAX_LAYERS; i++)
        shape.width[i] = model_get_u32(p + 12 + 4 * i);
    size_t parameters = policy_parameters(&shape);
    uint32_t form = model_get_u32(p + MODEL_POLICY_BYTES - 12), bytes = form == MODEL_HALF ? 2 : 4;
    if (parameters == 0 || model_get_u64(p + MODEL_POLICY_BYTES - 8) != parameters ||
        (form != 0 && form != MODEL_HALF) || (length - MODEL_POLICY_BYTES) / bytes != parameters ||
        (length - MODEL_POLICY_BYTES) % bytes != 0)
        goto damaged;
    struct policy *policy = policy_create(&shape, 0, error);
    if (!policy) {
        error_prefix(error, contents->name);
        return NULL;
    }
    for (size_t i = 0; i < parameters; i++) {
        policy->parameter[i] = read_parameter(p + MODEL_POLICY_BYTES + bytes * i, bytes);
        if (!isfinite(policy->parameter[i])) {
            policy_free(policy);
            goto damaged;
        }
    }
    if (shape.kind == POLICY_RELATIVE && policy_quantise(policy, error) != 0) {
        policy_free(policy);
        return NULL;
    }
    return policy;
damaged:
    error_set(error, "%s: damaged: the policy cannot be read", contents->name);
    return NULL;
}

static struct model *read_networks(const struct contents *contents,
                                   const struct model_origin *origin, struct error *error)
{
    struct policy *network[MODEL_MAX_NETWORKS];
    for (size_t i = 0; i < contents->networks; i++) {
        network[i] = read_policy(contents, contents->network[i], origin, error);
        if (!network[i]) {
            while (i--)
                policy_free(network[i]);
            return NULL;
        }
    }
    return model_create_networks(network, contents->networks, origin, error);
}

static struct model *read_pieces(const struct contents *contents, const struct model_origin *origin,
                                 struct error *error)
{
    struct song **songs = read_songs(contents, error);
    if (!songs)
        return NULL;
    struct process *process = read_process(contents, songs, error);
    struct policy *policy = process ? read_policy(contents, contents->policy, origin, error) : NULL;
    struct model *model = NULL;
    if (policy) {
        model = model_create(songs, contents->songs, process, policy, origin, error);
        if (!model)
            error_prefix(error, contents->name);
    } else {
        for (size_t i = 0; i < contents->songs; i++)
            song_free(songs[i]);
        process_free(process);
    }
    free(songs);
    return model;
}

static struct model *read_contents(const struct contents *contents, bool training,
                                   struct error *error)
{
    struct model_origin origin;
    if (read_origin(contents, &origin, error) != 0)
        return NULL;
    struct model *model = contents->networks ? read_networks(contents, &origin, error)
                                             : read_pieces(contents, &origin, error);
    if (model && training && contents->training.bytes &&
        model_attach_training(model, contents->training.bytes, contents->training.length, error) !=
            0) {
        model_free(model);
        model = NULL;
    }
    return model;
}

struct model *model_load_memory(const void *bytes, size_t length, const char *name, bool training,
                                struct error *error)
{
    struct contents contents = {.name = name};
    struct model *model = NULL;
    if (check_header(bytes, length, name, error) == 0 &&
        find_sections(bytes, length, &contents, error) == 0)
        model = read_contents(&contents, training, error);
    free(contents.song);
    free(contents.score);
    free(contents.doubt);
    return model;
}

static struct model *load(const char *path, bool training, struct error *error)
{
    size_t length;
    void *bytes = infile_read(path, MODEL_MAX_BYTES, &length, error);
    struct model *model =
        bytes ? model_load_memory(bytes, length, infile_name(path), training, error) : NULL;
    free(bytes);
    return model;
}

struct model *model_load(const char *path, struct error *error)
{
    return load(path, false, error);
}

struct model *model_load_to_resume(const char *path, struct error *error)
{
    return load(path, true, error);
}
