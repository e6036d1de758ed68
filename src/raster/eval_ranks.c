#include "raster/eval_ranks.h"

#include "raster/eval_reduce.h"

#include <math.h>
#include <string.h>

enum { MOST_COLUMNS = DTAKE__ORDER_BYTES / sizeof(uint16_t) };

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

/* The samples of one input as a row; masked ones come behind all others, or among those that equal them. */
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
    }
FORM(f64, double, double, HUGE_VAL)
FORM(f32, float, float, HUGE_VAL)
FORM(u16, uint16_t, int32_t, UINT16_MAX)
#undef FORM

static const struct {
    size_t columns;
    void (*fill)(const dtake__lane *in, size_t first, size_t count, double least, void *row);
    double (*at)(const void *row, size_t column);
} forms[] = { [DTAKE__ORDER_F64] = { DTAKE__ORDER_BYTES / sizeof(double), fill_f64, at_f64 },
              [DTAKE__ORDER_F32] = { DTAKE__ORDER_BYTES / sizeof(float), fill_f32, at_f32 },
              [DTAKE__ORDER_U16] = { DTAKE__ORDER_BYTES / sizeof(uint16_t), fill_u16, at_u16 } };

/* How many of each column are valid. */
static void count_valid(const dtake__px_node *node, const dtake__lane *in, size_t first, size_t count,
                        uint16_t seen[MOST_COLUMNS])
{
    memset(seen, 0, MOST_COLUMNS * sizeof *seen);
    for (size_t n = 0; n < node->count; n++) {
        const uint8_t *m = in[n].m;
        for (size_t i = 0; i < count && m == NULL; i++)
            seen[i]++;
        for (size_t i = 0; i < count && m != NULL; i++)
            seen[i] = (uint16_t)(seen[i] + (m[first + i] != 0));
    }
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

void dtake__ranks_run(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    uint16_t seen[MOST_COLUMNS];
    bool mode = node->param[0] == DTAKE__REDUCE_MODE;
    dtake__order_form form = (dtake__order_form)node->param[2];
    double least = node->param[3];
    char *rows = (char *)out->scratch;
    for (size_t first = 0; first < count; first += forms[form].columns) {
        size_t columns = count - first < forms[form].columns ? count - first : forms[form].columns;
        count_valid(node, in, first, columns, seen);
        for (size_t n = 0; n < node->count; n++)
            forms[form].fill(&in[n], first, columns, least, rows + n * DTAKE__ORDER_BYTES);
        dtake__order_columns(form, rows, node->count, false);
        for (size_t i = 0; i < columns; i++) {
            const column c = { rows, i, forms[form].at, least };
            out->m[first + i] = seen[i] > 0 ? 255 : 0;
            out->v[first + i] = seen[i] == 0 ? 0
                                : mode       ? mode_of(&c, seen[i])
                                             : percentile_of(&c, seen[i], node->param[1]);
        }
    }
}

size_t dtake__ranks_scratch(const dtake__px_node *node, size_t count)
{
    (void)count;
    return node->count * (DTAKE__ORDER_BYTES / sizeof(double));
}
