/* audiogenrl inspect: what a .mid or a model holds. */
#include "correct/key.h"
#include "load/notation.h"
#include "rl/policy.h"
#include "tool/commands.h"
#include "tool/files.h"
#include "tool/models.h"
#include "tool/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* What is gathered is one JSON document; the text is made from it, so that both
 * always say the same. */

struct track_facts {
    uint32_t notes;
    uint16_t channels;
    uint8_t low, high;
};

static json_t *channel_list(uint16_t channels)
{
    json_t *list = json_array();
    for (int c = 0; c < 16; c++)
        if (channels >> c & 1)
            json_array_append_new(list, json_integer(c + 1));
    return list;
}

static json_t *music_tracks(const struct midifile *file)
{
    uint32_t count = 0;
    uint32_t tracks = midifile_tracks(file);
    const struct midifile_note *notes = midifile_notes(file, &count);
    struct track_facts *facts = g_new0(struct track_facts, tracks + 1);
    for (uint32_t i = 0; i < count; i++) {
        struct track_facts *track = &facts[notes[i].track];
        track->low = track->notes ? MIN(track->low, notes[i].pitch) : notes[i].pitch;
        track->high = MAX(track->high, notes[i].pitch);
        track->channels |= (uint16_t)(1U << notes[i].channel);
        track->notes++;
    }
    json_t *list = json_array();
    for (uint32_t t = 0; t < tracks; t++) {
        json_t *track = json_pack("{s:i, s:o, s:i, s:o}", "track", (int)t + 1, "name",
                                  command_text(midifile_track_name(file, t)), "notes",
                                  (int)facts[t].notes, "channels", channel_list(facts[t].channels));
        if (facts[t].notes) {
            json_object_set_new(track, "lowest", json_integer(facts[t].low));
            json_object_set_new(track, "highest", json_integer(facts[t].high));
        }
        json_array_append_new(list, track);
    }
    g_free(facts);
    return list;
}

static json_t *music_tempo(const struct midifile *file)
{
    uint32_t count = 0;
    const struct midifile_tempo *tempos = midifile_tempos(file, &count);
    double low = 6e7 / tempos[0].microseconds;
    double high = low;
    for (uint32_t i = 0; i < count; i++) {
        low = MIN(low, 6e7 / tempos[i].microseconds);
        high = MAX(high, 6e7 / tempos[i].microseconds);
    }
    return json_pack("{s:f, s:f, s:f, s:i}", "first", 6e7 / tempos[0].microseconds, "slowest", low,
                     "fastest", high, "changes", (int)count - 1);
}

static json_t *music_meters(const struct midifile *file)
{
    uint32_t count = 0;
    const struct midifile_meter *meters = midifile_meters(file, &count);
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        char text[32];
        snprintf(text, sizeof text, "%u/%u", meters[i].numerator, meters[i].denominator);
        json_array_append_new(list,
                              json_pack("{s:i, s:s}", "tick", (int)meters[i].tick, "meter", text));
    }
    return list;
}

static json_t *music_key_signature(const struct midifile *file)
{
    static const char *const major[] = {"Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C",
                                        "G",  "D",  "A",  "E",  "B",  "F#", "C#"};
    static const char *const minor[] = {"Ab", "Eb", "Bb", "F",  "C",  "G",  "D", "A",
                                        "E",  "B",  "F#", "C#", "G#", "D#", "A#"};
    struct midifile_key key = midifile_key(file);
    if (!key.known)
        return json_null();
    return json_sprintf("%s %s", (key.minor ? minor : major)[key.sharps + 7],
                        key.minor ? "minor" : "major");
}

/* Per cent of the notes; null without a signature. */
static json_t *music_in_key(const struct midifile *file)
{
    struct signature_count count = signature_count(file);
    return count.notes ? json_real(100 * (double)count.in_key / (double)count.notes) : json_null();
}

/* Of all that is not drums, by length of the notes. */
static const char *music_key_estimate(const struct midifile *file)
{
    double weight[12] = {0};
    uint32_t count = 0;
    const struct midifile_note *notes = midifile_notes(file, &count);
    for (uint32_t i = 0; i < count; i++)
        if (notes[i].channel != 9)
            weight[notes[i].pitch % 12] += MAX(notes[i].duration_ticks, 1);
    return key_name(key_estimate(weight));
}

