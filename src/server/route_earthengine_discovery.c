/* The discovery document: from it Google's client library makes the methods that the Python client calls. */
#include "server/earthengine.h"

#include "format/json_write.h"

#include <stdio.h>
#include <string.h>

#define PROJECT    "^projects/[^/]+$"
#define ASSET      "^projects/[^/]+/assets/.*$"
#define ONE_OF(of) "^projects/[^/]+/" of "/[^/]+$"

static const struct described {
    const char *resource; /* within "projects"; "" for itself */
    const char *name, *verb;
    const char *path;    /* behind "v1/" */
    const char *pattern; /* of the first parameter in it */
    const char *query;   /* parameters, with spaces between; integers end with '#' */
    bool paged;          /* the answer may name a nextPageToken */
} all[] = {
    { "", "listAssets", "GET", "{+parent}:listAssets", PROJECT, "pageSize# pageToken filter view", true },
    { "", "getConfig", "GET", "{+name}", "^projects/[^/]+/config$", "", false },
    { "algorithms", "list", "GET", "{+parent}/algorithms", PROJECT, "", false },
    { "assets", "get", "GET", "{+name}", ASSET, "", false },
    { "assets", "delete", "DELETE", "{+name}", ASSET, "", false },
    { "assets", "patch", "PATCH", "{+name}", ASSET, "", false },
    { "assets", "create", "POST", "{+parent}/assets", PROJECT, "assetId", false },
    { "assets", "listAssets", "GET", "{+parent}:listAssets", ASSET, "pageSize# pageToken filter view", true },
    { "assets", "listFeatures", "GET", "{+asset}:listFeatures", ASSET, "pageSize# pageToken region filter",
      true },
    { "assets", "getPixels", "POST", "{+name}:getPixels", ASSET, "", false },
    { "assets", "copy", "POST", "{+sourceName}:copy", ASSET, "", false },
    { "assets", "move", "POST", "{+sourceName}:move", ASSET, "", false },
    { "assets", "getIamPolicy", "POST", "{+resource}:getIamPolicy", ASSET, "", false },
    { "assets", "setIamPolicy", "POST", "{+resource}:setIamPolicy", ASSET, "", false },
    { "assets", "testIamPermissions", "POST", "{+resource}:testIamPermissions", ASSET, "", false },
    { "filmstripThumbnails", "create", "POST", "{+parent}/filmstripThumbnails", PROJECT, "", false },
    { "filmstripThumbnails", "getPixels", "GET", "{+name}:getPixels", ONE_OF("filmstripThumbnails"), "",
      false },
    { "image", "computePixels", "POST", "{+project}/image:computePixels", PROJECT, "", false },
    { "image", "export", "POST", "{+project}/image:export", PROJECT, "", false },
    { "image", "import", "POST", "{+project}/image:import", PROJECT, "", false },
    { "imageCollection", "computeImages", "POST", "{+project}/imageCollection:computeImages", PROJECT, "",
      false },
    { "maps", "create", "POST", "{+parent}/maps", PROJECT, "", false },
    { "maps.tiles", "get", "GET", "{+parent}/tiles/{zoom}/{x}/{y}", ONE_OF("maps"), "", false },
    { "operations", "list", "GET", "{+name}/operations", PROJECT, "filter pageSize# pageToken", true },
    { "operations", "get", "GET", "{+name}", "^projects/[^/]+/operations/.*$", "", false },
    { "operations", "cancel", "POST", "{+name}:cancel", "^projects/[^/]+/operations/.*$", "", false },
    { "operations", "wait", "POST", "{+name}:wait", "^projects/[^/]+/operations/.*$", "", false },
    { "table", "computeFeatures", "POST", "{+project}/table:computeFeatures", PROJECT, "", false },
    { "table", "export", "POST", "{+project}/table:export", PROJECT, "", false },
    { "table", "import", "POST", "{+project}/table:import", PROJECT, "", false },
    { "tables", "create", "POST", "{+parent}/tables", PROJECT, "", false },
    { "tables", "getFeatures", "GET", "{+name}:getFeatures", ONE_OF("tables"), "", false },
    { "thumbnails", "create", "POST", "{+parent}/thumbnails", PROJECT, "", false },
    { "thumbnails", "getPixels", "GET", "{+name}:getPixels", ONE_OF("thumbnails"), "", false },
    { "value", "compute", "POST", "{+project}/value:compute", PROJECT, "", false },
    { "videoThumbnails", "create", "POST", "{+parent}/videoThumbnails", PROJECT, "", false },
    { "videoThumbnails", "getPixels", "GET", "{+name}:getPixels", ONE_OF("videoThumbnails"), "", false },
};
static const size_t all_count = sizeof all / sizeof all[0];

static const char *const of_all[] = { "access_token",    "alt",       "callback",
                                      "fields",          "key",       "oauth_token",
                                      "prettyPrint",     "quotaUser", "uploadType",
                                      "upload_protocol", "$.xgafv" };

static void put_query(dtake__json *json, const char *name, size_t len)
{
    bool whole = name[len - 1] == '#';
    dtake__json_key(json, (dtake__span){ name, len - whole });
    dtake__json_object(json, NULL);
    dtake__json_text(json, "type", whole ? "integer" : "string");
    dtake__json_text(json, "location", "query");
    dtake__json_end(json, '}');
}

