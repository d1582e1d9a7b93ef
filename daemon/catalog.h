/* The catalog: the files of a folder, and the models that stand for them.
 *
 * Files are kept in the order of their names, the style model before them, so that
 * what is heard depends on what is in the folder and not on how it came there. A
 * model file, and a piece that the cache knows, are there at once; other pieces
 * are learned one by one. A file is looked at anew when it has changed, and when
 * it cannot be used one sentence in the log says why, once for each change. One
 * thread. */
#ifndef DAEMON_CATALOG_H
#define DAEMON_CATALOG_H

#include "base/task.h"
#include "daemon/cache.h"
#include "daemon/snapshot.h"

#include <jansson.h>

struct catalog;

enum {
    CATALOG_DESCRIBED = 128 * 1024, /* bytes, about */
    CATALOG_PACE = 2, /* seconds between two snapshots at least, while there is more to learn */
};

/* Borrows the cache. NULL: out of memory. */
struct catalog *catalog_open(struct cache *cache, struct error *error);
void catalog_close(struct catalog *catalog);

/* Looks through the folder (not those below it) and at the style model; either may
 * be NULL, and the folder may be a single file. `again`: also at files that could not be used and
 * have not changed. Whether the models are others than before. Ends early when `task` says so. */
bool catalog_look(struct catalog *catalog, const char *folder, const char *style, bool again,
                  const struct task *task);

/* Whether files could not be looked at for want of memory or descriptors; what was
 * known of them stays until they can. */
bool catalog_is_unsure(const struct catalog *catalog);

/* Whether there is a piece to learn. */
bool catalog_wants(const struct catalog *catalog);

/* Whether there is nothing more to learn or to look at. */
bool catalog_is_complete(const struct catalog *catalog);

/* Learns the one of them that changed least often, the first by name of several.
 * Ends early when `task` says so. Whether the models are others than before. */
bool catalog_learn(struct catalog *catalog, const struct task *task);

/* Whether the file being learned is no longer the one that was looked at; it is
 * then looked at anew. For use by the task. */
bool catalog_is_stale(const struct catalog *catalog);

/* Whether a file of this name, without its folder, can be used now. */
bool catalog_has(const struct catalog *catalog, const char *name);

/* Of all that can be used; where `only` is the name of a file that can be, of that file and
 * the style model alone. `only` may be NULL. The caller's. NULL: out of memory. */
struct snapshot *catalog_snapshot(const struct catalog *catalog, const char *only,
                                  struct error *error);

/* The files in order of name, a new reference:
 *     [{"file": "a.mid", "state": "ready", "names": ["A"], "from": "takes", "takes": 3,
 *       "notes": 410, "bars": 32, "doubt": 0.004, "doubtful": 2},
 *      {"file": "b.mid", "state": "learning"},
 *      {"file": "c.mid", "state": "unusable", "why": "a sentence"}]
 * where from is of load/folder.h, doubt the mean of the notes', doubtful those in doubt
 * (piece/score.h); as many of them as CATALOG_DESCRIBED bytes hold. NULL: out of memory. */
json_t *catalog_describe(const struct catalog *catalog);

/* The models, the catalog's, in an array that is the caller's, [*count]; valid until the next call
 * of the above. NULL: out of memory. */
const struct model **catalog_models(const struct catalog *catalog, size_t *count);

#endif
