#include "catalog/lists.h"

#include "core/alloc.h"

struct dtake_dataset_list {
    dtake_dataset_info *at;
    size_t count, room;
};

struct dtake_collection_list {
    dtake_collection_info *at;
    size_t count, room;
};

dtake_dataset_list *dtake__dataset_list_new(void)
{
    return dtake__calloc(1, sizeof(dtake_dataset_list));
}

static void dispose_dataset(dtake_dataset_info *info)
{
    dtake__free((char *)info->slug);
    dtake__free((char *)info->name);
    dtake__free((char *)info->description);
    dtake_schema_release((dtake_schema *)info->schema);
    for (size_t i = 0; i < info->alias_count; i++)
        dtake__free((char *)info->aliases[i]);
    dtake__free((void *)info->aliases);
}

/* The slugs too. */
static bool copy_aliases(const dtake_dataset_info *from, dtake_dataset_info *to)
{
    to->aliases = NULL;
    to->alias_count = 0;
    if (from->alias_count == 0)
        return true;
    char **aliases = dtake__calloc(from->alias_count, sizeof *aliases);
    to->aliases = (const char *const *)aliases;
    for (size_t i = 0; aliases != NULL && i < from->alias_count; i++) {
        aliases[i] = dtake__strdup(from->aliases[i]);
        to->alias_count = i + 1;
        if (aliases[i] == NULL)
            return false;
    }
    return aliases != NULL;
}

dtake_status dtake__dataset_list_add(dtake_dataset_list *list, const dtake_dataset_info *info)
{
    void *grown = dtake__room_for_one(list->at, list->count, &list->room, sizeof *list->at);
    if (grown == NULL)
        return DTAKE_E_NOMEM;
    list->at = grown;
    dtake_dataset_info copy = *info;
    copy.slug = dtake__strdup(info->slug);
    copy.name = dtake__strdup(info->name);
    copy.description = dtake__strdup(info->description);
    copy.schema = dtake_schema_retain(info->schema);
    if (!copy_aliases(info, &copy) || copy.slug == NULL || copy.name == NULL || copy.description == NULL) {
        dispose_dataset(&copy);
        return DTAKE_E_NOMEM;
    }
    list->at[list->count++] = copy;
    return DTAKE_OK;
}

size_t dtake_dataset_list_count(const dtake_dataset_list *list)
{
    return list->count;
}

const dtake_dataset_info *dtake_dataset_list_at(const dtake_dataset_list *list, size_t index)
{
    return index < list->count ? &list->at[index] : NULL;
}

void dtake_dataset_list_free(dtake_dataset_list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->count; i++)
        dispose_dataset(&list->at[i]);
    dtake__free(list->at);
    dtake__free(list);
}

dtake_collection_list *dtake__collection_list_new(void)
{
    return dtake__calloc(1, sizeof(dtake_collection_list));
}

static void dispose_collection(dtake_collection_info *info)
{
    dtake__free((char *)info->dataset);
    dtake__free((char *)info->name);
    dtake__free((char *)info->description);
}

dtake_status dtake__collection_list_add(dtake_collection_list *list, const dtake_collection_info *info)
{
    void *grown = dtake__room_for_one(list->at, list->count, &list->room, sizeof *list->at);
    if (grown == NULL)
        return DTAKE_E_NOMEM;
    list->at = grown;
    dtake_collection_info copy = *info;
    copy.dataset = dtake__strdup(info->dataset);
    copy.name = dtake__strdup(info->name);
    copy.description = dtake__strdup(info->description);
    if (copy.dataset == NULL || copy.name == NULL || copy.description == NULL) {
        dispose_collection(&copy);
        return DTAKE_E_NOMEM;
    }
    list->at[list->count++] = copy;
    return DTAKE_OK;
}

size_t dtake_collection_list_count(const dtake_collection_list *list)
{
    return list->count;
}

const dtake_collection_info *dtake_collection_list_at(const dtake_collection_list *list, size_t index)
{
    return index < list->count ? &list->at[index] : NULL;
}

void dtake_collection_list_free(dtake_collection_list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->count; i++)
        dispose_collection(&list->at[i]);
    dtake__free(list->at);
    dtake__free(list);
}
