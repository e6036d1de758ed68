/* search: datapoints as a table on a terminal, as STAC Items into a pipe. */
#include "cli/catalog_text.h"
#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/print.h"
#include "cli/signals.h"
#include "cli/term.h"
#include "core/error.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TEXT_BYTES = 256 * 1024 * 1024, TABLE_ROWS = 1000, TABLE_COLUMNS = 8, LEAST_COLUMNS = 4 };

/* --- the table --- */

static bool is_shown(const dtake_field *field)
{
    bool wanted_role = field->role == DTAKE_ROLE_TIME || field->role == DTAKE_ROLE_COLLECTION ||
                       field->role == DTAKE_ROLE_NAME;
    bool plain = field->role == DTAKE_ROLE_NONE && !field->not_queryable;
    return wanted_role || (plain && field->type != DTAKE_FIELD_JSON && field->type != DTAKE_FIELD_ASSETS &&
                           field->type != DTAKE_FIELD_VECTOR && field->type != DTAKE_FIELD_BYTES &&
                           field->type != DTAKE_FIELD_GEOMETRY);
}

/* Time, collection and name first, then clouds, then what the schema has. */
static int rank(const dtake_field *field)
{
    static const char *const early[] = { "eo:cloud_cover", "cloud_cover", "cloud_pct", "eo_cloud_cover",
                                         "platform" };
    switch (field->role) {
    case DTAKE_ROLE_TIME:
        return 0;
    case DTAKE_ROLE_COLLECTION:
        return 1;
    case DTAKE_ROLE_NAME:
        return 2;
    case DTAKE_ROLE_ID:
        return 3;
    default:
        break;
    }
    for (int i = 0; i < (int)(sizeof early / sizeof early[0]); i++)
        if (strcmp(field->name, early[i]) == 0)
            return 4 + i;
    return 100;
}

typedef struct table {
    dtake__columns columns;
    const dtake_schema *schema;
    size_t field[TABLE_COLUMNS];
    size_t count;
    int64_t rows;
} table;

static void choose_fields(table *t, const dtake_schema *schema, bool named)
{
    bool has_name = dtake_schema_find_role(schema, DTAKE_ROLE_NAME) >= 0;
    t->schema = schema;
    t->count = 0;
    for (int wanted = 0; wanted <= 100; wanted++)
        for (size_t i = 0; i < dtake_schema_count(schema) && t->count < TABLE_COLUMNS; i++) {
            const dtake_field *field = dtake_schema_field(schema, i);
            bool id = field->role == DTAKE_ROLE_ID && !has_name;
            if (rank(field) == wanted && (named || id || is_shown(field)))
                t->field[t->count++] = i;
        }
}

static dtake_status add_heads(table *t, bool named)
{
    dtake_status st = DTAKE_OK;
    t->columns.count = t->count;
    t->columns.least = named ? t->count : LEAST_COLUMNS;
    for (size_t i = 0; i < t->count && st == DTAKE_OK; i++) {
        const dtake_field *field = dtake_schema_field(t->schema, t->field[i]);
        t->columns.right[i] =
            !field->repeated && (field->type == DTAKE_FIELD_INT64 || field->type == DTAKE_FIELD_UINT64 ||
                                 field->type == DTAKE_FIELD_FLOAT64);
        st = dtake__columns_add(&t->columns, field->name);
    }
    return st;
}

static dtake_status add_rows(table *t, const dtake_batch *batch)
{
    dtake_status st = DTAKE_OK;
    for (int64_t row = 0; row < dtake_batch_rows(batch) && st == DTAKE_OK; row++, t->rows++)
        for (size_t i = 0; i < t->count && st == DTAKE_OK && t->rows < TABLE_ROWS; i++) {
            dtake_buf cell = DTAKE_BUF_INIT(4096);
            if (dtake__cell_text(batch, t->field[i], row, &cell) == DTAKE_E_NOMEM)
                st = DTAKE_E_NOMEM;
            if (st == DTAKE_OK)
                st = dtake__columns_add(&t->columns, dtake__buf_str(&cell));
            dtake__buf_dispose(&cell);
        }
    return st;
}

static dtake_status print_load(table *t, dtake_load *load, bool named, dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_TEXT_BYTES);
    const dtake_schema *schema = dtake_load_schema(load);
    dtake_status st = DTAKE_OK;
    *t = (table){ .rows = 0 };
    if (schema != NULL) {
        choose_fields(t, schema, named);
        st = add_heads(t, named);
    }
    for (dtake_batch *batch = NULL; st == DTAKE_OK && t->rows < TABLE_ROWS;) {
        st = dtake_load_next(load, &batch, err);
        if (st != DTAKE_OK || batch == NULL)
            break;
        st = add_rows(t, batch);
        dtake_batch_release(batch);
    }
    if (st == DTAKE_OK && t->count > 0 && t->rows > 0)
        st = dtake__columns_print(&t->columns, isatty(STDOUT_FILENO) == 1 ? dtake__term_width() : 0, &text);
    if (st == DTAKE_OK)
        dtake__stdout_buf(&text);
    dtake__columns_dispose(&t->columns);
    dtake__buf_dispose(&text);
    return st;
}

