/* WKT text to canonical WKB. */
#include "core/error.h"
#include "core/text.h"
#include "geo/wkb.h"

#include <ctype.h>
#include <math.h>

typedef struct reading {
    const char *start, *at, *end;
    dtake_buf out;
    size_t points;
    int depth;   /* of collections */
    int numbers; /* a position; 0 until the first one or a Z, M, ZM has told */
    bool has_z, has_m;
    dtake_error *err;
} reading;

static dtake_status bad(const reading *in, const char *what)
{
    return dtake__fail(in->err, DTAKE_E_FORMAT, "%s", what);
}

static dtake_status wrote(const reading *in, dtake_status st)
{
    if (st == DTAKE_OK || st == DTAKE_E_NOMEM)
        return st == DTAKE_OK ? st : dtake__fail_nomem(in->err, "read WKT");
    return dtake__fail(in->err, st, "larger than %d bytes", DTAKE__GEOMETRY_MAX_BYTES);
}

static char peek(reading *in)
{
    while (in->at < in->end && isspace((unsigned char)*in->at))
        in->at++;
    return in->at < in->end ? *in->at : '\0';
}

static bool take(reading *in, char c)
{
    if (peek(in) != c)
        return false;
    in->at++;
    return true;
}

/* The letters ahead, in upper case; they stay ahead. */
static size_t peek_word(reading *in, char *out, size_t size)
{
    size_t len = 0;
    peek(in);
    while (in->at + len < in->end && isalpha((unsigned char)in->at[len]) && len < size - 1) {
        out[len] = (char)toupper((unsigned char)in->at[len]);
        len++;
    }
    out[len] = '\0';
    return len;
}

static bool take_word(reading *in, const char *word)
{
    char ahead[24];
    size_t len = peek_word(in, ahead, sizeof ahead);
    if (len == 0 || strcmp(ahead, word) != 0)
        return false;
    in->at += len;
    return true;
}

static dtake_status read_number(reading *in, double *out)
{
    char text[48];
    size_t len = 0;
    peek(in);
    while (in->at + len < in->end && len < sizeof text - 1 &&
           strchr("+-.0123456789eE", in->at[len]) != NULL) {
        text[len] = in->at[len];
        len++;
    }
    text[len] = '\0';
    if (!dtake__parse_f64(text, out) || !isfinite(*out))
        return bad(in, "expected a number");
    in->at += len;
    return DTAKE_OK;
}

static bool number_ahead(reading *in)
{
    char c = peek(in);
    return isdigit((unsigned char)c) || c == '-' || c == '+' || c == '.';
}

/* The number of a position with this index, if there is one. Heights and measures may be missing: NaN. */
static dtake_status read_ordinate(reading *in, int index, double *out, bool *there)
{
    *there = number_ahead(in);
    if (*there)
        return read_number(in, out);
    *there = index >= 2 && take_word(in, "NAN");
    *out = NAN;
    return DTAKE_OK;
}

static dtake_status read_position(reading *in)
{
    double number[4];
    int count = 0;
    bool more = true;
    while (count < 4 && more) {
        dtake_status st = read_ordinate(in, count, &number[count], &more);
        if (st != DTAKE_OK)
            return st;
        count += more;
    }
    if (count < 2)
        return bad(in, "expected a number");
    if (in->numbers == 0) { /* "POINT(1 2 3)" has a Z without saying so */
        in->numbers = count;
        in->has_z = count >= 3;
        in->has_m = count == 4;
    }
    if (count != in->numbers)
        return dtake__fail(in->err, DTAKE_E_FORMAT, "expected %d numbers a position, got %d", in->numbers,
                           count);
    if (++in->points > DTAKE__GEOMETRY_MAX_POINTS)
        return dtake__fail(in->err, DTAKE_E_LIMIT, "more than %d points", DTAKE__GEOMETRY_MAX_POINTS);
    return wrote(in, dtake__wkb_put_numbers(&in->out, number, (size_t)count));
}

static dtake_status put_head(reading *in, dtake__geometry_type type)
{
    return wrote(in, dtake__wkb_put_head(&in->out, type, in->has_z, in->has_m));
}

typedef dtake_status (*read_fn)(reading *in);

