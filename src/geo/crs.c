#include "geo/crs.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <math.h>
#include <proj.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Texts come out of files: longer ones are no CRS. */
enum { MAX_TEXT_BYTES = 64 << 10, CACHE_SLOTS = 32 };

/* On the equator of WGS 84: 2 pi 6,378,137 / 360. */
static const double METRES_PER_DEGREE = 111319.49079327358;

/* A CRS (`to` NULL) or a transformation. Making one takes PROJ 1 to 10 ms, so each thread keeps its last
 * ones. */
typedef struct kept_pj {
    char *from, *to;
    PJ *pj;
    bool has_facts;
    dtake__crs_facts facts;
    uint64_t used;
} kept_pj;

typedef struct thread_proj {
    PJ_CONTEXT *context;
    kept_pj slot[CACHE_SLOTS];
    uint64_t clock;
} thread_proj;

static pthread_key_t thread_key;
static pthread_once_t thread_once = PTHREAD_ONCE_INIT;
static bool thread_key_made;

static void empty_slot(kept_pj *slot)
{
    proj_destroy(slot->pj);
    dtake__free(slot->from);
    dtake__free(slot->to);
    memset(slot, 0, sizeof *slot);
}

static void end_thread(void *arg)
{
    thread_proj *thread = arg;
    for (int i = 0; i < CACHE_SLOTS; i++)
        empty_slot(&thread->slot[i]);
    proj_context_destroy(thread->context);
    dtake__free(thread);
}

static void make_key(void)
{
    thread_key_made = pthread_key_create(&thread_key, end_thread) == 0;
}

static void ignore_log(void *ctx, int level, const char *text)
{
    (void)ctx, (void)level, (void)text;
}

static thread_proj *this_thread(void)
{
    pthread_once(&thread_once, make_key);
    if (!thread_key_made)
        return NULL;
    thread_proj *thread = pthread_getspecific(thread_key);
    if (thread != NULL)
        return thread;
    thread = dtake__calloc(1, sizeof *thread);
    if (thread == NULL)
        return NULL;
    thread->context = proj_context_create();
    if (thread->context == NULL || pthread_setspecific(thread_key, thread) != 0) {
        end_thread(thread);
        return NULL;
    }
    proj_context_set_enable_network(thread->context, 0);
    proj_log_level(thread->context, PJ_LOG_NONE);
    proj_log_func(thread->context, NULL, ignore_log); /* some of its errors know no level */
    return thread;
}

static bool slot_is(const kept_pj *slot, const char *from, const char *to)
{
    if (slot->pj == NULL || strcmp(slot->from, from) != 0)
        return false;
    return to == NULL ? slot->to == NULL : slot->to != NULL && strcmp(slot->to, to) == 0;
}

/* The slot that holds the pair, or the one to be reused for it (then its pj is NULL). */
static kept_pj *slot_for(thread_proj *thread, const char *from, const char *to)
{
    kept_pj *oldest = &thread->slot[0];
    for (int i = 0; i < CACHE_SLOTS; i++) {
        kept_pj *slot = &thread->slot[i];
        if (slot_is(slot, from, to)) {
            slot->used = ++thread->clock;
            return slot;
        }
        if (slot->used < oldest->used)
            oldest = slot;
    }
    empty_slot(oldest);
    return oldest;
}

/* Takes `pj` in any case. */
static dtake_status fill_slot(thread_proj *thread, kept_pj *slot, PJ *pj, const char *from, const char *to,
                              dtake_error *err)
{
    slot->from = dtake__strdup(from);
    slot->to = to != NULL ? dtake__strdup(to) : NULL;
    slot->pj = pj;
    slot->used = ++thread->clock;
    if (slot->from != NULL && (to == NULL || slot->to != NULL))
        return DTAKE_OK;
    empty_slot(slot);
    return dtake__fail_nomem(err, "keep a CRS");
}

static dtake_status fail_crs(PJ_CONTEXT *context, const char *text, dtake_error *err)
{
    int number = proj_context_errno(context);
    return dtake__fail(err, DTAKE_E_UNSUPPORTED, "CRS \"%.80s%s\": %s", text, strlen(text) > 80 ? "..." : "",
                       number != 0 && number != PROJ_ERR_OTHER
                           ? proj_context_errno_string(context, number)
                           : "PROJ does not know it; give EPSG:n, WKT or a PROJ string");
}

