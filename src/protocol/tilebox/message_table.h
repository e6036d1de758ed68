/* For the files that hold tables of messages. */
#ifndef DTAKE_PROTOCOL_TILEBOX_MESSAGE_TABLE_H
#define DTAKE_PROTOCOL_TILEBOX_MESSAGE_TABLE_H

#include "protocol/tilebox/messages.h"

/* Within a table S is the struct. */
#define ONE(number, kind, member)                                                                            \
    {                                                                                                        \
#member, number, DTAKE__TB_##kind, false, offsetof(S, member), -1, NULL                              \
    }
/* A number or text that may be there and be zero. */
#define MAYBE(number, kind, member)                                                                          \
    {                                                                                                        \
#member, number, DTAKE__TB_##kind, false, offsetof(S, member), offsetof(S, has_##member), NULL       \
    }
#define MANY(number, kind, member)                                                                           \
    {                                                                                                        \
#member, number, DTAKE__TB_##kind, true, offsetof(S, member), -1, NULL                               \
    }
#define INSIDE(number, member, table)                                                                        \
    {                                                                                                        \
#member, number, DTAKE__TB_MESSAGE, false, offsetof(S, member), -1, table                            \
    }
#define INSIDES(number, member, table)                                                                       \
    {                                                                                                        \
#member, number, DTAKE__TB_MESSAGE, true, offsetof(S, member), -1, table                             \
    }
#define TABLE(name, fields)                                                                                  \
    {                                                                                                        \
        name, sizeof(S), fields, sizeof(fields) / sizeof((fields)[0])                                        \
    }

/* Tables that other tables name. */
extern const dtake__tb_message dtake__tb_collection_message, dtake__tb_package_message,
    dtake__tb_client_info_message, dtake__tb_literal_message, dtake__tb_comparison_message,
    dtake__tb_null_check_message, dtake__tb_logical_message, dtake__tb_geometry_message,
    dtake__tb_area_message, dtake__tb_filters_message, dtake__tb_values_2024_message;

#endif
