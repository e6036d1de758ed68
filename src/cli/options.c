#include "cli/options.h"

#define GROUP(name, heading, list)                                                                           \
    const dtake__option_group name = { heading, list, sizeof list / sizeof list[0] }

static const dtake__option select_options[] = {
    { .name = "bbox",
      .letter = 'b',
      .kind = DTAKE__BOX,
      .value = "W,S,E,N",
      .help =
          "area in degrees of longitude and latitude; also as four numbers; W > E crosses the antimeridian" },
    { .name = "intersects",
      .kind = DTAKE__FILE,
      .value = "FILE|GEOJSON|-",
      .aliases = "region",
      .help = "area as GeoJSON: selects images and masks the pixels outside it" },
    { .name = "datetime",
      .kind = DTAKE__TEXT,
      .value = "A/B",
      .help = "acquired from A to B (RFC 3339), both included; a bare date as B means the end of that day; "
              ".. is open" },
    { .name = "start",
      .letter = 's',
      .kind = DTAKE__TEXT,
      .value = "A",
      .hidden = true,
      .help = "as in --datetime A/.." },
    { .name = "end",
      .letter = 'e',
      .kind = DTAKE__TEXT,
      .value = "B",
      .hidden = true,
      .help = "as in --datetime ../B" },
    { .name = "cloud",
      .kind = DTAKE__NUMBER,
      .value = "PERCENT",
      .aliases = "cloud-cover",
      .min = 0,
      .max = 1000,
      .help =
          "only images with a cloud cover of less than this; images that do not tell theirs are left out" },
    { .name = "max-items",
      .letter = 'n',
      .kind = DTAKE__INTEGER,
      .value = "N",
      .aliases = "limit",
      .min = 1,
      .max = 1e15,
      .help = "at most so many images" },
};
GROUP(dtake__options_select, "Which images", select_options);

static const dtake__option pixel_options[] = {
    { .name = "bands",
      .kind = DTAKE__LIST,
      .value = "B8,B4,B3",
      .help =
          "bands by asset key, eo:bands name or common name (B8 finds B08), or numbers of a raster's bands" },
    { .name = "scale",
      .kind = DTAKE__NUMBER,
      .value = "METRES",
      .min = 0,
      .max = 1e7,
      .help = "pixel size of the output; without it the grid of the finest band" },
    { .name = "unmask",
      .kind = DTAKE__NUMBER,
      .value = "VALUE",
      .help = "give masked pixels this value; the sample type grows if it has to" },
    { .name = "visualize",
      .kind = DTAKE__TEXT,
      .value = "KEY=VALUE,...",
      .help = "stretch to 8 bits as Earth Engine does: min, max, gain, bias, gamma, palette, opacity; one "
              "value or one a "
              "band with ':' between them (min=0,max=5000,gamma=1.35:1.2:1)" },
    { .name = "raw",
      .kind = DTAKE__FLAG,
      .help = "store the bytes of the assets as they are, checked against the item" },
    { .name = "assets", .kind = DTAKE__LIST, .value = "KEY,...", .help = "which assets --raw stores" },
};
GROUP(dtake__options_pixels, "Which pixels", pixel_options);

static const dtake__option file_options[] = {
    { .name = "output",
      .letter = 'o',
      .kind = DTAKE__FOLDER,
      .value = "DIR",
      .initial = ".",
      .help = "folder for the files, made if missing" },
    { .name = "template",
      .kind = DTAKE__TEXT,
      .value = "PATH",
      .help = "path of each file below the folder, such as {id}.{ext} (the default), {id}_{asset}.{ext} "
              "(with --raw)" },
    { .name = "of",
      .kind = DTAKE__CHOICE,
      .value = "FORMAT",
      .initial = "geotiff",
      .aliases = "format",
      .choices = "geotiff|cog|png tif|tiff|gtiff",
      .help = "format of the files" },
    { .name = "overwrite",
      .kind = DTAKE__FLAG,
      .help = "replace files that are there already (without it they are an error)" },
    { .name = "skip-existing",
      .kind = DTAKE__FLAG,
      .help = "leave files that are there already and go on with the others" },
    { .name = "sheet",
      .kind = DTAKE__FILE,
      .value = "FILE.png",
      .help = "also draw a contact sheet of all images" },
};
GROUP(dtake__options_files, "Where they go", file_options);

#define PROCESSES_OPTION                                                                                     \
    {                                                                                                        \
        .name = "processes", .kind = DTAKE__INTEGER, .value = "N", .initial = "0", .min = 0, .max = 256,     \
        .help = "processes of the mode processes; 0: one a core"                                             \
    }

static const dtake__option get_options[] = {
    { .name = "mode",
      .kind = DTAKE__CHOICE,
      .value = "MODE",
      .initial = "async",
      .choices = "async|sequential|processes",
      .help = "all images at once, one after another, or all at once in several processes" },
    PROCESSES_OPTION,
    { .name = "explain",
      .kind = DTAKE__FLAG,
      .aliases = "dry-run plan",
      .here_only = true,
      .help = "print the plan (round trips, ranges, bytes, predicted time); reads headers, no pixels, writes "
              "nothing" },
    { .name = "failed",
      .kind = DTAKE__FILE,
      .value = "FILE",
      .help = "list images that failed as NDJSON; the list can be given to get as its input" },
};
GROUP(dtake__options_get, "How the job runs", get_options);

