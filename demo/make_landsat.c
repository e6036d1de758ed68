/* Makes a year of metadata like Landsat 8's: CSV, a scene a line in the order of time, in four collections
 * with as many datapoints as the documented example has. The same text each time; places and times follow the
 * satellite's orbit, nothing else is true.
 *
 *   make_landsat OUT.csv */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    ORBITS_A_CYCLE = 233, /* in 16 days; then the same paths come again */
    PATHS_A_STEP = 16,    /* the next orbit is that many paths further west */
    ROWS_A_ORBIT = 248,
    EQUATOR_ROW = 60,
    FIRST_ROW = 4, /* by day the satellite flies south, from here ... */
    LAST_ROW = 118,
    COLLECTIONS = 4,
    NAME_BYTES = 64,
    LINE_BYTES = 2048,
};

static const double orbit_s = 16.0 * 86400 / ORBITS_A_CYCLE, degrees = 3.14159265358979323846 / 180;
static const double inclination = 98.2, path_1_west = -64.6; /* where path 1 crosses the equator */
static const int64_t year_start_s = 1577836800, year_end_s = 1609459200; /* 2020 */

typedef struct collection {
    const char *name, *level, *tier;
    uint32_t datapoints;
} collection;

static const collection collections[COLLECTIONS] = {
    { "L1GT", "PROCESSING_LEVEL_L1", "T2", 19624 },
    { "L1T", "PROCESSING_LEVEL_L1", "T1", 1281 },
    { "L1TP", "PROCESSING_LEVEL_L1", "T1", 65313 },
    { "L2SP", "PROCESSING_LEVEL_L2", "T1", 25375 },
};

/* Roughly where there is land: west, south, east, north. */
static const double land[][4] = {
    { -128, 30, -70, 60 },  { -165, 55, -60, 72 },  { -108, 14, -86, 30 },   { -78, -20, -36, 8 },
    { -75, -52, -50, -20 }, { -16, 4, 42, 33 },     { 10, -34, 42, 4 },      { -10, 36, 45, 68 },
    { 45, 10, 92, 72 },     { 92, 20, 145, 72 },    { 95, -9, 140, 20 },     { 113, -38, 153, -11 },
    { -55, 60, -22, 82 },   { 166, -47, 178, -35 }, { -180, -80, 180, -72 },
};

typedef struct scene {
    int64_t start_ms, orbit;
    int path, row;
    double lon, lat, heading; /* heading: clockwise from north */
    double sun_azimuth, sun_elevation;
} scene;

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint32_t below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((next_random(state) >> 32) * limit >> 32);
}

static double wrapped(double lon)
{
    return lon - 360 * floor((lon + 180) / 360);
}

static bool on_land(double lon, double lat)
{
    for (size_t i = 0; i < sizeof land / sizeof land[0]; i++)
        if (lon >= land[i][0] && lat >= land[i][1] && lon <= land[i][2] && lat <= land[i][3])
            return true;
    return false;
}

static void fill_sun(scene *s)
{
    double day = (double)(s->start_ms / 1000 - year_start_s) / 86400;
    double hour = (day - floor(day)) * 24 + s->lon / 15 - 12; /* from local noon */
    double tilt = -23.44 * cos((day + 10) * 360 / 365.25 * degrees) * degrees;
    double turn = hour * 15 * degrees, lat = s->lat * degrees;
    double east = -cos(tilt) * sin(turn), north = sin(tilt) * cos(lat) - cos(tilt) * sin(lat) * cos(turn);
    double up = sin(tilt) * sin(lat) + cos(tilt) * cos(lat) * cos(turn);
    s->sun_azimuth = atan2(east, north) / degrees;
    s->sun_elevation = asin(up) / degrees;
}

