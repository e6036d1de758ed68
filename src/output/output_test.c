#include "output/written_fixture.h"

static void every_type_comes_back_as_it_was(void **state)
{
    (void)state;
    for (int type = 0; type <= DTAKE_F64; type++)
        for (int32_t bands = 1; bands <= 4; bands += 3) {
            dtake_pixels in = fixture_pixels((dtake_type)type, 300, 271, bands, 0);
            paint(&in);
            uint8_t at[2][8] = { { 0 } };
            size_t bytes = dtake_type_bytes((dtake_type)type), plane = 300 * 271;
            memcpy(at[0], (uint8_t *)in.data + (plane * (size_t)(bands - 1) + 270 * 300 + 299) * bytes,
                   bytes);
            dtake__output output = utm(fixture_path("type.tif"), DTAKE_GEOTIFF, in);
            output.replace = true;
            write_file(&output);
            opened o;
            open_tiff(&o, fixture_path("type.tif"));
            const dtake__tiff_dir *dir = o.tiff.dir;
            CHECK(o.tiff.dir_count == 1 && dir->type == (dtake_type)type && dir->bands == bands);
            CHECK(dir->width == 300 && dir->height == 271 && dir->tile_width == 256);
            CHECK_EQ(dir->predictor, type >= DTAKE_F32 ? 3 : 2);
            double last = sample(&o, 0, 299, 270, bands - 1);
            switch ((dtake_type)type) {
#define TYPE(name, ctype)                                                                                    \
    case DTAKE_##name:                                                                                       \
        *(ctype *)(void *)at[1] = (ctype)last;                                                               \
        break;
                DTAKE__SAMPLE_MAP(TYPE)
#undef TYPE
            }
            assert_memory_equal(at[0], at[1], 8);
            close_tiff(&o);
        }
}

static void masked_pixels_take_the_nodata_of_the_source(void **state)
{
    (void)state;
    dtake_pixels in = fixture_pixels(DTAKE_U16, 20, 10, 2, 2);
    ((uint16_t *)in.data)[3] = 77;
    in.mask[3] = 0;
    dtake__output output = utm(fixture_path("nodata.tif"), DTAKE_GEOTIFF, in);
    output.has_nodata = true;
    output.nodata = 65535;
    output.band_names = (const char *const[]){ "B08", "B04" };
    output.time_ns = 1722441540000000000; /* 2024-07-31T15:59:00Z */
    output.metadata = "source=S2A";
    write_file(&output);
    opened o;
    open_tiff(&o, fixture_path("nodata.tif"));
    CHECK(o.tiff.has_nodata && o.tiff.nodata == 65535 && o.tiff.dir_count == 1);
    CHECK(sample(&o, 0, 3, 0, 0) == 65535 && sample(&o, 0, 3, 0, 1) == 0 && sample(&o, 0, 4, 0, 0) == 0);
    CHECK_STR(o.tiff.band[0].name, "B08");
    close_tiff(&o);
}

static void without_nodata_there_is_a_mask_or_alpha(void **state)
{
    (void)state;
    dtake_pixels in = fixture_pixels(DTAKE_I16, 20, 10, 1, 1);
    in.mask[3] = 0;
    dtake__output output = utm(fixture_path("mask.tif"), DTAKE_GEOTIFF, in);
    output.has_nodata = true;
    output.nodata = 1e6; /* int16 cannot hold it */
    write_file(&output);
    opened o;
    open_tiff(&o, fixture_path("mask.tif"));
    CHECK(o.tiff.dir_count == 2 && o.tiff.dir[1].role == DTAKE__TIFF_MASK && !o.tiff.has_nodata);
    CHECK(sample(&o, 1, 3, 0, 0) == 0 && sample(&o, 1, 4, 0, 0) == 255);
    close_tiff(&o);

    in = fixture_pixels(DTAKE_U8, 20, 10, 3, 1);
    in.mask[3] = 0;
    in.mask[4] = 128;
    output = utm(fixture_path("alpha.tif"), DTAKE_GEOTIFF, in);
    output.rgb = true;
    output.band_names = (const char *const[]){ "B08", "B04", "B03" };
    write_file(&output);
    open_tiff(&o, fixture_path("alpha.tif"));
    CHECK(o.tiff.dir_count == 1 && o.tiff.dir[0].bands == 4 && o.tiff.dir[0].extra_alpha_band == 4);
    CHECK_EQ(o.tiff.dir[0].photometric, 2);
    CHECK(sample(&o, 0, 3, 0, 3) == 0 && sample(&o, 0, 4, 0, 3) == 128 && sample(&o, 0, 5, 0, 3) == 255);
    close_tiff(&o);
}

