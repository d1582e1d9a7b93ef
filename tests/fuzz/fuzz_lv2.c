/* Any bytes as the events that a host hands to the plugin, in blocks: nothing is read beyond
 * them, and what is written stays within the room that the host gives.
 *
 * The first byte is the room for what is sent, in units of 16 bytes; then, for each block, a byte
 * of how many words of 8 bytes its sequence has, and the words. */
#include "lv2/plugin.h"

#include "target.h"

#include <lv2/atom/atom.h>
#include <lv2/urid/urid.h>
#include <stdlib.h>
#include <string.h>

enum { URIDS = 64, WORDS = 255, BLOCKS = 64, PORTS = 8 };

static char *urid[URIDS];

static LV2_URID map_uri(LV2_URID_Map_Handle handle, const char *uri)
{
    (void)handle;
    LV2_URID i = 0;
    for (; i < URIDS - 1 && urid[i]; i++)
        if (strcmp(urid[i], uri) == 0)
            return i + 1;
    urid[i] = strdup(uri);
    return i + 1;
}

static LV2_Handle open_plugin(const LV2_Descriptor *descriptor)
{
    static LV2_URID_Map map = {NULL, map_uri};
    static const LV2_Feature feature = {LV2_URID__map, &map};
    static const LV2_Feature *const features[] = {&feature, NULL};
    static float control[PORTS] = {[2] = 1, [4] = 2, [5] = 1};
    setenv("CACHE_DIRECTORY", "/nonexistent", 1);
    LV2_Handle plugin = descriptor->instantiate(descriptor, 48000, "/nonexistent", features);
    for (uint32_t port = 2; plugin && port < PORTS; port++)
        descriptor->connect_port(plugin, port, &control[port]);
    return plugin;
}

/* A block of exactly as many bytes as it has, so that a step beyond is seen. */
static void run_block(const LV2_Descriptor *descriptor, LV2_Handle plugin, const uint8_t *bytes,
                      size_t words, uint32_t room)
{
    LV2_Atom_Sequence *in = malloc(sizeof *in + 8 * words);
    LV2_Atom_Sequence *out = malloc(sizeof *out + room);
    if (!in || !out)
        abort();
    *in = (LV2_Atom_Sequence){.atom = {.size = (uint32_t)(sizeof in->body + 8 * words), .type = 1}};
    memcpy(in + 1, bytes, 8 * words);
    out->atom.size = (uint32_t)sizeof out->body + room;
    descriptor->connect_port(plugin, 0, in);
    descriptor->connect_port(plugin, 1, out);
    descriptor->run(plugin, 64);
    if (out->atom.size > sizeof out->body + room)
        abort();
    free(in);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const LV2_Descriptor *descriptor;
    static LV2_Handle plugin;
    if (!plugin) {
        descriptor = plugin_descriptor();
        plugin = open_plugin(descriptor);
    }
    if (!plugin || size == 0)
        return 0;
    uint32_t room = 16U * data[0];
    size_t at = 1;
    for (int block = 0; block < BLOCKS && at < size; block++) {
        size_t words = data[at++];
        if (words > (size - at) / 8)
            words = (size - at) / 8;
        run_block(descriptor, plugin, data + at, words, room);
        at += 8 * words;
    }
    descriptor->deactivate(plugin);
    return 0;
}
