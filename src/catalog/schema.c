#include "catalog/schema.h"

#include "core/alloc.h"
#include "core/error.h"

dtake_status dtake__catalog_schema(const dtake_schema *given, dtake_dataset_kind kind, dtake_schema **out,
                                   dtake_error *err)
{
    if (given == NULL || dtake_schema_find_role(given, DTAKE_ROLE_TIME) < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "a dataset needs a field for the time of its datapoints");
    if (kind == DTAKE_SPATIOTEMPORAL && dtake_schema_find_role(given, DTAKE_ROLE_GEOMETRY) < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "a spatiotemporal dataset needs a field for geometries");
    if (dtake_schema_find_role(given, DTAKE_ROLE_COLLECTION) >= 0)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "the field for collections is made in results; a dataset has none");
    if (dtake_schema_find_role(given, DTAKE_ROLE_ID) >= 0) {
        *out = dtake_schema_retain(given);
        return DTAKE_OK;
    }
    size_t count = dtake_schema_count(given);
    dtake_field *fields = dtake__calloc(count + 1, sizeof *fields);
    if (fields == NULL)
        return dtake__fail_nomem(err, "make a dataset");
    fields[0] = (dtake_field){ .name = dtake_schema_find(given, "id") < 0 ? "id" : "datapoint_id",
                               .type = DTAKE_FIELD_UUID,
                               .role = DTAKE_ROLE_ID };
    for (size_t i = 0; i < count; i++)
        fields[i + 1] = *dtake_schema_field(given, i);
    dtake_status st = dtake_schema_new(out, fields, count + 1, err);
    dtake__free(fields);
    return st;
}
