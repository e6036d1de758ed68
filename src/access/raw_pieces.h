/* Between the files of --raw: an asset on its way, in pieces. All on the loop thread. */
#ifndef DTAKE_ACCESS_RAW_PIECES_H
#define DTAKE_ACCESS_RAW_PIECES_H

#include "access/raw_file.h"
#include "access/take.h"

enum { DTAKE__RAW_PIECES = 64 };

typedef enum dtake__raw_piece_state {
    DTAKE__RAW_IDLE,
    DTAKE__RAW_ASKED,
    DTAKE__RAW_READING,
    DTAKE__RAW_ARRIVED,
    DTAKE__RAW_WRITING,
} dtake__raw_piece_state;

typedef struct dtake__raw_piece {
    dtake__take *take;
    dtake__raw_piece_state state;
    dtake__budget_wait wait; /* while ASKED; its bytes are held until the piece is idle again */
    dtake__object_op *op;    /* while READING */
    int64_t first, count;
    dtake_buf bytes;
} dtake__raw_piece;

struct dtake__raw {
    dtake__object *object;
    dtake__raw_file file;
    int64_t total; /* -1: not known yet */
    int64_t asked; /* bytes asked for so far */
    dtake__raw_piece piece[DTAKE__RAW_PIECES];
    dtake__raw_piece *writing;
    bool gone_on; /* with bytes of an earlier process, whose version the server has not confirmed otherwise */
    bool starts_again; /* the object has changed since: as soon as nothing is under way any more */
    bool closing;
    dtake_status work_status; /* of the worker's last step */
    dtake_error work_err;
};

/* --- raw.c --- */

void dtake__raw_step(dtake__take *take); /* what is next, after anything that has happened */
void dtake__raw_note(dtake__take *take, dtake_status st, const dtake_error *err);

/* --- raw_fetch.c --- */

void dtake__raw_ask(dtake__take *take);           /* for more, as far as pieces are idle */
void dtake__raw_stop(dtake__take *take);          /* what has been asked for */
void dtake__raw_release(dtake__raw_piece *piece); /* makes it idle */
void dtake__raw_release_all(struct dtake__raw *raw);

#endif
