/* datasets.v1.DatasetService */
#include "server/tilebox.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/strings.h"
#include "table/schema.h"

enum { MAX_NAME = 100, MAX_SUMMARY = 50000, MAX_DESCRIPTION = 1000000 };

/* --- listing --- */

typedef struct listing {
    dtake__tb_asked *asked;
    bool as_of_2024;
    dtake__pb_out *out;
    dtake__strings groups; /* that were written */
    dtake__strings types;  /* that were written, and of which dataset each is, by turns */
    dtake_buf bad;         /* word of datasets that are left out */
} listing;

/* A group and all around it, each once. */
static dtake_status put_groups(listing *l, const char *group, dtake_error *err)
{
    size_t len = strlen(group);
    dtake_status st = DTAKE_OK;
    while (len > 0 && st == DTAKE_OK) {
        char *name = dtake__strndup(group, len);
        if (name == NULL)
            return dtake__fail_nomem(err, "list datasets");
        char *dot = strrchr(name, '.');
        dtake__tb_group message = { .id = dtake__tb_group_id(name, len),
                                    .code_name = dtake__span_of(dot != NULL ? dot + 1 : name) };
        message.name = message.code_name;
        size_t parent = dot != NULL ? (size_t)(dot - name) : 0;
        if (parent > 0)
            message.parent_id = dtake__tb_group_id(name, parent);
        bool known = dtake__strings_have(&l->groups, name);
        if (!known)
            dtake__tb_put(&dtake__tb_group_message, &message, 2, l->out);
        if (!known && dtake__strings_add(&l->groups, name, len) != DTAKE_OK)
            st = dtake__fail_nomem(err, "list datasets");
        dtake__free(name);
        len = known ? 0 : parent;
    }
    return st;
}

/* Clients keep one type of a name for good: two datasets must not share it. */
static dtake_status check_type(listing *l, const dtake_dataset_info *info, dtake_error *err)
{
    dtake__tilebox_type *type = NULL;
    dtake_status st = dtake__tb_type_of(info, l->as_of_2024, &type, err);
    if (st != DTAKE_OK)
        return st;
    const char *url = dtake__tilebox_type_url(type);
    for (size_t i = 0; i + 1 < l->types.count && st == DTAKE_OK; i += 2)
        if (strcmp(l->types.at[i], url) == 0)
            st = dtake__fail(err, DTAKE_E_STATE, "its type has the name of that of %s", l->types.at[i + 1]);
    if (st == DTAKE_OK && (dtake__strings_add(&l->types, url, strlen(url)) != DTAKE_OK ||
                           dtake__strings_add(&l->types, info->slug, strlen(info->slug)) != DTAKE_OK))
        st = dtake__fail_nomem(err, "list datasets");
    dtake__tilebox_type_release(type);
    return st;
}

static dtake_status put_named(listing *l, const dtake_dataset_info *info, const char *slug, dtake_error *err)
{
    char group[DTAKE__TB_GROUP_BYTES];
    dtake__tb_group_of(slug, group);
    dtake_status st = put_groups(l, group, err);
    return st == DTAKE_OK ? dtake__tb_put_dataset(l->asked, info, slug, l->as_of_2024, 1, l->out, err) : st;
}

/* One that cannot be told is left out: it would keep clients from all the others. */
static dtake_status put_dataset(listing *l, const dtake_dataset_info *info, dtake_error *err)
{
    dtake_error why;
    dtake_status st = check_type(l, info, &why);
    if (st == DTAKE_E_NOMEM) {
        dtake__error_copy(err, &why);
        return st;
    }
    if (st != DTAKE_OK)
        return dtake__buf_printf(&l->bad, "%s%s is left out: %s", l->bad.len > 0 ? "; " : "", info->slug,
                                 why.message);
    st = put_named(l, info, info->slug, err);
    for (size_t i = 0; i < info->alias_count && st == DTAKE_OK; i++)
        st = put_named(l, info, info->aliases[i], err);
    return st;
}

/* Clients print it as text with marks in '<' and '>'. */
static void put_message(listing *l)
{
    for (size_t i = 0; i < l->bad.len; i++)
        if (l->bad.data[i] == '<' || l->bad.data[i] == '>')
            l->bad.data[i] = l->bad.data[i] == '<' ? '(' : ')';
    if (l->bad.len > 0)
        dtake__pb_put_bytes(l->out, 3, l->bad.data, l->bad.len);
}