static json_t *music_grid(const struct midifile *file, const char *name,
                          const struct take_choice *choice)
{
    struct error unimportant;
    struct take *take = take_create(file, name, choice, &unimportant);
    if (!take)
        return json_null();
    json_t *grid =
        json_pack("{s:f, s:f, s:b, s:I}", "score", take->fit.score, "on_grid", take->fit.on_grid,
                  "fits", take->fit.fits, "onsets", (json_int_t)take->fit.events);
    if (take->found) {
        json_object_set_new(grid, "found_tempo", command_number(take->tempo));
        json_object_set_new(grid, "found_confidence", command_number(take->confidence));
    }
    take_free(take);
    return grid;
}

static json_t *describe_music(const struct midifile *file, const char *name)
{
    uint32_t count = 0;
    struct take_choice all = {.grid = TAKE_GRID_DECIDE};
    midifile_notes(file, &count);
    char checksum[16];
    snprintf(checksum, sizeof checksum, "%08x", midifile_checksum(file));
    return json_pack(
        "{s:o, s:s, s:i, s:i, s:I, s:f, s:i, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "file",
        command_text(name), "kind", "music", "format", (int)midifile_format(file), "ppq",
        (int)midifile_ppq(file), "ticks", (json_int_t)midifile_length_ticks(file), "seconds",
        midifile_length_seconds(file), "notes", (int)count, "checksum", checksum, "tempo",
        music_tempo(file), "meters", music_meters(file), "key_signature", music_key_signature(file),
        "in_key", music_in_key(file), "key_estimate", music_key_estimate(file), "grid",
        music_grid(file, name, &all), "tracks", music_tracks(file));
}

static json_t *describe_networks(const struct model *model, const char *name, uint32_t checksum)
{
    const struct model_origin *origin = model_origin(model);
    char text[16];
    json_t *networks = json_array();
    for (size_t i = 0; i < model_networks(model); i++) {
        const struct policy *network = model_network(model, i);
        json_array_append_new(networks,
                              json_pack("{s:i, s:i, s:I}", "inputs", (int)network->shape.inputs,
                                        "actions", (int)network->shape.actions, "parameters",
                                        (json_int_t)network->parameters));
    }
    snprintf(text, sizeof text, "%08x", checksum);
    return json_pack("{s:o, s:s, s:s, s:s, s:I, s:I, s:s, s:o}", "file", command_text(name), "kind",
                     "style", "algorithm", origin->algorithm, "policy", origin->policy, "steps",
                     (json_int_t)origin->steps, "seed", (json_int_t)origin->seed, "checksum", text,
                     "networks", networks);
}

