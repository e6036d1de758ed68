/* An answer into the pixels of those who wait for it. */
#include "core/alloc.h"
#include "core/error.h"
#include "raster/rows.h"
#include "sources/earthengine/fetch.h"

#include <string.h>

static bool same_name(const dtake__npy_field *field, const char *name, const char *suffix)
{
    size_t len = strlen(name), more = strlen(suffix);
    return field->name_len == len + more && memcmp(field->name, name, len) == 0 &&
           memcmp(field->name + len, suffix, more) == 0;
}

/* The mask of band `band` comes behind the bands. */
size_t dtake__ee_mask_field(const dtake__ee_fetch *f, size_t band)
{
    size_t at = f->count;
    for (size_t i = 0; i < band; i++)
        at += f->masked[i];
    return at;
}

static dtake_status check_answer(const dtake__ee_fetch *f, dtake_window w, const dtake__npy *npy,
                                 dtake_error *err)
{
    size_t expected = dtake__ee_mask_field(f, f->count);
    if (npy->width != w.width || npy->height != w.height)
        return dtake__fail(err, DTAKE_E_FORMAT, "%lld x %lld pixels came where %lld x %lld were asked for",
                           (long long)npy->width, (long long)npy->height, (long long)w.width,
                           (long long)w.height);
    if (npy->field_count != expected)
        return dtake__fail(err, DTAKE_E_FORMAT, "%zu bands came where %zu were asked for", npy->field_count,
                           expected);
    for (size_t i = 0; i < f->count; i++)
        if (!same_name(&npy->field[i], f->names[i], "") ||
            (f->masked[i] && !same_name(&npy->field[dtake__ee_mask_field(f, i)], f->names[i], "_mask")))
            return dtake__fail(err, DTAKE_E_FORMAT, "band %zu came as '%.*s', not as '%.100s'", i + 1,
                               (int)(npy->field[i].name_len < 100 ? npy->field[i].name_len : 100),
                               npy->field[i].name, f->names[i]);
    return DTAKE_OK;
}

/* Row `row` of the tile into band `to` of the read's pixels. */
static bool put_row(const dtake__ee_fetch *f, const dtake__foreign_read *read, int32_t to,
                    const dtake__npy *npy, dtake_window w, int64_t row)
{
    const dtake_pixels *p = read->pixels;
    const dtake__ee_band *band = &dtake__ee_pixels_of(read)->band;
    int64_t at = (to * p->height + read->to_row + w.row - read->window.row + row) * p->width + read->to_col +
                 w.col - read->window.col;
    uint8_t *data = (uint8_t *)p->data + (size_t)at * dtake_type_bytes(p->type), *mask = p->mask;
    if (!dtake__npy_row(npy, read->band, row * w.width, w.width, p->type, data))
        return false;
    if (mask == NULL)
        return true;
    mask += at;
    if (band->has_nodata) {
        dtake__row_mask(mask, data, w.width, p->type, band->nodata);
        return true;
    }
    if (!dtake__npy_row(npy, dtake__ee_mask_field(f, read->band), row * w.width, w.width, DTAKE_U8, mask))
        return false;
    for (int64_t i = 0; i < w.width; i++)
        mask[i] = mask[i] != 0 ? 255 : 0;
    return true;
}

static dtake_status put_tile(const dtake__ee_fetch *f, const dtake__npy *npy, dtake_window w,
                             dtake_error *err)
{
    for (const dtake__foreign_read *read = f->reads; read != NULL; read = read->next)
        for (int32_t band = 0; band < read->pixels->bands; band++)
            for (int64_t row = 0; row < w.height; row++)
                if (!put_row(f, read, band, npy, w, row))
                    return dtake__fail(err, DTAKE_E_FORMAT, "band '%.100s' holds numbers that are no %s",
                                       f->names[read->band], dtake_type_name(read->pixels->type));
    return DTAKE_OK;
}

dtake_status dtake__ee_fetch_put(const dtake__ee_fetch *f, dtake_window window, const dtake_buf *body,
                                 dtake_error *err)
{
    dtake__npy *npy = dtake__alloc(sizeof *npy);
    if (npy == NULL)
        return dtake__fail_nomem(err, "a window");
    dtake_status st = dtake__npy_read(npy, body->data, body->len, err);
    if (st == DTAKE_OK)
        st = check_answer(f, window, npy, err);
    if (st == DTAKE_OK)
        st = put_tile(f, npy, window, err);
    dtake__free(npy);
    return st;
}
