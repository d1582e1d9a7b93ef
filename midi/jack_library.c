/* Loaded once and never unloaded: threads of its own may outlive a client. */
#include "midi/jack_library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#define FILE_NAME "libjack.so.0"

static void be_silent(const char *text)
{
    (void)text;
}

const struct jack_library *jack_library(struct error *error)
{
    static struct jack_library library;
    static bool loaded;
    if (loaded)
        return &library;
    void *handle = dlopen(FILE_NAME, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        error_set(error, "JACK: %s is not installed: install jackd2, or pipewire-jack", FILE_NAME);
        return NULL;
    }
    const struct {
        const char *name;
        void *to;
    } functions[] = {
#define JACK_ENTRY(function) {"jack_" #function, (void *)&library.function},
        JACK_FUNCTIONS(JACK_ENTRY)
#undef JACK_ENTRY
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *symbol = dlsym(handle, functions[i].name);
        if (!symbol) {
            error_set(error, "JACK: %s has no %s", FILE_NAME, functions[i].name);
            dlclose(handle);
            return NULL;
        }
        *(void **)functions[i].to = symbol;
    }
    /* What goes wrong is told in better words here. */
    library.set_error_function(be_silent);
    library.set_info_function(be_silent);
    loaded = true;
    return &library;
}