dtake_status dtake__tb_do_list_datasets(dtake__tb_asked *asked, bool as_of_2024, dtake_error *err)
{
    dtake__tb_place place;
    dtake__pb_out out = { .to = asked->answer };
    listing l = { .asked = asked, .as_of_2024 = as_of_2024, .out = &out, .bad = DTAKE_BUF_INIT(64 * 1024) };
    dtake_status st = dtake__tb_look(asked, &place, err);
    size_t count = place.datasets != NULL ? dtake_dataset_list_count(place.datasets) : 0;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = put_dataset(&l, dtake_dataset_list_at(place.datasets, i), err);
    if (st == DTAKE_OK) {
        put_message(&l);
        st = dtake__pb_done(&out, "a list of datasets", err);
    }
    dtake__strings_dispose(&l.groups);
    dtake__strings_dispose(&l.types);
    dtake__buf_dispose(&l.bad);
    dtake__tb_place_dispose(&place);
    return st;
}

static dtake_status list_datasets(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    (void)request;
    return dtake__tb_do_list_datasets(asked, false, err);
}

/* --- one --- */

static dtake_status answer_dataset(dtake__tb_asked *asked, const dtake__tb_place *place, bool as_of_2024,
                                   dtake_error *err)
{
    dtake__pb_out out = { .to = asked->answer };
    return dtake__tb_put_dataset(asked, place->dataset, place->slug, as_of_2024, 0, &out, err);
}

dtake_status dtake__tb_do_get_dataset(dtake__tb_asked *asked, const dtake__tb_get_dataset *r, bool as_of_2024,
                                      dtake_error *err)
{
    dtake__tb_place place = { 0 };
    dtake_status st;
    if ((r->slug.len > 0) == r->id.set)
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err,
                            "exactly one of slug and id must be set");
    st = r->id.set ? dtake__tb_find_dataset(asked, &r->id, &place, err)
                   : dtake__tb_find_slug(asked, r->slug, &place, err);
    if (st == DTAKE_OK)
        st = answer_dataset(asked, &place, as_of_2024, err);
    dtake__tb_place_dispose(&place);
    return st;
}

static dtake_status get_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    return dtake__tb_do_get_dataset(asked, request, false, err);
}

/* --- making and changing --- */

static size_t characters(dtake__span text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((uint8_t)text.text[i] & 0xc0) != 0x80;
    return count;
}

static dtake_status check_length(dtake__tb_asked *asked, const char *field, dtake__span text, size_t least,
                                 size_t most, dtake_error *err)
{
    size_t count = characters(text);
    if (count < least)
        return dtake__tb_required(asked, field, err);
    if (count > most)
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err,
                            "%s: value length must be at most %zu characters", field, most);
    if (memchr(text.text != NULL ? text.text : "", '\0', text.len) != NULL)
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err, "%s: value has a zero byte", field);
    return DTAKE_OK;
}

static dtake_status check_code_name(dtake__tb_asked *asked, dtake__span name, dtake_error *err)
{
    dtake_status st = check_length(asked, "code_name", name, 1, MAX_NAME, err);
    for (size_t i = 0; st == DTAKE_OK && i < name.len; i++) {
        char c = name.text[i];
        bool fits = (c >= 'a' && c <= 'z') || (i > 0 && ((c >= '0' && c <= '9') || c == '_'));
        if (!fits)
            st = dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err,
                              "code_name: value does not match regex pattern `^[a-z][a-z0-9_]*$`");
    }
    return st;
}

/* The catalogue keeps one text, whose first paragraph is the summary. */
static char *join_texts(dtake__span summary, dtake__span description)
{
    dtake_buf out = DTAKE_BUF_INIT(2 * 4 * MAX_DESCRIPTION);
    bool begins = description.len >= summary.len && summary.len > 0 &&
                  memcmp(description.text, summary.text, summary.len) == 0;
    dtake_status st = begins ? DTAKE_OK : dtake__buf_append(&out, summary.text, summary.len);
    if (st == DTAKE_OK && !begins && summary.len > 0 && description.len > 0)
        st = dtake__buf_puts(&out, "\n\n");
    if (st == DTAKE_OK)
        st = dtake__buf_append(&out, description.text, description.len);
    char *text = st == DTAKE_OK ? dtake__strdup(dtake__buf_str(&out)) : NULL;
    dtake__buf_dispose(&out);
    return text;
}

