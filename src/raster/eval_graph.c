/* From graph to values: each node once for each set of arguments it depends on. */
#include "core/alloc.h"
#include "core/error.h"
#include "raster/eval_assets.h"
#include "raster/eval_closure.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_STEPS = 1200000,
    MAX_FRAMES = 200,
    MAX_DEPTH = DTAKE__GRAPH_MAX_DEPTH + 500, /* each takes some of the thread's stack */
    MAX_BYTES = 512 << 20,
};

/* The values that the arguments of a function have in one call of it. */
typedef struct scope {
    const struct scope *outer;
    uint64_t number;
    size_t count;
    const char *const *name;
    const dtake__value *value;
} scope;

struct dtake__closure {
    dtake__node node; /* its function; 0: one of ours */
    const scope *outer;
    dtake__native_fn *native;
    const void *ctx;
};

typedef struct memo {
    dtake__node node; /* 0: empty */
    uint64_t frame;
    dtake__value value;
} memo;

struct dtake__eval {
    const dtake__graph *graph;
    dtake__image_loader *load;
    dtake__image_reader *read;   /* NULL: none */
    const dtake__assets *assets; /* NULL: none */
    void *ctx;
    dtake__slab slab;
    dtake__expressions *expressions;
    memo *memo;
    size_t memos, buckets;
    uint64_t frames;
    int64_t steps;
    int depth, calls;
    bool told; /* a failure names its node; those around it do not */
};

static dtake_status value_of(dtake__eval *eval, dtake__node node, const scope *frame, dtake__value *out,
                             dtake_error *err);

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
    eval->slab = DTAKE__SLAB_INIT(MAX_BYTES);
    *out = eval;
    return DTAKE_OK;
}

void dtake__eval_free(dtake__eval *eval)
{
    if (eval == NULL)
        return;
    dtake__slab_dispose(&eval->slab);
    dtake__expressions_free(eval->expressions);
    dtake__free(eval->memo);
    dtake__free(eval);
}

dtake__slab *dtake__eval_slab(dtake__eval *eval)
{
    return &eval->slab;
}

dtake__expressions *dtake__eval_expressions(dtake__eval *eval)
{
    return eval->expressions;
}

/* --- what is known already --- */

static memo *find_memo(const dtake__eval *eval, dtake__node node, uint64_t frame)
{
    size_t at = (node * UINT64_C(0x9e3779b97f4a7c15) ^ frame * UINT64_C(0xbf58476d1ce4e5b9)) >> 20;
    for (at &= eval->buckets - 1; eval->memo[at].node != 0; at = (at + 1) & (eval->buckets - 1))
        if (eval->memo[at].node == node && eval->memo[at].frame == frame)
            break;
    return &eval->memo[at];
}

static dtake_status remember(dtake__eval *eval, dtake__node node, uint64_t frame, const dtake__value *value,
                             dtake_error *err)
{
    if (2 * (eval->memos + 1) > eval->buckets) {
        dtake__eval grown = *eval;
        grown.buckets = eval->buckets == 0 ? 256 : eval->buckets * 2;
        grown.memo = dtake__calloc(grown.buckets, sizeof *grown.memo);
        if (grown.memo == NULL)
            return dtake__fail_nomem(err, "an evaluation");
        for (size_t i = 0; i < eval->buckets; i++)
            if (eval->memo[i].node != 0)
                *find_memo(&grown, eval->memo[i].node, eval->memo[i].frame) = eval->memo[i];
        dtake__free(eval->memo);
        *eval = grown;
    }
    *find_memo(eval, node, frame) = (memo){ node, frame, *value };
    eval->memos++;
    return DTAKE_OK;
}

/* --- calls --- */

static void *make(dtake__eval *eval, size_t count, size_t bytes, dtake_error *err)
{
    void *out = dtake__slab_alloc(&eval->slab, count, bytes);
    if (out == NULL)
        dtake__fail(err, DTAKE_E_LIMIT, "more than %d MB of values", MAX_BYTES >> 20);
    return out;
}

static void prefix(dtake__eval *eval, dtake__node node, dtake_error *err)
{
    char what[160];
    if (eval->told)
        return;
    eval->told = true;
    dtake__node_describe(eval->graph, node, what, sizeof what);
    dtake__error_prefix(err, "%s", what);
}

