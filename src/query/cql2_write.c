/* A tree to CQL2 text, with no more brackets than it needs. */
#include "core/error.h"
#include "core/number.h"
#include "core/text.h"
#include "query/literal.h"

#include <string.h>

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

static void put_bytes(writing *w, const char *text, size_t len)
{
    if (w->status == DTAKE_OK)
        w->status = dtake__buf_append(w->out, text, len);
}

/* How tightly an operator binds: brackets go around what binds less tightly than its surroundings. */
enum { LOOSE, OR, AND, NOT, COMPARED, SUM, PRODUCT, POWER, TIGHT };

static int tightness(const dtake__filter *node)
{
    switch (node->op) {
    case DTAKE__FILTER_OR:
        return OR;
    case DTAKE__FILTER_AND:
        return AND;
    case DTAKE__FILTER_NOT:
        return NOT;
    case DTAKE__FILTER_ADD:
    case DTAKE__FILTER_SUB:
        return SUM;
    case DTAKE__FILTER_MUL:
    case DTAKE__FILTER_DIV:
    case DTAKE__FILTER_IDIV:
    case DTAKE__FILTER_MOD:
        return PRODUCT;
    case DTAKE__FILTER_POW:
        return POWER;
    default:
        return node->op <= DTAKE__FILTER_IS_NULL ? COMPARED : TIGHT;
    }
}

static void write_node(writing *w, const dtake__filter *node);

static void write_within(writing *w, const dtake__filter *node, int least)
{
    bool brackets = tightness(node) < least;
    put(w, brackets ? "(" : "");
    write_node(w, node);
    put(w, brackets ? ")" : "");
}

/* Quotes within are doubled, and so are backslashes right before a quote (cql2_lex.c). */
static void write_quoted(writing *w, const char *text, char quote)
{
    char both[3] = { quote, quote, '\0' };
    put(w, both + 1);
    while (*text != '\0') {
        size_t slashes = strspn(text, "\\"), plain = strcspn(text + slashes, "\\'\"");
        bool doubled = quote == '\'' && (text[slashes] == quote || text[slashes] == '\0');
        put_bytes(w, text, slashes);
        if (doubled)
            put_bytes(w, text, slashes);
        put_bytes(w, text + slashes, plain);
        text += slashes + plain;
        if (*text == '\'' || *text == '"')
            put(w, *text == quote ? both : (char[]){ *text, '\0' });
        text += *text == '\'' || *text == '"';
    }
    put(w, both + 1);
}

static bool is_reserved(const char *name)
{
    static const char *const words[] = { "and",     "or",      "not",      "in",       "like",
                                         "between", "is",      "null",     "true",     "false",
                                         "div",     "date",    "point",    "polygon",  "bbox",
                                         "casei",   "accenti", "interval", "timestamp" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (dtake__equal_nocase(words[i], name))
            return true;
    return false;
}

static bool is_bare(const char *name)
{
    if (!((name[0] >= 'a' && name[0] <= 'z') || (name[0] >= 'A' && name[0] <= 'Z') || name[0] == '_' ||
          name[0] == ':'))
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_' ||
              *c == ':' || *c == '.'))
            return false;
    return !is_reserved(name);
}

static void write_bbox(writing *w, dtake_box box)
{
    const double number[4] = { box.west, box.south, box.east, box.north };
    put(w, "BBOX(");
    for (int i = 0; i < 4; i++) {
        char text[DTAKE__LITERAL_BYTES];
        dtake__format_f64(number[i], text, sizeof text);
        put(w, i > 0 ? ", " : "");
        put(w, text);
    }
    put(w, ")");
}

static void write_list(writing *w, const dtake__filter *node, size_t first)
{
    put(w, "(");
    for (size_t i = first; i < node->arg_count; i++) {
        put(w, i > first ? ", " : "");
        write_within(w, node->args[i], SUM);
    }
    put(w, ")");
}

static void write_upper(writing *w, const char *word)
{
    for (; *word != '\0'; word++)
        put(w, (char[]){ *word >= 'a' && *word <= 'z' ? (char)(*word - 'a' + 'A') : *word, '\0' });
}

