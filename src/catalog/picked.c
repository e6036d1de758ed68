#include "catalog/picked.h"

#include "core/alloc.h"
#include "core/error.h"

void dtake__picked_dispose(dtake__picked *picked)
{
    for (size_t i = 0; i < picked->batch_count; i++)
        dtake_batch_release(picked->batches[i]);
    dtake__free(picked->batches);
    dtake__free(picked->picks);
    *picked = (dtake__picked){ 0 };
}

void dtake__picked_move(dtake__picked *to, dtake__picked *from)
{
    *to = *from;
    *from = (dtake__picked){ 0 };
}

/* Where the rows lie that are counted through all batches. */
static dtake_status list_rows(dtake_batch *const *batches, size_t count, dtake__pick **out)
{
    int64_t rows = 0, at = 0;
    for (size_t b = 0; b < count; b++)
        rows += dtake_batch_rows(batches[b]);
    *out = dtake__alloc(((size_t)rows + 1) * sizeof **out);
    if (*out == NULL)
        return DTAKE_E_NOMEM;
    for (size_t b = 0; b < count; b++)
        for (int64_t i = 0; i < dtake_batch_rows(batches[b]); i++)
            (*out)[at++] = (dtake__pick){ (uint32_t)b, (int32_t)i };
    return DTAKE_OK;
}

dtake_status dtake__picked_make(dtake__picked *out, dtake_batch *const *batches, size_t batch_count,
                                const int32_t *order, int64_t rows, dtake_error *err)
{
    dtake__pick *all = NULL;
    *out = (dtake__picked){ .rows = rows };
    out->batches = dtake__alloc((batch_count + 1) * sizeof *out->batches);
    dtake_status st = out->batches != NULL ? list_rows(batches, batch_count, &all) : DTAKE_E_NOMEM;
    if (st == DTAKE_OK && order == NULL) {
        out->picks = all;
        all = NULL;
    } else if (st == DTAKE_OK) {
        out->picks = dtake__alloc(((size_t)rows + 1) * sizeof *out->picks);
        st = out->picks != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
        for (int64_t i = 0; st == DTAKE_OK && i < rows; i++)
            out->picks[i] = all[order[i]];
    }
    dtake__free(all);
    for (; st == DTAKE_OK && out->batch_count < batch_count; out->batch_count++)
        out->batches[out->batch_count] = dtake_batch_retain(batches[out->batch_count]);
    if (st == DTAKE_OK)
        return DTAKE_OK;
    dtake__picked_dispose(out);
    return dtake__fail_nomem(err, "pick rows");
}

/* One batch of which all rows are wanted as they lie. */
static bool is_whole(const dtake__picked *p)
{
    if (p->batch_count != 1 || dtake_batch_rows(p->batches[0]) != p->rows)
        return false;
    for (int64_t i = 0; i < p->rows; i++)
        if (p->picks[i].row != i)
            return false;
    return true;
}

dtake_status dtake__picked_gather(const dtake__picked *picked, dtake_batch **out, dtake_error *err)
{
    if (is_whole(picked)) {
        *out = dtake_batch_retain(picked->batches[0]);
        return DTAKE_OK;
    }
    return dtake__batch_gather(out, (const dtake_batch *const *)picked->batches, picked->batch_count,
                               picked->picks, picked->rows, err);
}
