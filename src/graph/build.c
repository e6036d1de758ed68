/* The builders: checked and promoted on the way. */
#include "graph/store.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

dtake__node dtake__graph_null(dtake__graph *graph)
{
    return dtake__graph_store(graph, &(dtake__entry){ .op = DTAKE__NODE_NULL });
}

dtake__node dtake__graph_bool(dtake__graph *graph, bool value)
{
    return dtake__graph_store(
        graph, &(dtake__entry){ .op = DTAKE__NODE_BOOL, .kind = DTAKE__BOOLEAN, .number = value });
}

dtake__node dtake__graph_number(dtake__graph *graph, double value)
{
    if (value == 0)
        value = 0; /* -0 is 0 */
    if (isnan(value))
        return dtake__graph_fail(graph, DTAKE_E_USAGE, "a number is not a number");
    return dtake__graph_store(
        graph, &(dtake__entry){ .op = DTAKE__NODE_NUMBER, .kind = DTAKE__NUMBER, .number = value });
}

dtake__node dtake__graph_span(dtake__graph *graph, dtake__span text)
{
    if (text.len > 0 && memchr(text.text, '\0', text.len) != NULL)
        return dtake__graph_fail(graph, DTAKE_E_USAGE, "a string has a zero byte");
    return dtake__graph_store(graph,
                              &(dtake__entry){ .op = DTAKE__NODE_TEXT, .kind = DTAKE__STRING, .text = text });
}

dtake__node dtake__graph_text(dtake__graph *graph, const char *text)
{
    return dtake__graph_span(graph, dtake__span_of(text));
}

/* Children that are missing are the mark of a failure before. */
static bool complete(const dtake__graph *graph, const dtake__node *child, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (child[i] == 0 || child[i] > graph->count)
            return false;
    return graph->status == DTAKE_OK;
}

static dtake__node incomplete(dtake__graph *graph)
{
    return dtake__graph_fail(graph, DTAKE_E_USAGE, "a node is made of one that does not exist");
}

dtake__node dtake__graph_list(dtake__graph *graph, const dtake__node *item, size_t count)
{
    if (!complete(graph, item, count))
        return incomplete(graph);
    return dtake__graph_store(
        graph, &(dtake__entry){ .op = DTAKE__NODE_LIST, .kind = DTAKE__LIST, .child = item, .count = count });
}

/* [first, name, value, name, value ...]; first 0: none. In the graph's slab. */
static dtake__node *pairs(dtake__graph *graph, dtake__node first, const dtake__named *named, size_t count,
                          size_t *out_count)
{
    size_t at = first != 0 ? 1 : 0;
    dtake__node *child =
        count < DTAKE__GRAPH_MAX_NODES ? dtake__slab_alloc(&graph->slab, 2 * count + 1, sizeof *child) : NULL;
    if (child == NULL) {
        dtake__graph_fail(graph, DTAKE_E_LIMIT, "%zu members are too many", count);
        return NULL;
    }
    child[0] = first;
    for (size_t i = 0; i < count; i++) {
        child[at++] = dtake__graph_text(graph, named[i].name);
        child[at++] = named[i].node;
    }
    *out_count = at;
    return child;
}

dtake__node dtake__graph_dict(dtake__graph *graph, const dtake__named *member, size_t count)
{
    size_t children = 0;
    dtake__node *child = pairs(graph, 0, member, count, &children);
    if (child == NULL)
        return 0;
    if (!complete(graph, child, children))
        return incomplete(graph);
    return dtake__graph_store(
        graph, &(dtake__entry){
                   .op = DTAKE__NODE_DICT, .kind = DTAKE__DICTIONARY, .child = child, .count = children });
}

/* A word that the text form can say; "_1" and the like are the names it gives itself. */
static bool is_word(const char *name)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", *digits = "0123456789";
    return strchr(letters, name[0]) != NULL && name[0] != '\0' &&
           !(name[0] == '_' && strchr(digits, name[1]) != NULL) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == strlen(name) &&
           strlen(name) < DTAKE__GRAPH_MAX_NAME;
}

dtake__node dtake__graph_function(dtake__graph *graph, const char *const *name, size_t count,
                                  dtake__node body)
{
    dtake__node child[DTAKE__MAX_PARAMS + 1];
    if (count > DTAKE__MAX_PARAMS)
        return dtake__graph_fail(graph, DTAKE_E_LIMIT, "a function has %zu arguments: at most %d are allowed",
                                 count, DTAKE__MAX_PARAMS);
    for (size_t i = 0; i < count; i++) {
        if (!is_word(name[i]))
            return dtake__graph_fail(graph, DTAKE_E_USAGE, "'%.80s' is no name for an argument", name[i]);
        child[i] = dtake__graph_text(graph, name[i]);
    }
    child[count] = body;
    if (!complete(graph, child, count + 1))
        return incomplete(graph);
    return dtake__graph_store(graph, &(dtake__entry){ .op = DTAKE__NODE_FUNCTION,
                                                      .kind = DTAKE__ALGORITHM,
                                                      .child = child,
                                                      .count = count + 1 });
}

