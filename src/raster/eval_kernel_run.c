/* Running a kernel: so many samples at a time, step after step. */
#include "raster/eval_kernel.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/samples.h"

#include <string.h>

/* What a dozen steps keep stays near the core. */
enum { LANE = 512 };

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

void dtake__px_plane_mask_failed(dtake__px_plane *plane)
{
    size_t count = (size_t)plane->window.width * (size_t)plane->window.height;
    double *v = plane->owned_data;
    uint8_t *m = plane->owned_mask;
    for (size_t i = 0; i < count; i++)
        if (v[i] != v[i]) {
            v[i] = 0;
            m[i] = 0;
        }
}

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
    /* borrowed; nobody writes to an input's mask */
    lane->m = p->mask != NULL ? (uint8_t *)(uintptr_t)(p->mask + at) : NULL;
    if (s->raw && p->data != NULL && !dtake__type_is_float(p->type)) {
        lane->v = NULL;
        lane->raw = (const char *)p->data + at * dtake_type_bytes(p->type);
        lane->raw_type = p->type;
        return;
    }
    lane->v = r->v + (size_t)s->v * LANE;
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
    if (s->may_fail)
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
