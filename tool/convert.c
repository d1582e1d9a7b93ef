/* audiogenrl convert: a score as a Standard MIDI File. */
#include "base/outfile.h"
#include "load/notation.h"
#include "tool/commands.h"
#include "tool/files.h"
#include "tool/music.h"

#include <stdio.h>
#include <string.h>

struct convert_options {
    struct command_common common;
    gint part;
};

static int tell(const struct convert_options *options, char *const *files,
                const struct midifile *file)
{
    uint32_t notes = 0;
    midifile_notes(file, &notes);
    if (options->common.json)
        return command_print_json(json_pack(
            "{s:o, s:o, s:i, s:i}", "input", command_text(files_name(files[0])), "output",
            command_text(files[1]), "notes", (int)notes, "tracks", (int)midifile_tracks(file)));
    if (!options->common.quiet && strcmp(files[1], "-") != 0)
        printf("%s: %u notes; written to %s\n", files_name(files[0]), notes, files[1]);
    return command_flush();
}

static int run(const struct convert_options *options, char *const *files)
{
    struct error error;
    size_t length = 0;
    if (g_strv_length((char **)files) != 2)
        return command_usage("convert", "expected IN.mxl and OUT.mid, got %u files",
                             g_strv_length((char **)files));
    if (options->part < 0)
        return command_usage("convert", "--part counts from 1");
    if (strcmp(files[1], "-") == 0 && options->common.json)
        return command_usage("convert", "standard output can take the .mid or --json, not both");
    char *const inputs[] = {files[0], NULL};
    if (files_check_output(files[1], inputs, &error) != 0)
        return command_fail(&error);
    void *bytes = files_read(files[0], &length, &error);
    int part = options->part > 0 ? options->part - 1 : NOTATION_ALL_PARTS;
    struct midifile *file =
        bytes ? music_read_file(bytes, length, part, files_name(files[0]), &error) : NULL;
    g_free(bytes);
    int code = COMMAND_FAILED;
    if (file && midifile_warning(file)[0])
        command_warn(&options->common, "%s", midifile_warning(file));
    if (file && midifile_save(file, files[1], &error) == 0)
        code = tell(options, files, file);
    else
        command_fail(&error);
    midifile_free(file);
    return code;
}

int command_convert(int argc, char **argv)
{
    struct convert_options options = {0};
    const GOptionEntry entries[] = {
        {"part", 0, 0, G_OPTION_ARG_INT, &options.part,
         "only this part of the score, from 1 (all, each staff a track)", "N"},
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    char **files = NULL;
    int code =
        command_parse(argc, argv, "IN.mxl OUT.mid",
                      "Writes a score in MusicXML as a .mid, repeats and jumps played out. A "
                      ".mid is written as it is read, with what is wrong with it mended.",
                      entries, &options.common, &files);
    if (code == COMMAND_GO_ON)
        code = run(&options, files);
    g_strfreev(files);
    return code;
}
