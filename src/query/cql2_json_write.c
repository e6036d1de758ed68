/* A tree to CQL2 JSON. */
#include "core/error.h"
#include "core/number.h"
#include "format/json_write.h"
#include "query/literal.h"

typedef struct writing {
    dtake_buf *out;
    dtake_status status;
    dtake_error *err;
} writing;

static void put(writing *w, const char *text)
{
    if (w->status == DTAKE_OK)
        w->status = dtake__buf_puts(w->out, text);
}

/* With quotes and escapes. */
static void put_text(writing *w, const char *text)
{
    dtake__json json = { .out = w->out, .status = w->status };
    dtake__json_text(&json, NULL, text);
    w->status = json.status;
}

static void write_node(writing *w, const dtake__filter *node);

static void write_list(writing *w, const dtake__filter *node, size_t first)
{
    put(w, "[");
    for (size_t i = first; i < node->arg_count; i++) {
        put(w, i > first ? "," : "");
        write_node(w, node->args[i]);
    }
    put(w, "]");
}

static void write_op(writing *w, const dtake__filter *node)
{
    put(w, "{\"op\":");
    put_text(w, dtake__filter_op_name(node->op));
    put(w, ",\"args\":");
    if (node->op == DTAKE__FILTER_IN) {
        put(w, "[");
        write_node(w, node->args[0]);
        put(w, ",");
        write_list(w, node, 1);
        put(w, "]");
    } else {
        write_list(w, node, 0);
    }
    put(w, "}");
}

static void write_time(writing *w, const dtake__filter *node)
{
    char text[DTAKE__LITERAL_BYTES];
    dtake__literal_time(node, text);
    put(w, "\"");
    put(w, text);
    put(w, "\"");
}

static void write_interval(writing *w, const dtake__filter *node)
{
    put(w, "{\"interval\":[");
    for (size_t i = 0; i < node->arg_count; i++) {
        put(w, i > 0 ? "," : "");
        if (node->args[i]->op == DTAKE__FILTER_FIELD)
            write_node(w, node->args[i]);
        else
            write_time(w, node->args[i]);
    }
    put(w, "]}");
}

static void write_bbox(writing *w, dtake_box box)
{
    const double number[4] = { box.west, box.south, box.east, box.north };
    put(w, "{\"bbox\":[");
    for (int i = 0; i < 4; i++) {
        char text[DTAKE__LITERAL_BYTES];
        dtake__format_f64(number[i], text, sizeof text);
        put(w, i > 0 ? "," : "");
        put(w, text);
    }
    put(w, "]}");
}

static void write_leaf(writing *w, const dtake__filter *node)
{
    char text[DTAKE__LITERAL_BYTES];
    switch (node->op) {
    case DTAKE__FILTER_FIELD:
        put(w, "{\"property\":");
        put_text(w, node->text);
        put(w, "}");
        break;
    case DTAKE__FILTER_STRING:
        put_text(w, node->text);
        break;
    case DTAKE__FILTER_BOOL:
        put(w, node->truth ? "true" : "false");
        break;
    case DTAKE__FILTER_TIMESTAMP:
    case DTAKE__FILTER_DATE:
        put(w, node->op == DTAKE__FILTER_DATE ? "{\"date\":" : "{\"timestamp\":");
        write_time(w, node);
        put(w, "}");
        break;
    case DTAKE__FILTER_BBOX:
        write_bbox(w, node->box);
        break;
    case DTAKE__FILTER_GEOMETRY:
        if (w->status == DTAKE_OK)
            w->status = dtake__geometry_to_geojson(&node->geometry, w->out, w->err);
        break;
    default:
        dtake__literal_number(node, text);
        put(w, text);
    }
}

static void write_node(writing *w, const dtake__filter *node)
{
    if (node->op <= DTAKE__FILTER_ACCENTI)
        write_op(w, node);
    else if (node->op == DTAKE__FILTER_INTERVAL)
        write_interval(w, node);
    else if (node->op == DTAKE__FILTER_ARRAY)
        write_list(w, node, 0);
    else
        write_leaf(w, node);
}

dtake_status dtake__filter_write_json(const dtake__filter *filter, dtake_buf *out, dtake_error *err)
{
    writing w = { .out = out, .err = err };
    write_node(&w, filter);
    return w.status == DTAKE_OK
               ? w.status
               : dtake__fail(err, w.status, "write a filter: %s", dtake_status_text(w.status));
}
