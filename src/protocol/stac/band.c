/* Which asset holds the band a user means. */
#include "protocol/stac/item.h"

#include "core/buf.h"
#include "core/error.h"
#include "core/text.h"

#include <ctype.h>
#include <string.h>

enum { MAX_NAME_BYTES = 128, MAX_SYNONYMS = 3 };

/* Lower case, without zeros that pad a number: "B08" is "b8", "B10" stays "b10". */
static void normalise(const char *name, char out[MAX_NAME_BYTES])
{
    size_t n = 0;
    for (size_t i = 0; name[i] != '\0' && n < MAX_NAME_BYTES - 1; i++) {
        bool pads = name[i] == '0' && isdigit((unsigned char)name[i + 1]) &&
                    (n == 0 || !isdigit((unsigned char)out[n - 1]));
        if (!pads)
            out[n++] = (char)tolower((unsigned char)name[i]);
    }
    out[n] = '\0';
}

static bool same_loosely(const char *a, const char *b)
{
    char x[MAX_NAME_BYTES], y[MAX_NAME_BYTES];
    normalise(a, x);
    normalise(b, y);
    return strcmp(x, y) == 0;
}

typedef bool (*same_fn)(const char *a, const char *b);

static bool same_exactly(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

typedef struct best {
    const dtake__stac_asset *asset;
    int32_t band_index;
    int merit;
} best;

/* Among assets of one rank: data first, then cloud-optimised GeoTIFF, then what this program can open. */
static int merit_of(const dtake__stac_asset *asset)
{
    const char *type = asset->media_type;
    bool cog = strcasestr(type, "profile=cloud-optimized") != NULL ||
               strcasestr(type, "image/vnd.stac.geotiff") != NULL;
    bool openable = strstr(asset->href, "://") == NULL || dtake__is_http_url(asset->href) ||
                    dtake__starts_with(asset->href, "file:");
    return (asset->is_data ? 4 : 0) + (cog ? 2 : 0) + (openable ? 1 : 0);
}

static void offer(best *b, const dtake__stac_asset *asset, int32_t band_index)
{
    int merit = merit_of(asset);
    if (b->asset == NULL || merit > b->merit)
        *b = (best){ asset, band_index, merit };
}

static best by_key(const dtake__stac_item *item, const char *band, same_fn same)
{
    best b = { 0 };
    for (size_t i = 0; i < item->asset_count; i++)
        if (same(item->asset[i].key, band))
            offer(&b, &item->asset[i], 0);
    return b;
}

/* `which`: 0 the name, 1 the common name. */
static best by_band_name(const dtake__stac_item *item, const char *band, size_t which, same_fn same)
{
    best b = { 0 };
    for (size_t i = 0; i < item->asset_count; i++)
        for (size_t k = 0; k < item->asset[i].band_count; k++)
            if (same(item->asset[i].band_name[2 * k + which], band))
                offer(&b, &item->asset[i], (int32_t)k + 1);
    return b;
}

static best by_name(const dtake__stac_item *item, const char *band)
{
    static const same_fn ways[] = { same_exactly, same_loosely };
    best b = { 0 };
    for (size_t w = 0; w < 2 && b.asset == NULL; w++) {
        b = by_key(item, band, ways[w]);
        for (size_t which = 0; which < 2 && b.asset == NULL; which++)
            b = by_band_name(item, band, which, ways[w]);
    }
    return b;
}

typedef struct numbered {
    const char *band;
    const char *names[MAX_SYNONYMS]; /* as catalogues call it */
} numbered;

/* Names by the STAC eo extension, before and after its version 2 (rededge071). */
static const numbered sentinel2[] = {
    { "b1", { "coastal" } },
    { "b2", { "blue" } },
    { "b3", { "green" } },
    { "b4", { "red" } },
    { "b5", { "rededge1", "rededge071" } },
    { "b6", { "rededge2", "rededge075" } },
    { "b7", { "rededge3", "rededge078" } },
    { "b8", { "nir" } },
    { "b8a", { "nir08" } },
    { "b9", { "nir09" } },
    { "b10", { "cirrus" } },
    { "b11", { "swir16" } },
    { "b12", { "swir22" } },
};

static const numbered landsat8[] = {
    { "b1", { "coastal" } },      { "b2", { "blue" } },
    { "b3", { "green" } },        { "b4", { "red" } },
    { "b5", { "nir08", "nir" } }, { "b6", { "swir16" } },
    { "b7", { "swir22" } },       { "b8", { "pan" } },
    { "b9", { "cirrus" } },       { "b10", { "lwir11", "lwir" } },
    { "b11", { "lwir12" } },
};

static const numbered landsat4_7[] = {
    { "b1", { "blue" } },   { "b2", { "green" } }, { "b3", { "red" } },    { "b4", { "nir08", "nir" } },
    { "b5", { "swir16" } }, { "b6", { "lwir" } },  { "b7", { "swir22" } }, { "b8", { "pan" } },
};

/* "SR_B4", "OLI_B4" and "ETM_B4" are band 4 of their instrument. */
static const char *without_product(const char *band)
{
    static const char *const products[] = { "sr_", "st_", "oli_", "tirs_", "etm_", "tm_" };
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++)
        if (strncasecmp(band, products[i], strlen(products[i])) == 0)
            return band + strlen(products[i]);
    return band;
}

