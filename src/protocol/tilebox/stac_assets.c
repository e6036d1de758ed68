#include "protocol/tilebox/stac_assets.h"

#include "core/error.h"
#include "format/json_write.h"
#include "format/protobuf.h"

enum { MAX_PROFILES = 1024, MAX_HREF_BYTES = 1 << 20 };

/* What the assets of one datapoint share. */
typedef struct shared {
    dtake__span access[MAX_PROFILES], bands[MAX_PROFILES];
    size_t access_count, band_count;
    dtake__json json;
    dtake_buf href;
    const char *wrong; /* the first mistake */
} shared;

/* --- names of numbers --- */

typedef struct named {
    uint32_t number;
    const char *name;
} named;

typedef struct names {
    const named *list;
    size_t count;
} names;

#define NAMES(array)                                                                                         \
    {                                                                                                        \
        (array), sizeof(array) / sizeof((array)[0])                                                          \
    }

static const named media_list[] = {
    { 1, "application/geo+json" },
    { 2, "application/json" },
    { 3, "image/tiff; application=geotiff; profile=cloud-optimized" },
    { 4, "image/jp2" },
    { 5, "image/jpeg" },
    { 6, "image/png" },
    { 7, "application/xml" },
    { 8, "application/zip" },
    { 9, "inode/directory" },
    { 10, "image/tiff; application=geotiff" },
    { 11, "image/tiff" },
    { 12, "application/x-hdf5" },
    { 13, "application/x-hdf" },
    { 14, "application/x-netcdf" },
    { 15, "application/vnd+zarr" },
    { 16, "application/vnd+zarr" },
    { 17, "application/vnd.apache.parquet" },
    { 18, "application/geopackage+sqlite3" },
    { 19, "application/vnd.laszip+copc" },
    { 20, "text/html" },
    { 21, "text/plain" },
    { 22, "text/xml" },
    { 23, "application/vnd.flatgeobuf" },
    { 24, "application/vnd.pmtiles" },
    { 25, "image/nitf" },
    { 26, "application/octet-stream" },
};
static const named role_list[] = {
    { 1, "data" },
    { 2, "metadata" },
    { 3, "thumbnail" },
    { 4, "overview" },
    { 5, "visual" },
    { 6, "date" },
    { 7, "graphic" },
    { 8, "data-mask" },
    { 9, "snow-ice" },
    { 10, "land-water" },
    { 11, "water-mask" },
    { 12, "iso-19115" },
    { 100, "reflectance" },
    { 101, "temperature" },
    { 102, "saturation" },
    { 103, "cloud" },
    { 104, "cloud-shadow" },
    { 200, "local-incidence-angle" },
    { 201, "ellipsoid-incidence-angle" },
    { 202, "noise-power" },
    { 203, "amplitude" },
    { 204, "magnitude" },
    { 205, "sigma0" },
    { 206, "beta0" },
    { 207, "gamma0" },
    { 208, "date-offset" },
    { 209, "covmat" },
    { 210, "prd" },
};
static const named data_type_list[] = {
    { 1, "int8" },    { 2, "int16" },     { 3, "int32" },     { 4, "int64" },
    { 5, "uint8" },   { 6, "uint16" },    { 7, "uint32" },    { 8, "uint64" },
    { 9, "float16" }, { 10, "float32" },  { 11, "float64" },  { 12, "cint16" },
    { 13, "cint32" }, { 14, "cfloat32" }, { 15, "cfloat64" }, { 16, "other" },
};
static const named common_name_list[] = {
    { 1, "pan" },         { 2, "coastal" }, { 3, "blue" },    { 4, "green" },      { 5, "green05" },
    { 6, "yellow" },      { 7, "red" },     { 8, "rededge" }, { 9, "rededge071" }, { 10, "rededge075" },
    { 11, "rededge078" }, { 12, "nir" },    { 13, "nir08" },  { 14, "nir09" },     { 15, "cirrus" },
    { 16, "swir16" },     { 17, "swir22" }, { 18, "lwir" },   { 19, "lwir11" },    { 20, "lwir12" },
};
static const named sampling_list[] = { { 1, "area" }, { 2, "point" } };

static const names media = NAMES(media_list), roles = NAMES(role_list), data_types = NAMES(data_type_list),
                   common_names = NAMES(common_name_list), samplings = NAMES(sampling_list);

