#include "access/options.h"

#include "access/parts.h"
#include "access/shade.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"
#include "raster/kernels.h"

#include <math.h>
#include <strings.h>

#define FIELD(kind, name)                                                                                    \
    {                                                                                                        \
#name, DTAKE__FIELD_##kind, offsetof(dtake_get_options, name)                                        \
    }
const dtake__field dtake__option_fields[DTAKE__OPTION_FIELDS] = {
    FIELD(TEXT, items_base),    FIELD(TEXT, intersects),    FIELD(TEXT, intersects_file),
    FIELD(BOOL, has_cloud),     FIELD(F64, cloud_max_pct),  FIELD(I64, max_items),
    FIELD(F64, scale_m),        FIELD(BOOL, has_unmask),    FIELD(F64, unmask),
    FIELD(BOOL, mask_clouds),   FIELD(TEXT, expression),    FIELD(TEXT, paint),
    FIELD(TEXT, paint_style),   FIELD(TEXT, outline),       FIELD(TEXT, composite),
    FIELD(BOOL, by_month),      FIELD(TEXT, quality),       FIELD(BOOL, raw),
    FIELD(TEXT, out_dir),       FIELD(TEXT, path_template), FIELD(BOOL, overwrite),
    FIELD(BOOL, skip_existing), FIELD(TEXT, sheet_path),    FIELD(I32, processes),
    FIELD(TEXT, program),       FIELD(I32, shard_index),    FIELD(I32, shard_count),
    FIELD(BOOL, explain_only),  FIELD(BOOL, no_cache),      FIELD(BOOL, no_resume),
    FIELD(TEXT, crs),           FIELD(F64, res_x),          FIELD(F64, res_y),
    FIELD(BOOL, has_extent),    FIELD(F64, x_min),          FIELD(F64, y_min),
    FIELD(F64, x_max),          FIELD(F64, y_max),          FIELD(I64, size_width),
    FIELD(I64, size_height),    FIELD(BOOL, align),         FIELD(TEXT, sample_type),
    FIELD(I32, jpeg_quality),   FIELD(BOOL, per_band),      FIELD(I64, max_pixels),
    FIELD(I32, quicklook_px),   FIELD(TEXT, graph),         FIELD(I64, part_col),
    FIELD(I64, part_row),       FIELD(I64, part_width),     FIELD(I64, part_height),
};
#undef FIELD

#define LIST(name, count)                                                                                    \
    {                                                                                                        \
#name, offsetof(dtake_get_options, name), offsetof(dtake_get_options, count)                         \
    }
const dtake__list_field dtake__option_lists[DTAKE__OPTION_LISTS] = {
    LIST(inputs, input_count),
    LIST(bands, band_count),
    LIST(assets, asset_count),
};
#undef LIST

const char *const dtake__mode_names[3] = { "async", "sequential", "processes" };
const char *const dtake__format_names[DTAKE__FORMATS] = { "gtiff", "cog", "png", "jpeg", "npy" };

static void *at(const void *options, size_t offset)
{
    return (char *)options + offset;
}

static char **copy_list(const char *const *list, size_t count)
{
    char **copy = dtake__calloc(count, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = dtake__strdup(list[i]);
        if (copy[i] == NULL) {
            while (i-- > 0)
                dtake__free(copy[i]);
            dtake__free(copy);
            return NULL;
        }
    }
    return copy;
}

/* Pointers of `out` still belong to the caller's options; each becomes a copy or NULL. */
static bool copy_texts(dtake__options *out, const dtake_get_options *from)
{
    bool ok = true;
    if (from->items_json != NULL) { /* its length is said beside it: it need not end where a string would */
        out->value.items_json = dtake__strndup(from->items_json, from->items_json_bytes);
        ok = out->value.items_json != NULL;
    }
    for (size_t i = 0; i < DTAKE__OPTION_FIELDS; i++) {
        const dtake__field *field = &dtake__option_fields[i];
        char **text = at(&out->value, field->offset);
        if (field->kind != DTAKE__FIELD_TEXT || *text == NULL)
            continue;
        *text = ok ? dtake__strdup(*text) : NULL;
        ok = ok && *text != NULL;
    }
    for (size_t i = 0; i < DTAKE__OPTION_LISTS; i++) {
        char ***list = at(&out->value, dtake__option_lists[i].offset);
        size_t *count = at(&out->value, dtake__option_lists[i].count_offset);
        if (*count > 0)
            *list = ok ? copy_list((const char *const *)*list, *count) : NULL;
        else
            *list = NULL;
        ok = ok && (*count == 0 || *list != NULL);
        if (*list == NULL)
            *count = 0;
    }
    return ok;
}

