#include "raster/eval_pixel.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_NODES = 1 << 18,
    MAX_ASKED = 1 << 22, /* nodes, those that were there already and those of constants, too */
    MAX_BYTES = 256 << 20,
    MAX_SAMPLES = 1 << 27 /* of a plane */
};

static const double EXACT = 9007199254740992.; /* 2^53 */

struct dtake__expressions {
    dtake__slab slab;
    dtake__px_node *node; /* from 1 */
    size_t count, cap, asked;
    uint32_t *bucket;
    size_t buckets;
    dtake_status status;
    dtake_error err;
};

/* --- types --- */

dtake__px_type dtake__px_int(double min, double max)
{
    if (!(min >= -EXACT && max <= EXACT))
        return dtake__px_real(DTAKE__PX_DOUBLE);
    return (dtake__px_type){ DTAKE__PX_INT, min, max };
}

dtake__px_type dtake__px_real(dtake__precision precision)
{
    return (dtake__px_type){ precision, -HUGE_VAL, HUGE_VAL };
}

dtake__px_type dtake__px_type_of(dtake_type type)
{
    switch (type) {
    case DTAKE_U8:
        return dtake__px_int(0, UINT8_MAX);
    case DTAKE_I8:
        return dtake__px_int(INT8_MIN, INT8_MAX);
    case DTAKE_U16:
        return dtake__px_int(0, UINT16_MAX);
    case DTAKE_I16:
        return dtake__px_int(INT16_MIN, INT16_MAX);
    case DTAKE_U32:
        return dtake__px_int(0, UINT32_MAX);
    case DTAKE_I32:
        return dtake__px_int(INT32_MIN, INT32_MAX);
    case DTAKE_F32:
        return dtake__px_real(DTAKE__PX_FLOAT);
    case DTAKE_F64:
        break;
    }
    return dtake__px_real(DTAKE__PX_DOUBLE);
}

dtake__px_type dtake__px_join(dtake__px_type a, dtake__px_type b)
{
    double min = fmin(a.min, b.min), max = fmax(a.max, b.max);
    if (a.precision == DTAKE__PX_INT && b.precision == DTAKE__PX_INT)
        return dtake__px_int(min, max);
    dtake__precision precision = a.precision > b.precision ? a.precision : b.precision;
    /* whole numbers that float32 does not hold */
    dtake__px_type whole = a.precision == DTAKE__PX_INT ? a : b;
    if (whole.precision == DTAKE__PX_INT && (whole.min < -16777216 || whole.max > 16777216))
        precision = DTAKE__PX_DOUBLE;
    return (dtake__px_type){ precision, min, max };
}

dtake_type dtake__px_storage(dtake__px_type type)
{
    static const dtake_type by_size[] = { DTAKE_U8, DTAKE_I8, DTAKE_U16, DTAKE_I16, DTAKE_U32, DTAKE_I32 };
    if (type.precision == DTAKE__PX_FLOAT)
        return DTAKE_F32;
    for (size_t i = 0; type.precision == DTAKE__PX_INT && i < sizeof by_size / sizeof by_size[0]; i++) {
        dtake__px_type range = dtake__px_type_of(by_size[i]);
        if (type.min >= range.min && type.max <= range.max)
            return by_size[i];
    }
    return DTAKE_F64;
}

/* --- planes --- */

dtake_status dtake__px_plane_init(dtake__px_plane *plane, dtake_window window, dtake_type type, bool has_data,
                                  bool has_mask, dtake_error *err)
{
    size_t count = (size_t)window.width * (size_t)window.height;
    *plane = (dtake__px_plane){ .window = window, .type = type };
    if (window.width > MAX_SAMPLES / window.height)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "a block needs %lld x %lld pixels of a plane: neighbourhoods reach too far",
                           (long long)window.width, (long long)window.height);
    plane->owned_data = has_data ? dtake__calloc(count, dtake_type_bytes(type)) : NULL;
    plane->owned_mask = has_mask ? dtake__calloc(count, 1) : NULL;
    plane->data = plane->owned_data;
    plane->mask = plane->owned_mask;
    if ((!has_data || plane->data != NULL) && (!has_mask || plane->mask != NULL))
        return DTAKE_OK;
    dtake__px_plane_dispose(plane);
    return dtake__fail_nomem(err, "a block of pixels");
}

