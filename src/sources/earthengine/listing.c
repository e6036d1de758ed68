#include "sources/earthengine/listing.h"

#include "catalog/hash.h"
#include "catalog/lists.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"
#include "format/json.h"
#include "sources/earthengine/answer.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MOST_PAGES = 20,
    MOST_NAMES = 2000,
    MOST_DESCRIBED = 40,
    ABREAST = 8,
    MAX_PATH = 8192,
    MAX_QUESTION = 1 << 20
};

/* One dataset of the list. */
typedef struct dtake__ee_entry {
    dtake__ee_listing *listing;
    dtake__ee_asking asking;
    dtake__ee_told *told;
    dtake__ee_call call;
    double facts[3];
    bool counted;
} dtake__ee_entry;

/* --- entries of lists --- */

static void id_of(const char *name, uint8_t id[16])
{
    uint64_t half[2] = { dtake__hash64(name, strlen(name), 1), dtake__hash64(name, strlen(name), 2) };
    memcpy(id, half, 16);
}

static int64_t ns_of(double ms)
{
    return fabs(ms) < 9e12 ? (int64_t)(ms * 1e6) : 0;
}

dtake_status dtake__ee_collection_list(const dtake__ee_told *told, const double facts[3],
                                       dtake_collection_list **out, dtake_error *err)
{
    dtake_collection_list *list = dtake__collection_list_new();
    dtake_collection_info info = { .dataset = told->dataset,
                                   .name = told->dataset,
                                   .description = facts == NULL ? "images that were not counted"
                                                  : facts[0] > DTAKE__EE_MOST_COUNTED
                                                      ? "more than 10,000 images, not all of them counted"
                                                      : "" };
    if (facts != NULL && facts[0] > 0 && facts[0] < 9e15) {
        info.datapoints = (int64_t)facts[0];
        info.start_ns = ns_of(facts[1]);
        info.end_ns = facts[0] > DTAKE__EE_MOST_COUNTED ? dtake__unix_now_ns() : ns_of(facts[2]);
    }
    id_of(told->dataset, info.id);
    dtake_status st = list != NULL ? dtake__collection_list_add(list, &info) : DTAKE_E_NOMEM;
    if (st == DTAKE_OK) {
        *out = list;
        return DTAKE_OK;
    }
    dtake_collection_list_free(list);
    return dtake__fail_nomem(err, "a list of collections");
}

static dtake_status add_dataset(dtake_dataset_list *list, const char *name, const dtake__ee_told *told,
                                const dtake_schema *otherwise, int64_t count)
{
    dtake_dataset_info info = { .slug = name,
                                .name = told != NULL ? told->title : name,
                                .description = "",
                                .kind = DTAKE_SPATIOTEMPORAL,
                                .schema = told != NULL ? told->schema : otherwise,
                                .datapoints = count,
                                .collections = 1 };
    id_of(name, info.id);
    return dtake__dataset_list_add(list, &info);
}

dtake_status dtake__ee_dataset_list(const dtake__ee_told *told, dtake_dataset_list **out, dtake_error *err)
{
    dtake_dataset_list *list = dtake__dataset_list_new();
    dtake_status st =
        list != NULL ? add_dataset(list, told->dataset, told, NULL, told->count) : DTAKE_E_NOMEM;
    if (st == DTAKE_OK) {
        *out = list;
        return DTAKE_OK;
    }
    dtake_dataset_list_free(list);
    return dtake__fail_nomem(err, "a list of datasets");
}

/* --- the end --- */

/* What a dataset has of which nothing is known. */
static dtake_status plain_schema(dtake_schema **out, dtake_error *err)
{
    const dtake__ee_images none = { .count = 0 };
    const dtake__ee_origin from = { "", "" };
    const char *cloud;
    return dtake__ee_schema_make(&from, &none, out, &cloud, err);
}

static bool is_listed(const dtake__ee_listing *l, const char *name)
{
    for (size_t i = 0; i < l->names.count; i++)
        if (strcmp(l->names.at[i], name) == 0)
            return true;
    return false;
}