/* What a function's arguments are in this call. */
static dtake_status bind(dtake__eval *eval, const dtake__closure *closure, const char *const *name,
                         const dtake__value *arg, size_t count, const scope **out, dtake_error *err)
{
    size_t children;
    const dtake__node *child = dtake__node_children(eval->graph, closure->node, &children);
    size_t params = children - 1;
    scope *f = make(eval, 1, sizeof *f, err);
    dtake__value *value = make(eval, params + 1, sizeof *value, err);
    const char **names = make(eval, params + 1, sizeof *names, err);
    if (f == NULL || value == NULL || names == NULL)
        return DTAKE_E_LIMIT;
    for (size_t i = 0; i < params; i++) {
        names[i] = dtake__node_text(eval->graph, child[i]).text;
        bool found = false;
        for (size_t k = 0; k < count && !found; k++)
            if (name == NULL ? k == i : strcmp(name[k], names[i]) == 0) {
                value[i] = arg[k];
                found = true;
            }
        if (!found)
            return dtake__fail(err, DTAKE_E_USAGE, "a function is called without its argument '%.60s'",
                               names[i]);
    }
    if (eval->calls == MAX_FRAMES)
        return dtake__fail(err, DTAKE_E_LIMIT, "functions call one another more than %d deep", MAX_FRAMES);
    *f = (scope){ closure->outer, ++eval->frames, params, names, value };
    *out = f;
    return DTAKE_OK;
}

/* `node`: what calls, for the messages of mistakes in the calling; 0: it tells itself. */
static dtake_status apply(dtake__eval *eval, dtake__node node, const dtake__closure *closure,
                          const char *const *name, const dtake__value *arg, size_t count, dtake__value *out,
                          dtake_error *err)
{
    const scope *inside = NULL;
    dtake_status st = closure->native != NULL
                          ? closure->native(eval, closure->ctx, name, arg, count, out, err)
                          : bind(eval, closure, name, arg, count, &inside, err);
    if (st != DTAKE_OK && node != 0)
        prefix(eval, node, err);
    if (st != DTAKE_OK || closure->native != NULL)
        return st;
    size_t children;
    const dtake__node *child = dtake__node_children(eval->graph, closure->node, &children);
    eval->calls++;
    st = value_of(eval, child[children - 1], inside, out, err);
    eval->calls--;
    return st;
}

dtake_status dtake__eval_apply(dtake__eval *eval, const dtake__closure *closure, const dtake__value *arg,
                               size_t count, dtake__value *out, dtake_error *err)
{
    return apply(eval, 0, closure, NULL, arg, count, out, err);
}

dtake_status dtake__eval_native(dtake__eval *eval, dtake__native_fn *native, const void *ctx,
                                dtake__value *out, dtake_error *err)
{
    dtake__closure *closure = make(eval, 1, sizeof *closure, err);
    if (closure == NULL)
        return DTAKE_E_LIMIT;
    *closure = (dtake__closure){ .native = native, .ctx = ctx };
    *out = (dtake__value){ .kind = DTAKE__ALGORITHM, .closure = closure };
    return DTAKE_OK;
}

/* An image without its bands is given as it is to who can wait for them. */
static dtake_status place(dtake__eval *eval, dtake__call *c, size_t i, const dtake__value *value,
                          dtake_error *err)
{
    const dtake__param *p = &c->function->param[i];
    bool waits = p->kind == DTAKE__IMAGE && c->function->returns == DTAKE__IMAGE &&
                 c->function->param[0].kind == DTAKE__IMAGE;
    if (value->null && p->initial != NULL) {
        c->arg[i] = dtake__value_of_initial(p->initial);
        return DTAKE_OK;
    }
    if (!value->null && value->kind == DTAKE__IMAGE && waits) {
        c->arg[i] = *value;
        return DTAKE_OK;
    }
    dtake_status st = value->null ? dtake__fail(err, DTAKE_E_USAGE, "the argument is null")
                                  : dtake__eval_cast(eval, value, p->kind, &c->arg[i], err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "argument '%s'", p->name);
    return st;
}

