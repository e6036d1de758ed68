/* What a NetCDF file says of itself. Attributes are chosen so that xarray makes of each variable what its
 * field is: times datetime64[ns], whole numbers int64, texts str; docs/netcdf.md. */
#include "output/netcdf_file.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "table/column.h"

#include <math.h>
#include <stdio.h>

enum { CHUNK_ROWS = 32768, CHUNK_BYTES = 1 << 20 };

static nc_type enum_type(const dtake_field *field)
{
    for (size_t i = 0; i < field->enum_count; i++)
        if (field->enum_values[i].value < 0 || field->enum_values[i].value > UINT8_MAX)
            return NC_INT;
    return NC_UBYTE;
}

static nc_type type_of(const dtake_field *field)
{
    switch (field->type) {
    case DTAKE_FIELD_BOOL:
        return NC_BYTE;
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_TIMESTAMP:
    case DTAKE_FIELD_DURATION:
        return NC_INT64;
    case DTAKE_FIELD_UINT64:
        return NC_UINT64;
    case DTAKE_FIELD_FLOAT64:
    case DTAKE_FIELD_VECTOR:
        return NC_DOUBLE;
    case DTAKE_FIELD_ENUM:
        return enum_type(field);
    default:
        return NC_CHAR;
    }
}

void dtake__netcdf_plan(dtake__netcdf_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        dtake__netcdf_var *var = &file->vars[i];
        const dtake_field *field = dtake_schema_field(file->schema, i);
        *var = (dtake__netcdf_var){ .field = field, .type = type_of(field), .axes = 1 };
        var->text = var->type == NC_CHAR;
        var->list = field->repeated || field->type == DTAKE_FIELD_VECTOR;
        var->as_text = field->type == DTAKE_FIELD_GEOMETRY || field->type == DTAKE_FIELD_BYTES;
        var->axes += var->list + var->text;
        var->item_bytes = var->text || var->type == NC_BYTE || var->type == NC_UBYTE ? 1
                          : var->type == NC_INT                                      ? 4
                                                                                     : 8;
        var->longest = field->type == DTAKE_FIELD_VECTOR ? (size_t)field->width : 1;
        var->widest = field->type == DTAKE_FIELD_UUID ? DTAKE__NETCDF_UUID_CHARS : 1;
    }
}

dtake_status dtake__netcdf_fail(const dtake__netcdf_file *file, int status, const char *what,
                                dtake_error *err)
{
    return dtake__fail(err, status == NC_ENOMEM ? DTAKE_E_NOMEM : DTAKE_E_LOCAL_IO, "write %s: %s: %s",
                       file->path, what, file->nc->nc_strerror(status));
}

/* --- names --- */