/* "EMPTY", or one or more of what `one` reads, in brackets. */
static dtake_status read_list(reading *in, read_fn one)
{
    size_t offset;
    uint32_t count = 0;
    dtake_status st = wrote(in, dtake__wkb_put_count(&in->out, 0, &offset));
    if (st != DTAKE_OK || take_word(in, "EMPTY"))
        return st;
    if (!take(in, '('))
        return bad(in, "expected '(' or EMPTY");
    do {
        st = one(in);
        count++;
    } while (st == DTAKE_OK && take(in, ','));
    if (st != DTAKE_OK)
        return st;
    dtake__wkb_set_count(&in->out, offset, count);
    return take(in, ')') ? DTAKE_OK : bad(in, "expected ',' or ')'");
}

static dtake_status read_line(reading *in)
{
    size_t from = in->points;
    dtake_status st = read_list(in, read_position);
    return st == DTAKE_OK && in->points - from == 1 ? bad(in, "a line needs two positions") : st;
}

static dtake_status read_ring(reading *in)
{
    size_t offset = in->out.len, from = in->points;
    dtake_status st = read_list(in, read_position);
    uint32_t count = (uint32_t)(in->points - from);
    if (st != DTAKE_OK)
        return st;
    if (count < 3)
        return bad(in, "a polygon's ring needs three positions");
    size_t bytes = (size_t)in->numbers * sizeof(double);
    double first[4], last[4];
    memcpy(first, in->out.data + offset + 4, bytes);
    memcpy(last, in->out.data + in->out.len - bytes, bytes);
    if (first[0] != last[0] || first[1] != last[1]) {
        dtake__wkb_set_count(&in->out, offset, count + 1);
        st = wrote(in, dtake__wkb_put_numbers(&in->out, first, (size_t)in->numbers));
    }
    return st;
}

static dtake_status read_point(reading *in)
{
    static const double nowhere[4] = { NAN, NAN, NAN, NAN };
    if (take_word(in, "EMPTY"))
        return wrote(in,
                     dtake__wkb_put_numbers(&in->out, nowhere, in->numbers > 0 ? (size_t)in->numbers : 2));
    if (!take(in, '('))
        return bad(in, "expected '(' or EMPTY");
    dtake_status st = read_position(in);
    return st != DTAKE_OK || take(in, ')') ? st : bad(in, "expected ')'");
}

static dtake_status read_polygon(reading *in)
{
    return read_list(in, read_ring);
}

/* Points of a multipoint may stand without brackets. */
static dtake_status read_point_part(reading *in)
{
    dtake_status st = put_head(in, DTAKE__POINT);
    if (st != DTAKE_OK)
        return st;
    return number_ahead(in) ? read_position(in) : read_point(in);
}

static dtake_status read_line_part(reading *in)
{
    dtake_status st = put_head(in, DTAKE__LINESTRING);
    return st == DTAKE_OK ? read_line(in) : st;
}

static dtake_status read_polygon_part(reading *in)
{
    dtake_status st = put_head(in, DTAKE__POLYGON);
    return st == DTAKE_OK ? read_polygon(in) : st;
}

static dtake_status read_multipoint(reading *in)
{
    return read_list(in, read_point_part);
}

static dtake_status read_multiline(reading *in)
{
    return read_list(in, read_line_part);
}

static dtake_status read_multipolygon(reading *in)
{
    return read_list(in, read_polygon_part);
}

static const struct {
    const char *name;
    dtake__geometry_type type;
    read_fn read;
} kinds[] = {
    { "POINT", DTAKE__POINT, read_point },
    { "LINESTRING", DTAKE__LINESTRING, read_line },
    { "LINEARRING", DTAKE__LINESTRING, read_line },
    { "POLYGON", DTAKE__POLYGON, read_polygon },
    { "MULTIPOINT", DTAKE__MULTIPOINT, read_multipoint },
    { "MULTILINESTRING", DTAKE__MULTILINESTRING, read_multiline },
    { "MULTIPOLYGON", DTAKE__MULTIPOLYGON, read_multipolygon },
};

static dtake_status read_dimensions(reading *in)
{
    bool zm = take_word(in, "ZM"), z = zm || take_word(in, "Z"), m = zm || (!z && take_word(in, "M"));
    if (!z && !m)
        return DTAKE_OK;
    int numbers = 2 + z + m;
    if (in->numbers != 0 && (in->numbers != numbers || in->has_z != z))
        return bad(in, "other dimensions than before");
    in->numbers = numbers;
    in->has_z = z;
    in->has_m = m;
    return DTAKE_OK;
}