static const char *name_of(const names *of, uint64_t number)
{
    for (size_t i = 0; i < of->count; i++)
        if (of->list[i].number == number)
            return of->list[i].name;
    return NULL;
}

/* --- messages by tables --- */

typedef enum part_kind {
    TEXT,
    REAL,
    WHOLE,
    HEX,
    NAME,  /* of a number; `more` says which */
    REALS, /* packed or not */
    WHOLES,
    OBJECT, /* a message; `more` is its table */
    SPREAD, /* a message whose parts stand beside the others */
} part_kind;

typedef struct table table;
typedef struct part {
    uint32_t field;
    part_kind kind;
    const char *key;
    const names *names;
    const table *table;
} part;
struct table {
    const part *parts;
    size_t count;
};

static const part eo_parts[] = {
    { 1, NAME, "eo:common_name", &common_names, NULL },
    { 2, REAL, "eo:center_wavelength", NULL, NULL },
    { 3, REAL, "eo:full_width_half_max", NULL, NULL },
    { 4, REAL, "eo:solar_illumination", NULL, NULL },
};
static const part raster_parts[] = {
    { 1, NAME, "raster:sampling", &samplings, NULL },
    { 2, REAL, "raster:scale", NULL, NULL },
    { 3, REAL, "raster:offset", NULL, NULL },
    { 4, REAL, "raster:spatial_resolution", NULL, NULL },
};
static const part projection_parts[] = {
    { 1, TEXT, "proj:code", NULL, NULL },
    { 2, REALS, "proj:bbox", NULL, NULL },
    { 3, WHOLES, "proj:shape", NULL, NULL },
    { 4, REALS, "proj:transform", NULL, NULL },
};
static const part file_parts[] = {
    { 1, HEX, "file:checksum", NULL, NULL },
    { 2, WHOLE, "file:size", NULL, NULL },
    { 3, TEXT, "file:local_path", NULL, NULL },
};
static const part statistics_parts[] = {
    { 1, REAL, "minimum", NULL, NULL },
    { 2, REAL, "maximum", NULL, NULL },
};
static const table eo = NAMES(eo_parts), raster = NAMES(raster_parts), projection = NAMES(projection_parts),
                   file = NAMES(file_parts), statistics = NAMES(statistics_parts);

static const part band_parts[] = {
    { 1, TEXT, "name", NULL, NULL },
    { 2, TEXT, "description", NULL, NULL },
    { 3, NAME, "data_type", &data_types, NULL },
    { 4, REAL, "nodata", NULL, NULL },
    { 5, TEXT, "unit", NULL, NULL },
    { 6, SPREAD, NULL, NULL, &eo },
    { 7, SPREAD, NULL, NULL, &raster },
};
/* The key, the addresses, roles and bands of an asset are written one by one. */
static const part asset_parts[] = {
    { 5, TEXT, "title", NULL, NULL },    { 6, TEXT, "description", NULL, NULL },
    { 9, REAL, "gsd", NULL, NULL },      { 11, NAME, "data_type", &data_types, NULL },
    { 12, REAL, "nodata", NULL, NULL },  { 13, OBJECT, "statistics", NULL, &statistics },
    { 14, TEXT, "unit", NULL, NULL },    { 15, SPREAD, NULL, NULL, &eo },
    { 16, SPREAD, NULL, NULL, &raster }, { 17, SPREAD, NULL, NULL, &projection },
    { 20, SPREAD, NULL, NULL, &file },
};
static const table band = NAMES(band_parts), asset = NAMES(asset_parts);

static void note(shared *s, const dtake__pb_in *in)
{
    if (s->wrong == NULL)
        s->wrong = in->wrong;
}

/* The field's last value: what is there twice counts once. */
static bool find_last(shared *s, dtake__span message, uint32_t field, dtake__pb_in *out)
{
    bool found = false;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in))
        if (in.field == field) {
            *out = in;
            found = true;
        }
    note(s, &in);
    return found && in.wrong == NULL;
}

static dtake__span bytes_of(shared *s, dtake__span message, uint32_t field)
{
    dtake__pb_in in;
    if (!find_last(s, message, field, &in))
        return DTAKE__SPAN("");
    dtake__span bytes = dtake__pb_bytes(&in);
    note(s, &in);
    return bytes;
}

