/* The inside of a type, for the files of this folder. */
#ifndef DTAKE_PROTOCOL_TILEBOX_TYPE_STRUCT_H
#define DTAKE_PROTOCOL_TILEBOX_TYPE_STRUCT_H

#include "core/strings.h"
#include "protocol/tilebox/type.h"

#include <stdatomic.h>

/* FieldDescriptorProto.Type */
typedef enum dtake__tilebox_scalar {
    DTAKE__SCALAR_DOUBLE = 1,
    DTAKE__SCALAR_FLOAT,
    DTAKE__SCALAR_INT64,
    DTAKE__SCALAR_UINT64,
    DTAKE__SCALAR_INT32,
    DTAKE__SCALAR_FIXED64,
    DTAKE__SCALAR_FIXED32,
    DTAKE__SCALAR_BOOL,
    DTAKE__SCALAR_STRING,
    DTAKE__SCALAR_GROUP,
    DTAKE__SCALAR_MESSAGE,
    DTAKE__SCALAR_BYTES,
    DTAKE__SCALAR_UINT32,
    DTAKE__SCALAR_ENUM,
    DTAKE__SCALAR_SFIXED32,
    DTAKE__SCALAR_SFIXED64,
    DTAKE__SCALAR_SINT32,
    DTAKE__SCALAR_SINT64,
} dtake__tilebox_scalar;

/* How a field of the schema travels. */
typedef struct dtake__tilebox_field {
    uint32_t number; /* 0: not in the message but beside it, as in 2024 */
    dtake__tilebox_scalar scalar;
    dtake__tilebox_message message; /* of SCALAR_MESSAGE */
    bool queryable;                 /* filters may name it */
    char *wire_name;                /* NULL: that of the schema */
    char *origin;                   /* its name in the schema the type was made for; NULL: the same */
} dtake__tilebox_field;

struct dtake__tilebox_type {
    atomic_long refs;
    char *url;
    dtake_dataset_kind kind;
    dtake_schema *schema;
    dtake__tilebox_field *fields; /* one a field of the schema */
    bool of_2024;
    dtake_buf annotated; /* the content of AnnotatedType */
};

/* What FieldAnnotation says of a field. */
typedef struct dtake__tilebox_annotation {
    dtake__span description, example, source_pointer, json_schema;
    bool is_title, queryable;
} dtake__tilebox_annotation;

/* Fields of a schema on their way into one. Zero-initialise. */
typedef struct dtake__tilebox_shape {
    dtake_field *fields;
    dtake__tilebox_field *wires;
    dtake_enum_value **enums; /* memory behind the values of enums, NULL where they are static */
    size_t count, cap;
    dtake__strings texts;
    bool plain; /* fields keep the names that they have on the wire */
} dtake__tilebox_shape;

/* Adds what a FieldDescriptorProto and a FieldAnnotation (may be empty) describe; `set` is where enums are
 * looked for, a FileDescriptorSet, may be empty. */
dtake_status dtake__tilebox_shape_add(dtake__tilebox_shape *shape, dtake__span descriptor,
                                      dtake__span annotation, dtake__span set, dtake_error *err);
/* Puts the fields that every datapoint has, and that are not there, in front. */
dtake_status dtake__tilebox_shape_complete(dtake__tilebox_shape *shape, bool with_geometry, dtake_error *err);
void dtake__tilebox_shape_dispose(dtake__tilebox_shape *shape);

/* For those that add fields: */
dtake_status dtake__tilebox_shape_room(dtake__tilebox_shape *shape); /* for one more */
bool dtake__tilebox_shape_has(const dtake__tilebox_shape *shape, dtake_field_role role);
/* A copy that lives as long as the shape; "" when there is nothing. NULL: no memory. */
const char *dtake__tilebox_shape_keep(dtake__tilebox_shape *shape, dtake__span text);
/* The values of a field, from the set of descriptors, else of an enum that everybody knows. */
dtake_status dtake__tilebox_shape_enum(dtake__tilebox_shape *shape, dtake_field *field,
                                       dtake_enum_value **memory, dtake__span type_name, dtake__span set,
                                       dtake_error *err);

/* dtake__tilebox_type_read with the names of the wire. */
dtake_status dtake__tilebox_type_read_plain(dtake__tilebox_type **out, const void *bytes, size_t len,
                                            dtake_error *err);

/* A name of ours as protobuf takes it; `out` has room for two bytes more. */
void dtake__tilebox_wire_name(const char *name, size_t len, char *out);
/* The field of that name on the wire; -1: none. */
int dtake__tilebox_type_find_wire(const dtake__tilebox_type *type, const char *name);

/* The EnumDescriptorProto of that name (without a dot before it) in a FileDescriptorSet. */
bool dtake__tilebox_enum_descriptor(dtake__span set, dtake__span name, dtake__span *out);

/* A file, a message or a field of descriptor.proto. */
typedef struct dtake__tilebox_message_descriptor {
    dtake__span message; /* DescriptorProto */
    bool proto3;
} dtake__tilebox_message_descriptor;
dtake_status dtake__tilebox_message_descriptor_find(dtake__span set, dtake__span name,
                                                    dtake__tilebox_message_descriptor *out, dtake_error *err);

#endif
