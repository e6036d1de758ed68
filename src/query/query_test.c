#include "check.h"

#include "core/alloc.h"
#include "query/query.h"

static void a_query_is_filled_in_from_text(void **state)
{
    (void)state;
    dtake_query *query, *copy;
    CHECK_OK(dtake_query_new(&query, NULL));
    CHECK_OK(dtake_query_dataset(query, "open_data.copernicus.landsat8_oli_tirs", NULL));
    CHECK_OK(dtake_query_collection(query, "L1GT, L1T", NULL));
    CHECK_OK(dtake_query_collection(query, "RT", NULL));
    CHECK_OK(dtake_query_time(query, "2024-01-01/2024-07-31", DTAKE_INTERVAL_CLOSED, NULL));
    CHECK_OK(dtake_query_bbox(query, "170,-10,-170,10", NULL));
    dtake_query_area_mode(query, DTAKE_AREA_CONTAINS, DTAKE_EDGES_SPHERICAL);
    CHECK_OK(dtake_query_filter(query, "a = 1 or b = 2", NULL));
    CHECK_OK(dtake_query_filter_short(query, "eo:cloud_cover<20", NULL));
    CHECK_OK(dtake_query_filter_json(query, "{\"op\":\"isNull\",\"args\":[{\"property\":\"c\"}]}", NULL));
    CHECK_OK(dtake_query_id(query, "0197a491-1520-102f-48f4-f087d6ef8603", NULL));
    CHECK_OK(dtake_query_name(query, "S2A_1", NULL));
    CHECK_OK(dtake_query_fields(query, "time,-geometry", NULL));
    CHECK_OK(dtake_query_order(query, "-datetime,+eo:cloud_cover, id", NULL));
    CHECK_OK(dtake_query_limit(query, 10, NULL));
    CHECK_OK(dtake_query_offset(query, 3, NULL));
    CHECK_OK(dtake_query_after(query, "0197A4911520102F48F4F087D6EF8603", NULL));
    dtake_query_skip_data(query, true);

    CHECK_OK(dtake_query_copy(&copy, query, NULL));
    dtake_query_free(query);
    CHECK_STR(copy->dataset, "open_data.copernicus.landsat8_oli_tirs");
    CHECK_EQ(copy->collections.count, 3);
    CHECK_STR(copy->collections.at[1], "L1T");
    CHECK(copy->has_time && !copy->time.end_exclusive);
    CHECK(copy->area.kind == DTAKE__AREA_BOX && copy->area.box.east == -170 &&
          copy->area.mode == DTAKE_AREA_CONTAINS);
    CHECK(copy->filter->op == DTAKE__FILTER_AND && copy->filter->arg_count == 3);
    CHECK(copy->filter->args[0]->op == DTAKE__FILTER_OR);
    CHECK(copy->id_count == 1 && copy->ids[0].bytes[15] == 0x03 && copy->after.bytes[0] == 0x01);
    CHECK(copy->names.count == 1 && copy->fields.count == 1);
    CHECK_STR(copy->fields_without.at[0], "geometry");
    CHECK(copy->order_count == 3 && copy->order[0].descending && !copy->order[1].descending);
    CHECK_STR(copy->order[1].field, "eo:cloud_cover");
    CHECK_STR(copy->order[2].field, "id");
    CHECK(copy->limit == 10 && copy->offset == 3 && copy->skip_data && copy->has_after);
    dtake_query_free(copy);
}

