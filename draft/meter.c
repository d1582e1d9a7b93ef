/* Beats under the mean times (grid/grid.h). */
#include "draft/draft_private.h"

#include "grid/grid.h"

#include <stdlib.h>

int meter_find(struct meter *meter, const struct sheet *sheet, const struct task *task,
               struct error *error)
{
    double *seconds = malloc((sheet->count + 1) * sizeof *seconds);
    uint8_t *pitch = malloc(sheet->count + 1);
    struct grid_track track = {0};
    int status = -1;
    *meter = (struct meter){.slot = malloc((sheet->count + 1) * sizeof *meter->slot)};
    if (!seconds || !pitch || !meter->slot)
        error_set(error, "out of memory for %zu notes", sheet->count);
    else {
        for (size_t c = 0; c < sheet->count; c++) {
            seconds[c] = sheet->column[c].second - sheet->column[0].second;
            pitch[c] = sheet->column[c].pitch;
        }
        const struct grid_onsets onsets = {
            .seconds = seconds, .pitch = pitch, .count = sheet->count, .task = task};
        status = grid_track(&onsets, NULL, &track, error);
    }
    if (status == 0) {
        for (size_t c = 0; c < sheet->count; c++)
            meter->slot[c] = track.place[c].slot;
        meter->beat = track.beat;
        meter->beats = track.beats;
        meter->tempo = track.tempo;
        meter->confidence = track.confidence;
        track.beat = NULL;
        grid_track_free(&track);
    } else
        meter_clear(meter);
    free(seconds);
    free(pitch);
    return status;
}

void meter_clear(struct meter *meter)
{
    free(meter->slot);
    free(meter->beat);
    *meter = (struct meter){0};
}