static bool is_dimensions(const char *word)
{
    return word[0] == '\0' || strcmp(word, "Z") == 0 || strcmp(word, "M") == 0 || strcmp(word, "ZM") == 0;
}

/* "POLYGON", also "POLYGONZ": the Z stays ahead. */
static bool take_name(reading *in, const char *name)
{
    char ahead[24];
    size_t len = strlen(name);
    peek_word(in, ahead, sizeof ahead);
    if (strncmp(ahead, name, len) != 0 || !is_dimensions(ahead + len))
        return false;
    in->at += len;
    return true;
}

static dtake_status read_geometry(reading *in);

static dtake_status read_collection(reading *in)
{
    in->depth++;
    dtake_status st = read_list(in, read_geometry);
    in->depth--;
    return st;
}

static dtake_status read_geometry(reading *in)
{
    if (in->depth > DTAKE__GEOMETRY_MAX_DEPTH)
        return bad(in, "collections are nested too deeply");
    if (take_name(in, "GEOMETRYCOLLECTION")) {
        dtake_status st = read_dimensions(in);
        if (st == DTAKE_OK)
            st = put_head(in, DTAKE__COLLECTION);
        return st == DTAKE_OK ? read_collection(in) : st;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!take_name(in, kinds[i].name))
            continue;
        dtake_status st = read_dimensions(in);
        if (st == DTAKE_OK)
            st = put_head(in, kinds[i].type);
        return st == DTAKE_OK ? kinds[i].read(in) : st;
    }
    return bad(in, "expected POINT, LINESTRING, POLYGON, MULTIPOINT, MULTILINESTRING, MULTIPOLYGON or "
                   "GEOMETRYCOLLECTION");
}

static dtake_status read_srid(reading *in, int32_t *srid)
{
    *srid = 0;
    if (!take_word(in, "SRID"))
        return DTAKE_OK;
    double number = -1;
    dtake_status st = take(in, '=') ? read_number(in, &number) : bad(in, "expected '='");
    if (st != DTAKE_OK)
        return st;
    if (!(number >= 0 && number <= INT32_MAX) || number != floor(number))
        return bad(in, "the SRID must be an EPSG code");
    *srid = (int32_t)number;
    return take(in, ';') ? DTAKE_OK : bad(in, "expected ';'");
}

dtake_status dtake__geometry_from_wkt_part(const char *text, size_t len, size_t *used, dtake__geometry *out,
                                           dtake_error *err)
{
    *used = 0;
    *out = (dtake__geometry){ 0 };
    if (len > DTAKE__GEOMETRY_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "of %zu bytes: at most %d are read", len,
                           DTAKE__GEOMETRY_MAX_BYTES);
    reading in = { .start = text, .at = text, .end = text + len, .err = err };
    in.out = DTAKE_BUF_INIT(2 * (size_t)DTAKE__GEOMETRY_MAX_BYTES);
    int32_t srid;
    dtake_status st = read_srid(&in, &srid);
    const char *geometry = in.at;
    if (st == DTAKE_OK)
        st = read_geometry(&in);
    if (st == DTAKE_OK &&
        in.numbers > 2) { /* what was learnt on the way must stand in the heads before, too */
        in.at = geometry;
        in.points = 0;
        dtake__buf_clear(&in.out);
        st = read_geometry(&in);
    }
    *used = (size_t)(in.at - text);
    if (st == DTAKE_OK)
        dtake__wkb_finish(&in.out, srid, out);
    dtake__buf_dispose(&in.out);
    return st;
}

dtake_status dtake__geometry_from_wkt(const char *text, size_t len, dtake__geometry *out, dtake_error *err)
{
    size_t used;
    dtake_status st = dtake__geometry_from_wkt_part(text, len, &used, out, err);
    if (st != DTAKE_OK) {
        dtake__error_prefix(err, "WKT: column %zu", used + 1);
        return st;
    }
    while (used < len && isspace((unsigned char)text[used]))
        used++;
    if (used == len)
        return DTAKE_OK;
    dtake__geometry_dispose(out);
    return dtake__fail(err, DTAKE_E_FORMAT, "WKT: column %zu: there is more behind the geometry", used + 1);
}
