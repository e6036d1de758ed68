/* Earth Engine's REST API: which method answers which path. */
#include "server/route_earthengine.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"
#include "server/earthengine.h"
#include "server/path.h"
#include "server/server.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWER_BYTES = 256 << 20,
    KEY_BYTES = 512,
    READ_BYTES = 64 << 20,
    RETRIES = 2,
    CONNECT_MS = 5000,
    VALUES_AT_ONCE = 4
};

/* --- which --- */

static const struct method {
    bool is_get;
    const char *start; /* of what follows "projects/X/"; "" for any */
    const char *end;   /* "" for any */
    dtake__ee_method *run;
} methods[] = {
    { true, "algorithms", "algorithms", dtake__ee_algorithms },
    { true, "config", "config", dtake__ee_config },
    { true, "operations", "", dtake__ee_operations },
    { true, "thumbnails/", ":getPixels", dtake__ee_thumbnail_pixels },
    { true, "tables/", ":getFeatures", dtake__ee_table_features },
    { true, "maps/", "", dtake__ee_map_tile },
    { true, "", ":listAssets", dtake__ee_list_assets },
    { true, "assets", "", dtake__ee_get_asset },
    { false, "value:compute", "value:compute", dtake__ee_compute_value },
    { false, "thumbnails", "thumbnails", dtake__ee_make_thumbnail },
    { false, "image:computePixels", "image:computePixels", dtake__ee_compute_pixels },
    { false, "imageCollection:computeImages", ":computeImages", dtake__ee_compute_images },
    { false, "table:computeFeatures", ":computeFeatures", dtake__ee_compute_features },
    { false, "tables", "tables", dtake__ee_make_table },
    { false, "maps", "maps", dtake__ee_make_map },
    { false, "assets/", ":getPixels", dtake__ee_asset_pixels },
};

static const char version_prefix[] = "/v1/", discovery[] = "/$discovery/rest";

bool dtake__is_earthengine(const dtake__exchange *exchange)
{
    const char *path = exchange->request.path;
    return exchange->server->earthengine != NULL &&
           (dtake__starts_with(path, version_prefix) || strcmp(path, discovery) == 0);
}

/* Behind "projects/X", without the '/'; NULL: it is not that. */
static const char *behind_project(const char *path, char *project, size_t size)
{
    static const char projects[] = "projects/";
    if (!dtake__starts_with(path, projects))
        return NULL;
    path += sizeof projects - 1;
    size_t len = strcspn(path, "/:");
    if (len == 0 || len >= size)
        return NULL;
    memcpy(project, path, len);
    project[len] = '\0';
    return path + len;
}

static const struct method *find(bool is_get, const char *rest)
{
    rest += rest[0] == '/';
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (methods[i].is_get == is_get && dtake__starts_with(rest, methods[i].start) &&
            dtake__ends_with(rest, methods[i].end))
            return &methods[i];
    return NULL;
}

/* --- who --- */

/* Its name is the key. */
static bool is_capability(const dtake__request *request)
{
    char project[128];
    const char *path = request->path;
    const char *rest = dtake__starts_with(path, version_prefix)
                           ? behind_project(path + sizeof version_prefix - 1, project, sizeof project)
                           : NULL;
    const struct method *m = rest != NULL && !dtake__request_is(request, "POST") ? find(true, rest) : NULL;
    return m != NULL && (m->run == dtake__ee_thumbnail_pixels || m->run == dtake__ee_table_features ||
                         m->run == dtake__ee_map_tile);
}

dtake__caller dtake__earthengine_admit(const dtake__exchange *exchange, int64_t now_ms)
{
    const dtake__request *request = &exchange->request;
    const char *field = dtake__request_field(request, "authorization");
    char key[KEY_BYTES] = "", text[KEY_BYTES + 8];
    if (is_capability(request))
        return dtake__admit_anybody(&exchange->server->door, exchange->peer, now_ms);
    const char *api_key = dtake__request_field(request, "x-goog-api-key");
    if (field == NULL && api_key == NULL && dtake__query_value(request->query, "key", key, sizeof key))
        api_key = key;
    if (field == NULL && api_key != NULL && api_key[0] != '\0') {
        snprintf(text, sizeof text, "Bearer %s", api_key);
        field = text;
    }
    return dtake__admit(&exchange->server->door, exchange->peer, field, now_ms);
}

/* --- how --- */

