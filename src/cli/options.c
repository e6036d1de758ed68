#include "cli/options.h"

static const dtake__option engine_options[] = {
    { .name = "jobs",
      .letter = 'j',
      .kind = DTAKE__INTEGER,
      .value = "N",
      .initial = "256",
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

static const dtake__option verify_options[] = {
    { .name = "sources",
      .kind = DTAKE__FLAG,
      .here_only = true,
      .help = "also ask every source whether it still has the version that was read; one byte of each" },
};
GROUP(dtake__options_verify, "What is verified", verify_options);

static const dtake__option redo_options[] = {
    { .name = "output",
      .letter = 'o',
      .kind = DTAKE__FILE,
      .value = "FILE",
      .here_only = true,
      .help = "write it there instead of in its place; it must not be there yet" },
};
GROUP(dtake__options_redo, "Where it goes", redo_options);

static const dtake__option serve_options[] = {
    { .name = "files",
      .kind = DTAKE__FOLDER,
      .value = "DIR",
      .here_only = true,
      .help = "serve the files below DIR under /files/" },
    { .name = "catalog",
      .kind = DTAKE__FILE,
      .value = "FILE",
      .here_only = true,
      .help = "serve the datasets of this catalogue; it is made when it is first written to" },
    { .name = "listen",
      .kind = DTAKE__TEXT,
      .value = "ADDRESS:PORT",
      .initial = "127.0.0.1:8080",
      .help = "where to listen; port 0 picks a free one" },
    { .name = "tls-cert",
      .kind = DTAKE__FILE,
      .value = "FILE",
      .help = "speak TLS with this certificate (PEM, with its chain)" },
    { .name = "tls-key", .kind = DTAKE__FILE, .value = "FILE", .help = "the certificate's key (PEM)" },
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
    { .name = "max-pixels",
      .kind = DTAKE__INTEGER,
      .value = "N",
      .min = 1,
      .max = 1e15,
      .help = "an image of more pixels is refused to Earth Engine's clients, before anything of it is read" },
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

#define KEYS_OPTION                                                                                          \
    {                                                                                                        \
        .name = "keys", .kind = DTAKE__FILE, .value = "FILE",                                                \
        .help = "the file of API keys (default: datatake/keys in the user's folder of settings)"             \
    }

static const dtake__option access_options[] = {
    KEYS_OPTION,
    { .name = "public", .kind = DTAKE__FLAG, .help = "everybody may read files and datasets, without a key" },
    { .name = "rate",
      .kind = DTAKE__NUMBER,
      .value = "N",
      .initial = "0",
      .min = 0,
      .max = 1e9,
      .help = "requests that a key, or an address without one, may make each second; 0: any number" },
};
GROUP(dtake__options_access, "Who may", access_options);

static const dtake__option keys_options[] = {
    { .name = "rights",
      .kind = DTAKE__CHOICE,
      .value = "RIGHTS",
      .initial = "read",
      .choices = "read|write|admin",
      .here_only = true,
      .help = "what the key allows: to read, also to ingest and delete datapoints, also to change datasets" },
    KEYS_OPTION,
};
GROUP(dtake__options_keys, "Keys", keys_options);

static const dtake__option doctor_options[] = {
    { .name = "timeout",
      .kind = DTAKE__NUMBER,
      .value = "SECONDS",
      .initial = "10",
      .min = 0.1,
      .max = 600,
      .here_only = true,
      .help = "wait so long for each answer" },
};
GROUP(dtake__options_doctor, "Doctor", doctor_options);

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
