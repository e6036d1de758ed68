/* Images: asked for and answered at once, or under a name; and maps, tile by tile. */
#include "server/earthengine.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "graph/text.h"
#include "server/earthengine_pixels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TILE_SIDE = 256, MAX_ZOOM = 24 };

/* One piece of work: a request's body, and what the path adds to it. */
typedef struct piece {
    dtake__ee_service *service;
    dtake__span body;
    const char *asset; /* its pixels, in place of an expression's; NULL: not */
    const dtake__raster_grid *grid;
    int64_t side_max;
} piece;

/* --- the work --- */

static dtake_status graph_of_asset(dtake__ee_graph *graph, const piece *p, const dtake__ee_request *r,
                                   const dtake__ee_patience *patience, dtake_error *err)
{
    graph->graph = dtake__graph_new(&dtake__functions);
    if (graph->graph == NULL)
        return dtake__fail_nomem(err, "a graph");
    const dtake__named id = { "id", dtake__graph_text(graph->graph, p->asset) };
    graph->node = dtake__graph_call(graph->graph, "Image.load", &id, 1);
    if (r->region.len > 0) {
        const dtake__named clip[2] = { { "input", graph->node },
                                       { "geometry",
                                         dtake__graph_parse(graph->graph, r->region.text, r->region.len) } };
        graph->node = dtake__graph_call(graph->graph, "Image.clip", clip, 2);
    }
    dtake_status st = dtake__graph_status(graph->graph, err);
    return st == DTAKE_OK
               ? dtake__evaluation_new(&graph->evaluation, p->service->evaluator, graph->graph, patience, err)
               : st;
}

static dtake_status work(void *ctx, const dtake__ee_patience *patience, dtake__ee_landed *out,
                         dtake_error *err)
{
    const piece *p = ctx;
    dtake__ee_request request = { 0 };
    dtake__ee_graph graph = { 0 };
    const dtake__ee_image_request want = { &request, p->grid, p->side_max, p->service->max_pixels };
    dtake_status st = dtake__ee_request_read(&request, p->body, err);
    if (st == DTAKE_OK)
        st = p->asset != NULL ? graph_of_asset(&graph, p, &request, patience, err)
                              : dtake__ee_graph_read(&graph, p->service, patience, request.expression, err);
    if (st == DTAKE_OK)
        st = dtake__ee_pixels(graph.evaluation, graph.node, &want, out, err);
    dtake__ee_graph_dispose(&graph);
    dtake__ee_request_dispose(&request);
    return st;
}

/* Once for all who ask for the same now. */
static dtake_status fly(dtake__ee_asked *asked, piece *p, const char *what, dtake_error *err)
{
    dtake__ee_landed landed;
    dtake_buf key = DTAKE_BUF_INIT(DTAKE__EE_BODY_BYTES + 4096);
    dtake_status st = dtake__buf_printf(&key, "%s\n", what);
    if (st == DTAKE_OK)
        st = dtake__buf_append(&key, p->body.text, p->body.len);
    if (st != DTAKE_OK) {
        dtake__buf_dispose(&key);
        return dtake__fail_nomem(err, "a request");
    }
    const dtake__span span = { (const char *)key.data, key.len };
    st = dtake__ee_fly(asked->service->flights, span, &asked->patience, work, p, &landed, err);
    dtake__buf_dispose(&key);
    if (st != DTAKE_OK)
        return st;
    dtake__rest_set_type(asked->call, landed.type);
    dtake__buf_dispose(&asked->answer);
    dtake__buf_move(&asked->answer, &landed.bytes);
    return DTAKE_OK;
}

/* --- at once --- */

dtake_status dtake__ee_compute_pixels(dtake__ee_asked *asked, dtake_error *err)
{
    piece p = { .service = asked->service, .body = asked->body, .side_max = DTAKE__EE_SIDE_MAX };
    return fly(asked, &p, "", err);
}

dtake_status dtake__ee_asset_pixels(dtake__ee_asked *asked, dtake_error *err)
{
    static const char assets[] = "assets/", end[] = ":getPixels";
    size_t len = strlen(asked->rest) - (sizeof assets - 1) - (sizeof end - 1);
    char *id = dtake__strndup(asked->rest + sizeof assets - 1, len);
    if (id == NULL)
        return dtake__fail_nomem(err, "a request");
    piece p = { .service = asked->service, .body = asked->body, .asset = id, .side_max = DTAKE__EE_SIDE_MAX };
    dtake_status st = fly(asked, &p, id, err);
    dtake__free(id);
    return st;
}