static const numbered *table_of(const dtake__stac_item *item, size_t *count)
{
    const char *p = item->platform, *id = item->id;
    bool s2 = strcasestr(p, "sentinel-2") != NULL || strcasestr(p, "sentinel2") != NULL ||
              (p[0] == '\0' && (dtake__starts_with(id, "S2A_") || dtake__starts_with(id, "S2B_") ||
                                dtake__starts_with(id, "S2C_")));
    if (s2) {
        *count = sizeof sentinel2 / sizeof sentinel2[0];
        return sentinel2;
    }
    const char *landsat = strcasestr(p, "landsat");
    size_t len = strlen(p);
    char generation = landsat != NULL ? p[len - 1] : '\0';
    if (p[0] == '\0' && id[0] == 'L' && strlen(id) > 4 && id[2] == '0' && id[4] == '_')
        generation = id[3];
    if (generation == '8' || generation == '9') {
        *count = sizeof landsat8 / sizeof landsat8[0];
        return landsat8;
    }
    *count = generation >= '4' && generation <= '7' ? sizeof landsat4_7 / sizeof landsat4_7[0] : 0;
    return landsat4_7;
}

static best by_number(const dtake__stac_item *item, const char *band)
{
    size_t count;
    const numbered *table = table_of(item, &count);
    best b = { 0 };
    for (size_t i = 0; i < count && b.asset == NULL; i++) {
        if (!same_loosely(without_product(band), table[i].band))
            continue;
        for (size_t k = 0; k < MAX_SYNONYMS && table[i].names[k] != NULL && b.asset == NULL; k++)
            b = by_name(item, table[i].names[k]);
    }
    return b;
}

/* "…_SR_B4.TIF" and "T33TWL_…_B08_10m.jp2" hold what their name ends in. */
static bool stem_is(const char *href, const char *band)
{
    char stem[MAX_NAME_BYTES], wanted[MAX_NAME_BYTES], raw[MAX_NAME_BYTES];
    size_t path = strcspn(href, "?#"), from = path;
    while (from > 0 && href[from - 1] != '/')
        from--;
    size_t len = path - from;
    for (size_t i = 0; i < len; i++)
        if (href[path - 1 - i] == '.') {
            len -= i + 1;
            break;
        }
    if (len >= sizeof raw) { /* the end matters */
        from += len - (sizeof raw - 1);
        len = sizeof raw - 1;
    }
    memcpy(raw, href + from, len);
    raw[len] = '\0';
    normalise(raw, stem);
    normalise(band, wanted);
    static const char *const sizes[] = { "_10m", "_20m", "_60m" };
    for (size_t i = 0; i < 3; i++)
        if (dtake__ends_with(stem, sizes[i]) && !dtake__ends_with(wanted, sizes[i]))
            stem[strlen(stem) - strlen(sizes[i])] = '\0';
    size_t n = strlen(stem), w = strlen(wanted);
    return w > 0 && n >= w && strcmp(stem + n - w, wanted) == 0 && (n == w || stem[n - w - 1] == '_');
}

static best by_stem(const dtake__stac_item *item, const char *band)
{
    best b = { 0 };
    for (size_t i = 0; i < item->asset_count; i++)
        if (stem_is(item->asset[i].href, band))
            offer(&b, &item->asset[i], 0);
    return b;
}

static dtake_status fail_not_found(const dtake__stac_item *item, const char *band, dtake_error *err)
{
    dtake_buf list = DTAKE_BUF_INIT(300);
    size_t left_out = 0;
    for (size_t i = 0; i < item->asset_count; i++) {
        const dtake__stac_asset *asset = &item->asset[i];
        const char *name = asset->band_count == 1 ? asset->band_name[0] : "";
        bool other = name[0] != '\0' && strcmp(name, asset->key) != 0;
        if (!asset->is_data)
            continue;
        if (dtake__buf_printf(&list, "%s%s%s%s%s", list.len > 0 ? ", " : "", asset->key, other ? " (" : "",
                              other ? name : "", other ? ")" : "") != DTAKE_OK)
            left_out++;
    }
    dtake_status st =
        dtake__fail(err, DTAKE_E_NOT_FOUND, "item '%.100s' has no band '%.60s'; it has %s%s", item->id, band,
                    list.len > 0 ? dtake__buf_str(&list) : "no raster assets", left_out > 0 ? ", ..." : "");
    dtake__buf_dispose(&list);
    return st;
}

dtake_status dtake__stac_find_band(const dtake__stac_item *item, const char *band,
                                   const dtake__stac_asset **asset, int32_t *band_index, dtake_error *err)
{
    best b = { 0 };
    if (band[0] != '\0')
        b = by_name(item, band);
    if (b.asset == NULL)
        b = by_number(item, band);
    if (b.asset == NULL)
        b = by_stem(item, band);
    if (b.asset == NULL)
        return fail_not_found(item, band, err);
    *asset = b.asset;
    *band_index = b.band_index;
    return DTAKE_OK;
}
