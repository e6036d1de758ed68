#include "server/tilebox_types.h"

#include "core/alloc.h"

#include <string.h>

void dtake__tb_types_init(dtake__tb_types *types)
{
    *types = (dtake__tb_types){ 0 };
    pthread_mutex_init(&types->lock, NULL);
}

static void forget(dtake__tb_kept_type *kept)
{
    dtake_schema_release(kept->schema);
    dtake__tilebox_type_release(kept->type);
    dtake__free(kept->slug);
    *kept = (dtake__tb_kept_type){ 0 };
}

void dtake__tb_types_dispose(dtake__tb_types *types)
{
    for (size_t i = 0; i < DTAKE__TB_TYPES; i++)
        forget(&types->kept[i]);
    pthread_mutex_destroy(&types->lock);
}

/* A schema that is held is no other one at the same place. With the lock held. */
static dtake__tb_kept_type *find(dtake__tb_types *types, const dtake_dataset_info *info, bool as_of_2024)
{
    for (size_t i = 0; i < DTAKE__TB_TYPES; i++) {
        dtake__tb_kept_type *kept = &types->kept[i];
        if (kept->schema != NULL && kept->schema == info->schema && kept->kind == info->kind &&
            kept->as_of_2024 == as_of_2024 && strcmp(kept->slug, info->slug) == 0)
            return kept;
    }
    return NULL;
}

dtake__tilebox_type *dtake__tb_types_find(dtake__tb_types *types, const dtake_dataset_info *info,
                                          bool as_of_2024)
{
    pthread_mutex_lock(&types->lock);
    const dtake__tb_kept_type *kept = find(types, info, as_of_2024);
    dtake__tilebox_type *type = kept != NULL ? dtake__tilebox_type_retain(kept->type) : NULL;
    pthread_mutex_unlock(&types->lock);
    return type;
}

void dtake__tb_types_keep(dtake__tb_types *types, const dtake_dataset_info *info, bool as_of_2024,
                          dtake__tilebox_type *type)
{
    char *slug = dtake__strdup(info->slug);
    if (slug == NULL) /* it is made again */
        return;
    pthread_mutex_lock(&types->lock);
    bool new = find(types, info, as_of_2024) == NULL;
    if (new) {
        dtake__tb_kept_type *kept = &types->kept[types->next++ % DTAKE__TB_TYPES];
        forget(kept);
        *kept = (dtake__tb_kept_type){ dtake_schema_retain(info->schema), slug, info->kind, as_of_2024,
                                       dtake__tilebox_type_retain(type) };
    }
    pthread_mutex_unlock(&types->lock);
    if (!new)
        dtake__free(slug);
}
