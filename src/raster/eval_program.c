#include "raster/eval_program.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/window.h"

#include <string.h>

enum { MAX_GRIDS = 16 };

/* An input of a plane: another plane, or steps that end in what it wants. */
typedef struct input {
    bool is_site;
    uint32_t site;
    dtake__kernel kernel;
} input;

/* One plane on one grid. */
typedef struct site {
    dtake__px px;
    const dtake__px_node *node;
    uint32_t grid, input_grid;
    void *state;
    input *input;
} site;

struct dtake__program {
    const dtake__expressions *expressions;
    dtake__raster_grid grid[MAX_GRIDS];
    uint32_t *at[MAX_GRIDS]; /* while it is made: 1 + the site of each px, or a mark */
    size_t grids;
    site *site; /* by px */
    size_t sites, cap;
    dtake__kernel kernel; /* of the roots */
    uint32_t *source;     /* sites */
    size_t sources;
};

static const uint32_t MARK = UINT32_MAX;

static bool same_grid(const dtake__raster_grid *a, const dtake__raster_grid *b)
{
    return a->width == b->width && a->height == b->height && strcmp(a->crs, b->crs) == 0 &&
           memcmp(&a->transform, &b->transform, sizeof a->transform) == 0;
}

/* Bands that are reprojected alike share a grid, and what lies on it. */
static dtake_status add_grid(dtake__program *p, const dtake__raster_grid *grid, uint32_t *out, size_t nodes,
                             dtake_error *err)
{
    for (size_t i = 0; i < p->grids; i++)
        if (same_grid(&p->grid[i], grid)) {
            *out = (uint32_t)i;
            return DTAKE_OK;
        }
    if (p->grids == MAX_GRIDS)
        return dtake__fail(err, DTAKE_E_LIMIT, "more than %d projections in one expression", MAX_GRIDS - 1);
    p->at[p->grids] = dtake__calloc(nodes + 1, sizeof **p->at);
    if (p->at[p->grids] == NULL)
        return dtake__fail_nomem(err, "a program");
    p->grid[p->grids] = *grid;
    *out = (uint32_t)p->grids++;
    return DTAKE_OK;
}

static dtake_status add_site(dtake__program *p, uint32_t grid, dtake__px px, size_t nodes, dtake_error *err)
{
    if (p->sites == p->cap) {
        size_t cap = p->cap == 0 ? 16 : p->cap * 2;
        site *grown = dtake__realloc_array(p->site, cap, sizeof *grown);
        if (grown == NULL)
            return dtake__fail_nomem(err, "a program");
        p->site = grown;
        p->cap = cap;
    }
    const dtake__px_node *node = dtake__px_node_of(p->expressions, px);
    site *s = &p->site[p->sites++];
    *s = (site){ .px = px, .node = node, .grid = grid, .input_grid = grid };
    p->source = NULL;
    p->sources += node->op == &dtake__op_source;
    if (node->op->prepare == NULL)
        return DTAKE_OK;
    dtake_status st = node->op->prepare(node, &p->grid[grid], &s->state, err);
    if (st != DTAKE_OK || node->op->regrid == NULL)
        return st;
    const dtake__px_place place = { &p->grid[grid], s->state };
    return add_grid(p, node->op->regrid(&place), &s->input_grid, nodes, err);
}

/* Children have smaller numbers: one pass from above finds all. */
static dtake_status find_sites(dtake__program *p, dtake__px highest, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (dtake__px px = highest; px > 0 && st == DTAKE_OK; px--)
        for (uint32_t g = 0; g < p->grids && st == DTAKE_OK; g++) {
            const dtake__px_node *node = dtake__px_node_of(p->expressions, px);
            uint32_t below = g;
            if (p->at[g][px] == 0)
                continue;
            if (dtake__px_is_plane(node)) {
                st = add_site(p, g, px, highest, err);
                if (st != DTAKE_OK)
                    return st;
                below = p->site[p->sites - 1].input_grid;
            }
            for (size_t i = 0; i < node->count && st == DTAKE_OK; i++)
                p->at[below][node->in[i]] = MARK;
        }
    return st;
}

static void sort_sites(dtake__program *p)
{
    for (size_t i = 0, j = p->sites; i + 1 < j; i++) {
        j--;
        site keep = p->site[i];
        p->site[i] = p->site[j];
        p->site[j] = keep;
    }
    for (size_t i = 0; i < p->sites; i++)
        p->at[p->site[i].grid][p->site[i].px] = (uint32_t)i;
}

/* Tells a kernel's leaves which planes they are. */
static void place_leaves(const dtake__program *p, dtake__kernel *k, uint32_t grid)
{
    for (size_t i = 0; i < k->steps; i++)
        if (k->step[i].leaf)
            k->step[i].plane = p->at[grid][k->step[i].px];
}

