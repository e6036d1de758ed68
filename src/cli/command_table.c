#include "cli/command.h"

#include "cli/commands.h"
#include "cli/options.h"

#ifndef DTAKE_WITH_RASTER
#define dtake__cmd_info dtake__cmd_missing
#endif
#ifndef DTAKE_WITH_ACCESS
#define dtake__cmd_get     dtake__cmd_missing
#define dtake__cmd_compare dtake__cmd_missing
#define dtake__cmd_worker  dtake__cmd_missing
#endif

#define AREA "--bbox -82.48,8.35,-82.39,8.44"

const dtake__command dtake__commands[] = {
    { .name = "get",
      .summary = "cut windows out of many images at once and write them as files",
      .inputs = "INPUT...",
      .min_inputs = 1,
      .max_inputs = -1,
      .description =
          "INPUT is a STAC Item, an ItemCollection or NDJSON of Items (file, URL, or - for standard input), "
          "a folder of "
          "such or of rasters, or a raster (file or URL). Every image is cut to the area, its bands are "
          "stacked, "
          "stretched if wanted, and written under its final name only when it is complete.\n"
          "Standard output gets one line of JSON for each finished file when it is not a terminal.",
      .groups = { &dtake__options_select, &dtake__options_pixels, &dtake__options_files, &dtake__options_get,
                  &dtake__options_engine, &dtake__options_progress, &dtake__options_shape },
      .examples = { { "a place through time, as pictures",
                      "datatake get items/ " AREA
                      " --bands B8,B4,B3 --visualize min=0,max=5000,gamma=1.35 -o out/" },
                    { "what it would cost", "datatake get items.ndjson " AREA " --bands B4 --explain" },
                    { "the assets as they are", "datatake get item.json --raw --assets B04,SCL -o scenes/" },
                    { "go on after an interruption",
                      "datatake get items/ " AREA " --bands B4 -o out/ --skip-existing" },
                    { "try again what failed", "datatake get failed.ndjson " AREA " --bands B4 -o out/" } },
      .run = dtake__cmd_get },
    { .name = "compare",
      .summary = "run the same get one after another, all at once and in processes, and compare",
      .inputs = "INPUT...",
      .min_inputs = 1,
      .max_inputs = -1,
      .description =
          "Takes the options of get. Each mode runs cold, without the header cache, in a process of its own "
          "and "
          "writes to a folder of its own below the output folder; the files of all modes must be identical.",
      .groups = { &dtake__options_compare, &dtake__options_select, &dtake__options_pixels,
                  &dtake__options_files, &dtake__options_engine, &dtake__options_progress,
                  &dtake__options_shape },
      .examples = { { "how much faster is all at once?",
                      "datatake compare items/ " AREA " --bands B8,B4,B3 -o out/" },
                    { "as a picture",
                      "datatake compare items/ " AREA " --bands B4 -o out/ --plot speedup.svg" },
                    { "two modes, for a program",
                      "datatake compare items/ --bands B4 --modes sequential,async --json -o out/" } },
      .run = dtake__cmd_compare },
    { .name = "info",
      .summary = "size, type, grid, overviews and compression of rasters",
      .inputs = "RASTER...",
      .min_inputs = 1,
      .max_inputs = -1,
      .description = "RASTER is a path or a URL. Only the header is read: one request for a COG.",
      .groups = { &dtake__options_engine, &dtake__options_shape },
      .examples = { { "a file", "datatake info B04.tif" },
                    { "a URL, as JSON", "datatake info --json http://127.0.0.1:8080/files/B04.tif" },
                    { "the size of many", "datatake info *.tif --json | jq -c '[.href,.width,.height]'" } },
      .run = dtake__cmd_info },
    { .name = "serve",
      .summary = "serve a folder of files over HTTP with byte ranges",
      .inputs = "",
      .min_inputs = 0,
      .max_inputs = 0,
      .description = "Prints its URL, then serves until SIGTERM or Ctrl-C: answers under way are finished "
                     "first; a second "
                     "signal stops at once. Nothing outside the folder is served, links included.",
      .groups = { &dtake__options_serve },
      .examples = { { "this folder", "datatake serve --files ." },
                    { "a free port, as if 50 ms away",
                      "datatake serve --files scenes --listen 127.0.0.1:0 --first-byte-delay 50" },
                    { "with a log", "datatake serve --files scenes --access-log access.log" } },
      .run = dtake__cmd_serve },
    { .name = "config",
      .summary = "show the settings and where they come from",
      .inputs = "show|path",
      .min_inputs = 0,
      .max_inputs = 1,
      .input_words = "show|path",
      .description =
          "show prints every setting that has a value, in the form of a settings file; path prints the files "
          "that are looked at, the one that counts most first.",
      .groups = { &dtake__options_config },
      .examples = { { "all settings", "datatake config show" },
                    { "and where each comes from", "datatake config show --origin" },
                    { "the files", "datatake config path" } },
      .run = dtake__cmd_config,
      .no_settings = true },
    { .name = "completion",
      .summary = "print the completion script for a shell",
      .inputs = "bash|zsh|fish",
      .min_inputs = 1,
      .max_inputs = 1,
      .input_words = "bash|zsh|fish",
      .description = "The script completes commands, options, their values and files.",
      .examples = { { "for this bash", "source <(datatake completion bash)" },
                    { "for every zsh", "datatake completion zsh > ~/.zfunc/_datatake" },
                    { "for every fish",
                      "datatake completion fish > ~/.config/fish/completions/datatake.fish" } },
      .run = dtake__cmd_completion,
      .no_settings = true },
    { .name = "man",
      .summary = "print a manual page",
      .inputs = "[COMMAND]",
      .min_inputs = 0,
      .max_inputs = 1,
      .description = "The page is in roff, as man reads it.",
      .examples = { { "the program", "datatake man | man -l -" },
                    { "one command", "datatake man get | man -l -" },
                    { "as text", "datatake man get | groff -man -Tutf8 | less -R" } },
      .run = dtake__cmd_man,
      .no_settings = true },
    { .name = "help",
      .summary = "explain a command and its options",
      .inputs = "[COMMAND]",
      .min_inputs = 0,
      .max_inputs = 1,
      .description = "The same text as COMMAND --help.",
      .examples = { { "all commands", "datatake help" },
                    { "one command", "datatake help get" },
                    { "the short form", "datatake get -h" } },
      .run = dtake__cmd_help,
      .no_settings = true },
    { .name = "version",
      .summary = "print the version",
      .inputs = "",
      .min_inputs = 0,
      .max_inputs = 0,
      .description = "The same as datatake --version.",
      .examples = { { "the version", "datatake version" },
                    { "the same", "datatake --version" },
                    { "as JSON", "datatake version --json" } },
      .groups = { &dtake__options_shape },
      .run = dtake__cmd_version,
      .no_settings = true },
    { .name = "worker",
      .summary = "run one job that comes as JSON on standard input",
      .inputs = "",
      .min_inputs = 0,
      .max_inputs = 0,
      .description = "Started by get and compare; not for people.",
      .run = dtake__cmd_worker,
      .hidden = true,
      .no_settings = true },
};
const size_t dtake__command_count = sizeof dtake__commands / sizeof dtake__commands[0];