dtake_status dtake__ee_no(dtake__ee_asked *asked, dtake__rpc_code code, dtake_error *err, const char *fmt,
                          ...)
{
    char text[DTAKE_ERROR_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    asked->code = code;
    return dtake__fail(err, DTAKE_E_OTHER, "%s", text);
}

/* What is wrong with a graph is the asker's, as the service sees it; so is one that is too much. */
static dtake__rpc_code code_of(dtake_status st)
{
    switch (st) {
    case DTAKE_E_NETWORK:
    case DTAKE_E_REMOTE:
    case DTAKE_E_NOMEM:
        return DTAKE__RPC_UNAVAILABLE;
    case DTAKE_E_TIMEOUT:
        return DTAKE__RPC_DEADLINE_EXCEEDED;
    case DTAKE_E_CANCELLED:
        return DTAKE__RPC_CANCELLED;
    case DTAKE_E_LOCAL_IO:
    case DTAKE_E_INTEGRITY:
    case DTAKE_E_CHANGED:
    case DTAKE_E_OTHER:
        return DTAKE__RPC_INTERNAL;
    default:
        return DTAKE__RPC_INVALID_ARGUMENT;
    }
}

static bool is_over(void *ctx)
{
    return dtake__rpc_cancelled(ctx);
}

static dtake_status run(dtake__ee_asked *asked, dtake_error *err)
{
    const char *path = dtake__rest_path(asked->call);
    bool is_get = dtake__rest_is_get(asked->call);
    if (strcmp(path, discovery) == 0)
        return dtake__ee_discovery(asked, err);
    asked->path = path + sizeof version_prefix - 1;
    asked->rest = behind_project(asked->path, asked->project, sizeof asked->project);
    const struct method *m = asked->rest != NULL ? find(is_get, asked->rest) : NULL;
    if (m == NULL)
        return dtake__ee_no(asked, DTAKE__RPC_NOT_FOUND, err, "Method not found: %s %.200s.",
                            is_get ? "GET" : "POST", path);
    asked->rest += asked->rest[0] == '/';
    return m->run(asked, err);
}

static void handle(dtake__rpc_call *call, void *ctx)
{
    dtake_error err = { .message = "" };
    dtake__ee_asked asked = { .service = ctx,
                              .call = call,
                              .body = dtake__rpc_message(call),
                              .answer = DTAKE_BUF_INIT(ANSWER_BYTES),
                              .patience = { is_over, call } };
    dtake_status st = run(&asked, &err);
    if (st == DTAKE_OK)
        dtake__rpc_answer(call, &asked.answer);
    else
        dtake__rpc_fail(call, asked.code != DTAKE__RPC_OK ? asked.code : code_of(st), "%s", err.message);
    dtake__buf_dispose(&asked.answer);
}

static const dtake__rpc_method the_method = { "/v1/", handle, DTAKE__RIGHT_READ };

size_t dtake__earthengine_body_limit(const dtake__exchange *exchange)
{
    return dtake__request_is(&exchange->request, "POST") ? DTAKE__EE_BODY_BYTES : 0;
}

void dtake__route_earthengine(dtake__exchange *exchange)
{
    const dtake__request *request = &exchange->request;
    bool reads = dtake__request_is(request, "GET") || dtake__request_is(request, "HEAD");
    if (!reads && !dtake__request_is(request, "POST"))
        dtake__rpc_rest.refuse(exchange, DTAKE__RPC_UNIMPLEMENTED,
                               "Assets are changed by ingest, not through this API.");
    else if ((exchange->caller.rights & DTAKE__RIGHT_READ) == 0 && !is_capability(request))
        dtake__rpc_rest.refuse(exchange, DTAKE__RPC_PERMISSION_DENIED, "The API key has no right to read.");
    else
        dtake__rpc_begin(exchange, &the_method, exchange->server->earthengine, &dtake__rpc_rest, false);
}

void dtake__earthengine_refuse(dtake__exchange *exchange, int status, const char *why)
{
    if (status == 413)
        dtake__rpc_rest.refuse(exchange, DTAKE__RPC_INVALID_ARGUMENT,
                               "Request payload size exceeds the limit: 10485760 bytes.");
    else
        dtake__rpc_rest.refuse(exchange, dtake__rpc_code_of_http(status), why);
}

/* --- names --- */

dtake_status dtake__ee_answer_name(dtake__ee_asked *asked, const char *kind, dtake__span bytes,
                                   dtake_error *err)
{
    char name[DTAKE__EE_NAME_BYTES];
    dtake_status st = dtake__ee_names_add(asked->service->names, kind, bytes, name, err);
    if (st == DTAKE_OK)
        st =
            dtake__buf_printf(&asked->answer, "{\"name\":\"projects/%s/%s/%s\"}", asked->project, kind, name);
    return st;
}

dtake_status dtake__ee_kept(dtake__ee_asked *asked, const char *kind, dtake_buf *out, dtake_error *err)
{
    char name[DTAKE__EE_NAME_BYTES] = "";
    const char *at = asked->rest + strlen(kind) + 1;
    size_t len = strcspn(at, ":/");
    *out = DTAKE_BUF_INIT(DTAKE__EE_BODY_BYTES);
    if (len < sizeof name) {
        memcpy(name, at, len);
        name[len] = '\0';
    }
    if (dtake__ee_names_get(asked->service->names, kind, name, out))
        return DTAKE_OK;
    return dtake__ee_no(asked, DTAKE__RPC_NOT_FOUND, err,
                        "Not found: %s is not known, or its hours are over; make a new one.", kind);
}

/* --- the service --- */

void dtake__route_earthengine_close(dtake_server *server)
{
    dtake__ee_service *service = server->earthengine;
    if (service == NULL)
        return;
    dtake__ee_flights_free(service->flights);
    dtake__ee_flights_free(service->values);
    dtake__ee_names_free(service->names);
    dtake__evaluator_close(service->evaluator);
    dtake_runtime_close(service->runtime);
    dtake__free(service);
    server->earthengine = NULL;
}

dtake_status dtake__route_earthengine_open(dtake_server *server, dtake_error *err)
{
    const dtake_runtime_options options = { .bytes_in_flight = READ_BYTES,
                                            .retries = RETRIES,
                                            .connect_timeout_ms = CONNECT_MS };
    dtake__ee_service *service = dtake__calloc(1, sizeof *service);
    server->earthengine = service;
    if (service == NULL)
        return dtake__fail_nomem(err, "server");
    service->client = server->client;
    service->max_pixels = server->max_pixels;
    dtake_status st = dtake_runtime_open(&service->runtime, &options, err);
    if (st == DTAKE_OK)
        st = dtake__evaluator_open(&service->evaluator, server->client, service->runtime, err);
    if (st == DTAKE_OK)
        st = dtake__ee_names_new(&service->names, err);
    if (st == DTAKE_OK)
        st = dtake__ee_flights_new(&service->values, VALUES_AT_ONCE, err);
    if (st == DTAKE_OK)
        st = dtake__ee_flights_new(&service->flights, 2 + (int)sysconf(_SC_NPROCESSORS_ONLN), err);
    return st;
}
