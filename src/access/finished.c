#include "access/finished.h"

#include "core/alloc.h"
#include "core/error.h"
#include "output/stamp.h"

#include <string.h>
#include <sys/stat.h>

typedef struct probe {
    dtake__finished *of;
    size_t source; /* in the receipt */
    dtake__object *object;
    dtake__object_op *op; /* while under way */
} probe;

struct dtake__finished {
    dtake__take *take;
    void (*then)(dtake__take *take);
    probe probe[DTAKE__MAX_SOURCES];
    size_t count, pending;
    dtake_status differs; /* the first version that is another one */
    dtake_error why;
};

static dtake_status refuse(const dtake__take *take, dtake_error *err, const char *why)
{
    return dtake__fail(err, DTAKE_E_STATE,
                       "%.100s: %.180s exists%s%.150s; use --overwrite or --skip-existing", take->image->id,
                       take->image->path, why[0] != '\0' ? ": " : "", why);
}

/* Raw files are as long as they were when their receipt was written, or somebody has changed them. */
static bool has_length(const char *path, int64_t bytes)
{
    struct stat is;
    return stat(path, &is) == 0 && is.st_size == bytes;
}

dtake_status dtake__finished_look(dtake__take *take, dtake_error *err)
{
    const dtake_get_options *o = &take->options;
    const dtake__image *image = take->image;
    dtake__stamp stamp;
    dtake_error why = { .message = "" };
    struct stat is;
    json_t *receipt = NULL;
    if (o->explain_only || take->job->keeps_pictures || stat(image->path, &is) != 0)
        return DTAKE_OK;
    if (o->skip_existing) {
        take->skipped = true;
        return DTAKE_OK;
    }
    if (o->no_resume)
        return o->overwrite ? DTAKE_OK : refuse(take, err, "");
    dtake_status st = dtake__stamp_read(&stamp, image->path, &why);
    if (st == DTAKE_OK)
        st = dtake__receipt_parse(&receipt, dtake__buf_str(&stamp.text), stamp.text.len, &why);
    if (st == DTAKE_OK)
        st = dtake__receipt_fits(receipt, o, image, &why);
    if (st == DTAKE_OK && o->raw &&
        !has_length(image->path, json_integer_value(json_object_get(
                                     json_array_get(json_object_get(receipt, "sources"), 0), "bytes"))))
        st = dtake__fail(&why, DTAKE_E_STATE, "it is not as long as its receipt says");
    dtake__stamp_dispose(&stamp);
    if (st == DTAKE_OK) {
        take->receipt = receipt;
        return DTAKE_OK;
    }
    json_decref(receipt);
    if (st == DTAKE_E_NOMEM) {
        dtake__error_copy(err, &why);
        return st;
    }
    return o->overwrite ? DTAKE_OK : refuse(take, err, st == DTAKE_E_NOT_FOUND ? "" : why.message);
}

static void note(dtake__take *take, dtake_status status, dtake_error *why)
{
    if (strstr(why->message, take->image->id) == NULL)
        dtake__error_prefix(why, "%.100s", take->image->id);
    dtake__take_note(take, status, why);
}

static void decide(dtake__finished *finished)
{
    dtake__take *take = finished->take;
    const dtake_get_options *o = &take->options;
    dtake_error err = { 0 };
    if (take->status == DTAKE_OK && finished->differs == DTAKE_OK) {
        take->drawn_only = take->job->sheet != NULL || dtake__quicklook_missing(take);
        take->skipped = !take->drawn_only;
    } else if (take->status == DTAKE_OK && !o->overwrite) {
        refuse(take, &err, finished->why.message);
        note(take, DTAKE_E_STATE, &err);
    }
    finished->then(take); /* the take, and this with it, may be gone */
}

static void one_less(dtake__finished *finished)
{
    if (--finished->pending == 0)
        decide(finished);
}

static void compare(probe *p, const dtake__version *now)
{
    dtake__finished *finished = p->of;
    dtake_error why = { 0 };
    dtake_status st = dtake__receipt_check_source(finished->take->receipt, p->source, now, &why);
    if (st != DTAKE_OK && finished->differs == DTAKE_OK) {
        finished->differs = st;
        finished->why = why;
    }
}

static void on_byte(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    probe *p = ctx;
    dtake__finished *finished = p->of;
    dtake_error why = { 0 };
    (void)bytes;
    p->op = NULL;
    if (status == DTAKE_OK || status == DTAKE_E_RANGE) {
        dtake__version now = dtake__version_of_probe(p->object, status);
        compare(p, &now);
    } else {
        dtake__error_copy(&why, err);
        note(finished->take, status, &why);
    }
    one_less(finished);
}

static bool asked_before(const dtake__take *take, size_t source)
{
    for (size_t i = 0; i < source; i++)
        if (strcmp(take->image->source[i].href, take->image->source[source].href) == 0)
            return true;
    return false;
}

static void ask_one(dtake__finished *finished, size_t source)
{
    dtake__take *take = finished->take;
    dtake_error err = { 0 };
    probe *p = &finished->probe[finished->count++];
    dtake__version now;
    *p = (probe){ .of = finished, .source = source };
    if (dtake__version_of_foreign(take->image->source[source].href, &now)) {
        compare(p, &now);
        return;
    }
    dtake__object_read read = {
        .first = 0, .count = 1, .order = take->image->place, .tally = &take->tally, .is_header = true
    };
    dtake_status st =
        dtake__object_new(&p->object, take->job->runtime, take->image->source[source].href, NULL, &err);
    if (st == DTAKE_OK)
        st = dtake__object_read_start(p->object, &read, &p->op, &err, on_byte, p);
    if (st == DTAKE_OK) {
        finished->pending++;
        return;
    }
    p->op = NULL;
    note(take, st, &err);
}

void dtake__finished_ask(dtake__take *take, void (*then)(dtake__take *take))
{
    dtake_error err = { 0 };
    dtake__finished *finished = dtake__calloc(1, sizeof *finished);
    take->finished = finished;
    if (finished == NULL) {
        dtake__fail_nomem(&err, "versions");
        note(take, DTAKE_E_NOMEM, &err);
        then(take);
        return;
    }
    *finished = (dtake__finished){ .take = take, .then = then, .pending = 1 }; /* this function's own */
    for (size_t i = 0; i < take->image->source_count && take->status == DTAKE_OK; i++)
        if (finished->count < DTAKE__MAX_SOURCES && !asked_before(take, i))
            ask_one(finished, i);
    one_less(finished);
}

void dtake__finished_cancel(dtake__take *take)
{
    for (size_t i = 0; take->finished != NULL && i < take->finished->count; i++)
        if (take->finished->probe[i].op != NULL)
            dtake__object_cancel(take->finished->probe[i].op);
}

void dtake__finished_free(dtake__finished *finished)
{
    if (finished == NULL)
        return;
    for (size_t i = 0; i < finished->count; i++)
        dtake__object_free(finished->probe[i].object);
    dtake__free(finished);
}
