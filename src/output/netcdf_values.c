/* Columns as arrays of one shape: lists as long as the longest, texts as wide as the widest. */
#include "output/netcdf_file.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "table/column.h"
#include "table/value.h"

#include <datatake/id.h>

#include <math.h>

enum { STAGE_BYTES = 4 << 20 };

/* --- what is written as text, and how wide --- */

static dtake_status make_texts(const dtake__netcdf_file *file, size_t index, const dtake_column *column,
                               dtake_column *out, dtake__arena *arena)
{
    int32_t *offsets = dtake__arena_alloc(arena, (size_t)(column->rows + 1) * sizeof *offsets);
    dtake_buf text = DTAKE_BUF_INIT(DTAKE__COLUMN_MAX_BYTES);
    dtake_status st = offsets ? DTAKE_OK : DTAKE_E_NOMEM;
    if (offsets)
        offsets[0] = 0;
    for (int64_t i = 0; i < column->rows && st == DTAKE_OK; i++) {
        st = dtake__value_text(file->schema, index, column, i, &text);
        offsets[i + 1] = (int32_t)text.len;
    }
    void *bytes = st == DTAKE_OK ? dtake__arena_alloc(arena, text.len) : NULL;
    if (bytes && text.len > 0)
        memcpy(bytes, text.data, text.len);
    *out = (dtake_column){ .rows = column->rows, .offsets = offsets, .values = bytes };
    dtake__buf_dispose(&text);
    return st == DTAKE_OK && !bytes ? DTAKE_E_NOMEM : st;
}

static size_t longest_of(const int32_t *offsets, int64_t rows, size_t least)
{
    size_t most = least;
    for (int64_t i = 0; i < rows; i++)
        if ((size_t)(offsets[i + 1] - offsets[i]) > most)
            most = (size_t)(offsets[i + 1] - offsets[i]);
    return most;
}

static dtake_status measure_column(dtake__netcdf_file *file, size_t index, const dtake_batch *batch,
                                   dtake__netcdf_waiting *out)
{
    dtake__netcdf_var *var = &file->vars[index];
    const dtake_column *column = dtake_batch_column(batch, index);
    const dtake_column *values = column->items ? column->items : column;
    if (column->items)
        var->longest = longest_of(column->offsets, column->rows, var->longest);
    if (!var->text || var->field->type == DTAKE_FIELD_UUID)
        return DTAKE_OK;
    if (var->as_text) {
        /* the list, or the values themselves, with texts in place of the values */
        dtake_column *made = &out->texts[index], *items = &out->texts[file->count + index];
        dtake_status st = make_texts(file, index, values, column->items ? items : made, &out->arena);
        if (st != DTAKE_OK)
            return st;
        if (column->items) {
            *made = *column;
            made->items = items;
        } else {
            made->validity = column->validity;
        }
        values = column->items ? items : made;
    }
    var->widest = longest_of(values->offsets, values->rows, var->widest);
    return DTAKE_OK;
}

dtake_status dtake__netcdf_measure(dtake__netcdf_file *file, const dtake_batch *batch,
                                   dtake__netcdf_waiting *out, dtake_error *err)
{
    *out = (dtake__netcdf_waiting){ .batch = dtake_batch_retain(batch),
                                    .texts = dtake__calloc(2 * file->count, sizeof *out->texts) };
    dtake_status st = out->texts ? DTAKE_OK : DTAKE_E_NOMEM;
    for (size_t i = 0; i < file->count && st == DTAKE_OK; i++) {
        st = measure_column(file, i, batch, out);
        if (st != DTAKE_OK)
            dtake__fail(err, st, "write %s: field %s: %s", file->path, file->vars[i].field->name,
                        st == DTAKE_E_FORMAT ? "a geometry is not WKB" : dtake_status_text(st));
    }
    if (!out->texts)
        dtake__fail_nomem(err, "write NetCDF");
    if (st != DTAKE_OK)
        dtake__netcdf_forget(out);
    return st;
}