/* --- under a name --- */

/* What cannot be read will not be kept. */
static dtake_status check_body(dtake__ee_asked *asked, dtake_error *err)
{
    dtake__ee_request request = { 0 };
    dtake__ee_graph graph = { 0 };
    dtake_status st = dtake__ee_request_read(&request, asked->body, err);
    if (st == DTAKE_OK)
        st = dtake__ee_graph_read(&graph, asked->service, &asked->patience, request.expression, err);
    dtake__ee_graph_dispose(&graph);
    dtake__ee_request_dispose(&request);
    return st;
}

static dtake_status keep(dtake__ee_asked *asked, const char *kind, dtake_error *err)
{
    dtake_status st = check_body(asked, err);
    return st == DTAKE_OK ? dtake__ee_answer_name(asked, kind, asked->body, err) : st;
}

dtake_status dtake__ee_make_thumbnail(dtake__ee_asked *asked, dtake_error *err)
{
    return keep(asked, "thumbnails", err);
}

dtake_status dtake__ee_make_map(dtake__ee_asked *asked, dtake_error *err)
{
    return keep(asked, "maps", err);
}

dtake_status dtake__ee_thumbnail_pixels(dtake__ee_asked *asked, dtake_error *err)
{
    dtake_buf body;
    dtake_status st = dtake__ee_kept(asked, "thumbnails", &body, err);
    piece p = { .service = asked->service,
                .body = { (const char *)body.data, body.len },
                .side_max = DTAKE__EE_THUMB_SIDE_MAX };
    if (st == DTAKE_OK)
        st = fly(asked, &p, "thumbnail", err);
    dtake__buf_dispose(&body);
    return st;
}

/* --- maps --- */

/* "maps/ID/tiles/Z/X/Y" */
static bool read_tile(const char *rest, int64_t at[3])
{
    const char *tiles = strstr(rest, "/tiles/");
    char word[24];
    if (tiles == NULL)
        return false;
    const char *next = tiles + 7;
    for (int i = 0; i < 3; i++)
        if (!dtake__next_piece(&next, '/', word, sizeof word) || !dtake__parse_i64(word, &at[i]))
            return false;
    return next == NULL && at[0] >= 0 && at[0] <= MAX_ZOOM && at[2] >= 0 && at[2] < (INT64_C(1) << at[0]);
}

/* XYZ tiles of Web Mercator; columns go round the earth. */
static dtake__raster_grid grid_of_tile(const int64_t at[3])
{
    static const double half = 20037508.342789244;
    int64_t count = INT64_C(1) << at[0], col = ((at[1] % count) + count) % count;
    double pixel = 2 * half / (double)count / TILE_SIDE;
    return (dtake__raster_grid){ .crs = "EPSG:3857",
                                 .transform = { .x0 = -half + (double)col * TILE_SIDE * pixel,
                                                .col_x = pixel,
                                                .y0 = half - (double)at[2] * TILE_SIDE * pixel,
                                                .row_y = -pixel },
                                 .width = TILE_SIDE,
                                 .height = TILE_SIDE };
}

dtake_status dtake__ee_map_tile(dtake__ee_asked *asked, dtake_error *err)
{
    int64_t at[3];
    char what[96];
    dtake_buf body;
    if (!read_tile(asked->rest, at))
        return dtake__ee_no(asked, DTAKE__RPC_NOT_FOUND, err, "There is no tile at %.200s.", asked->rest);
    dtake_status st = dtake__ee_kept(asked, "maps", &body, err);
    const dtake__raster_grid grid = grid_of_tile(at);
    piece p = { .service = asked->service,
                .body = { (const char *)body.data, body.len },
                .grid = &grid,
                .side_max = TILE_SIDE };
    snprintf(what, sizeof what, "tile %lld/%lld/%lld", (long long)at[0], (long long)at[1], (long long)at[2]);
    if (st == DTAKE_OK)
        st = fly(asked, &p, what, err);
    dtake__buf_dispose(&body);
    return st;
}
