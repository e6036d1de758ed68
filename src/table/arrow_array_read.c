/* Batches of ours from foreign arrays. */
#include "core/alloc.h"
#include "core/error.h"
#include "table/arrow_values.h"
#include "table/column.h"

/* The foreign array lives as long as a column points into it. */
static void release_array(void *ctx)
{
    struct ArrowArray *array = ctx;
    if (array->release)
        array->release(array);
    dtake__free(array);
}

/* Moves the array into a block that releases it. */
static dtake_status take_array(struct ArrowArray *array, dtake__block **out, const struct ArrowArray **moved)
{
    struct ArrowArray *own = dtake__alloc(sizeof *own);
    dtake__block *block = own ? dtake__block_borrow(release_array, own) : NULL;
    if (!block) {
        dtake__free(own);
        if (array->release)
            array->release(array);
        array->release = NULL;
        return DTAKE_E_NOMEM;
    }
    *own = *array;
    array->release = NULL;
    *out = block;
    *moved = own;
    return DTAKE_OK;
}

/* Items `first` to `last` of the child. */
static dtake_status take_items(const dtake__arriving *in, int64_t first, int64_t last, dtake_column *items)
{
    dtake__arriving child = *in;
    child.arrow = in->arrow->children[0];
    child.array = in->array->children[0];
    if (!child.array || child.array->offset < 0 || last > INT64_MAX - child.array->offset)
        return dtake__arriving_fail(in, DTAKE_E_FORMAT, "its items are missing");
    child.start = child.array->offset + first;
    child.rows = last - first;
    return dtake__arriving_values(&child, items);
}

static dtake_status take_list(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out,
                              dtake_column *items)
{
    int64_t base, last;
    dtake_status st = dtake__arriving_check(in, 2, 1, out);
    if (st == DTAKE_OK)
        st = dtake__arriving_offsets(in, kind.bytes, &out->offsets, &base, &last);
    if (st != DTAKE_OK)
        return st;
    int32_t first = out->offsets[0];
    out->items = items;
    if (first > 0) { /* a slice: only its own items are taken, and offsets count from them */
        int32_t *offsets = dtake__arena_alloc(in->arena, (size_t)(in->rows + 1) * sizeof *offsets);
        if (!offsets)
            return dtake__arriving_fail(in, DTAKE_E_NOMEM, "out of memory");
        for (int64_t i = 0; i <= in->rows; i++)
            offsets[i] = out->offsets[i] - first;
        out->offsets = offsets;
    }
    return take_items(in, base + first, last, items);
}

static dtake_status take_fixed_list(const dtake__arriving *in, dtake__arrow_kind kind, dtake_column *out,
                                    dtake_column *items)
{
    dtake_status st = dtake__arriving_check(in, 1, 1, out);
    if (st != DTAKE_OK)
        return st;
    if (in->start > INT32_MAX || in->rows * kind.bytes > INT32_MAX)
        return dtake__arriving_fail(in, DTAKE_E_LIMIT, "%lld lists of %lld from %lld on", (long long)in->rows,
                                    (long long)kind.bytes, (long long)in->start);
    int32_t *offsets = dtake__arena_alloc(in->arena, (size_t)(in->rows + 1) * sizeof *offsets);
    if (!offsets)
        return dtake__arriving_fail(in, DTAKE_E_NOMEM, "out of memory");
    for (int64_t i = 0; i <= in->rows; i++)
        offsets[i] = (int32_t)(i * kind.bytes);
    out->offsets = offsets;
    out->items = items;
    return take_items(in, in->start * kind.bytes, (in->start + in->rows) * kind.bytes, items);
}

static dtake_status take_column(const dtake__arriving *in, dtake_column *out, dtake_column *items)
{
    const dtake_field *field = dtake_schema_field(in->schema, in->field);
    dtake__arrow_kind kind = dtake__arrow_kind_of(in->arrow->format);
    if (!field->repeated || in->arrow->dictionary)
        return dtake__arriving_values(in, out);
    return kind.form == DTAKE__ARROW_LIST ? take_list(in, kind, out, items)
                                          : take_fixed_list(in, kind, out, items);
}

static dtake_status check_root(const struct ArrowArray *array, const dtake_schema *schema,
                               const struct ArrowSchema *arrow, dtake_error *err)
{
    int64_t fields = (int64_t)dtake_schema_count(schema);
    if (!array->release || array->length < 0 || array->offset < 0 || array->length > INT32_MAX ||
        array->offset > INT64_MAX - array->length)
        return dtake__fail(err, DTAKE_E_FORMAT, "Arrow: a batch of %lld rows from %lld on",
                           (long long)array->length, (long long)array->offset);
    if (array->n_children != fields || arrow->n_children != fields || (fields > 0 && !array->children))
        return dtake__fail(err, DTAKE_E_FORMAT, "Arrow: a batch of %lld columns for %lld fields",
                           (long long)array->n_children, (long long)fields);
    bool nulls = array->null_count != 0 && array->n_buffers > 0 && array->buffers && array->buffers[0] &&
                 dtake__bits_count(array->buffers[0], array->offset, array->length) < array->length;
    return nulls ? dtake__fail(err, DTAKE_E_UNSUPPORTED, "Arrow: rows of a table cannot be null") : DTAKE_OK;
}

static dtake_status take_columns(dtake_batch **out, const dtake_schema *schema,
                                 const struct ArrowSchema *arrow, const struct ArrowArray *array,
                                 dtake__arena *arena, dtake_error *err)
{
    size_t fields = dtake_schema_count(schema);
    dtake_column *columns = dtake__calloc(2 * fields, sizeof *columns);
    dtake_status st = columns ? DTAKE_OK : dtake__fail_nomem(err, "a batch from Arrow");
    for (size_t i = 0; i < fields && st == DTAKE_OK; i++) {
        const struct ArrowArray *child = array->children[i];
        dtake__arriving in = { .arrow = arrow->children[i],
                               .array = child,
                               .rows = array->length,
                               .schema = schema,
                               .field = i,
                               .arena = arena,
                               .err = err };
        st = !child || child->offset < 0 || __builtin_add_overflow(array->offset, child->offset, &in.start)
                 ? dtake__arriving_fail(&in, DTAKE_E_FORMAT, "the array is missing, or its offset wrong")
                 : take_column(&in, &columns[i], &columns[fields + i]);
    }
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, schema, array->length, columns, arena->blocks, arena->count, err);
    dtake__free(columns);
    return st;
}

dtake_status dtake_batch_from_arrow(dtake_batch **out, const dtake_schema *schema,
                                    const struct ArrowSchema *arrow, struct ArrowArray *array,
                                    dtake_error *err)
{
    dtake__arena arena = { 0 };
    dtake__block *block = NULL;
    const struct ArrowArray *moved;
    dtake_status st = take_array(array, &block, &moved);
    if (st == DTAKE_OK)
        st = dtake__arena_keep(&arena, block);
    if (st != DTAKE_OK)
        dtake__fail_nomem(err, "a batch from Arrow");
    else
        st = check_root(moved, schema, arrow, err);
    if (st == DTAKE_OK)
        st = take_columns(out, schema, arrow, moved, &arena, err);
    dtake__block_release(block);
    dtake__arena_dispose(&arena);
    return st;
}