static bool is_taken(const dtake__netcdf_file *file, size_t before, char (*names)[NC_MAX_NAME + 1],
                     const char *name)
{
    for (size_t i = 0; i < before; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return file->vars[before].field->role != DTAKE_ROLE_TIME && strcmp(name, "time") == 0;
}

/* NetCDF's names have no '/', begin with a letter, digit or '_', and end without a blank. The time is "time",
 * so that it is the index of its dimension. */
static void make_name(const dtake__netcdf_file *file, size_t index, char (*names)[NC_MAX_NAME + 1])
{
    const dtake_field *field = file->vars[index].field;
    char *name = names[index];
    size_t len = strlen(field->name);
    snprintf(name, NC_MAX_NAME - 16, "%s", field->role == DTAKE_ROLE_TIME ? "time" : field->name);
    for (char *c = name; *c; c++)
        if (*c == '/' || (uint8_t)*c < ' ' || *c == 0x7f)
            *c = '_';
    if (len > 0 && name[strlen(name) - 1] == ' ')
        name[strlen(name) - 1] = '_';
    if (!((name[0] | 32) >= 'a' && (name[0] | 32) <= 'z') && !(name[0] >= '0' && name[0] <= '9') &&
        (uint8_t)name[0] < 0x80)
        name[0] = '_';
    while (is_taken(file, index, names, name) && strlen(name) < NC_MAX_NAME - 1)
        strcat(name, "_");
}

/* --- attributes --- */

typedef struct defining {
    dtake__netcdf_file *file;
    char (*names)[NC_MAX_NAME + 1]; /* of the variables */
    int var;
    int status; /* the first that was not NC_NOERR */
} defining;

static void put_text(defining *d, const char *name, const char *text)
{
    if (d->status == NC_NOERR && *text)
        d->status = d->file->nc->nc_put_att_text(d->file->id, d->var, name, strlen(text), text);
}

/* Units that xarray would take for a length of time, by the symbols that mean the same. */
static const char *unit_of(const char *unit)
{
    static const char *const pairs[][2] = { { "days", "d" },          { "hours", "h" },
                                            { "minutes", "min" },     { "seconds", "s" },
                                            { "milliseconds", "ms" }, { "microseconds", "us" },
                                            { "nanoseconds", "ns" } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (strcmp(pairs[i][0], unit) == 0)
            return pairs[i][1];
    return unit;
}

/* Values as numbers, and their names without blanks in one text. */
static void put_flags(defining *d, const dtake__netcdf_var *var)
{
    const dtake_field *field = var->field;
    dtake_buf meanings = DTAKE_BUF_INIT(1 << 20);
    uint8_t *bytes = dtake__calloc(field->enum_count, 1);
    int32_t *ints = dtake__calloc(field->enum_count, sizeof *ints);
    dtake_status st = bytes && ints ? DTAKE_OK : DTAKE_E_NOMEM;
    for (size_t i = 0; i < field->enum_count && st == DTAKE_OK; i++) {
        bytes[i] = (uint8_t)(ints[i] = field->enum_values[i].value);
        size_t start = meanings.len;
        st = dtake__buf_printf(&meanings, "%s%s", i > 0 ? " " : "", field->enum_values[i].name);
        for (size_t k = start + (i > 0); k < meanings.len; k++)
            if (meanings.data[k] == ' ')
                meanings.data[k] = '_';
    }
    if (st != DTAKE_OK)
        d->status = NC_ENOMEM;
    if (d->status == NC_NOERR)
        d->status = d->file->nc->nc_put_att(d->file->id, d->var, "flag_values", var->type, field->enum_count,
                                            var->type == NC_UBYTE ? (const void *)bytes : ints);
    put_text(d, "flag_meanings", dtake__buf_str(&meanings));
    dtake__free(bytes);
    dtake__free(ints);
    dtake__buf_dispose(&meanings);
}

static void put_attributes(defining *d, const dtake__netcdf_var *var, const char *name)
{
    const dtake_field *field = var->field;
    static const double missing = NAN;
    put_text(d, "long_name", field->description);
    if (strcmp(name, field->name) != 0)
        put_text(d, "field", field->name);
    switch (field->type) {
    case DTAKE_FIELD_TIMESTAMP:
        if (field->role == DTAKE_ROLE_TIME)
            put_text(d, "standard_name", "time");
        put_text(d, "units", "nanoseconds since 1970-01-01");
        put_text(d, "calendar", "proleptic_gregorian");
        return;
    case DTAKE_FIELD_DURATION:
        put_text(d, "units", "nanoseconds");
        put_text(d, "dtype", "timedelta64[ns]");
        return;
    case DTAKE_FIELD_BOOL:
        put_text(d, "dtype", "bool");
        return;
    case DTAKE_FIELD_ENUM:
        put_flags(d, var);
        return;
    case DTAKE_FIELD_GEOMETRY:
        put_text(d, "comment", "WKT, longitude and latitude");
        break;
    case DTAKE_FIELD_BYTES:
        put_text(d, "comment", "hexadecimal digits");
        break;
    case DTAKE_FIELD_JSON:
    case DTAKE_FIELD_ASSETS:
        put_text(d, "comment", "JSON");
        break;
    default:
        break;
    }
    put_text(d, "units", unit_of(field->unit));
    if (var->text)
        put_text(d, "_Encoding", "utf-8");
    if (var->type == NC_DOUBLE && d->status == NC_NOERR)
        d->status = d->file->nc->nc_put_att(d->file->id, d->var, "_FillValue", NC_DOUBLE, 1, &missing);
}

static void put_global_attributes(defining *d)
{
    d->var = NC_GLOBAL;
    put_text(d, "Conventions", "CF-1.8");
    put_text(d, "title", d->file->title ? d->file->title : "");
    put_text(d, "source", "datatake " DTAKE_VERSION);
}

/* --- dimensions and variables --- */

static bool is_variable(const defining *d, const char *name)
{
    for (size_t i = 0; i < d->file->count; i++)
        if (strcmp(d->names[i], name) == 0)
            return true;
    return false;
}

/* A dimension named like a variable that is not along it would be no file for HDF5, and no Dataset for
 * xarray. */
static int define_dim(defining *d, const char *prefix, const char *name, size_t len, bool may_grow)
{
    char full[NC_MAX_NAME + 1];
    int dim = -1;
    snprintf(full, sizeof full, "%s%.*s", prefix, NC_MAX_NAME - 32, name);
    while (strcmp(full, "time") != 0 && is_variable(d, full) && strlen(full) < NC_MAX_NAME)
        strcat(full, "_");
    if (d->status == NC_NOERR)
        d->status = d->file->nc->nc_def_dim(d->file->id, full,
                                            may_grow && d->file->streaming ? NC_UNLIMITED : len, &dim);
    return dim;
}

/* Of a file that grows: rows of a chunk as many as make a megabyte, and room for what is the widest so far.
 */
static void set_chunks(defining *d, const dtake__netcdf_var *var)
{
    const dtake__netcdf_api *nc = d->file->nc;
    size_t width = var->text ? var->widest + var->widest / 8 + 8 : 1; /* what comes may be somewhat wider */
    size_t row_bytes = var->item_bytes * var->longest * width, sizes[3] = { 0 };
    sizes[0] = CHUNK_BYTES / row_bytes;
    sizes[0] = sizes[0] < 1 ? 1 : sizes[0] > CHUNK_ROWS ? CHUNK_ROWS : sizes[0];
    if (var->list)
        sizes[1] = var->longest;
    if (var->text)
        sizes[var->axes - 1] = var->field->type == DTAKE_FIELD_UUID ? DTAKE__NETCDF_UUID_CHARS : width;
    if (d->status == NC_NOERR)
        d->status = nc->nc_def_var_chunking(d->file->id, d->var, NC_CHUNKED, sizes);
    if (d->status == NC_NOERR)
        d->status = nc->nc_set_var_chunk_cache(d->file->id, d->var, 2 * sizes[0] * row_bytes, 31, 0.75f);
}

static void define_var(defining *d, dtake__netcdf_var *var, const char *name, int *uuid_dim)
{
    int dims[3] = { d->file->time_dim };
    bool uuid = var->field->type == DTAKE_FIELD_UUID;
    if (var->list)
        dims[1] = define_dim(d, "n_", name, var->longest, var->field->repeated);
    if (uuid && *uuid_dim < 0)
        *uuid_dim = define_dim(d, "string36", "", DTAKE__NETCDF_UUID_CHARS, false);
    if (var->text)
        dims[var->axes - 1] = uuid ? *uuid_dim : define_dim(d, "string_", name, var->widest, true);
    if (d->status == NC_NOERR)
        d->status = d->file->nc->nc_def_var(d->file->id, name, var->type, var->axes, dims, &var->id);
    d->var = var->id;
    if (d->file->streaming)
        set_chunks(d, var);
    put_attributes(d, var, name);
    if (!d->file->streaming && d->status == NC_NOERR) /* every value is written anyhow */
        d->status = d->file->nc->nc_def_var_fill(d->file->id, d->var, NC_NOFILL, NULL);
    var->has_longest = var->longest;
    var->has_widest = var->widest;
}

dtake_status dtake__netcdf_define(dtake__netcdf_file *file, size_t rows, dtake_error *err)
{
    defining d = { .file = file, .names = dtake__calloc(file->count, sizeof *d.names) };
    int uuid_dim = -1;
    if (!d.names)
        return dtake__fail_nomem(err, "write NetCDF");
    for (size_t i = 0; i < file->count; i++)
        make_name(file, i, d.names);
    put_global_attributes(&d);
    if (rows > 0)
        file->time_dim = define_dim(&d, "time", "", rows, true);
    for (size_t i = 0; i < file->count && rows > 0; i++)
        define_var(&d, &file->vars[i], d.names[i], &uuid_dim);
    if (d.status == NC_NOERR)
        d.status = file->nc->nc_enddef(file->id);
    dtake__free(d.names);
    return d.status == NC_NOERR ? DTAKE_OK : dtake__netcdf_fail(file, d.status, "its header", err);
}
