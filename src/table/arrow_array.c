/* Batches as Arrow's consumers see them: the same memory, kept alive by each array of its own. */
#include "core/alloc.h"
#include "core/error.h"
#include "table/batch.h"
#include "table/column.h"
#include "table/schema.h"

/* What an ArrowArray of ours points to; its own, since a consumer may move children out of their parent. */
typedef struct node {
    dtake_batch *batch;
    dtake__block *own; /* memory that is not the batch's; NULL: none */
    const void *buffers[3];
    struct ArrowArray **children;
    struct ArrowArray *child_memory;
    struct ArrowArray dictionary;
} node;

static void release(struct ArrowArray *array)
{
    node *n = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release)
            array->children[i]->release(array->children[i]);
    if (array->dictionary && array->dictionary->release)
        array->dictionary->release(array->dictionary);
    dtake_batch_release(n->batch);
    dtake__block_release(n->own);
    dtake__free(n->children);
    dtake__free(n->child_memory);
    dtake__free(n);
    array->release = NULL;
}

/* An array that can be released, with children that have nothing in them yet. */
static node *begin(struct ArrowArray *out, const dtake_batch *batch, int64_t length, int64_t buffers,
                   size_t children)
{
    node *n = dtake__calloc(1, sizeof *n);
    if (!n)
        return NULL;
    n->batch = dtake_batch_retain(batch);
    *out = (struct ArrowArray){
        .length = length, .n_buffers = buffers, .buffers = n->buffers, .release = release, .private_data = n
    };
    if (children == 0)
        return n;
    n->children = dtake__calloc(children, sizeof(struct ArrowArray *));
    n->child_memory = dtake__calloc(children, sizeof(struct ArrowArray));
    if (!n->children || !n->child_memory)
        return NULL;
    for (size_t i = 0; i < children; i++)
        n->children[i] = &n->child_memory[i];
    out->children = n->children;
    out->n_children = (int64_t)children;
    return n;
}

/* --- enums --- */

/* The names of the values, those of the smallest number first, as an array of strings. */
static dtake_status begin_dictionary(struct ArrowArray *out, const dtake_batch *batch, size_t field)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    size_t count = dtake_schema_field(schema, field)->enum_count, bytes = 0;
    const dtake_enum_value *values = dtake__enum_sorted(schema, field);
    for (size_t i = 0; i < count; i++)
        bytes += strlen(values[i].name);
    node *n = begin(out, batch, (int64_t)count, 3, 0);
    if (!n || bytes > DTAKE__COLUMN_MAX_BYTES)
        return DTAKE_E_NOMEM;
    n->own = dtake__block_new((count + 1) * sizeof(int32_t) + bytes);
    if (!n->own)
        return DTAKE_E_NOMEM;
    int32_t *offsets = dtake__block_data(n->own);
    char *text = (char *)(offsets + count + 1);
    offsets[0] = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(values[i].name);
        memcpy(text + offsets[i], values[i].name, len);
        offsets[i + 1] = offsets[i] + (int32_t)len;
    }
    n->buffers[1] = offsets;
    n->buffers[2] = text;
    return DTAKE_OK;
}

/* Values as indices into the dictionary; the same memory when the numbers are 0, 1, 2 ... */
static dtake_status index_values(node *n, const dtake_schema *schema, size_t field,
                                 const dtake_column *column)
{
    size_t count = dtake_schema_field(schema, field)->enum_count;
    const dtake_enum_value *values = dtake__enum_sorted(schema, field);
    bool dense = values[0].value == 0 && values[count - 1].value == (int32_t)count - 1;
    int32_t *indices = NULL;
    n->buffers[1] = column->values;
    if (!dense) {
        n->own = dtake__block_new((size_t)column->rows * sizeof *indices);
        if (!n->own)
            return DTAKE_E_NOMEM;
        n->buffers[1] = indices = dtake__block_data(n->own);
    }
    for (int64_t i = 0; i < column->rows; i++) {
        int32_t value = dtake__get_enum(column, i);
        if (!dtake__has_value(column, i)) {
            if (indices)
                indices[i] = 0;
        } else if (dense) {
            if (value < 0 || (size_t)value >= count)
                return DTAKE_E_RANGE;
        } else {
            const dtake_enum_value *found = dtake__enum_by_value(schema, field, value);
            if (!found)
                return DTAKE_E_RANGE;
            indices[i] = (int32_t)(found - values);
        }
    }
    return DTAKE_OK;
}

/* --- columns --- */

static dtake_status begin_values(struct ArrowArray *out, const dtake_batch *batch, size_t index,
                                 const dtake_column *column)
{
    const dtake_field *field = dtake_schema_field(dtake_batch_schema(batch), index);
    bool variable = dtake__layout_of(field->type) == DTAKE__VARIABLE,
         vector = field->type == DTAKE_FIELD_VECTOR;
    node *n = begin(out, batch, column->rows, variable ? 3 : vector ? 1 : 2, vector);
    if (!n)
        return DTAKE_E_NOMEM;
    out->null_count = column->null_count;
    n->buffers[0] = column->validity;
    if (vector) {
        node *items = begin(out->children[0], batch, column->rows * field->width, 2, 0);
        if (!items)
            return DTAKE_E_NOMEM;
        items->buffers[1] = column->values;
    } else if (variable) {
        n->buffers[1] = column->offsets;
        n->buffers[2] = column->values;
    } else if (field->type == DTAKE_FIELD_ENUM) {
        out->dictionary = &n->dictionary;
        dtake_status st = begin_dictionary(out->dictionary, batch, index);
        return st == DTAKE_OK ? index_values(n, dtake_batch_schema(batch), index, column) : st;
    } else {
        n->buffers[1] = column->values;
    }
    return DTAKE_OK;
}

static dtake_status begin_column(struct ArrowArray *out, const dtake_batch *batch, size_t index)
{
    const dtake_column *column = dtake_batch_column(batch, index);
    if (!column->items)
        return begin_values(out, batch, index, column);
    node *n = begin(out, batch, column->rows, 2, 1);
    if (!n)
        return DTAKE_E_NOMEM;
    out->null_count = column->null_count;
    n->buffers[0] = column->validity;
    n->buffers[1] = column->offsets;
    return begin_values(out->children[0], batch, index, column->items);
}

dtake_status dtake_batch_to_arrow(const dtake_batch *batch, struct ArrowArray *out, dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    struct ArrowArray array = { 0 };
    node *n = begin(&array, batch, dtake_batch_rows(batch), 1, dtake_schema_count(schema));
    dtake_status st = n ? DTAKE_OK : dtake__fail_nomem(err, "a batch for Arrow");
    for (size_t i = 0; i < dtake_schema_count(schema) && st == DTAKE_OK; i++) {
        st = begin_column(array.children[i], batch, i);
        if (st == DTAKE_E_RANGE)
            dtake__fail(err, st, "a batch for Arrow: field %s holds a number that is not one of its values",
                        dtake_schema_field(schema, i)->name);
        else if (st != DTAKE_OK)
            dtake__fail_nomem(err, "a batch for Arrow");
    }
    if (st == DTAKE_OK)
        *out = array;
    else if (array.release)
        array.release(&array);
    return st;
}