dtake__node dtake__graph_argument(dtake__graph *graph, const char *name)
{
    return dtake__graph_store(graph,
                              &(dtake__entry){ .op = DTAKE__NODE_ARGUMENT, .text = dtake__span_of(name) });
}

dtake__node dtake__graph_apply(dtake__graph *graph, dtake__node function, const dtake__named *arg,
                               size_t count)
{
    size_t children = 0;
    if (!complete(graph, &function, 1))
        return incomplete(graph);
    dtake__kind kind = dtake__node_kind(graph, function);
    if (kind != DTAKE__ALGORITHM && kind != DTAKE__OBJECT)
        return dtake__graph_fail(graph, DTAKE_E_USAGE, "a %s is called as if it were a function",
                                 dtake__kind_name(kind));
    for (size_t i = 0; i < count; i++)
        if (!is_word(arg[i].name))
            return dtake__graph_fail(graph, DTAKE_E_USAGE, "'%.80s' is no name for an argument", arg[i].name);
    dtake__node *child = pairs(graph, function, arg, count, &children);
    if (child == NULL)
        return 0;
    if (!complete(graph, child, children))
        return incomplete(graph);
    return dtake__graph_store(graph,
                              &(dtake__entry){ .op = DTAKE__NODE_APPLY, .child = child, .count = children });
}

/* --- calls --- */

static dtake__node wrap(dtake__graph *graph, const char *function, const char *arg, dtake__node node)
{
    return dtake__graph_call(graph, function, &(dtake__named){ arg, node }, 1);
}

static dtake__node wrap_list(dtake__graph *graph, const char *function, const char *arg, dtake__node node)
{
    return wrap(graph, function, arg, dtake__graph_list(graph, &node, 1));
}

static dtake__node promote(dtake__graph *graph, dtake__kind wanted, dtake__kind given, dtake__node node);

/* ee.Image([a, b, c]): b's bands behind a's, c's behind those. 0: the first is no image. */
static dtake__node image_of_list(dtake__graph *graph, dtake__node list)
{
    size_t count = 0;
    dtake__node image = 0;
    const dtake__node *item = dtake__node_children(graph, list, &count);
    for (size_t i = 0; i < count; i++) {
        const dtake__named args[] = { { "dstImg", image }, { "srcImg", item[i] } };
        if (i > 0)
            image = dtake__graph_call(graph, "Image.addBands", args, 2);
        else if ((image = promote(graph, DTAKE__IMAGE, dtake__node_kind(graph, item[0]), item[0])) == 0)
            return 0;
    }
    return count > 0 ? image : dtake__graph_fail(graph, DTAKE_E_USAGE, "an empty list is no image");
}

static bool is_collection(dtake__kind kind)
{
    return kind == DTAKE__IMAGE_COLLECTION || kind == DTAKE__FEATURE_COLLECTION ||
           kind == DTAKE__ANY_COLLECTION;
}

/* Functions that serve all elements give back the kind they were given, which nobody knows here. */
static bool is_element(dtake__kind kind)
{
    return kind == DTAKE__IMAGE || kind == DTAKE__FEATURE || kind == DTAKE__ELEMENT || is_collection(kind);
}

