/* EWKB: the canonical form with PostGIS's flags in the type codes, and the SRID behind the first. */
#include "core/error.h"
#include "geo/wkb.h"

typedef struct marking {
    const uint8_t *start;
    uint8_t *out;
    size_t shift; /* by how much `out` runs behind: the SRID's 4 bytes */
    int32_t srid;
} marking;

static dtake_status mark_head(const dtake__wkb_head *head, const uint8_t *at, void *ctx, dtake_error *err)
{
    (void)err;
    marking *to = ctx;
    size_t offset = (size_t)(at - to->start);
    bool outermost = offset == 0;
    uint8_t *code = to->out + offset + (outermost ? 0 : to->shift) + 1;
    code[0] = (uint8_t)head->type;
    code[1] = code[2] = 0;
    code[3] = (uint8_t)((head->has_z ? 0x80 : 0) | (head->has_m ? 0x40 : 0) |
                        (outermost && to->srid != 0 ? 0x20 : 0));
    return DTAKE_OK;
}

dtake_status dtake__geometry_to_ewkb(const dtake__geometry *geometry, dtake_buf *out, dtake_error *err)
{
    static const dtake__wkb_visitor marks = { .enter = mark_head };
    enum { HEAD = 5 };
    if (geometry->bytes < HEAD)
        return dtake__fail(err, DTAKE_E_FORMAT, "WKB of %zu bytes: not a geometry", geometry->bytes);
    size_t start = out->len;
    dtake_status st = dtake__buf_append(out, geometry->wkb, HEAD);
    if (st == DTAKE_OK && geometry->srid != 0)
        st = dtake__wkb_put_count(out, (uint32_t)geometry->srid, NULL);
    if (st == DTAKE_OK)
        st = dtake__buf_append(out, geometry->wkb + HEAD, geometry->bytes - HEAD);
    if (st != DTAKE_OK)
        return dtake__fail(err, st, "write EWKB: %s", dtake_status_text(st));
    marking to = { geometry->wkb, out->data + start, geometry->srid != 0 ? 4 : 0, geometry->srid };
    return dtake__wkb_walk(geometry, &marks, &to, err);
}
