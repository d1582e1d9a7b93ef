/* 26 letters and digits out of 32, without those that look alike. */
#include "web/token.h"

#include "base/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LETTERS = 26 };

int token_read(const char *path, char token[REQUEST_TOKEN_MOST + 1], struct error *error)
{
    struct stat status;
    size_t length = 0;
    char *text = infile_read(path, REQUEST_TOKEN_MOST + 1, &length, error);
    if (!text) {
        int reason = errno;
        error_prefix(error, "the page's token (audiogenrl-web --link makes one)");
        errno = reason;
        return -1;
    }
    errno = EINVAL;
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
        length--;
    text[length] = '\0';
    int good = 0;
    if (strlen(text) != length || !request_is_token(text))
        error_set(error, "%s: expected a token, %d to %d letters and digits", path,
                  REQUEST_TOKEN_LEAST, REQUEST_TOKEN_MOST);
    else if (stat(path, &status) != 0 || status.st_mode & S_IRWXO)
        error_set(error, "%s: everybody may read the token; chmod o= %s", path, path);
    else
        good = 1;
    if (good)
        memcpy(token, text, length + 1);
    free(text);
    return good ? 0 : -1;
}

/* The group is a kindness: without it root alone reads the token. */
static void give_to_group(int fd)
{
    const struct group *audio = getgrnam("audio");
    if (!audio || fchown(fd, (uid_t)-1, audio->gr_gid) != 0)
        return;
    (void)!fchmod(fd, 0640);
}

static int write_token(const char *path, const char *token, struct error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(error, "%s: cannot make the page's token: %s", path, strerror(errno));
    bool written = write(fd, token, LETTERS) == LETTERS && write(fd, "\n", 1) == 1;
    give_to_group(fd);
    written &= fsync(fd) == 0;
    int reason = errno;
    close(fd);
    if (written)
        return 0;
    unlink(path);
    return error_set(error, "%s: cannot write the page's token: %s", path, strerror(reason));
}

int token_make(const char *path, char token[REQUEST_TOKEN_MOST + 1], struct error *error)
{
    static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
    _Static_assert(sizeof alphabet - 1 == 32, "five bits a letter");
    unsigned char random[LETTERS];
    if (token_read(path, token, error) == 0)
        return 0;
    if (errno != ENOENT)
        return -1;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return error_set(error, "no random numbers for the page's token: %s", strerror(errno));
    for (int i = 0; i < LETTERS; i++)
        token[i] = alphabet[random[i] & 31];
    token[LETTERS] = '\0';
    return write_token(path, token, error);
}