void dtake__netcdf_forget(dtake__netcdf_waiting *batch)
{
    dtake_batch_release(batch->batch);
    dtake__arena_dispose(&batch->arena);
    dtake__free(batch->texts);
    *batch = (dtake__netcdf_waiting){ 0 };
}

/* --- values into the array --- */

static void put_number(const dtake__netcdf_var *var, const dtake_column *column, int64_t row, uint8_t *to)
{
    bool there = dtake__has_value(column, row);
    switch (var->field->type) {
    case DTAKE_FIELD_BOOL:
        *to = there && dtake__get_bool(column, row);
        break;
    case DTAKE_FIELD_ENUM: {
        int32_t value = there ? dtake__get_enum(column, row) : 0;
        if (var->type == NC_UBYTE)
            *to = (uint8_t)value;
        else
            memcpy(to, &value, sizeof value);
        break;
    }
    case DTAKE_FIELD_FLOAT64: {
        double value = there ? dtake__get_f64(column, row) : NAN;
        memcpy(to, &value, sizeof value);
        break;
    }
    default: {
        bool time = var->field->type == DTAKE_FIELD_TIMESTAMP || var->field->type == DTAKE_FIELD_DURATION;
        int64_t value = there ? dtake__get_i64(column, row) : time ? INT64_MIN /* NaT */ : 0;
        memcpy(to, &value, sizeof value);
    }
    }
}

static void put_text(const dtake__netcdf_var *var, const dtake_column *column, int64_t row, uint8_t *to)
{
    size_t len = 0, width = var->widest;
    const char *text = NULL;
    char uuid[DTAKE_ID_TEXT];
    if (!dtake__has_value(column, row)) {
        /* nothing but zeros */
    } else if (var->field->type == DTAKE_FIELD_UUID) {
        dtake_id id;
        memcpy(id.bytes, dtake__get_uuid(column, row), sizeof id.bytes);
        dtake_id_format(id, uuid);
        text = uuid;
        len = DTAKE__NETCDF_UUID_CHARS;
    } else {
        text = dtake__get_bytes(column, row, &len);
    }
    if (len > 0)
        memcpy(to, text, len);
    memset(to + len, 0, width - len);
}

/* The value that a list has behind its end. */
static void put_padding(const dtake__netcdf_var *var, size_t count, uint8_t *to)
{
    static const double missing = NAN;
    static const int64_t no_time = INT64_MIN;
    size_t bytes = var->item_bytes * (var->text ? var->widest : 1);
    bool time = var->field->type == DTAKE_FIELD_TIMESTAMP || var->field->type == DTAKE_FIELD_DURATION;
    if (var->type != NC_DOUBLE && !time)
        memset(to, 0, count * bytes);
    for (size_t i = 0; (var->type == NC_DOUBLE || time) && i < count; i++)
        memcpy(to + i * bytes, time ? (const void *)&no_time : &missing, bytes);
}

static void put_row(const dtake__netcdf_var *var, const dtake_column *column, int64_t row, uint8_t *to)
{
    size_t bytes = var->item_bytes * (var->text ? var->widest : 1);
    if (!var->list) {
        if (var->text)
            put_text(var, column, row, to);
        else
            put_number(var, column, row, to);
        return;
    }
    bool there = dtake__has_value(column, row);
    if (var->field->type == DTAKE_FIELD_VECTOR) {
        if (there)
            memcpy(to, (const double *)column->values + (size_t)row * var->longest, var->longest * bytes);
        else
            put_padding(var, var->longest, to);
        return;
    }
    size_t count = there ? (size_t)(column->offsets[row + 1] - column->offsets[row]) : 0;
    for (size_t i = 0; i < count; i++) {
        int64_t item = column->offsets[row] + (int64_t)i;
        if (var->text)
            put_text(var, column->items, item, to + i * bytes);
        else
            put_number(var, column->items, item, to + i * bytes);
    }
    put_padding(var, var->longest - count, to + count * bytes);
}

/* --- arrays into the file --- */

