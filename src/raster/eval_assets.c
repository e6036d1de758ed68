#include "raster/eval_assets.h"

#include "core/error.h"
#include "raster/eval_closure.h"
#include "raster/eval_element.h"
#include "raster/eval_filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What waits for what: beyond that it is done at once, so that it never takes too much of a thread's stack.
 */
enum { MAX_WAITING = 50 };

struct dtake__pending {
    bool done;
    int depth;
    const void *token; /* of an image that the loader knows */
    dtake__call *call; /* or the call it comes of */
    dtake__node node;  /* which that is, for messages */
    dtake__image_value made;
};

static void *make(dtake__eval *eval, size_t count, size_t bytes, dtake_error *err)
{
    void *out = dtake__slab_alloc(dtake__eval_slab(eval), count, bytes);
    if (out == NULL)
        dtake__fail(err, DTAKE_E_LIMIT, "more values than fit into memory");
    return out;
}

/* --- images --- */

dtake_status dtake__image_later(dtake__eval *eval, dtake__image_value *image, const void *token,
                                dtake_error *err)
{
    image->pending = make(eval, 1, sizeof *image->pending, err);
    if (image->pending == NULL)
        return DTAKE_E_LIMIT;
    *image->pending = (dtake__pending){ .token = token };
    return DTAKE_OK;
}

static dtake_status run_call(dtake__eval *eval, dtake__pending *p, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (int i = 0; i < DTAKE__MAX_PARAMS && st == DTAKE_OK; i++)
        if (!p->call->arg[i].null && p->call->arg[i].kind == DTAKE__IMAGE &&
            p->call->function->param[i].kind == DTAKE__IMAGE)
            st = dtake__image_need(eval, p->call->arg[i].image, err);
    if (st == DTAKE_OK)
        st = p->call->function->run(p->call, err);
    if (st == DTAKE_OK)
        st = dtake__expressions_status(dtake__eval_expressions(eval), err);
    if (st != DTAKE_OK)
        dtake__eval_tell(eval, p->node, err);
    else
        p->made = *p->call->out.image;
    return st;
}

static dtake_status make_bands(dtake__eval *eval, dtake__pending *p, dtake_error *err)
{
    void *ctx;
    const dtake__assets *assets = dtake__eval_assets(eval, &ctx);
    dtake_status st = DTAKE_OK;
    if (p->call != NULL)
        st = run_call(eval, p, err);
    else if (assets != NULL && assets->bands != NULL) {
        int64_t paused = dtake__eval_pause();
        st = assets->bands(ctx, eval, p->token, &p->made, err);
        dtake__eval_go_on(eval, paused);
    } else
        st = dtake__fail(err, DTAKE_E_UNSUPPORTED, "nobody makes the bands of images here");
    if (st == DTAKE_OK)
        st = dtake__expressions_status(dtake__eval_expressions(eval), err);
    p->done = st == DTAKE_OK;
    return st;
}

dtake_status dtake__image_need(dtake__eval *eval, const dtake__image_value *image, dtake_error *err)
{
    dtake__pending *p = image->pending;
    if (p == NULL)
        return DTAKE_OK;
    dtake_status st = p->done ? DTAKE_OK : make_bands(eval, p, err);
    if (st != DTAKE_OK)
        return st;
    dtake__image_value *filled = (dtake__image_value *)(uintptr_t)image; /* const to everybody else */
    filled->band = p->made.band;
    filled->count = p->made.count;
    filled->again = p->made.again;
    filled->again_count = p->made.again_count;
    filled->id = filled->id[0] != '\0' || p->made.id == NULL ? filled->id : p->made.id;
    filled->pending = NULL;
    return DTAKE_OK;
}

static bool is_image(const dtake__value *value)
{
    return !value->null && value->kind == DTAKE__IMAGE;
}