static json_t *describe_model(const struct model *model, const char *name, uint32_t checksum)
{
    if (model_songs(model) == 0)
        return describe_networks(model, name, checksum);
    const struct process *process = model_process(model);
    const struct model_origin *origin = model_origin(model);
    char text[16];
    json_t *pieces = json_array();
    for (size_t i = 0; i < model_songs(model); i++) {
        const struct song *song = model_song(model, i);
        snprintf(text, sizeof text, "%08x", song->checksum);
        json_array_append_new(pieces, json_pack("{s:o, s:i, s:i, s:s}", "name",
                                                command_text(song->name), "notes", (int)song->notes,
                                                "beats", (int)song_beats(song), "checksum", text));
    }
    snprintf(text, sizeof text, "%08x", checksum);
    return json_pack("{s:o, s:s, s:s, s:s, s:I, s:I, s:i, s:i, s:i, s:s, s:o}", "file",
                     command_text(name), "kind", "model", "algorithm", origin->algorithm, "policy",
                     origin->policy, "steps", (json_int_t)origin->steps, "seed",
                     (json_int_t)origin->seed, "states", (int)process->states, "transitions",
                     (int)process->arcs, "context", (int)process->context, "checksum", text,
                     "pieces", pieces);
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static long long integer(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "none";
}

static void print_meters(const json_t *meters)
{
    size_t count = json_array_size(meters);
    printf("meter      ");
    for (size_t i = 0; i < count && i < 8; i++)
        printf("%s%s", i ? ", " : "", text(json_array_get(meters, i), "meter"));
    printf("%s\n", count == 0 ? "none said" : count > 8 ? ", ..." : "");
}

static void print_grid(const json_t *grid)
{
    if (json_is_null(grid)) {
        puts("grid       nothing to judge it by");
        return;
    }
    printf("grid       the file's own %s the onsets: %.0f %% on sixteenths or triplets, %.2f nats "
           "an onset\n",
           json_is_true(json_object_get(grid, "fits")) ? "fits" : "does not fit",
           100 * number(grid, "on_grid"), number(grid, "score"));
    if (json_object_get(grid, "found_tempo"))
        printf("           found from the onsets: %.1f beats a minute, %.0f %% of them on it\n",
               number(grid, "found_tempo"), 100 * number(grid, "found_confidence"));
}

static void print_track(const json_t *track)
{
    printf("track %-4lld %6lld notes", integer(track, "track"), integer(track, "notes"));
    if (integer(track, "notes") > 0) {
        const json_t *channels = json_object_get(track, "channels");
        printf(", pitches %lld to %lld, channel", integer(track, "lowest"),
               integer(track, "highest"));
        for (size_t i = 0; i < json_array_size(channels); i++)
            printf(" %lld", json_integer_value(json_array_get(channels, i)));
    }
    printf("  %s\n", text(track, "name"));
}

static void print_music(const json_t *facts)
{
    const json_t *tempo = json_object_get(facts, "tempo");
    const json_t *tracks = json_object_get(facts, "tracks");
    if (json_object_get(facts, "parts"))
        printf("%s: MusicXML score\n", text(facts, "file"));
    else
        printf("%s: Standard MIDI File of type %lld\n", text(facts, "file"),
               integer(facts, "format"));
    printf("length     %lld ticks of 1/%lld quarter note, %.1f s\n", integer(facts, "ticks"),
           integer(facts, "ppq"), number(facts, "seconds"));
    printf("notes      %lld\n", integer(facts, "notes"));
    printf("tempo      %.1f beats a minute at first, %.1f to %.1f, %lld changes\n",
           number(tempo, "first"), number(tempo, "slowest"), number(tempo, "fastest"),
           integer(tempo, "changes"));
    print_meters(json_object_get(facts, "meters"));
    printf("key        %s as signed, %s by its notes\n", text(facts, "key_signature"),
           text(facts, "key_estimate"));
    if (json_is_number(json_object_get(facts, "in_key")))
        printf("           %.0f %% of the notes lie in the key signed\n", number(facts, "in_key"));
    print_grid(json_object_get(facts, "grid"));
    printf("checksum   %s\n", text(facts, "checksum"));
    for (size_t i = 0; i < json_array_size(tracks); i++)
        print_track(json_array_get(tracks, i));
}

static void print_style(const json_t *facts)
{
    const json_t *networks = json_object_get(facts, "networks");
    printf("%s: style model\n", text(facts, "file"));
    printf("learned    from %lld notes, seed %lld\n", integer(facts, "steps"),
           integer(facts, "seed"));
    for (size_t i = 0; i < json_array_size(networks); i++) {
        const json_t *network = json_array_get(networks, i);
        printf("network    %lld inputs, %lld actions, %lld parameters\n",
               integer(network, "inputs"), integer(network, "actions"),
               integer(network, "parameters"));
    }
    printf("checksum   %s\n", text(facts, "checksum"));
}

static void print_model(const json_t *facts)
{
    if (strcmp(text(facts, "kind"), "style") == 0) {
        print_style(facts);
        return;
    }
    const json_t *pieces = json_object_get(facts, "pieces");
    printf("%s: model of %zu %s\n", text(facts, "file"), json_array_size(pieces),
           json_array_size(pieces) == 1 ? "piece" : "pieces");
    printf("learned    by %s, policy %s, %lld steps, seed %lld\n", text(facts, "algorithm"),
           text(facts, "policy"), integer(facts, "steps"), integer(facts, "seed"));
    printf("process    %lld states, %lld transitions, %lld beats of context\n",
           integer(facts, "states"), integer(facts, "transitions"), integer(facts, "context"));
    printf("checksum   %s\n", text(facts, "checksum"));
    for (size_t i = 0; i < json_array_size(pieces); i++) {
        const json_t *piece = json_array_get(pieces, i);
        printf("piece %-4zu %6lld notes, %5lld beats, %s  %s\n", i + 1, integer(piece, "notes"),
               integer(piece, "beats"), text(piece, "checksum"), text(piece, "name"));
    }
}

/* What a score says beyond its notes: null where it is none. */
static int add_score(json_t *facts, const struct musicxml *score)
{
    json_t *parts = json_array();
    for (uint16_t p = 0; p < score->parts; p++)
        json_array_append_new(parts, json_pack("{s:i, s:o, s:i, s:b}", "part", p + 1, "name",
                                               command_text(score->part[p].name), "staves",
                                               (int)score->part[p].staves, "taken",
                                               p == musicxml_keyboard(score)));
    json_t *more =
        json_pack("{s:o, s:o, s:o, s:i, s:i, s:i}", "title", command_text(score->title), "composer",
                  command_text(score->composer), "parts", parts, "bars", (int)score->written_bars,
                  "bars_played", (int)score->bars, "repeats", (int)score->repeats);
    int result = json_object_update(facts, more);
    json_decref(more);
    return result;
}

static void print_score(const json_t *facts)
{
    const json_t *parts = json_object_get(facts, "parts");
    if (!parts)
        return;
    printf("title      %s\n", text(facts, "title"));
    printf("composer   %s\n", text(facts, "composer"));
    printf("bars       %lld, played %lld; repeats and jumps: %lld\n", integer(facts, "bars"),
           integer(facts, "bars_played"), integer(facts, "repeats"));
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        printf("part %-4zu  %s, %lld %s%s\n", i + 1, text(part, "name"), integer(part, "staves"),
               integer(part, "staves") == 1 ? "staff" : "staves",
               json_is_true(json_object_get(part, "taken")) ? ", taken" : "");
    }
}

