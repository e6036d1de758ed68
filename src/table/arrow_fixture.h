/* Tests: a table of one column as another program would hand it over. Everything in it may be changed before
 * it is taken. */
#ifndef DTAKE_TABLE_ARROW_FIXTURE_H
#define DTAKE_TABLE_ARROW_FIXTURE_H

#include "check.h"
#include "table/table_fixture.h"

typedef struct foreign {
    struct ArrowSchema schema, field, item, words;
    struct ArrowSchema *fields[1], *items[1];
    struct ArrowArray array, column, values, dictionary;
    struct ArrowArray *columns[1], *lists[1];
    const void *buffers[5], *value_buffers[5], *dictionary_buffers[3];
    int released;
} foreign;

static inline void foreign_release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static inline void foreign_release_part(struct ArrowArray *array)
{
    array->release = NULL;
}

static inline void foreign_release(struct ArrowArray *array)
{
    ++((foreign *)array->private_data)->released;
    array->release = NULL;
}

/* `rows` rows of a format in buffers of validity, and one or two more. */
static inline void foreign_init(foreign *f, const char *format, int64_t rows, const void *validity,
                                const void *first, const void *second)
{
    *f = (foreign){ .buffers = { validity, first, second } };
    f->schema = (struct ArrowSchema){
        .format = "+s", .n_children = 1, .children = f->fields, .release = foreign_release_schema
    };
    f->field = (struct ArrowSchema){ .format = format, .name = "x", .release = foreign_release_schema };
    f->item = (struct ArrowSchema){ .name = "item", .release = foreign_release_schema };
    f->words = (struct ArrowSchema){ .format = "u", .release = foreign_release_schema };
    f->fields[0] = &f->field;
    f->items[0] = &f->item;
    f->array = (struct ArrowArray){
        .length = rows, .n_children = 1, .children = f->columns, .release = foreign_release, .private_data = f
    };
    f->column = (struct ArrowArray){ .length = rows,
                                     .null_count = -1,
                                     .n_buffers = second ? 3 : 2,
                                     .buffers = f->buffers,
                                     .release = foreign_release_part };
    f->columns[0] = &f->column;
}

/* The column's lists hold these items. */
static inline void foreign_items(foreign *f, const char *format, int64_t rows, const void *validity,
                                 const void *first, const void *second)
{
    f->field.n_children = f->column.n_children = 1;
    f->field.children = f->items;
    f->column.children = f->lists;
    f->item.format = format;
    f->value_buffers[0] = validity;
    f->value_buffers[1] = first;
    f->value_buffers[2] = second;
    f->values = (struct ArrowArray){ .length = rows,
                                     .null_count = -1,
                                     .n_buffers = second ? 3 : 2,
                                     .buffers = f->value_buffers,
                                     .release = foreign_release_part };
    f->lists[0] = &f->values;
}

static inline void foreign_dictionary(foreign *f, int64_t words, const int32_t *offsets, const char *text)
{
    f->field.dictionary = &f->words;
    f->column.dictionary = &f->dictionary;
    f->dictionary_buffers[1] = offsets;
    f->dictionary_buffers[2] = text;
    f->dictionary = (struct ArrowArray){
        .length = words, .n_buffers = 3, .buffers = f->dictionary_buffers, .release = foreign_release_part
    };
}

static inline dtake_status foreign_take(foreign *f, dtake_batch **out, dtake_error *err)
{
    dtake_schema *schema;
    dtake_status st = dtake_schema_from_arrow(&schema, &f->schema, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake_batch_from_arrow(out, schema, &f->schema, &f->array, err);
    CHECK(f->array.release == NULL);
    CHECK_EQ(f->released, st != DTAKE_OK);
    dtake_schema_release(schema);
    return st;
}

/* The same, when all is well: the batch's only column. */
static inline const dtake_column *foreign_column(foreign *f, dtake_batch **out)
{
    dtake_error err;
    if (foreign_take(f, out, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_EQ(dtake_batch_rows(*out), f->column.length);
    return dtake_batch_column(*out, 0);
}

#endif