/* A PROJ string without "+type=crs" is an operation to PROJ and a CRS to everybody else. */
static PJ *create_crs(PJ_CONTEXT *context, const char *text)
{
    if (strstr(text, "proj=") == NULL || strstr(text, "type=crs") != NULL || strchr(text, '[') != NULL)
        return proj_create(context, text);
    dtake_buf full = DTAKE_BUF_INIT(MAX_TEXT_BYTES + 16);
    PJ *pj = NULL;
    if (dtake__buf_printf(&full, "%s +type=crs", text) == DTAKE_OK)
        pj = proj_create(context, dtake__buf_str(&full));
    dtake__buf_dispose(&full);
    return pj;
}

static dtake_status find_crs(thread_proj *thread, const char *text, kept_pj **out, dtake_error *err)
{
    if (text[0] == '\0')
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "no CRS given");
    if (strlen(text) > MAX_TEXT_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "CRS text of %zu bytes: at most %d are read", strlen(text),
                           MAX_TEXT_BYTES);
    kept_pj *slot = slot_for(thread, text, NULL);
    *out = slot;
    if (slot->pj != NULL)
        return DTAKE_OK;
    PJ *pj = create_crs(thread->context, text);
    if (pj != NULL && !proj_is_crs(pj)) {
        proj_destroy(pj);
        pj = NULL;
    }
    if (pj == NULL)
        return fail_crs(thread->context, text, err);
    return fill_slot(thread, slot, pj, text, NULL, err);
}

/* What the coordinates are in: without vertical part and without the shift to WGS 84 that WKT1 may carry. */
static PJ *horizontal(PJ_CONTEXT *context, const PJ *crs)
{
    PJ *pj = proj_clone(context, crs);
    for (int depth = 0; pj != NULL && depth < 4; depth++) {
        PJ_TYPE type = proj_get_type(pj);
        PJ *inner = NULL;
        if (type == PJ_TYPE_BOUND_CRS)
            inner = proj_get_source_crs(context, pj);
        else if (type == PJ_TYPE_COMPOUND_CRS)
            inner = proj_crs_get_sub_crs(context, pj, 0);
        else
            break;
        proj_destroy(pj);
        pj = inner;
    }
    return pj;
}

static int32_t epsg_code(const PJ *pj)
{
    const char *authority = proj_get_id_auth_name(pj, 0), *code = proj_get_id_code(pj, 0);
    int64_t number = 0;
    if (authority == NULL || code == NULL || strcmp(authority, "EPSG") != 0 ||
        !dtake__parse_i64(code, &number))
        return 0;
    return number > 0 && number <= INT32_MAX ? (int32_t)number : 0;
}

static int32_t identify_epsg(PJ_CONTEXT *context, const PJ *crs)
{
    int32_t epsg = epsg_code(crs);
    if (epsg != 0)
        return epsg;
    int *confidence = NULL;
    PJ_OBJ_LIST *list = proj_identify(context, crs, "EPSG", NULL, &confidence);
    if (list != NULL && confidence != NULL && proj_list_get_count(list) > 0 && confidence[0] == 100) {
        PJ *best = proj_list_get(context, list, 0);
        epsg = best != NULL ? epsg_code(best) : 0;
        proj_destroy(best);
    }
    proj_int_list_destroy(confidence);
    proj_list_destroy(list);
    return epsg;
}

static void fill_facts(PJ_CONTEXT *context, const PJ *crs, dtake__crs_facts *facts)
{
    const char *name = proj_get_name(crs);
    snprintf(facts->name, sizeof facts->name, "%s", name != NULL ? name : "");
    facts->metres_per_unit = 1;
    PJ *flat = horizontal(context, crs);
    if (flat == NULL)
        return;
    PJ_TYPE type = proj_get_type(flat);
    facts->geographic = type == PJ_TYPE_GEOGRAPHIC_2D_CRS || type == PJ_TYPE_GEOGRAPHIC_3D_CRS;
    facts->epsg = identify_epsg(context, flat);
    double factor = 1;
    PJ *axes = proj_crs_get_coordinate_system(context, flat);
    if (axes != NULL &&
        proj_cs_get_axis_info(context, axes, 0, NULL, NULL, NULL, &factor, NULL, NULL, NULL) && factor > 0)
        facts->metres_per_unit = factor;
    if (facts->geographic)
        facts->metres_per_unit = METRES_PER_DEGREE;
    proj_destroy(axes);
    proj_destroy(flat);
}