static dtake_status fill(dtake__ee_listing *l, dtake_error *err)
{
    dtake_schema *plain = NULL;
    dtake_status st = plain_schema(&plain, err);
    l->list = st == DTAKE_OK ? dtake__dataset_list_new() : NULL;
    if (st == DTAKE_OK && l->list == NULL)
        st = DTAKE_E_NOMEM;
    for (size_t i = 0; i < l->names.count && st == DTAKE_OK; i++) {
        const dtake__ee_entry *e = i < l->count ? &l->entries[i] : NULL;
        st = add_dataset(l->list, l->names.at[i], e != NULL ? e->told : NULL, plain,
                         e != NULL && e->counted ? (int64_t)e->facts[0] : 0);
    }
    for (const dtake__ee_told *t = l->ee->told; t != NULL && st == DTAKE_OK; t = t->next)
        if (!is_listed(l, t->dataset))
            st = add_dataset(l->list, t->dataset, t, plain, t->count);
    dtake_schema_release(plain);
    if (st == DTAKE_E_NOMEM)
        dtake__fail_nomem(err, "a list of datasets");
    return st;
}

static void end(dtake__ee_listing *l)
{
    if (l->status == DTAKE_OK)
        l->status = fill(l, &l->err);
    if (l->status != DTAKE_OK) {
        dtake_dataset_list_free(l->list);
        l->list = NULL;
    }
    for (size_t i = 0; i < l->count; i++)
        dtake__ee_told_release(l->entries[i].told);
    dtake__free(l->entries);
    dtake__free(l->token);
    dtake__strings_dispose(&l->names);
    l->done(l);
}

/* --- each of them: what it is, how many --- */

static void pump(dtake__ee_listing *l);

static void came_back(dtake__ee_entry *e)
{
    e->listing->under_way--;
    pump(e->listing);
}

/* What cannot be counted, or read, is listed all the same. */
static void got_extent(dtake__ee_call *call)
{
    dtake__ee_entry *e = DTAKE__CONTAINER(call, dtake__ee_entry, call);
    dtake__span result;
    size_t count = 0;
    e->counted = call->status == DTAKE_OK &&
                 dtake__ee_answer_result(&call->body, &result, NULL) == DTAKE_OK &&
                 dtake__ee_answer_numbers(result, e->facts, 3, &count, NULL) == DTAKE_OK && count == 3 &&
                 e->facts[0] >= 0 && e->facts[0] < 9e15;
    dtake__buf_dispose(&call->body);
    came_back(e);
}

static void asked(dtake__ee_asking *asking)
{
    dtake__ee_entry *e = DTAKE__CONTAINER(asking, dtake__ee_entry, asking);
    dtake_buf question = DTAKE_BUF_INIT(MAX_QUESTION);
    e->told = asking->told;
    e->call.done = got_extent;
    bool goes_on = e->told != NULL && dtake__ee_ask_extent(e->told->dataset, &question, NULL) == DTAKE_OK &&
                   dtake__ee_compute(&e->call, e->listing->ee, &question) == DTAKE_OK;
    dtake__buf_dispose(&question);
    if (!goes_on)
        came_back(e);
}

static void pump(dtake__ee_listing *l)
{
    while (l->next < l->count && l->under_way < ABREAST && l->status == DTAKE_OK) {
        dtake__ee_entry *e = &l->entries[l->next];
        e->listing = l;
        e->asking.done = asked;
        if (dtake__ee_asking_start(&e->asking, l->ee, l->names.at[l->next]) == DTAKE_OK)
            l->under_way++;
        l->next++;
    }
    if (l->under_way == 0)
        end(l);
}

static void describe(dtake__ee_listing *l)
{
    l->count = l->names.count < MOST_DESCRIBED ? l->names.count : MOST_DESCRIBED;
    l->entries = dtake__calloc(l->count + 1, sizeof *l->entries);
    if (l->entries == NULL) {
        l->count = 0;
        l->status = dtake__fail_nomem(&l->err, "a list of datasets");
    }
    pump(l);
}

/* --- the project's listing --- */

/* {"type": "IMAGE_COLLECTION", "id": "COPERNICUS/S2_SR", "name": "projects/.../assets/COPERNICUS/S2_SR"} */
static dtake_status read_asset(dtake__ee_listing *l, dtake__json_in *in)
{
    dtake__json_quoted key, type = { DTAKE__SPAN(""), false }, id = { DTAKE__SPAN(""), false };
    if (dtake__json_peek(in) != DTAKE__JSON_OBJECT) {
        dtake__json_skip(in);
        return DTAKE_OK;
    }
    dtake__json_enter_object(in);
    while (dtake__json_next_key(in, &key)) {
        bool text = dtake__json_peek(in) == DTAKE__JSON_TEXT;
        if (text && dtake__json_key_is(key, "type"))
            dtake__json_read_text(in, &type);
        else if (text &&
                 (dtake__json_key_is(key, "id") || (id.raw.len == 0 && dtake__json_key_is(key, "name"))))
            dtake__json_read_text(in, &id);
        else
            dtake__json_skip(in);
    }
    bool fits = dtake__json_text_equal(type, DTAKE__SPAN("IMAGE_COLLECTION")) && !id.escaped &&
                id.raw.len > 0 && id.raw.len < 1000 && l->names.count < MOST_NAMES;
    return fits ? dtake__strings_add(&l->names, id.raw.text, id.raw.len) : DTAKE_OK;
}

