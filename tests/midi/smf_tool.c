/* For compare.py: makes random files, copies files through midifile, lists notes.
 *     smf_tool make SEED OUT        smf_tool odd SEED OUT
 *     smf_tool copy IN OUT          smf_tool pitches IN OUT (every note's number changed)
 *     smf_tool notes IN             (track channel pitch velocity tick seconds)
 *     smf_tool warning IN           (what was mended) */
#include "base/rng.h"
#include "midi/midifile.h"
#include "smfgen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make(const char *seed, bool odd, const char *path)
{
    struct smfgen gen;
    smfgen_make(&gen, strtoull(seed, NULL, 10), odd);
    FILE *stream = fopen(path, "wb");
    int good = stream && fwrite(gen.bytes, 1, gen.length, stream) == gen.length;
    if (stream && fclose(stream) != 0)
        good = 0;
    smfgen_free(&gen);
    return good ? 0 : 1;
}

static void change(struct midifile *file)
{
    struct rng rng;
    uint32_t count;
    const struct midifile_note *note = midifile_notes(file, &count);
    rng_seed(&rng, midifile_checksum(file), 0);
    for (uint32_t n = 0; n < count; n++)
        midifile_set_pitch(file, n, (note[n].pitch + 1 + rng_below(&rng, 127)) & 127);
}

static void list(const struct midifile *file)
{
    uint32_t count;
    const struct midifile_note *note = midifile_notes(file, &count);
    for (uint32_t n = 0; n < count; n++)
        printf("%u %u %u %u %u %.9f\n", note[n].track, note[n].channel, note[n].pitch,
               note[n].velocity, note[n].tick, note[n].seconds);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "make") == 0)
        return make(argv[2], false, argv[3]);
    if (argc == 4 && strcmp(argv[1], "odd") == 0)
        return make(argv[2], true, argv[3]);
    if (argc < 3)
        return 2;
    struct error error = {""};
    struct midifile *file = midifile_load(argv[2], &error);
    if (file && strcmp(argv[1], "pitches") == 0)
        change(file);
    if (file && strcmp(argv[1], "notes") == 0)
        list(file);
    if (file && strcmp(argv[1], "warning") == 0)
        puts(midifile_warning(file));
    int result = !file || (argc == 4 && midifile_save(file, argv[3], &error) != 0);
    if (result)
        fprintf(stderr, "%s\n", error.text);
    midifile_free(file);
    return result;
}