/* A scene of an orbit; false: by night, over the sea, or in another year. */
static bool scene_at(int64_t orbit, int row, scene *out)
{
    double along = (row - EQUATOR_ROW) * 360.0 / ROWS_A_ORBIT * degrees; /* from the equator southward */
    double late_s = along / degrees / 360 * orbit_s;
    double tilt = inclination * degrees;
    double lon = path_1_west -
                 (double)((orbit + ORBITS_A_CYCLE) * PATHS_A_STEP % ORBITS_A_CYCLE) * 360 / ORBITS_A_CYCLE +
                 atan2(cos(tilt) * sin(along), cos(along)) / degrees - late_s * 360 / 86400;
    *out = (scene){ .orbit = orbit,
                    .path = 1 + (int)((orbit + ORBITS_A_CYCLE) * PATHS_A_STEP % ORBITS_A_CYCLE),
                    .row = row,
                    .lon = wrapped(lon),
                    .lat = -asin(sin(tilt) * sin(along)) / degrees };
    /* 10:12 in the morning, mean local time, where the equator is crossed */
    double node_s = (double)orbit * orbit_s + (10.2 - path_1_west / 15) * 3600;
    out->start_ms = year_start_s * 1000 + (int64_t)floor((node_s + late_s) * 1000);
    out->heading = 180 + atan2(-cos(tilt), sin(tilt) * cos(along)) / degrees;
    fill_sun(out);
    return out->start_ms >= year_start_s * 1000 && out->start_ms < year_end_s * 1000 &&
           out->sun_elevation > 5 && on_land(out->lon, out->lat);
}

/* The corners of 185 x 180 km, counterclockwise from the north-west, closed; across the antimeridian
 * longitudes go on beyond 180. */
static int put_outline(char *out, size_t size, const scene *s)
{
    static const double corner[5][2] = { { -92, 90 }, { -92, -90 }, { 92, -90 }, { 92, 90 }, { -92, 90 } };
    double turn = (s->heading - 180) * degrees, km = 1 / 111.2;
    int len = snprintf(out, size, "\"POLYGON ((");
    for (int i = 0; i < 5; i++) {
        double x = corner[i][0] * cos(turn) + corner[i][1] * sin(turn);
        double y = corner[i][1] * cos(turn) - corner[i][0] * sin(turn);
        len += snprintf(out + len, size - (size_t)len, "%s%.5f %.5f", i ? ", " : "",
                        s->lon + x * km / cos(s->lat * degrees), s->lat + y * km);
    }
    return len + snprintf(out + len, size - (size_t)len, "))\"");
}

static void format_time(char out[32], int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t len = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, 32 - len, ".%03uZ", (unsigned)(ms % 1000) % 1000);
}

static void format_day(char out[16], int64_t ms, const char *pattern)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(out, 16, pattern, &tm);
}

static void put_uuid(char *out, size_t size, uint64_t *state)
{
    uint64_t a = next_random(state), b = next_random(state);
    snprintf(out, size, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
             (unsigned)(a & 0xfff), (unsigned)(b >> 48 & 0x3fff) | 0x8000,
             (unsigned long long)(b & 0xffffffffffffu));
}

static const char header[] = "collection,time,geometry,granule_name,processing_level,satellite,flight_"
                             "direction,product_type,copernicus_id,"
                             "online,platform,instrument,orbit_number,stop_time,center,published,updated,"
                             "storage_provider,location,file_size,"
                             "thumbnail,cloud_cover,resolution,bands,path,row,sun_azimuth,sun_elevation\n";

