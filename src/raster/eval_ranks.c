#include "raster/eval_ranks.h"

#include "raster/eval_reduce.h"
#include "raster/samples.h"

#include <math.h>
#include <string.h>

enum {
    MOST_COLUMNS = DTAKE__ORDER_BYTES / sizeof(uint16_t),
    AHEAD = 4, /* inputs */
};

dtake__order_form dtake__ranks_form(dtake__px_type type)
{
    bool whole = type.precision == DTAKE__PX_INT;
    if (whole && type.max - type.min <= UINT16_MAX)
        return DTAKE__ORDER_U16;
    bool fits = whole && type.min >= -16777216 && type.max <= 16777216;
    return type.precision == DTAKE__PX_FLOAT || fits ? DTAKE__ORDER_F32 : DTAKE__ORDER_F64;
}

double dtake__ranks_least(dtake__px_type type)
{
    return dtake__ranks_form(type) == DTAKE__ORDER_U16 ? type.min : 0;
}

/* The samples of one input as a row; masked ones come behind all others, or among those that equal them.
 * `between` makes those that lie `part` of the way from one row to the next. */
#define FORM(name, type, step, beyond)                                                                       \
    static void fill_##name(const dtake__lane *in, size_t first, size_t count, double least, void *row)      \
    {                                                                                                        \
        type *restrict to = row;                                                                             \
        const double *restrict v = in->v + first;                                                            \
        if (in->m == NULL) {                                                                                 \
            for (size_t i = 0; i < count; i++)                                                               \
                to[i] = (type)(step)(v[i] - least);                                                          \
            return;                                                                                          \
        }                                                                                                    \
        const uint8_t *restrict m = in->m + first;                                                           \
        for (size_t i = 0; i < count; i++)                                                                   \
            to[i] = (type)(step)(m[i] != 0 ? v[i] - least : (beyond));                                       \
    }                                                                                                        \
    static double at_##name(const void *row, size_t column)                                                  \
    {                                                                                                        \
        return (double)((const type *)row)[column];                                                          \
    }                                                                                                        \
    static void between_##name(const void *below, const void *above, double part, double least,              \
                               size_t count, double *restrict out)                                           \
    {                                                                                                        \
        const type *restrict low = below, *restrict high = above;                                            \
        for (size_t i = 0; i < count && part == 0; i++)                                                      \
            out[i] = (double)low[i] + least;                                                                 \
        for (size_t i = 0; i < count && part != 0; i++) {                                                    \
            double a = (double)low[i] + least, b = (double)high[i] + least;                                  \
            out[i] = a + (b - a) * part;                                                                     \
        }                                                                                                    \
    }
FORM(f64, double, double, HUGE_VAL)
FORM(f32, float, float, HUGE_VAL)
FORM(u16, uint16_t, int32_t, UINT16_MAX)
#undef FORM

static const struct {
    size_t columns;
    void (*fill)(const dtake__lane *in, size_t first, size_t count, double least, void *row);
    double (*at)(const void *row, size_t column);
    void (*between)(const void *below, const void *above, double part, double least, size_t count,
                    double *restrict out);
} forms[] = { [DTAKE__ORDER_F64] = { DTAKE__ORDER_BYTES / sizeof(double), fill_f64, at_f64, between_f64 },
              [DTAKE__ORDER_F32] = { DTAKE__ORDER_BYTES / sizeof(float), fill_f32, at_f32, between_f32 },
              [DTAKE__ORDER_U16] = { DTAKE__ORDER_BYTES / sizeof(uint16_t), fill_u16, at_u16, between_u16 } };

bool dtake__ranks_read_raw(const dtake__px_node *node)
{
    return (dtake__order_form)node->param[2] == DTAKE__ORDER_U16;
}

/* How many of each column are valid. */
typedef struct valid {
    uint16_t count[MOST_COLUMNS];
    bool same; /* all columns have as many */
} valid;

static void fetch(const void *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch((const char *)at + i);
}

/* There are more streams than the processor sees coming, and planes of powers of two have the same places in
 * its caches: so an input is fetched shortly before its turn. */
static void fetch_input(const dtake__lane *in, size_t first, size_t count)
{
    size_t bytes = dtake_type_bytes(in->raw_type);
    if (in->raw == NULL)
        return;
    fetch((const char *)in->raw + first * bytes, count * bytes);
    if (in->m != NULL)
        fetch(in->m + first, count);
}

/* The same as fill_u16, modulo 2^16, without the way through doubles. */
static void fill_raw(const dtake__lane *in, size_t first, size_t count, double least, uint16_t *restrict to,
                     uint16_t *restrict seen)
{
    uint16_t less = (uint16_t)(int64_t)least;
    switch (in->raw_type) {
#define CASE(name, ctype)                                                                                    \
    case DTAKE_##name: {                                                                                     \
        const ctype *restrict from = (const ctype *)in->raw + first;                                         \
        for (size_t i = 0; i < count; i++)                                                                   \
            to[i] = (uint16_t)((uint16_t)(int64_t)from[i] - less);                                           \
        break;                                                                                               \
    }
        DTAKE__SAMPLE_MAP(CASE)
#undef CASE
    }
    if (in->m == NULL)
        return;
    const uint8_t *restrict m = in->m + first;
    for (size_t i = 0; i < count; i++) {
        uint16_t masked = m[i] == 0 ? UINT16_MAX : 0;
        to[i] |= masked;
        seen[i] = (uint16_t)(seen[i] + masked + 1);
    }
}

