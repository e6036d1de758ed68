/* Making a kernel: the steps in order, and a place for the result of each. */
#include "raster/eval_kernel.h"

#include "core/alloc.h"
#include "core/error.h"

enum { MAX_PLACES = 1 << 13 };

bool dtake__px_is_plane(const dtake__px_node *node)
{
    return node->op->run == NULL && node->op != &dtake__op_constant;
}

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

/* Roots are written from doubles. */
static void find_raw(dtake__kernel *k)
{
    for (size_t i = 0; i < k->steps; i++)
        k->step[i].raw = k->step[i].leaf;
    for (size_t i = 0; i < k->steps; i++) {
        const dtake__px_node *node = k->step[i].node;
        if (k->step[i].leaf || (node->op->reads_raw != NULL && node->op->reads_raw(node)))
            continue;
        for (size_t n = 0; n < node->count; n++)
            k->step[k->input[k->step[i].in + n]].raw = false;
    }
    for (size_t i = 0; i < k->roots; i++)
        k->step[k->root[i]].raw = false;
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
        if (k->vs > MAX_PLACES || k->ms > MAX_PLACES)
            st = dtake__fail(err, DTAKE_E_LIMIT,
                             "an expression keeps %zu samples a pixel at once: at most %d are allowed",
                             k->vs > k->ms ? k->vs : k->ms, MAX_PLACES);
    }
    dtake__free(rows);
    dtake__free(free_places);
    return st;
}

/* Infinite ones less infinite ones are no number: whole numbers never are infinite. */
static bool may_fail(const dtake__expressions *e, const dtake__px_node *node)
{
    bool real = false;
    for (size_t i = 0; i < node->count; i++)
        real = real || dtake__px_node_of(e, node->in[i])->type.precision != DTAKE__PX_INT;
    return node->op->may_fail || (real && node->type.precision != DTAKE__PX_INT);
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
        k->step[at] = (dtake__kernel_step){ .px = px,
                                            .node = node,
                                            .leaf = dtake__px_is_plane(node),
                                            .may_fail = may_fail(e, node),
                                            .in = inputs };
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
    if (st == DTAKE_OK) {
        find_raw(k);
        st = assign(k, err);
    }
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
