#include "query/cql2_json.h"

#include "core/alloc.h"
#include "core/error.h"
#include "query/operands.h"

#include <stdio.h>
#include <string.h>

dtake__filter *dtake__cql2_json_fail(dtake__cql2_json *r, const char *at, const char *what)
{
    if (r->status == DTAKE_OK && r->in.wrong == NULL)
        r->status = dtake__fail(r->err, DTAKE_E_USAGE, "filter: column %zu: %s",
                                (size_t)(at - r->in.start) + 1, what);
    return NULL;
}

dtake__filter *dtake__cql2_json_no_memory(dtake__cql2_json *r)
{
    if (r->status == DTAKE_OK)
        r->status = dtake__fail_nomem(r->err, "filter");
    return NULL;
}

dtake__filter *dtake__cql2_json_rejected(dtake__cql2_json *r, const char *at, const char *wanted)
{
    dtake__json_reject(&r->in, at, wanted);
    return NULL;
}

dtake__filter *dtake__cql2_json_node(dtake__cql2_json *r, dtake__filter_op op, const char *at)
{
    dtake__filter *node = dtake__filter_new(op);
    if (node == NULL)
        return dtake__cql2_json_no_memory(r);
    node->column = (uint32_t)(at - r->in.start) + 1;
    if (++r->nodes <= DTAKE__FILTER_MAX_NODES)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_json_fail(r, at, "too many parts");
}

dtake__filter *dtake__cql2_json_with(dtake__cql2_json *r, dtake__filter *node, dtake__filter *arg)
{
    if (node == NULL || arg == NULL) {
        dtake__filter_free(node);
        dtake__filter_free(arg);
        return NULL;
    }
    const char *at = r->in.start + arg->column - 1;
    dtake_status st = dtake__filter_add_arg(node, arg);
    const char *wants = st == DTAKE_OK ? dtake__filter_wants(node, node->arg_count - 1) : NULL;
    if (st == DTAKE_OK && wants == NULL)
        return node;
    char what[128];
    snprintf(what, sizeof what, "%s needs %s here", dtake__filter_op_name(node->op),
             wants != NULL ? wants : "");
    dtake__filter_free(node);
    if (st == DTAKE_E_NOMEM)
        return dtake__cql2_json_no_memory(r);
    return dtake__cql2_json_fail(r, at, st == DTAKE_OK ? what : "nested too deeply");
}

char *dtake__cql2_json_text(dtake__cql2_json *r)
{
    dtake__json_quoted quoted;
    const char *at = r->in.at;
    if (!dtake__json_read_text(&r->in, &quoted))
        return NULL;
    char *text = dtake__alloc(quoted.raw.len + 1);
    if (text == NULL) {
        dtake__cql2_json_no_memory(r);
        return NULL;
    }
    size_t len = dtake__json_unescape(quoted, text);
    text[len] = '\0';
    if (memchr(text, '\0', len) == NULL)
        return text;
    dtake__free(text);
    dtake__cql2_json_fail(r, at, "a text with a zero character in it");
    return NULL;
}

dtake__filter *dtake__cql2_json_list(dtake__cql2_json *r, dtake__filter *node,
                                     dtake__filter *(*read)(dtake__cql2_json *))
{
    if (!dtake__json_enter_array(&r->in)) {
        dtake__filter_free(node);
        return NULL;
    }
    while (node != NULL && dtake__json_next_element(&r->in))
        node = dtake__cql2_json_with(r, node, read(r));
    return node;
}