/* Without --bands those that the expressions, or the graph, name. */
static dtake_status name_bands(dtake_get_options *o, dtake_error *err)
{
    dtake__strings names = { 0 };
    if ((o->expression == NULL && o->graph == NULL) || o->band_count > 0)
        return DTAKE_OK;
    dtake_status st =
        o->graph != NULL ? dtake__shade_graph_names(o, &names, err) : dtake__shade_names(o, &names, err);
    if (st != DTAKE_OK || names.count == 0) {
        dtake__strings_dispose(&names);
        return st;
    }
    o->bands = (const char *const *)names.at;
    o->band_count = names.count;
    return DTAKE_OK;
}

dtake_status dtake__options_copy(dtake__options *out, const dtake_get_options *from, dtake_error *err)
{
    out->value = *from;
    dtake_status st =
        copy_texts(out, from) ? name_bands(&out->value, err) : dtake__fail_nomem(err, "a job's options");
    if (st != DTAKE_OK)
        dtake__options_dispose(out);
    return st;
}

void dtake__options_dispose(dtake__options *options)
{
    dtake__free((char *)options->value.items_json);
    for (size_t i = 0; i < DTAKE__OPTION_FIELDS; i++)
        if (dtake__option_fields[i].kind == DTAKE__FIELD_TEXT)
            dtake__free(*(char **)at(&options->value, dtake__option_fields[i].offset));
    for (size_t i = 0; i < DTAKE__OPTION_LISTS; i++) {
        char **list = *(char ***)at(&options->value, dtake__option_lists[i].offset);
        size_t count = *(size_t *)at(&options->value, dtake__option_lists[i].count_offset);
        for (size_t k = 0; k < count; k++)
            dtake__free(list[k]);
        dtake__free(list);
    }
    *options = (dtake__options){ 0 };
}

static dtake_status check_files(const dtake_get_options *o, dtake_error *err)
{
    dtake_type type;
    if (o->jpeg_quality < 0 || o->jpeg_quality > 100)
        return dtake__fail(err, DTAKE_E_USAGE, "--jpeg-quality %d: from 1 to 100", o->jpeg_quality);
    if (o->jpeg_quality > 0 && o->format != DTAKE_JPEG)
        return dtake__fail(err, DTAKE_E_USAGE, "--jpeg-quality goes with --of jpeg");
    if (o->quicklook_px < 0 || o->quicklook_px > DTAKE__QUICKLOOK_MOST_PX)
        return dtake__fail(err, DTAKE_E_USAGE, "--quicklook %d: from 1 to %d pixels", o->quicklook_px,
                           DTAKE__QUICKLOOK_MOST_PX);
    if (o->max_pixels < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "--max-pixels %lld: must not be negative",
                           (long long)o->max_pixels);
    if (o->sample_type != NULL && !dtake__type_of_name(o->sample_type, &type))
        return dtake__fail(err, DTAKE_E_USAGE, "--type: '%.40s' is no type of samples", o->sample_type);
    if (o->per_band && ((o->band_count == 0 && o->graph == NULL && o->expression == NULL) || o->raw))
        return dtake__fail(err, DTAKE_E_USAGE, "--per-band writes a file for each of --bands: name some");
    return o->per_band ? dtake__parts_check(o, err) : DTAKE_OK;
}

static dtake_status check_raw(const dtake_get_options *o, dtake_error *err)
{
    if (!o->raw && o->asset_count > 0)
        return dtake__fail(err, DTAKE_E_USAGE, "--assets names what --raw stores; for pixels use --bands");
    if (!o->raw)
        return DTAKE_OK;
    if (o->asset_count == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "--raw needs --assets: the keys of the assets to store");
    if (o->band_count > 0 || o->visualize.enabled || o->has_unmask || o->scale_m != 0 ||
        o->sheet_path != NULL || o->quicklook_px > 0 || o->sample_type != NULL || o->crs != NULL ||
        o->res_x != 0 || o->has_extent || o->size_width != 0 || o->size_height != 0 ||
        o->resampling != DTAKE_NEAREST)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "--raw stores files as they are: it goes with no --bands, --scale, "
                           "--unmask, --visualize, --type, --sheet, --quicklook or other grid");
    return DTAKE_OK;
}

