/* From graph to values: each node once for each set of arguments it depends on. */
#include "core/alloc.h"
#include "core/error.h"
#include "raster/eval_state.h"

#include <string.h>

enum {
    MAX_DEPTH = DTAKE__GRAPH_MAX_DEPTH + 500, /* each takes some of the thread's stack */
    LARGE_BYTES = 32 << 20,
};

dtake_status dtake__eval_new(dtake__eval **out, const dtake__graph *graph, dtake__image_loader *load,
                             void *ctx, dtake_error *err)
{
    dtake__eval *eval = dtake__calloc(1, sizeof *eval);
    dtake__expressions *expressions = dtake__expressions_new();
    if (eval == NULL || expressions == NULL) {
        dtake__free(eval);
        dtake__expressions_free(expressions);
        return dtake__fail_nomem(err, "an evaluation");
    }
    *eval = (dtake__eval){ .graph = graph, .load = load, .ctx = ctx, .expressions = expressions };
    eval->slab = DTAKE__SLAB_INIT(DTAKE__EVAL_MAX_BYTES);
    *out = eval;
    return DTAKE_OK;
}

void dtake__eval_free(dtake__eval *eval)
{
    if (eval == NULL)
        return;
    bool large = eval->slab.held > LARGE_BYTES;
    dtake__slab_dispose(&eval->slab);
    dtake__expressions_free(eval->expressions);
    dtake__memo_dispose(&eval->memo);
    dtake__free(eval);
    if (large)
        dtake__alloc_trim();
}

dtake__slab *dtake__eval_slab(dtake__eval *eval)
{
    return &eval->slab;
}

dtake__expressions *dtake__eval_expressions(dtake__eval *eval)
{
    return eval->expressions;
}

void *dtake__eval_make(dtake__eval *eval, size_t count, size_t bytes, dtake_error *err)
{
    void *out = dtake__slab_alloc(&eval->slab, count, bytes);
    if (out == NULL)
        dtake__fail(err, DTAKE_E_LIMIT, "more than %d MB of values", DTAKE__EVAL_MAX_BYTES >> 20);
    return out;
}

void dtake__eval_tell(dtake__eval *eval, dtake__node node, dtake_error *err)
{
    char what[160];
    if (eval->told)
        return;
    eval->told = true;
    dtake__node_describe(eval->graph, node, what, sizeof what);
    dtake__error_prefix(err, "%s", what);
}

static dtake_status list_of(dtake__eval *eval, dtake__node node, const dtake__scope *frame, dtake__value *out,
                            dtake_error *err)
{
    size_t count;
    const dtake__node *child = dtake__node_children(eval->graph, node, &count);
    dtake__value *item = dtake__eval_make(eval, count + 1, sizeof *item, err);
    dtake_status st = item != NULL ? DTAKE_OK : DTAKE_E_LIMIT;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = dtake__eval_node(eval, child[i], frame, &item[i], err);
    *out = (dtake__value){ .kind = DTAKE__LIST, .list = { item, NULL, count } };
    return st;
}

static dtake_status dict_of(dtake__eval *eval, dtake__node node, const dtake__scope *frame, dtake__value *out,
                            dtake_error *err)
{
    size_t children, count = 0;
    const dtake__node *child = dtake__node_children(eval->graph, node, &children);
    dtake__value *item = dtake__eval_make(eval, children + 1, sizeof *item, err);
    const char **key = dtake__eval_make(eval, children + 1, sizeof *key, err);
    dtake_status st = item != NULL && key != NULL ? DTAKE_OK : DTAKE_E_LIMIT;
    /* A dictionary's first child is its first key. */
    for (size_t i = 0; i + 1 < children && st == DTAKE_OK; i += 2) {
        key[count] = dtake__node_text(eval->graph, child[i]).text;
        st = dtake__eval_node(eval, child[i + 1], frame, &item[count++], err);
    }
    *out = (dtake__value){ .kind = DTAKE__DICTIONARY, .list = { item, key, count } };
    return st;
}

