/* What was learned of pieces, kept over restarts: a folder of model files, each named
 * by the bytes it was learned from and the program that learned it. Another piece
 * or another program finds nothing there, and learns. What is damaged is thrown
 * away without a word. No state of training is kept.
 *
 * A cache without a folder keeps nothing. Of what is kept, what was not used for
 * longest goes when there is too much. One thread. */
#ifndef DAEMON_CACHE_H
#define DAEMON_CACHE_H

#include "base/sha256.h"
#include "piece/model.h"

struct cache;

struct cache_key {
    unsigned char digest[SHA256_BYTES];
    uint32_t checksum; /* CRC-32 of the piece's bytes */
};

/* Made with the folders above it, if need be. NULL folder: keeps nothing. NULL: out of memory. */
struct cache *cache_open(const char *folder, struct error *error);
void cache_close(struct cache *cache);

/* The folder that the environment names: the one of systemd, else of the system for
 * root, else of the user. `room` holds it; NULL: there is none. */
const char *cache_folder(char *room, size_t size);

/* The key of a piece whose bytes these are. */
struct cache_key cache_key(const struct cache *cache, const void *bytes, size_t length);

/* The caller's; NULL: nothing is kept for the key. */
struct model *cache_get(struct cache *cache, const struct cache_key *key);

/* Keeps a model without its state of training. -1: it cannot be kept. */
int cache_put(struct cache *cache, const struct cache_key *key, const struct model *model,
              struct error *error);

/* Throws away what was not used for longest, until at most this much is kept. */
void cache_trim(struct cache *cache, size_t most_files, size_t most_bytes);

#endif
