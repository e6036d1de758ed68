#include "raster/eval_kernel.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/samples.h"

#include <math.h>
#include <string.h>

/* So many samples at a time: what a dozen steps keep stays near the core. */
enum { LANE = 512 };

bool dtake__px_is_plane(const dtake__px_node *node)
{
    return node->op->run == NULL && node->op != &dtake__op_constant;
}

/* --- making --- */

static void mark(const dtake__expressions *e, uint32_t *used, dtake__px highest)
{
    for (dtake__px px = highest; px > 0; px--) {
        const dtake__px_node *node = dtake__px_node_of(e, px);
        if (used[px] == 0 || dtake__px_is_plane(node))
            continue;
        for (size_t i = 0; i < node->count; i++)
            used[node->in[i]] = 1;
    }
}

typedef struct places {
    int32_t *free;
    size_t free_count, count;
} places;

static int32_t place_take(places *p)
{
    return p->free_count > 0 ? p->free[--p->free_count] : (int32_t)p->count++;
}

static void place_give(places *p, int32_t place)
{
    p->free[p->free_count++] = place;
}

static size_t latest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Samples live until their last user has run; masks also as long as those that borrow them. */
static void find_ends(const dtake__kernel *k, size_t *v_end, size_t *m_end)
{
    for (size_t i = 0; i < k->roots; i++)
        v_end[k->root[i]] = m_end[k->root[i]] = k->steps;
    for (size_t i = k->steps; i-- > 0;) {
        const dtake__kernel_step *s = &k->step[i];
        for (size_t n = 0; !s->leaf && n < s->node->count; n++) {
            uint32_t in = k->input[s->in + n];
            v_end[in] = latest(v_end[in], i);
            m_end[in] = latest(m_end[in], s->node->op->own_mask ? i : m_end[i]);
            m_end[in] = latest(m_end[in], i);
        }
    }
}

/* Lists of the steps whose place is free after step i: first[i], then next[...]; SIZE_MAX ends them. */
typedef struct ends {
    size_t *first, *next;
} ends;

static void add_end(ends *list, size_t at, size_t step, size_t steps)
{
    if (at >= steps)
        return;
    list->next[step] = list->first[at];
    list->first[at] = step;
}

/* Constants keep their places: they are filled once. */
static void give_places(dtake__kernel *k, const size_t *v_end, const size_t *m_end, places *v, places *m,
                        ends *of_v, ends *of_m)
{
    for (size_t i = 0; i < k->steps; i++) {
        of_v->first[i] = of_m->first[i] = SIZE_MAX;
        if (k->step[i].node->op == &dtake__op_constant) {
            k->step[i].v = place_take(v);
            k->step[i].m = place_take(m);
        }
    }
    for (size_t i = 0; i < k->steps; i++) {
        if (k->step[i].node->op != &dtake__op_constant) {
            k->step[i].v = place_take(v);
            k->step[i].m = place_take(m);
            add_end(of_v, v_end[i], i, k->steps);
            add_end(of_m, m_end[i], i, k->steps);
        }
        for (size_t s = of_v->first[i]; s != SIZE_MAX; s = of_v->next[s])
            place_give(v, k->step[s].v);
        for (size_t s = of_m->first[i]; s != SIZE_MAX; s = of_m->next[s])
            place_give(m, k->step[s].m);
    }
    k->vs = v->count;
    k->ms = m->count;
}

static dtake_status assign(dtake__kernel *k, dtake_error *err)
{
    size_t n = k->steps;
    size_t *rows = dtake__calloc(6 * n, sizeof *rows);
    int32_t *free_places = dtake__calloc(2 * n, sizeof *free_places);
    dtake_status st = rows != NULL && free_places != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a kernel");
    if (st == DTAKE_OK) {
        places v = { free_places, 0, 0 }, m = { free_places + n, 0, 0 };
        ends of_v = { rows + 2 * n, rows + 3 * n }, of_m = { rows + 4 * n, rows + 5 * n };
        find_ends(k, rows, rows + n);
        give_places(k, rows, rows + n, &v, &m, &of_v, &of_m);
    }
    dtake__free(rows);
    dtake__free(free_places);
    return st;
}

