#include "catalog/change.h"

#include "catalog/background.h"

dtake_status dtake__change_begin(dtake__change *c, dtake__catalog *catalog, dtake_error *err)
{
    *c = (dtake__change){ .catalog = catalog };
    dtake__background_pause(catalog->background);
    dtake_status st = dtake__catalog_take(catalog, &c->db, err);
    if (st == DTAKE_OK)
        st = dtake__db_begin_write(c->db, DTAKE__READ_WAIT_MS, err);
    if (st == DTAKE_OK)
        st = dtake__directory_get(catalog, c->db, &c->directory, err);
    if (st == DTAKE_OK)
        st = dtake__db_next_generation(c->db, &c->generation, err);
    return st;
}

dtake_status dtake__change_end(dtake__change *c, dtake_status st, dtake_error *err)
{
    if (st == DTAKE_OK)
        st = dtake__directory_seal(c->db, err);
    if (st == DTAKE_OK)
        st = dtake__db_commit(c->db, err);
    dtake__directory_release(c->directory);
    if (c->db != NULL)
        dtake__catalog_give(c->catalog, c->db); /* rolls back what was not committed */
    dtake__background_resume(c->catalog->background);
    return st;
}