static dtake_status make_input(dtake__program *p, input *in, uint32_t grid, dtake__px px, dtake_error *err)
{
    const dtake__px_node *node = dtake__px_node_of(p->expressions, px);
    /* a source may have samples that are no number: a kernel masks them */
    bool odd = node->op == &dtake__op_source && node->type.precision != DTAKE__PX_INT;
    in->is_site = dtake__px_is_plane(node) && !odd;
    if (in->is_site) {
        in->site = p->at[grid][px];
        return DTAKE_OK;
    }
    dtake_status st = dtake__kernel_init(&in->kernel, p->expressions, &px, 1, err);
    if (st == DTAKE_OK)
        place_leaves(p, &in->kernel, grid);
    return st;
}

static dtake_status make_inputs(dtake__program *p, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    p->source = dtake__calloc(p->sources, sizeof *p->source);
    if (p->source == NULL)
        return dtake__fail_nomem(err, "a program");
    p->sources = 0;
    for (size_t i = 0; i < p->sites && st == DTAKE_OK; i++) {
        site *s = &p->site[i];
        if (s->node->op == &dtake__op_source)
            p->source[p->sources++] = (uint32_t)i;
        s->input = dtake__calloc(s->node->count, sizeof *s->input);
        if (s->input == NULL)
            return dtake__fail_nomem(err, "a program");
        for (size_t n = 0; n < s->node->count && st == DTAKE_OK; n++)
            st = make_input(p, &s->input[n], s->input_grid, s->node->in[n], err);
    }
    return st;
}

dtake_status dtake__program_new(dtake__program **out, const dtake__expressions *e, const dtake__px *root,
                                size_t roots, const dtake__raster_grid *grid, dtake_error *err)
{
    uint32_t first;
    dtake__px highest = 0;
    *out = NULL;
    for (size_t i = 0; i < roots; i++) {
        highest = root[i] > highest ? root[i] : highest;
        if (dtake__px_node_of(e, root[i])->op == &dtake__op_array)
            return dtake__fail(err, DTAKE_E_USAGE,
                               "a band's pixels are arrays: Image.arrayFlatten makes bands of them");
    }
    dtake__program *p = dtake__calloc(1, sizeof *p);
    if (p == NULL)
        return dtake__fail_nomem(err, "a program");
    p->expressions = e;
    dtake_status st = add_grid(p, grid, &first, highest, err);
    for (size_t i = 0; i < roots && st == DTAKE_OK; i++)
        p->at[0][root[i]] = MARK;
    if (st == DTAKE_OK)
        st = find_sites(p, highest, err);
    if (st == DTAKE_OK) {
        sort_sites(p);
        st = make_inputs(p, err);
    }
    if (st == DTAKE_OK)
        st = dtake__kernel_init(&p->kernel, e, root, roots, err);
    if (st == DTAKE_OK)
        place_leaves(p, &p->kernel, 0);
    for (size_t g = 0; g < p->grids; g++) {
        dtake__free(p->at[g]);
        p->at[g] = NULL;
    }
    if (st == DTAKE_OK)
        *out = p;
    else
        dtake__program_free(p);
    return st;
}

void dtake__program_free(dtake__program *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->sites; i++) {
        site *s = &p->site[i];
        for (size_t n = 0; n < s->node->count && s->input != NULL; n++)
            dtake__kernel_dispose(&s->input[n].kernel);
        dtake__free(s->input);
        if (s->state != NULL)
            s->node->op->dispose(s->state);
    }
    for (size_t g = 0; g < p->grids; g++)
        dtake__free(p->at[g]);
    dtake__kernel_dispose(&p->kernel);
    dtake__free(p->site);
    dtake__free(p->source);
    dtake__free(p);
}

size_t dtake__program_sources(const dtake__program *p)
{
    return p->sources;
}

dtake__program_source dtake__program_source_at(const dtake__program *p, size_t index)
{
    const site *s = &p->site[p->source[index]];
    return (dtake__program_source){ s->node, &p->grid[s->grid] };
}

/* --- windows --- */

static void join(dtake_window *to, dtake_window with)
{
    *to = dtake__window_around(*to, with);
}

static void join_leaves(const dtake__kernel *k, dtake_window window, dtake_window *need)
{
    for (size_t i = 0; i < k->steps; i++)
        if (k->step[i].leaf)
            join(&need[k->step[i].plane], window);
}

static dtake_window input_window(const dtake__program *p, const site *s, dtake_window window)
{
    const dtake__px_place place = { &p->grid[s->grid], s->state };
    if (s->node->op->need != NULL && window.width > 0)
        s->node->op->need(s->node, &place, &window);
    return window;
}

/* need: one a site. */
static void find_windows(const dtake__program *p, dtake_window block, dtake_window *need)
{
    join_leaves(&p->kernel, block, need);
    for (size_t i = p->sites; i-- > 0;) {
        const site *s = &p->site[i];
        dtake_window below = input_window(p, s, need[i]);
        for (size_t n = 0; n < s->node->count && below.width > 0; n++) {
            if (s->input[n].is_site)
                join(&need[s->input[n].site], below);
            else
                join_leaves(&s->input[n].kernel, below, need);
        }
    }
}