static void the_end_of_an_interval_depends_on_who_asks(void **state)
{
    (void)state;
    static const int64_t DAY = 86400LL * 1000000000LL;
    dtake_interval interval;
    CHECK_OK(dtake_interval_read("1970-01-02/1970-01-03", DTAKE_INTERVAL_CLOSED, &interval, NULL));
    CHECK(interval.start_ns == DAY && interval.end_ns == 3 * DAY - 1 && !interval.end_exclusive);
    CHECK_OK(dtake_interval_read("1970-01-02/1970-01-03", DTAKE_INTERVAL_HALF_OPEN, &interval, NULL));
    CHECK(interval.start_ns == DAY && interval.end_ns == 2 * DAY && interval.end_exclusive);
    CHECK_OK(dtake_interval_read("1970-01-02", DTAKE_INTERVAL_HALF_OPEN, &interval, NULL));
    CHECK(interval.start_ns == DAY && interval.end_ns == 2 * DAY - 1 && !interval.end_exclusive);
    CHECK_OK(dtake_interval_read("1970-01-01T01:00:00+01:00", DTAKE_INTERVAL_HALF_OPEN, &interval, NULL));
    CHECK(interval.start_ns == 0 && interval.end_ns == 0 && !interval.end_exclusive);
    CHECK_OK(dtake_interval_read("../1970-01-02T00:00:00Z", DTAKE_INTERVAL_HALF_OPEN, &interval, NULL));
    CHECK(interval.start_ns == INT64_MIN && interval.end_ns == DAY && interval.end_exclusive);
    CHECK_OK(dtake_interval_read("1970-01-02/..", DTAKE_INTERVAL_HALF_OPEN, &interval, NULL));
    CHECK(interval.end_ns == INT64_MAX && !interval.end_exclusive);
    CHECK_OK(dtake_interval_read("..", DTAKE_INTERVAL_CLOSED, &interval, NULL));
    CHECK(interval.start_ns == INT64_MIN && interval.end_ns == INT64_MAX);
    dtake_error err;
    CHECK_STATUS(dtake_interval_read("2016-12-31T23:59:60Z/..", DTAKE_INTERVAL_CLOSED, &interval, &err),
                 DTAKE_E_USAGE);
    CHECK(strstr(err.message, "leap seconds") != NULL);
    CHECK_STATUS(dtake_interval_read("2017-01-01/2016-01-01", DTAKE_INTERVAL_CLOSED, &interval, &err),
                 DTAKE_E_USAGE);
    CHECK(strstr(err.message, "the start is after the end") != NULL);
    CHECK_STATUS(dtake_interval_read("2024-01-01T10:00:00/..", DTAKE_INTERVAL_CLOSED, &interval, &err),
                 DTAKE_E_USAGE);
    CHECK(strstr(err.message, "needs a zone") != NULL);
    CHECK_STATUS(dtake_interval_read("", DTAKE_INTERVAL_CLOSED, &interval, &err), DTAKE_E_USAGE);
}

static void what_is_wrong_leaves_the_query_as_it_was(void **state)
{
    (void)state;
    dtake_query *query;
    dtake_error err;
    CHECK_OK(dtake_query_new(&query, NULL));
    CHECK_OK(dtake_query_area(query, "POLYGON((0 0,1 0,1 1,0 0))", NULL));
    CHECK_OK(dtake_query_order(query, "a", NULL));
    CHECK_STATUS(dtake_query_area(query, "POLYGON((0 0,1 0", &err), DTAKE_E_FORMAT);
    CHECK_STATUS(dtake_query_area(query, "SRID=2056;POINT(7 47)", &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "EPSG:2056") != NULL);
    CHECK_STATUS(dtake_query_area(query, "POINT EMPTY", &err), DTAKE_E_EMPTY);
    CHECK_STATUS(dtake_query_bbox(query, "1,2,3", &err), DTAKE_E_USAGE);
    CHECK(query->area.kind == DTAKE__AREA_GEOMETRY && query->area.box.east == 1);
    CHECK_STATUS(dtake_query_order(query, "b,-", &err), DTAKE_E_USAGE);
    CHECK(query->order_count == 1);
    CHECK_STR(query->order[0].field, "a");
    CHECK_STATUS(dtake_query_collection(query, "x,,y", &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "a name is missing") != NULL);
    CHECK_EQ(query->collections.count, 0);
    CHECK_STATUS(dtake_query_id(query, "0197a491-1520", &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "32 hexadecimal digits, got 12") != NULL);
    CHECK_STATUS(dtake_query_id(query, "0197a491-1520-102f-48f4-f087d6ef860x", &err), DTAKE_E_USAGE);
    CHECK_STATUS(dtake_query_limit(query, -1, &err), DTAKE_E_USAGE);
    CHECK_STATUS(dtake_query_filter(query, "a =", &err), DTAKE_E_USAGE);
    CHECK(query->filter == NULL && query->limit == 0);
    dtake_query_free(query);
}