static char *copy_span(dtake__span span)
{
    return dtake__strndup(span.text != NULL ? span.text : "", span.len);
}

/* Makes or changes, then answers with what is there. */
static dtake_status put_info(dtake__tb_asked *asked, const dtake_dataset_info *info, dtake_error *err)
{
    dtake__tb_place place = { 0 };
    dtake_status st = dtake_dataset_create(asked->service->client, info, err);
    if (st == DTAKE_OK)
        st = dtake__tb_find_slug(asked, dtake__span_of(info->slug), &place, err);
    if (st == DTAKE_OK)
        st = answer_dataset(asked, &place, false, err);
    dtake__tb_place_dispose(&place);
    return st;
}

static dtake_status check_create(dtake__tb_asked *asked, const dtake__tb_create_dataset *r, dtake_error *err)
{
    dtake_status st = check_length(asked, "name", r->name, 1, MAX_NAME, err);
    if (st == DTAKE_OK && r->type.text == NULL)
        st = dtake__tb_required(asked, "type", err);
    if (st == DTAKE_OK)
        st = check_length(asked, "summary", r->summary, 0, MAX_SUMMARY, err);
    if (st == DTAKE_OK)
        st = check_code_name(asked, r->code_name, err);
    return st == DTAKE_OK ? check_length(asked, "description", r->description, 0, MAX_DESCRIPTION, err) : st;
}

static dtake_status check_absent(dtake__tb_asked *asked, dtake__span slug, dtake_error *err)
{
    dtake__tb_place place;
    dtake_status st = dtake__tb_find_slug(asked, slug, &place, err);
    bool exists = st == DTAKE_OK;
    if (exists)
        st = dtake__tb_no(asked, DTAKE__RPC_ALREADY_EXISTS, err, "dataset %s already exists", place.slug);
    else if (asked->code == DTAKE__RPC_NOT_FOUND) {
        asked->code = DTAKE__RPC_OK;
        st = DTAKE_OK;
    }
    dtake__tb_place_dispose(&place);
    return st;
}

static dtake_status create_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_create_dataset *r = request;
    dtake_dataset_info info = { 0 };
    dtake_schema *schema = NULL;
    dtake_status st = check_create(asked, r, err);
    if (st == DTAKE_OK)
        st = dtake__tilebox_dataset_type_read(&schema, &info.kind, r->type.text, r->type.len, err);
    if (st != DTAKE_OK)
        return st;
    char *slug = copy_span(r->code_name), *name = copy_span(r->name);
    char *description = join_texts(r->summary, r->description);
    info.slug = slug;
    info.name = name;
    info.description = description;
    info.schema = schema;
    if (slug == NULL || name == NULL || description == NULL)
        st = dtake__fail_nomem(err, "create a dataset");
    pthread_mutex_lock(&asked->service->changes);
    if (st == DTAKE_OK)
        st = check_absent(asked, r->code_name, err);
    if (st == DTAKE_OK)
        st = put_info(asked, &info, err);
    pthread_mutex_unlock(&asked->service->changes);
    dtake_schema_release(schema);
    dtake__free(slug);
    dtake__free(name);
    dtake__free(description);
    return st;
}

static dtake_status check_update(dtake__tb_asked *asked, const dtake__tb_update_dataset *r, dtake_error *err)
{
    dtake_status st = r->id.set ? DTAKE_OK : dtake__tb_required(asked, "id", err);
    if (st == DTAKE_OK && r->has_name)
        st = check_length(asked, "name", r->name, 1, MAX_NAME, err);
    if (st == DTAKE_OK && r->has_summary)
        st = check_length(asked, "summary", r->summary, 0, MAX_SUMMARY, err);
    if (st == DTAKE_OK && r->has_code_name)
        st = check_code_name(asked, r->code_name, err);
    if (st == DTAKE_OK && r->has_description)
        st = check_length(asked, "description", r->description, 0, MAX_DESCRIPTION, err);
    return st;
}

/* The new schema; the old one when none is given. */
static dtake_status new_schema(dtake__tb_asked *asked, const dtake__tb_update_dataset *r,
                               const dtake_dataset_info *old, dtake_schema **out, dtake_error *err)
{
    dtake_dataset_kind kind;
    if (r->type.text == NULL) {
        *out = dtake_schema_retain(old->schema);
        return DTAKE_OK;
    }
    dtake_status st = dtake__tilebox_dataset_type_read(out, &kind, r->type.text, r->type.len, err);
    if (st == DTAKE_OK && kind != old->kind)
        st = dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err,
                          "type.kind: the kind of a dataset cannot be changed");
    return st;
}