static void tell_matched(const dtake__args *args, dtake_client *client, const dtake_query *query,
                         int64_t shown)
{
    int64_t matched;
    char of[32], count[32];
    if (dtake__args_flag(args, "quiet") || dtake_count(client, query, &matched, NULL) != DTAKE_OK)
        return;
    dtake__format_count(matched, of, sizeof of);
    dtake__format_count(shown < matched ? shown : matched, count, sizeof count);
    if (shown < matched)
        dtake__say("%s of %s shown (--ndjson, --csv or load give all)", count, of);
    else
        dtake__say("%s datapoint%s", of, matched == 1 ? "" : "s");
}

static dtake_status print_tables(const dtake__args *args, dtake__source_in_use *source,
                                 const dtake__queries *queries, dtake_error *err)
{
    size_t fields;
    dtake_status st = DTAKE_OK;
    dtake__args_list(args, "fields", &fields);
    for (size_t i = 0; i < queries->count && st == DTAKE_OK; i++) {
        table t = { .rows = 0 };
        dtake_load *load;
        st = dtake_load_start(&load, source->client, queries->query[i], err);
        if (st != DTAKE_OK)
            break;
        if (queries->count > 1)
            st = dtake__stdout_puts(i > 0 ? "\n" : "") && dtake__stdout_puts(queries->name[i]) &&
                         dtake__stdout_puts("\n")
                     ? DTAKE_OK
                     : DTAKE_E_CANCELLED;
        if (st == DTAKE_OK)
            st = print_load(&t, load, fields > 0, err);
        dtake_load_free(load);
        if (st == DTAKE_OK)
            tell_matched(args, source->client, queries->query[i], t.rows < TABLE_ROWS ? t.rows : TABLE_ROWS);
    }
    return st;
}

/* --- counts and items --- */

static dtake_status print_count(dtake__source_in_use *source, const dtake__queries *queries, dtake_error *err)
{
    int64_t all = 0;
    char text[32];
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < queries->count && st == DTAKE_OK; i++) {
        int64_t count = 0;
        st = dtake_count(source->client, queries->query[i], &count, err);
        all += count;
    }
    snprintf(text, sizeof text, "%lld\n", (long long)all);
    if (st == DTAKE_OK)
        dtake__stdout_puts(text);
    return st;
}

typedef enum shape { TABLE, COUNT, SAVED } shape;

static dtake_status read_shape(const dtake__args *args, shape *out, dtake_table_format *format,
                               dtake_error *err)
{
    static const struct {
        const char *option;
        shape shape;
        dtake_table_format format;
    } shapes[] = { { "json", SAVED, DTAKE_TABLE_ITEM_COLLECTION },
                   { "ndjson", SAVED, DTAKE_TABLE_ITEMS },
                   { "csv", SAVED, DTAKE_TABLE_CSV },
                   { "geojson", SAVED, DTAKE_TABLE_GEOJSON },
                   { "table", TABLE, DTAKE_TABLE_CSV },
                   { "count", COUNT, DTAKE_TABLE_CSV } };
    const char *chosen = NULL;
    *out = isatty(STDOUT_FILENO) == 1 ? TABLE : SAVED;
    *format = DTAKE_TABLE_ITEMS;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (!dtake__args_flag(args, shapes[i].option))
            continue;
        if (chosen != NULL)
            return dtake__fail(err, DTAKE_E_USAGE, "--%s and --%s exclude each other", chosen,
                               shapes[i].option);
        chosen = shapes[i].option;
        *out = shapes[i].shape;
        *format = shapes[i].format;
    }
    return DTAKE_OK;
}

static void run(dtake__followed *out, const dtake__args *args, dtake__source_in_use *source, dtake_error *err)
{
    dtake__queries queries;
    shape wanted = TABLE;
    dtake_table_format format = DTAKE_TABLE_ITEMS;
    out->status =
        dtake__queries_read(&queries, args, source->client, args->inputs, args->input_count, false, err);
    if (out->status == DTAKE_OK)
        out->status = read_shape(args, &wanted, &format, err);
    if (out->status == DTAKE_OK && wanted != SAVED)
        dtake__signals_end_at_once();
    if (out->status == DTAKE_OK && wanted == COUNT)
        out->status = print_count(source, &queries, err);
    else if (out->status == DTAKE_OK && wanted == TABLE)
        out->status = print_tables(args, source, &queries, err);
    else if (out->status == DTAKE_OK)
        dtake__follow(out, args, source, &queries,
                      &(dtake_save_options){ .format = format, .write = dtake__write_to_stdout }, err);
    dtake__queries_dispose(&queries);
}

int dtake__cmd_search(const dtake__args *args)
{
    dtake_error err = { .message = "" };
    dtake__source_in_use source;
    dtake__followed followed = { 0 };
    dtake__signals_catch();
    followed.status = dtake__source_use(&source, args, false, &err);
    if (followed.status == DTAKE_OK)
        run(&followed, args, &source, &err);
    dtake__source_leave(&source);
    return dtake__followed_exit(&followed, &err);
}