bool dtake__image_may_wait(const dtake__call *call)
{
    const dtake__function *f = call->function;
    return f->returns == DTAKE__IMAGE && f->param[0].kind == DTAKE__IMAGE && is_image(&call->arg[0]) &&
           call->arg[0].image->pending != NULL;
}

dtake_status dtake__image_postpone(dtake__call *call, dtake__node node, dtake_error *err)
{
    dtake__image_value *image = make(call->eval, 1, sizeof *image, err);
    dtake__pending *p = make(call->eval, 1, sizeof *p, err);
    if (image == NULL || p == NULL)
        return DTAKE_E_LIMIT;
    *p = (dtake__pending){ .call = call, .node = node };
    for (int i = 0; i < DTAKE__MAX_PARAMS; i++)
        if (is_image(&call->arg[i]) && call->arg[i].image->pending != NULL &&
            call->arg[i].image->pending->depth >= p->depth)
            p->depth = call->arg[i].image->pending->depth + 1;
    *image = (dtake__image_value){ .id = "", .pending = p };
    call->out = dtake__value_of_image(image);
    dtake_status st = dtake__image_inherit(call, err);
    const dtake__value out = call->out;
    if (st == DTAKE_OK && p->depth > MAX_WAITING)
        st = dtake__image_need(call->eval, image, err);
    call->out = out;
    return st;
}

/* --- collections --- */

struct dtake__lazy {
    const char *id;
    const dtake__filter_value **filter;
    const dtake__closure **map;
    bool *drop; /* of each map: what it makes null is left out */
    size_t filters, maps;
    size_t limit; /* of images that are found, before they are mapped */
    bool done;
    dtake__value *item;
    size_t items;
};

dtake_status dtake__collection_load(dtake__eval *eval, const char *id, dtake__value *out, dtake_error *err)
{
    void *ctx;
    const dtake__assets *assets = dtake__eval_assets(eval, &ctx);
    dtake__collection_value *c = make(eval, 1, sizeof *c, err);
    dtake__lazy *lazy = make(eval, 1, sizeof *lazy, err);
    if (c == NULL || lazy == NULL)
        return DTAKE_E_LIMIT;
    if (assets == NULL || assets->collection == NULL)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no collection '%.200s'", id);
    c->id = id;
    dtake_status st = assets->describe != NULL ? assets->describe(ctx, eval, id, c, err) : DTAKE_OK;
    *lazy = (dtake__lazy){ .id = id, .limit = SIZE_MAX };
    c->lazy = lazy;
    *out = (dtake__value){ .kind = DTAKE__IMAGE_COLLECTION, .collection = c };
    return st;
}

dtake_status dtake__table_load(dtake__eval *eval, const char *id, dtake__value *out, dtake_error *err)
{
    void *ctx;
    const dtake__assets *assets = dtake__eval_assets(eval, &ctx);
    if (assets == NULL || assets->table == NULL)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no table '%.200s'", id);
    int64_t paused = dtake__eval_pause();
    dtake_status st = assets->table(ctx, eval, id, out, err);
    dtake__eval_go_on(eval, paused);
    return st;
}

/* Images on their way into the collection. */
typedef struct intake {
    dtake__eval *eval;
    dtake__lazy *lazy;
    size_t room, seen;
} intake;

static dtake_status take_image(void *ctx, const dtake__image_value *image, bool *enough, dtake_error *err)
{
    intake *in = ctx;
    dtake__lazy *lazy = in->lazy;
    const dtake__value value = dtake__value_of_image(image);
    bool passes = true;
    dtake_status st = DTAKE_OK;
    if (++in->seen > DTAKE__MAX_LOADED)
        return dtake__fail(err, DTAKE_E_LIMIT, "Collection query aborted after looking at over %d elements.",
                           DTAKE__MAX_LOADED);
    for (size_t i = 0; i < lazy->filters && passes && st == DTAKE_OK; i++)
        st = dtake__filter_passes(in->eval, lazy->filter[i], &value, NULL, &passes, err);
    if (st != DTAKE_OK || !passes)
        return st;
    if (lazy->items == in->room) {
        size_t room = in->room == 0 ? 16 : in->room * 2;
        dtake__value *grown = make(in->eval, room, sizeof *grown, err);
        if (grown == NULL)
            return DTAKE_E_LIMIT;
        if (lazy->items > 0)
            memcpy(grown, lazy->item, lazy->items * sizeof *grown);
        lazy->item = grown;
        in->room = room;
    }
    lazy->item[lazy->items++] = value;
    *enough = lazy->items >= lazy->limit;
    return DTAKE_OK;
}

