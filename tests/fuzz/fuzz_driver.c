/* Replays inputs through a fuzz target where libFuzzer is not at hand: each
 * argument is a file, or a folder whose files are taken in order of name. */
#include "target.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

static int replay_file(const char *path)
{
    FILE *stream = fopen(path, "rb");
    struct stat status;
    if (!stream || fstat(fileno(stream), &status) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        if (stream)
            fclose(stream);
        return -1;
    }
    size_t size = (size_t)status.st_size;
    /* Of the exact size, so that a sanitizer sees a read beyond it. */
    uint8_t *data = malloc(size ? size : 1);
    int good = data && fread(data, 1, size, stream) == size;
    if (good)
        LLVMFuzzerTestOneInput(data, size);
    else
        fprintf(stderr, "%s: cannot read\n", path);
    free(data);
    fclose(stream);
    return good ? 1 : -1;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay_folder(const char *path)
{
    struct dirent **entry;
    int count = scandir(path, &entry, not_hidden, alphasort);
    if (count < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    int good = count;
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entry[i]->d_name);
        if (replay_file(file) < 0)
            good = -1;
        free(entry[i]);
    }
    free(entry);
    return good;
}

int main(int argc, char **argv)
{
    int replayed = 0;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        int folder = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
        int count = folder ? replay_folder(argv[i]) : replay_file(argv[i]);
        if (count < 0)
            return 1;
        replayed += count;
    }
    printf("%d inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