/* What becomes of a value of kind `given` where `wanted` is declared; 0: it does not fit. */
static dtake__node promote(dtake__graph *graph, dtake__kind wanted, dtake__kind given, dtake__node node)
{
    bool literal = dtake__node_op_of(graph, node) == DTAKE__NODE_LIST;
    if (wanted == given || wanted == DTAKE__OBJECT || given == DTAKE__OBJECT ||
        (is_collection(wanted) && is_collection(given)) ||
        (wanted == DTAKE__FEATURE && given == DTAKE__IMAGE) || /* both are elements */
        (wanted == DTAKE__ELEMENT && is_element(given)) || (given == DTAKE__ELEMENT && is_element(wanted)) ||
        (wanted == DTAKE__DATE && (given == DTAKE__NUMBER || given == DTAKE__STRING)) ||
        (wanted == DTAKE__FILTER && given == DTAKE__LIST) || /* all of them */
        (wanted == DTAKE__NUMBER && given == DTAKE__BOOLEAN) ||
        (wanted == DTAKE__BOOLEAN && given == DTAKE__NUMBER) ||
        ((wanted == DTAKE__GEOMETRY || wanted == DTAKE__FEATURE || wanted == DTAKE__FEATURE_COLLECTION) &&
         given == DTAKE__DICTIONARY) /* GeoJSON */)
        return node;
    if (wanted == DTAKE__IMAGE && given == DTAKE__NUMBER)
        return wrap(graph, "Image.constant", "value", node);
    if (wanted == DTAKE__IMAGE && given == DTAKE__STRING)
        return wrap(graph, "Image.load", "id", node);
    if (wanted == DTAKE__IMAGE && given == DTAKE__LIST)
        return literal ? image_of_list(graph, node) : wrap(graph, "Image.constant", "value", node);
    if (wanted == DTAKE__ELEMENT && given == DTAKE__GEOMETRY)
        return wrap(graph, "Feature", "geometry", node);
    if (wanted == DTAKE__ANY_COLLECTION) /* where both kinds are taken, a list is one of features */
        wanted = DTAKE__FEATURE_COLLECTION;
    if (wanted == DTAKE__GEOMETRY && (given == DTAKE__FEATURE || given == DTAKE__ELEMENT))
        return node;
    if (wanted == DTAKE__GEOMETRY && is_collection(given))
        return wrap(graph, "Collection.geometry", "collection", node);
    if (wanted == DTAKE__FEATURE && given == DTAKE__GEOMETRY)
        return wrap(graph, "Feature", "geometry", node);
    if (wanted == DTAKE__FEATURE_COLLECTION && given == DTAKE__GEOMETRY)
        return wrap_list(graph, "Collection", "features", wrap(graph, "Feature", "geometry", node));
    if (wanted == DTAKE__FEATURE_COLLECTION && given == DTAKE__FEATURE)
        return wrap_list(graph, "Collection", "features", node);
    if (wanted == DTAKE__FEATURE_COLLECTION && given == DTAKE__LIST)
        return wrap(graph, "Collection", "features", node);
    if (wanted == DTAKE__IMAGE_COLLECTION && given == DTAKE__IMAGE)
        return wrap_list(graph, "ImageCollection.fromImages", "images", node);
    if (wanted == DTAKE__IMAGE_COLLECTION && given == DTAKE__LIST)
        return wrap(graph, "ImageCollection.fromImages", "images", node);
    if (wanted == DTAKE__LIST && (given == DTAKE__STRING || given == DTAKE__NUMBER))
        return dtake__graph_list(graph, &node, 1); /* select("B4") */
    if (wanted == DTAKE__LIST && is_collection(given))
        return node;
    if (wanted == DTAKE__PROJECTION && given == DTAKE__STRING)
        return wrap(graph, "Projection", "crs", node);
    return 0;
}

static bool place(dtake__graph *graph, const dtake__function *f, const dtake__named *arg, size_t index,
                  dtake__node *child)
{
    int params = dtake__function_params(f);
    int at = arg->name == NULL ? (int)index : dtake__function_param(f, arg->name, strlen(arg->name));
    if (at < 0 || at >= params) {
        if (arg->name != NULL)
            dtake__graph_fail(graph, DTAKE_E_USAGE, "%s has no argument '%.60s'", f->name, arg->name);
        else
            dtake__graph_fail(graph, DTAKE_E_USAGE, "%s has only %d arguments", f->name, params);
        return false;
    }
    const dtake__param *p = &f->param[at];
    if (child[at] != 0) {
        dtake__graph_fail(graph, DTAKE_E_USAGE, "%s is given '%s' twice", f->name, p->name);
        return false;
    }
    if (dtake__node_op_of(graph, arg->node) == DTAKE__NODE_NULL)
        return true; /* as if it were left out */
    dtake__kind given = dtake__node_kind(graph, arg->node);
    child[at] = promote(graph, p->kind, given, arg->node);
    if (child[at] == 0)
        dtake__graph_fail(graph, DTAKE_E_USAGE, "%s: argument '%s' is of kind %s and must be %s", f->name,
                          p->name, dtake__kind_name(given), dtake__kind_name(p->kind));
    return child[at] != 0;
}

dtake__node dtake__graph_call(dtake__graph *graph, const char *function, const dtake__named *arg,
                              size_t count)
{
    dtake__node child[DTAKE__MAX_PARAMS] = { 0 };
    const dtake__function *f = dtake__registry_find(graph->registry, function, strlen(function));
    if (graph->status != DTAKE_OK)
        return 0;
    if (f == NULL) {
        const char *near = dtake__registry_near(graph->registry, function);
        return dtake__graph_fail(graph, DTAKE_E_USAGE, "there is no function '%.80s'%s%s%s", function,
                                 near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                                 near != NULL ? "'?" : "");
    }
    for (size_t i = 0; i < count; i++) {
        if (!complete(graph, &arg[i].node, 1))
            return incomplete(graph);
        if (!place(graph, f, &arg[i], i, child))
            return 0;
    }
    int params = dtake__function_params(f);
    for (int i = 0; i < params; i++)
        if (child[i] == 0 && f->param[i].initial == NULL)
            return dtake__graph_fail(graph, DTAKE_E_USAGE, "%s needs the argument '%s'", f->name,
                                     f->param[i].name);
    return dtake__graph_store(graph, &(dtake__entry){ .op = DTAKE__NODE_CALL,
                                                      .kind = (uint8_t)f->returns,
                                                      .child = child,
                                                      .count = (size_t)params,
                                                      .function = f });
}
