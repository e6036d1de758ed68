#include "scene.h"

#include <stdlib.h>
#include <string.h>

enum { SHADOW = 3, VEGETATION = 4, BARE = 5, WATER = 6, CLOUD_MEDIUM = 8, CLOUD_HIGH = 9 }; /* of SCL */

enum {
    CLOUD_RANGE = 1 << 17, /* values of the cloud field */
    SHADOW_EAST = 11, /* the cloud that shades a pixel is that far away: the sun stands in the south-east */
    SHADOW_SOUTH = 13,
};

static int32_t clamp(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* Blue, green, red, near infrared of pure covers. */
typedef int32_t spectrum[BANDS];
static const spectrum lush = { 330, 740, 360, 4450 }, forest = { 270, 520, 270, 3550 },
                      mangrove = { 250, 450, 260, 2950 }, straw = { 720, 1080, 1300, 2450 },
                      soil = { 900, 1230, 1680, 2300 }, deep = { 560, 420, 210, 110 },
                      shallow = { 1000, 1150, 830, 280 }, river = { 680, 860, 800, 330 },
                      sand = { 1750, 2200, 2650, 3250 }, roofs = { 1750, 1850, 1950, 2350 },
                      asphalt = { 950, 1000, 1080, 1500 };

/* Reflectances are multiples of these: files stay small, and the eye sees no steps. */
static const spectrum step = { 72, 68, 68, 96 };

/* How green rain-fed grass is, 0..255: dry until April, then the rains. */
static int32_t wetness(int32_t day)
{
    static const struct {
        int32_t day, value;
    } year[] = { { 0, 165 }, { 45, 100 }, { 85, 52 }, { 110, 60 }, { 135, 140 }, { 165, 215 }, { 213, 245 } };
    size_t i = 1;
    while (day > year[i].day)
        i++;
    return year[i - 1].value +
           (year[i].value - year[i - 1].value) * (day - year[i - 1].day) / (year[i].day - year[i - 1].day);
}

/* A crop from sowing to harvest in 120 days; each field has its own calendar. One in four is irrigated, the
 * others rest while it is dry. */
static int32_t crop_vigour(int32_t day, int32_t parcel)
{
    if (parcel % 4 && day < 118 + parcel / 8)
        return 30 + wetness(day) / 3;
    int32_t t = (day + parcel * 120 / 256) % 120;
    if (t < 18)
        return 20;
    if (t < 68)
        return 20 + (t - 18) * 225 / 50;
    if (t < 94)
        return 245;
    return t < 112 ? 245 - (t - 94) * 9 : 40;
}

static int32_t vigour(cover kind, int32_t day, int32_t parcel)
{
    switch (kind) {
    case COVER_PASTURE:
        return clamp(wetness(day) - 20 + parcel / 6, 0, 255);
    case COVER_CROP:
        return crop_vigour(day, parcel);
    case COVER_PLANTATION:
        return 200 + parcel / 8 + wetness(day) / 12;
    case COVER_FALLOW:
        return clamp(wetness(day) / 2 - 20 + parcel / 4, 0, 160);
    case COVER_FOREST:
        return 150 + wetness(day) * 105 / 255;
    default:
        return 0;
    }
}

static void mix(const spectrum a, const spectrum b, int32_t weight, spectrum out)
{
    for (int i = 0; i < BANDS; i++)
        out[i] = a[i] + (b[i] - a[i]) * weight / 255;
}

/* The ground without clouds. Returns its class. */
static uint8_t ground(const landscape *land, size_t i, int32_t day, spectrum out)
{
    cover kind = (cover)land->cover[i];
    int32_t green = vigour(kind, day, land->parcel[i]), texture = land->texture[i];
    int32_t light = land->shade[i] + (texture - 128) / 4;
    switch (kind) {
    case COVER_SEA:
        mix(deep, shallow, texture, out);
        return WATER;
    case COVER_RIVER:
        mix(river, shallow, wetness(day) / 2, out);
        return WATER;
    case COVER_SAND:
        memcpy(out, sand, sizeof(spectrum));
        break;
    case COVER_MANGROVE:
        memcpy(out, mangrove, sizeof(spectrum));
        break;
    case COVER_FOREST:
        mix(straw, forest, green, out);
        break;
    case COVER_PASTURE:
        mix(straw, lush, green, out);
        break;
    case COVER_TOWN:
        mix(texture > 205 ? forest : asphalt, texture > 205 ? lush : roofs, texture, out);
        return BARE;
    case COVER_ROAD:
        memcpy(out, asphalt, sizeof(spectrum));
        return BARE;
    default:
        mix(soil, lush, green, out);
        break;
    }
    for (int b = 0; b < BANDS; b++)
        out[b] = out[b] * light / 128;
    return kind == COVER_SAND || (kind != COVER_MANGROVE && green < 85) ? BARE : VEGETATION;
}

/* Large decks on some days, small heaps on others. */
static void make_clouds(int32_t *field, const pass *date, size_t seed)
{
    int large = 7 + (int)(hash2((uint32_t)seed, 3, 5) % 4);
    if (date->cloud > 7000)
        large = 10;
    memset(field, 0, PIXELS * sizeof *field);
    noise_octaves(field, large, 2, 7000u + (uint32_t)seed * 13u, 30000, 138);
}

/* The value at and above which as many pixels lie as the item says are cloudy. */
static int32_t threshold(const int32_t *field, int32_t cloud_hundredths)
{
    uint32_t *count = calloc(CLOUD_RANGE, sizeof *count);
    if (!count)
        return -1;
    for (size_t i = 0; i < PIXELS; i++)
        count[field[i]]++;
    int64_t want = ((int64_t)PIXELS * cloud_hundredths + 5000) / 10000, have = 0;
    int32_t at = CLOUD_RANGE;
    while (at > 0 && have < want)
        have += count[--at];
    if (at < CLOUD_RANGE && have - want > want - (have - count[at]))
        at++; /* one value less comes nearer */
    free(count);
    return at;
}

/* 0 clear .. 256 opaque, in 16 steps; 80 at the edge that counts as cloud, thin haze just below it. */
static int32_t opacity(int32_t above)
{
    int32_t fine = above >= 0 ? clamp(90 + above / 28, 90, 256) : clamp(90 + above / 12, 0, 89);
    return fine / 16 * 16;
}

/* Thick clouds are brighter, and brighter on the side of the sun. */
static void cloud_spectrum(const int32_t *field, size_t i, size_t sunward, int32_t above, spectrum out)
{
    int32_t relief = clamp((field[i] - field[sunward]) / 4, -900, 900);
    int32_t bright = clamp(3450 + above / 9 + relief, 2500, 7200) / 96 * 96;
    for (int b = 0; b < BANDS; b++)
        out[b] = bright + (b == 3 ? 350 : b == 0 ? 150 : 0);
}

static size_t neighbour(int32_t x, int32_t y, int32_t dx, int32_t dy)
{
    return (size_t)clamp(y + dy, 0, SIDE - 1) * SIDE + (size_t)clamp(x + dx, 0, SIDE - 1);
}

static void paint_pixel(const landscape *land, const pass *date, scene *out, int32_t limit, int32_t x,
                        int32_t y)
{
    static const int32_t haze[BANDS] = { 110, 70, 40, 20 };
    size_t i = (size_t)y * SIDE + (size_t)x;
    int32_t above = out->clouds[i] - limit, cloudy = opacity(above);
    spectrum surface, cloud;
    uint8_t class = ground(land, i, date->day, surface);
    int32_t shadow = opacity(out->clouds[neighbour(x, y, SHADOW_EAST, SHADOW_SOUTH)] - limit);
    if (cloudy > 0)
        cloud_spectrum(out->clouds, i, neighbour(x, y, 5, 6), above, cloud);
    for (int b = 0; b < BANDS; b++) {
        int32_t v = (surface[b] + haze[b]) * (256 - shadow * 5 / 8) / 256;
        if (cloudy > 0)
            v += (cloud[b] - v) * cloudy / 256;
        out->band[b][i] = (uint16_t)clamp(v / step[b] * step[b], step[b], 10000);
    }
    if (above >= 0)
        class = cloudy >= 200 ? CLOUD_HIGH : CLOUD_MEDIUM;
    else if (shadow >= 140)
        class = SHADOW;
    out->classes[i] = class;
}

bool scene_paint(const landscape *land, const pass *date, scene *out)
{
    make_clouds(out->clouds, date, (size_t)(date->day * 2 + (date->time_ns / 1000000000 % 86400 == 0)));
    int32_t limit = threshold(out->clouds, date->cloud);
    if (limit < 0)
        return false;
    for (int32_t y = 0; y < SIDE; y++)
        for (int32_t x = 0; x < SIDE; x++)
            paint_pixel(land, date, out, limit, x, y);
    return true;
}
