#include "check.h"

#include "format/geokeys_read.h"

/* Keys of a file: pairs of key and value; values that are no codes are doubles. */
typedef struct key_value {
    int key;
    double value;
} key_value;

enum { MAX_KEYS = 16 };

static dtake_status crs_of(const key_value *keys, const char *citation, int32_t *epsg, char *text,
                           size_t size, dtake_error *err)
{
    uint16_t directory[4 + 4 * (MAX_KEYS + 1)] = { 1, 1, 0, 0 };
    double doubles[MAX_KEYS];
    dtake__tiff tiff = { .geokey_directory = directory,
                         .geokey_directory_count = 4,
                         .geokey_doubles = doubles };
    for (; keys->key != 0; keys++) {
        uint16_t *at = directory + tiff.geokey_directory_count;
        bool code = keys->key < 2055 || keys->key == 2056 || (keys->key >= 3072 && keys->key <= 3076);
        at[0] = (uint16_t)keys->key;
        at[1] = code ? 0 : 34736;
        at[2] = 1;
        at[3] = code ? (uint16_t)keys->value : (uint16_t)tiff.geokey_double_count;
        if (!code)
            doubles[tiff.geokey_double_count++] = keys->value;
        tiff.geokey_directory_count += 4;
    }
    if (citation != NULL) {
        memcpy(directory + tiff.geokey_directory_count,
               (uint16_t[4]){ 3073, 34737, (uint16_t)strlen(citation), 0 }, 8);
        tiff.geokey_directory_count += 4;
        tiff.geokey_ascii = (char *)citation;
    }
    dtake_buf out = DTAKE_BUF_INIT(4096);
    dtake_status st = dtake__tiff_crs(&tiff, epsg, &out, err);
    snprintf(text, size, "%s", dtake__buf_str(&out));
    dtake__buf_dispose(&out);
    return st;
}