static void put_hex(shared *s, const char *key, dtake__span bytes)
{
    char text[2 * 128 + 1];
    size_t len = bytes.len < 128 ? bytes.len : 128;
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = "0123456789abcdef"[(uint8_t)bytes.text[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[(uint8_t)bytes.text[i] & 15];
    }
    dtake__json_span(&s->json, key, (dtake__span){ text, 2 * len });
}

static void put_numbers(shared *s, dtake__span message, const part *p)
{
    bool begun = false;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in)) {
        dtake__pb_run run = { 0 };
        uint64_t number;
        double real;
        while (in.field == p->field &&
               dtake__pb_each(&in, &run, p->kind == REALS ? DTAKE__PB_FIXED64 : DTAKE__PB_VARINT, &number)) {
            if (!begun)
                dtake__json_array(&s->json, p->key);
            begun = true;
            memcpy(&real, &number, sizeof real);
            if (p->kind == REALS)
                dtake__json_f64(&s->json, NULL, real);
            else
                dtake__json_i64(&s->json, NULL, (int64_t)number);
        }
    }
    if (begun)
        dtake__json_end(&s->json, ']');
    note(s, &in);
}

static void put_parts(shared *s, dtake__span message, const table *of);

/* What was found, as the part says. Tables are no deeper than two. */
static void put_value(shared *s, dtake__pb_in *in, const part *p)
{
    const char *name;
    switch (p->kind) {
    case TEXT:
        dtake__json_span(&s->json, p->key, dtake__pb_text(in));
        break;
    case REAL:
        dtake__json_f64(&s->json, p->key, dtake__pb_f64(in));
        break;
    case WHOLE:
        dtake__json_u64(&s->json, p->key, dtake__pb_u64(in));
        break;
    case HEX:
        put_hex(s, p->key, dtake__pb_bytes(in));
        break;
    case NAME:
        name = name_of(p->names, dtake__pb_u64(in));
        if (name != NULL)
            dtake__json_text(&s->json, p->key, name);
        break;
    case OBJECT:
        dtake__json_object(&s->json, p->key);
        put_parts(s, dtake__pb_bytes(in), p->table);
        dtake__json_end(&s->json, '}');
        break;
    default:
        put_parts(s, dtake__pb_bytes(in), p->table);
        break;
    }
    note(s, in);
}

static void put_parts(shared *s, dtake__span message, const table *of)
{
    for (size_t i = 0; i < of->count; i++) {
        const part *p = &of->parts[i];
        dtake__pb_in in;
        if (p->kind == REALS || p->kind == WHOLES)
            put_numbers(s, message, p);
        else if (find_last(s, message, p->field, &in))
            put_value(s, &in, p);
    }
}

/* --- addresses --- */

/* The begin of the address stands in a profile; an alternate one without an end has that of the primary. */
static void put_href(shared *s, dtake__span location, dtake__span otherwise, dtake__span *profile)
{
    dtake__pb_in in;
    dtake__span end = find_last(s, location, 2, &in) ? dtake__pb_text(&in) : otherwise;
    *profile = DTAKE__SPAN("");
    if (find_last(s, location, 1, &in)) {
        uint32_t index = dtake__pb_u32(&in);
        note(s, &in);
        if (index >= s->access_count && s->wrong == NULL)
            s->wrong = "an asset's access profile is not there";
        else if (index < s->access_count)
            *profile = s->access[index];
    }
    dtake__span base = bytes_of(s, *profile, 3);
    dtake__buf_clear(&s->href);
    if (dtake__buf_append(&s->href, base.text, base.len) != DTAKE_OK ||
        dtake__buf_append(&s->href, end.text, end.len) != DTAKE_OK)
        s->wrong = s->wrong != NULL ? s->wrong : "an asset's address is too long";
}

static void put_alternates(shared *s, dtake__span message, dtake__span primary)
{
    bool begun = false;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in)) {
        dtake__span profile;
        if (in.field != 3)
            continue;
        put_href(s, dtake__pb_bytes(&in), bytes_of(s, primary, 2), &profile);
        if (!begun)
            dtake__json_object(&s->json, "alternate");
        begun = true;
        dtake__json_key(&s->json, bytes_of(s, profile, 1));
        dtake__json_object(&s->json, NULL);
        dtake__json_span(&s->json, "href", (dtake__span){ dtake__buf_str(&s->href), s->href.len });
        dtake__json_end(&s->json, '}');
    }
    if (begun)
        dtake__json_end(&s->json, '}');
    note(s, &in);
}