dtake_status dtake__program_windows(const dtake__program *p, dtake_window block, dtake_window *out)
{
    dtake_window *need = dtake__calloc(p->sites, sizeof *need);
    if (need == NULL)
        return DTAKE_E_NOMEM;
    find_windows(p, block, need);
    for (size_t i = 0; i < p->sources; i++)
        out[i] = need[p->source[i]];
    dtake__free(need);
    return DTAKE_OK;
}

/* --- running --- */

static dtake_status run_input(const input *in, const dtake__px_plane *plane, dtake_window window,
                              dtake__px_plane *made, dtake_error *err)
{
    dtake_status st = dtake__px_plane_init(made, window, DTAKE_F64, true, true, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__kernel_out out = { DTAKE_F64, made->owned_data, made->owned_mask, window.width };
    return dtake__kernel_run(&in->kernel, plane, window, &out, NULL, err);
}

static dtake_status run_site(const dtake__program *p, const site *s, dtake_window window,
                             dtake__px_plane *plane, dtake__px_plane *out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    const dtake__px_place place = { &p->grid[s->grid], s->state };
    dtake_window below = input_window(p, s, window);
    dtake__px_plane *in = dtake__calloc(s->node->count, sizeof *in);
    if (in == NULL)
        return dtake__fail_nomem(err, "a block of pixels");
    for (size_t n = 0; n < s->node->count && st == DTAKE_OK && below.width > 0; n++) {
        if (s->input[n].is_site) {
            in[n] = plane[s->input[n].site];
            in[n].owned_data = in[n].owned_mask = NULL;
        } else {
            st = run_input(&s->input[n], plane, below, &in[n], err);
        }
    }
    if (st == DTAKE_OK)
        st = s->node->op->plane(s->node, &place, window, in, out, err);
    if (st == DTAKE_OK && s->node->type.precision != DTAKE__PX_INT)
        dtake__px_plane_mask_failed(out);
    for (size_t n = 0; n < s->node->count; n++)
        dtake__px_plane_dispose(&in[n]);
    dtake__free(in);
    return st;
}

static bool holds(dtake_window a, dtake_window b)
{
    return b.col >= a.col && b.row >= a.row && b.col + b.width <= a.col + a.width &&
           b.row + b.height <= a.row + a.height;
}

/* A source as far as it goes, masked around that. */
static dtake_status widen(const dtake__px_plane *from, dtake_window window, dtake__px_plane *out,
                          dtake_error *err)
{
    dtake_window w = from->window;
    size_t bytes = dtake_type_bytes(from->type);
    int64_t left = w.col > window.col ? w.col : window.col, top = w.row > window.row ? w.row : window.row;
    int64_t right = w.col + w.width < window.col + window.width ? w.col + w.width : window.col + window.width;
    int64_t bottom =
        w.row + w.height < window.row + window.height ? w.row + w.height : window.row + window.height;
    dtake_status st = dtake__px_plane_init(out, window, from->type, true, true, err);
    for (int64_t row = top; row < bottom && left < right && st == DTAKE_OK; row++) {
        size_t to = (size_t)((row - window.row) * window.width + left - window.col),
               count = (size_t)(right - left);
        size_t at = (size_t)((row - w.row) * w.width + left - w.col);
        memcpy((char *)out->owned_data + to * bytes, (const char *)from->data + at * bytes, count * bytes);
        if (from->mask != NULL)
            memcpy(out->owned_mask + to, from->mask + at, count);
        else
            memset(out->owned_mask + to, 255, count);
    }
    return st;
}

dtake_status dtake__program_run(const dtake__program *p, dtake_window block, const dtake__px_plane *source,
                                const dtake__kernel_out *out, bool *masked, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    dtake_window *need = dtake__calloc(p->sites, sizeof *need);
    dtake__px_plane *plane = dtake__calloc(p->sites, sizeof *plane);
    if (need == NULL || plane == NULL)
        st = dtake__fail_nomem(err, "a block of pixels");
    if (st == DTAKE_OK)
        find_windows(p, block, need);
    for (size_t i = 0; i < p->sources && st == DTAKE_OK; i++) {
        dtake__px_plane *to = &plane[p->source[i]];
        dtake_window window = need[p->source[i]];
        if (window.width > 0 && !holds(source[i].window, window)) {
            st = widen(&source[i], window, to, err);
            continue;
        }
        *to = source[i];
        to->owned_data = to->owned_mask = NULL;
    }
    for (size_t i = 0; i < p->sites && st == DTAKE_OK; i++)
        if (p->site[i].node->op != &dtake__op_source && need[i].width > 0)
            st = run_site(p, &p->site[i], need[i], plane, &plane[i], err);
    if (st == DTAKE_OK)
        st = dtake__kernel_run(&p->kernel, plane, block, out, masked, err);
    for (size_t i = 0; i < p->sites && plane != NULL; i++)
        dtake__px_plane_dispose(&plane[i]);
    dtake__free(plane);
    dtake__free(need);
    return st;
}