static void the_area_is_prepared_as_the_mode_asks(void **state)
{
    (void)state;
    dtake_query *query;
    dtake__prepared *area;
    dtake__relation relation;
    bool holds;
    dtake__geometry across;
    CHECK_OK(dtake_query_new(&query, NULL));
    CHECK_OK(dtake_query_bbox(query, "0,0,2,2", NULL));
    CHECK_OK(dtake__geometry_from_text("LINESTRING(1 1,3 1)", 19, &across, NULL));
    CHECK_OK(dtake__query_prepare_area(query, &area, &relation, NULL));
    CHECK_OK(dtake__prepared_test(area, relation, &across, &holds, NULL));
    CHECK(holds);
    dtake_query_area_mode(query, DTAKE_AREA_CONTAINS, DTAKE_EDGES_PLANAR);
    dtake__prepared_free(area);
    CHECK_OK(dtake__query_prepare_area(query, &area, &relation, NULL));
    CHECK_OK(dtake__prepared_test(area, relation, &across, &holds, NULL));
    CHECK(!holds);
    dtake__prepared_free(area);
    dtake__geometry_dispose(&across);
    dtake_query_free(query);
}

static dtake_status fill_in(void)
{
    dtake_query *query = NULL, *copy = NULL;
    dtake_status st = dtake_query_new(&query, NULL);
    if (st == DTAKE_OK)
        st = dtake_query_collection(query, "a,b,c,d,e", NULL);
    if (st == DTAKE_OK)
        st = dtake_query_area(query, "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1]]]}", NULL);
    if (st == DTAKE_OK)
        st =
            dtake_query_filter(query, "a in (1,2,3) and S_INTERSECTS(g, POINT(1 2)) or name like '%x'", NULL);
    if (st == DTAKE_OK)
        st = dtake_query_filter_json(
            query, "{\"args\":[{\"property\":\"c\"},[1,2,{\"date\":\"2024-01-01\"}]],\"op\":\"in\"}", NULL);
    if (st == DTAKE_OK)
        st = dtake_query_filter_short(query, "a~x*", NULL);
    if (st == DTAKE_OK)
        st = dtake_query_fields(query, "a,-b", NULL);
    if (st == DTAKE_OK)
        st = dtake_query_order(query, "a,-b", NULL);
    if (st == DTAKE_OK)
        st = dtake_query_id(query, "0197a491-1520-102f-48f4-f087d6ef8603", NULL);
    if (st == DTAKE_OK)
        st = dtake_query_copy(&copy, query, NULL);
    dtake_query_free(copy);
    dtake_query_free(query);
    return st;
}

static void running_out_of_memory_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    int failed = 0;
    for (long n = 0;; n++) {
        dtake__alloc_fail_after(n, false);
        dtake_status st = fill_in();
        bool struck = !dtake__alloc_may_still_fail();
        dtake__alloc_fail_after(-1, false);
        if (!struck)
            break;
        CHECK(st == DTAKE_E_NOMEM || st == DTAKE_OK);
        failed += st == DTAKE_E_NOMEM;
    }
    CHECK(failed > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_filled_in_from_text),
        cmocka_unit_test(the_end_of_an_interval_depends_on_who_asks),
        cmocka_unit_test(what_is_wrong_leaves_the_query_as_it_was),
        cmocka_unit_test(the_area_is_prepared_as_the_mode_asks),
        cmocka_unit_test(running_out_of_memory_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