typedef struct writing {
    dtake__netcdf_file *file;
    const dtake__netcdf_var *var;
    uint8_t *stage;
    size_t stage_rows, row_bytes;
    dtake_error *err;
} writing;

static dtake_status begin(writing *w, dtake__netcdf_file *file, const dtake__netcdf_var *var,
                          size_t row_bytes, dtake_error *err)
{
    *w = (writing){ .file = file, .var = var, .row_bytes = row_bytes, .err = err };
    w->stage_rows = row_bytes < STAGE_BYTES ? STAGE_BYTES / row_bytes : 1;
    w->stage = dtake__alloc(w->stage_rows * row_bytes);
    return w->stage ? DTAKE_OK : dtake__fail_nomem(err, "write NetCDF");
}

static dtake_status store(const writing *w, int64_t row, size_t rows, size_t from_item, size_t items)
{
    size_t start[3] = { (size_t)row }, count[3] = { rows };
    if (w->var->list) {
        start[1] = from_item;
        count[1] = items;
    }
    if (w->var->text)
        count[w->var->axes - 1] = w->var->widest;
    int status = w->file->nc->nc_put_vara(w->file->id, w->var->id, start, count, w->stage);
    return status == NC_NOERR ? DTAKE_OK : dtake__netcdf_fail(w->file, status, w->var->field->name, w->err);
}

/* In a file that grows, lists that became longer: what earlier rows have there. */
static dtake_status pad_earlier(dtake__netcdf_file *file, dtake__netcdf_var *var, dtake_error *err)
{
    size_t more = var->longest - var->has_longest;
    writing w;
    if (more == 0 || var->text || file->rows == 0)
        return DTAKE_OK;
    dtake_status st = begin(&w, file, var, more * var->item_bytes, err);
    if (st != DTAKE_OK)
        return st;
    put_padding(var, more * w.stage_rows, w.stage);
    for (int64_t row = 0; row < file->rows && st == DTAKE_OK; row += (int64_t)w.stage_rows) {
        size_t left = (size_t)(file->rows - row);
        st = store(&w, row, left < w.stage_rows ? left : w.stage_rows, var->has_longest, more);
    }
    dtake__free(w.stage);
    return st;
}

/* 64-bit numbers without nulls are written from where they lie. */
static bool is_array(const dtake__netcdf_var *var, const dtake_column *column)
{
    return !column->items && var->item_bytes == 8 && !column->validity;
}

static dtake_status write_column(dtake__netcdf_file *file, dtake__netcdf_var *var, const dtake_column *column,
                                 dtake_error *err)
{
    writing w;
    dtake_status st = pad_earlier(file, var, err);
    var->has_longest = var->longest;
    var->has_widest = var->widest;
    if (st != DTAKE_OK)
        return st;
    if (is_array(var, column)) {
        w = (writing){ .file = file, .var = var, .stage = (uint8_t *)column->values, .err = err };
        return store(&w, file->rows, (size_t)column->rows, 0, var->longest);
    }
    st = begin(&w, file, var, var->item_bytes * var->longest * (var->text ? var->widest : 1), err);
    for (int64_t row = 0; row < column->rows && st == DTAKE_OK;) {
        size_t rows =
            (size_t)(column->rows - row) < w.stage_rows ? (size_t)(column->rows - row) : w.stage_rows;
        for (size_t i = 0; i < rows; i++)
            put_row(var, column, row + (int64_t)i, w.stage + i * w.row_bytes);
        st = store(&w, file->rows + row, rows, 0, var->longest);
        row += (int64_t)rows;
    }
    dtake__free(w.stage);
    return st;
}

dtake_status dtake__netcdf_write(dtake__netcdf_file *file, const dtake__netcdf_waiting *batch,
                                 dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < file->count && st == DTAKE_OK; i++)
        st =
            write_column(file, &file->vars[i],
                         file->vars[i].as_text ? &batch->texts[i] : dtake_batch_column(batch->batch, i), err);
    file->rows += dtake_batch_rows(batch->batch);
    return st;
}