/* Once, before any image is opened, instead of once an image. */
static dtake_status check_crs(const char *crs, dtake_error *err)
{
    dtake__crs_facts facts;
    dtake_error why = { 0 };
    if (crs == NULL || strcasecmp(crs, "utm") == 0)
        return DTAKE_OK;
    dtake_status st = dtake__crs_facts_of(crs, &facts, &why);
    return st == DTAKE_OK || st == DTAKE_E_NOMEM ? st
                                                 : dtake__fail(err, DTAKE_E_USAGE, "--crs: %s", why.message);
}

/* What contradicts itself in the words for a grid, for whatever image. */
static dtake_status check_grid(const dtake_get_options *o, dtake_error *err)
{
    bool sized = o->size_width != 0 || o->size_height != 0, stepped = o->res_x != 0 || o->scale_m != 0;
    if (!isfinite(o->scale_m) || o->scale_m < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "--scale %g: metres a pixel must be more than 0", o->scale_m);
    if (!isfinite(o->res_x) || !isfinite(o->res_y) || o->res_x < 0 || o->res_y < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "--res %g,%g: must be more than 0", o->res_x, o->res_y);
    if (o->size_width < 0 || o->size_height < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "--size %lldx%lld: must be more than 0",
                           (long long)o->size_width, (long long)o->size_height);
    if (o->res_x > 0 && o->scale_m > 0)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "--scale (metres) and --res (units of the CRS) exclude one another");
    if (sized && (stepped || o->align))
        return dtake__fail(err, DTAKE_E_USAGE, "--size and --%s exclude one another",
                           o->res_x > 0 ? "res"
                           : stepped    ? "scale"
                                        : "align");
    if (o->part_width < 0 || o->part_height < 0 || (o->part_width > 0) != (o->part_height > 0) ||
        o->part_col < 0 || o->part_row < 0 || (o->part_width > 0 && (o->raw || o->composite != NULL)))
        return dtake__fail(err, DTAKE_E_USAGE, "part: a window of pixels of one image's grid is expected");
    if (o->has_extent &&
        !(o->x_min < o->x_max && o->y_min < o->y_max && isfinite(o->x_min + o->y_min + o->x_max + o->y_max)))
        return dtake__fail(err, DTAKE_E_USAGE,
                           "--extent %g,%g,%g,%g: XMIN,YMIN,XMAX,YMAX in units of the CRS", o->x_min,
                           o->y_min, o->x_max, o->y_max);
    return check_crs(o->crs, err);
}

dtake_status dtake__options_check(const dtake_get_options *o, dtake_error *err)
{
    if (o->input_count == 0 && o->items_json == NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "no input: give STAC items, a folder or rasters");
    if (!o->explain_only && (o->out_dir == NULL || o->out_dir[0] == '\0'))
        return dtake__fail(err, DTAKE_E_USAGE, "no output folder: give -o DIR");
    if (o->has_cloud && isnan(o->cloud_max_pct))
        return dtake__fail(err, DTAKE_E_USAGE, "--cloud: not a number");
    if (o->max_items < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "--max-items %lld: must not be negative",
                           (long long)o->max_items);
    if (o->band_count > DTAKE_MAX_BANDS)
        return dtake__fail(err, DTAKE_E_USAGE, "--bands: %zu bands, at most %d", o->band_count,
                           DTAKE_MAX_BANDS);
    if (o->overwrite && o->skip_existing)
        return dtake__fail(err, DTAKE_E_USAGE, "--overwrite and --skip-existing exclude one another");
    if (o->shard_count < 0 ||
        (o->shard_count > 0 && (o->shard_index < 0 || o->shard_index >= o->shard_count)))
        return dtake__fail(err, DTAKE_E_USAGE, "shard %d of %d", o->shard_index, o->shard_count);
    if (o->processes < 0 || o->processes > 256)
        return dtake__fail(err, DTAKE_E_USAGE, "--processes %d: from 1 to 256", o->processes);
    dtake_status st = check_grid(o, err);
    if (st == DTAKE_OK)
        st = check_files(o, err);
    if (st == DTAKE_OK)
        st = dtake__shade_check(o, err);
    return st == DTAKE_OK ? check_raw(o, err) : st;
}