static dtake_status compute(dtake__eval *eval, dtake__node node, const dtake__scope *frame, dtake__value *out,
                            dtake_error *err)
{
    switch (dtake__node_op_of(eval->graph, node)) {
    case DTAKE__NODE_NULL:
        *out = (dtake__value){ .null = true };
        return DTAKE_OK;
    case DTAKE__NODE_BOOL:
        *out =
            (dtake__value){ .kind = DTAKE__BOOLEAN, .boolean = dtake__node_number(eval->graph, node) != 0 };
        return DTAKE_OK;
    case DTAKE__NODE_NUMBER:
        *out = dtake__value_of_number(dtake__node_number(eval->graph, node));
        return DTAKE_OK;
    case DTAKE__NODE_TEXT:
        *out = dtake__value_of_text(dtake__node_text(eval->graph, node).text);
        return DTAKE_OK;
    case DTAKE__NODE_LIST:
        return list_of(eval, node, frame, out, err);
    case DTAKE__NODE_DICT:
        return dict_of(eval, node, frame, out, err);
    case DTAKE__NODE_CALL:
        return dtake__eval_call_node(eval, node, frame, out, err);
    case DTAKE__NODE_FUNCTION:
        return dtake__eval_function_of(eval, node, frame, out, err);
    case DTAKE__NODE_ARGUMENT:
        return dtake__eval_argument(eval, node, frame, out, err);
    case DTAKE__NODE_APPLY:
        return dtake__eval_application(eval, node, frame, out, err);
    }
    return DTAKE_E_OTHER;
}

dtake_status dtake__eval_node(dtake__eval *eval, dtake__node node, const dtake__scope *frame,
                              dtake__value *out, dtake_error *err)
{
    uint64_t number = frame != NULL && dtake__node_is_open(eval->graph, node) ? frame->number : 0;
    dtake__node_op op = dtake__node_op_of(eval->graph, node);
    bool worth = op >= DTAKE__NODE_LIST && op != DTAKE__NODE_ARGUMENT;
    const dtake__value *known = worth ? dtake__memo_find(&eval->memo, node, number) : NULL;
    if (known != NULL) {
        *out = *known;
        return DTAKE_OK;
    }
    dtake_status st = dtake__budget_spend(&eval->budget, 1, err);
    if (st != DTAKE_OK) {
        dtake__eval_tell(eval, node, err);
        return st;
    }
    if (++eval->depth > MAX_DEPTH)
        return dtake__fail(err, DTAKE_E_LIMIT, "functions within functions go more than %d levels deep",
                           MAX_DEPTH);
    st = compute(eval, node, frame, out, err);
    eval->depth--;
    return st == DTAKE_OK && worth ? dtake__memo_keep(&eval->memo, node, number, out, err) : st;
}

dtake_status dtake__eval_value(dtake__eval *eval, dtake__node node, dtake__value *out, dtake_error *err)
{
    eval->told = false;
    return dtake__eval_node(eval, node, NULL, out, err);
}

dtake_status dtake__eval_image(dtake__eval *eval, dtake__node node, const dtake__image_value **out,
                               dtake_error *err)
{
    dtake__value value, image;
    eval->told = false;
    dtake_status st = dtake__eval_node(eval, node, NULL, &value, err);
    if (st == DTAKE_OK)
        st = dtake__eval_cast(eval, &value, DTAKE__IMAGE, &image, err);
    if (st == DTAKE_OK)
        st = dtake__expressions_status(eval->expressions, err);
    if (st == DTAKE_OK)
        *out = image.image;
    return st;
}

dtake_status dtake__eval_load(dtake__eval *eval, const char *id, dtake__image_value *out, dtake_error *err)
{
    if (eval->load == NULL)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no image '%.200s'", id);
    int64_t paused = dtake__eval_pause();
    dtake_status st = eval->load(eval->ctx, eval, id, out, err);
    dtake__eval_go_on(eval, paused);
    return st;
}

void dtake__eval_set_assets(dtake__eval *eval, const dtake__assets *assets)
{
    eval->assets = assets;
}

dtake_status dtake__eval_spend(dtake__eval *eval, int64_t steps, dtake_error *err)
{
    return dtake__budget_spend(&eval->budget, steps, err);
}

dtake_status dtake__eval_compare(dtake__eval *eval, size_t count, size_t with, dtake_error *err)
{
    double steps = (double)count * (double)with / 48;
    return dtake__budget_spend(&eval->budget, steps < 1e9 ? (int64_t)steps : 1000000000, err);
}

int64_t dtake__eval_pause(void)
{
    return dtake__budget_stop();
}

void dtake__eval_go_on(dtake__eval *eval, int64_t paused)
{
    dtake__budget_go_on(&eval->budget, paused);
}

const dtake__assets *dtake__eval_assets(dtake__eval *eval, void **ctx)
{
    *ctx = eval->ctx;
    return eval->assets;
}

void dtake__eval_set_reader(dtake__eval *eval, dtake__image_reader *read)
{
    eval->read = read;
}

bool dtake__eval_reads(const dtake__eval *eval)
{
    return eval->read != NULL;
}

dtake_status dtake__eval_read(dtake__eval *eval, const dtake__program_source *source, dtake_window window,
                              dtake__px_plane *out, dtake_error *err)
{
    return eval->read(eval->ctx, source, window, out, err);
}