static dtake_status find_images(dtake__eval *eval, dtake__lazy *lazy, dtake_error *err)
{
    void *ctx;
    const dtake__assets *assets = dtake__eval_assets(eval, &ctx);
    dtake__asset_query query = { .id = lazy->id, .start_ms = -HUGE_VAL, .end_ms = HUGE_VAL };
    intake in = { .eval = eval, .lazy = lazy };
    lazy->items = 0;
    if (lazy->limit == 0)
        return DTAKE_OK;
    dtake_status st = dtake__filter_hint(lazy->filter, lazy->filters, &query, err);
    int64_t paused = dtake__eval_pause();
    if (st == DTAKE_OK)
        st = assets->collection(ctx, eval, &query, take_image, &in, err);
    dtake__eval_go_on(eval, paused);
    dtake__filter_free((dtake__filter *)(uintptr_t)query.filter);
    return st;
}

static dtake_status map_one(dtake__eval *eval, const dtake__lazy *lazy, dtake__value *item, bool *dropped,
                            dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *dropped = false;
    for (size_t m = 0; m < lazy->maps && !*dropped && st == DTAKE_OK; m++) {
        st = dtake__element_map(eval, lazy->map[m], item, item, err);
        *dropped = st == DTAKE_OK && item->null && lazy->drop[m];
    }
    return st;
}

dtake_status dtake__collection_need(dtake__eval *eval, dtake__value *collection, dtake_error *err)
{
    dtake__lazy *lazy = collection->collection != NULL ? collection->collection->lazy : NULL;
    if (lazy == NULL)
        return DTAKE_OK;
    if (!lazy->done) {
        size_t kept = 0;
        bool dropped;
        dtake_status st = find_images(eval, lazy, err);
        for (size_t i = 0; i < lazy->items && st == DTAKE_OK; i++) {
            dtake__value item = lazy->item[i];
            st = map_one(eval, lazy, &item, &dropped, err);
            lazy->item[kept] = item;
            kept += !dropped;
        }
        if (st != DTAKE_OK)
            return st;
        lazy->items = kept;
        lazy->done = true;
    }
    dtake__collection_value *c = make(eval, 1, sizeof *c, err);
    if (c == NULL)
        return DTAKE_E_LIMIT;
    *c = *collection->collection;
    c->lazy = NULL;
    collection->collection = c;
    collection->list.item = lazy->item;
    collection->list.key = NULL;
    collection->list.count = lazy->items;
    return DTAKE_OK;
}

/* A copy with room for one more filter and map. */
static dtake__lazy *more_of(dtake__eval *eval, const dtake__value *from, dtake__value *out, dtake_error *err)
{
    const dtake__lazy *lazy = from->collection->lazy;
    dtake__collection_value *c = make(eval, 1, sizeof *c, err);
    dtake__lazy *more = make(eval, 1, sizeof *more, err);
    if (c == NULL || more == NULL)
        return NULL;
    *more = *lazy;
    more->done = false;
    more->item = NULL;
    more->filter = make(eval, lazy->filters + 1, sizeof *more->filter, err);
    more->map = make(eval, lazy->maps + 1, sizeof *more->map, err);
    more->drop = make(eval, lazy->maps + 1, sizeof *more->drop, err);
    if (more->filter == NULL || more->map == NULL || more->drop == NULL)
        return NULL;
    for (size_t i = 0; i < lazy->filters; i++)
        more->filter[i] = lazy->filter[i];
    for (size_t i = 0; i < lazy->maps; i++) {
        more->map[i] = lazy->map[i];
        more->drop[i] = lazy->drop[i];
    }
    *c = *from->collection;
    c->lazy = more;
    *out = *from;
    out->collection = c;
    return more;
}

