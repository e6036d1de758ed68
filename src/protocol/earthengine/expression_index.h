/* The entries of `values` by their keys. */
#ifndef DTAKE_PROTOCOL_EARTHENGINE_EXPRESSION_INDEX_H
#define DTAKE_PROTOCOL_EARTHENGINE_EXPRESSION_INDEX_H

#include "core/slab.h"
#include "format/json.h"
#include "graph/graph.h"

typedef struct dtake__ee_value {
    dtake__span key, raw; /* into the document, the key unescaped */
    dtake__node node;     /* 0: not read yet */
    bool under_way;
} dtake__ee_value;

typedef struct dtake__ee_index {
    dtake__ee_value
        *value; /* in the order of their keys: keys are chosen by strangers, a hash would be theirs */
    size_t count, room;
} dtake__ee_index;

/* The object `in` stands before. */
dtake_status dtake__ee_index_read(dtake__ee_index *index, dtake__slab *slab, dtake__json_in *in,
                                  dtake_error *err);
void dtake__ee_index_dispose(dtake__ee_index *index);
dtake__ee_value *dtake__ee_index_find(const dtake__ee_index *index, dtake__span key); /* NULL: none */

/* A text without its escapes, in the slab; text NULL: no memory. */
dtake__span dtake__ee_text(dtake__slab *slab, dtake__json_quoted quoted);

#endif