/* --- assets --- */

static void put_media_type(shared *s, dtake__span message)
{
    dtake__pb_in in;
    const char *known = NULL;
    dtake__span type = bytes_of(s, message, 4), custom = bytes_of(s, type, 2);
    if (find_last(s, type, 1, &in))
        known = name_of(&media, dtake__pb_u64(&in));
    if (custom.len > 0)
        dtake__json_span(&s->json, "type", custom);
    else if (known != NULL)
        dtake__json_text(&s->json, "type", known);
}

static void put_roles(shared *s, dtake__span message)
{
    bool begun = false;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in)) {
        dtake__pb_run run = { 0 };
        uint64_t number;
        if (in.field != 7 && in.field != 8)
            continue;
        if (!begun)
            dtake__json_array(&s->json, "roles");
        begun = true;
        if (in.field == 8)
            dtake__json_span(&s->json, NULL, dtake__pb_text(&in));
        else
            while (dtake__pb_each(&in, &run, DTAKE__PB_VARINT, &number))
                if (name_of(&roles, number) != NULL)
                    dtake__json_text(&s->json, NULL, name_of(&roles, number));
    }
    if (begun)
        dtake__json_end(&s->json, ']');
    note(s, &in);
}

static void put_bands(shared *s, dtake__span message)
{
    bool begun = false;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in)) {
        dtake__pb_run run = { 0 };
        uint64_t index;
        while (in.field == 10 && dtake__pb_each(&in, &run, DTAKE__PB_VARINT, &index)) {
            if (index >= s->band_count) {
                dtake__pb_wrong(&in, "an asset's band is not there");
                break;
            }
            if (!begun)
                dtake__json_array(&s->json, "bands");
            begun = true;
            dtake__json_object(&s->json, NULL);
            put_parts(s, s->bands[index], &band);
            dtake__json_end(&s->json, '}');
        }
    }
    if (begun)
        dtake__json_end(&s->json, ']');
    note(s, &in);
}

static void put_asset(shared *s, dtake__span message)
{
    dtake__span primary = bytes_of(s, message, 2), profile;
    dtake__json_key(&s->json, bytes_of(s, message, 1));
    dtake__json_object(&s->json, NULL);
    put_href(s, primary, DTAKE__SPAN(""), &profile);
    if (s->href.len > 0)
        dtake__json_span(&s->json, "href", (dtake__span){ dtake__buf_str(&s->href), s->href.len });
    put_media_type(s, message);
    put_roles(s, message);
    put_parts(s, message, &asset);
    put_bands(s, message);
    put_alternates(s, message, primary);
    dtake__json_end(&s->json, '}');
}

static void gather(shared *s, dtake__pb_in *in, dtake__span *list, size_t *count)
{
    if (*count == MAX_PROFILES)
        s->wrong = s->wrong != NULL ? s->wrong : "more profiles than a datapoint may have";
    else
        list[(*count)++] = dtake__pb_bytes(in);
}

dtake_status dtake__stac_assets_json(dtake__span message, dtake_buf *out, dtake_error *err)
{
    shared s = { .json = { .out = out }, .href = DTAKE_BUF_INIT(MAX_HREF_BYTES) };
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in))
        if (in.field == 1)
            gather(&s, &in, s.access, &s.access_count);
        else if (in.field == 2)
            gather(&s, &in, s.bands, &s.band_count);
    note(&s, &in);
    dtake__json_object(&s.json, NULL);
    in = dtake__pb_read(message.text, message.len);
    while (s.wrong == NULL && s.json.status == DTAKE_OK && dtake__pb_next(&in))
        if (in.field == 3)
            put_asset(&s, dtake__pb_bytes(&in));
    note(&s, &in);
    dtake__json_end(&s.json, '}');
    dtake__buf_dispose(&s.href);
    if (s.wrong != NULL)
        return dtake__fail(err, DTAKE_E_FORMAT, "read assets: %s", s.wrong);
    if (s.json.status != DTAKE_OK)
        return dtake__fail(err, s.json.status, "read assets: %s", dtake_status_text(s.json.status));
    return DTAKE_OK;
}