/* used[px] becomes its step. */
static dtake_status list_steps(dtake__kernel *k, const dtake__expressions *e, uint32_t *used,
                               dtake__px highest, const dtake__px *root, dtake_error *err)
{
    size_t inputs = 0, at = 0;
    for (dtake__px px = 1; px <= highest; px++)
        if (used[px] != 0) {
            const dtake__px_node *node = dtake__px_node_of(e, px);
            k->steps++;
            inputs += dtake__px_is_plane(node) ? 0 : node->count;
        }
    k->step = dtake__calloc(k->steps, sizeof *k->step);
    k->input = dtake__calloc(inputs, sizeof *k->input);
    k->root = dtake__calloc(k->roots, sizeof *k->root);
    if (k->step == NULL || k->input == NULL || k->root == NULL)
        return dtake__fail_nomem(err, "a kernel");
    inputs = 0;
    for (dtake__px px = 1; px <= highest; px++) {
        if (used[px] == 0)
            continue;
        const dtake__px_node *node = dtake__px_node_of(e, px);
        k->step[at] =
            (dtake__kernel_step){ .px = px, .node = node, .leaf = dtake__px_is_plane(node), .in = inputs };
        for (size_t i = 0; !k->step[at].leaf && i < node->count; i++)
            k->input[inputs++] = used[node->in[i]];
        used[px] = (uint32_t)at++;
    }
    for (size_t i = 0; i < k->roots; i++)
        k->root[i] = used[root[i]];
    return DTAKE_OK;
}

dtake_status dtake__kernel_init(dtake__kernel *k, const dtake__expressions *e, const dtake__px *root,
                                size_t roots, dtake_error *err)
{
    dtake__px highest = 0;
    *k = (dtake__kernel){ .roots = roots };
    for (size_t i = 0; i < roots; i++)
        highest = root[i] > highest ? root[i] : highest;
    uint32_t *used = dtake__calloc((size_t)highest + 1, sizeof *used);
    if (used == NULL)
        return dtake__fail_nomem(err, "a kernel");
    for (size_t i = 0; i < roots; i++)
        used[root[i]] = 1;
    mark(e, used, highest);
    dtake_status st = list_steps(k, e, used, highest, root, err);
    if (st == DTAKE_OK)
        st = assign(k, err);
    dtake__free(used);
    if (st != DTAKE_OK)
        dtake__kernel_dispose(k);
    return st;
}

void dtake__kernel_dispose(dtake__kernel *k)
{
    dtake__free(k->step);
    dtake__free(k->input);
    dtake__free(k->root);
    *k = (dtake__kernel){ 0 };
}

/* --- running --- */

static void load(dtake_type type, const void *data, size_t at, size_t count, double *restrict out)
{
    switch (type) {
#define LOAD(name, ctype)                                                                                    \
    case DTAKE_##name: {                                                                                     \
        const ctype *restrict in = (const ctype *)data + at;                                                 \
        for (size_t i = 0; i < count; i++)                                                                   \
            out[i] = (double)in[i];                                                                          \
        break;                                                                                               \
    }
        DTAKE__SAMPLE_MAP(LOAD)
#undef LOAD
    }
}

static void store(dtake_type type, const double *restrict in, size_t count, void *data, size_t at)
{
    switch (type) {
#define STORE(name, ctype)                                                                                   \
    case DTAKE_##name: {                                                                                     \
        ctype *restrict out = (ctype *)data + at;                                                            \
        for (size_t i = 0; i < count; i++)                                                                   \
            out[i] = (ctype)in[i];                                                                           \
        break;                                                                                               \
    }
        DTAKE__SAMPLE_MAP(STORE)
#undef STORE
    }
}

double *dtake__px_plane_doubles(const dtake__px_plane *plane, dtake_error *err)
{
    size_t count = (size_t)plane->window.width * (size_t)plane->window.height;
    double *out = dtake__calloc(count, sizeof *out);
    if (out == NULL)
        dtake__fail_nomem(err, "a block of pixels");
    else if (plane->data != NULL)
        load(plane->type, plane->data, 0, count, out);
    else
        for (size_t i = 0; i < count; i++)
            out[i] = 1;
    return out;
}

