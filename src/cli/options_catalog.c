/* Options of the commands that work on a catalogue. */
#include "cli/options.h"

#define DATASET_OPTION                                                                                       \
    {                                                                                                        \
        .name = "dataset", .letter = 'd', .kind = DTAKE__TEXT, .value = "DATASET",                           \
        .help = "the dataset that --collections are of"                                                      \
    }
#define COLLECTIONS_OPTION                                                                                   \
    {                                                                                                        \
        .name = "collections", .letter = 'c', .kind = DTAKE__LIST, .value = "COLLECTION,...",                \
        .aliases = "collection", .here_only = true,                                                          \
        .help = "collections by name, or DATASET/COLLECTION; without it all of the dataset"                  \
    }
#define FILTER_OPTION                                                                                        \
    {                                                                                                        \
        .name = "filter", .kind = DTAKE__TEXTS, .value = "CQL2", .aliases = "query", .here_only = true,      \
        .help =                                                                                              \
            "a condition on fields: CQL2 text or JSON, or K<V, K>=V, K=V, K~PATTERN; all given must hold"    \
    }
#define IDS_OPTION                                                                                           \
    {                                                                                                        \
        .name = "ids", .kind = DTAKE__LIST, .value = "ID,...", .here_only = true,                            \
        .help = "only these, by unique name (STAC id) or, in a dataset without names, by id"                 \
    }
#define SORTBY_OPTION                                                                                        \
    {                                                                                                        \
        .name = "sortby", .kind = DTAKE__TEXT, .value = "FIELD,...", .here_only = true, .dash_value = true,  \
        .help = "order, such as -datetime,+eo:cloud_cover; without it time, then id"                         \
    }
#define SOURCE_OPTION                                                                                        \
    {                                                                                                        \
        .name = "source", .kind = DTAKE__FILE, .value = "FILE|URL",                                          \
        .help = "the catalogue, a Tilebox service as tilebox+https://HOST, or Earth Engine as "              \
                "ee://PROJECT; without it datatake/catalog.db in $XDG_DATA_HOME (~/.local/share)"            \
    }

static const dtake__option query_options[] = {
    DATASET_OPTION,
    COLLECTIONS_OPTION,
    DATETIME_OPTIONS(
        "from A to B (RFC 3339), both included; a bare date, month or year counts whole; .. is open"),
    { .name = "bbox",
      .letter = 'b',
      .kind = DTAKE__BOX,
      .value = "W,S,E,N",
      .help = "meets this box, degrees of longitude and latitude; also as four numbers; W > E crosses the "
              "antimeridian" },
    { .name = "intersects",
      .kind = DTAKE__FILE,
      .value = "FILE|GEOJSON|WKT|-",
      .aliases = "region",
      .help = "meets this area" },
    { .name = "within",
      .kind = DTAKE__FILE,
      .value = "FILE|GEOJSON|WKT|W,S,E,N|-",
      .dash_value = true,
      .help = "lies in this area" },
    { .name = "edges",
      .kind = DTAKE__CHOICE,
      .value = "KIND",
      .choices = "planar|spherical",
      .initial = "planar",
      .here_only = true,
      .help = "how edges of areas and of datapoints run: straight in longitude and latitude, or as great "
              "circles" },
    FILTER_OPTION,
    CLOUD_OPTION("with a cloud cover of less than this; those that do not tell theirs are left out"),
    IDS_OPTION,
    SORTBY_OPTION,
    MAX_ITEMS_OPTION("at most so many of each dataset"),
};
GROUP(dtake__options_query, "Which datapoints", query_options);

static const dtake__option fields_options[] = {
    { .name = "fields",
      .kind = DTAKE__LIST,
      .value = "FIELD,...",
      .here_only = true,
      .dash_value = true,
      .help = "only these fields, or with -FIELD all but these" },
};
GROUP(dtake__options_fields, "Which fields", fields_options);

static const dtake__option source_options[] = { SOURCE_OPTION };
GROUP(dtake__options_source, "Where they are", source_options);

static const dtake__option from_catalog_options[] = {
    DATASET_OPTION, COLLECTIONS_OPTION, FILTER_OPTION, IDS_OPTION, SORTBY_OPTION, SOURCE_OPTION,
};
GROUP(dtake__options_from_catalog, "Images of a catalogue, instead of inputs", from_catalog_options);

static const dtake__option search_options[] = {
    { .name = "json",
      .kind = DTAKE__FLAG,
      .here_only = true,
      .help = "one ItemCollection, also on a terminal" },
    { .name = "ndjson", .kind = DTAKE__FLAG, .here_only = true, .help = "an Item a line, as into a pipe" },
    { .name = "csv", .kind = DTAKE__FLAG, .here_only = true, .help = "a row a line, with a header" },
    { .name = "geojson",
      .kind = DTAKE__FLAG,
      .here_only = true,
      .help = "one FeatureCollection with the fields as properties" },
    { .name = "table",
      .kind = DTAKE__FLAG,
      .here_only = true,
      .aliases = "text",
      .help = "aligned columns, as on a terminal, also into a pipe" },
    { .name = "count",
      .kind = DTAKE__FLAG,
      .here_only = true,
      .aliases = "matched",
      .help = "only how many there are" },
};
GROUP(dtake__options_search, "Shape of the output", search_options);

