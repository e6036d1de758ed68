/* Batches for tests: fields of every type, filled from a seed. */
#ifndef DTAKE_CATALOG_FIXTURE_H
#define DTAKE_CATALOG_FIXTURE_H

#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "catalog/encoding.h"
#include "geo/geometry.h"
#include "table/batch.h"

typedef struct fixture_rng {
    uint64_t state;
} fixture_rng;

static inline uint64_t rng_next(fixture_rng *rng)
{
    uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint64_t rng_below(fixture_rng *rng, uint64_t limit)
{
    return rng_next(rng) % limit;
}

static inline double rng_unit(fixture_rng *rng)
{
    return (double)(rng_next(rng) >> 11) / 9007199254740992.0;
}

enum {
    F_TIME,
    F_ID,
    F_GEOMETRY,
    F_NAME,
    F_CLOUD,
    F_NOISE,
    F_COUNT,
    F_BIG,
    F_FLAG,
    F_KIND,
    F_SENSOR,
    F_JSON,
    F_BLOB,
    F_OTHER_ID,
    F_VECTOR,
    F_TAGS,
    F_BANDS,
    F_LENGTH,
    F_NEVER,
    FIXTURE_FIELDS
};

static const dtake_enum_value fixture_kinds[] = {
    { "raw", 0 }, { "level1", 1 }, { "level2", 2 }, { "odd", -7 }
};

static const dtake_field fixture_fields[FIXTURE_FIELDS] = {
    [F_TIME] = { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    [F_ID] = { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    [F_GEOMETRY] = { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    [F_NAME] = { .name = "name", .type = DTAKE_FIELD_STRING },
    [F_CLOUD] = { .name = "cloud_pct", .type = DTAKE_FIELD_FLOAT64, .unit = "percent" },
    [F_NOISE] = { .name = "noise", .type = DTAKE_FIELD_FLOAT64 },
    [F_COUNT] = { .name = "count", .type = DTAKE_FIELD_INT64 },
    [F_BIG] = { .name = "big", .type = DTAKE_FIELD_UINT64 },
    [F_FLAG] = { .name = "flag", .type = DTAKE_FIELD_BOOL },
    [F_KIND] = { .name = "kind", .type = DTAKE_FIELD_ENUM, .enum_values = fixture_kinds, .enum_count = 4 },
    [F_SENSOR] = { .name = "sensor", .type = DTAKE_FIELD_STRING },
    [F_JSON] = { .name = "properties", .type = DTAKE_FIELD_JSON },
    [F_BLOB] = { .name = "blob", .type = DTAKE_FIELD_BYTES },
    [F_OTHER_ID] = { .name = "parent", .type = DTAKE_FIELD_UUID },
    [F_VECTOR] = { .name = "position", .type = DTAKE_FIELD_VECTOR, .width = 3 },
    [F_TAGS] = { .name = "tags", .type = DTAKE_FIELD_STRING, .repeated = true },
    [F_BANDS] = { .name = "bands", .type = DTAKE_FIELD_INT64, .repeated = true },
    [F_LENGTH] = { .name = "length", .type = DTAKE_FIELD_DURATION },
    [F_NEVER] = { .name = "never", .type = DTAKE_FIELD_STRING },
};

static inline dtake_status fixture_put_wkt(dtake__builder *builder, size_t field, const char *wkt)
{
    dtake__geometry g = { 0 };
    dtake_status st = dtake__geometry_from_wkt(wkt, strlen(wkt), &g, NULL);
    if (st == DTAKE_OK)
        st = dtake__put_bytes(builder, field, g.wkb, g.bytes);
    dtake__geometry_dispose(&g);
    return st;
}

/* Rectangles mostly; points, other rings, lines with heights, collections now and then. */
static inline void fixture_geometry(dtake__builder *builder, size_t field, fixture_rng *rng)
{
    char wkt[512];
    double x = floor(rng_unit(rng) * 3500) / 10 - 175, y = floor(rng_unit(rng) * 1600) / 10 - 80;
    switch (rng_below(rng, 12)) {
    case 0:
        snprintf(wkt, sizeof wkt, "POINT(%.17g %.17g)", x + rng_unit(rng), y);
        break;
    case 1:
        snprintf(wkt, sizeof wkt, "POLYGON((%g %g, %g %g, %.17g %g, %g %g))", x, y, x + 1, y,
                 x + rng_unit(rng), y + 1, x, y);
        break;
    case 2:
        snprintf(wkt, sizeof wkt, "LINESTRING Z(%g %g %.17g, %g %g 7)", x, y, rng_unit(rng), x + 1, y + 1);
        break;
    case 3:
        snprintf(wkt, sizeof wkt, "GEOMETRYCOLLECTION(POINT(%g %g), POLYGON((%g %g, %g %g, %g %g, %g %g)))",
                 x, y, x, y, x + 1, y, x + 1, y + 2, x, y);
        break;
    default:
        snprintf(wkt, sizeof wkt, "POLYGON((%g %g, %g %g, %g %g, %g %g, %g %g))", x, y, x + 1, y, x + 1,
                 y + 1, x, y + 1, x, y);
    }
    CHECK_OK(fixture_put_wkt(builder, field, wkt));
}

static inline void fixture_texts(dtake__builder *b, fixture_rng *rng, int64_t row)
{
    static const char *const sensors[] = { "OLI_TIRS", "OLI", "TIRS", "MSI" };
    char text[128];
    snprintf(text, sizeof text, "LC08_L1TP_%06d_%08x", (int)row, (unsigned)rng_next(rng));
    CHECK_OK(dtake__put_bytes(b, F_NAME, text, strlen(text)));
    const char *sensor = sensors[rng_below(rng, 4)];
    CHECK_OK(dtake__put_bytes(b, F_SENSOR, sensor, strlen(sensor)));
    snprintf(text, sizeof text, "{\"proj:epsg\":326%02d,\"gsd\":%g}", (int)rng_below(rng, 60), rng_unit(rng));
    CHECK_OK(dtake__put_bytes(b, F_JSON, text, strlen(text)));
    uint64_t blob[8];
    for (int i = 0; i < 8; i++)
        blob[i] = rng_next(rng);
    CHECK_OK(dtake__put_bytes(b, F_BLOB, blob, rng_below(rng, sizeof blob)));
    CHECK_OK(dtake__put_list(b, F_TAGS));
    for (uint64_t i = rng_below(rng, 4); i > 0; i--)
        CHECK_OK(dtake__put_bytes(b, F_TAGS, sensors[i], strlen(sensors[i])));
}

static inline void fixture_row(dtake__builder *b, fixture_rng *rng, int64_t row, int nulls_in_100)
{
#define UNLESS_NULL if (rng_below(rng, 100) >= (uint64_t)nulls_in_100)
    uint64_t id[2] = { rng_next(rng), rng_next(rng) };
    double position[3] = { rng_unit(rng), 7, -1 };
    CHECK_OK(dtake__put_i64(b, F_TIME, INT64_C(1577836800000000000) + row * INT64_C(30123000000)));
    fixture_texts(b, rng, row);
    UNLESS_NULL fixture_geometry(b, F_GEOMETRY, rng);
    UNLESS_NULL CHECK_OK(dtake__put_f64(b, F_CLOUD, (double)rng_below(rng, 10001) / 100));
    UNLESS_NULL CHECK_OK(dtake__put_f64(b, F_NOISE, rng_unit(rng) * 1e9 - 5e8));
    UNLESS_NULL CHECK_OK(dtake__put_i64(b, F_COUNT, (int64_t)rng_next(rng) >> rng_below(rng, 64)));
    UNLESS_NULL CHECK_OK(dtake__put_u64(b, F_BIG, rng_next(rng)));
    UNLESS_NULL CHECK_OK(dtake__put_bool(b, F_FLAG, rng_below(rng, 2) != 0));
    UNLESS_NULL CHECK_OK(dtake__put_i64(b, F_KIND, fixture_kinds[rng_below(rng, 4)].value));
    UNLESS_NULL CHECK_OK(dtake__put_bytes(b, F_OTHER_ID, id, sizeof id));
    UNLESS_NULL CHECK_OK(dtake__put_vector(b, F_VECTOR, position));
    UNLESS_NULL CHECK_OK(dtake__put_i64(b, F_LENGTH, (int64_t)rng_below(rng, 100) * 1000000000));
    UNLESS_NULL
    {
        CHECK_OK(dtake__put_list(b, F_BANDS));
        for (uint64_t i = rng_below(rng, 12); i > 0; i--)
            CHECK_OK(dtake__put_i64(b, F_BANDS, (int64_t)i));
    }
#undef UNLESS_NULL
    CHECK_OK(dtake__builder_end_row(b));
}

static inline dtake_schema *fixture_schema(void)
{
    dtake_schema *schema;
    CHECK_OK(dtake_schema_new(&schema, fixture_fields, FIXTURE_FIELDS, NULL));
    return schema;
}

static inline dtake_batch *fixture_batch(const dtake_schema *schema, int64_t first, int64_t rows,
                                         int nulls_in_100, uint64_t seed)
{
    fixture_rng rng = { seed };
    dtake__builder *builder;
    dtake_batch *batch;
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    for (int64_t i = 0; i < rows; i++)
        fixture_row(builder, &rng, first + i, nulls_in_100);
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    dtake__builder_free(builder);
    return batch;
}

#endif