static const dtake__option engine_options[] = {
    { .name = "jobs",
      .letter = 'j',
      .kind = DTAKE__INTEGER,
      .value = "N",
      .initial = "64",
      .min = 1,
      .max = 1024,
      .aliases = "connections max-workers numworkers",
      .help = "connections to one host at the same time" },
    { .name = "workers",
      .kind = DTAKE__INTEGER,
      .value = "N",
      .initial = "0",
      .min = 0,
      .max = 1024,
      .help = "threads that decode and encode; 0: one a core" },
    { .name = "max-rate",
      .kind = DTAKE__SIZE,
      .value = "BYTES",
      .min = 1,
      .max = 1e15,
      .help = "at most so many bytes a second over all connections, such as 50M" },
    { .name = "retries",
      .kind = DTAKE__INTEGER,
      .value = "N",
      .initial = "5",
      .min = 0,
      .max = 1000,
      .help = "attempts after the first when a request fails" },
    { .name = "timeout",
      .kind = DTAKE__NUMBER,
      .value = "SECONDS",
      .initial = "30",
      .min = 0.001,
      .max = 86400,
      .help = "break a request off that brought nothing for so long, and try again" },
    { .name = "memory",
      .kind = DTAKE__SIZE,
      .value = "BYTES",
      .initial = "96Mi",
      .min = 1048576,
      .max = 1e15,
      .help = "bytes in flight at the same time, compressed and decoded" },
    { .name = "cache-dir",
      .kind = DTAKE__FOLDER,
      .value = "DIR",
      .help = "folder of the header cache; without it datatake in $XDG_CACHE_HOME" },
    { .name = "no-cache", .kind = DTAKE__FLAG, .help = "neither read nor write the header cache" },
};
GROUP(dtake__options_engine, "Connections, memory, retries", engine_options);

static const dtake__option progress_options[] = {
    { .name = "progress",
      .kind = DTAKE__CHOICE,
      .value = "KIND",
      .initial = "auto",
      .choices = "auto|bar|plain|json|none",
      .help = "what standard error shows meanwhile: bars on a terminal and lines elsewhere, or as named" },
};
GROUP(dtake__options_progress, "Progress", progress_options);

static const dtake__option compare_options[] = {
    { .name = "modes",
      .kind = DTAKE__CHOICES,
      .value = "MODE,...",
      .initial = "sequential,async,processes",
      .choices = "sequential|async|processes",
      .help = "the modes to compare; the speedup is against the first" },
    PROCESSES_OPTION,
    { .name = "plot",
      .kind = DTAKE__FILE,
      .value = "FILE",
      .here_only = true,
      .help = "draw the comparison; FILE ends in .svg or .png" },
};
GROUP(dtake__options_compare, "The comparison", compare_options);

static const dtake__option shape_options[] = {
    { .name = "json",
      .kind = DTAKE__FLAG,
      .here_only = true,
      .aliases = "ndjson",
      .help = "write JSON to standard output, also on a terminal" },
    { .name = "table",
      .kind = DTAKE__FLAG,
      .here_only = true,
      .aliases = "text",
      .help = "write text for people to standard output, also into a pipe" },
};
GROUP(dtake__options_shape, "Standard output", shape_options);

static const dtake__option serve_options[] = {
    { .name = "files",
      .kind = DTAKE__FOLDER,
      .value = "DIR",
      .here_only = true,
      .help = "serve the files below DIR under /files/" },
    { .name = "listen",
      .kind = DTAKE__TEXT,
      .value = "ADDRESS:PORT",
      .initial = "127.0.0.1:8080",
      .help = "where to listen; port 0 picks a free one" },
    { .name = "first-byte-delay",
      .kind = DTAKE__NUMBER,
      .value = "MS",
      .initial = "0",
      .min = 0,
      .max = 60000,
      .help = "wait so long before each answer, to show what distance costs" },
    { .name = "max-connections",
      .kind = DTAKE__INTEGER,
      .value = "N",
      .initial = "1024",
      .min = 1,
      .max = 1000000,
      .help = "connections at the same time" },
    { .name = "idle-timeout",
      .kind = DTAKE__NUMBER,
      .value = "SECONDS",
      .initial = "60",
      .min = 0.001,
      .max = 86400,
      .help = "close a connection that asks for nothing so long" },
    { .name = "access-log",
      .kind = DTAKE__FILE,
      .value = "FILE|-",
      .help = "write a line for every request; - is standard error" },
};
GROUP(dtake__options_serve, "Server", serve_options);

static const dtake__option config_options[] = {
    { .name = "origin", .kind = DTAKE__FLAG, .here_only = true, .help = "say where each setting comes from" },
};
GROUP(dtake__options_config, "Settings", config_options);

static const dtake__option common_options[] = {
    { .name = "help",
      .letter = 'h',
      .kind = DTAKE__FLAG,
      .here_only = true,
      .help = "-h: the short help; --help: all of it" },
    { .name = "quiet",
      .letter = 'q',
      .kind = DTAKE__FLAG,
      .help = "no progress and no summary, only errors" },
    { .name = "verbose",
      .letter = 'v',
      .kind = DTAKE__FLAG,
      .help = "a line for every finished image and where the time went" },
    { .name = "color",
      .kind = DTAKE__CHOICE,
      .value = "WHEN",
      .initial = "auto",
      .choices = "auto|always|never",
      .help = "colours on standard error" },
};
GROUP(dtake__options_common, "Every command", common_options);
