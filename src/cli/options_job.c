#include "cli/options.h"

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
    DATETIME_OPTIONS(
        "acquired from A to B (RFC 3339), both included; a bare date, month or year counts whole; "
        ".. is open"),
    CLOUD_OPTION(
        "only images with a cloud cover of less than this; images that do not tell theirs are left out"),
    MAX_ITEMS_OPTION("at most so many images"),
};
GROUP(dtake__options_select, "Which images", select_options);

static const dtake__option pixel_options[] = {
    { .name = "bands",
      .kind = DTAKE__LIST,
      .value = "B8,B4,B3",
      .help =
          "bands by asset key, eo:bands name or common name (B8 finds B08), or numbers of a raster's bands" },
    { .name = "mask-clouds",
      .kind = DTAKE__FLAG,
      .help =
          "mask clouds and their shadows by the image's scene classes or quality bits (SCL, QA_PIXEL, Fmask, "
          "QA60)" },
    { .name = "expression",
      .kind = DTAKE__TEXT,
      .value = "NAME=...",
      .help =
          "compute bands, such as 'ndvi=(B8-B4)/(B8+B4)'; several with ';' between them. Without --bands the "
          "bands that are named in it are read" },
    { .name = "graph",
      .kind = DTAKE__FILE,
      .value = "FILE|TEXT|-",
      .help =
          "make the pixels by a graph of functions (docs/graph.md): `image` is the image, `area` what it is "
          "cut to, the last expression the result" },
    { .name = "unmask",
      .kind = DTAKE__NUMBER,
      .value = "VALUE",
      .help = "give masked pixels inside the area this value; the sample type grows if it has to" },
    { .name = "visualize",
      .kind = DTAKE__TEXT,
      .value = "KEY=VALUE,...",
      .help = "stretch to 8 bits as Earth Engine does: min, max, gain, bias, gamma, palette, opacity; one "
              "value or one a "
              "band with ':' between them (min=0,max=5000,gamma=1.35:1.2:1)" },
    { .name = "palette",
      .kind = DTAKE__TEXT,
      .value = "NAME|COLOR:...",
      .help = "colours of one band from low to high: viridis, plasma, inferno, magma, cividis, turbo, grays, "
              "rdylgn, rdbu, spectral, ylgn, blues, greens (NAME_r: from the other end), or colours; as "
              "palette= of --visualize" },
    { .name = "type",
      .kind = DTAKE__CHOICE,
      .value = "TYPE",
      .aliases = "dtype ot",
      .choices = "uint8|int8|uint16|int16|uint32|int32|float32|float64",
      .help = "type of the samples in the files, kept within its range and cut off towards zero; without it "
              "the smallest that holds them" },
    { .name = "paint",
      .kind = DTAKE__TEXT,
      .value = "FILE,color=C,width=W",
      .help = "write the number C (or the property of that name) into every band inside of the areas of a "
              "GeoJSON "
              "file, or W pixels along their outline" },
    { .name = "outline",
      .kind = DTAKE__TEXT,
      .value = "COLOR,WIDTH",
      .help = "draw the outline of --bbox or --intersects into the picture, WIDTH pixels wide: blue,2" },
    { .name = "raw",
      .kind = DTAKE__FLAG,
      .help = "store the bytes of the assets as they are, checked against the item" },
    { .name = "assets", .kind = DTAKE__LIST, .value = "KEY,...", .help = "which assets --raw stores" },
};
GROUP(dtake__options_pixels, "Which pixels", pixel_options);

static const dtake__option grid_options[] = {
    { .name = "crs",
      .kind = DTAKE__TEXT,
      .value = "CRS",
      .aliases = "t-srs",
      .help =
          "CRS of the output: EPSG:n, WKT, a PROJ string, or utm for the zone of the area; without it the "
          "images' own" },
    { .name = "scale",
      .kind = DTAKE__NUMBER,
      .value = "METRES",
      .min = 0,
      .max = 1e7,
      .help = "pixel size of the output; without it the grid of the finest band" },
    { .name = "res",
      .kind = DTAKE__TEXT,
      .value = "X[,Y]",
      .aliases = "tr",
      .help = "pixel size of the output in units of its CRS, instead of --scale" },
    { .name = "extent",
      .kind = DTAKE__TEXT,
      .value = "XMIN,YMIN,XMAX,YMAX",
      .aliases = "te",
      .help = "outer edges of the output in units of its CRS" },
    { .name = "size",
      .kind = DTAKE__TEXT,
      .value = "WIDTHxHEIGHT",
      .aliases = "ts",
      .help = "pixels of the output, instead of a pixel size; one of them may be 0: square pixels" },
    { .name = "align",
      .kind = DTAKE__FLAG,
      .aliases = "tap",
      .help = "widen the extent to whole multiples of the pixel size" },
    { .name = "resampling",
      .kind = DTAKE__CHOICE,
      .value = "KERNEL",
      .initial = "nearest",
      .choices = "nearest|bilinear|cubic|average|lanczos|mode near|bicubic",
      .help = "how pixels of another grid are made" },
};
GROUP(dtake__options_grid, "On which grid", grid_options);

static const dtake__option composite_options[] = {
    { .name = "method",
      .kind = DTAKE__CHOICE,
      .value = "METHOD",
      .initial = "median",
      .choices = "median|mean|count|mosaic|quality",
      .help = "what becomes of the samples of a pixel; mosaic: the last image on top; quality: all bands of "
              "the image "
              "whose --quality is greatest" },
    { .name = "by",
      .kind = DTAKE__CHOICE,
      .value = "TIME",
      .initial = "whole",
      .choices = "whole|month",
      .help = "one composite of all images, or one a month" },
    { .name = "quality",
      .kind = DTAKE__TEXT,
      .value = "BAND",
      .help = "the band, or expression, that decides with --method quality" },
};
GROUP(dtake__options_composite, "How images become one", composite_options);

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
      .choices = "geotiff|cog|png|jpeg|npy tif|tiff|gtiff|jpg",
      .help = "format of the files; npy is numpy's, a record a pixel with a field a band" },
    { .name = "jpeg-quality",
      .kind = DTAKE__INTEGER,
      .value = "N",
      .min = 1,
      .max = 100,
      .help = "of --of jpeg, 90 without it" },
    { .name = "per-band",
      .kind = DTAKE__FLAG,
      .help = "a file for each of --bands, or each of the --expression, named {id}_{asset}.{ext}, instead of "
              "one for "
              "all; --visualize shows each by itself" },
    { .name = "quicklook",
      .kind = DTAKE__INTEGER,
      .value = "PIXELS",
      .min = 1,
      .max = 4096,
      .help = "also a small picture beside each file, NAME.quicklook.png, at most so wide and high" },
    { .name = "max-pixels",
      .kind = DTAKE__INTEGER,
      .value = "N",
      .min = 1,
      .max = 1e15,
      .help = "an image of more pixels is an error, before anything of it is read" },
    { .name = "overwrite",
      .kind = DTAKE__FLAG,
      .help = "replace files that are there already and are not what would be made (without it they are an "
              "error)" },
    { .name = "skip-existing",
      .kind = DTAKE__FLAG,
      .help = "leave files that are there already, whatever they are, and go on with the others" },
    { .name = "no-resume",
      .kind = DTAKE__FLAG,
      .help = "make every file from the start: go on with nothing that an earlier run left or finished" },
    { .name = "sheet",
      .kind = DTAKE__FILE,
      .value = "FILE.png",
      .help = "also draw a contact sheet of all images" },
};
GROUP(dtake__options_files, "Where they go", file_options);

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