typedef struct running {
    const dtake__kernel *kernel;
    const dtake__px_plane *plane;
    double *v; /* places of LANE samples */
    uint8_t *m;
    dtake__lane *lane; /* of each step */
    dtake__lane *in;   /* of the step that runs */
    double *scratch;
} running;

/* What is no number is masked. */
static void mask_failed(dtake__lane *lane, uint8_t *own, size_t count)
{
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= lane->v[i] != lane->v[i];
    if (!any)
        return;
    if (lane->m == NULL)
        memset(own, 255, count);
    else if (lane->m != own)
        memcpy(own, lane->m, count);
    lane->m = own;
    for (size_t i = 0; i < count; i++)
        if (lane->v[i] != lane->v[i]) {
            lane->v[i] = 0;
            own[i] = 0;
        }
}

static void run_leaf(running *r, size_t index, int64_t col, int64_t row, size_t count)
{
    const dtake__kernel_step *s = &r->kernel->step[index];
    const dtake__px_plane *p = &r->plane[s->plane];
    dtake__lane *lane = &r->lane[index];
    size_t at = (size_t)((row - p->window.row) * p->window.width + (col - p->window.col));
    lane->v = r->v + (size_t)s->v * LANE;
    /* borrowed; nobody writes to an input's mask */
    lane->m = p->mask != NULL ? (uint8_t *)(uintptr_t)(p->mask + at) : NULL;
    if (p->data != NULL)
        load(p->type, p->data, at, count, lane->v);
    else
        for (size_t i = 0; i < count; i++)
            lane->v[i] = 1;
    if (p->data != NULL && dtake__type_is_float(p->type))
        mask_failed(lane, r->m + (size_t)s->m * LANE, count);
}

static void join_masks(const dtake__lane *in, size_t inputs, dtake__lane *out, uint8_t *own, size_t count)
{
    out->m = NULL;
    for (size_t n = 0; n < inputs; n++) {
        const uint8_t *m = in[n].m;
        if (m == NULL || m == out->m)
            continue;
        if (out->m == NULL) {
            out->m = in[n].m;
            continue;
        }
        const uint8_t *before = out->m;
        for (size_t i = 0; i < count; i++)
            own[i] = before[i] < m[i] ? before[i] : m[i];
        out->m = own;
    }
}

static void run_step(running *r, size_t index, size_t count)
{
    const dtake__kernel_step *s = &r->kernel->step[index];
    dtake__lane *lane = &r->lane[index];
    uint8_t *own = r->m + (size_t)s->m * LANE;
    for (size_t n = 0; n < s->node->count; n++)
        r->in[n] = r->lane[r->kernel->input[s->in + n]];
    lane->v = r->v + (size_t)s->v * LANE;
    lane->m = own;
    lane->scratch = r->scratch;
    if (!s->node->op->own_mask)
        join_masks(r->in, s->node->count, lane, own, count);
    s->node->op->run(s->node, r->in, lane, count);
    if (s->node->op->rounds && s->node->type.precision == DTAKE__PX_FLOAT)
        for (size_t i = 0; i < count; i++)
            lane->v[i] = (double)(float)lane->v[i];
    if (s->node->op->may_fail)
        mask_failed(lane, own, count);
}

static void fill_constants(running *r)
{
    for (size_t i = 0; i < r->kernel->steps; i++) {
        const dtake__kernel_step *s = &r->kernel->step[i];
        if (s->node->op != &dtake__op_constant)
            continue;
        r->lane[i].v = r->v + (size_t)s->v * LANE;
        r->lane[i].m = s->node->param[1] != 255 ? r->m + (size_t)s->m * LANE : NULL;
        for (size_t n = 0; n < LANE; n++)
            r->lane[i].v[n] = s->node->param[0];
        if (r->lane[i].m != NULL)
            memset(r->lane[i].m, (int)s->node->param[1], LANE);
    }
}

/* Masked samples become 0: what lies under a mask is nobody's business outside. The lane may be shared, its
 * samples are copied first. */
