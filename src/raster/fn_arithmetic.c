/* Arithmetic, comparison, logic, bits: sample by sample. The type of a result holds every value that can come
 * out: whole numbers stay whole numbers (65535 + 65535 needs 32 bits), quotients and roots are float32, or
 * float64 when an operand does not fit float32. */
#include "raster/eval_function.h"
#include "raster/sure.h"

#include <math.h>

static const double EXACT = 9007199254740992.; /* 2^53 */
enum { MOST_SHIFT = 2000 };                    /* beyond what a double holds */

typedef dtake__px_type rule_fn(dtake__px_type a, dtake__px_type b);

typedef struct binary {
    dtake__px_op op;
    rule_fn *rule;
} binary;

static bool whole(dtake__px_type a, dtake__px_type b)
{
    return a.precision == DTAKE__PX_INT && b.precision == DTAKE__PX_INT;
}

static dtake__px_type real_rule(dtake__px_type a, dtake__px_type b)
{
    return dtake__px_real_of(dtake__px_join(a, b));
}

static dtake__px_type add_rule(dtake__px_type a, dtake__px_type b)
{
    return whole(a, b) ? dtake__px_int(a.min + b.min, a.max + b.max) : real_rule(a, b);
}

static dtake__px_type subtract_rule(dtake__px_type a, dtake__px_type b)
{
    return whole(a, b) ? dtake__px_int(a.min - b.max, a.max - b.min) : real_rule(a, b);
}

static dtake__px_type multiply_rule(dtake__px_type a, dtake__px_type b)
{
    double p = a.min * b.min, q = a.min * b.max, r = a.max * b.min, s = a.max * b.max;
    if (!whole(a, b))
        return real_rule(a, b);
    return dtake__px_int(fmin(fmin(p, q), fmin(r, s)), fmax(fmax(p, q), fmax(r, s)));
}

static dtake__px_type truth_rule(dtake__px_type a, dtake__px_type b)
{
    (void)a;
    (void)b;
    return dtake__px_int(0, 1);
}

static dtake__px_type mod_rule(dtake__px_type a, dtake__px_type b)
{
    if (!whole(a, b))
        return real_rule(a, b);
    return dtake__px_int(fmin(a.min, 0), fmax(a.max, 0));
}

/* Bits of whole numbers: as many as the larger one has. */
static dtake__px_type bits_rule(dtake__px_type a, dtake__px_type b)
{
    if (!whole(a, b))
        return dtake__px_int(-EXACT, EXACT);
    dtake__px_type both = dtake__px_join(a, b);
    double most = fmax(fabs(both.min), fabs(both.max)), reach = 1;
    while (reach <= most && reach < 4503599627370496.)
        reach *= 2;
    return dtake__px_int(both.min < 0 ? -reach : 0, reach - 1);
}

/* x times 2^by, fractions cut off first; what falls below 1 (`by` is negative) goes down. */
static double shifted(double x, double by)
{
    by = trunc(by);
    return floor(ldexp(trunc(x), by > -MOST_SHIFT ? (int)(by < MOST_SHIFT ? by : MOST_SHIFT) : -MOST_SHIFT));
}

static dtake__px_type shifted_type(dtake__px_type a, double least, double most)
{
    if (a.precision != DTAKE__PX_INT || !isfinite(least) || !isfinite(most) || most > 60)
        return dtake__px_real(DTAKE__PX_DOUBLE);
    return dtake__px_int(fmin(shifted(a.min, least), shifted(a.min, most)),
                         fmax(shifted(a.max, least), shifted(a.max, most)));
}

static dtake__px_type shift_rule(dtake__px_type a, dtake__px_type b)
{
    return shifted_type(a, b.min, b.max);
}

static dtake__px_type unshift_rule(dtake__px_type a, dtake__px_type b)
{
    return shifted_type(a, -b.max, -b.min);
}

static int64_t bits_of(double x)
{
    return !(x > -EXACT) ? -(int64_t)EXACT : x > EXACT ? (int64_t)EXACT : (int64_t)x;
}