static void count_valid(const dtake__lane *in, size_t first, size_t count, uint16_t *restrict seen)
{
    const uint8_t *restrict m = in->m != NULL ? in->m + first : NULL;
    for (size_t i = 0; m != NULL && i < count; i++)
        seen[i] = (uint16_t)(seen[i] + (m[i] != 0));
}

static void fill_rows(const dtake__px_node *node, const dtake__lane *in, size_t first, size_t count,
                      char *rows, valid *seen)
{
    dtake__order_form form = (dtake__order_form)node->param[2];
    uint16_t whole = 0, differs = 0;
    memset(seen->count, 0, sizeof seen->count);
    for (size_t n = 0; n < node->count; n++, rows += DTAKE__ORDER_BYTES) {
        whole = (uint16_t)(whole + (in[n].m == NULL));
        if (n + AHEAD < node->count)
            fetch_input(&in[n + AHEAD], first, count);
        if (in[n].raw != NULL) {
            fill_raw(&in[n], first, count, node->param[3], (uint16_t *)(void *)rows, seen->count);
            continue;
        }
        forms[form].fill(&in[n], first, count, node->param[3], rows);
        count_valid(&in[n], first, count, seen->count);
    }
    for (size_t i = 0; i < count; i++) {
        seen->count[i] = (uint16_t)(seen->count[i] + whole);
        differs = (uint16_t)(differs | (seen->count[i] ^ seen->count[0]));
    }
    seen->same = differs == 0;
}

/* A column in order, as doubles. */
typedef struct column {
    const char *row;
    size_t index;
    double (*at)(const void *row, size_t column);
    double least;
} column;

static double sample(const column *c, size_t rank)
{
    return c->at(c->row + rank * DTAKE__ORDER_BYTES, c->index) + c->least;
}

/* Straight between neighbours. */
static double percentile_of(const column *c, uint32_t count, double percent)
{
    double at = percent / 100 * (count - 1);
    uint32_t below = (uint32_t)at;
    double low = sample(c, below), part = at - below;
    return part == 0 ? low : low + (sample(c, below + 1) - low) * part;
}

/* Of equally frequent ones the smallest. */
static double mode_of(const column *c, uint32_t count)
{
    double best = sample(c, 0), before = best;
    uint32_t longest = 0, run = 0;
    for (uint32_t n = 0; n < count; n++) {
        double here = sample(c, n);
        run = here == before ? run + 1 : 1;
        before = here;
        if (run > longest) {
            longest = run;
            best = here;
        }
    }
    return best;
}

static void each_column(const dtake__px_node *node, const char *rows, const valid *seen, size_t columns,
                        double *out, uint8_t *mask)
{
    dtake__order_form form = (dtake__order_form)node->param[2];
    bool mode = node->param[0] == DTAKE__REDUCE_MODE;
    for (size_t i = 0; i < columns; i++) {
        const column c = { rows, i, forms[form].at, node->param[3] };
        uint16_t count = seen->count[i];
        mask[i] = count > 0 ? 255 : 0;
        out[i] = count == 0 ? 0 : mode ? mode_of(&c, count) : percentile_of(&c, count, node->param[1]);
    }
}

/* As percentile_of, of columns that have as many samples. */
static void all_columns(const dtake__px_node *node, const char *rows, uint16_t count, size_t columns,
                        double *out, uint8_t *mask)
{
    double at = node->param[1] / 100 * (count - 1);
    uint32_t below = (uint32_t)at;
    double part = at - below;
    const char *low = rows + below * DTAKE__ORDER_BYTES;
    forms[(dtake__order_form)node->param[2]].between(low, part == 0 ? low : low + DTAKE__ORDER_BYTES, part,
                                                     node->param[3], columns, out);
    memset(mask, 255, columns);
}

void dtake__ranks_run(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    valid seen;
    dtake__order_form form = (dtake__order_form)node->param[2];
    char *rows = (char *)out->scratch;
    for (size_t first = 0; first < count; first += forms[form].columns) {
        size_t columns = count - first < forms[form].columns ? count - first : forms[form].columns;
        fill_rows(node, in, first, columns, rows, &seen);
        dtake__order_columns(form, rows, node->count, false);
        if (seen.same && seen.count[0] > 0 && node->param[0] != DTAKE__REDUCE_MODE)
            all_columns(node, rows, seen.count[0], columns, out->v + first, out->m + first);
        else
            each_column(node, rows, &seen, columns, out->v + first, out->m + first);
    }
}

size_t dtake__ranks_scratch(const dtake__px_node *node, size_t count)
{
    (void)count;
    return node->count * (DTAKE__ORDER_BYTES / sizeof(double));
}
