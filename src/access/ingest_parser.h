/* One parser: what it does with a run of records, on a worker. */
#ifndef DTAKE_ACCESS_INGEST_PARSER_H
#define DTAKE_ACCESS_INGEST_PARSER_H

#include "access/ingest.h"

void dtake__parser_run(dtake__work *work);         /* of a dtake__parser: parses what it holds */
dtake_status dtake__parser_take(dtake__parser *p); /* rows so far become batches in `made` */
void dtake__parser_dispose(dtake__parser *p);

#endif