static dtake_status read_page(dtake__ee_listing *l, const dtake_buf *body)
{
    dtake__json_in in;
    dtake__json_quoted key, token;
    dtake_status st = DTAKE_OK;
    dtake__free(l->token);
    l->token = NULL;
    dtake__json_start(&in, dtake__buf_str(body), body->len);
    dtake__json_enter_object(&in);
    while (st == DTAKE_OK && dtake__json_next_key(&in, &key)) {
        dtake__json_kind kind = dtake__json_peek(&in);
        if (dtake__json_key_is(key, "assets") && kind == DTAKE__JSON_ARRAY) {
            dtake__json_enter_array(&in);
            while (st == DTAKE_OK && dtake__json_next_element(&in))
                st = read_asset(l, &in);
        } else if (dtake__json_key_is(key, "nextPageToken") && kind == DTAKE__JSON_TEXT && l->token == NULL) {
            if (dtake__json_read_text(&in, &token) && token.raw.len > 0 && token.raw.len < 2000 &&
                !token.escaped && (l->token = dtake__strndup(token.raw.text, token.raw.len)) == NULL)
                st = DTAKE_E_NOMEM;
        } else {
            dtake__json_skip(&in);
        }
    }
    if (st == DTAKE_OK && dtake__json_finish(&in, NULL) != DTAKE_OK)
        return dtake__fail(&l->err, DTAKE_E_REMOTE,
                           "%s does not answer as Earth Engine does: the list of assets is no JSON",
                           l->ee->service->base);
    return st == DTAKE_OK ? st : dtake__fail_nomem(&l->err, "a list of datasets");
}

static dtake_status ask_page(dtake__ee_listing *l);

static void got_page(dtake__ee_call *call)
{
    dtake__ee_listing *l = DTAKE__CONTAINER(call, dtake__ee_listing, call);
    l->status = call->status;
    if (call->status == DTAKE_OK)
        l->status = read_page(l, &call->body);
    else if (call->status == DTAKE_E_NOT_FOUND) /* a project without assets of its own */
        l->status = DTAKE_OK;
    else
        dtake__error_copy(&l->err, &call->err);
    dtake__buf_dispose(&call->body);
    if (l->status == DTAKE_OK && l->token != NULL && ++l->pages < MOST_PAGES) {
        l->status = ask_page(l);
        if (l->status == DTAKE_OK)
            return;
    }
    describe(l);
}

/* Tokens are the service's own: whatever they hold. */
static dtake_status put_quoted(dtake_buf *out, const char *text)
{
    dtake_status st = DTAKE_OK;
    for (; *text != '\0' && st == DTAKE_OK; text++)
        st = isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL
                 ? dtake__buf_append(out, text, 1)
                 : dtake__buf_printf(out, "%%%02X", (unsigned char)*text);
    return st;
}

static dtake_status ask_page(dtake__ee_listing *l)
{
    dtake_buf path = DTAKE_BUF_INIT(MAX_PATH);
    dtake_status st = dtake__buf_puts(&path, ":listAssets?pageSize=1000&view=BASIC");
    if (st == DTAKE_OK && l->token != NULL && (st = dtake__buf_puts(&path, "&pageToken=")) == DTAKE_OK)
        st = put_quoted(&path, l->token);
    l->call.done = got_page;
    if (st != DTAKE_OK)
        dtake__fail_nomem(&l->err, "a list of datasets");
    else if ((st = dtake__ee_call_start(&l->call, l->ee->service, dtake__buf_str(&path), NULL)) != DTAKE_OK)
        dtake__error_copy(&l->err, &l->call.err);
    dtake__buf_dispose(&path);
    return st;
}

dtake_status dtake__ee_listing_start(dtake__ee_listing *listing, dtake__ee *ee)
{
    void (*done)(dtake__ee_listing *) = listing->done;
    *listing = (dtake__ee_listing){ .done = done, .ee = ee };
    return ask_page(listing);
}
