#include "access/csv_mapper.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdio.h>
#include <string.h>

static const dtake__csv_column *present(const dtake__csv_mapper *m, const char *name)
{
    const dtake__csv_column *c = dtake__csv_columns_find(&m->columns, name);
    return c != NULL && !c->dropped ? c : NULL;
}

static dtake_status set_time_column(dtake__csv_mapper *m, const char *name, dtake_error *err)
{
    snprintf(m->time_text, sizeof m->time_text, "time(\"%s\")", name);
    m->time_column = dtake__strdup(name);
    return m->time_column != NULL ? DTAKE_OK : dtake__fail_nomem(err, "columns");
}

dtake_status dtake__csv_find_time(dtake__csv_mapper *m, dtake_error *err)
{
    static const char *const names[] = {
        "time",       "datetime",  "timestamp",     "acquisition_time", "acquired", "acquisition_date",
        "start_time", "startTime", "date_acquired", "sensing_time",     "date"
    };
    const char *given = m->options->time;
    if (given != NULL && dtake__csv_columns_find(&m->columns, given) != NULL)
        return set_time_column(m, given, err);
    if (given != NULL) {
        snprintf(m->time_text, sizeof m->time_text, "%s", given);
        return strlen(given) < sizeof m->time_text
                   ? DTAKE_OK
                   : dtake__fail(err, DTAKE_E_LIMIT, "--time: an expression of more than %d characters",
                                 DTAKE__CSV_EXPRESSION_BYTES);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const dtake__csv_column *c = present(m, names[i]);
        if (c != NULL && dtake__csv_column_type(c) == DTAKE_FIELD_TIMESTAMP)
            return set_time_column(m, names[i], err);
    }
    return dtake__fail(err, DTAKE_E_USAGE,
                       "which column is the time? Say it with --time COLUMN or --time EXPRESSION, such as "
                       "\"strptime(name, '%%Y%%m%%d')\"");
}

dtake_status dtake__csv_find_place(dtake__csv_mapper *m, dtake_error *err)
{
    static const char *const boxes[][4] = { { "min_lon", "min_lat", "max_lon", "max_lat" },
                                            { "west", "south", "east", "north" },
                                            { "lon_min", "lat_min", "lon_max", "lat_max" } };
    static const char *const points[][2] = { { "lon", "lat" },
                                             { "longitude", "latitude" },
                                             { "lng", "lat" } };
    static const char *const texts[] = { "geometry", "wkt", "geom", "footprint" };
    const char *given = m->options->geometry;
    if (given != NULL) {
        snprintf(m->place_text, sizeof m->place_text, "%s", given);
        return strlen(given) < sizeof m->place_text
                   ? DTAKE_OK
                   : dtake__fail(err, DTAKE_E_LIMIT, "--geometry: an expression of more than %d characters",
                                 DTAKE__CSV_EXPRESSION_BYTES);
    }
    for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++)
        if (present(m, boxes[i][0]) && present(m, boxes[i][1]) && present(m, boxes[i][2]) &&
            present(m, boxes[i][3])) {
            snprintf(m->place_text, sizeof m->place_text, "box(%s, %s, %s, %s)", boxes[i][0], boxes[i][1],
                     boxes[i][2], boxes[i][3]);
            return DTAKE_OK;
        }
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        if (present(m, points[i][0]) && present(m, points[i][1])) {
            snprintf(m->place_text, sizeof m->place_text, "point(%s, %s)", points[i][0], points[i][1]);
            return DTAKE_OK;
        }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (present(m, texts[i]) && dtake__csv_column_type(present(m, texts[i])) == DTAKE_FIELD_STRING) {
            snprintf(m->place_text, sizeof m->place_text, "%s", texts[i]);
            return DTAKE_OK;
        }
    if (m->options->crs != NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "--crs: of which geometry? Say it with --geometry");
    return DTAKE_OK;
}
