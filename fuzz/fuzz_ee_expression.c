/* Expressions of Earth Engine: read, written and read again as the same node, evaluated over a small archive
 * and answered. */
#include "core/error.h"
#include "protocol/earthengine/expression.h"
#include "raster/eval_assets.h"
#include "raster/eval_fixture.h"
#include "raster/eval_json.h"

#include <stdlib.h>
#include <string.h>

static dtake_status bands(void *ctx, dtake__eval *eval, const void *token, dtake__image_value *out,
                          dtake_error *err)
{
    return load_a(ctx, eval, token, out, err);
}

static dtake_status image_of(dtake__eval *eval, const char *index, dtake__image_value *out, dtake_error *err)
{
    dtake_status st =
        dtake__properties_set(eval, &out->properties, "system:index", dtake__value_of_text(index), err);
    if (st == DTAKE_OK)
        st = dtake__properties_set(eval, &out->properties, "system:time_start",
                                   dtake__value_of_number(1704067200000.), err);
    out->id = "";
    out->asset = index;
    return st == DTAKE_OK ? dtake__image_later(eval, out, "a", err) : st;
}

static dtake_status image(void *ctx, dtake__eval *eval, const char *id, dtake__image_value *out,
                          dtake_error *err)
{
    return strcmp(id, "a") == 0 ? load_a(ctx, eval, id, out, err) : image_of(eval, "0", out, err);
}

static dtake_status collection(void *ctx, dtake__eval *eval, const dtake__asset_query *query,
                               dtake__asset_sink *sink, void *sink_ctx, dtake_error *err)
{
    static const char *const index[] = { "0", "1", "2" };
    dtake_status st = DTAKE_OK;
    bool enough = false;
    (void)ctx;
    (void)query;
    for (int i = 0; i < 3 && st == DTAKE_OK && !enough; i++) {
        dtake__image_value *one = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *one);
        st = one != NULL ? image_of(eval, index[i], one, err) : dtake__fail_nomem(err, "an image");
        if (st == DTAKE_OK)
            st = sink(sink_ctx, one, &enough, err);
    }
    return st;
}

static const dtake__assets assets = { .bands = bands, .collection = collection };

static void write_again(dtake__graph *graph, dtake__node node)
{
    dtake_buf json = DTAKE_BUF_INIT(1 << 20);
    dtake__node again = 0;
    if (dtake__ee_write_expression(graph, node, &json, NULL) == DTAKE_OK &&
        dtake__ee_read_expression(graph, (const char *)json.data, json.len, &again, NULL) == DTAKE_OK &&
        again != node)
        abort();
    dtake__buf_dispose(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake__eval *eval = NULL;
    dtake__value value;
    dtake__node node = 0;
    dtake_buf out = DTAKE_BUF_INIT(1 << 18);
    dtake__graph *graph = size < 16384 ? dtake__graph_new(&dtake__functions) : NULL;
    if (graph != NULL &&
        dtake__ee_read_expression(graph, (const char *)data, size, &node, NULL) == DTAKE_OK) {
        write_again(graph, node);
        if (dtake__eval_new(&eval, graph, image, NULL, NULL) == DTAKE_OK) {
            dtake__eval_set_assets(eval, &assets);
            if (dtake__eval_value(eval, node, &value, NULL) == DTAKE_OK)
                (void)dtake__value_to_json(eval, &value, &out, NULL);
        }
    }
    dtake__eval_free(eval);
    dtake__graph_free(graph);
    dtake__buf_dispose(&out);
    return 0;
}
