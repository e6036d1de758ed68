/* Calls of the functions there are. */
#include "raster/eval_state.h"

#include "core/error.h"

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

/* Values that are made of images may be made of all their pixels. */
static dtake_status run_own(dtake__call *c, dtake_error *err)
{
    bool pixels = c->function->param[0].kind == DTAKE__IMAGE && c->function->returns != DTAKE__IMAGE;
    int64_t paused = pixels ? dtake__eval_pause() : 0;
    dtake_status st = c->function->run(c, err);
    if (pixels)
        dtake__eval_go_on(c->eval, paused);
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
        st = run_own(c, err);
    if (st == DTAKE_OK)
        st = dtake__image_inherit(c, err);
    return st == DTAKE_OK ? dtake__expressions_status(c->eval->expressions, err) : st;
}

dtake_status dtake__eval_call_node(dtake__eval *eval, dtake__node node, const dtake__scope *frame,
                                   dtake__value *out, dtake_error *err)
{
    size_t count;
    const dtake__node *child = dtake__node_children(eval->graph, node, &count);
    dtake__call *c = dtake__eval_make(eval, 1, sizeof *c, err);
    if (c == NULL)
        return DTAKE_E_LIMIT;
    c->eval = eval;
    c->function = dtake__node_function(eval->graph, node);
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        dtake__value value = { .null = true };
        if (child[i] != 0)
            st = dtake__eval_node(eval, child[i], frame, &value, err);
        if (st != DTAKE_OK)
            return st;
        st = place(eval, c, i, &value, err);
    }
    c->out = (dtake__value){ .null = true };
    if (st == DTAKE_OK)
        st = dtake__budget_check(&eval->budget, err);
    if (st == DTAKE_OK)
        st = run(c, node, err);
    if (st == DTAKE_OK)
        st = dtake__budget_spend(&eval->budget, 0, err);
    /* What a helper told counts, whatever was made of its NULL. */
    if (st != DTAKE_OK && err != NULL && err->status != DTAKE_OK)
        st = err->status;
    /* Of a slab that is nearly full nobody can tell whether it or the machine had no more. */
    if (st == DTAKE_E_NOMEM && !eval->told && eval->slab.held > DTAKE__EVAL_MAX_BYTES / 4)
        st = dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded: more than %d MB of values",
                         DTAKE__EVAL_MAX_BYTES >> 20);
    if (st != DTAKE_OK)
        dtake__eval_tell(eval, node, err);
    *out = c->out;
    return st;
}
