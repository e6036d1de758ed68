#include "core/slab.h"

#include "core/alloc.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

enum { PAGE_BYTES = 16 << 10 };

struct dtake__slab_page {
    struct dtake__slab_page *older;
    size_t used, bytes;
    alignas(max_align_t) uint8_t data[];
};

static struct dtake__slab_page *add_page(dtake__slab *slab, size_t bytes)
{
    size_t size = bytes > PAGE_BYTES ? bytes : PAGE_BYTES;
    if (bytes > slab->limit || slab->held > slab->limit - bytes)
        return NULL;
    struct dtake__slab_page *page = dtake__calloc(1, sizeof *page + size);
    if (page == NULL)
        return NULL;
    *page = (struct dtake__slab_page){ .older = slab->page, .bytes = size };
    slab->page = page;
    slab->held += size;
    return page;
}

void *dtake__slab_alloc(dtake__slab *slab, size_t count, size_t bytes)
{
    struct dtake__slab_page *page = slab->page;
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total) || total > SIZE_MAX / 2)
        return NULL;
    total = (total + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    if (page == NULL || total > page->bytes - page->used)
        page = add_page(slab, total);
    if (page == NULL)
        return NULL;
    void *out = page->data + page->used;
    page->used += total;
    return out;
}

char *dtake__slab_text(dtake__slab *slab, const char *text, size_t len)
{
    char *out = len < SIZE_MAX ? dtake__slab_alloc(slab, len + 1, 1) : NULL;
    if (out != NULL && len > 0)
        memcpy(out, text, len);
    return out;
}

void dtake__slab_dispose(dtake__slab *slab)
{
    while (slab->page != NULL) {
        struct dtake__slab_page *older = slab->page->older;
        dtake__free(slab->page);
        slab->page = older;
    }
    slab->held = 0;
}
