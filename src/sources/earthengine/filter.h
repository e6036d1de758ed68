/* A query's filter tree as Earth Engine's filters, as far as these can say it. */
#ifndef DTAKE_SOURCES_EARTHENGINE_FILTER_H
#define DTAKE_SOURCES_EARTHENGINE_FILTER_H

#include "format/json_write.h"
#include "sources/earthengine/question.h"

/* False: nothing of it can be said. *exact: what is said lets pass just what passes the tree, else more. */
bool dtake__ee_filter_can(const dtake__filter *filter, const dtake__ee_names *names, bool *exact);
/* As one value of the expression; dtake__ee_filter_can said yes. */
void dtake__ee_filter_write(const dtake__filter *filter, const dtake__ee_names *names, dtake__json *json);

/* --- values of expressions --- */

/* {"functionInvocationValue": {"functionName": name, "arguments": { ... }}}, up to dtake__ee_end_call. */
void dtake__ee_put_call(dtake__json *json, const char *key, const char *function);
void dtake__ee_end_call(dtake__json *json);
/* A list of values, up to dtake__ee_end_list. */
void dtake__ee_put_list(dtake__json *json, const char *key);
void dtake__ee_end_list(dtake__json *json);
void dtake__ee_put_text(dtake__json *json, const char *key, const char *value);
void dtake__ee_put_number(dtake__json *json, const char *key, double value);

#endif