/* As a score, and as the .mid of all its parts. */
static json_t *describe_score(const void *bytes, size_t length, const char *name,
                              struct error *error)
{
    size_t size = 0;
    struct musicxml *score = musicxml_read(bytes, length, name, error);
    uint8_t *smf = score ? notation_smf(score, NOTATION_ALL_PARTS, name, &size, error) : NULL;
    struct midifile *file = smf ? midifile_load_memory(smf, size, name, error) : NULL;
    json_t *facts = file ? describe_music(file, name) : NULL;
    if (facts)
        add_score(facts, score);
    midifile_free(file);
    free(smf);
    musicxml_free(score);
    return facts;
}

static json_t *describe(const char *path, const struct command_common *common, struct error *error)
{
    size_t length = 0;
    unsigned char *bytes = files_read(path, &length, error);
    const char *name = files_name(path);
    json_t *facts = NULL;
    if (!bytes)
        return NULL;
    if (filekind_of(bytes, length) == FILEKIND_MODEL) {
        struct model *model = model_load_memory(bytes, length, name, false, error);
        if (model)
            facts = describe_model(model, name, (uint32_t)crc32_z(0, bytes, length));
        model_free(model);
    } else if (music_is_score(bytes, length)) {
        facts = describe_score(bytes, length, name, error);
    } else {
        struct midifile *file = music_read_file(bytes, length, NOTATION_ALL_PARTS, name, error);
        if (file)
            facts = describe_music(file, name);
        if (file && midifile_warning(file)[0])
            command_warn(common, "%s", midifile_warning(file));
        midifile_free(file);
    }
    g_free(bytes);
    return facts;
}

static void print_all_music(const json_t *facts)
{
    print_music(facts);
    print_score(facts);
}

int command_inspect(int argc, char **argv)
{
    struct command_common common = {0};
    const GOptionEntry entries[] = {{NULL, 0, 0, 0, NULL, NULL, NULL}};
    struct error error;
    char **files = NULL;
    json_t *facts = NULL;
    int code = command_parse(argc, argv, "FILE.mid|.mxl|MODEL", NULL, entries, &common, &files);
    if (code == COMMAND_GO_ON && (!files[0] || files[1]))
        code = command_usage("inspect", "expected one FILE.mid, .mxl or MODEL, got %u",
                             g_strv_length(files));
    if (code == COMMAND_GO_ON && !(facts = describe(files[0], &common, &error)))
        code = command_fail(&error);
    if (code == COMMAND_GO_ON && common.json) {
        code = command_print_json(json_incref(facts));
    } else if (code == COMMAND_GO_ON) {
        if (strcmp(text(facts, "kind"), "music") == 0)
            print_all_music(facts);
        else
            print_model(facts);
        code = command_flush();
    }
    json_decref(facts);
    g_strfreev(files);
    return code;
}
