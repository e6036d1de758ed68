/* A receipt from a file of anybody: read, compared, made a job; what comes out of it is a receipt that fits.
 */
#include "access/receipt.h"
#include "core/alloc.h"
#include "output/stamp.h"

#include <stdlib.h>
#include <string.h>

static void use(const json_t *receipt)
{
    dtake__options options;
    dtake__image *image;
    dtake__version now = { .etag = "\"a\"", .bytes = 1 };
    for (size_t i = 0; i < dtake__receipt_sources(receipt); i++)
        (void)dtake__receipt_check_source(receipt, i, &now, NULL);
    if (dtake__receipt_to_job(receipt, &options, &image, NULL) == DTAKE_OK) {
        const dtake_get_options *o = &options.value;
        if (o->program != NULL || o->out_dir != NULL || o->sheet_path != NULL || o->mode != DTAKE_MODE_ASYNC)
            abort();
        (void)dtake__receipt_fits(receipt, o, image, NULL);
        dtake__image_free(image);
    }
    dtake__options_dispose(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *receipt;
    size_t end = sizeof DTAKE__STAMP_END;
    char *text = malloc(size + end);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    memcpy(text + size, DTAKE__STAMP_END, end);
    size_t digits = dtake__stamp_digits(text, size);
    if (digits != SIZE_MAX && digits + 66 != size)
        abort();
    /* as it is, and with the end that is hard to find by chance */
    for (int with_end = 0; with_end < 2; with_end++)
        if (dtake__receipt_parse(&receipt, text, with_end ? size + end - 1 : size, NULL) == DTAKE_OK) {
            use(receipt);
            json_decref(receipt);
        }
    free(text);
    return 0;
}