static void overviews_are_means_but_classes_keep_their_numbers(void **state)
{
    (void)state;
    for (int visualized = 0; visualized < 2; visualized++) {
        dtake_pixels in = fixture_pixels(DTAKE_U8, 1030, 600, 1, 0);
        for (int i = 0; i < 1030 * 600; i++)
            ((uint8_t *)in.data)[i] = i % 2 ? 9 : 4;
        dtake__output output = utm(fixture_path("classes.tif"), DTAKE_COG, in);
        output.visualized = visualized;
        output.replace = true;
        write_file(&output);
        opened o;
        open_tiff(&o, fixture_path("classes.tif"));
        CHECK(o.tiff.cog && o.tiff.dir_count == 3 && o.tiff.dir[0].tile_width == 512);
        CHECK(o.tiff.dir[1].width == 515 && o.tiff.dir[2].width == 258 &&
              o.tiff.dir[2].role == DTAKE__TIFF_OVERVIEW);
        CHECK(sample(&o, 1, 200, 200, 0) == (visualized ? 7 : 4)); /* 6.5 */
        close_tiff(&o);
    }
}

static void a_png_has_alpha_where_something_is_masked(void **state)
{
    (void)state;
    int width, height;
    dtake_pixels in = fixture_pixels(DTAKE_U8, 5, 4, 3, 1);
    memset(in.data, 200, 20);
    in.mask[7] = 0;
    dtake__output output = utm(fixture_path("a.png"), DTAKE_PNG, in);
    output.rgb = true;
    dtake__written written = write_file(&output);
    uint8_t *rgba = fixture_read_png(fixture_path("a.png"), &width, &height);
    CHECK(width == 5 && height == 4 && rgba[0] == 200 && rgba[1] == 0 && rgba[3] == 255);
    CHECK(rgba[4 * 7 + 3] == 0 && rgba[4 * 8 + 3] == 255);
    free(rgba);
    char hex[DTAKE__SHA256_HEX];
    CHECK_OK(dtake__sha256_file(fixture_path("a.png"), hex, NULL));
    CHECK_STR(written.sha256, hex);

    in = fixture_pixels(DTAKE_U16, 3, 1, 1, 0);
    memcpy(in.data, ((uint16_t[]){ 0, 0x1234, 0xffff }), 6);
    output = utm(fixture_path("gray16.png"), DTAKE_PNG, in);
    write_file(&output);
    png_image image = { .version = PNG_IMAGE_VERSION };
    CHECK(png_image_begin_read_from_file(&image, fixture_path("gray16.png")));
    CHECK(image.format & PNG_FORMAT_FLAG_LINEAR); /* 16 bits */
    png_image_free(&image);
}

static void bytes_do_not_depend_on_the_workers(void **state)
{
    (void)state;
    char first[3][DTAKE__SHA256_HEX];
    for (int workers = 1; workers <= 4; workers++) {
        dtake_runtime *own;
        dtake_runtime_options options = { .workers = workers, .cache_dir = "" };
        CHECK_OK(dtake_runtime_open(&own, &options, NULL));
        for (int format = DTAKE_GEOTIFF; format <= DTAKE_PNG; format++) {
            dtake_pixels in = fixture_pixels(DTAKE_U8, 1300, 900, 3, 1);
            paint(&in);
            memset(in.mask + 5000, 0, 3000);
            dtake__output output = utm(fixture_path("same"), (dtake_file_format)format, in);
            output.rgb = output.visualized = output.replace = true;
            answer a = write_on(own, &output);
            CHECK_OK(a.status);
            char hex[DTAKE__SHA256_HEX];
            CHECK_OK(dtake__sha256_file(fixture_path("same"), hex, NULL));
            CHECK_STR(a.written.sha256, hex);
            if (workers == 1)
                strcpy(first[format], hex);
            CHECK_STR(first[format], hex);
        }
        dtake_runtime_close(own);
    }
}

