#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "format/row_expression_parts.h"
#include "format/time_pattern.h"

#include <math.h>

static int shown(dtake__span text)
{
    return (int)(text.len < 60 ? text.len : 60);
}

static dtake_status call_coalesce(const dtake__row_run *run, const dtake__row_value *argument, int count,
                                  dtake__row_value *out)
{
    (void)run;
    for (int i = 0; i < count; i++)
        if (argument[i].kind != DTAKE__ROW_NULL) {
            *out = argument[i];
            break;
        }
    return DTAKE_OK;
}

static dtake_status give_numbers(const dtake__row_run *run, const dtake__row_value *argument, int count,
                                 dtake__row_value *out)
{
    (void)run;
    out->kind = count == 1 ? DTAKE__ROW_NUMBER : count == 2 ? DTAKE__ROW_POINT : DTAKE__ROW_BOX;
    for (int i = 0; i < count; i++)
        out->number[i] = argument[i].number[0];
    return DTAKE_OK;
}

static dtake_status call_time(const dtake__row_run *run, const dtake__row_value *argument, int count,
                              dtake__row_value *out)
{
    (void)count;
    out->kind = DTAKE__ROW_TIME;
    dtake_status st = dtake__time_parse_span(argument[0].text, &out->time_ns, NULL, run->err);
    return st == DTAKE_OK ? st : DTAKE_E_FORMAT;
}

static dtake_status call_strptime(const dtake__row_run *run, const dtake__row_value *argument, int count,
                                  dtake__row_value *out)
{
    (void)count;
    dtake__span text = argument[0].text, pattern = argument[1].text;
    out->kind = DTAKE__ROW_TIME;
    if (dtake__time_match(text, pattern, &out->time_ns))
        return DTAKE_OK;
    return dtake__fail(run->err, DTAKE_E_FORMAT, "'%.*s' is not a time of the pattern '%.*s'", shown(text),
                       text.text, shown(pattern), pattern.text);
}

static dtake_status call_epoch(const dtake__row_run *run, const dtake__row_value *argument, int count,
                               dtake__row_value *out)
{
    (void)count;
    double seconds = argument[0].number[0], whole = floor(seconds);
    if (fabs(seconds) > 9.2e9)
        return dtake__fail(run->err, DTAKE_E_FORMAT, "epoch(%.17g): years from 1678 to 2261 only", seconds);
    out->kind = DTAKE__ROW_TIME;
    out->time_ns = (int64_t)whole * 1000000000 + (int64_t)round((seconds - whole) * 1e9);
    return DTAKE_OK;
}

static dtake_status call_wkt(const dtake__row_run *run, const dtake__row_value *argument, int count,
                             dtake__row_value *out)
{
    (void)run, (void)count;
    *out = (dtake__row_value){ .kind = DTAKE__ROW_WKT, .text = argument[0].text };
    return DTAKE_OK;
}

static dtake_status call_geojson(const dtake__row_run *run, const dtake__row_value *argument, int count,
                                 dtake__row_value *out)
{
    (void)run, (void)count;
    *out = (dtake__row_value){ .kind = DTAKE__ROW_GEOJSON, .text = argument[0].text };
    return DTAKE_OK;
}

static dtake_status call_wkb(const dtake__row_run *run, const dtake__row_value *argument, int count,
                             dtake__row_value *out)
{
    (void)run, (void)count;
    *out = (dtake__row_value){ .kind = DTAKE__ROW_WKB, .text = argument[0].text };
    return DTAKE_OK;
}

static const dtake__row_function functions[] = {
    { "concat", "t", 1, 16, DTAKE__ROW_TEXT, true, dtake__row_concat },
    { "substr", "tnn", 2, 3, DTAKE__ROW_TEXT, false, dtake__row_substr },
    { "split", "ttn", 3, 3, DTAKE__ROW_TEXT, false, dtake__row_split },
    { "between", "ttt", 3, 3, DTAKE__ROW_TEXT, false, dtake__row_between },
    { "replace", "ttt", 3, 3, DTAKE__ROW_TEXT, true, dtake__row_replace },
    { "upper", "t", 1, 1, DTAKE__ROW_TEXT, false, dtake__row_upper },
    { "lower", "t", 1, 1, DTAKE__ROW_TEXT, false, dtake__row_lower },
    { "trim", "t", 1, 1, DTAKE__ROW_TEXT, false, dtake__row_trim },
    { "coalesce", "a", 1, 16, DTAKE__ROW_TEXT, true, call_coalesce },
    { "number", "n", 1, 1, DTAKE__ROW_NUMBER, false, give_numbers },
    { "time", "t", 1, 1, DTAKE__ROW_TIME, false, call_time },
    { "strptime", "tp", 2, 2, DTAKE__ROW_TIME, false, call_strptime },
    { "epoch", "n", 1, 1, DTAKE__ROW_TIME, false, call_epoch },
    { "point", "nn", 2, 2, DTAKE__ROW_POINT, false, give_numbers },
    { "box", "nnnn", 4, 4, DTAKE__ROW_BOX, false, give_numbers },
    { "wkt", "t", 1, 1, DTAKE__ROW_WKT, false, call_wkt },
    { "geojson", "t", 1, 1, DTAKE__ROW_GEOJSON, false, call_geojson },
    { "wkb", "t", 1, 1, DTAKE__ROW_WKB, false, call_wkb },
};

const dtake__row_function *dtake__row_function_find(dtake__span name)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (dtake__span_equal(name, dtake__span_of(functions[i].name)))
            return &functions[i];
    return NULL;
}

const char *dtake__row_function_names(void)
{
    return "concat, substr, split, between, replace, upper, lower, trim, coalesce, number, time, strptime, "
           "epoch, "
           "point, box, wkt, geojson, wkb";
}