/* The function's own part, now or when the bands are needed. */
static dtake_status run(dtake__call *c, dtake__node node, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (dtake__image_may_wait(c))
        return dtake__image_postpone(c, node, err);
    for (size_t i = 0; i < DTAKE__MAX_PARAMS && st == DTAKE_OK; i++)
        if (!c->arg[i].null && c->arg[i].kind == DTAKE__IMAGE && c->function->param[i].kind == DTAKE__IMAGE)
            st = dtake__image_need(c->eval, c->arg[i].image, err);
    if (st == DTAKE_OK)
        st = c->function->run(c, err);
    if (st == DTAKE_OK)
        st = dtake__image_inherit(c, err);
    return st == DTAKE_OK ? dtake__expressions_status(c->eval->expressions, err) : st;
}

static dtake_status call(dtake__eval *eval, dtake__node node, const scope *frame, dtake__value *out,
                         dtake_error *err)
{
    size_t count;
    const dtake__node *child = dtake__node_children(eval->graph, node, &count);
    dtake__call *c = make(eval, 1, sizeof *c, err);
    if (c == NULL)
        return DTAKE_E_LIMIT;
    c->eval = eval;
    c->function = dtake__node_function(eval->graph, node);
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        dtake__value value = { .null = true };
        if (child[i] != 0)
            st = value_of(eval, child[i], frame, &value, err);
        if (st != DTAKE_OK)
            return st;
        st = place(eval, c, i, &value, err);
    }
    c->out = (dtake__value){ .null = true };
    if (st == DTAKE_OK)
        st = run(c, node, err);
    /* Of a slab that is nearly full nobody can tell whether it or the machine had no more. */
    if (st == DTAKE_E_NOMEM && !eval->told && eval->slab.held > MAX_BYTES / 4)
        st = dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded: more than %d MB of values",
                         MAX_BYTES >> 20);
    if (st != DTAKE_OK)
        prefix(eval, node, err);
    *out = c->out;
    return st;
}

static dtake_status list_of(dtake__eval *eval, dtake__node node, const scope *frame, dtake__value *out,
                            dtake_error *err)
{
    size_t count;
    const dtake__node *child = dtake__node_children(eval->graph, node, &count);
    dtake__value *item = make(eval, count + 1, sizeof *item, err);
    dtake_status st = item != NULL ? DTAKE_OK : DTAKE_E_LIMIT;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = value_of(eval, child[i], frame, &item[i], err);
    *out = (dtake__value){ .kind = DTAKE__LIST, .list = { item, NULL, count } };
    return st;
}

static dtake_status dict_of(dtake__eval *eval, dtake__node node, const scope *frame, dtake__value *out,
                            dtake_error *err)
{
    size_t children, count = 0;
    const dtake__node *child = dtake__node_children(eval->graph, node, &children);
    dtake__value *item = make(eval, children + 1, sizeof *item, err);
    const char **key = make(eval, children + 1, sizeof *key, err);
    dtake_status st = item != NULL && key != NULL ? DTAKE_OK : DTAKE_E_LIMIT;
    /* A dictionary's first child is its first key. */
    for (size_t i = 0; i + 1 < children && st == DTAKE_OK; i += 2) {
        key[count] = dtake__node_text(eval->graph, child[i]).text;
        st = value_of(eval, child[i + 1], frame, &item[count++], err);
    }
    *out = (dtake__value){ .kind = DTAKE__DICTIONARY, .list = { item, key, count } };
    return st;
}

static dtake_status argument(dtake__eval *eval, dtake__node node, const scope *frame, dtake__value *out,
                             dtake_error *err)
{
    dtake__span name = dtake__node_text(eval->graph, node);
    for (; frame != NULL; frame = frame->outer)
        for (size_t i = 0; i < frame->count; i++)
            if (strcmp(frame->name[i], name.text) == 0) {
                *out = frame->value[i];
                return DTAKE_OK;
            }
    return dtake__fail(err, DTAKE_E_USAGE, "there is no argument '%.60s' here", name.text);
}

