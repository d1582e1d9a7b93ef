/* Messages by kind, on their way out (post), at the worker (work) and back (answer). */
#include "lv2/exchange.h"

#include <stdlib.h>
#include <string.h>

struct offer {
    struct snapshot *snapshot;
    struct offer *next;   /* in the list of the audio thread */
    struct offer *living; /* in the worker's list */
    size_t count;         /* of the last notes */
    struct correct_note note[FILTER_RECALL];
};

enum message_kind {
    WORK_STEP,
    WORK_REPLAY,
    WORK_FREE,
    ANSWER_BUILT, /* a snapshot, or none; `more` */
    ANSWER_READY, /* it has been told the last notes */
};

struct message {
    enum message_kind kind;
    bool more;
    struct offer *offer;
};

/* --- The worker --- */

/* Takes the snapshot. NULL: out of memory. */
static struct offer *make_offer(struct exchange *exchange, struct snapshot *snapshot)
{
    struct offer *offer = calloc(1, sizeof *offer);
    if (!offer) {
        snapshot_free(snapshot);
        return NULL;
    }
    offer->snapshot = snapshot;
    offer->living = exchange->living;
    exchange->living = offer;
    return offer;
}

static void free_offer(struct exchange *exchange, struct offer *offer)
{
    struct offer **at = &exchange->living;
    while (*at && *at != offer)
        at = &(*at)->living;
    if (!*at)
        return;
    *at = offer->living;
    snapshot_free(offer->snapshot);
    free(offer);
}

/* The new corrector finds the player before it takes over. */
static void replay(struct offer *offer)
{
    struct corrector *corrector = snapshot_corrector(offer->snapshot);
    for (size_t i = 0; i < offer->count; i++)
        corrector_release(corrector, corrector_note(corrector, &offer->note[i]));
}

static void respond_with(struct exchange *exchange, LV2_Worker_Respond_Function respond,
                         LV2_Worker_Respond_Handle handle, const struct message *message)
{
    if (respond(handle, sizeof *message, message) == LV2_WORKER_SUCCESS)
        return;
    if (message->offer) {
        free_offer(exchange, message->offer);
        library_again(exchange->library);
    }
    atomic_store_explicit(&exchange->retry, true, memory_order_release);
}

LV2_Worker_Status exchange_work(struct exchange *exchange, LV2_Worker_Respond_Function respond,
                                LV2_Worker_Respond_Handle handle, uint32_t size, const void *data)
{
    struct message message;
    if (size != sizeof message)
        return LV2_WORKER_ERR_UNKNOWN;
    memcpy(&message, data, sizeof message);
    if (message.kind == WORK_STEP) {
        struct snapshot *snapshot = NULL;
        struct message answer = {.kind = ANSWER_BUILT};
        answer.more = library_step(exchange->library, &snapshot);
        answer.offer = snapshot ? make_offer(exchange, snapshot) : NULL;
        respond_with(exchange, respond, handle, &answer);
    } else if (message.kind == WORK_REPLAY) {
        replay(message.offer);
        message.kind = ANSWER_READY;
        respond_with(exchange, respond, handle, &message);
    } else if (message.kind == WORK_FREE) {
        free_offer(exchange, message.offer);
    }
    return LV2_WORKER_SUCCESS;
}

/* --- The audio thread --- */

static bool schedule(struct exchange *exchange, enum message_kind kind, struct offer *offer)
{
    const struct message message = {.kind = kind, .offer = offer};
    return exchange->schedule &&
           exchange->schedule->schedule_work(exchange->schedule->handle, sizeof message,
                                             &message) == LV2_WORKER_SUCCESS;
}

static void throw_away(struct exchange *exchange, struct offer *offer)
{
    if (!offer)
        return;
    offer->next = exchange->to_free;
    exchange->to_free = offer;
}

/* The answer may come within the call: what is sent is taken off first. */
static bool post_free(struct exchange *exchange)
{
    struct offer *offer = exchange->to_free;
    if (!offer)
        return false;
    exchange->to_free = offer->next;
    if (schedule(exchange, WORK_FREE, offer))
        return true;
    throw_away(exchange, offer);
    return false;
}

static bool post_replay(struct exchange *exchange)
{
    struct offer *offer = exchange->to_replay;
    if (!offer)
        return false;
    exchange->to_replay = NULL;
    offer->count = filter_recall(exchange->filter, offer->note, FILTER_RECALL);
    if (schedule(exchange, WORK_REPLAY, offer))
        return true;
    exchange->to_replay = offer;
    return false;
}

static bool post_step(struct exchange *exchange)
{
    if (exchange->unasked && library_ask(exchange->library, &exchange->paths)) {
        exchange->unasked = false;
        exchange->more = true;
    }
    if (atomic_exchange_explicit(&exchange->retry, false, memory_order_acquire))
        exchange->more = true;
    if (!exchange->more)
        return false;
    exchange->more = false;
    if (schedule(exchange, WORK_STEP, NULL))
        return true;
    exchange->more = true;
    return false;
}

void exchange_post(struct exchange *exchange)
{
    while (post_free(exchange) || post_replay(exchange) || post_step(exchange))
        ;
}

/* The offer whose corrector the filter had; NULL: none. */
static struct offer *take_over(struct exchange *exchange, struct offer *offer)
{
    struct offer *before = exchange->current;
    filter_set_corrector(exchange->filter, snapshot_corrector(offer->snapshot));
    exchange->current = offer;
    return before;
}

LV2_Worker_Status exchange_answer(struct exchange *exchange, uint32_t size, const void *data)
{
    struct message message;
    struct correct_note note;
    if (size != sizeof message)
        return LV2_WORKER_ERR_UNKNOWN;
    memcpy(&message, data, sizeof message);
    if (message.kind == ANSWER_BUILT)
        exchange->more |= message.more;
    if (!message.offer)
        return LV2_WORKER_SUCCESS;
    if (message.kind == ANSWER_READY || filter_recall(exchange->filter, &note, 1) == 0) {
        throw_away(exchange, take_over(exchange, message.offer));
    } else {
        throw_away(exchange, exchange->to_replay);
        exchange->to_replay = message.offer;
    }
    return LV2_WORKER_SUCCESS;
}

/* --- Start and end --- */

/* All steps of the library, one after the other; the newest snapshot. */
static struct snapshot *take_all_steps(struct library *library)
{
    struct snapshot *snapshot = NULL;
    for (bool more = true; more;) {
        struct snapshot *newer = NULL;
        more = library_step(library, &newer);
        if (newer) {
            snapshot_free(snapshot);
            snapshot = newer;
        }
    }
    return snapshot;
}

static void load(struct exchange *exchange, const struct library_paths *paths)
{
    library_choose(exchange->library, paths);
    struct snapshot *snapshot = take_all_steps(exchange->library);
    struct offer *offer = snapshot ? make_offer(exchange, snapshot) : NULL;
    struct offer *before = offer ? take_over(exchange, offer) : NULL;
    if (before)
        free_offer(exchange, before);
}

void exchange_start(struct exchange *exchange)
{
    load(exchange, &exchange->paths);
}

void exchange_restore(struct exchange *exchange, const struct library_paths *paths)
{
    exchange->paths = *paths;
    exchange->unasked = false;
    if (exchange->schedule) {
        library_choose(exchange->library, paths);
        exchange->more = true;
    } else {
        load(exchange, paths);
    }
}

void exchange_close(struct exchange *exchange)
{
    while (exchange->living)
        free_offer(exchange, exchange->living);
}
