/* Renders the plan whatever its members are called: single values as lines, a list of objects as a table. */
#include "cli/plan_table.h"

#include "cli/print.h"
#include "core/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { MAX_COLUMNS = 12, MAX_CELL = 48 };

typedef struct column {
    const char *key;
    int width;
    bool number;
} column;

static bool is_single(const json_t *value)
{
    return json_is_string(value) || json_is_number(value) || json_is_boolean(value);
}

/* At most MAX_CELL bytes; a long text keeps its end. */
static void cell_text(const json_t *value, char *out, size_t size)
{
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        size_t len = strlen(text);
        bool cut = len >= size;
        const char *from = cut ? text + len - (size - 4) : text;
        while (cut && ((unsigned char)*from & 0xc0) == 0x80)
            from++;
        snprintf(out, size, "%s%s", cut ? "..." : "", from);
    } else if (json_is_integer(value)) {
        snprintf(out, size, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        snprintf(out, size, "%.3f", json_real_value(value));
    } else {
        snprintf(out, size, "%s", json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "");
    }
}

static dtake_status put_singles(dtake_buf *out, json_t *object)
{
    const char *key;
    json_t *value;
    char text[512];
    dtake_status st = DTAKE_OK;
    json_object_foreach(object, key, value)
    {
        if (st != DTAKE_OK || !is_single(value) || strcmp(key, "v") == 0)
            continue;
        cell_text(value, text, sizeof text);
        st = dtake__buf_printf(out, "%-20s ", key);
        if (st == DTAKE_OK)
            st = dtake__put_visible(out, text);
        if (st == DTAKE_OK)
            st = dtake__buf_puts(out, "\n");
    }
    return st;
}

static size_t find_columns(const json_t *rows, column columns[MAX_COLUMNS])
{
    const char *key;
    json_t *value;
    char text[MAX_CELL];
    size_t count = 0;
    json_object_foreach(json_array_get(rows, 0), key, value)
    {
        if (count < MAX_COLUMNS && is_single(value))
            columns[count++] = (column){ key, (int)strlen(key), json_is_number(value) };
    }
    for (size_t row = 0; row < json_array_size(rows); row++)
        for (size_t i = 0; i < count; i++) {
            cell_text(json_object_get(json_array_get(rows, row), columns[i].key), text, sizeof text);
            if ((int)strlen(text) > columns[i].width)
                columns[i].width = (int)strlen(text);
        }
    return count;
}

static dtake_status put_cell(dtake_buf *out, const column *c, const char *text, bool last)
{
    int pad = c->width - (int)strlen(text);
    dtake_status st = c->number ? dtake__buf_printf(out, "%*s", pad, "") : DTAKE_OK;
    if (st == DTAKE_OK)
        st = dtake__put_visible(out, text);
    if (st == DTAKE_OK && !c->number && !last)
        st = dtake__buf_printf(out, "%*s", pad, "");
    return st == DTAKE_OK ? dtake__buf_puts(out, last ? "\n" : "  ") : st;
}

static dtake_status put_rows(dtake_buf *out, const json_t *rows)
{
    column columns[MAX_COLUMNS];
    char text[MAX_CELL];
    size_t count = find_columns(rows, columns);
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = put_cell(out, &columns[i], columns[i].key, i + 1 == count);
    for (size_t row = 0; row < json_array_size(rows); row++)
        for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
            cell_text(json_object_get(json_array_get(rows, row), columns[i].key), text, sizeof text);
            st = put_cell(out, &columns[i], text, i + 1 == count);
        }
    return st;
}

dtake_status dtake__plan_table(dtake_buf *out, const char *plan)
{
    const char *key;
    json_t *value, *root = json_loads(plan, 0, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        return DTAKE_E_FORMAT;
    }
    dtake_status st = DTAKE_OK;
    json_object_foreach(root, key, value)
    {
        if (st == DTAKE_OK && json_is_array(value) && json_is_object(json_array_get(value, 0)))
            st = put_rows(out, value);
        else if (st == DTAKE_OK && json_is_object(value))
            st = put_singles(out, value);
    }
    if (st == DTAKE_OK)
        st = put_singles(out, root);
    json_decref(root);
    return st;
}
