/* Numbers. */
#include "raster/eval_function.h"

#include "core/error.h"
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dtake_status give(dtake__call *call, double number)
{
    return dtake__call_give(call, dtake__value_of_number(number));
}

static dtake_status number(dtake__call *call, dtake_error *err)
{
    dtake__value out;
    dtake_status st = dtake__eval_cast(call->eval, &call->arg[0], DTAKE__NUMBER, &out, err);
    return st == DTAKE_OK ? dtake__call_give(call, out) : st;
}
DTAKE__FUNCTION(number, "Number", NUMBER, number, { "input", DTAKE__OBJECT });

#define NUM2(id, title, expression)                                                                          \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        double a = call->arg[0].number, b = call->arg[1].number;                                             \
        (void)err;                                                                                           \
        return give(call, expression);                                                                       \
    }                                                                                                        \
    DTAKE__FUNCTION(number_##id, title, NUMBER, fn_##id, { "left", DTAKE__NUMBER },                          \
                    { "right", DTAKE__NUMBER })
#define NUM1(id, title, expression)                                                                          \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        double a = call->arg[0].number;                                                                      \
        (void)err;                                                                                           \
        return give(call, expression);                                                                       \
    }                                                                                                        \
    DTAKE__FUNCTION(number_##id, title, NUMBER, fn_##id, { "input", DTAKE__NUMBER })

/* As of a cast: cut off towards zero and kept in range. */
static double whole(double a, double low, double high)
{
    return trunc(a >= low ? a < high ? a : high : low);
}

static int64_t bits(double a)
{
    return (int64_t)whole(a, -9007199254740992., 9007199254740992.);
}

static double shift(double a, double b)
{
    return b >= 0 ? ldexp(trunc(a), (int)fmin(b, 1000)) : floor(ldexp(trunc(a), (int)fmax(b, -1000)));
}

NUM2(add, "Number.add", a + b);
NUM2(subtract, "Number.subtract", a - b);
NUM2(multiply, "Number.multiply", a *b);
NUM2(divide, "Number.divide", b == 0 ? 0 : a / b);
NUM2(mod, "Number.mod", b == 0 ? 0 : fmod(a, b));
NUM2(pow, "Number.pow", pow(a, b));
NUM2(min, "Number.min", fmin(a, b));
NUM2(max, "Number.max", fmax(a, b));
NUM2(hypot, "Number.hypot", hypot(a, b));
NUM2(atan2, "Number.atan2", atan2(b, a));
NUM2(eq, "Number.eq", a == b);
NUM2(neq, "Number.neq", a != b);
NUM2(lt, "Number.lt", a < b);
NUM2(lte, "Number.lte", a <= b);
NUM2(gt, "Number.gt", a > b);
NUM2(gte, "Number.gte", a >= b);
NUM2(and, "Number.and", a != 0 && b != 0);
NUM2(or, "Number.or", a != 0 || b != 0);
NUM2(first, "Number.first", ((void)b, a));
NUM2(first_non_zero, "Number.firstNonZero", a != 0 ? a : b);
NUM2(bitwise_and, "Number.bitwiseAnd", (double)(bits(a) & bits(b)));
NUM2(bitwise_or, "Number.bitwiseOr", (double)(bits(a) | bits(b)));
NUM2(bitwise_xor, "Number.bitwiseXor", (double)(bits(a) ^ bits(b)));
NUM2(left_shift, "Number.leftShift", shift(a, b));
NUM2(right_shift, "Number.rightShift", shift(a, -b));

NUM1(abs, "Number.abs", fabs(a));
NUM1(not, "Number.not", a == 0);
NUM1(bitwise_not, "Number.bitwiseNot", (double)~bits(a));
NUM1(ceil, "Number.ceil", ceil(a));
NUM1(floor, "Number.floor", floor(a));
NUM1(round, "Number.round", floor(a + 0.5));
NUM1(signum, "Number.signum", (a > 0) - (a < 0));
NUM1(sqrt, "Number.sqrt", sqrt(a));
NUM1(cbrt, "Number.cbrt", cbrt(a));
NUM1(exp, "Number.exp", exp(a));
NUM1(log, "Number.log", log(a));
NUM1(log10, "Number.log10", log10(a));
NUM1(sin, "Number.sin", sin(a));
NUM1(cos, "Number.cos", cos(a));
NUM1(tan, "Number.tan", tan(a));
NUM1(asin, "Number.asin", asin(a));
NUM1(acos, "Number.acos", acos(a));
NUM1(atan, "Number.atan", atan(a));
NUM1(sinh, "Number.sinh", sinh(a));
NUM1(cosh, "Number.cosh", cosh(a));
NUM1(tanh, "Number.tanh", tanh(a));
/* By both of its names. */
#define CAST(id, upper, lower, expression)                                                                   \
    NUM1(to_##id, "Number.to" upper, expression);                                                            \
    NUM1(id, "Number." lower, expression)

CAST(byte, "Byte", "byte", whole(a, 0, 255));
CAST(uint8, "Uint8", "uint8", whole(a, 0, 255));
CAST(int8, "Int8", "int8", whole(a, -128, 127));
CAST(uint16, "Uint16", "uint16", whole(a, 0, 65535));
CAST(int16, "Int16", "int16", whole(a, -32768, 32767));
CAST(short, "Short", "short", whole(a, -32768, 32767));
CAST(uint32, "Uint32", "uint32", whole(a, 0, 4294967295.));
CAST(int32, "Int32", "int32", whole(a, -2147483648., 2147483647.));
CAST(int, "Int", "int", whole(a, -2147483648., 2147483647.));
CAST(int64, "Int64", "int64", whole(a, -9223372036854775808., 9223372036854774784.));
CAST(long, "Long", "long", whole(a, -9223372036854775808., 9223372036854774784.));
CAST(float, "Float", "float", (double)(float)a);
CAST(double, "Double", "double", a);

static dtake_status clamp(dtake__call *call, dtake_error *err)
{
    (void)err;
    return give(call, fmin(fmax(call->arg[0].number, call->arg[1].number), call->arg[2].number));
}
DTAKE__FUNCTION(number_clamp, "Number.clamp", NUMBER, clamp, { "number", DTAKE__NUMBER },
                { "min", DTAKE__NUMBER }, { "max", DTAKE__NUMBER });

static dtake_status unit_scale(dtake__call *call, dtake_error *err)
{
    (void)err;
    double low = call->arg[1].number, high = call->arg[2].number;
    return give(call, high == low ? 0 : (call->arg[0].number - low) / (high - low));
}
DTAKE__FUNCTION(number_unit_scale, "Number.unitScale", NUMBER, unit_scale, { "number", DTAKE__NUMBER },
                { "min", DTAKE__NUMBER }, { "max", DTAKE__NUMBER });

static dtake_status parse(dtake__call *call, dtake_error *err)
{
    double radix = call->arg[1].number, out;
    char *end;
    if (radix == 10)
        return dtake__parse_f64(call->arg[0].text, &out)
                   ? give(call, out)
                   : dtake__fail(err, DTAKE_E_USAGE, "'%.60s' is no number", call->arg[0].text);
    if (!(radix >= 2 && radix <= 36))
        return dtake__fail(err, DTAKE_E_USAGE, "radix %g is not within 2 and 36", radix);
    long long value = strtoll(call->arg[0].text, &end, (int)radix);
    return *end == '\0' && end > call->arg[0].text
               ? give(call, (double)value)
               : dtake__fail(err, DTAKE_E_USAGE, "'%.60s' is no number", call->arg[0].text);
}
DTAKE__FUNCTION(number_parse, "Number.parse", NUMBER, parse, { "input", DTAKE__STRING },
                { "radix", DTAKE__NUMBER, "10" });

/* One conversion of printf, of a width and a precision that fit. */
static dtake_status format(dtake__call *call, dtake_error *err)
{
    const char *pattern = call->arg[1].text, *at = strchr(pattern, '%');
    char field[16], out[256];
    size_t len = at != NULL ? 1 + strspn(at + 1, "-+ 0123456789.") : 0;
    if (at == NULL || len > 10 || strchr("dsfegxXoE", at[len]) == NULL || at[len] == '\0' ||
        strlen(pattern) > 60 || strchr(at + len, '%') != NULL || atoi(at + 1 + strspn(at + 1, "-+ 0")) > 99 ||
        (strchr(at, '.') != NULL && strchr(at, '.') < at + len && atoi(strchr(at, '.') + 1) > 99))
        return dtake__fail(err, DTAKE_E_USAGE, "'%.60s' is no pattern of a number", pattern);
    bool real = strchr("fegE", at[len]) != NULL;
    double value = call->arg[0].number;
    char letter = at[len] == 's' ? 'g' : at[len];
    int used = snprintf(out, sizeof out, "%.*s", (int)(at - pattern), pattern);
    snprintf(field, sizeof field, "%.*s%s%c", (int)len, at, real || letter == 'g' ? "" : "ll", letter);
    if (real || letter == 'g')
        used += snprintf(out + used, sizeof out - (size_t)used, field, value);
    else
        used +=
            snprintf(out + used, sizeof out - (size_t)used, field, (long long)whole(value, -9.2e18, 9.2e18));
    const char *text = dtake__call_text(call, err, "%s%s", out, at + len + 1);
    return text != NULL ? dtake__call_give(call, dtake__value_of_text(text)) : DTAKE_E_LIMIT;
}
DTAKE__FUNCTION(number_format, "Number.format", STRING, format, { "number", DTAKE__NUMBER },
                { "pattern", DTAKE__STRING, "%s" });

/* --- which of two --- */

static bool is_true(const dtake__value *value)
{
    if (value->null)
        return false;
    switch (value->kind) {
    case DTAKE__BOOLEAN:
        return value->boolean;
    case DTAKE__NUMBER:
        return value->number != 0;
    case DTAKE__STRING:
        return value->text[0] != '\0';
    case DTAKE__LIST:
    case DTAKE__DICTIONARY:
        return value->list.count > 0;
    default:
        return true;
    }
}

static dtake_status choose(dtake__call *call, dtake_error *err)
{
    (void)err;
    return dtake__call_give(call, call->arg[is_true(&call->arg[0]) ? 1 : 2]);
}
DTAKE__FUNCTION(choose, "If", OBJECT, choose, { "condition", DTAKE__OBJECT, "null" },
                { "trueCase", DTAKE__OBJECT, "null" }, { "falseCase", DTAKE__OBJECT, "null" });
