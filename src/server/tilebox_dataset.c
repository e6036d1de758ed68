/* Datasets and collections as messages. */
#include "server/tilebox.h"

#include "core/error.h"
#include <stdio.h>

static const char *code_name_of(const char *slug)
{
    const char *dot = strrchr(slug, '.');
    return dot != NULL ? dot + 1 : slug;
}

void dtake__tb_group_of(const char *slug, char out[DTAKE__TB_GROUP_BYTES])
{
    const char *dot = strrchr(slug, '.');
    size_t len = dot != NULL ? (size_t)(dot - slug) : 0;
    snprintf(out, DTAKE__TB_GROUP_BYTES, "%.*s", (int)len, slug);
    if (len == 0)
        snprintf(out, DTAKE__TB_GROUP_BYTES, "local");
}

/* FNV-1a from another start. */
static uint64_t hash(const char *text, size_t len, uint64_t seed)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ seed;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)text[i]) * UINT64_C(1099511628211);
    return h ^ h >> 29;
}

/* The same for ever: names of types hold it. */
dtake__tb_id dtake__tb_group_id(const char *group, size_t len)
{
    dtake__tb_id id = { .set = true };
    uint64_t halves[2] = { hash(group, len, 1), hash(group, len, 2) };
    for (int i = 0; i < 16; i++)
        id.bytes[i] = (uint8_t)(halves[i / 8] >> 8 * (7 - i % 8));
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x80); /* version 8: free in form */
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    return id;
}

/* A type is named after the code name, by letters, digits and '_' alone, a letter first. */
static void type_name(const char *code_name, char out[DTAKE__TB_GROUP_BYTES])
{
    bool begins = (code_name[0] | 0x20) >= 'a' && (code_name[0] | 0x20) <= 'z';
    snprintf(out, DTAKE__TB_GROUP_BYTES, "%s%s", begins ? "" : "t_", code_name);
    for (char *c = out; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
}

static dtake_status make_type(const dtake_dataset_info *info, bool as_of_2024, dtake__tilebox_type **out,
                              dtake_error *err)
{
    char group[DTAKE__TB_GROUP_BYTES], name[DTAKE__TB_GROUP_BYTES];
    dtake__tilebox_naming naming = { .code_name = name, .as_of_2024 = as_of_2024 };
    type_name(code_name_of(info->slug), name);
    dtake__tb_group_of(info->slug, group);
    dtake__tb_id id = dtake__tb_group_id(group, strlen(group));
    memcpy(naming.group_id, id.bytes, sizeof naming.group_id);
    return dtake__tilebox_type_new(out, info->schema, info->kind, &naming, err);
}

dtake_status dtake__tb_type_of(dtake__tb_asked *asked, const dtake_dataset_info *info, bool as_of_2024,
                               dtake__tilebox_type **out, dtake_error *err)
{
    *out = dtake__tb_types_find(&asked->service->types, info, as_of_2024);
    if (*out != NULL)
        return DTAKE_OK;
    dtake_status st = make_type(info, as_of_2024, out, err);
    if (st == DTAKE_OK)
        dtake__tb_types_keep(&asked->service->types, info, as_of_2024, *out);
    return st;
}

/* The first paragraph. */
static dtake__span summary_of(const char *description)
{
    const char *end = strstr(description, "\n\n");
    return (dtake__span){ description, end != NULL ? (size_t)(end - description) : strlen(description) };
}

static void fill(const dtake__tb_asked *asked, const dtake_dataset_info *info, const char *slug,
                 int32_t permissions[3], dtake__tb_dataset *out)
{
    char group[DTAKE__TB_GROUP_BYTES];
    unsigned rights = dtake__rpc_rights(asked->call);
    bool may_write = (rights & DTAKE__RIGHT_WRITE) != 0, may_edit = (rights & DTAKE__RIGHT_ADMIN) != 0;
    dtake__tb_group_of(slug, group);
    permissions[0] = DTAKE__TB_MAY_READ;
    permissions[1] = DTAKE__TB_MAY_WRITE;
    permissions[2] = DTAKE__TB_MAY_EDIT;
    *out = (dtake__tb_dataset){ .id = dtake__tb_id_of(info->id),
                                .group_id = dtake__tb_group_id(group, strlen(group)),
                                .code_name = dtake__span_of(code_name_of(slug)),
                                .name = dtake__span_of(info->name),
                                .summary = summary_of(info->description),
                                .description = dtake__span_of(info->description),
                                .writable = may_write,
                                .permissions = { permissions, may_write ? (may_edit ? 3 : 2) : 1 },
                                .visibility =
                                    dtake__rpc_is_public(asked->call) ? DTAKE__TB_PUBLIC : DTAKE__TB_PRIVATE,
                                .slug = dtake__span_of(slug),
                                .type_editable = info->datapoints == 0 };
}

dtake_status dtake__tb_put_dataset(dtake__tb_asked *asked, const dtake_dataset_info *info, const char *slug,
                                   bool as_of_2024, uint32_t number, dtake__pb_out *out, dtake_error *err)
{
    int32_t permissions[3];
    dtake_buf bytes = DTAKE_BUF_INIT(16 << 20);
    dtake__pb_out type_out = { .to = &bytes };
    dtake__tilebox_type *type = NULL;
    dtake__tb_dataset dataset;
    dtake_status st = dtake__tb_type_of(asked, info, as_of_2024, &type, err);
    if (st == DTAKE_OK) {
        dtake__tilebox_type_write(type, &type_out);
        st = dtake__pb_done(&type_out, "the type of a dataset", err);
    }
    if (st == DTAKE_OK) {
        fill(asked, info, slug, permissions, &dataset);
        dataset.type = (dtake__span){ (const char *)bytes.data, bytes.len };
        if (number > 0)
            dtake__tb_put(&dtake__tb_dataset_message, &dataset, number, out);
        else
            st = dtake__tb_write(&dtake__tb_dataset_message, &dataset, out->to, err);
    }
    dtake__tilebox_type_release(type);
    dtake__buf_dispose(&bytes);
    return st;
}

void dtake__tb_collection_fill(const dtake_collection_info *info, dtake__tb_collection_info *out)
{
    dtake__tb_id id = dtake__tb_id_of(info->id);
    *out = (dtake__tb_collection_info){
        .collection = { .set = true, .legacy_id = id, .name = dtake__span_of(info->name), .id = id },
        .availability = { .set = true },
        .has_count = true,
        .count = (uint64_t)info->datapoints,
    };
    if (info->datapoints == 0)
        return;
    out->availability.start_time = dtake__tb_time_of(info->start_ns);
    out->availability.end_time = dtake__tb_time_of(info->end_ns);
    out->availability.end_inclusive = true;
}
