/* All datasets, with how many datapoints their collections hold: what the listing itself does not tell is
 * asked for each of them. */
#include "catalog/lists.h"
#include "core/alloc.h"
#include "core/error.h"
#include "sources/tilebox/listing.h"

#include <string.h>

typedef struct entry {
    struct listing *listing;
    dtake__remote_dataset dataset;
    bool readable;
    char why[DTAKE_ERROR_BYTES]; /* when it is not */
    dtake__call call;
} entry;

typedef struct listing {
    dtake__listing *asked;
    entry *entries;
    size_t count, under_way;
} listing;

/* "open_data.copernicus.sentinel2_msi" out of groups, for services that do not tell slugs. */
static dtake_status make_slug(const dtake__tb_datasets *answer, const dtake__tb_dataset *dataset,
                              dtake_buf *out)
{
    enum { DEEPEST = 16 };
    dtake__span path[DEEPEST] = { dataset->code_name };
    size_t depth = 1;
    dtake__tb_id at = dataset->group_id;
    const dtake__tb_group *groups = answer->groups.at;
    bool found = true;
    while (at.set && found && depth < DEEPEST) {
        found = false;
        for (size_t i = 0; i < answer->groups.count && !found; i++)
            if (groups[i].id.set && memcmp(groups[i].id.bytes, at.bytes, 16) == 0) {
                path[depth++] = groups[i].code_name;
                at = groups[i].parent_id;
                found = true;
            }
    }
    dtake_status st = DTAKE_OK;
    while (depth > 0 && st == DTAKE_OK) {
        depth--;
        st = dtake__buf_append(out, path[depth].text, path[depth].len);
        if (st == DTAKE_OK && depth > 0)
            st = dtake__buf_puts(out, ".");
    }
    return st;
}

static dtake_status read_entry(entry *e, const dtake__tb_datasets *answer, const dtake__tb_dataset *dataset,
                               dtake_error *err)
{
    dtake_error why = { 0 };
    dtake_buf slug = DTAKE_BUF_INIT(64 * 1024);
    dtake_status st = dataset->slug.len > 0 ? DTAKE_OK : make_slug(answer, dataset, &slug);
    if (st == DTAKE_OK)
        st = dtake__remote_dataset_read(&e->dataset, dataset, dtake__buf_str(&slug), &why);
    dtake__buf_dispose(&slug);
    e->readable = st == DTAKE_OK;
    memcpy(e->why, why.message, sizeof e->why);
    if (st == DTAKE_OK && dataset->collections.count > 0)
        st = dtake__remote_collections_copy(&e->dataset, &dataset->collections, err);
    return st == DTAKE_E_NOMEM ? dtake__fail_nomem(err, "a list of datasets") : DTAKE_OK;
}

/* --- the list --- */

