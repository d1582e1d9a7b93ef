/* The maker of practice reports: `audiogenrl report`, in a process of its own and of the lowest
 * priority. */
#ifndef WEB_MAKER_H
#define WEB_MAKER_H

#include "base/error.h"

enum { MAKER_SECONDS = 120 }; /* that a report may take */

struct maker;

/* Starts `program report` on a recording, by the pieces of a folder; the page goes to `page`.
 * NULL: it cannot be started. */
struct maker *maker_start(const char *program, const char *pieces, const char *recording,
                          const char *page, struct error *error);

/* Readable when it has ended. */
int maker_descriptor(const struct maker *maker);

/* Ends it where it runs for too long. To be called now and then. */
void maker_tick(struct maker *maker);

/* Waits for its end, and frees. -1: it has failed; the error is what it said. */
int maker_end(struct maker *maker, struct error *error);

/* Ends it, and frees. NULL is fine. */
void maker_stop(struct maker *maker);

#endif