static const dtake__option load_options[] = {
    { .name = "output",
      .letter = 'o',
      .kind = DTAKE__FILE,
      .value = "FILE",
      .here_only = true,
      .help = "write it there; without it, or for -, to standard output" },
    { .name = "of",
      .kind = DTAKE__CHOICE,
      .value = "FORMAT",
      .aliases = "format",
      .choices = "csv|ndjson|geojson|items|item-collection|netcdf nc|jsonl",
      .here_only = true,
      .help = "format; without it by the extension (.csv .ndjson .geojson .json .nc), else CSV" },
};
GROUP(dtake__options_load, "Where the table goes", load_options);

static const dtake__option ingest_options[] = {
    { .name = "dataset",
      .letter = 'd',
      .kind = DTAKE__TEXT,
      .value = "DATASET",
      .help = "into this dataset, made if it is not there; groups with dots: "
              "open_data.copernicus.sentinel2_msi" },
    { .name = "collection",
      .letter = 'c',
      .kind = DTAKE__TEXT,
      .value = "NAME",
      .aliases = "collections",
      .here_only = true,
      .help = "all into this collection; without it what each item says, else \"default\"" },
    { .name = "collection-from",
      .kind = DTAKE__TEXT,
      .value = "EXPRESSION",
      .here_only = true,
      .help = "CSV: the collection of each row, such as a column" },
    { .name = "name",
      .kind = DTAKE__TEXT,
      .value = "COLUMN",
      .here_only = true,
      .help = "unique name of a record: one of the same name replaces it; of STAC Items their id" },
    { .name = "description",
      .kind = DTAKE__TEXT,
      .value = "TEXT",
      .here_only = true,
      .help = "of a new dataset" },
};
GROUP(dtake__options_ingest, "Into which dataset", ingest_options);

static const dtake__option mapping_options[] = {
    { .name = "time",
      .kind = DTAKE__TEXT,
      .value = "EXPRESSION",
      .here_only = true,
      .help = "the time: a column, or an expression such as strptime(name, '%Y%m%dT%H%M%S'); of GeoJSON "
              "features a property" },
    { .name = "geometry",
      .kind = DTAKE__TEXT,
      .value = "EXPRESSION",
      .here_only = true,
      .help = "the place: box(min_x, min_y, max_x, max_y), point(x, y), or a column of WKT" },
    { .name = "crs",
      .kind = DTAKE__TEXT,
      .value = "EPSG:N",
      .here_only = true,
      .help = "of the geometry; without it longitude and latitude" },
    { .name = "map",
      .kind = DTAKE__LIST,
      .value = "FIELD=COLUMN[:TYPE],...",
      .here_only = true,
      .help = "name the field of a column, and its type" },
    { .name = "types",
      .kind = DTAKE__LIST,
      .value = "COLUMN=TYPE,...",
      .here_only = true,
      .help =
          "bool, int64, uint64, float64, string, timestamp, json; without it by what the first rows hold" },
    { .name = "drop",
      .kind = DTAKE__LIST,
      .value = "COLUMN,...",
      .here_only = true,
      .help = "leave these columns out" },
    { .name = "mapping",
      .kind = DTAKE__FILE,
      .value = "FILE",
      .here_only = true,
      .help = "all of these from a JSON file" },
    { .name = "schema",
      .kind = DTAKE__FILE,
      .value = "FILE",
      .here_only = true,
      .help = "the fields and their types as JSON (info DATASET --json prints them); others are not made" },
    { .name = "input-format",
      .kind = DTAKE__CHOICE,
      .value = "FORMAT",
      .initial = "auto",
      .choices = "auto|stac|csv geojson|json",
      .here_only = true,
      .help = "what the inputs are; without it by their first bytes" },
};
GROUP(dtake__options_mapping, "What they mean", mapping_options);

static const dtake__option ingest_how_options[] = {
    { .name = "failed",
      .kind = DTAKE__FILE,
      .value = "FILE",
      .here_only = true,
      .help = "list malformed records as NDJSON, with file, line, reason and text" },
    { .name = "all-or-nothing",
      .kind = DTAKE__FLAG,
      .here_only = true,
      .help = "keep nothing when one record is malformed" },
};
GROUP(dtake__options_ingest_how, "When records are malformed", ingest_how_options);

static const dtake__option delete_options[] = {
    { .name = "yes", .letter = 'y', .kind = DTAKE__FLAG, .here_only = true, .help = "do not ask" },
    { .name = "all",
      .kind = DTAKE__FLAG,
      .here_only = true,
      .help = "the dataset or collection itself, with all that is in it" },
};
GROUP(dtake__options_delete, "Deleting", delete_options);