dtake_status dtake__crs_facts_of(const char *text, dtake__crs_facts *out, dtake_error *err)
{
    thread_proj *thread = this_thread();
    if (thread == NULL)
        return dtake__fail_nomem(err, "start PROJ");
    kept_pj *slot;
    dtake_status st = find_crs(thread, text, &slot, err);
    if (st != DTAKE_OK)
        return st;
    if (!slot->has_facts) {
        fill_facts(thread->context, slot->pj, &slot->facts);
        slot->has_facts = true;
    }
    *out = slot->facts;
    return DTAKE_OK;
}

dtake_status dtake__crs_to_wkt(const char *text, bool wkt1_gdal, dtake_buf *out, dtake_error *err)
{
    static const char *const options[] = { "MULTILINE=NO", NULL };
    thread_proj *thread = this_thread();
    if (thread == NULL)
        return dtake__fail_nomem(err, "start PROJ");
    kept_pj *slot;
    dtake_status st = find_crs(thread, text, &slot, err);
    if (st != DTAKE_OK)
        return st;
    const char *wkt =
        proj_as_wkt(thread->context, slot->pj, wkt1_gdal ? PJ_WKT1_GDAL : PJ_WKT2_2019, options);
    if (wkt == NULL)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "CRS \"%.80s\" cannot be written as %s", text,
                           wkt1_gdal ? "WKT 1" : "WKT 2");
    st = dtake__buf_puts(out, wkt);
    return st == DTAKE_OK ? st : dtake__fail(err, st, "write a CRS as WKT: %s", dtake_status_text(st));
}

bool dtake__crs_same(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return true;
    thread_proj *thread = this_thread();
    kept_pj *one, *two;
    if (thread == NULL || find_crs(thread, a, &one, NULL) != DTAKE_OK)
        return false;
    if (find_crs(thread, b, &two, NULL) != DTAKE_OK)
        return false;
    return proj_is_equivalent_to_with_ctx(thread->context, one->pj, two->pj,
                                          PJ_COMP_EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS);
}

static dtake_status make_transformer(thread_proj *thread, const char *from, const char *to, PJ **out,
                                     dtake_error *err)
{
    kept_pj *one, *two;
    dtake_status st = find_crs(thread, from, &one, err);
    if (st == DTAKE_OK)
        st = find_crs(thread, to, &two, err);
    if (st != DTAKE_OK)
        return st;
    PJ *raw = proj_create_crs_to_crs_from_pj(thread->context, one->pj, two->pj, NULL, NULL);
    PJ *pj = raw != NULL ? proj_normalize_for_visualization(thread->context, raw) : NULL;
    proj_destroy(raw);
    if (pj == NULL)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "transform from \"%.80s\" to \"%.80s\": PROJ knows no way", from, to);
    *out = pj;
    return DTAKE_OK;
}

dtake_status dtake__crs_transform(const char *from, const char *to, double *xy, size_t points,
                                  dtake_error *err)
{
    thread_proj *thread = this_thread();
    if (thread == NULL)
        return dtake__fail_nomem(err, "start PROJ");
    if (points == 0 || strcmp(from, to) == 0)
        return DTAKE_OK;
    kept_pj *slot = slot_for(thread, from, to);
    if (slot->pj == NULL) {
        PJ *pj = NULL;
        dtake_status st = make_transformer(thread, from, to, &pj, err);
        if (st != DTAKE_OK)
            return st;
        st = fill_slot(thread, slot = slot_for(thread, from, to), pj, from, to, err);
        if (st != DTAKE_OK)
            return st;
    }
    proj_errno_reset(slot->pj);
    const size_t stride = 2 * sizeof *xy;
    proj_trans_generic(slot->pj, PJ_FWD, xy, stride, points, xy + 1, stride, points, NULL, 0, 0, NULL, 0, 0);
    for (size_t i = 0; i < points; i++)
        if (!isfinite(xy[2 * i]) || !isfinite(xy[2 * i + 1]))
            xy[2 * i] = xy[2 * i + 1] = HUGE_VAL;
    return DTAKE_OK;
}
