/* What a service that claims to be Earth Engine answers: a collection, a list of numbers, single images;
 * images that can be read become items, a schema and rows. */
#include "core/error.h"
#include "sources/earthengine/answer.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const dtake__ee_origin from = { "ee+http://127.0.0.1:1/?project=p", "COPERNICUS/S2_SR" };
    dtake_buf body = DTAKE_BUF_INIT(1 << 20), item = DTAKE_BUF_INIT(4 << 20);
    dtake_schema *schema = NULL;
    dtake_batch *batch = NULL;
    const char *cloud;
    dtake__span result;
    dtake__ee_images images;
    dtake_error err;
    double numbers[3];
    size_t count;
    if (dtake__buf_append(&body, data, size) != DTAKE_OK ||
        dtake__ee_answer_result(&body, &result, &err) != DTAKE_OK) {
        dtake__buf_dispose(&body);
        return 0;
    }
    dtake__ee_answer_numbers(result, numbers, 3, &count, &err);
    dtake__ee_item_write(&from, result, &item, &err);
    if (dtake__ee_images_read(&images, result, &err) == DTAKE_OK) {
        if (dtake__ee_schema_make(&from, &images, &schema, &cloud, &err) == DTAKE_OK &&
            dtake__ee_rows_make(&from, &images, 0, images.count, schema, false, &batch, &err) == DTAKE_OK)
            dtake_batch_release(batch);
        dtake_schema_release(schema);
        dtake__ee_images_dispose(&images);
    }
    dtake__buf_dispose(&item);
    dtake__buf_dispose(&body);
    return 0;
}
