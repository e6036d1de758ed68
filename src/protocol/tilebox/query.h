/* What a client asks for, in our own terms. */
#ifndef DTAKE_PROTOCOL_TILEBOX_QUERY_H
#define DTAKE_PROTOCOL_TILEBOX_QUERY_H

#include "protocol/tilebox/messages.h"
#include "protocol/tilebox/type.h"
#include "query/query.h"

enum { DTAKE__TB_MAX_OPERANDS = 64, DTAKE__TB_MAX_NODES = 256, DTAKE__TB_MAX_LEVELS = 8 };

/* Adds what the filters say to a query of a dataset of `schema`, which clients know as `type`. *nothing: no
 * datapoint can pass. DTAKE_E_USAGE and DTAKE_E_FORMAT name the field of the message. */
dtake_status dtake__tb_filters_read(dtake_query *query, bool *nothing, const dtake__tb_filters *filters,
                                    const dtake__tilebox_type *type, const dtake_schema *schema,
                                    dtake_error *err);

/* Times count to the millisecond. *nothing: it is empty. */
void dtake__tb_interval_read(const dtake__tb_time_interval *interval, dtake_interval *out, bool *nothing);

/* One of `filters.expressions`. */
dtake_status dtake__tb_expression_read(dtake__filter **out, const dtake__tb_expression *expression,
                                       const dtake__tilebox_type *type, const dtake_schema *schema,
                                       dtake_error *err);

/* The other way: what of a query's filter and names a service can be asked for, so that it sends no datapoint
 * less than pass. What it cannot is left out. Texts stay the query's; dispose of the list. */
dtake_status dtake__tb_expressions_write(dtake__tb_list *out, const dtake_query *query,
                                         const dtake__tilebox_type *type, dtake_error *err);
void dtake__tb_expressions_dispose(dtake__tb_list *list);

#endif