/* The names in braces: '+' takes slashes, too. */
static const char *next_in_path(const char *path, dtake__span *name, bool *slashes)
{
    const char *open = strchr(path, '{');
    if (open == NULL)
        return NULL;
    *slashes = open[1] == '+';
    *name = (dtake__span){ open + 1 + *slashes, strcspn(open + 1 + *slashes, "}") };
    return name->text + name->len + 1;
}

static void put_parameters(dtake__json *json, const struct described *d)
{
    dtake__span name;
    bool slashes;
    dtake__json_object(json, "parameters");
    for (const char *at = d->path; (at = next_in_path(at, &name, &slashes)) != NULL;) {
        dtake__json_key(json, name);
        dtake__json_object(json, NULL);
        dtake__json_text(json, "type", slashes ? "string" : "integer");
        dtake__json_text(json, "location", "path");
        dtake__json_bool(json, "required", true);
        if (slashes)
            dtake__json_text(json, "pattern", d->pattern);
        dtake__json_end(json, '}');
    }
    for (const char *at = d->query; *at != '\0';) {
        size_t len = strcspn(at, " ");
        put_query(json, at, len);
        at += len + (at[len] == ' ');
    }
    dtake__json_end(json, '}');
    dtake__json_array(json, "parameterOrder");
    for (const char *at = d->path; (at = next_in_path(at, &name, &slashes)) != NULL;)
        dtake__json_span(json, NULL, name);
    dtake__json_end(json, ']');
}

static void put_method(dtake__json *json, const struct described *d)
{
    char text[160];
    dtake__json_object(json, d->name);
    snprintf(text, sizeof text, "earthengine.projects%s%s.%s", d->resource[0] != '\0' ? "." : "", d->resource,
             d->name);
    dtake__json_text(json, "id", text);
    dtake__json_text(json, "httpMethod", d->verb);
    snprintf(text, sizeof text, "v1/%s", d->path);
    dtake__json_text(json, "path", text);
    dtake__json_text(json, "flatPath", text);
    dtake__json_text(json, "description", "");
    put_parameters(json, d);
    dtake__json_object(json, "response");
    dtake__json_text(json, "type", d->paged ? "object" : "any");
    if (d->paged)
        dtake__json_raw(json, "properties", "{\"nextPageToken\":{\"type\":\"string\"}}");
    dtake__json_end(json, '}');
    if (strcmp(d->verb, "POST") == 0 || strcmp(d->verb, "PATCH") == 0)
        dtake__json_raw(json, "request", "{\"type\":\"any\"}");
    dtake__json_end(json, '}');
}

static void put_methods(dtake__json *json, const char *resource)
{
    dtake__json_object(json, "methods");
    for (size_t i = 0; i < all_count; i++)
        if (strcmp(all[i].resource, resource) == 0)
            put_method(json, &all[i]);
    dtake__json_end(json, '}');
}

/* The table has them in order, those with a dot behind the one they are in. */
static void put_resources(dtake__json *json)
{
    dtake__json_object(json, "resources");
    for (size_t i = 0; i < all_count; i++) {
        const char *resource = all[i].resource;
        bool first = i == 0 || strcmp(all[i - 1].resource, resource) != 0;
        if (!first || resource[0] == '\0' || strchr(resource, '.') != NULL)
            continue;
        dtake__json_object(json, resource);
        put_methods(json, resource);
        size_t len = strlen(resource), inner = i;
        while (inner < all_count &&
               (strncmp(all[inner].resource, resource, len) != 0 || all[inner].resource[len] != '.'))
            inner++;
        if (inner < all_count) {
            dtake__json_object(json, "resources");
            dtake__json_object(json, all[inner].resource + len + 1);
            put_methods(json, all[inner].resource);
            dtake__json_end(json, '}');
            dtake__json_end(json, '}');
        }
        dtake__json_end(json, '}');
    }
    dtake__json_end(json, '}');
}

dtake_status dtake__ee_discovery(dtake__ee_asked *asked, dtake_error *err)
{
    dtake__json json = { .out = &asked->answer };
    (void)err;
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "kind", "discovery#restDescription");
    dtake__json_text(&json, "discoveryVersion", "v1");
    dtake__json_text(&json, "id", "earthengine:v1");
    dtake__json_text(&json, "name", "earthengine");
    dtake__json_text(&json, "version", "v1");
    dtake__json_text(&json, "revision", "0");
    dtake__json_text(&json, "title", "Earth Engine's API, as datatake serves it");
    dtake__json_text(&json, "description", "");
    dtake__json_text(&json, "protocol", "rest");
    dtake__json_text(&json, "rootUrl", "http://127.0.0.1/"); /* clients put the address there that they use */
    dtake__json_text(&json, "baseUrl", "http://127.0.0.1/");
    dtake__json_text(&json, "basePath", "");
    dtake__json_text(&json, "servicePath", "");
    dtake__json_text(&json, "batchPath", "batch");
    dtake__json_bool(&json, "fullyEncodeReservedExpansion", true);
    dtake__json_raw(&json, "schemas", "{}");
    dtake__json_object(&json, "parameters");
    for (size_t i = 0; i < sizeof of_all / sizeof of_all[0]; i++)
        put_query(&json, of_all[i], strlen(of_all[i]));
    dtake__json_end(&json, '}');
    dtake__json_object(&json, "resources");
    dtake__json_object(&json, "projects");
    put_methods(&json, "");
    put_resources(&json);
    dtake__json_end(&json, '}');
    dtake__json_end(&json, '}');
    dtake__json_end(&json, '}');
    return json.status;
}
