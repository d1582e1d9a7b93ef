/* The exchange: how a corrector that the library has built comes to the filter, by the
 * host's worker.
 *
 * The audio thread asks the worker for a step of work; the answer is an offer, a snapshot of a
 * corrector. Where notes were played already, the offer goes back once to be told
 * them, so that the new corrector knows where the player is; then it takes over, and the
 * one before goes to the worker to be freed. A message is a few bytes: a number and
 * a pointer.
 *
 * A host may carry work out at once, within the call that asks for it. */
#ifndef LV2_EXCHANGE_H
#define LV2_EXCHANGE_H

#include "filter/filter.h"
#include "lv2/library.h"

#include <lv2/worker/worker.h>
#include <stdatomic.h>

struct offer;

struct exchange {
    struct library *library;
    struct filter *filter;
    const LV2_Worker_Schedule *schedule; /* NULL: the host has no worker */

    /* The audio thread's. */
    struct library_paths paths; /* as the host has set them last */
    bool unasked;               /* the library was not told of them yet */
    bool more;                  /* there is a step to be asked for */
    struct offer *current;      /* whose corrector the filter has */
    struct offer *to_replay;    /* to be told the last notes */
    struct offer *to_free;      /* a list */

    atomic_bool retry; /* an answer was lost: ask for a step again */

    struct offer *living; /* the worker's: all that are not freed */
};

/* Builds the first corrector, of the paths, before anybody else uses the exchange. */
void exchange_start(struct exchange *exchange);

/* Other paths, while the audio thread does not run: by the worker, if there is one; else all
 * is read and learned before the call returns. */
void exchange_restore(struct exchange *exchange, const struct library_paths *paths);

/* Frees what offers there are. No other thread uses the exchange any more. */
void exchange_close(struct exchange *exchange);

/* Audio thread: sends what messages there are, as far as the host takes them. Once a
 * block, and where something is to be asked at once. */
void exchange_post(struct exchange *exchange);

/* The worker. */
LV2_Worker_Status exchange_work(struct exchange *exchange, LV2_Worker_Respond_Function respond,
                                LV2_Worker_Respond_Handle handle, uint32_t size, const void *data);

/* Audio thread: an answer of the worker. */
LV2_Worker_Status exchange_answer(struct exchange *exchange, uint32_t size, const void *data);

#endif