static void a_file_is_smaller_at_a_higher_level_and_threads_turn_from_one_to_the_other(void **state)
{
    (void)state;
    static const int levels[] = { 0, 9, 1, 9 };
    dtake__written written[4];
    for (size_t i = 0; i < 4; i++) {
        dtake_pixels in = fixture_pixels(DTAKE_U16, 1300, 900, 1, 0);
        paint(&in);
        dtake__output output = utm(fixture_path("level.tif"), DTAKE_COG, in);
        output.deflate_level = levels[i];
        output.replace = true;
        written[i] = write_file(&output);
    }
    CHECK(written[1].bytes < written[0].bytes);
    CHECK_STR(written[2].sha256, written[0].sha256); /* 0 is 1 */
    CHECK_STR(written[3].sha256, written[1].sha256);
}

/* Prints of a program, "" when it is not there. */
static void run_program(const char *command, char *out, size_t size)
{
    out[0] = '\0';
    FILE *pipe = popen(command, "r");
    size_t len = pipe ? fread(out, 1, size - 1, pipe) : 0;
    out[len] = '\0';
    if (pipe)
        pclose(pipe);
}

static void gdal_finds_nothing_to_complain_about(void **state)
{
    (void)state;
    char text[8192], command[1024];
    run_program("gdalinfo --version 2>/dev/null", text, sizeof text);
    if (!strstr(text, "GDAL")) {
        print_message("gdalinfo is not installed\n");
        skip();
    }
    for (int masked = 0; masked < 3; masked++) {
        dtake_pixels in = fixture_pixels(masked == 2 ? DTAKE_U8 : DTAKE_U16, 1300, 900, masked == 2 ? 3 : 1,
                                         masked ? 1 : 0);
        paint(&in);
        if (masked)
            memset(in.mask + 5000, 0, 3000);
        dtake__output output = utm(fixture_path("gdal.tif"), DTAKE_COG, in);
        output.replace = true;
        output.rgb = masked == 2;
        write_file(&output);
        snprintf(command, sizeof command, "gdalinfo -checksum '%s' 2>&1", fixture_path("gdal.tif"));
        run_program(command, text, sizeof text);
        if (strstr(text, "ERROR") || strstr(text, "Warning") || !strstr(text, "ID[\"EPSG\",32617]") ||
            !strstr(text, "LAYOUT=COG") || !strstr(text, "Overviews: 650x450, 325x225") ||
            (masked == 1 && !strstr(text, "PER_DATASET")) ||
            (masked == 2 && !strstr(text, "ColorInterp=Alpha"))) {
            fputs(text, stderr);
            fail_msg("gdalinfo complains or misses something");
        }
        snprintf(command, sizeof command,
                 "/usr/bin/python3 -c 'import sys; from osgeo_utils.samples.validate_cloud_optimized_geotiff "
                 "import main;"
                 " sys.exit(main([\"v\", \"%s\"]))' 2>&1",
                 fixture_path("gdal.tif"));
        run_program(command, text, sizeof text);
        if (!strstr(text, "ModuleNotFoundError") &&
            (!strstr(text, "is a valid cloud optimized") || strstr(text, "warning")))
            fail_msg("validate_cloud_optimized_geotiff said:\n%s", text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_back_as_it_was),
        cmocka_unit_test(masked_pixels_take_the_nodata_of_the_source),
        cmocka_unit_test(without_nodata_there_is_a_mask_or_alpha),
        cmocka_unit_test(overviews_are_means_but_classes_keep_their_numbers),
        cmocka_unit_test(a_png_has_alpha_where_something_is_masked),
        cmocka_unit_test(bytes_do_not_depend_on_the_workers),
        cmocka_unit_test(a_file_is_smaller_at_a_higher_level_and_threads_turn_from_one_to_the_other),
        cmocka_unit_test(gdal_finds_nothing_to_complain_about),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