static dtake__px make_pair(dtake__call *call, const void *ctx, dtake__px a, dtake__px b)
{
    const binary *f = ctx;
    const dtake__px in[2] = { a, b };
    return dtake__call_px(call, &f->op, f->rule(*dtake__call_type(call, a), *dtake__call_type(call, b)), in,
                          2, 0);
}

/* `quick` and `slow` are one function as double and long double (raster/sure.h). */
#define SURE(quick, slow)                                                                                    \
    (q = (quick), node->type.precision == DTAKE__PX_FLOAT && dtake__sure_float(q) ? q : (double)(slow))

#define BINARY(id, title, type_rule, fails, expression)                                                      \
    static void run_##id(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)  \
    {                                                                                                        \
        const double *restrict a = in[0].v, *restrict b = in[1].v;                                           \
        double *restrict to = out->v;                                                                        \
        (void)node;                                                                                          \
        for (size_t i = 0; i < count; i++) {                                                                 \
            double x = a[i], y = b[i], q;                                                                    \
            (void)q;                                                                                         \
            to[i] = expression;                                                                              \
        }                                                                                                    \
    }                                                                                                        \
    static const binary binary_##id = {                                                                      \
        { .name = title, .run = run_##id, .rounds = true, .may_fail = fails }, type_rule                     \
    };                                                                                                       \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        return dtake__call_pairs(call, call->arg[0].image, call->arg[1].image, make_pair, &binary_##id,      \
                                 err);                                                                       \
    }                                                                                                        \
    DTAKE__FUNCTION(image_##id, title, IMAGE, fn_##id, { "image1", DTAKE__IMAGE }, { "image2", DTAKE__IMAGE })

/* Whole numbers have no -0, of which powers and angles would make something else: + 0. makes it 0. */
BINARY(add, "Image.add", add_rule, false, x + y);
BINARY(subtract, "Image.subtract", subtract_rule, false, x - y);
BINARY(multiply, "Image.multiply", multiply_rule, false, x *y);
BINARY(divide, "Image.divide", real_rule, false, y == 0 ? 0 : x / y);
BINARY(mod, "Image.mod", mod_rule, false, y == 0 ? 0 : fmod(x, y));
BINARY(pow, "Image.pow", real_rule, true, SURE(pow(x + 0., y), powl(x + 0., y)));
BINARY(min, "Image.min", dtake__px_join, false, x < y ? x : y);
BINARY(max, "Image.max", dtake__px_join, false, x > y ? x : y);
BINARY(atan2, "Image.atan2", real_rule, false, SURE(atan2(x + 0., y + 0.), atan2l(x + 0., y + 0.)));
BINARY(hypot, "Image.hypot", real_rule, false, sqrt(x *x + y * y));
BINARY(lt, "Image.lt", truth_rule, false, x < y);
BINARY(lte, "Image.lte", truth_rule, false, x <= y);
BINARY(gt, "Image.gt", truth_rule, false, x > y);
BINARY(gte, "Image.gte", truth_rule, false, x >= y);
BINARY(eq, "Image.eq", truth_rule, false, x == y);
BINARY(neq, "Image.neq", truth_rule, false, x != y);
BINARY(and, "Image.and", truth_rule, false, x != 0 && y != 0);
BINARY(or, "Image.or", truth_rule, false, x != 0 || y != 0);
BINARY(bitwise_and, "Image.bitwiseAnd", bits_rule, false, (double)(bits_of(x) & bits_of(y)));
BINARY(bitwise_or, "Image.bitwiseOr", bits_rule, false, (double)(bits_of(x) | bits_of(y)));
BINARY(bitwise_xor, "Image.bitwiseXor", bits_rule, false, (double)(bits_of(x) ^ bits_of(y)));
BINARY(left_shift, "Image.leftShift", shift_rule, false, shifted(x, y));
BINARY(right_shift, "Image.rightShift", unshift_rule, false, shifted(x, -y));

/* --- one operand --- */

typedef dtake__px_type one_rule_fn(dtake__px_type a);

typedef struct unary {
    dtake__px_op op;
    one_rule_fn *rule;
} unary;

static dtake__px_type same_rule(dtake__px_type a)
{
    return a;
}

static dtake__px_type abs_rule(dtake__px_type a)
{
    if (a.precision != DTAKE__PX_INT)
        return a;
    return dtake__px_int(a.min > 0 ? a.min : 0, fmax(fabs(a.min), fabs(a.max)));
}

static dtake__px_type not_rule(dtake__px_type a)
{
    return truth_rule(a, a);
}

static dtake__px_type signum_rule(dtake__px_type a)
{
    return a.precision == DTAKE__PX_INT ? dtake__px_int(-1, 1) : a;
}

static dtake__px_type complement_rule(dtake__px_type a)
{
    if (a.precision != DTAKE__PX_INT)
        return dtake__px_int(-EXACT, EXACT);
    return dtake__px_int(fmax(-a.max - 1, -EXACT), fmin(-a.min - 1, EXACT));
}

static dtake__px make_one(dtake__call *call, const void *ctx, dtake__px band)
{
    const unary *f = ctx;
    return dtake__call_px(call, &f->op, f->rule(*dtake__call_type(call, band)), &band, 1, 0);
}

#define UNARY(id, title, type_rule, fails, expression)                                                       \
    static void run_##id(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)  \
    {                                                                                                        \
        const double *restrict a = in[0].v;                                                                  \
        double *restrict to = out->v;                                                                        \
        (void)node;                                                                                          \
        for (size_t i = 0; i < count; i++) {                                                                 \
            double x = a[i], q;                                                                              \
            (void)q;                                                                                         \
            to[i] = expression;                                                                              \
        }                                                                                                    \
    }                                                                                                        \
    static const unary unary_##id = { { .name = title, .run = run_##id, .rounds = true, .may_fail = fails }, \
                                      type_rule };                                                           \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        return dtake__call_each(call, call->arg[0].image, make_one, &unary_##id, err);                       \
    }                                                                                                        \
    DTAKE__FUNCTION(image_##id, title, IMAGE, fn_##id, { "value", DTAKE__IMAGE })

UNARY(abs, "Image.abs", abs_rule, false, fabs(x));
UNARY(not, "Image.not", not_rule, false, x == 0);
UNARY(signum, "Image.signum", signum_rule, false, (x > 0) - (x < 0));
UNARY(floor, "Image.floor", same_rule, false, floor(x));
UNARY(ceil, "Image.ceil", same_rule, false, ceil(x));
UNARY(round, "Image.round", same_rule, false, floor(x + 0.5));
UNARY(sqrt, "Image.sqrt", dtake__px_real_of, true, sqrt(x));
UNARY(exp, "Image.exp", dtake__px_real_of, false, SURE(exp(x), expl(x)));
UNARY(log, "Image.log", dtake__px_real_of, true, SURE(log(x), logl(x)));
UNARY(log10, "Image.log10", dtake__px_real_of, true, SURE(log10(x), log10l(x)));
UNARY(sin, "Image.sin", dtake__px_real_of, true, SURE(sin(x), sinl(x)));
UNARY(cos, "Image.cos", dtake__px_real_of, true, SURE(cos(x), cosl(x)));
UNARY(tan, "Image.tan", dtake__px_real_of, true, SURE(tan(x), tanl(x)));
UNARY(asin, "Image.asin", dtake__px_real_of, true, SURE(asin(x), asinl(x)));
UNARY(acos, "Image.acos", dtake__px_real_of, true, SURE(acos(x), acosl(x)));
UNARY(atan, "Image.atan", dtake__px_real_of, false, SURE(atan(x), atanl(x)));
UNARY(bitwise_not, "Image.bitwiseNot", complement_rule, false, (double)~bits_of(x));
