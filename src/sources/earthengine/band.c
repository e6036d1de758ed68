#include "sources/earthengine/band.h"

#include "core/alloc.h"
#include "core/decimal.h"
#include "core/error.h"
#include "core/text.h"

#include <math.h>
#include <string.h>

enum { MAX_HREF = 64 << 10 };

static const int64_t MAX_SIDE = INT64_C(1) << 31;

bool dtake__ee_is_band(const char *href)
{
    return dtake__starts_with(href, "ee://") || dtake__starts_with(href, "ee+http://") ||
           dtake__starts_with(href, "ee+https://");
}

void dtake__ee_band_dispose(dtake__ee_band *band)
{
    dtake__free(band->source);
    dtake__free(band->asset);
    dtake__free(band->band);
    dtake__free(band->crs);
    *band = (dtake__ee_band){ 0 };
}

/* --- written --- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_-.:", c) != NULL);
}

static dtake_status put_quoted(dtake_buf *out, const char *text)
{
    dtake_status st = DTAKE_OK;
    for (const char *c = text; *c != '\0' && st == DTAKE_OK; c++)
        st = is_plain(*c) ? dtake__buf_append(out, c, 1)
                          : dtake__buf_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
    return st;
}

static dtake_status put_grid(const dtake__ee_band *band, dtake_buf *href)
{
    const dtake_affine *t = &band->transform;
    dtake_status st = dtake__buf_printf(href, ";%s;", dtake_type_name(band->type));
    if (st == DTAKE_OK)
        st = put_quoted(href, band->crs);
    if (st == DTAKE_OK) /* 17 digits: every double comes back as it was */
        st = dtake__buf_printf(href, ";%lldx%lld;%.17g,%.17g,%.17g,%.17g,%.17g,%.17g", (long long)band->width,
                               (long long)band->height, t->col_x, t->row_x, t->x0, t->col_y, t->row_y, t->y0);
    if (st == DTAKE_OK && (band->version > 0 || band->has_nodata))
        st = dtake__buf_printf(href, ";%lld", (long long)band->version);
    if (st == DTAKE_OK && band->has_nodata)
        st = dtake__buf_printf(href, ";%.17g", band->nodata);
    return st;
}

dtake_status dtake__ee_band_write(const dtake__ee_band *band, dtake_buf *href)
{
    const char *source = band->source, *query = strchr(source, '?');
    size_t base = query != NULL ? (size_t)(query - source) : strlen(source);
    while (base > 0 && source[base - 1] == '/')
        base--;
    dtake_status st =
        dtake__buf_printf(href, "%.*s/%s%s#", (int)base, source, band->asset, query != NULL ? query : "");
    if (st == DTAKE_OK)
        st = put_quoted(href, band->band);
    return st == DTAKE_OK && band->has_grid ? put_grid(band, href) : st;
}

/* --- read --- */

static char *unquoted(const char *text, size_t len)
{
    char *out = dtake__alloc(len + 1), *to = out;
    for (size_t i = 0; out != NULL && i < len; i++) {
        int high = i + 2 < len && text[i] == '%' ? dtake__hex_digit(text[i + 1]) : -1;
        int low = high >= 0 ? dtake__hex_digit(text[i + 2]) : -1;
        *to++ = low >= 0 ? (char)(high * 16 + low) : text[i];
        i += low >= 0 ? 2 : 0;
    }
    if (out != NULL)
        *to = '\0';
    return out;
}

static char *copied(const char *from, size_t len)
{
    char *out = dtake__alloc(len + 1);
    if (out != NULL) {
        memcpy(out, from, len);
        out[len] = '\0';
    }
    return out;
}

/* A number that ends at `end`, which is then behind *at. */
static bool read_number(const char **at, char end, double *out)
{
    dtake__decimal number;
    const char *stop = *at + strcspn(*at, ",;x");
    if (!dtake__decimal_scan(*at, stop, &number) || number.end != stop || !dtake__decimal_f64(&number, out))
        return false;
    if (*stop != end)
        return end == ';' && *stop == '\0' ? (*at = stop, true) : false;
    *at = stop + 1;
    return true;
}