void dtake__px_plane_dispose(dtake__px_plane *plane)
{
    dtake__free(plane->owned_data);
    dtake__free(plane->owned_mask);
    *plane = (dtake__px_plane){ 0 };
}

/* --- nodes --- */

const dtake__px_op dtake__op_constant = { .name = "a constant" };
const dtake__px_op dtake__op_source = { .name = "a source" };
const dtake__px_op dtake__op_array = { .name = "an array" };

dtake__expressions *dtake__expressions_new(void)
{
    dtake__expressions *e = dtake__calloc(1, sizeof *e);
    if (e != NULL)
        e->slab = DTAKE__SLAB_INIT(MAX_BYTES);
    return e;
}

void dtake__expressions_free(dtake__expressions *e)
{
    if (e == NULL)
        return;
    dtake__slab_dispose(&e->slab);
    dtake__free(e->node);
    dtake__free(e->bucket);
    dtake__free(e);
}

dtake_status dtake__expressions_status(const dtake__expressions *e, dtake_error *err)
{
    if (e->status != DTAKE_OK)
        dtake__error_copy(err, &e->err);
    return e->status;
}

size_t dtake__expressions_count(const dtake__expressions *e)
{
    return e->count;
}

const dtake__px_node *dtake__px_node_of(const dtake__expressions *e, dtake__px px)
{
    return &e->node[px];
}

dtake__slab *dtake__expressions_slab(dtake__expressions *e)
{
    return &e->slab;
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_of(const dtake__px_node *n)
{
    uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), &n->op, sizeof n->op);
    hash = mix(hash, n->in, n->count * sizeof *n->in);
    hash = mix(hash, n->param, sizeof n->param);
    hash = mix(hash, &n->data, sizeof n->data);
    return hash ^ hash >> 31;
}

static bool same(const dtake__px_node *a, const dtake__px_node *b)
{
    return a->op == b->op && a->count == b->count && a->data == b->data &&
           memcmp(a->param, b->param, sizeof a->param) == 0 && a->type.precision == b->type.precision &&
           a->type.min == b->type.min && a->type.max == b->type.max &&
           (a->count == 0 || memcmp(a->in, b->in, a->count * sizeof *a->in) == 0);
}

static bool grow(dtake__expressions *e)
{
    if (e->count + 2 > e->cap) {
        size_t cap = e->cap == 0 ? 64 : e->cap * 2;
        dtake__px_node *node = dtake__realloc_array(e->node, cap, sizeof *node);
        if (node == NULL)
            return false;
        e->node = node;
        e->cap = cap;
    }
    if (2 * (e->count + 2) <= e->buckets)
        return true;
    size_t buckets = e->buckets == 0 ? 256 : e->buckets * 2;
    uint32_t *bucket = dtake__calloc(buckets, sizeof *bucket);
    if (bucket == NULL)
        return false;
    for (size_t i = 1; i <= e->count; i++) {
        size_t at = hash_of(&e->node[i]) & (buckets - 1);
        while (bucket[at] != 0)
            at = (at + 1) & (buckets - 1);
        bucket[at] = (uint32_t)i;
    }
    dtake__free(e->bucket);
    e->bucket = bucket;
    e->buckets = buckets;
    return true;
}

dtake__px dtake__px_fail(dtake__expressions *e, dtake_status status, const char *fmt, ...)
{
    char what[DTAKE_ERROR_BYTES];
    va_list args;
    if (e->status != DTAKE_OK)
        return 0;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    e->status = dtake__fail(&e->err, status, "%s", what);
    return 0;
}

static dtake__px fail_nomem(dtake__expressions *e)
{
    if (e->status == DTAKE_OK)
        e->status = dtake__fail_nomem(&e->err, "an expression");
    return 0;
}

