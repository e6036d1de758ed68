#include "protocol/stac/item_fields.h"

#include "core/alloc.h"
#include "core/error.h"

const dtake_field dtake__item_fields[DTAKE__ITEM_FIELDS] = {
    [DTAKE__ITEM_TIME] = { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    [DTAKE__ITEM_ID] = { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    [DTAKE__ITEM_INGESTION_TIME] = { .name = "ingestion_time",
                                     .type = DTAKE_FIELD_TIMESTAMP,
                                     .role = DTAKE_ROLE_INGESTION_TIME },
    [DTAKE__ITEM_GEOMETRY] = { .name = "geometry",
                               .type = DTAKE_FIELD_GEOMETRY,
                               .role = DTAKE_ROLE_GEOMETRY },
    [DTAKE__ITEM_NAME] = { .name = "name",
                           .type = DTAKE_FIELD_STRING,
                           .role = DTAKE_ROLE_NAME,
                           .description = "id of the STAC Item" },
    [DTAKE__ITEM_BBOX] = { .name = "bbox",
                           .type = DTAKE_FIELD_JSON,
                           .not_queryable = true,
                           .description = "bbox of the STAC Item, where it is not the box of its geometry" },
    [DTAKE__ITEM_PROPERTIES] = { .name = "properties",
                                 .type = DTAKE_FIELD_JSON,
                                 .not_queryable = true,
                                 .description = "properties of the STAC Item that no other field has" },
    [DTAKE__ITEM_ASSETS] = { .name = "assets", .type = DTAKE_FIELD_ASSETS, .not_queryable = true },
    [DTAKE__ITEM_LINKS] = { .name = "links", .type = DTAKE_FIELD_JSON, .not_queryable = true },
    [DTAKE__ITEM_STAC_VERSION] = { .name = "stac_version",
                                   .type = DTAKE_FIELD_STRING,
                                   .not_queryable = true },
    [DTAKE__ITEM_STAC_EXTENSIONS] = { .name = "stac_extensions",
                                      .type = DTAKE_FIELD_JSON,
                                      .not_queryable = true },
    [DTAKE__ITEM_OTHER] = { .name = "other",
                            .type = DTAKE_FIELD_JSON,
                            .not_queryable = true,
                            .description = "members of the STAC Item that the specification does not name" },
};

/* By role where it has one, else by name and type: a property of the same name but another type is none. */
static int find_field(const dtake_schema *schema, const dtake_field *wanted)
{
    if (wanted->role != DTAKE_ROLE_NONE)
        return dtake_schema_find_role(schema, wanted->role);
    int at = dtake_schema_find(schema, wanted->name);
    if (at < 0)
        return -1;
    const dtake_field *field = dtake_schema_field(schema, (size_t)at);
    return field->type == wanted->type && !field->repeated ? at : -1;
}

dtake_status dtake__item_layout_init(dtake__item_layout *out, const dtake_schema *schema, dtake_error *err)
{
    size_t count = dtake_schema_count(schema);
    out->is_property = dtake__calloc(count > 0 ? count : 1, sizeof *out->is_property);
    if (out->is_property == NULL)
        return dtake__fail_nomem(err, "the layout of items");
    for (size_t i = 0; i < count; i++)
        out->is_property[i] = dtake_schema_field(schema, i)->role == DTAKE_ROLE_NONE;
    for (int i = 0; i < DTAKE__ITEM_FIELDS; i++) {
        out->at[i] = find_field(schema, &dtake__item_fields[i]);
        if (out->at[i] >= 0)
            out->is_property[out->at[i]] = false;
    }
    return DTAKE_OK;
}

void dtake__item_layout_dispose(dtake__item_layout *layout)
{
    dtake__free(layout->is_property);
    layout->is_property = NULL;
}
