#include "catalog/content.h"

#include "catalog/hash.h"
#include "table/column.h"

static void add(uint64_t state[2], uint64_t a, uint64_t b)
{
    state[0] = dtake__hash_mix(state[0] ^ a, b ^ DTAKE__HASH_A);
    state[1] = dtake__hash_mix(state[1] ^ b, a ^ DTAKE__HASH_B) + state[0];
}

/* Every not-a-number is the same. */
static uint64_t double_bits(double value)
{
    uint64_t bits;
    if (value != value)
        return UINT64_C(0x7ff8000000000000);
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint64_t text_hash(const dtake_column *c, int64_t row)
{
    size_t len;
    const char *bytes = dtake__get_bytes(c, row, &len);
    return dtake__hash64(bytes, len, len);
}

/* One value as 64 bits. */
static uint64_t value_of(const dtake_field *field, const dtake_column *c, int64_t row)
{
    switch (field->type) {
    case DTAKE_FIELD_BOOL:
        return dtake__get_bool(c, row);
    case DTAKE_FIELD_FLOAT64:
        return double_bits(dtake__get_f64(c, row));
    case DTAKE_FIELD_ENUM:
        return (uint64_t)(int64_t)dtake__get_enum(c, row);
    case DTAKE_FIELD_UUID:
        return dtake__hash64(dtake__get_uuid(c, row), 16, 16);
    case DTAKE_FIELD_VECTOR: {
        uint64_t hash = 0;
        for (int32_t i = 0; i < field->width; i++)
            hash = dtake__hash_mix(hash, double_bits(((const double *)c->values)[row * field->width + i]));
        return hash;
    }
    default:
        return dtake__layout_of(field->type) == DTAKE__VARIABLE ? text_hash(c, row) : dtake__get_u64(c, row);
    }
}

static uint64_t list_of(const dtake_field *field, const dtake_column *c, int64_t row)
{
    uint64_t hash = (uint64_t)(c->offsets[row + 1] - c->offsets[row]);
    for (int32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++)
        hash = dtake__hash_mix(hash, dtake__has_value(c->items, i) ? value_of(field, c->items, i) : 1);
    return hash;
}

static void add_field(const dtake_field *field, const dtake_column *c, uint64_t (*out)[2])
{
    uint64_t name = dtake__hash64(field->name, strlen(field->name), field->type);
    bool eights =
        !field->repeated && (field->type == DTAKE_FIELD_INT64 || field->type == DTAKE_FIELD_UINT64 ||
                             field->type == DTAKE_FIELD_TIMESTAMP || field->type == DTAKE_FIELD_DURATION);
    if (c->null_count == 0 && eights) {
        const uint64_t *values = c->values;
        for (int64_t i = 0; i < c->rows; i++)
            add(out[i], name, values[i]);
    } else if (c->null_count == 0 && !field->repeated && field->type == DTAKE_FIELD_FLOAT64) {
        const double *values = c->values;
        for (int64_t i = 0; i < c->rows; i++)
            add(out[i], name, double_bits(values[i]));
    } else {
        for (int64_t i = 0; i < c->rows; i++)
            if (dtake__has_value(c, i))
                add(out[i], name, field->repeated ? list_of(field, c, i) : value_of(field, c, i));
    }
}

void dtake__content_hash(const dtake_batch *batch, uint64_t (*out)[2])
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    int64_t rows = dtake_batch_rows(batch);
    memset(out, 0, (size_t)rows * sizeof *out);
    for (size_t f = 0; f < dtake_schema_count(schema); f++) {
        const dtake_field *field = dtake_schema_field(schema, f);
        if (field->role != DTAKE_ROLE_ID && field->role != DTAKE_ROLE_INGESTION_TIME)
            add_field(field, dtake_batch_column(batch, f), out);
    }
}
