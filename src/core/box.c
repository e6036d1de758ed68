#include <datatake/grid.h>

#include "core/error.h"
#include "core/text.h"

#include <math.h>

/* Commas or blanks between the numbers; an empty piece is not a number. */
static int split_numbers(const char *text, double out[5])
{
    int count = 0;
    char piece[64];
    char normal[256];
    size_t len = 0;
    for (const char *c = text; *c != '\0' && len < sizeof normal - 1; c++) {
        char now = *c == ' ' || *c == '\t' ? ',' : *c;
        if (now == ',' && *c != ',' && (len == 0 || normal[len - 1] == ','))
            continue;
        normal[len++] = now;
    }
    while (len > 0 && normal[len - 1] == ',' && text[0] != '\0')
        len--;
    normal[len] = '\0';
    for (const char *rest = normal; dtake__next_piece(&rest, ',', piece, sizeof piece);) {
        if (count == 5 || !dtake__parse_f64(piece, &out[count]))
            return count == 5 ? 6 : -1;
        count++;
    }
    return count;
}

dtake_status dtake_box_parse(const char *text, dtake_box *out, dtake_error *err)
{
    double v[5];
    int count = split_numbers(text, v);
    if (count < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "bbox '%s': expected four numbers W,S,E,N", text);
    if (count != 4)
        return dtake__fail(err, DTAKE_E_USAGE, "bbox '%s': expected four numbers W,S,E,N, got %s%d", text,
                           count > 5 ? "more than " : "", count > 5 ? 5 : count);
    for (int i = 0; i < 4; i++)
        if (!isfinite(v[i]) || fabs(v[i]) > (i % 2 == 0 ? 180.0 : 90.0))
            return dtake__fail(err, DTAKE_E_USAGE, "bbox '%s': %s outside -%d..%d degrees", text,
                               i % 2 == 0 ? "longitude" : "latitude", i % 2 == 0 ? 180 : 90,
                               i % 2 == 0 ? 180 : 90);
    if (!(v[1] < v[3]))
        return dtake__fail(err, DTAKE_E_USAGE, "bbox '%s': south must be less than north (order is W,S,E,N)",
                           text);
    if (v[0] == v[2])
        return dtake__fail(err, DTAKE_E_USAGE, "bbox '%s': west equals east, the area is empty", text);
    *out = (dtake_box){ v[0], v[1], v[2], v[3] };
    return DTAKE_OK;
}
