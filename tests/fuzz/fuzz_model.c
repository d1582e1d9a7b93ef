/* Any bytes as a model file: a sentence, or a model whose policy or networks are sound. The
 * bytes are tried as they are and with length and checksum made right, or the
 * checksum would keep everything out. */
#include "piece/model.h"
#include "rl/policy.h"
#include "target.h"

#include <math.h>
#include <zlib.h>

/* Networks stand alone, and their weights are numbers. */
static void check_networks(const struct model *model)
{
    MUST(!model_process(model) && !model_policy(model) && model_songs(model) == 0);
    for (size_t i = 0; i < model_networks(model); i++) {
        const struct policy *network = model_network(model, i);
        MUST(network->parameters > 0);
        for (size_t k = 0; k < network->parameters; k++)
            MUST(isfinite(network->parameter[k]));
    }
}

/* Onsets ascend, each with a note; every bar and note has a place. */
static void check_score(const struct score *score, uint32_t notes)
{
    MUST(notes > 0 && score->notes == notes && score->first[0] == 0);
    MUST(score->first[score->onsets] == notes && score->bars > 0 && score->bar[0].quarter == 0);
    for (uint32_t i = 0; i < score->onsets; i++) {
        MUST(score->first[i] < score->first[i + 1] && isfinite(score->second[i]));
        MUST(i == 0 ? score->quarter[i] >= 0 : score->quarter[i] > score->quarter[i - 1]);
        MUST(score_find(score, score->quarter[i]) == i);
        MUST(score_find_bar(score, score->quarter[i]) < score->bars);
    }
    for (uint32_t i = 0; i < notes; i++)
        MUST(score->pitch[i] < 128 && score->length[i] >= 0);
}

static void load(const uint8_t *bytes, size_t length)
{
    struct error error = {""};
    struct model *model = model_load_memory(bytes, length, "input", true, &error);
    if (!model) {
        MUST(strncmp(error.text, "input: ", 7) == 0 && strlen(error.text) > 12);
        return;
    }
    if (model_networks(model) > 0) {
        check_networks(model);
        model_free(model);
        return;
    }
    const struct process *process = model_process(model);
    const float *probability = model_arc_probability(model);
    for (uint32_t s = 0; s < process->states; s++) {
        double sum = 0;
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++) {
            MUST(process->arc_next[a] < process->states);
            sum += (double)probability[a];
        }
        MUST(fabs(sum - 1) < 1e-3);
    }
    MUST(process_best_reward(process, 4) >= 0);
    for (size_t i = 0; i < model_songs(model); i++)
        check_score(model_score(model, i), model_song(model, i)->notes);
    model_free(model);
}

static void seal(uint8_t *bytes, size_t length)
{
    for (int i = 0; i < 8; i++)
        bytes[16 + i] = (uint8_t)((uint64_t)length >> 8 * i);
    uLong crc = crc32_z(crc32(0, bytes, 12), bytes + 16, length - 16);
    for (int i = 0; i < 4; i++)
        bytes[12 + i] = (uint8_t)(crc >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    load(data, size);
    if (size < 32)
        return 0;
    uint8_t *sealed = malloc(size);
    if (!sealed)
        return 0;
    memcpy(sealed, data, size);
    seal(sealed, size);
    load(sealed, size);
    free(sealed);
    return 0;
}