/* Absent texts stay as they are. */
static dtake_status apply_update(dtake__tb_asked *asked, const dtake__tb_update_dataset *r,
                                 const dtake_dataset_info *old, dtake_error *err)
{
    dtake_dataset_info info = *old;
    dtake_schema *schema = NULL;
    const char *dot = strrchr(old->slug, '.');
    dtake__span code_name = dtake__span_of(dot != NULL ? dot + 1 : old->slug);
    if (r->has_code_name && !dtake__span_equal(r->code_name, code_name))
        return dtake__tb_no(asked, DTAKE__RPC_INVALID_ARGUMENT, err,
                            "code_name: a dataset keeps its name; give it an alias");
    dtake_status st = new_schema(asked, r, old, &schema, err);
    char *name = r->has_name ? copy_span(r->name) : dtake__strdup(old->name);
    char *description = r->has_summary || r->has_description ? join_texts(r->summary, r->description)
                                                             : dtake__strdup(old->description);
    info.schema = schema;
    info.name = name;
    info.description = description;
    if (st == DTAKE_OK && (name == NULL || description == NULL))
        st = dtake__fail_nomem(err, "update a dataset");
    if (st == DTAKE_OK)
        st = put_info(asked, &info, err);
    dtake_schema_release(schema);
    dtake__free(name);
    dtake__free(description);
    return st;
}

static dtake_status update_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_update_dataset *r = request;
    dtake__tb_place place = { 0 };
    dtake_status st = check_update(asked, r, err);
    if (st != DTAKE_OK)
        return st;
    pthread_mutex_lock(&asked->service->changes);
    st = dtake__tb_find_dataset(asked, &r->id, &place, err);
    if (st == DTAKE_OK)
        st = apply_update(asked, r, place.dataset, err);
    pthread_mutex_unlock(&asked->service->changes);
    dtake__tb_place_dispose(&place);
    return st;
}

dtake_status dtake__tb_do_describe_dataset(dtake__tb_asked *asked, const dtake__tb_describe_dataset *r,
                                           bool as_of_2024, dtake_error *err)
{
    dtake__tb_place place = { 0 };
    dtake__tb_update_dataset update = { .id = r->id, .has_description = true, .description = r->description };
    dtake_status st = check_update(asked, &update, err);
    if (st == DTAKE_OK)
        st = dtake__tb_find_dataset(asked, &r->id, &place, err);
    if (st == DTAKE_OK)
        st = apply_update(asked, &update, place.dataset, err);
    dtake__tb_place_dispose(&place);
    if (st == DTAKE_OK && as_of_2024) { /* which tells another type */
        dtake__buf_clear(asked->answer);
        st = dtake__tb_find_dataset(asked, &r->id, &place, err);
        if (st == DTAKE_OK)
            st = answer_dataset(asked, &place, true, err);
        dtake__tb_place_dispose(&place);
    }
    return st;
}

static dtake_status describe_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    return dtake__tb_do_describe_dataset(asked, request, false, err);
}

static dtake_status delete_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
{
    const dtake__tb_delete_dataset *r = request;
    dtake__tb_place place = { 0 };
    if (!r->id.set)
        return dtake__tb_required(asked, "id", err);
    dtake_status st = dtake__tb_find_dataset(asked, &r->id, &place, err);
    if (st == DTAKE_OK)
        st = dtake_dataset_delete(asked->service->client, place.dataset->slug, err);
    dtake__tb_place_dispose(&place);
    return st; /* not trashed: it is gone; the message says so by saying nothing */
}

/* --- calls --- */

void dtake__tb_list_datasets_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_list_datasets_message, list_datasets);
}

void dtake__tb_get_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_get_dataset_message, get_dataset);
}

void dtake__tb_create_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_create_dataset_message, create_dataset);
}

void dtake__tb_update_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_update_dataset_message, update_dataset);
}

void dtake__tb_describe_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_describe_dataset_message, describe_dataset);
}

void dtake__tb_delete_dataset_call(dtake__rpc_call *call, void *ctx)
{
    dtake__tb_serve(call, ctx, &dtake__tb_delete_dataset_message, delete_dataset);
}
