/* Schemas as Arrow's consumers see them. */
#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "table/arrow_kind.h"
#include "format/field_json.h"
#include "table/schema.h"

#include <stdio.h>

enum { METADATA_BYTES = 64 * 1024 * 1024 };

/* What an ArrowSchema of ours points to; its own, since a consumer may move children out of their parent. */
typedef struct node {
    char format[16];
    char *name;
    dtake_buf metadata;
    struct ArrowSchema **children;
    struct ArrowSchema *child_memory;
    struct ArrowSchema dictionary;
} node;

static void release(struct ArrowSchema *arrow)
{
    node *n = arrow->private_data;
    for (int64_t i = 0; i < arrow->n_children; i++)
        if (arrow->children[i]->release)
            arrow->children[i]->release(arrow->children[i]);
    if (arrow->dictionary && arrow->dictionary->release)
        arrow->dictionary->release(arrow->dictionary);
    dtake__free(n->name);
    dtake__buf_dispose(&n->metadata);
    dtake__free(n->children);
    dtake__free(n->child_memory);
    dtake__free(n);
    arrow->release = NULL;
}

/* An ArrowSchema that can be released, with children that have nothing in them yet. */
static dtake_status begin(struct ArrowSchema *out, const char *name, const char *format, int64_t children)
{
    node *n = dtake__calloc(1, sizeof *n);
    if (!n)
        return DTAKE_E_NOMEM;
    *out = (struct ArrowSchema){ .flags = ARROW_FLAG_NULLABLE, .release = release, .private_data = n };
    n->metadata = DTAKE_BUF_INIT(METADATA_BYTES);
    snprintf(n->format, sizeof n->format, "%s", format);
    out->format = n->format;
    out->name = n->name = dtake__strdup(name);
    if (children > 0) {
        n->children = dtake__calloc((size_t)children, sizeof(struct ArrowSchema *));
        n->child_memory = dtake__calloc((size_t)children, sizeof(struct ArrowSchema));
        if (!n->children || !n->child_memory)
            return DTAKE_E_NOMEM;
        for (int64_t i = 0; i < children; i++)
            n->children[i] = &n->child_memory[i];
        out->children = n->children;
        out->n_children = children;
    }
    return n->name ? DTAKE_OK : DTAKE_E_NOMEM;
}

static dtake_status add_text(dtake_buf *to, const char *text, size_t len)
{
    int32_t size = (int32_t)len;
    dtake_status st = dtake__buf_append(to, &size, sizeof size);
    return st == DTAKE_OK ? dtake__buf_append(to, text, len) : st;
}

/* Pairs of texts behind their number, which is kept up to date. Nothing for an empty value, unless `always`.
 */
static dtake_status add_metadata(struct ArrowSchema *arrow, const char *key, const char *value, bool always)
{
    dtake_buf *to = &((node *)arrow->private_data)->metadata;
    int32_t pairs = 0;
    if (!*value && !always)
        return DTAKE_OK;
    dtake_status st = to->len == 0 ? dtake__buf_append(to, &pairs, sizeof pairs) : DTAKE_OK;
    if (st == DTAKE_OK)
        st = add_text(to, key, strlen(key));
    if (st == DTAKE_OK)
        st = add_text(to, value, strlen(value));
    if (st != DTAKE_OK)
        return st;
    memcpy(&pairs, to->data, sizeof pairs);
    pairs++;
    memcpy(to->data, &pairs, sizeof pairs);
    arrow->metadata = (const char *)to->data;
    return DTAKE_OK;
}

static dtake_status add_extension(struct ArrowSchema *arrow, const char *name, const char *metadata)
{
    dtake_status st = add_metadata(arrow, DTAKE__ARROW_EXTENSION_NAME, name, true);
    return st == DTAKE_OK ? add_metadata(arrow, DTAKE__ARROW_EXTENSION_METADATA, metadata, true) : st;
}

static dtake_status begin_value(struct ArrowSchema *out, const dtake_field *field, const char *name)
{
    static const char *const formats[] = { "",
#define FORMAT(type, text, arrow) arrow,
                                           DTAKE_FIELD_TYPE_MAP(FORMAT)
#undef FORMAT
    };
    char format[16];
    bool vector = field->type == DTAKE_FIELD_VECTOR;
    if (vector)
        snprintf(format, sizeof format, "%s%d", formats[field->type], (int)field->width);
    dtake_status st = begin(out, name, vector ? format : formats[field->type], vector);
    if (st != DTAKE_OK)
        return st;
    switch (field->type) {
    case DTAKE_FIELD_VECTOR:
        return begin(out->children[0], "item", "g", 0);
    case DTAKE_FIELD_ENUM:
        out->dictionary = &((node *)out->private_data)->dictionary;
        return begin(out->dictionary, "", "u", 0);
    case DTAKE_FIELD_GEOMETRY:
        return add_extension(out, "geoarrow.wkb", "{\"crs\":\"OGC:CRS84\",\"crs_type\":\"authority_code\"}");
    case DTAKE_FIELD_UUID:
        return add_extension(out, "arrow.uuid", "");
    case DTAKE_FIELD_JSON:
    case DTAKE_FIELD_ASSETS:
        return add_extension(out, "arrow.json", "");
    default:
        return DTAKE_OK;
    }
}

static dtake_status begin_field(struct ArrowSchema *out, const dtake_field *field)
{
    dtake_status st;
    if (field->repeated) {
        st = begin(out, field->name, "+l", 1);
        if (st == DTAKE_OK)
            st = begin_value(out->children[0], field, "item");
    } else {
        st = begin_value(out, field, field->name);
    }
    if (st == DTAKE_OK)
        st = add_metadata(out, "unit", field->unit, false);
    if (st == DTAKE_OK)
        st = add_metadata(out, "description", field->description, false);
    if (st == DTAKE_OK && field->role != DTAKE_ROLE_NONE)
        st = add_metadata(out, "role", dtake__role_name(field->role), false);
    return st;
}

dtake_status dtake_schema_to_arrow(const dtake_schema *schema, struct ArrowSchema *out, dtake_error *err)
{
    struct ArrowSchema arrow = { 0 };
    dtake_buf json = DTAKE_BUF_INIT(METADATA_BYTES / 2);
    dtake_status st = begin(&arrow, "", "+s", (int64_t)dtake_schema_count(schema));
    arrow.flags = 0;
    for (size_t i = 0; i < dtake_schema_count(schema) && st == DTAKE_OK; i++)
        st = begin_field(arrow.children[i], dtake_schema_field(schema, i));
    if (st == DTAKE_OK)
        st = dtake__schema_to_json(schema, &json, NULL);
    if (st == DTAKE_OK)
        st = add_metadata(&arrow, DTAKE__ARROW_SCHEMA_KEY, dtake__buf_str(&json), true);
    dtake__buf_dispose(&json);
    if (st == DTAKE_OK) {
        *out = arrow;
        return DTAKE_OK;
    }
    if (arrow.release)
        arrow.release(&arrow);
    return dtake__fail(err, st, "a schema for Arrow: %s", dtake_status_text(st));
}
