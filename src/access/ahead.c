#include "access/ahead.h"

static const size_t MAX_DOCUMENT_BYTES = (size_t)64 << 20;
static const size_t MAX_WAITING_BYTES = (size_t)64
                                        << 20; /* beyond it only the document at turn is asked for */

static dtake__document *document_of(dtake__ahead *ahead, size_t index)
{
    return &ahead->document[index % DTAKE__AHEAD_DOCUMENTS];
}

static void forget(dtake__document *document)
{
    dtake__buf_dispose(&document->bytes);
    *document = (dtake__document){ .ahead = document->ahead };
}

static void on_document(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    dtake__document *document = ctx;
    dtake__ahead *ahead = document->ahead;
    document->op = NULL;
    document->arrived = true;
    document->status = status;
    if (status == DTAKE_OK)
        dtake__buf_move(&document->bytes, bytes);
    else if (err != NULL)
        document->err = *err;
    ahead->waiting_bytes += document->bytes.len;
    ahead->flying--;
    if (ahead->stopping) {
        if (ahead->flying == 0)
            ahead->idle(ahead);
    } else if (document == document_of(ahead, ahead->turn)) {
        ahead->arrived(ahead);
    }
}

static void ask(dtake__ahead *ahead, size_t index)
{
    dtake__document *document = document_of(ahead, index);
    document->ahead = ahead;
    if (!ahead->wanted(ahead->href[index]))
        return;
    document->asked = true;
    document->status =
        dtake__object_slurp_start(ahead->runtime, ahead->href[index], MAX_DOCUMENT_BYTES, ahead->tally,
                                  &document->op, &document->err, on_document, document);
    if (document->status == DTAKE_OK)
        ahead->flying++;
    else
        document->arrived = true;
}

void dtake__ahead_pump(dtake__ahead *ahead)
{
    while (!ahead->stopping && ahead->next < ahead->count &&
           ahead->next < ahead->turn + DTAKE__AHEAD_DOCUMENTS &&
           (ahead->next == ahead->turn || ahead->waiting_bytes < MAX_WAITING_BYTES))
        ask(ahead, ahead->next++);
}

dtake__document *dtake__ahead_at_turn(dtake__ahead *ahead)
{
    dtake__document *document = document_of(ahead, ahead->turn);
    return document->arrived || !document->asked ? document : NULL;
}

void dtake__ahead_advance(dtake__ahead *ahead)
{
    dtake__document *document = document_of(ahead, ahead->turn++);
    ahead->waiting_bytes -= document->bytes.len;
    forget(document);
}

void dtake__ahead_cancel(dtake__ahead *ahead)
{
    for (size_t i = 0; i < DTAKE__AHEAD_DOCUMENTS; i++)
        if (ahead->document[i].op != NULL)
            dtake__object_cancel(ahead->document[i].op);
}

bool dtake__ahead_stop(dtake__ahead *ahead)
{
    ahead->stopping = true;
    dtake__ahead_cancel(ahead);
    return ahead->flying == 0;
}

void dtake__ahead_dispose(dtake__ahead *ahead)
{
    for (size_t i = 0; i < DTAKE__AHEAD_DOCUMENTS; i++)
        dtake__buf_dispose(&ahead->document[i].bytes);
}
