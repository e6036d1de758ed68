/* A schema on its way to a protobuf type: between the files type_write.c, type_names.c, type_descriptor.c. */
#ifndef DTAKE_PROTOCOL_TILEBOX_TYPE_WRITER_H
#define DTAKE_PROTOCOL_TILEBOX_TYPE_WRITER_H

#include "protocol/tilebox/type_struct.h"

enum { DTAKE__TYPE_FIRST_NUMBER = 4 /* of fields beside time, id and ingestion_time; geometry has it */ };

typedef struct dtake__type_writer {
    dtake__pb_out out;
    const dtake_schema *schema;
    dtake_dataset_kind kind;
    bool of_2024;
    bool no_own_enums; /* there is no place for them */
    char package[80];
    char message[DTAKE_MAX_FIELD_NAME_BYTES + 1];
    uint32_t *numbers; /* of the fields; 0: not in the message */
    char **names;      /* on the wire; NULL: left out */
} dtake__type_writer;

/* type_names.c */
dtake_status dtake__type_writer_name(dtake__type_writer *w, dtake_error *err); /* all fields */
dtake_status dtake__type_writer_number(dtake__type_writer *w, dtake_error *err);
void dtake__type_writer_dispose(dtake__type_writer *w);
/* Of those that every datapoint has 0 to 3, as they come first; -1: another one. */
int dtake__type_order_of_role(dtake_field_role role);
/* "granule_name" becomes "granuleName", with `first` "GranuleName"; as the service has it, "md5sum" becomes
 * "md5Sum". */
void dtake__type_camel(const char *name, bool first, char *out, size_t size);

/* type_descriptor.c: of field i a FieldDescriptorProto, a FieldAnnotation, and an EnumDescriptorProto if it
 * has an enum of its own; as fields `number` of what is being written. */
void dtake__type_put_field(dtake__type_writer *w, size_t i, uint32_t number);
void dtake__type_put_annotation(dtake__type_writer *w, size_t i, uint32_t number);
void dtake__type_put_enum(dtake__type_writer *w, size_t i, uint32_t number);

#endif
