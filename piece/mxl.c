#include "piece/mxl.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zip.h>

enum { MAX_CONTAINER = 64 << 10, MAX_ENTRIES = 4096 };

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcasecmp(text + length - tail, ending) == 0;
}

/* The archive's word for a size is not trusted: no more than that is read. */
static char *read_entry(zip_t *archive, zip_uint64_t index, size_t most, size_t *size)
{
    zip_stat_t status;
    if (zip_stat_index(archive, index, 0, &status) != 0 || !(status.valid & ZIP_STAT_SIZE) ||
        status.size > most)
        return NULL;
    zip_file_t *file = zip_fopen_index(archive, index, 0);
    char *bytes = file ? malloc((size_t)status.size + 1) : NULL;
    zip_int64_t got = bytes ? zip_fread(file, bytes, status.size) : -1;
    if (file)
        zip_fclose(file);
    if (got < 0) {
        free(bytes);
        return NULL;
    }
    bytes[got] = '\0';
    *size = (size_t)got;
    return bytes;
}

/* The first full-path of the container, which is a few lines of XML. */
static zip_int64_t find_named(zip_t *archive)
{
    size_t size = 0;
    zip_int64_t index = zip_name_locate(archive, "META-INF/container.xml", ZIP_FL_NOCASE);
    char *text = index >= 0 ? read_entry(archive, (zip_uint64_t)index, MAX_CONTAINER, &size) : NULL;
    zip_int64_t found = -1;
    char *path = text ? strstr(text, "full-path=") : NULL;
    if (path) {
        path += strlen("full-path=");
        char *end = *path == '"' || *path == '\'' ? strchr(path + 1, *path) : NULL;
        if (end) {
            *end = '\0';
            found = zip_name_locate(archive, path + 1, 0);
        }
    }
    free(text);
    return found;
}

/* Where the container does not help: the first file that is called as a score is. */
static zip_int64_t find_any(zip_t *archive)
{
    zip_int64_t count = zip_get_num_entries(archive, 0);
    for (zip_int64_t i = 0; i < count && i < MAX_ENTRIES; i++) {
        const char *name = zip_get_name(archive, (zip_uint64_t)i, 0);
        if (name && strncasecmp(name, "META-INF", 8) != 0 &&
            (ends_in(name, ".xml") || ends_in(name, ".musicxml")))
            return i;
    }
    return -1;
}

static bool is_musescore(zip_t *archive)
{
    zip_int64_t count = zip_get_num_entries(archive, 0);
    for (zip_int64_t i = 0; i < count && i < MAX_ENTRIES; i++) {
        const char *name = zip_get_name(archive, (zip_uint64_t)i, 0);
        if (name && ends_in(name, ".mscx"))
            return true;
    }
    return false;
}

static char *unpack(zip_t *archive, size_t most, const char *name, size_t *size,
                    struct error *error)
{
    if (is_musescore(archive)) {
        error_set(error,
                  "%s: is MuseScore's own file; export it there as MusicXML: File, Export, "
                  "MusicXML",
                  name);
        return NULL;
    }
    zip_int64_t index = find_named(archive);
    if (index < 0)
        index = find_any(archive);
    if (index < 0) {
        error_set(error, "%s: is a zip archive without a MusicXML score", name);
        return NULL;
    }
    char *text = read_entry(archive, (zip_uint64_t)index, most, size);
    if (!text)
        error_set(error, "%s: its score cannot be unpacked, or is larger than %zu MiB", name,
                  most >> 20);
    return text;
}

char *mxl_unpack(const void *bytes, size_t length, size_t most, const char *name, size_t *size,
                 struct error *error)
{
    zip_error_t fault;
    zip_error_init(&fault);
    zip_source_t *source = zip_source_buffer_create(bytes, length, 0, &fault);
    zip_t *archive = source ? zip_open_from_source(source, ZIP_RDONLY, &fault) : NULL;
    char *text = NULL;
    if (archive) {
        text = unpack(archive, most, name, size, error);
        zip_discard(archive);
    } else {
        error_set(error, "%s: cannot be unpacked: %s", name, zip_error_strerror(&fault));
        zip_source_free(source);
    }
    zip_error_fini(&fault);
    return text;
}