static void keys_become_codes_or_proj_strings(void **state)
{
    (void)state;
    static const struct {
        key_value keys[MAX_KEYS];
        const char *citation;
        int32_t epsg;
        const char *text;
    } cases[] = {
        { { { 1024, 1 }, { 3072, 32633 } }, NULL, 32633, "EPSG:32633" },
        { { { 3072, 32633 } }, NULL, 32633, "EPSG:32633" },
        { { { 1024, 2 }, { 2048, 4326 } }, NULL, 4326, "EPSG:4326" },
        { { { 2048, 4326 } }, NULL, 4326, "EPSG:4326" },
        { { { 1025, 1 } }, NULL, 0, "" },
        { { { 1024, 1 }, { 3072, 54009 } }, NULL, 0, "ESRI:54009" },
        { { { 1024, 1 }, { 2048, 4326 }, { 3072, 32767 }, { 3074, 16033 } }, NULL, 32633, "EPSG:32633" },
        { { { 1024, 1 }, { 2048, 4326 }, { 3072, 32767 }, { 3074, 16121 } }, NULL, 32721, "EPSG:32721" },
        { { { 1024, 1 }, { 2048, 4230 }, { 3072, 32767 }, { 3074, 16033 } },
          NULL,
          0,
          "+proj=utm +zone=33 +ellps=intl +no_defs +type=crs" },
        { { { 1024, 1 },
            { 2048, 32767 },
            { 2057, 6371007.181 },
            { 2058, 6371007.181 },
            { 3072, 32767 },
            { 3075, 24 },
            { 3076, 9001 },
            { 3082, 0 },
            { 3083, 0 },
            { 3088, 0 } },
          NULL,
          0,
          "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +units=m +a=6371007.181 +b=6371007.181 +no_defs +type=crs" },
        { { { 1024, 1 },
            { 2048, 4269 },
            { 3072, 32767 },
            { 3075, 11 },
            { 3076, 32767 },
            { 3078, 29.5 },
            { 3079, 45.5 },
            { 3080, -96 },
            { 3081, 23 },
            { 3077, 2 },
            { 3082, 600 } },
          NULL,
          0,
          "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +x_0=1200 +y_0=0 "
          "+to_meter=2 "
          "+datum=NAD83 +no_defs +type=crs" },
        { { { 1024, 1 }, { 2048, 4326 }, { 3072, 32767 }, { 3075, 15 }, { 3081, -71 }, { 3095, 0 } },
          NULL,
          0,
          "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +x_0=0 +y_0=0 +units=m +datum=WGS84 +no_defs "
          "+type=crs" },
        { { { 1024, 1 }, { 3072, 32767 } }, "ESRI PE String = PROJCS[\"a\"]|", 0, "PROJCS[\"a\"]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        int32_t epsg = -1;
        dtake_error err = { 0 };
        if (crs_of(cases[i].keys, cases[i].citation, &epsg, text, sizeof text, &err) != DTAKE_OK)
            fail_msg("%s: %s", cases[i].text, err.message);
        CHECK_EQ(epsg, cases[i].epsg);
        CHECK_STR(text, cases[i].text);
    }
}

static void what_we_cannot_say_is_named(void **state)
{
    (void)state;
    static const struct {
        key_value keys[MAX_KEYS];
        const char *citation, *named;
    } cases[] = {
        { { { 1024, 1 }, { 3072, 32767 }, { 3075, 6 } }, "Rosenmund|", "Rosenmund" },
        { { { 1024, 1 }, { 2048, 4326 }, { 3072, 32767 }, { 3075, 24 }, { 3076, 9037 } }, NULL, "9037" },
        { { { 1024, 1 }, { 2048, 4999 }, { 3072, 32767 }, { 3075, 24 } }, NULL, "4999" },
        { { { 1024, 3 } }, NULL, "geocentric" },
        { { { 1024, 32767 } }, NULL, "user-defined" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        int32_t epsg;
        dtake_error err = { 0 };
        CHECK_STATUS(crs_of(cases[i].keys, cases[i].citation, &epsg, text, sizeof text, &err),
                     DTAKE_E_UNSUPPORTED);
        CHECK_STR(text, "");
        if (strstr(err.message, cases[i].named) == NULL)
            fail_msg("'%s' names no %s", err.message, cases[i].named);
    }
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const struct {
        int32_t epsg;
        const char *wkt;
        bool geographic;
        const char *text;
    } cases[] = {
        { 32633, NULL, false, "EPSG:32633" },
        { 4326, NULL, true, "EPSG:4326" },
        { 0, NULL, false, "" },
        { 0, "PROJCS[\"x|y\",GEOGCS[\"z\"]]", false, "PROJCS[\"x/y\",GEOGCS[\"z\"]]" },
        { 0, "GEOGCS[\"moon, far\",DATUM[\"m\",SPHEROID[\"moon, s\",1737400,0]],PRIMEM[\"p\",0]]", true,
          "+proj=longlat +a=1737400 +b=1737400 +no_defs +type=crs" },
        { 0, "GEOGCS[\"NTF\",DATUM[\"m\",SPHEROID[\"c\",6378249.2,293.466]],PRIMEM[\"Paris\",2.33]]", true,
          "+proj=longlat +a=6378249.2 +rf=293.466 +pm=2.33 +no_defs +type=crs" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake__tiff_spec spec = { .epsg = cases[i].epsg,
                                  .crs_wkt = cases[i].wkt,
                                  .geographic = cases[i].geographic,
                                  .has_transform = true };
        dtake__geokeys keys;
        dtake_error err = { 0 };
        CHECK_OK(dtake__geokeys_make(&keys, &spec, &err));
        /* without a CRS there are no keys at all: GDAL takes a lone raster type for a local CRS */
        CHECK_EQ(keys.directory_count, cases[i].text[0] != '\0' ? keys.directory[3] * 4 + 4 : 0);
        dtake__tiff tiff = { .geokey_directory = keys.directory,
                             .geokey_directory_count = keys.directory_count,
                             .geokey_doubles = keys.doubles,
                             .geokey_double_count = keys.double_count,
                             .geokey_ascii = (char *)keys.ascii.data };
        dtake_buf out = DTAKE_BUF_INIT(4096);
        int32_t epsg;
        CHECK_OK(dtake__tiff_crs(&tiff, &epsg, &out, &err));
        CHECK_EQ(epsg, cases[i].epsg);
        CHECK_STR(dtake__buf_str(&out), cases[i].text);
        dtake__buf_dispose(&out);
        dtake__buf_dispose(&keys.ascii);
    }
}

static void keys_that_point_outside_are_absent(void **state)
{
    (void)state;
    uint16_t directory[] = { 1,     1,    0,     9999, 1024,  0,    1,     1,     3072, 34737, 60000,
                             60000, 2057, 34736, 1,    60000, 1026, 34737, 60000, 1,    3073 };
    double doubles[1] = { 1 };
    char ascii[] = "ab";
    dtake__tiff tiff = { .geokey_directory = directory,
                         .geokey_directory_count = sizeof directory / sizeof directory[0],
                         .geokey_doubles = doubles,
                         .geokey_double_count = 1,
                         .geokey_ascii = ascii };
    double number;
    char text[16];
    CHECK_EQ(dtake__geokey_code(&tiff, 3072), 0);
    CHECK(!dtake__geokey_number(&tiff, 2057, &number));
    dtake__geokey_text(&tiff, 3072, text, sizeof text);
    CHECK_STR(text, "");
    dtake__geokey_text(&tiff, 1026, text, sizeof text);
    CHECK_STR(text, "b");
    CHECK_EQ(dtake__geokey_code(&tiff, 3073), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_become_codes_or_proj_strings),
        cmocka_unit_test(what_we_cannot_say_is_named),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(keys_that_point_outside_are_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
