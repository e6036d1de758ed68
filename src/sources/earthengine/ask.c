/* What a service is asked for: the bands of one image, and where wanted their masks, in a window. */
#include "format/json_write.h"
#include "sources/earthengine/pixels.h"

#include <stdio.h>
#include <string.h>

static void begin_call(dtake__json *json, const char *key, const char *function)
{
    dtake__json_object(json, key);
    dtake__json_object(json, "functionInvocationValue");
    dtake__json_text(json, "functionName", function);
    dtake__json_object(json, "arguments");
}

static void end_call(dtake__json *json)
{
    dtake__json_end(json, '}');
    dtake__json_end(json, '}');
    dtake__json_end(json, '}');
}

static void put_reference(dtake__json *json, const char *key, const char *value)
{
    dtake__json_object(json, key);
    dtake__json_text(json, "valueReference", value);
    dtake__json_end(json, '}');
}

static void put_constant(dtake__json *json, const char *key, const char *value)
{
    dtake__json_object(json, key);
    dtake__json_text(json, "constantValue", value);
    dtake__json_end(json, '}');
}

/* The bands; `masked`: of these alone, for their masks; as "NAME_mask". */
static void put_names(dtake__json *json, const char *key, const dtake__ee_ask *ask, bool masked, bool mask)
{
    char name[300];
    dtake__json_object(json, key);
    dtake__json_array(json, "constantValue");
    for (size_t i = 0; i < ask->count; i++) {
        snprintf(name, sizeof name, "%.250s%s", ask->names[i], mask ? "_mask" : "");
        if (!masked || ask->masked[i])
            dtake__json_text(json, NULL, name);
    }
    dtake__json_end(json, ']');
    dtake__json_end(json, '}');
}

static void put_image(dtake__json *json, const dtake__ee_ask *ask)
{
    begin_call(json, "image", "Image.load");
    put_constant(json, "id", ask->asset);
    end_call(json);
    begin_call(json, "bands", "Image.select");
    put_reference(json, "input", "image");
    put_names(json, "bandSelectors", ask, false, false);
    end_call(json);
}

/* Masks are from 0 to 1; here a pixel is masked or not. */
static void put_masks(dtake__json *json, const dtake__ee_ask *ask)
{
    begin_call(json, "wanted", "Image.select");
    put_reference(json, "input", "image");
    put_names(json, "bandSelectors", ask, true, false);
    end_call(json);
    begin_call(json, "mask", "Image.mask");
    put_reference(json, "image", "wanted");
    end_call(json);
    begin_call(json, "zero", "Image.constant");
    dtake__json_object(json, "value");
    dtake__json_i64(json, "constantValue", 0);
    dtake__json_end(json, '}');
    end_call(json);
    begin_call(json, "valid", "Image.gt");
    put_reference(json, "image1", "mask");
    put_reference(json, "image2", "zero");
    end_call(json);
    begin_call(json, "bytes", "Image.toUint8");
    put_reference(json, "value", "valid");
    end_call(json);
    begin_call(json, "named", "Image.rename");
    put_reference(json, "input", "bytes");
    put_names(json, "names", ask, true, true);
    end_call(json);
    begin_call(json, "all", "Image.addBands");
    put_reference(json, "dstImg", "bands");
    put_reference(json, "srcImg", "named");
    end_call(json);
}

static void put_grid(dtake__json *json, const dtake__ee_ask *ask)
{
    const dtake_affine *t = &ask->transform;
    bool code = strchr(ask->crs, '[') == NULL;
    dtake__json_object(json, "grid");
    dtake__json_object(json, "dimensions");
    dtake__json_i64(json, "width", ask->width);
    dtake__json_i64(json, "height", ask->height);
    dtake__json_end(json, '}');
    dtake__json_object(json, "affineTransform");
    dtake__json_f64(json, "scaleX", t->col_x);
    dtake__json_f64(json, "shearX", t->row_x);
    dtake__json_f64(json, "translateX", t->x0);
    dtake__json_f64(json, "shearY", t->col_y);
    dtake__json_f64(json, "scaleY", t->row_y);
    dtake__json_f64(json, "translateY", t->y0);
    dtake__json_end(json, '}');
    dtake__json_text(json, code ? "crsCode" : "crsWkt", ask->crs);
    dtake__json_end(json, '}');
}

dtake_status dtake__ee_ask_write(const dtake__ee_ask *ask, dtake_buf *out)
{
    dtake__json json = { .out = out };
    bool masks = false;
    for (size_t i = 0; i < ask->count; i++)
        masks = masks || ask->masked[i];
    dtake__json_object(&json, NULL);
    dtake__json_object(&json, "expression");
    dtake__json_text(&json, "result", masks ? "all" : "bands");
    dtake__json_object(&json, "values");
    put_image(&json, ask);
    if (masks)
        put_masks(&json, ask);
    dtake__json_end(&json, '}');
    dtake__json_end(&json, '}');
    dtake__json_text(&json, "fileFormat", "NPY");
    put_grid(&json, ask);
    dtake__json_end(&json, '}');
    return json.status;
}