static bool read_side(const char **at, char end, int64_t *out)
{
    double value;
    if (!read_number(at, end, &value) || !(value >= 1) || value > (double)MAX_SIDE || value != floor(value))
        return false;
    *out = (int64_t)value;
    return true;
}

static bool read_transform(const char **at, dtake_affine *t)
{
    double *const place[] = { &t->col_x, &t->row_x, &t->x0, &t->col_y, &t->row_y, &t->y0 };
    for (int i = 0; i < 6; i++)
        if (!read_number(at, i < 5 ? ',' : ';', place[i]) || !isfinite(*place[i]))
            return false;
    return t->col_x * t->row_y - t->row_x * t->col_y != 0;
}

static bool read_type(const char *text, size_t len, dtake_type *out)
{
    for (int type = DTAKE_U8; type <= DTAKE_F64; type++) {
        const char *name = dtake_type_name((dtake_type)type);
        if (strlen(name) == len && memcmp(name, text, len) == 0) {
            *out = (dtake_type)type;
            return true;
        }
    }
    return false;
}

/* "uint16;EPSG:32633;10980x10980;10,0,499980,0,-10,5200020[;VERSION[;NODATA]]" */
static bool read_grid(dtake__ee_band *out, const char *at)
{
    size_t len = strcspn(at, ";");
    double version = 0;
    if (at[len] == '\0' || !read_type(at, len, &out->type))
        return false;
    at += len + 1;
    len = strcspn(at, ";");
    if (len == 0 || at[len] == '\0')
        return false;
    out->crs = unquoted(at, len);
    at += len + 1;
    if (!read_side(&at, 'x', &out->width) || !read_side(&at, ';', &out->height) ||
        !read_transform(&at, &out->transform))
        return false;
    if (*at != '\0' && (!read_number(&at, ';', &version) || version < 0 || version > 9e15))
        return false;
    out->has_nodata = *at != '\0';
    if (out->has_nodata && (!read_number(&at, ';', &out->nodata) || *at != '\0'))
        return false;
    out->version = (int64_t)version;
    out->has_grid = true;
    return true;
}

/* "ee://PROJECT/ASSET" or "ee+http://HOST:PORT/ASSET?project=P", up to `end`. */
static bool read_place(dtake__ee_band *out, const char *href, const char *end)
{
    const char *host = strstr(href, "://") + 3, *slash = strchr(host, '/'),
               *query = memchr(href, '?', (size_t)(end - href));
    const char *stop = query != NULL ? query : end;
    if (slash == NULL || slash + 1 >= stop)
        return false;
    size_t base = (size_t)(slash - href), rest = (size_t)(end - stop);
    out->asset = copied(slash + 1, (size_t)(stop - slash - 1));
    out->source = dtake__alloc(base + 1 + rest + 1);
    if (out->source == NULL)
        return true; /* told by the caller */
    memcpy(out->source, href, base);
    if (query != NULL)
        out->source[base++] = '/';
    memcpy(out->source + base, stop, rest);
    out->source[base + rest] = '\0';
    return true;
}

dtake_status dtake__ee_band_read(dtake__ee_band *out, const char *href, dtake_error *err)
{
    const char *mark = strchr(href, '#');
    *out = (dtake__ee_band){ 0 };
    size_t name = mark != NULL ? strcspn(mark + 1, ";") : 0;
    if (!dtake__ee_is_band(href) || name == 0 || strlen(href) > MAX_HREF || !read_place(out, href, mark))
        return dtake__fail(err, DTAKE_E_USAGE,
                           "%.200s: a band of Earth Engine is ee://PROJECT/COLLECTION/IMAGE#BAND", href);
    out->band = unquoted(mark + 1, name);
    bool good = mark[1 + name] == '\0' || read_grid(out, mark + 2 + name);
    if (!good)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "%.300s: behind the band: TYPE;CRS;WIDTHxHEIGHT;six numbers of its grid", href);
    if (out->source == NULL || out->asset == NULL || out->band == NULL || (out->has_grid && out->crs == NULL))
        return dtake__fail_nomem(err, "a band of Earth Engine");
    return DTAKE_OK;
}
