/* DatasetService: datasets are made and changed. */
#include "server/tilebox.h"

#include "core/alloc.h"
#include "core/error.h"

enum { MAX_NAME = 100, MAX_SUMMARY = 50000, MAX_DESCRIPTION = 1000000 };

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
        st = dtake__tb_answer_dataset(asked, &place, false, err);
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

dtake_status dtake__tb_do_create_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
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

dtake_status dtake__tb_do_update_dataset(dtake__tb_asked *asked, const void *request, dtake_error *err)
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
            st = dtake__tb_answer_dataset(asked, &place, true, err);
        dtake__tb_place_dispose(&place);
    }
    return st;
}
