#include "access/versions.h"

#include "access/image.h"

#include "core/error.h"
#include "io/loop.h"

#include <string.h>

typedef struct question {
    dtake__object *object;
    dtake__latch *latch;
    size_t source;
    dtake_status status;
    dtake__version now;
    dtake_error err;
} question;

static void on_byte(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    question *q = ctx;
    (void)bytes;
    q->status = status == DTAKE_E_RANGE ? DTAKE_OK : status;
    q->now = dtake__version_of_probe(q->object, status);
    if (q->status != DTAKE_OK)
        dtake__error_copy(&q->err, err);
    dtake__latch_open(q->latch);
}

static dtake_status ask(dtake_runtime *runtime, question *q, const char *href, dtake_error *err)
{
    dtake__object_read read = { .first = 0, .count = 1, .is_header = true };
    if (dtake__version_of_foreign(href, &q->now))
        return DTAKE_OK;
    dtake_status st = dtake__object_new(&q->object, runtime, href, NULL, err);
    if (st != DTAKE_OK)
        return st;
    q->latch = dtake__latch_new();
    if (q->latch == NULL)
        return dtake__fail_nomem(err, "versions");
    st = dtake__object_read_start(q->object, &read, NULL, err, on_byte, q);
    if (st != DTAKE_OK) {
        dtake__latch_free(q->latch);
        q->latch = NULL;
    }
    return st;
}

static bool asked_before(const json_t *receipt, size_t source)
{
    for (size_t i = 0; i < source; i++)
        if (strcmp(dtake__receipt_href(receipt, i), dtake__receipt_href(receipt, source)) == 0)
            return true;
    return false;
}

dtake_status dtake__versions_check(dtake_runtime *runtime, const json_t *receipt, dtake_error *err)
{
    question asked[DTAKE__MAX_SOURCES] = { 0 };
    dtake_status st = dtake__runtime_usable(runtime, true, err);
    size_t count = 0;
    for (size_t i = 0; st == DTAKE_OK && i < dtake__receipt_sources(receipt); i++)
        if (!asked_before(receipt, i)) {
            asked[count].source = i;
            st = ask(runtime, &asked[count++], dtake__receipt_href(receipt, i), err);
        }
    for (size_t i = 0; i < count; i++) {
        question *q = &asked[i];
        if (q->latch != NULL)
            dtake__latch_wait(q->latch, -1);
        if (q->latch != NULL && st == DTAKE_OK && q->status != DTAKE_OK) {
            st = q->status;
            dtake__error_copy(err, &q->err);
        }
        if (q->latch != NULL && st == DTAKE_OK)
            st = dtake__receipt_check_source(receipt, q->source, &q->now, err);
        dtake__latch_free(q->latch);
        dtake__object_free(q->object);
    }
    return st;
}
