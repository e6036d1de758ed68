/* The graph that the options give as text: read, looked through, tried out without an image. */
#include "access/shade_graph.h"

#include "core/error.h"
#include "graph/text.h"
#include "raster/eval_value.h"
#include "raster/expression.h"

#include <string.h>

enum { MOST_TEXT = 128 << 10 };

dtake__node dtake__shade_parse(dtake__shading *s, dtake__node image)
{
    const dtake_get_options *o = s->options;
    dtake__named known[2] = { { "image", image } };
    size_t count = 1;
    if (o->has_bbox || o->intersects != NULL)
        known[count++] = (dtake__named){ "area", dtake__shade_area(s, o->intersects == NULL) };
    return dtake__graph_parse_with(s->graph, o->graph, strlen(o->graph), known, count);
}

static dtake_status read_text(const dtake_get_options *o, dtake__graph **graph, dtake__node *image,
                              dtake__node *out, dtake_error *err)
{
    *graph = dtake__graph_new(&dtake__functions);
    if (*graph == NULL)
        return dtake__fail_nomem(err, "a graph");
    dtake__shading s = { .options = o, .graph = *graph };
    const dtake__named id = { NULL, dtake__graph_text(*graph, "image") };
    *image = dtake__graph_call(*graph, "Image.load", &id, 1);
    *out = dtake__shade_parse(&s, *image);
    return dtake__graph_status(*graph, err);
}

/* --- which bands --- */

typedef struct names {
    const dtake__graph *graph;
    dtake__node image;
    dtake__strings *out;
    bool unknown; /* the image is used otherwise: all of its bands may be meant */
} names;

static dtake_status add_name(names *n, dtake__node node)
{
    dtake__span text = dtake__node_op_of(n->graph, node) == DTAKE__NODE_TEXT
                           ? dtake__node_text(n->graph, node)
                           : (dtake__span){ 0 };
    if (text.len == 0 || strpbrk(text.text, "[].*+?|()^$\\") != NULL) {
        n->unknown = true;
        return DTAKE_OK;
    }
    return dtake__strings_have(n->out, text.text) ? DTAKE_OK
                                                  : dtake__strings_add(n->out, text.text, text.len);
}

/* A name, or a list of them. */
static dtake_status add_names(names *n, dtake__node node)
{
    size_t count = 1;
    const dtake__node *item = &node;
    dtake_status st = DTAKE_OK;
    if (node == 0) {
        n->unknown = true;
        return DTAKE_OK;
    }
    if (dtake__node_op_of(n->graph, node) == DTAKE__NODE_LIST)
        item = dtake__node_children(n->graph, node, &count);
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = add_name(n, item[i]);
    return st;
}

static bool calls(const dtake__graph *graph, dtake__node node, const char *function)
{
    return dtake__node_op_of(graph, node) == DTAKE__NODE_CALL &&
           strcmp(dtake__node_function(graph, node)->name, function) == 0;
}

/* Image.parseExpression("...")(image=...) */
static dtake_status add_expression(names *n, dtake__node function, dtake_error *err)
{
    size_t count;
    const dtake__node *arg = dtake__node_children(n->graph, function, &count);
    if (!calls(n->graph, function, "Image.parseExpression") ||
        dtake__node_op_of(n->graph, arg[0]) != DTAKE__NODE_TEXT) {
        n->unknown = true;
        return DTAKE_OK;
    }
    return dtake__expression_names(dtake__node_text(n->graph, arg[0]).text, n->out, err);
}

static dtake_status add_uses(names *n, dtake__node node, dtake_error *err)
{
    static const char *const choosing[] = { "Image.select", "Image.visualize", "Image.normalizedDifference" };
    size_t count;
    const dtake__node *child = dtake__node_children(n->graph, node, &count);
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        bool chooses = false;
        if (child[i] != n->image)
            continue;
        for (size_t k = 0; k < sizeof choosing / sizeof choosing[0] && i == 0; k++)
            chooses = chooses || calls(n->graph, node, choosing[k]);
        if (chooses)
            st = add_names(n, child[1]);
        else if (dtake__node_op_of(n->graph, node) == DTAKE__NODE_APPLY)
            st = add_expression(n, child[0], err);
        else
            n->unknown = true;
    }
    return st;
}

dtake_status dtake__shade_graph_names(const dtake_get_options *o, dtake__strings *out, dtake_error *err)
{
    dtake__graph *graph = NULL;
    dtake__node image, root;
    dtake_error ignored = { 0 };
    if (o->expression != NULL || read_text(o, &graph, &image, &root, &ignored) != DTAKE_OK) {
        dtake__graph_free(graph); /* what is wrong is told by dtake__shade_graph_check */
        return DTAKE_OK;
    }
    names n = { graph, image, out, root == image };
    dtake_status st = DTAKE_OK;
    for (dtake__node node = 1; node <= dtake__graph_count(graph) && st == DTAKE_OK; node++)
        st = add_uses(&n, node, err);
    if (st == DTAKE_OK && n.unknown)
        dtake__strings_dispose(out);
    dtake__graph_free(graph);
    return st;
}

bool dtake__shade_reads(const dtake_get_options *o)
{
    return o->graph != NULL && strstr(o->graph, "reduceRegion") != NULL;
}

/* --- tried out --- */

/* There is no image yet: what an evaluation comes to until it needs one is right. */
static dtake_status no_image(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                             dtake_error *err)
{
    (void)eval;
    (void)out;
    if (strcmp(id, "image") != 0)
        return dtake__fail(err, DTAKE_E_NOT_FOUND,
                           "there is no image '%.100s': the one at hand is called image", id);
    *(bool *)ctx = true;
    return dtake__fail(err, DTAKE_E_CANCELLED, "an image is needed");
}

static dtake_status no_pixels(void *ctx, const dtake__program_source *source, dtake_window window,
                              dtake__px_plane *out, dtake_error *err)
{
    (void)source;
    (void)window;
    (void)out;
    return no_image(ctx, NULL, "image", NULL, err);
}

dtake_status dtake__shade_graph_check(const dtake_get_options *o, dtake_error *err)
{
    dtake__graph *graph = NULL;
    dtake__eval *eval = NULL;
    dtake__node image, root = 0;
    const dtake__image_value *value;
    dtake_error why = { 0 };
    bool needed = false;
    if (o->expression != NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "--graph and --expression exclude one another");
    dtake_status st = read_text(o, &graph, &image, &root, &why);
    if (st == DTAKE_OK)
        st = dtake__eval_new(&eval, graph, no_image, &needed, &why);
    if (st == DTAKE_OK) {
        dtake__eval_set_reader(eval, no_pixels);
        st = dtake__eval_image(eval, root, &value, &why);
    }
    dtake__eval_free(eval);
    dtake__graph_free(graph);
    if (st == DTAKE_OK || needed)
        return strlen(o->graph) <= MOST_TEXT
                   ? DTAKE_OK
                   : dtake__fail(err, DTAKE_E_USAGE,
                                 "--graph: %zu bytes of text: at most %d are kept in a file's receipt",
                                 strlen(o->graph), MOST_TEXT);
    return st == DTAKE_E_NOMEM ? dtake__fail_nomem(err, "a graph")
                               : dtake__fail(err, DTAKE_E_USAGE, "--graph: %s", why.message);
}
