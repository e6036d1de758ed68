#include "protocol/earthengine/expression_index.h"

#include "core/alloc.h"
#include "core/error.h"
#include "protocol/earthengine/expression.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const dtake__span *x = &((const dtake__ee_value *)a)->key, *y = &((const dtake__ee_value *)b)->key;
    size_t len = x->len < y->len ? x->len : y->len;
    int order = len > 0 ? memcmp(x->text, y->text, len) : 0;
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

dtake__span dtake__ee_text(dtake__slab *slab, dtake__json_quoted quoted)
{
    if (!quoted.escaped)
        return quoted.raw;
    char *text = dtake__slab_alloc(slab, quoted.raw.len + 1, 1);
    return (dtake__span){ text, text != NULL ? dtake__json_unescape(quoted, text) : 0 };
}

static dtake_status add(dtake__ee_index *index, dtake__span key, dtake__span raw, dtake_error *err)
{
    if (index->count == DTAKE__EE_MAX_VALUES)
        return dtake__fail(err, DTAKE_E_LIMIT, "expression: more than %d values", DTAKE__EE_MAX_VALUES);
    dtake__ee_value *value =
        dtake__room_for_one(index->value, index->count, &index->room, sizeof *index->value);
    if (value == NULL)
        return dtake__fail_nomem(err, "an expression");
    index->value = value;
    value[index->count++] = (dtake__ee_value){ .key = key, .raw = raw };
    return DTAKE_OK;
}

dtake_status dtake__ee_index_read(dtake__ee_index *index, dtake__slab *slab, dtake__json_in *in,
                                  dtake_error *err)
{
    dtake__json_quoted key;
    dtake__span raw;
    dtake_status st = DTAKE_OK;
    dtake__json_enter_object(in);
    while (st == DTAKE_OK && dtake__json_next_key(in, &key)) {
        dtake__span text = dtake__ee_text(slab, key);
        if (text.text == NULL)
            return dtake__fail_nomem(err, "an expression");
        if (dtake__json_read_raw(in, &raw))
            st = add(index, text, raw, err);
    }
    if (index->count > 0)
        qsort(index->value, index->count, sizeof *index->value, compare);
    return st;
}

void dtake__ee_index_dispose(dtake__ee_index *index)
{
    dtake__free(index->value);
}

dtake__ee_value *dtake__ee_index_find(const dtake__ee_index *index, dtake__span key)
{
    const dtake__ee_value wanted = { .key = key };
    return index->count > 0 ? bsearch(&wanted, index->value, index->count, sizeof wanted, compare) : NULL;
}