static bool put_out(const dtake__lane *lane, double *copy, size_t count, const dtake__kernel_out *out,
                    size_t at)
{
    uint8_t least = 255;
    if (lane->m == NULL) {
        if (out->mask != NULL)
            memset(out->mask + at, 255, count);
        if (out->data != NULL)
            store(out->type, lane->v, count, out->data, at);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        least = lane->m[i] < least ? lane->m[i] : least;
    if (out->mask != NULL)
        memcpy(out->mask + at, lane->m, count);
    if (out->data == NULL)
        return least < 255;
    for (size_t i = 0; i < count; i++)
        copy[i] = lane->m[i] != 0 ? lane->v[i] : 0;
    store(out->type, copy, count, out->data, at);
    return least < 255;
}

static bool run_lane(running *r, int64_t col, int64_t row, size_t count, const dtake__kernel_out *out,
                     size_t *offset, double *copy)
{
    const dtake__kernel *k = r->kernel;
    bool masked = false;
    for (size_t i = 0; i < k->steps; i++) {
        if (k->step[i].leaf)
            run_leaf(r, i, col, row, count);
        else if (k->step[i].node->op != &dtake__op_constant)
            run_step(r, i, count);
    }
    for (size_t i = 0; i < k->roots; i++)
        masked = put_out(&r->lane[k->root[i]], copy, count, &out[i], offset[i]) || masked;
    return masked;
}

/* When all planes are of just this window, its rows are one long row. */
static bool is_flat(const dtake__kernel *k, const dtake__px_plane *plane, dtake_window w,
                    const dtake__kernel_out *out)
{
    for (size_t i = 0; i < k->steps; i++) {
        if (!k->step[i].leaf)
            continue;
        dtake_window p = plane[k->step[i].plane].window;
        if (p.col != w.col || p.row != w.row || p.width != w.width || p.height != w.height)
            return false;
    }
    for (size_t i = 0; i < k->roots; i++)
        if (out[i].width != w.width)
            return false;
    return true;
}

static size_t most_scratch(const dtake__kernel *k)
{
    size_t most = 0;
    for (size_t i = 0; i < k->steps; i++) {
        const dtake__px_node *node = k->step[i].node;
        size_t room = node->op->scratch != NULL ? node->op->scratch(node, LANE) : 0;
        most = room > most ? room : most;
    }
    return most;
}

static size_t most_inputs(const dtake__kernel *k)
{
    size_t most = 1;
    for (size_t i = 0; i < k->steps; i++)
        most = k->step[i].node->count > most ? k->step[i].node->count : most;
    return most;
}

dtake_status dtake__kernel_run(const dtake__kernel *k, const dtake__px_plane *plane, dtake_window w,
                               const dtake__kernel_out *out, bool *masked, dtake_error *err)
{
    running r = { .kernel = k, .plane = plane };
    bool any = false, flat = is_flat(k, plane, w, out);
    int64_t width = flat ? w.width * w.height : w.width, rows = flat ? 1 : w.height;
    r.v = dtake__calloc((k->vs + 1) * LANE, sizeof *r.v);
    r.m = dtake__calloc((k->ms + 1) * LANE, 1);
    r.lane = dtake__calloc(k->steps, sizeof *r.lane);
    r.in = dtake__calloc(most_inputs(k), sizeof *r.in);
    r.scratch = dtake__calloc(most_scratch(k), sizeof *r.scratch);
    size_t *offset = dtake__calloc(k->roots, sizeof *offset);
    dtake_status st = DTAKE_OK;
    if (r.v == NULL || r.m == NULL || r.lane == NULL || r.in == NULL || r.scratch == NULL || offset == NULL)
        st = dtake__fail_nomem(err, "a block of pixels");
    else
        fill_constants(&r);
    for (int64_t row = 0; row < rows && st == DTAKE_OK; row++)
        for (int64_t col = 0; col < width; col += LANE) {
            size_t count = (size_t)(width - col < LANE ? width - col : LANE);
            for (size_t i = 0; i < k->roots; i++)
                offset[i] = (size_t)(row * out[i].width + col);
            any = run_lane(&r, w.col + col, w.row + row, count, out, offset, r.v + k->vs * LANE) || any;
        }
    if (masked != NULL)
        *masked = any;
    dtake__free(r.v);
    dtake__free(r.m);
    dtake__free(r.lane);
    dtake__free(r.in);
    dtake__free(r.scratch);
    dtake__free(offset);
    return st;
}
