/* What datasets and collections there are, and what is in them. */
#include "catalog/lists.h"
#include "catalog/store.h"
#include "core/alloc.h"
#include "core/error.h"

static dtake_status sum_up(dtake__view *view, const dtake__collection *c, dtake_collection_info *out,
                           dtake_error *err)
{
    dtake__chunk_list *list;
    dtake__cover cover = { 0 };
    dtake_status st = dtake__chunks_get(view->catalog, view->db, c, &list, err);
    if (st != DTAKE_OK)
        return st;
    *out =
        (dtake_collection_info){ .name = c->name, .description = c->description, .datapoints = list->rows };
    memcpy(out->id, c->uuid, 16);
    for (size_t i = 0; i < list->count; i++) {
        const dtake__chunk_facts *f = &list->at[i].facts;
        out->start_ns = i == 0 || f->time_min < out->start_ns ? f->time_min : out->start_ns;
        out->end_ns = i == 0 || f->time_max > out->end_ns ? f->time_max : out->end_ns;
        if (f->has_box)
            dtake__cover_add(&cover, f->box);
    }
    out->has_box = cover.any;
    out->box = cover.box;
    dtake__chunks_release(list);
    return DTAKE_OK;
}

/* *out: the slugs themselves are the directory's. */
static dtake_status aliases_of(const dtake__directory *d, const char *slug, const char ***out, size_t *count,
                               dtake_error *err)
{
    const char **aliases = dtake__calloc(d->alias_count + 1, sizeof *aliases);
    *count = 0;
    *out = aliases;
    for (size_t i = 0; aliases != NULL && i < d->alias_count; i++)
        if (strcmp(d->aliases[i].slug, slug) == 0)
            aliases[(*count)++] = d->aliases[i].alias;
    return aliases != NULL ? DTAKE_OK : dtake__fail_nomem(err, "list datasets");
}

static dtake_status add_dataset(dtake__view *view, const dtake__dataset *d, dtake_dataset_list *list,
                                dtake_error *err)
{
    dtake_dataset_info info = {
        .slug = d->slug, .name = d->name, .description = d->description, .kind = d->kind, .schema = d->schema
    };
    dtake_status st = DTAKE_OK;
    memcpy(info.id, d->uuid, 16);
    for (size_t i = 0; i < view->directory->collection_count && st == DTAKE_OK; i++) {
        const dtake__collection *c = &view->directory->collections[i];
        dtake_collection_info one;
        if (c->dataset != d->id)
            continue;
        st = sum_up(view, c, &one, err);
        if (st != DTAKE_OK)
            return st;
        info.collections++;
        info.datapoints += one.datapoints;
    }
    const char **aliases;
    st = aliases_of(view->directory, d->slug, &aliases, &info.alias_count, err);
    info.aliases = aliases;
    if (st == DTAKE_OK && dtake__dataset_list_add(list, &info) != DTAKE_OK)
        st = dtake__fail_nomem(err, "list datasets");
    dtake__free(aliases);
    return st;
}

dtake_status dtake__catalog_datasets(dtake__catalog *catalog, dtake_dataset_list **out, dtake_error *err)
{
    dtake__view view;
    dtake_dataset_list *list = dtake__dataset_list_new();
    if (list == NULL)
        return dtake__fail_nomem(err, "list datasets");
    dtake_status st = dtake__view_open(&view, catalog, err);
    for (size_t i = 0; st == DTAKE_OK && i < view.directory->dataset_count; i++)
        st = add_dataset(&view, &view.directory->datasets[i], list, err);
    dtake__view_close(&view);
    if (st == DTAKE_OK)
        *out = list;
    else
        dtake_dataset_list_free(list);
    return st;
}

dtake_status dtake__catalog_collections(dtake__catalog *catalog, const char *dataset,
                                        dtake_collection_list **out, dtake_error *err)
{
    dtake__view view;
    const dtake__dataset *d = NULL;
    dtake_collection_list *list = dtake__collection_list_new();
    if (list == NULL)
        return dtake__fail_nomem(err, "list collections");
    dtake_status st = dtake__view_open(&view, catalog, err);
    if (st == DTAKE_OK)
        st = dtake__directory_dataset(view.directory, dataset, &d, err);
    for (size_t i = 0; st == DTAKE_OK && i < view.directory->collection_count; i++) {
        const dtake__collection *c = &view.directory->collections[i];
        dtake_collection_info info;
        if (c->dataset != d->id)
            continue;
        st = sum_up(&view, c, &info, err);
        info.dataset = d->slug;
        if (st == DTAKE_OK && dtake__collection_list_add(list, &info) != DTAKE_OK)
            st = dtake__fail_nomem(err, "list collections");
    }
    dtake__view_close(&view);
    if (st == DTAKE_OK)
        *out = list;
    else
        dtake_collection_list_free(list);
    return st;
}