static dtake_status application(dtake__eval *eval, dtake__node node, const scope *frame, dtake__value *out,
                                dtake_error *err)
{
    size_t children, count = 0;
    const dtake__node *child = dtake__node_children(eval->graph, node, &children);
    dtake__value function;
    dtake__value *arg = make(eval, children, sizeof *arg, err);
    const char **name = make(eval, children, sizeof *name, err);
    if (arg == NULL || name == NULL)
        return DTAKE_E_LIMIT;
    dtake_status st = value_of(eval, child[0], frame, &function, err);
    for (size_t i = 1; i + 1 < children && st == DTAKE_OK; i += 2) {
        name[count] = dtake__node_text(eval->graph, child[i]).text;
        st = value_of(eval, child[i + 1], frame, &arg[count++], err);
    }
    if (st != DTAKE_OK)
        return st;
    if (function.null || function.kind != DTAKE__ALGORITHM) {
        st = dtake__fail(err, DTAKE_E_USAGE, "what is called is no function");
        prefix(eval, node, err);
        return st;
    }
    return apply(eval, node, function.closure, name, arg, count, out, err);
}

static dtake_status function_of(dtake__eval *eval, dtake__node node, const scope *frame, dtake__value *out,
                                dtake_error *err)
{
    dtake__closure *closure = make(eval, 1, sizeof *closure, err);
    if (closure == NULL)
        return DTAKE_E_LIMIT;
    *closure = (dtake__closure){ .node = node, .outer = frame };
    *out = (dtake__value){ .kind = DTAKE__ALGORITHM, .closure = closure };
    return DTAKE_OK;
}

static dtake_status compute(dtake__eval *eval, dtake__node node, const scope *frame, dtake__value *out,
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
        return call(eval, node, frame, out, err);
    case DTAKE__NODE_FUNCTION:
        return function_of(eval, node, frame, out, err);
    case DTAKE__NODE_ARGUMENT:
        return argument(eval, node, frame, out, err);
    case DTAKE__NODE_APPLY:
        return application(eval, node, frame, out, err);
    }
    return DTAKE_E_OTHER;
}

static dtake_status value_of(dtake__eval *eval, dtake__node node, const scope *frame, dtake__value *out,
                             dtake_error *err)
{
    uint64_t number = frame != NULL && dtake__node_is_open(eval->graph, node) ? frame->number : 0;
    dtake__node_op op = dtake__node_op_of(eval->graph, node);
    bool worth = op >= DTAKE__NODE_LIST && op != DTAKE__NODE_ARGUMENT;
    if (worth && eval->buckets > 0) {
        const memo *known = find_memo(eval, node, number);
        if (known->node != 0) {
            *out = known->value;
            return DTAKE_OK;
        }
    }
    if (++eval->steps > MAX_STEPS) {
        dtake_status st = dtake__fail(err, DTAKE_E_LIMIT, "the graph takes more than %d steps", MAX_STEPS);
        prefix(eval, node, err);
        return st;
    }
    if (++eval->depth > MAX_DEPTH)
        return dtake__fail(err, DTAKE_E_LIMIT, "functions within functions go more than %d levels deep",
                           MAX_DEPTH);
    dtake_status st = compute(eval, node, frame, out, err);
    eval->depth--;
    return st == DTAKE_OK && worth ? remember(eval, node, number, out, err) : st;
}

dtake_status dtake__eval_value(dtake__eval *eval, dtake__node node, dtake__value *out, dtake_error *err)
{
    eval->told = false;
    return value_of(eval, node, NULL, out, err);
}

dtake_status dtake__eval_image(dtake__eval *eval, dtake__node node, const dtake__image_value **out,
                               dtake_error *err)
{
    dtake__value value, image;
    eval->told = false;
    dtake_status st = value_of(eval, node, NULL, &value, err);
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
    return eval->load(eval->ctx, eval, id, out, err);
}

void dtake__eval_set_assets(dtake__eval *eval, const dtake__assets *assets)
{
    eval->assets = assets;
}

const dtake__assets *dtake__eval_assets(dtake__eval *eval, void **ctx)
{
    *ctx = eval->ctx;
    return eval->assets;
}

void dtake__eval_tell(dtake__eval *eval, dtake__node node, dtake_error *err)
{
    prefix(eval, node, err);
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
