#include "sources/tilebox/told.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <string.h>

void dtake__told_release(dtake__told *told)
{
    if (told == NULL || atomic_fetch_sub(&told->refs, 1) > 1)
        return;
    dtake__finder_free(told->finder);
    dtake__remote_dataset_dispose(&told->dataset);
    dtake__free(told);
}

/* Drops what is too old or too much, and what bears the name. */
static void drop(dtake__told_list *list, const char *slug)
{
    int64_t since = dtake__now_ms() - DTAKE__TOLD_MS;
    int kept = 0;
    for (dtake__told **at = &list->first; *at != NULL;) {
        dtake__told *told = *at;
        if (told->told_ms >= since && kept < DTAKE__TOLD_MOST - 1 && strcmp(told->asked, slug) != 0) {
            kept++;
            at = &told->next;
        } else {
            *at = told->next;
            dtake__told_release(told);
        }
    }
}

dtake__told *dtake__told_find(dtake__told_list *list, const char *slug)
{
    int64_t since = dtake__now_ms() - DTAKE__TOLD_MS;
    for (dtake__told *told = list->first; told != NULL; told = told->next)
        if (told->told_ms >= since && strcmp(told->asked, slug) == 0) {
            atomic_fetch_add(&told->refs, 1);
            return told;
        }
    return NULL;
}

dtake__told *dtake__told_put(dtake__told_list *list, const char *slug, dtake__remote_dataset *dataset,
                             int64_t round_trip_us)
{
    size_t len = strlen(slug) + 1;
    dtake__told *told = dtake__calloc(1, sizeof *told + len);
    if (told == NULL)
        return NULL;
    drop(list, slug);
    told->asked = memcpy(told + 1, slug, len);
    told->dataset = *dataset;
    *dataset = (dtake__remote_dataset){ 0 };
    told->round_trip_us = round_trip_us;
    told->told_ms = dtake__now_ms();
    told->refs = 2;
    told->next = list->first;
    list->first = told;
    return told;
}

void dtake__told_forget(dtake__told_list *list)
{
    while (list->first != NULL) {
        dtake__told *told = list->first;
        list->first = told->next;
        dtake__told_release(told);
    }
}
