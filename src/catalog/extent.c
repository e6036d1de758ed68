#include "catalog/extent.h"

#include "catalog/encoding.h"
#include "core/error.h"

#include <string.h>

void dtake__cover_add(dtake__cover *cover, dtake_box box)
{
    if (box.south > box.north)
        return;
    if (!cover->any) {
        *cover = (dtake__cover){ true, box };
    } else if (box.west > box.east || cover->box.west > cover->box.east) {
        cover->box = dtake__box_join(cover->box, box);
    } else {
        cover->box.west = fmin(cover->box.west, box.west);
        cover->box.south = fmin(cover->box.south, box.south);
        cover->box.east = fmax(cover->box.east, box.east);
        cover->box.north = fmax(cover->box.north, box.north);
    }
}

/* A polygon of one ring, as most footprints are. False: look at it in general. */
static bool ring_extent(const uint8_t *wkb, size_t len, double extent[4])
{
    static const uint8_t head[9] = { 1, 3, 0, 0, 0, 1, 0, 0, 0 };
    uint32_t count;
    if (len < 13 + 16 || memcmp(wkb, head, sizeof head) != 0)
        return false;
    memcpy(&count, wkb + 9, 4);
    if (len != 13 + (size_t)count * 16)
        return false;
    memcpy(extent, wkb + 13, 16);
    memcpy(extent + 2, wkb + 13, 16);
    for (size_t i = 0; i < count; i++) {
        double at[2];
        memcpy(at, wkb + 13 + 16 * i, 16);
        if (at[0] != at[0] || at[1] != at[1])
            return false;
        extent[0] = at[0] < extent[0] ? at[0] : extent[0];
        extent[1] = at[1] < extent[1] ? at[1] : extent[1];
        extent[2] = at[0] > extent[2] ? at[0] : extent[2];
        extent[3] = at[1] > extent[3] ? at[1] : extent[3];
    }
    return true;
}

static bool any_extent(const dtake__geometry *g, double extent[4])
{
    dtake__geometry_facts facts;
    if (dtake__geometry_facts_of(g, &facts, NULL) != DTAKE_OK || facts.points == 0)
        return false;
    extent[0] = facts.min_x;
    extent[1] = facts.min_y;
    extent[2] = facts.max_x;
    extent[3] = facts.max_y;
    return true;
}

bool dtake__cover_of(const uint8_t *wkb, size_t len, dtake_box *out)
{
    dtake__geometry g = dtake__geometry_view(wkb, len);
    double extent[4];
    if (len == 0 || (!ring_extent(wkb, len, extent) && !any_extent(&g, extent)))
        return false;
    if (dtake__extent_cover(extent, out) == DTAKE__EXTENT_PLAIN)
        return true;
    dtake_status st = dtake__geometry_cover(&g, out, NULL);
    if (st != DTAKE_OK)
        *out = (dtake_box){ -180, -90, 180, 90 };
    return st != DTAKE_E_EMPTY;
}

static uint32_t cell_of(double value, double from, double width)
{
    double cell = (value - from) / width * 65536;
    return cell < 0 ? 0 : cell > 65535 ? 65535 : (uint32_t)cell;
}

uint32_t dtake__hilbert(double lon, double lat)
{
    uint32_t x = cell_of(lon, -180, 360), y = cell_of(lat, -90, 180), place = 0;
    for (uint32_t s = 1u << 15; s > 0; s >>= 1) {
        uint32_t right = (x & s) != 0, up = (y & s) != 0;
        place = place << 2 | ((3 * right) ^ up);
        uint32_t turn = up - 1, flip = turn & (0 - right), change = (x ^ y) & turn;
        x ^= change ^ flip;
        y ^= change ^ flip;
    }
    return place;
}
