/* STAC documents from anywhere: items, lists, NDJSON; then a band of each item, by every way of naming one.
 */
#include "protocol/stac/item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const bands[] = { "B8", "nir", "SR_B4", "visual", "" };
    dtake__stac_items items = { 0 };
    dtake_error err;
    dtake__stac_looks_like_item((const char *)data, size);
    dtake__stac_items_parse(&items, (const char *)data, size, "http://host/a/b.json?c#d", &err);
    for (size_t i = 0; i < items.count; i++)
        for (size_t b = 0; b < sizeof bands / sizeof bands[0]; b++) {
            const dtake__stac_asset *asset;
            int32_t band;
            dtake__stac_find_band(&items.item[i], bands[b], &asset, &band, &err);
        }
    dtake__stac_items_dispose(&items);
    return 0;
}