/* One whose type cannot be read is listed all the same, with what every datapoint has, and says why. */
static dtake_status add_unreadable(const entry *e, dtake_dataset_list *list)
{
    static const dtake_field fields[] = {
        { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
        { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    };
    dtake_schema *schema;
    dtake_status st = dtake_schema_new(&schema, fields, 2, NULL);
    if (st != DTAKE_OK)
        return st;
    dtake_dataset_info info = { .slug = e->dataset.slug,
                                .name = e->dataset.name,
                                .description = e->why,
                                .kind = DTAKE_TEMPORAL,
                                .schema = schema };
    memcpy(info.id, e->dataset.id, sizeof info.id);
    st = dtake__dataset_list_add(list, &info);
    dtake_schema_release(schema);
    return st;
}

static void end(listing *l, dtake_status status)
{
    dtake__listing *asked = l->asked;
    if (status == DTAKE_OK)
        asked->list = dtake__dataset_list_new();
    if (status == DTAKE_OK && asked->list == NULL)
        status = DTAKE_E_NOMEM;
    for (size_t i = 0; i < l->count && status == DTAKE_OK; i++)
        status = l->entries[i].readable ? dtake__remote_dataset_list(&l->entries[i].dataset, asked->list)
                                        : add_unreadable(&l->entries[i], asked->list);
    if (status == DTAKE_E_NOMEM)
        dtake__fail_nomem(&asked->err, "a list of datasets");
    if (status != DTAKE_OK) {
        dtake_dataset_list_free(asked->list);
        asked->list = NULL;
    }
    for (size_t i = 0; i < l->count; i++)
        dtake__remote_dataset_dispose(&l->entries[i].dataset);
    dtake__free(l->entries);
    dtake__free(l);
    asked->status = status;
    asked->done(asked);
}

/* --- asking --- */

/* The first failure counts; the others are waited for. */
static void note(listing *l, dtake_status status, const dtake_error *err)
{
    if (status == DTAKE_OK || l->asked->status != DTAKE_OK)
        return;
    l->asked->status = status;
    dtake__error_copy(&l->asked->err, err);
}

static void came_back(listing *l)
{
    if (--l->under_way == 0)
        end(l, l->asked->status);
}

static void got_collections(dtake__call *call)
{
    entry *e = DTAKE__CONTAINER(call, entry, call);
    dtake_error err = call->err;
    dtake_status st = call->status;
    if (st == DTAKE_OK)
        st = dtake__remote_collections_read(&e->dataset, &call->body, &err);
    dtake__buf_dispose(&call->body);
    note(e->listing, st, &err);
    came_back(e->listing);
}

static void ask_collections(entry *e)
{
    dtake__tb_list_collections request = { .dataset_id = dtake__tb_id_of(e->dataset.id),
                                           .with_availability = true,
                                           .with_count = true };
    e->call.done = got_collections;
    dtake_status st = dtake__call_start(&e->call, e->listing->asked->service,
                                        "datasets.v1.CollectionService/ListCollections",
                                        &dtake__tb_list_collections_message, &request);
    if (st == DTAKE_OK)
        e->listing->under_way++;
    else
        note(e->listing, st, &e->call.err);
}

static dtake_status read_entries(listing *l, const dtake_buf *body, dtake_error *err)
{
    dtake__tb_datasets answer;
    dtake_status st = dtake__tb_read(&dtake__tb_datasets_message, body->data, body->len, &answer, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__tb_dataset *datasets = answer.datasets.at;
    l->entries = dtake__calloc(answer.datasets.count + 1, sizeof *l->entries);
    if (l->entries == NULL)
        st = dtake__fail_nomem(err, "a list of datasets");
    for (; st == DTAKE_OK && l->count < answer.datasets.count; l->count++) {
        l->entries[l->count].listing = l;
        st = read_entry(&l->entries[l->count], &answer, &datasets[l->count], err);
    }
    dtake__tb_dispose(&dtake__tb_datasets_message, &answer);
    return st;
}

static void got_datasets(dtake__call *call)
{
    dtake__listing *asked = DTAKE__CONTAINER(call, dtake__listing, call);
    listing *l = asked->listing;
    dtake_error err = call->err;
    dtake_status st = call->status;
    l->under_way = 1; /* this one */
    if (st == DTAKE_OK)
        st = read_entries(l, &call->body, &err);
    dtake__buf_dispose(&call->body);
    note(l, st, &err);
    for (size_t i = 0; i < l->count && asked->status == DTAKE_OK; i++)
        if (l->entries[i].readable && l->entries[i].dataset.count == 0)
            ask_collections(&l->entries[i]);
    came_back(l);
}

dtake_status dtake__listing_start(dtake__listing *asked, dtake__service *service)
{
    dtake__tb_list_datasets request = { .client_info = { .set = true, .name = dtake__span_of("datatake") } };
    listing *l = dtake__calloc(1, sizeof *l);
    if (l == NULL)
        return dtake__fail_nomem(&asked->err, "a list of datasets");
    l->asked = asked;
    asked->service = service;
    asked->status = DTAKE_OK;
    asked->listing = l;
    asked->list = NULL;
    asked->call.done = got_datasets;
    dtake_status st = dtake__call_start(&asked->call, service, "datasets.v1.DatasetService/ListDatasets",
                                        &dtake__tb_list_datasets_message, &request);
    if (st != DTAKE_OK) {
        asked->err = asked->call.err;
        dtake__free(l);
    }
    return st;
}
