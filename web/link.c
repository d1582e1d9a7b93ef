/* The settings have checked the form of the address. */
#include "web/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 32 };

/* Splits "[::1]:8322" or "127.0.0.1:8322". */
static struct addrinfo *resolve(const char *listen, struct error *error)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    char host[INET6_ADDRSTRLEN + 2] = "";
    const char *colon = strrchr(listen, ':');
    bool bracketed = *listen == '[';
    struct addrinfo *found = NULL;
    if (colon && (size_t)(colon - listen) < sizeof host)
        memcpy(host, listen + bracketed, (size_t)(colon - listen) - (bracketed ? 2U : 0U));
    int code = colon ? getaddrinfo(host, colon + 1, &hints, &found) : EAI_NONAME;
    if (code == 0)
        return found;
    error_set(error, "%s: %s", listen, gai_strerror(code));
    return NULL;
}

int link_listen(const char *listen_to, struct error *error)
{
    const int yes = 1;
    struct addrinfo *address = resolve(listen_to, error);
    if (!address)
        return -1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool done =
        fd >= 0 && bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    int reason = errno;
    freeaddrinfo(address);
    if (done)
        return fd;
    if (fd >= 0)
        close(fd);
    return error_set(error, "%s: cannot listen there: %s", listen_to, strerror(reason));
}

static bool is_any(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr == INADDR_ANY;
    return IN6_IS_ADDR_UNSPECIFIED(
        &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

bool link_is_local(const char *listen)
{
    struct addrinfo *found = resolve(listen, NULL);
    bool local = false;
    if (found && found->ai_family == AF_INET) {
        const struct sockaddr_in *address = (const void *)found->ai_addr;
        local = ntohl(address->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    } else if (found) {
        local = IN6_IS_ADDR_LOOPBACK(
            &((const struct sockaddr_in6 *)(const void *)found->ai_addr)->sin6_addr);
    }
    if (found)
        freeaddrinfo(found);
    return local;
}

/* The first address of this computer in a network. -1: it is in none. */
static int find_own(char *text, size_t size)
{
    struct ifaddrs *all = NULL;
    int status = -1;
    if (getifaddrs(&all) != 0)
        return -1;
    for (const struct ifaddrs *one = all; one && status != 0; one = one->ifa_next)
        if (one->ifa_addr && one->ifa_addr->sa_family == AF_INET && one->ifa_flags & IFF_UP &&
            !(one->ifa_flags & IFF_LOOPBACK))
            status = getnameinfo(one->ifa_addr, sizeof(struct sockaddr_in), text, (socklen_t)size,
                                 NULL, 0, NI_NUMERICHOST);
    freeifaddrs(all);
    return status;
}

int link_text(const char *listen, const char *token, char link[LINK_BYTES], struct error *error)
{
    char host[NI_MAXHOST];
    struct addrinfo *address = resolve(listen, error);
    if (!address)
        return -1;
    bool any = is_any(address->ai_addr);
    int code = any ? 0
                   : getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof host, NULL, 0,
                                 NI_NUMERICHOST);
    freeaddrinfo(address);
    if (any && find_own(host, sizeof host) != 0)
        return error_set(error, "this computer is in no network; [web] listen is %s", listen);
    if (code != 0)
        return error_set(error, "%s: %s", listen, gai_strerror(code));
    bool brackets = strchr(host, ':');
    snprintf(link, LINK_BYTES, "http://%s%.64s%s%s/?token=%.128s", brackets ? "[" : "", host,
             brackets ? "]" : "", strrchr(listen, ':'), token);
    return 0;
}

#ifdef AUDIOGENRL_QRENCODE
#include <qrencode.h>

/* Two rows of the code are one of text, light on dark as most terminals are: "upper half block"
 * and its like. The standard (ISO/IEC 18004) wants four light modules around. */
int link_draw(const char *text)
{
    static const char *const halves[] = {"\342\226\210", "\342\226\200", "\342\226\204", " "};
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (!code)
        return -1;
    int margin = 4;
    for (int y = -margin; y < code->width + margin; y += 2) {
        for (int x = -margin; x < code->width + margin; x++) {
            int dark = 0;
            for (int half = 0; half < 2; half++) {
                int row = y + half;
                bool inside = x >= 0 && x < code->width && row >= 0 && row < code->width;
                if (inside && code->data[row * code->width + x] & 1)
                    dark |= half == 0 ? 2 : 1;
            }
            fputs(halves[dark], stdout);
        }
        putchar('\n');
    }
    QRcode_free(code);
    return 0;
}
#else
int link_draw(const char *text)
{
    (void)text;
    return -1;
}
#endif
