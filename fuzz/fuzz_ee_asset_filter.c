/* The filter text of listAssets: read, and held against images that have and lack what it names. */
#include "server/earthengine_filter.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check(const dtake__ee_asset_filter *f)
{
    if (f->terms > DTAKE__EE_TERMS || isnan(f->start_ms) || isnan(f->end_ms))
        abort();
    for (size_t i = 0; i < f->terms; i++)
        if (!f->term[i].is_number && f->term[i].text == NULL)
            abort();
}

/* With the property of the last term, a number or a text, and without. */
static void hold(const dtake__ee_asset_filter *f)
{
    const char *name = f->terms > 0 ? f->term[f->terms - 1].name : NULL;
    json_t *const properties[] = { json_object(), json_object(), json_object() };
    if (name != NULL) {
        json_object_set_new(properties[0], name, json_real(1.5));
        json_object_set_new(properties[1], name, json_string("1.5"));
    }
    for (int i = 0; i < 3; i++) {
        const dtake__ee_image image = { .time_ns = i == 0 ? INT64_MIN : INT64_MAX * (int64_t)(i - 1),
                                        .end_ns = INT64_MIN,
                                        .properties = properties[i] };
        bool passes = dtake__ee_asset_passes(f, &image);
        if (f->terms == 0 && !passes)
            abort();
        json_decref(properties[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake__ee_asset_filter filter;
    char *text = size < 65536 ? malloc(size + 1) : NULL;
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (dtake__ee_asset_filter_read(&filter, text, NULL) == DTAKE_OK) {
        check(&filter);
        hold(&filter);
    }
    dtake__ee_asset_filter_dispose(&filter);
    free(text);
    return 0;
}
