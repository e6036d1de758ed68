/* Functions that graphs make: lexical scopes, and what is called with what. */
#include "raster/eval_state.h"

#include "core/error.h"

#include <string.h>

enum { MAX_FRAMES = 200 };

/* What a function's arguments are in this call. */
static dtake_status bind(dtake__eval *eval, const dtake__closure *closure, const char *const *name,
                         const dtake__value *arg, size_t count, const dtake__scope **out, dtake_error *err)
{
    size_t children;
    const dtake__node *child = dtake__node_children(eval->graph, closure->node, &children);
    size_t params = children - 1;
    dtake__scope *f = dtake__eval_make(eval, 1, sizeof *f, err);
    dtake__value *value = dtake__eval_make(eval, params + 1, sizeof *value, err);
    const char **names = dtake__eval_make(eval, params + 1, sizeof *names, err);
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
    *f = (dtake__scope){ closure->outer, ++eval->frames, params, names, value };
    *out = f;
    return DTAKE_OK;
}

/* `node`: what calls, for the messages of mistakes in the calling; 0: it tells itself. */
static dtake_status apply(dtake__eval *eval, dtake__node node, const dtake__closure *closure,
                          const char *const *name, const dtake__value *arg, size_t count, dtake__value *out,
                          dtake_error *err)
{
    const dtake__scope *inside = NULL;
    dtake_status st = closure->native != NULL
                          ? closure->native(eval, closure->ctx, name, arg, count, out, err)
                          : bind(eval, closure, name, arg, count, &inside, err);
    if (st != DTAKE_OK && node != 0)
        dtake__eval_tell(eval, node, err);
    if (st != DTAKE_OK || closure->native != NULL)
        return st;
    size_t children;
    const dtake__node *child = dtake__node_children(eval->graph, closure->node, &children);
    eval->calls++;
    st = dtake__eval_node(eval, child[children - 1], inside, out, err);
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
    dtake__closure *closure = dtake__eval_make(eval, 1, sizeof *closure, err);
    if (closure == NULL)
        return DTAKE_E_LIMIT;
    *closure = (dtake__closure){ .native = native, .ctx = ctx };
    *out = (dtake__value){ .kind = DTAKE__ALGORITHM, .closure = closure };
    return DTAKE_OK;
}

dtake_status dtake__eval_argument(dtake__eval *eval, dtake__node node, const dtake__scope *frame,
                                  dtake__value *out, dtake_error *err)
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

dtake_status dtake__eval_application(dtake__eval *eval, dtake__node node, const dtake__scope *frame,
                                     dtake__value *out, dtake_error *err)
{
    size_t children, count = 0;
    const dtake__node *child = dtake__node_children(eval->graph, node, &children);
    dtake__value function;
    dtake__value *arg = dtake__eval_make(eval, children, sizeof *arg, err);
    const char **name = dtake__eval_make(eval, children, sizeof *name, err);
    if (arg == NULL || name == NULL)
        return DTAKE_E_LIMIT;
    dtake_status st = dtake__eval_node(eval, child[0], frame, &function, err);
    for (size_t i = 1; i + 1 < children && st == DTAKE_OK; i += 2) {
        name[count] = dtake__node_text(eval->graph, child[i]).text;
        st = dtake__eval_node(eval, child[i + 1], frame, &arg[count++], err);
    }
    if (st != DTAKE_OK)
        return st;
    if (function.null || function.kind != DTAKE__ALGORITHM) {
        st = dtake__fail(err, DTAKE_E_USAGE, "what is called is no function");
        dtake__eval_tell(eval, node, err);
        return st;
    }
    return apply(eval, node, function.closure, name, arg, count, out, err);
}

dtake_status dtake__eval_function_of(dtake__eval *eval, dtake__node node, const dtake__scope *frame,
                                     dtake__value *out, dtake_error *err)
{
    dtake__closure *closure = dtake__eval_make(eval, 1, sizeof *closure, err);
    if (closure == NULL)
        return DTAKE_E_LIMIT;
    *closure = (dtake__closure){ .node = node, .outer = frame };
    *out = (dtake__value){ .kind = DTAKE__ALGORITHM, .closure = closure };
    return DTAKE_OK;
}
