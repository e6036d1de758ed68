/* Many small parts with one end. */
#ifndef DTAKE_CORE_SLAB_H
#define DTAKE_CORE_SLAB_H

#include <datatake/api.h>

typedef struct dtake__slab {
    struct dtake__slab_page *page; /* the newest; it owns the older ones */
    size_t held, limit;            /* bytes */
} dtake__slab;

#define DTAKE__SLAB_INIT(max_bytes) ((dtake__slab){ NULL, 0, (max_bytes) })

/* Zeroed, aligned for any type. NULL: no memory, or over the limit. */
void *dtake__slab_alloc(dtake__slab *slab, size_t count, size_t bytes);
char *dtake__slab_text(dtake__slab *slab, const char *text, size_t len); /* a copy, '\0'-terminated */
void dtake__slab_dispose(dtake__slab *slab);

#endif