static bool put_line(FILE *out, const scene *s, const collection *c, uint64_t *state)
{
    char line[LINE_BYTES], name[NAME_BYTES], uuid[40], time[4][32], day[3][16];
    int64_t processed_ms = s->start_ms + (4 + below(state, 20)) * 86400000ll + below(state, 86400000);
    int64_t published_ms = processed_ms + 3600000 + below(state, 86400000);
    format_day(day[0], s->start_ms, "%Y%m%d");
    format_day(day[1], processed_ms, "%Y%m%d");
    format_day(day[2], s->start_ms, "%Y/%m/%d");
    format_time(time[0], s->start_ms);
    format_time(time[1], s->start_ms + 31760 + below(state, 30));
    format_time(time[2], published_ms);
    format_time(time[3], published_ms + below(state, 600000));
    snprintf(name, sizeof name, "LC08_%s_%03d%03d_%s_%s_02_%s", c->name, s->path, s->row, day[0], day[1],
             c->tier);
    put_uuid(uuid, sizeof uuid, state);
    uint32_t cloud = below(state, 10001);
    cloud = cloud * cloud / 10000; /* hundredths of a percent, more often few */
    int len = snprintf(line, sizeof line, "%s,%s,", c->name, time[0]);
    len += put_outline(line + len, sizeof line - (size_t)len, s);
    len += snprintf(
        line + len, sizeof line - (size_t)len,
        ",%s,%s,LANDSAT-8,FLIGHT_DIRECTION_DESCENDING,%s,%s,true,L8,OLI_TIRS,%lld,%s,\"[%.5f,%.5f]\",%s,%s,"
        "OPENDATA_PROVIDER_COPERNICUS_DATASPACE,/eodata/Landsat-8/OLI_TIRS/%s/%s/%s,%u,"
        "https://datahub.creodias.eu/get-object?path=/Landsat-8/OLI_TIRS/%s/%s/%s/%s-ql.jpg,"
        "%u.%02u,%d,%d,%d,%d,%.6f,%.6f\n",
        name, c->level, c->name, uuid, (long long)(36700 + s->orbit), time[1], s->lat, s->lon, time[2],
        time[3], c->name, day[2], name, 850000000 + below(state, 300000000), c->name, day[2], name, name,
        cloud / 100, cloud % 100, 30, 11, s->path, s->row, s->sun_azimuth, s->sun_elevation);
    return len < (int)sizeof line && fwrite(line, 1, (size_t)len, out) == (size_t)len;
}

static int64_t orbits_of_year(void)
{
    return (int64_t)((double)(year_end_s - year_start_s) / orbit_s) + 1;
}

static uint32_t count_scenes(void)
{
    scene s;
    uint32_t count = 0;
    for (int64_t orbit = -1; orbit <= orbits_of_year(); orbit++)
        for (int row = FIRST_ROW; row <= LAST_ROW; row++)
            count += scene_at(orbit, row, &s);
    return count;
}

/* Of `left` scenes as many as the collections still want are drawn, each with the same chance. */
static bool put_scenes(FILE *out, uint32_t left)
{
    uint64_t state = 2020;
    uint32_t wanted[COLLECTIONS], total = 0;
    scene s;
    bool ok = fputs(header, out) != EOF;
    for (int i = 0; i < COLLECTIONS; i++)
        total += wanted[i] = collections[i].datapoints;
    for (int64_t orbit = -1; orbit <= orbits_of_year() && ok; orbit++)
        for (int row = FIRST_ROW; row <= LAST_ROW && ok; row++) {
            if (!scene_at(orbit, row, &s))
                continue;
            uint32_t drawn = below(&state, left--);
            for (int i = 0; i < COLLECTIONS && drawn < total; i++) {
                if (drawn >= wanted[i]) {
                    drawn -= wanted[i];
                    continue;
                }
                ok = put_line(out, &s, &collections[i], &state);
                wanted[i]--;
                total--;
                break;
            }
        }
    return ok && total == 0;
}

int main(int argc, char **argv)
{
    char part[4096];
    if (argc != 2 || strlen(argv[1]) > sizeof part - 8) {
        fprintf(stderr, "usage: make_landsat OUT.csv\n");
        return 2;
    }
    snprintf(part, sizeof part, "%s.part", argv[1]);
    FILE *out = fopen(part, "wb");
    bool ok = out != NULL && put_scenes(out, count_scenes());
    if (out != NULL && fclose(out) != 0)
        ok = false;
    if (!ok || rename(part, argv[1]) != 0) {
        perror(argv[1]);
        remove(part);
        return 8;
    }
    return 0;
}
