/* Assets of a datapoint from strangers. Whatever the bytes: an error, or JSON that reads as one object. */
#include "format/json.h"
#include "protocol/tilebox/stac_assets.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake_buf json = DTAKE_BUF_INIT(4 << 20);
    dtake_error err;
    if (dtake__stac_assets_json((dtake__span){ (const char *)data, size }, &json, &err) == DTAKE_OK) {
        dtake__json_in in;
        dtake__json_start(&in, dtake__buf_str(&json), json.len);
        if (dtake__json_peek(&in) != DTAKE__JSON_OBJECT)
            abort();
        dtake__json_skip(&in);
        if (dtake__json_finish(&in, NULL) != DTAKE_OK)
            abort();
    }
    dtake__buf_dispose(&json);
    return 0;
}
