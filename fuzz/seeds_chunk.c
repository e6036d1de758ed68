/* Chunks of a catalogue, as fuzz_chunk.c reads them: numbers, texts, geometries, each with and without nulls.
 */
#include "seeds.h"

#include "catalog/chunk.h"
#include "geo/geometry.h"
#include "table/builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(call)                                                                                           \
    do {                                                                                                     \
        if ((call) != DTAKE_OK)                                                                              \
            exit(1);                                                                                         \
    } while (0)

enum { TIME, ID, FIRST, FIELDS_MAX = 8 };

static const dtake_enum_value levels[] = { { "raw", 0 }, { "L1", 1 } };

static const struct {
    int rows;
    dtake_field fields[FIELDS_MAX];
} kinds[] = {
    { 300,
      { { .name = "f", .type = DTAKE_FIELD_FLOAT64 },
        { .name = "n", .type = DTAKE_FIELD_INT64 },
        { .name = "u", .type = DTAKE_FIELD_UINT64 },
        { .name = "b", .type = DTAKE_FIELD_BOOL },
        { .name = "e", .type = DTAKE_FIELD_ENUM, .enum_values = levels, .enum_count = 2 } } },
    { 20,
      { { .name = "name", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_NAME },
        { .name = "few", .type = DTAKE_FIELD_STRING },
        { .name = "j", .type = DTAKE_FIELD_JSON },
        { .name = "never", .type = DTAKE_FIELD_BYTES } } },
    { 20,
      { { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
        { .name = "v", .type = DTAKE_FIELD_VECTOR, .width = 3 },
        { .name = "parent", .type = DTAKE_FIELD_UUID } } },
    { 20,
      { { .name = "tags", .type = DTAKE_FIELD_STRING, .repeated = true },
        { .name = "bands", .type = DTAKE_FIELD_INT64, .repeated = true } } },
};

static void put_geometry(dtake__builder *b, size_t field, int row)
{
    static const char *const texts[] = { "POLYGON((%d 0,%d 1,%d.25 1,%d 0))", "POINT(%d %d)",
                                         "LINESTRING Z(%d %d 7,8 9 10.5)" };
    char text[200];
    dtake__geometry g = { 0 };
    snprintf(text, sizeof text, texts[row % 3], row, row, row, row);
    MUST(dtake__geometry_from_wkt(text, strlen(text), &g, NULL));
    MUST(dtake__put_bytes(b, field, g.wkb, g.bytes));
    dtake__geometry_dispose(&g);
}

static void put_text(dtake__builder *b, const dtake_field *field, size_t at, int row)
{
    char text[60];
    bool few = field->role != DTAKE_ROLE_NAME && field->type == DTAKE_FIELD_STRING;
    snprintf(text, sizeof text, field->type == DTAKE_FIELD_JSON ? "{\"a\":%d}" : "S2A_%d",
             few ? row % 3 : row);
    MUST(dtake__put_bytes(b, at, text, strlen(text)));
}

static void put_value(dtake__builder *b, const dtake_field *field, size_t at, int row)
{
    const double vector[3] = { row / 4.0, 7, -1 };
    uint8_t uuid[16] = { (uint8_t)row, 3 };
    switch (field->type) {
    case DTAKE_FIELD_FLOAT64:
        MUST(dtake__put_f64(b, at, row * 0.25));
        break;
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_ENUM:
        MUST(dtake__put_i64(b, at, row % 2));
        break;
    case DTAKE_FIELD_UINT64:
        MUST(dtake__put_u64(b, at, UINT64_MAX / (unsigned)(row + 1)));
        break;
    case DTAKE_FIELD_BOOL:
        MUST(dtake__put_bool(b, at, row % 3 == 0));
        break;
    case DTAKE_FIELD_STRING:
    case DTAKE_FIELD_JSON:
        put_text(b, field, at, row);
        break;
    case DTAKE_FIELD_GEOMETRY:
        put_geometry(b, at, row);
        break;
    case DTAKE_FIELD_VECTOR:
        MUST(dtake__put_vector(b, at, vector));
        break;
    case DTAKE_FIELD_UUID:
        MUST(dtake__put_bytes(b, at, uuid, sizeof uuid));
        break;
    default:
        break;
    }
}

static void put_row(dtake__builder *b, const dtake_schema *schema, int row, bool nulls)
{
    const uint8_t id[16] = { (uint8_t)row, 1, 2 };
    MUST(dtake__put_i64(b, TIME, INT64_C(1700000000000000000) + row * INT64_C(1000000007)));
    MUST(dtake__put_bytes(b, ID, id, sizeof id));
    for (size_t f = FIRST; f < dtake_schema_count(schema); f++) {
        const dtake_field *field = dtake_schema_field(schema, f);
        if (nulls && row % 5 == 2 && field->role != DTAKE_ROLE_NAME)
            continue;
        if (field->repeated)
            MUST(dtake__put_list(b, f));
        for (int i = 0; i < (field->repeated ? row % 4 : 1); i++)
            put_value(b, field, f, row + i);
    }
    MUST(dtake__builder_end_row(b));
}

static void save_chunk(const char *root, int number, const dtake_schema *schema, int rows, bool nulls)
{
    dtake__builder *builder;
    dtake_batch *batch;
    dtake__chunk_draft draft;
    MUST(dtake__builder_new(&builder, schema, NULL));
    for (int i = 0; i < rows; i++)
        put_row(builder, schema, i, nulls);
    MUST(dtake__builder_take(builder, &batch, NULL));
    MUST(dtake__chunk_encode(batch, 3, &draft, NULL));
    size_t head = draft.head.len - 4; /* its checksum is not part of the input */
    uint8_t *seed = malloc(2 + head + draft.body.len);
    if (seed == NULL)
        exit(1);
    seed[0] = (uint8_t)head;
    seed[1] = (uint8_t)(head >> 8);
    memcpy(seed + 2, draft.head.data, head);
    memcpy(seed + 2 + head, draft.body.data, draft.body.len);
    save_seed(root, "chunk", number, seed, 2 + head + draft.body.len);
    free(seed);
    dtake__chunk_draft_dispose(&draft);
    dtake_batch_release(batch);
    dtake__builder_free(builder);
}

void save_chunks(const char *root)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        dtake_field fields[FIRST + FIELDS_MAX] = {
            [TIME] = { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
            [ID] = { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
        };
        size_t count = FIRST;
        dtake_schema *schema;
        for (int f = 0; f < FIELDS_MAX && kinds[k].fields[f].name != NULL; f++)
            fields[count++] = kinds[k].fields[f];
        MUST(dtake_schema_new(&schema, fields, count, NULL));
        for (int nulls = 0; nulls < 2; nulls++)
            save_chunk(root, (int)k * 2 + nulls, schema, kinds[k].rows, nulls != 0);
        dtake_schema_release(schema);
    }
}
