#include "raster/eval_shape.h"

#include "core/error.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

void *dtake__call_alloc(dtake__call *call, size_t count, size_t bytes, dtake_error *err)
{
    void *out = dtake__slab_alloc(dtake__eval_slab(call->eval), count, bytes);
    if (out == NULL)
        dtake__fail_nomem(err, "an evaluation");
    return out;
}

const char *dtake__call_text(dtake__call *call, dtake_error *err, const char *fmt, ...)
{
    char text[DTAKE_ERROR_BYTES];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof text) {
        dtake__fail(err, DTAKE_E_LIMIT, "the name of a band is too long");
        return NULL;
    }
    const char *out = dtake__slab_text(dtake__eval_slab(call->eval), text, (size_t)len);
    if (out == NULL)
        dtake__fail_nomem(err, "an evaluation");
    return out;
}

dtake__value dtake__value_of_number(double number)
{
    return (dtake__value){ .kind = DTAKE__NUMBER, .number = number };
}

dtake__value dtake__value_of_text(const char *text)
{
    return (dtake__value){ .kind = DTAKE__STRING, .text = text };
}

dtake__value dtake__value_of_initial(const char *text)
{
    double number;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return (dtake__value){ .kind = DTAKE__BOOLEAN, .boolean = text[0] == 't' };
    if (dtake__parse_f64(text, &number))
        return dtake__value_of_number(number);
    if (strcmp(text, "null") == 0)
        return (dtake__value){ .null = true };
    return dtake__value_of_text(text);
}

dtake__value dtake__value_of_image(const dtake__image_value *image)
{
    return (dtake__value){ .kind = DTAKE__IMAGE, .image = image };
}

dtake_status dtake__call_give(dtake__call *call, dtake__value value)
{
    call->out = value;
    return DTAKE_OK;
}

dtake__image_value *dtake__eval_image_new(dtake__eval *eval, size_t bands, dtake_error *err)
{
    if (bands > DTAKE__MAX_IMAGE_BANDS) {
        dtake__fail(err, DTAKE_E_LIMIT, "an image of %zu bands: at most %d are allowed", bands,
                    DTAKE__MAX_IMAGE_BANDS);
        return NULL;
    }
    dtake__image_value *image = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *image);
    if (image != NULL)
        image->band = dtake__slab_alloc(dtake__eval_slab(eval), bands + 1, sizeof *image->band);
    if (image == NULL || image->band == NULL) {
        dtake__fail_nomem(err, "an image");
        return NULL;
    }
    image->count = bands;
    image->id = "";
    return image;
}

dtake__image_value *dtake__call_image(dtake__call *call, size_t bands, dtake_error *err)
{
    dtake__image_value *image = dtake__eval_image_new(call->eval, bands, err);
    if (image != NULL)
        call->out = dtake__value_of_image(image);
    return image;
}

int64_t dtake__image_band(const dtake__image_value *image, const char *name)
{
    for (size_t i = 0; i < image->count; i++)
        if (strcmp(image->band[i].name, name) == 0)
            return (int64_t)i;
    return -1;
}

dtake_status dtake__fail_no_band(const dtake__image_value *image, const char *name, dtake_error *err)
{
    char list[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < image->count && used < sizeof list - 24; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.20s", i > 0 ? ", " : "",
                                 image->band[i].name);
    return dtake__fail(err, DTAKE_E_NOT_FOUND, "no band '%.60s'%s%.100s; there is %s", name,
                       image->id[0] != '\0' ? " in " : "", image->id, list[0] != '\0' ? list : "none");
}

dtake__px dtake__call_px(dtake__call *call, const dtake__px_op *op, dtake__px_type type, const dtake__px *in,
                         size_t count, double param)
{
    return dtake__px_add(
        dtake__eval_expressions(call->eval),
        &(dtake__px_node){ .op = op, .type = type, .in = in, .count = count, .param = { param } });
}

const dtake__px_type *dtake__call_type(dtake__call *call, dtake__px px)
{
    return &dtake__px_node_of(dtake__eval_expressions(call->eval), px)->type;
}

/* "B4", or "B4_1", "B4_2" ... when that is taken. */
static const char *free_name(dtake__eval *eval, dtake__image_value *image, const char *name)
{
    char numbered[128];
    if (dtake__image_band(image, name) < 0)
        return name;
    bool known = image->again != NULL && strcmp(image->again, name) == 0;
    int number = known ? image->again_count : 0;
    do
        snprintf(numbered, sizeof numbered, "%.100s_%d", name, ++number);
    while (dtake__image_band(image, numbered) >= 0);
    image->again = name;
    image->again_count = number;
    return dtake__slab_text(dtake__eval_slab(eval), numbered, strlen(numbered));
}

dtake_status dtake__image_append(dtake__eval *eval, dtake__image_value *image, const dtake__image_value *more,
                                 dtake_error *err)
{
    for (size_t i = 0; i < more->count; i++) {
        dtake__band_value band = more->band[i];
        band.name = free_name(eval, image, band.name);
        if (band.name == NULL)
            return dtake__fail_nomem(err, "an image");
        image->band[image->count++] = band;
    }
    return DTAKE_OK;
}