static dtake__px store(dtake__expressions *e, const dtake__px_node *node)
{
    if (e->status != DTAKE_OK)
        return 0;
    if (!grow(e))
        return fail_nomem(e);
    size_t at = hash_of(node) & (e->buckets - 1);
    for (; e->bucket[at] != 0; at = (at + 1) & (e->buckets - 1))
        if (same(&e->node[e->bucket[at]], node))
            return e->bucket[at];
    if (e->count == MAX_NODES)
        return dtake__px_fail(e, DTAKE_E_LIMIT, "more than %d steps a pixel", MAX_NODES);
    dtake__px_node kept = *node;
    if (node->count > 0) {
        dtake__px *in = dtake__slab_alloc(&e->slab, node->count, sizeof *in);
        if (in == NULL)
            return fail_nomem(e);
        memcpy(in, node->in, node->count * sizeof *in);
        kept.in = in;
    }
    e->node[++e->count] = kept;
    e->bucket[at] = (uint32_t)e->count;
    return (dtake__px)e->count;
}

static dtake__px masked_constant(dtake__expressions *e, double value, double mask, dtake__precision precision)
{
    bool whole = precision == DTAKE__PX_INT && value == floor(value) && fabs(value) <= EXACT;
    dtake__px_type type = { precision, value, value };
    if (precision == DTAKE__PX_INT && !whole)
        type.precision = DTAKE__PX_DOUBLE;
    return store(e, &(dtake__px_node){
                        .op = &dtake__op_constant, .param = { value == 0 ? 0 : value, mask }, .type = type });
}

dtake__px dtake__px_constant(dtake__expressions *e, double value)
{
    return masked_constant(e, value, 255, value == floor(value) ? DTAKE__PX_INT : DTAKE__PX_DOUBLE);
}

bool dtake__px_is_constant(const dtake__expressions *e, dtake__px px, double *value)
{
    const dtake__px_node *node = &e->node[px];
    *value = node->param[0];
    return node->op == &dtake__op_constant && node->param[1] == 255;
}

enum { MAX_FOLDED = 32, MAX_SCRATCH = 1024 };

static bool all_constant(const dtake__expressions *e, const dtake__px_node *node)
{
    for (size_t i = 0; i < node->count; i++)
        if (e->node[node->in[i]].op != &dtake__op_constant)
            return false;
    return node->op->run != NULL && node->count > 0 && node->count <= MAX_FOLDED &&
           (node->op->scratch == NULL || node->op->scratch(node, 1) <= MAX_SCRATCH);
}

static dtake__px fold(dtake__expressions *e, const dtake__px_node *node)
{
    dtake__lane in[MAX_FOLDED], out;
    double v[MAX_FOLDED], scratch[MAX_SCRATCH], value = 0;
    uint8_t m[MAX_FOLDED], mask = 255;
    for (size_t i = 0; i < node->count; i++) {
        const dtake__px_node *from = &e->node[node->in[i]];
        v[i] = from->param[0];
        m[i] = (uint8_t)from->param[1];
        mask = m[i] < mask ? m[i] : mask;
        in[i] = (dtake__lane){ .v = &v[i], .m = m[i] == 255 ? NULL : &m[i] };
    }
    out = (dtake__lane){ .v = &value, .m = &mask, .scratch = scratch };
    node->op->run(node, in, &out, 1);
    if (out.m == NULL)
        mask = 255;
    if (node->type.precision == DTAKE__PX_FLOAT && node->op->rounds)
        value = (double)(float)value;
    if (isnan(value))
        value = mask = 0;
    return masked_constant(e, value, mask, node->type.precision);
}

dtake__px dtake__px_add(dtake__expressions *e, const dtake__px_node *node)
{
    if (++e->asked > MAX_ASKED)
        return dtake__px_fail(e, DTAKE_E_LIMIT, "all bands together take more than %d steps", MAX_ASKED);
    for (size_t i = 0; i < node->count; i++)
        if (node->in[i] == 0)
            return fail_nomem(e);
        else if (e->node[node->in[i]].op == &dtake__op_array)
            return dtake__px_fail(e, DTAKE_E_USAGE,
                                  "pixels that are arrays are not taken here: Image.arrayGet and "
                                  "Image.arrayFlatten make numbers of them");
    return all_constant(e, node) ? fold(e, node) : store(e, node);
}