static void write_interval(writing *w, const dtake__filter *node)
{
    char text[DTAKE__LITERAL_BYTES];
    put(w, "INTERVAL(");
    for (size_t i = 0; i < node->arg_count; i++) {
        put(w, i > 0 ? ", " : "");
        if (node->args[i]->op == DTAKE__FILTER_FIELD) {
            write_node(w, node->args[i]);
            continue;
        }
        dtake__literal_time(node->args[i], text);
        write_quoted(w, text, '\'');
    }
    put(w, ")");
}

static void write_leaf(writing *w, const dtake__filter *node)
{
    char text[DTAKE__LITERAL_BYTES];
    switch (node->op) {
    case DTAKE__FILTER_FIELD:
        if (is_bare(node->text))
            put(w, node->text);
        else
            write_quoted(w, node->text, '"');
        break;
    case DTAKE__FILTER_STRING:
        write_quoted(w, node->text, '\'');
        break;
    case DTAKE__FILTER_BOOL:
        put(w, node->truth ? "TRUE" : "FALSE");
        break;
    case DTAKE__FILTER_TIMESTAMP:
    case DTAKE__FILTER_DATE:
        dtake__literal_time(node, text);
        put(w, node->op == DTAKE__FILTER_DATE ? "DATE('" : "TIMESTAMP('");
        put(w, text);
        put(w, "')");
        break;
    case DTAKE__FILTER_BBOX:
        write_bbox(w, node->box);
        break;
    case DTAKE__FILTER_GEOMETRY:
        if (w->status == DTAKE_OK)
            w->status = dtake__geometry_to_wkt(&node->geometry, w->out, w->err);
        break;
    default:
        dtake__literal_number(node, text);
        put(w, text);
    }
}

/* a op b op c: the first may bind as loosely as the whole when the operator reads from the left. */
static void write_infix(writing *w, const dtake__filter *node, const char *op)
{
    int own = tightness(node);
    bool leftwards = own == SUM || own == PRODUCT;
    for (size_t i = 0; i < node->arg_count; i++) {
        if (i > 0) {
            put(w, " ");
            write_upper(w, op);
            put(w, " ");
        }
        write_within(w, node->args[i], i == 0 && leftwards ? own : own + 1);
    }
}

static void write_test(writing *w, const dtake__filter *node)
{
    write_within(w, node->args[0], SUM);
    switch (node->op) {
    case DTAKE__FILTER_BETWEEN:
        put(w, " BETWEEN ");
        write_within(w, node->args[1], SUM);
        put(w, " AND ");
        write_within(w, node->args[2], SUM);
        break;
    case DTAKE__FILTER_IN:
        put(w, " IN ");
        write_list(w, node, 1);
        break;
    case DTAKE__FILTER_IS_NULL:
        put(w, " IS NULL");
        break;
    default:
        put(w, node->op == DTAKE__FILTER_LIKE ? " LIKE " : " ");
        if (node->op != DTAKE__FILTER_LIKE) {
            put(w, dtake__filter_op_name(node->op));
            put(w, " ");
        }
        write_within(w, node->args[1], SUM);
    }
}

static void write_node(writing *w, const dtake__filter *node)
{
    if (node->op == DTAKE__FILTER_NOT) {
        put(w, "NOT ");
        write_within(w, node->args[0], NOT);
    } else if (node->op <= DTAKE__FILTER_OR ||
               (node->op >= DTAKE__FILTER_ADD && node->op <= DTAKE__FILTER_POW)) {
        write_infix(w, node, dtake__filter_op_name(node->op));
    } else if (node->op <= DTAKE__FILTER_IS_NULL) {
        write_test(w, node);
    } else if (node->op <= DTAKE__FILTER_ACCENTI) {
        write_upper(w, dtake__filter_op_name(node->op));
        write_list(w, node, 0);
    } else if (node->op == DTAKE__FILTER_INTERVAL) {
        write_interval(w, node);
    } else if (node->op == DTAKE__FILTER_ARRAY) {
        write_list(w, node, 0);
    } else {
        write_leaf(w, node);
    }
}

dtake_status dtake__filter_write_text(const dtake__filter *filter, dtake_buf *out, dtake_error *err)
{
    writing w = { .out = out, .err = err };
    write_node(&w, filter);
    return w.status == DTAKE_OK
               ? w.status
               : dtake__fail(err, w.status, "write a filter: %s", dtake_status_text(w.status));
}
