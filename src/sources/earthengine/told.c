#include "sources/earthengine/remote.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "sources/earthengine/answer.h"

#include <stdio.h>
#include <string.h>

enum { TOLD_MS = 60 * 1000, TOLD_MOST = 200, SAMPLE = 8, MAX_QUESTION = 16 << 20 };

/* --- kept --- */

void dtake__ee_told_release(dtake__ee_told *told)
{
    if (told == NULL || atomic_fetch_sub(&told->refs, 1) > 1)
        return;
    dtake_schema_release(told->schema);
    dtake__free(told->dataset);
    dtake__free(told);
}

dtake__ee_told *dtake__ee_told_find(dtake__ee *ee, const char *dataset)
{
    int64_t since = dtake__now_ms() - TOLD_MS;
    for (dtake__ee_told *told = ee->told; told != NULL; told = told->next)
        if (told->told_ms >= since && strcmp(told->dataset, dataset) == 0) {
            atomic_fetch_add(&told->refs, 1);
            return told;
        }
    return NULL;
}

/* In place of what was told by that name. */
static void keep(dtake__ee *ee, dtake__ee_told *told)
{
    int kept = 0;
    for (dtake__ee_told **at = &ee->told; *at != NULL;) {
        dtake__ee_told *one = *at;
        if (strcmp(one->dataset, told->dataset) != 0 && ++kept < TOLD_MOST) {
            at = &one->next;
        } else {
            *at = one->next;
            dtake__ee_told_release(one);
        }
    }
    atomic_fetch_add(&told->refs, 1);
    told->next = ee->told;
    ee->told = told;
}

/* --- asked --- */

static dtake_status read_told(dtake__ee_told *told, const dtake__ee_asking *a, dtake_error *err)
{
    const dtake__ee_origin from = { a->ee->shown, told->dataset };
    dtake__ee_images images;
    dtake__span result;
    dtake_status st = dtake__ee_answer_result(&a->call.body, &result, err);
    if (st == DTAKE_OK)
        st = dtake__ee_images_read(&images, result, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__ee_schema_make(&from, &images, &told->schema, &told->names.cloud, err);
    told->names.schema = told->schema;
    snprintf(told->title, sizeof told->title, "%s", images.title[0] != '\0' ? images.title : told->dataset);
    dtake__ee_images_dispose(&images);
    return st;
}

static dtake_status take_answer(dtake__ee_asking *a, dtake_error *err)
{
    dtake__ee_told *told = dtake__calloc(1, sizeof *told);
    if (told == NULL)
        return dtake__fail_nomem(err, "a dataset");
    told->refs = 1;
    told->dataset = a->dataset;
    a->dataset = NULL;
    told->told_ms = dtake__now_ms();
    dtake_status st = read_told(told, a, err);
    if (st != DTAKE_OK) {
        dtake__ee_told_release(told);
        return st;
    }
    keep(a->ee, told);
    a->told = told;
    return DTAKE_OK;
}

static void answered(dtake__ee_call *call)
{
    dtake__ee_asking *a = DTAKE__CONTAINER(call, dtake__ee_asking, call);
    a->status = call->status;
    if (call->status == DTAKE_OK)
        a->status = take_answer(a, &a->err);
    else
        dtake__error_copy(&a->err, &call->err);
    if (dtake__ee_says_missing(&a->err))
        a->status = a->err.status = DTAKE_E_NOT_FOUND;
    dtake__buf_dispose(&call->body);
    dtake__free(a->dataset);
    a->dataset = NULL;
    a->ee = NULL;
    a->done(a);
}

dtake_status dtake__ee_asking_start(dtake__ee_asking *asking, dtake__ee *ee, const char *dataset)
{
    dtake_buf question = DTAKE_BUF_INIT(MAX_QUESTION);
    void (*done)(dtake__ee_asking *) = asking->done;
    *asking = (dtake__ee_asking){ .done = done, .ee = ee };
    asking->call.done = answered;
    asking->dataset = dtake__strdup(dataset);
    dtake_status st = asking->dataset != NULL ? DTAKE_OK : dtake__fail_nomem(&asking->err, "a question");
    if (st == DTAKE_OK)
        st = dtake__ee_ask_sample(dataset, SAMPLE, &question, &asking->err);
    if (st == DTAKE_OK && (st = dtake__ee_compute(&asking->call, ee, &question)) != DTAKE_OK)
        dtake__error_copy(&asking->err, &asking->call.err);
    dtake__buf_dispose(&question);
    if (st != DTAKE_OK) {
        dtake__free(asking->dataset);
        asking->dataset = NULL;
        asking->ee = NULL;
    }
    return st;
}

void dtake__ee_asking_cancel(dtake__ee_asking *asking)
{
    if (asking->ee != NULL)
        dtake__ee_call_cancel(&asking->call);
}
