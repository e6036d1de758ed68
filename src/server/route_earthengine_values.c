/* Values of graphs: getInfo, and collections page by page. */
#include "server/earthengine.h"

#include "core/error.h"
#include "core/text.h"
#include "protocol/earthengine/expression.h"
#include "raster/eval_json.h"
#include "server/earthengine_request.h"

#include <string.h>

dtake_status dtake__ee_graph_read(dtake__ee_graph *out, dtake__ee_service *service,
                                  const dtake__ee_patience *patience, dtake__span expression,
                                  dtake_error *err)
{
    *out = (dtake__ee_graph){ .graph = dtake__graph_new(&dtake__functions) };
    if (out->graph == NULL)
        return dtake__fail_nomem(err, "a graph");
    if (expression.len == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "Request must contain an 'expression'.");
    dtake_status st = dtake__ee_read_expression(out->graph, expression.text, expression.len, &out->node, err);
    if (st == DTAKE_OK)
        st = dtake__evaluation_new(&out->evaluation, service->evaluator, out->graph, patience, err);
    return st;
}

void dtake__ee_graph_dispose(dtake__ee_graph *graph)
{
    dtake__evaluation_free(graph->evaluation);
    dtake__graph_free(graph->graph);
    *graph = (dtake__ee_graph){ 0 };
}

static dtake_status show_json(dtake__eval *eval, const dtake__value *value, void *ctx, dtake_buf *out,
                              dtake_error *err)
{
    (void)ctx;
    dtake_status st = dtake__buf_puts(out, "{\"result\":");
    if (st == DTAKE_OK)
        st = dtake__value_to_json(eval, value, out, err);
    return st == DTAKE_OK ? dtake__buf_puts(out, "}") : st;
}

typedef struct question {
    dtake__ee_service *service;
    dtake__span body;
} question;

static dtake_status work(void *ctx, const dtake__ee_patience *patience, dtake__ee_landed *out,
                         dtake_error *err)
{
    const question *q = ctx;
    dtake__ee_request request = { 0 };
    dtake__ee_graph graph = { 0 };
    dtake_status st = dtake__ee_request_read(&request, q->body, err);
    if (st == DTAKE_OK)
        st = dtake__ee_graph_read(&graph, q->service, patience, request.expression, err);
    if (st == DTAKE_OK)
        st = dtake__evaluation_value(graph.evaluation, graph.node, show_json, NULL, &out->bytes, err);
    dtake__ee_graph_dispose(&graph);
    dtake__ee_request_dispose(&request);
    return st;
}

dtake_status dtake__ee_compute_value(dtake__ee_asked *asked, dtake_error *err)
{
    question q = { asked->service, asked->body };
    dtake__ee_landed landed;
    dtake_status st =
        dtake__ee_fly(asked->service->values, asked->body, &asked->patience, work, &q, &landed, err);
    if (st != DTAKE_OK)
        return st;
    dtake__buf_dispose(&asked->answer);
    dtake__buf_move(&asked->answer, &landed.bytes);
    return DTAKE_OK;
}
