/* Casts: kept within the range of the type, then cut off towards zero. */
#include "raster/eval_function.h"

#include <math.h>

static void run_cast(const dtake__px_node *node, const dtake__lane *in, dtake__lane *out, size_t count)
{
    const double *restrict a = in[0].v;
    double *restrict to = out->v, min = node->type.min, max = node->type.max;
    if (node->type.precision != DTAKE__PX_INT) {
        for (size_t i = 0; i < count; i++)
            to[i] = a[i];
        return;
    }
    for (size_t i = 0; i < count; i++) {
        double x = a[i] > min ? a[i] : min;
        to[i] = trunc(x < max ? x : max);
    }
}

static const dtake__px_op op_cast = { .name = "a cast", .run = run_cast, .rounds = true };

static dtake__px make_cast(dtake__call *call, const void *ctx, dtake__px band)
{
    return dtake__call_px(call, &op_cast, *(const dtake__px_type *)ctx, &band, 1, 0);
}

#define CAST(id, name, to)                                                                                   \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        const dtake__px_type type = to;                                                                      \
        return dtake__call_each(call, call->arg[0].image, make_cast, &type, err);                            \
    }                                                                                                        \
    DTAKE__FUNCTION(image_##id, name, IMAGE, fn_##id, { "value", DTAKE__IMAGE })

CAST(to_uint8, "Image.toUint8", dtake__px_type_of(DTAKE_U8));
CAST(to_int8, "Image.toInt8", dtake__px_type_of(DTAKE_I8));
CAST(to_uint16, "Image.toUint16", dtake__px_type_of(DTAKE_U16));
CAST(to_int16, "Image.toInt16", dtake__px_type_of(DTAKE_I16));
CAST(to_uint32, "Image.toUint32", dtake__px_type_of(DTAKE_U32));
CAST(to_int32, "Image.toInt32", dtake__px_type_of(DTAKE_I32));
CAST(to_byte, "Image.toByte", dtake__px_type_of(DTAKE_U8));
CAST(to_short, "Image.toShort", dtake__px_type_of(DTAKE_I16));
CAST(to_int, "Image.toInt", dtake__px_type_of(DTAKE_I32));
CAST(to_long, "Image.toLong", dtake__px_int(-9007199254740992., 9007199254740992.));
CAST(to_float, "Image.toFloat", dtake__px_real(DTAKE__PX_FLOAT));
CAST(to_double, "Image.toDouble", dtake__px_real(DTAKE__PX_DOUBLE));
CAST(uint8, "Image.uint8", dtake__px_type_of(DTAKE_U8));
CAST(int8, "Image.int8", dtake__px_type_of(DTAKE_I8));
CAST(uint16, "Image.uint16", dtake__px_type_of(DTAKE_U16));
CAST(int16, "Image.int16", dtake__px_type_of(DTAKE_I16));
CAST(uint32, "Image.uint32", dtake__px_type_of(DTAKE_U32));
CAST(int32, "Image.int32", dtake__px_type_of(DTAKE_I32));
CAST(byte, "Image.byte", dtake__px_type_of(DTAKE_U8));
CAST(short, "Image.short", dtake__px_type_of(DTAKE_I16));
CAST(int, "Image.int", dtake__px_type_of(DTAKE_I32));
CAST(long, "Image.long", dtake__px_int(-9007199254740992., 9007199254740992.));
CAST(float, "Image.float", dtake__px_real(DTAKE__PX_FLOAT));
CAST(double, "Image.double", dtake__px_real(DTAKE__PX_DOUBLE));
