#include "raster/kernels.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/samples.h"

#include <math.h>
#include <string.h>

static const struct {
    double low, high; /* of integers */
} range_of[] = {
    [DTAKE_U8] = { 0, UINT8_MAX },           [DTAKE_I8] = { INT8_MIN, INT8_MAX },
    [DTAKE_U16] = { 0, UINT16_MAX },         [DTAKE_I16] = { INT16_MIN, INT16_MAX },
    [DTAKE_U32] = { 0, UINT32_MAX },         [DTAKE_I32] = { INT32_MIN, INT32_MAX },
    [DTAKE_F32] = { -16777216., 16777216. }, [DTAKE_F64] = { -9007199254740992., 9007199254740992. },
};

bool dtake__type_of_name(const char *name, dtake_type *out)
{
    for (int type = DTAKE_U8; type <= DTAKE_F64; type++)
        if (strcmp(dtake_type_name((dtake_type)type), name) == 0) {
            *out = (dtake_type)type;
            return true;
        }
    return false;
}

dtake_status dtake__pixels_init(dtake_pixels *out, int64_t width, int64_t height, int32_t bands,
                                dtake_type type, int32_t mask_bands, dtake_error *err)
{
    *out = (dtake_pixels){ .width = width, .height = height, .bands = bands, .type = type };
    size_t plane, bytes;
    if (width <= 0 || height <= 0 || bands <= 0 || mask_bands < 0 ||
        __builtin_mul_overflow((size_t)width, (size_t)height, &plane) ||
        __builtin_mul_overflow(plane, (size_t)bands * dtake_type_bytes(type), &bytes) ||
        bytes > INT64_MAX / 2)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "an image of %lld x %lld pixels and %d bands does not fit into memory",
                           (long long)width, (long long)height, (int)bands);
    out->data = dtake__alloc(bytes);
    out->mask = mask_bands ? dtake__alloc(plane * (size_t)mask_bands) : NULL;
    out->mask_bands = mask_bands;
    if (!out->data || (mask_bands && !out->mask)) {
        dtake_pixels_dispose(out);
        return dtake__fail_nomem(err, "pixels");
    }
    return DTAKE_OK;
}

/* Every value of `inner` is a value of `outer`; for floats: its integers are, exactly. */
static bool type_holds(dtake_type outer, dtake_type inner)
{
    if (dtake__type_is_float(inner))
        return outer == DTAKE_F64 || outer == inner;
    return range_of[outer].low <= range_of[inner].low && range_of[outer].high >= range_of[inner].high;
}

dtake_type dtake__type_union(dtake_type a, dtake_type b)
{
    static const dtake_type by_size[] = { DTAKE_U8,  DTAKE_I8,  DTAKE_U16, DTAKE_I16,
                                          DTAKE_U32, DTAKE_I32, DTAKE_F32, DTAKE_F64 };
    for (size_t i = 0; i < sizeof by_size / sizeof by_size[0]; i++)
        if (type_holds(by_size[i], a) && type_holds(by_size[i], b))
            return by_size[i];
    return DTAKE_F64;
}

/* A fraction is rounded by any binary type: float32 will do. A whole number has to be exact. */
static bool type_holds_value(dtake_type type, double value)
{
    if (type == DTAKE_F64)
        return true;
    if (type == DTAKE_F32)
        return !isfinite(value) || (fabs(value) <= 3.4028234663852886e38 &&
                                    (value != floor(value) || (double)(float)value == value));
    return value == floor(value) && value >= range_of[type].low && value <= range_of[type].high;
}

dtake_type dtake__type_with_value(dtake_type type, double value)
{
    static const dtake_type by_size[] = { DTAKE_U8,  DTAKE_I8,  DTAKE_U16, DTAKE_I16,
                                          DTAKE_U32, DTAKE_I32, DTAKE_F32, DTAKE_F64 };
    for (size_t i = 0; i < sizeof by_size / sizeof by_size[0]; i++)
        if (type_holds(by_size[i], type) && type_holds_value(by_size[i], value))
            return by_size[i];
    return DTAKE_F64;
}
