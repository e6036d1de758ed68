#include "access/plan_json.h"

#include "access/cost.h"
#include "core/alloc.h"
#include "core/error.h"

#include <stdlib.h>
#include <string.h>

/* Takes `json` (NULL: no memory). */
static char *dump(json_t *json)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT),
         *copy = text == NULL ? NULL : dtake__strdup(text);
    free(text);
    json_decref(json);
    return copy;
}

/* json_object_set_new fails when the value is NULL, so one bad value fails the whole. */
static bool set(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static json_t *bands_of(const dtake__layer *layer)
{
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < layer->band_count; i++)
        json_array_append_new(list, json_integer(layer->band[i]));
    return list;
}

static json_t *ranges_of(const dtake__plan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < plan->range_count; i++)
        json_array_append_new(
            list, json_pack("[I,I]", (json_int_t)plan->range[i].first, (json_int_t)plan->range[i].bytes));
    return list;
}

static json_t *file_of(const dtake__layer *layer, const dtake__plan *plan)
{
    const dtake_window *w = &layer->window;
    json_t *file =
        json_pack("{s:s,s:i,s:[I,I,I,I],s:I,s:I}", "href", layer->href, "overview", (int)layer->overview,
                  "window", (json_int_t)w->col, (json_int_t)w->row, (json_int_t)w->width,
                  (json_int_t)w->height, "tiles", (json_int_t)(plan->tile_count - plan->sparse_count),
                  "bytes", (json_int_t)(plan->bytes + plan->gap_bytes));
    if (file != NULL && set(file, "bands", bands_of(layer)) && set(file, "ranges", ranges_of(plan)))
        return file;
    json_decref(file);
    return NULL;
}

static json_t *grid_of(const dtake__grid *grid)
{
    const dtake_affine *t = &grid->transform;
    json_t *json = json_pack("{s:s,s:I,s:I}", "crs", grid->crs, "width", (json_int_t)grid->width, "height",
                             (json_int_t)grid->height);
    if (json != NULL && (!grid->has_transform || set(json, "transform",
                                                     json_pack("[f,f,f,f,f,f]", t->x0, t->col_x, t->row_x,
                                                               t->y0, t->col_y, t->row_y))))
        return json;
    json_decref(json);
    return NULL;
}

char *dtake__plan_of_take(const dtake__take *take, const dtake__plan *plan)
{
    json_t *image = json_pack("{s:s,s:I,s:I}", "id", take->image->id, "bytes", (json_int_t)take->facts.bytes,
                              "requests", (json_int_t)take->facts.ranges);
    json_t *files = json_array();
    bool ok = image != NULL && files != NULL && set(image, "grid", grid_of(&take->grid));
    for (size_t i = 0; i < take->layer_count && ok; i++)
        ok = json_array_append_new(files, file_of(&take->layer[i], &plan[i])) == 0;
    if (ok && set(image, "files", files))
        return dump(image);
    if (!ok)
        json_decref(files);
    json_decref(image);
    return NULL;
}

static json_t *total_of(const dtake_job *job, const dtake__ideal *ideal, const dtake__path *path)
{
    const dtake__facts *f = &job->facts;
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:i}", "images", (json_int_t)job->images.count, "files",
                     (json_int_t)f->files, "tiles", (json_int_t)f->tiles, "ranges", (json_int_t)f->ranges,
                     "bytes", (json_int_t)ideal->bytes, "requests", (json_int_t)(f->ranges + path->headers),
                     "requests_min", (json_int_t)ideal->requests_min, "round_trips", (int)ideal->round_trips);
}

static json_t *summary(const dtake_job *job)
{
    dtake__path path = dtake__path_of(job);
    dtake__ideal ideal;
    dtake__ideal_of(&ideal, &job->facts, &path);
    json_t *json = json_object();
    bool ok = json != NULL && set(json, "total", total_of(job, &ideal, &path)) &&
              set(json, "path",
                  json_pack("{s:f,s:f,s:i,s:i}", "rtt_ms", path.rtt_s * 1e3, "bandwidth_bytes_s",
                            path.bandwidth_bytes_s, "connections", path.connections, "cores", path.cores)) &&
              set(json, "predicted",
                  json_pack("{s:f,s:f,s:f,s:f}", "seconds", ideal.seconds, "latency_seconds", ideal.latency_s,
                            "wire_seconds", ideal.wire_s, "cpu_seconds", ideal.cpu_s));
    if (ok)
        return json;
    json_decref(json);
    return NULL;
}

dtake_status dtake__plan_write(dtake_job *job, dtake_error *err)
{
    char *rest = dump(summary(job));
    if (rest == NULL)
        return dtake__fail_nomem(err, "a plan");
    dtake_status st = dtake__buf_puts(&job->plan, "{\"images\":[");
    bool first = true;
    for (size_t i = 0; i < job->plan_places && st == DTAKE_OK; i++) {
        if (job->plan_of[i] == NULL)
            continue;
        st = dtake__buf_printf(&job->plan, "%s%s", first ? "" : ",", job->plan_of[i]);
        first = false;
    }
    if (st == DTAKE_OK) /* `rest` is an object: its members go on behind the images */
        st = dtake__buf_printf(&job->plan, "],%s", rest + 1);
    dtake__free(rest);
    return st == DTAKE_OK ? st : dtake__fail(err, st, "a plan of this size");
}
