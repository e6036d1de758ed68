/* A load as an Arrow stream. */
#include "core/alloc.h"
#include "core/error.h"
#include "table/stream.h"

#include <datatake/datasets.h>

#include <errno.h>
#include <string.h>

typedef struct arrow_load {
    dtake_load *load;
    dtake_error err;
} arrow_load;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    arrow_load *a = stream->private_data;
    const dtake_schema *schema = dtake_load_schema(a->load);
    dtake_batch *none = NULL;
    out->release = NULL;
    if (schema != NULL)
        return dtake__arrow_errno(dtake_schema_to_arrow(schema, out, &a->err));
    dtake_status st = dtake_load_next(a->load, &none, &a->err);
    dtake_batch_release(none);
    return st != DTAKE_OK ? dtake__arrow_errno(st) : EIO;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    arrow_load *a = stream->private_data;
    dtake_batch *batch = NULL;
    out->release = NULL; /* what marks the end */
    dtake_status st = dtake_load_next(a->load, &batch, &a->err);
    if (st == DTAKE_OK && batch != NULL)
        st = dtake_batch_to_arrow(batch, out, &a->err);
    dtake_batch_release(batch);
    return dtake__arrow_errno(st);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    arrow_load *a = stream->private_data;
    return a->err.message[0] != '\0' ? a->err.message : NULL;
}

static void release(struct ArrowArrayStream *stream)
{
    arrow_load *a = stream->private_data;
    dtake_load_free(a->load);
    dtake__free(a);
    *stream = (struct ArrowArrayStream){ .release = NULL };
}

dtake_status dtake_load_to_arrow(dtake_load *load, struct ArrowArrayStream *out, dtake_error *err)
{
    arrow_load *a = dtake__calloc(1, sizeof *a);
    if (a == NULL)
        return dtake__fail_nomem(err, "an Arrow stream");
    a->load = load;
    *out = (struct ArrowArrayStream){ .get_schema = get_schema,
                                      .get_next = get_next,
                                      .get_last_error = get_last_error,
                                      .release = release,
                                      .private_data = a };
    return DTAKE_OK;
}
