/* A field of a schema as JSON. */
#ifndef DTAKE_FORMAT_FIELD_JSON_H
#define DTAKE_FORMAT_FIELD_JSON_H

#include <datatake/table.h>

#include "format/json_write.h"

const char *dtake__role_name(dtake_field_role role); /* "ingestion_time"; static */
bool dtake__role_find(const char *name, dtake_field_role *out);

/* What is not set is left out. */
void dtake__json_field(dtake__json *json, const dtake_field *field);

#endif
