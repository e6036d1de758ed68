#include "landscape.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEED = 20240731,
    COAST_ROW = 1420, /* where the coast would be without noise */
    TOWN_COL = 1120,
    TOWN_ROW = 830,
    TOWN_RADIUS = 210, /* pixels */
    DISTRICT = 256,    /* cells within which fields lie in one direction */
};

static int32_t clamp(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* Height above the sea in about quarter metres: a plain behind the coast, hills in the north; below 0: sea.
 */
static void make_height(int32_t *height)
{
    memset(height, 0, PIXELS * sizeof *height);
    noise_octaves(height, 9, 3, SEED, 1500, 118);
    for (int32_t y = 0; y < SIDE; y++)
        for (int32_t x = 0; x < SIDE; x++) {
            int32_t *h = &height[(size_t)y * SIDE + (size_t)x];
            int32_t rough = *h - 1300, coast = COAST_ROW + (x - SIDE / 2) / 7 - y;
            int32_t hills = clamp(700 - y + (x - 900) / 4, 0, 900);
            int32_t plain = rough * clamp(700 - abs(coast), 170, 700) / 1400;
            *h = coast * 3 / 4 + plain + hills * hills / 256 * (*h) / 700;
        }
}

/* A filled circle on a layer of bytes, never over what is higher already. */
static void stamp(uint8_t *layer, int32_t x, int32_t y, int32_t radius, uint8_t value)
{
    for (int32_t dy = -radius; dy <= radius; dy++)
        for (int32_t dx = -radius; dx <= radius; dx++) {
            int32_t px = x + dx, py = y + dy;
            if (px < 0 || py < 0 || px >= SIDE || py >= SIDE ||
                dx * dx + dy * dy > radius * radius + radius / 2)
                continue;
            uint8_t *at = &layer[(size_t)py * SIDE + (size_t)px];
            *at = *at > value ? *at : value;
        }
}

enum { BANK = 1, STREAM = 2 };

/* A river winds from `row` down to the sea, growing as it goes. */
static void make_river(uint8_t *rivers, const int32_t *height, int32_t col, int32_t row, int32_t lean,
                       int32_t width, uint32_t seed)
{
    for (int32_t step = row * 4; step < SIDE * 4; step++) {
        int32_t y = step / 4;
        int32_t x = col + lean * (y - row) / 256 + ((noise_line(step, 10, seed) - 32768) * 190 >> 16) +
                    ((noise_line(step, 8, seed + 1) - 32768) * 70 >> 16) +
                    ((noise_line(step, 6, seed + 2) - 32768) * 16 >> 16);
        if (x < 0 || x >= SIDE || height[(size_t)y * SIDE + (size_t)x] < -60)
            return;
        int32_t radius = width * (y - row + 500) / 2000;
        stamp(rivers, x, y, radius + 5 + noise_line(step, 7, seed + 3) / 9000, BANK);
        stamp(rivers, x, y, radius, STREAM);
    }
}

static void make_rivers(uint8_t *rivers, const int32_t *height)
{
    make_river(rivers, height, 470, 0, 60, 5, SEED + 11);
    make_river(rivers, height, 1010, 0, -50, 4, SEED + 12);
    make_river(rivers, height, 1560, 0, 20, 6, SEED + 13);
    make_river(rivers, height, 800, 420, -110, 2, SEED + 14);
    make_river(rivers, height, 1330, 500, 90, 2, SEED + 15);
    make_river(rivers, height, 1850, 300, -30, 3, SEED + 16);
    make_river(rivers, height, 150, 260, 40, 3, SEED + 17);
}

/* Roads: a highway from west to east and two that leave the town. */
static bool on_road(int32_t x, int32_t y)
{
    int32_t highway =
        TOWN_ROW - 60 + (x - TOWN_COL) / 9 + ((noise_line(x + 4096, 9, SEED + 21) - 32768) * 90 >> 16);
    int32_t south = TOWN_COL + 40 + (y - TOWN_ROW) / 3 + ((noise_line(y, 8, SEED + 22) - 32768) * 40 >> 16);
    int32_t north = TOWN_COL - 60 - (TOWN_ROW - y) / 4 + ((noise_line(y, 8, SEED + 23) - 32768) * 60 >> 16);
    return abs(y - highway) <= 1 || (y > TOWN_ROW && y < COAST_ROW - 40 && abs(x - south) <= 1) ||
           (y < TOWN_ROW && y > 250 && abs(x - north) <= 1);
}

/* Fields: within a district (a cell with a wandering corner) a grid of its own direction and size. Returns a
 * random number of the field; *edge: on the hedge around it. */
static uint32_t field_at(int32_t x, int32_t y, bool *edge)
{
    static const int32_t direction[][2] = { { 8, 1 }, { 8, -3 }, { 8, 5 }, { 8, 2 }, { 7, -5 }, { 8, -1 } };
    int32_t best = INT32_MAX, cx = x / DISTRICT, cy = y / DISTRICT;
    uint32_t district = 0;
    for (int32_t j = cy - 1; j <= cy + 1; j++)
        for (int32_t i = cx - 1; i <= cx + 1; i++) {
            uint32_t h = hash2(SEED + 31, i, j);
            int32_t dx = i * DISTRICT + (int32_t)(h & 255) - x,
                    dy = j * DISTRICT + (int32_t)(h >> 8 & 255) - y;
            if (dx * dx + dy * dy < best) {
                best = dx * dx + dy * dy;
                district = h;
            }
        }
    const int32_t *d = direction[(district >> 16) % 6];
    int32_t along = x * d[0] + y * d[1] + 65536, across = y * d[0] - x * d[1] + 65536;
    int32_t length = 8 * (26 + (int32_t)(district >> 20 & 31)),
            width = 8 * (15 + (int32_t)(district >> 25 & 15));
    int32_t strip = across / width;
    along += (int32_t)(hash2(district, strip, 1) %
                       (uint32_t)length); /* fields of neighbouring strips do not line up */
    *edge = along % length < 9 || across % width < 9;
    return hash2(district, along / length, strip);
}

static cover field_cover(uint32_t field)
{
    uint32_t kind = field >> 8 & 255;
    return kind < 96 ? COVER_PASTURE : kind < 190 ? COVER_CROP : kind < 226 ? COVER_PLANTATION : COVER_FALLOW;
}

static bool in_town(int32_t x, int32_t y, int32_t rough)
{
    int32_t dx = x - TOWN_COL, dy = (y - TOWN_ROW) * 5 / 4;
    int32_t reach = TOWN_RADIUS + (rough - 1300) / 8;
    return dx * dx + dy * dy < reach * reach;
}

static cover land_cover(int32_t x, int32_t y, int32_t height, int32_t rough, uint8_t river, uint32_t *parcel)
{
    bool hedge;
    *parcel = field_at(x, y, &hedge);
    if (river == STREAM)
        return COVER_RIVER;
    if (height < 4 + rough / 160 && rough > 1500)
        return COVER_SAND;
    if (height < 30 + rough / 16)
        return COVER_MANGROVE;
    if (on_road(x, y))
        return COVER_ROAD;
    if (in_town(x, y, rough))
        return COVER_TOWN;
    if (river == BANK || height > 1150 + rough / 4 || rough > 1990 || rough < 700)
        return COVER_FOREST;
    return hedge ? COVER_FOREST : field_cover(*parcel);
}

static void fill_pixel(landscape *land, const int32_t *height, const int32_t *rough, const uint8_t *rivers,
                       int32_t x, int32_t y)
{
    size_t i = (size_t)y * SIDE + (size_t)x;
    size_t east = x + 2 < SIDE ? i + 2 : i, south = y + 2 < SIDE ? i + 2 * SIDE : i;
    int32_t h = height[i], texture = 128 + (rough[i] - 1300) / 14;
    uint32_t parcel = 0;
    land->shade[i] = 128;
    if (h < 0) {
        land->cover[i] = COVER_SEA;
        land->texture[i] = (uint8_t)clamp(255 + h * 3 / 4 + (rough[i] - 1300) / 12, 0, 255);
        return;
    }
    land->cover[i] = (uint8_t)land_cover(x, y, h, rough[i], rivers[i], &parcel);
    land->parcel[i] = (uint8_t)parcel;
    /* The sun stands in the south-east: ground that falls that way is bright. */
    land->shade[i] = (uint8_t)clamp(120 + (2 * h - height[east] - height[south]) * 3 / 2, 48, 190);
    if (land->cover[i] == COVER_TOWN) /* blocks of houses between streets */
        texture = (x + y / 4) % 9 < 2 || (y - x / 4) % 11 < 2
                      ? 60
                      : 110 + (int32_t)(hash2(5, (x + y / 4) / 9, (y - x / 4) / 11) & 127);
    land->texture[i] = (uint8_t)clamp(texture, 0, 255);
}

bool landscape_make(landscape *out)
{
    int32_t *height = malloc(PIXELS * sizeof *height), *rough = calloc(PIXELS, sizeof *rough);
    uint8_t *rivers = calloc(PIXELS, 1);
    *out = (landscape){ malloc(PIXELS), calloc(PIXELS, 1), malloc(PIXELS), malloc(PIXELS) };
    bool ok = height && rough && rivers && out->cover && out->parcel && out->shade && out->texture;
    if (ok) {
        make_height(height);
        noise_octaves(rough, 7, 2, SEED + 3, 1300, 128);
        make_rivers(rivers, height);
        for (int32_t y = 0; y < SIDE; y++)
            for (int32_t x = 0; x < SIDE; x++)
                fill_pixel(out, height, rough, rivers, x, y);
    } else {
        landscape_dispose(out);
    }
    free(height);
    free(rough);
    free(rivers);
    return ok;
}

void landscape_dispose(landscape *land)
{
    free(land->cover);
    free(land->parcel);
    free(land->shade);
    free(land->texture);
    *land = (landscape){ 0 };
}