static const dtake__lazy *lazy_of(const dtake__value *collection)
{
    const dtake__lazy *lazy = collection->collection != NULL ? collection->collection->lazy : NULL;
    return lazy != NULL && !lazy->done ? lazy : NULL;
}

dtake_status dtake__collection_filter(dtake__eval *eval, const dtake__value *from,
                                      const dtake__filter_value *filter, dtake__value *out, dtake_error *err)
{
    const dtake__lazy *lazy = lazy_of(from);
    if (lazy != NULL && lazy->maps == 0 && lazy->limit == SIZE_MAX && lazy->filters < 200) {
        dtake__lazy *more = more_of(eval, from, out, err);
        if (more == NULL)
            return DTAKE_E_LIMIT;
        more->filter[more->filters++] = filter;
        return DTAKE_OK;
    }
    dtake__value all = *from;
    dtake_status st = dtake__collection_need(eval, &all, err);
    dtake__value *item = st == DTAKE_OK ? make(eval, all.list.count + 1, sizeof *item, err) : NULL;
    const char **key =
        all.list.key != NULL && item != NULL ? make(eval, all.list.count + 1, sizeof *key, err) : NULL;
    if (item == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_LIMIT;
    size_t count = 0;
    for (size_t i = 0; i < all.list.count && st == DTAKE_OK; i++) {
        bool passes;
        st = dtake__filter_passes(eval, filter, &all.list.item[i], NULL, &passes, err);
        if (st == DTAKE_OK && passes)
            item[count++] = all.list.item[i];
    }
    *out = all;
    out->list.item = item;
    out->list.key = key;
    out->list.count = count;
    return st;
}

dtake_status dtake__collection_map(dtake__eval *eval, const dtake__value *from,
                                   const dtake__closure *function, bool drop_nulls, dtake__value *out,
                                   dtake_error *err)
{
    if (lazy_of(from) != NULL && lazy_of(from)->maps < 50) {
        dtake__lazy *more = more_of(eval, from, out, err);
        if (more == NULL)
            return DTAKE_E_LIMIT;
        more->drop[more->maps] = drop_nulls;
        more->map[more->maps++] = function;
        return DTAKE_OK;
    }
    dtake__value all = *from;
    dtake_status st = dtake__collection_need(eval, &all, err);
    dtake__value *item = st == DTAKE_OK ? make(eval, all.list.count + 1, sizeof *item, err) : NULL;
    if (item == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_LIMIT;
    size_t count = 0;
    for (size_t i = 0; i < all.list.count && st == DTAKE_OK; i++) {
        st = dtake__element_map(eval, function, &all.list.item[i], &item[count], err);
        count += !(item[count].null && drop_nulls);
    }
    *out = all;
    out->list.item = item;
    out->list.key = NULL;
    out->list.count = count;
    return st;
}

dtake_status dtake__collection_first(dtake__eval *eval, const dtake__value *from, size_t count,
                                     dtake__value *out, dtake_error *err)
{
    const dtake__lazy *lazy = lazy_of(from);
    bool drops = false;
    for (size_t i = 0; lazy != NULL && i < lazy->maps; i++)
        drops = drops || lazy->drop[i];
    if (lazy != NULL && !drops) {
        dtake__lazy *more = more_of(eval, from, out, err);
        if (more == NULL)
            return DTAKE_E_LIMIT;
        more->limit = more->limit < count ? more->limit : count;
        return DTAKE_OK;
    }
    *out = *from;
    dtake_status st = dtake__collection_need(eval, out, err);
    if (st == DTAKE_OK && out->list.count > count)
        out->list.count = count;
    return st;
}
