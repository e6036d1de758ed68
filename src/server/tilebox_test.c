/* The Tilebox API by Connect: what is refused, and by which words. What clients see of datapoints is in
 * tests/test_tilebox_clients.py. */
#include "server/serving.h"

#include "core/alloc.h"
#include "server/server.h"
#include "server/tilebox.h"

#define PROTO "Content-Type: application/proto\r\n"

typedef struct refusal {
    const char *path;
    const char *message; /* in hexadecimal digits */
    int status;
    const char *says;
} refusal;

static reply call(const serving *s, const char *path, const char *hex)
{
    uint8_t bytes[256] = { 0 };
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (uint8_t)byte;
    }
    return ask_body(s, "POST", path, PROTO, bytes, len);
}

static void a_catalogue_that_is_not_there_yet_has_no_datasets(void **state)
{
    reply r = call(*state, "/datasets.v1.DatasetService/ListDatasets", "");
    CHECK_EQ(r.status, 200);
    CHECK_EQ(r.body.len, 0);
    drop(&r);
}

static void refusals_name_the_field(void **state)
{
    static const refusal rows[] = {
        { "/datasets.v1.DatasetService/GetDataset", "0a0178", 404, "no such dataset" },
        { "/datasets.v1.TileboxService/GetDataset", "0a0178", 404, "no such dataset" },
        { "/public/datasets.v1.DatasetService/GetDataset", "0a0178", 404, "no such dataset" },
        { "/datasets.v1.DatasetService/GetDataset", "", 400, "exactly one of slug and id must be set" },
        { "/datasets.v1.DatasetService/GetDataset", "12030a0107", 400, "an id has 16 bytes" },
        { "/datasets.v1.DatasetService/GetDataset", "0a7f", 400, "GetDatasetRequest" },
        { "/datasets.v1.DatasetService/CreateDataset", "", 400, "name: value is required" },
        { "/datasets.v1.DatasetService/CreateDataset", "0a0178120022012d", 400,
          "code_name: value does not match" },
        { "/datasets.v1.CollectionService/ListCollections", "", 400, "dataset_id: value is required" },
        { "/datasets.v1.DataAccessService/Query", "", 400, "dataset_id: value is required" },
        { "/datasets.v1.DataAccessService/Query", "1a0208002a120a1000112233445566778899aabbccddeeff", 400,
          "page.limit: value must be at least 1" },
        { "/datasets.v1.DataAccessService/Query", "2a120a1000112233445566778899aabbccddeeff", 404,
          "no such dataset" },
        { "/datasets.v1.DataAccessService/QueryByID", "2a00", 400, "id: value is required" },
        { "/datasets.v1.DataIngestionService/Ingest", "", 400, "collection_id: value is required" },
        { "/datasets.v1.DataIngestionService/Ingest", "0a120a1000112233445566778899aabbccddeeff", 404,
          "no such collection" },
        { "/public/datasets.v1.DataIngestionService/Ingest", "", 501, "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reply r = call(*state, rows[i].path, rows[i].message);
        if (r.status != rows[i].status || strstr(dtake__buf_str(&r.body), rows[i].says) == NULL)
            fail_msg("row %zu: %d %s", i, r.status, dtake__buf_str(&r.body));
        drop(&r);
    }
}

/* Nobody calls: the server's own clock does it. */
static void a_query_that_nobody_goes_on_with_is_dropped(void **state)
{
    serving *s = *state;
    dtake__tb_pages *pages = &s->server->tilebox->pages;
    dtake__tb_cursor *old = dtake__calloc(1, sizeof *old);
    bool there = true;
    assert_non_null(old);
    dtake__tb_pages_keep(pages, old);
    pthread_mutex_lock(&pages->lock);
    old->used_ms -= 2 * DTAKE__TB_CURSOR_MS;
    pthread_mutex_unlock(&pages->lock);
    for (int i = 0; i < 3000 && there; i++) {
        poll(NULL, 0, 10);
        pthread_mutex_lock(&pages->lock);
        there = pages->first != NULL;
        pthread_mutex_unlock(&pages->lock);
    }
    CHECK(!there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_catalogue_that_is_not_there_yet_has_no_datasets, catalog_set_up,
                                        small_tear_down),
        cmocka_unit_test_setup_teardown(refusals_name_the_field, catalog_set_up, small_tear_down),
        cmocka_unit_test_setup_teardown(a_query_that_nobody_goes_on_with_is_dropped, catalog_set_up,
                                        small_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
