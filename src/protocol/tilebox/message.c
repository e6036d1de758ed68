#include "protocol/tilebox/message.h"

#include <datatake/id.h>

#include "core/alloc.h"
#include "core/error.h"

enum { NS_PER_S = 1000000000 };

typedef struct reading {
    size_t items; /* of lists, so far */
    bool too_many, no_memory;
} reading;

static size_t bytes_of(const dtake__tb_field *field)
{
    switch (field->kind) {
    case DTAKE__TB_BOOL:
        return sizeof(bool);
    case DTAKE__TB_I64:
    case DTAKE__TB_U64:
    case DTAKE__TB_F64:
        return 8;
    case DTAKE__TB_ENUM:
        return sizeof(int32_t);
    case DTAKE__TB_TEXT:
    case DTAKE__TB_BYTES:
    case DTAKE__TB_RAW:
        return sizeof(dtake__span);
    case DTAKE__TB_ID:
    case DTAKE__TB_ID_TEXT:
        return sizeof(dtake__tb_id);
    case DTAKE__TB_TIME:
        return sizeof(dtake__tb_time);
    case DTAKE__TB_MESSAGE:
        return field->message->bytes;
    }
    return 0;
}

/* --- reading --- */

static void read_fields(const dtake__tb_message *message, dtake__pb_in *in, void *out, reading *r);

static void take_id(dtake__pb_in *in, dtake__span bytes, dtake__tb_id *out)
{
    *out = (dtake__tb_id){ .set = bytes.len == 16 };
    if (bytes.len == 16)
        memcpy(out->bytes, bytes.text, 16);
    else if (bytes.len != 0)
        dtake__pb_wrong(in, "an id has 16 bytes");
}

static void read_id(dtake__pb_in *in, dtake__tb_id *out)
{
    dtake__pb_in inside = dtake__pb_enter(in);
    while (dtake__pb_next(&inside))
        if (inside.field == 1)
            take_id(&inside, dtake__pb_bytes(&inside), out);
    dtake__pb_leave(in, &inside);
}

static void read_id_text(dtake__pb_in *in, dtake__tb_id *out)
{
    char text[DTAKE_ID_TEXT];
    dtake_id id;
    dtake__span span = dtake__pb_text(in);
    *out = (dtake__tb_id){ 0 };
    if (span.len == 0)
        return;
    if (span.len >= sizeof text) {
        dtake__pb_wrong(in, "not the text of a UUID");
        return;
    }
    memcpy(text, span.text, span.len);
    text[span.len] = '\0';
    if (dtake_id_parse(text, &id, NULL) != DTAKE_OK) {
        dtake__pb_wrong(in, "not the text of a UUID");
        return;
    }
    out->set = true;
    memcpy(out->bytes, id.bytes, 16);
}

static void read_time(dtake__pb_in *in, dtake__tb_time *out)
{
    dtake__pb_in inside = dtake__pb_enter(in);
    while (dtake__pb_next(&inside)) {
        if (inside.field == 1)
            out->seconds = dtake__pb_i64(&inside);
        else if (inside.field == 2)
            out->nanos = dtake__pb_i32(&inside);
    }
    out->set = true;
    dtake__pb_leave(in, &inside);
}

static void read_message(const dtake__tb_message *message, dtake__pb_in *in, void *out, reading *r)
{
    dtake__pb_in inside = dtake__pb_enter(in);
    read_fields(message, &inside, out, r);
    *(bool *)out = true;
    dtake__pb_leave(in, &inside);
}

static void read_value(const dtake__tb_field *field, dtake__pb_in *in, void *to, reading *r)
{
    switch (field->kind) {
    case DTAKE__TB_BOOL:
        *(bool *)to = dtake__pb_bool(in);
        break;
    case DTAKE__TB_I64:
        *(int64_t *)to = dtake__pb_i64(in);
        break;
    case DTAKE__TB_U64:
        *(uint64_t *)to = dtake__pb_u64(in);
        break;
    case DTAKE__TB_ENUM:
        *(int32_t *)to = dtake__pb_i32(in);
        break;
    case DTAKE__TB_F64:
        *(double *)to = dtake__pb_f64(in);
        break;
    case DTAKE__TB_TEXT:
        *(dtake__span *)to = dtake__pb_text(in);
        break;
    case DTAKE__TB_BYTES:
    case DTAKE__TB_RAW:
        *(dtake__span *)to = dtake__pb_bytes(in);
        break;
    case DTAKE__TB_ID:
        read_id(in, to);
        break;
    case DTAKE__TB_ID_TEXT:
        read_id_text(in, to);
        break;
    case DTAKE__TB_TIME:
        read_time(in, to);
        break;
    case DTAKE__TB_MESSAGE:
        read_message(field->message, in, to, r);
        break;
    }
}

/* Room for one more, as zeros; arrays have room for the next power of two. */
static void *list_grow(dtake__tb_list *list, size_t each, reading *r)
{
    r->too_many = r->too_many || ++r->items > DTAKE__TB_MAX_ITEMS;
    if (r->too_many)
        return NULL;
    if ((list->count & (list->count - 1)) == 0) {
        void *at = dtake__realloc_array(list->at, list->count > 0 ? 2 * list->count : 1, each);
        if (at == NULL) {
            r->no_memory = true;
            return NULL;
        }
        list->at = at;
    }
    return memset((char *)list->at + each * list->count++, 0, each);
}

/* Numbers, which may come packed. */
static void read_numbers(const dtake__tb_field *field, dtake__pb_in *in, dtake__tb_list *list, reading *r)
{
    bool wide = field->kind == DTAKE__TB_F64;
    dtake__pb_run run = { 0 };
    uint64_t number;
    while (dtake__pb_each(in, &run, wide ? DTAKE__PB_FIXED64 : DTAKE__PB_VARINT, &number)) {
        void *to = list_grow(list, bytes_of(field), r);
        if (to == NULL)
            return;
        if (field->kind == DTAKE__TB_ENUM)
            *(int32_t *)to = (int32_t)(uint32_t)number;
        else if (field->kind == DTAKE__TB_BOOL)
            *(bool *)to = number != 0;
        else
            memcpy(to, &number, sizeof number);
    }
}

static void read_field(const dtake__tb_field *field, dtake__pb_in *in, char *out, reading *r)
{
    void *to = out + field->offset;
    if (field->is_list && field->kind <= DTAKE__TB_F64) {
        read_numbers(field, in, to, r);
        return;
    }
    if (field->is_list)
        to = list_grow(to, bytes_of(field), r);
    if (to != NULL)
        read_value(field, in, to, r);
    if (field->has >= 0)
        *(bool *)(out + field->has) = true;
}

static void read_fields(const dtake__tb_message *message, dtake__pb_in *in, void *out, reading *r)
{
    while (!r->too_many && !r->no_memory && dtake__pb_next(in))
        for (size_t i = 0; i < message->count; i++)
            if (message->fields[i].number == in->field)
                read_field(&message->fields[i], in, out, r);
}

dtake_status dtake__tb_read(const dtake__tb_message *message, const void *bytes, size_t len, void *out,
                            dtake_error *err)
{
    reading r = { 0 };
    dtake__pb_in in = dtake__pb_read(bytes, len);
    memset(out, 0, message->bytes);
    read_fields(message, &in, out, &r);
    dtake_status st = dtake__pb_finish(&in, message->name, err);
    if (st == DTAKE_OK && r.no_memory)
        st = dtake__fail_nomem(err, message->name);
    if (st == DTAKE_OK && r.too_many)
        st = dtake__fail(err, DTAKE_E_LIMIT, "read %s: its lists have more than %d entries", message->name,
                         DTAKE__TB_MAX_ITEMS);
    if (st != DTAKE_OK)
        dtake__tb_dispose(message, out);
    return st;
}

void dtake__tb_dispose(const dtake__tb_message *message, void *value)
{
    for (size_t i = 0; i < message->count; i++) {
        const dtake__tb_field *field = &message->fields[i];
        void *at = (char *)value + field->offset;
        dtake__tb_list *list = at;
        if (field->kind == DTAKE__TB_MESSAGE && !field->is_list)
            dtake__tb_dispose(field->message, at);
        if (!field->is_list)
            continue;
        for (size_t k = 0; field->kind == DTAKE__TB_MESSAGE && k < list->count; k++)
            dtake__tb_dispose(field->message, (char *)list->at + k * field->message->bytes);
        dtake__free(list->at);
        *list = (dtake__tb_list){ 0 };
    }
}

/* --- writing --- */

static void put_fields(const dtake__tb_message *message, const void *value, dtake__pb_out *out);

static void put_id_text(const dtake__tb_id *id, uint32_t number, dtake__pb_out *out)
{
    char text[DTAKE_ID_TEXT];
    dtake_id plain;
    memcpy(plain.bytes, id->bytes, 16);
    dtake_id_format(plain, text);
    dtake__pb_put_text(out, number, text);
}

static void put_time(const dtake__tb_time *time, uint32_t number, dtake__pb_out *out)
{
    size_t mark = dtake__pb_begin(out, number);
    if (time->seconds != 0)
        dtake__pb_put_i64(out, 1, time->seconds);
    if (time->nanos != 0)
        dtake__pb_put_i64(out, 2, time->nanos);
    dtake__pb_end(out, mark);
}

static void put_id(const dtake__tb_id *id, uint32_t number, dtake__pb_out *out)
{
    size_t mark = dtake__pb_begin(out, number);
    dtake__pb_put_bytes(out, 1, id->bytes, sizeof id->bytes);
    dtake__pb_end(out, mark);
}

static void put_value(const dtake__tb_field *field, const void *from, dtake__pb_out *out)
{
    switch (field->kind) {
    case DTAKE__TB_BOOL:
        dtake__pb_put_bool(out, field->number, *(const bool *)from);
        break;
    case DTAKE__TB_I64:
        dtake__pb_put_i64(out, field->number, *(const int64_t *)from);
        break;
    case DTAKE__TB_U64:
        dtake__pb_put_u64(out, field->number, *(const uint64_t *)from);
        break;
    case DTAKE__TB_ENUM:
        dtake__pb_put_i64(out, field->number, *(const int32_t *)from);
        break;
    case DTAKE__TB_F64:
        dtake__pb_put_f64(out, field->number, *(const double *)from);
        break;
    case DTAKE__TB_TEXT:
    case DTAKE__TB_BYTES:
    case DTAKE__TB_RAW:
        dtake__pb_put_span(out, field->number, *(const dtake__span *)from);
        break;
    case DTAKE__TB_ID:
        put_id(from, field->number, out);
        break;
    case DTAKE__TB_ID_TEXT:
        put_id_text(from, field->number, out);
        break;
    case DTAKE__TB_TIME:
        put_time(from, field->number, out);
        break;
    case DTAKE__TB_MESSAGE:
        dtake__tb_put(field->message, from, field->number, out);
        break;
    }
}

static bool is_there(const dtake__tb_field *field, const char *value)
{
    const void *from = value + field->offset;
    static const char zeros[8];
    if (field->has >= 0)
        return *(const bool *)(value + field->has);
    if (field->kind >= DTAKE__TB_ID) /* all of these begin with `bool set` */
        return *(const bool *)from;
    if (field->kind == DTAKE__TB_RAW)
        return ((const dtake__span *)from)->text != NULL;
    if (field->kind >= DTAKE__TB_TEXT)
        return ((const dtake__span *)from)->len > 0;
    return memcmp(from, zeros, bytes_of(field)) != 0;
}

static void put_fields(const dtake__tb_message *message, const void *value, dtake__pb_out *out)
{
    for (size_t i = 0; i < message->count; i++) {
        const dtake__tb_field *field = &message->fields[i];
        const char *from = (const char *)value + field->offset;
        if (!field->is_list) {
            if (is_there(field, value))
                put_value(field, from, out);
            continue;
        }
        const dtake__tb_list *list = (const void *)from;
        for (size_t k = 0; k < list->count; k++)
            put_value(field, (const char *)list->at + k * bytes_of(field), out);
    }
}

void dtake__tb_put(const dtake__tb_message *message, const void *value, uint32_t number, dtake__pb_out *out)
{
    size_t mark = dtake__pb_begin(out, number);
    put_fields(message, value, out);
    dtake__pb_end(out, mark);
}

dtake_status dtake__tb_write(const dtake__tb_message *message, const void *value, dtake_buf *to,
                             dtake_error *err)
{
    dtake__pb_out out = { .to = to };
    put_fields(message, value, &out);
    return dtake__pb_done(&out, message->name, err);
}

/* --- values --- */

int64_t dtake__tb_time_ns(dtake__tb_time time)
{
    __int128 ns = (__int128)time.seconds * NS_PER_S + time.nanos;
    return ns > INT64_MAX ? INT64_MAX : ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

dtake__tb_time dtake__tb_time_of(int64_t ns)
{
    int64_t rest = ns % NS_PER_S;
    int64_t below = rest < 0;
    return (dtake__tb_time){ true, ns / NS_PER_S - below, (int32_t)(rest + below * NS_PER_S) };
}

dtake__tb_id dtake__tb_id_of(const uint8_t bytes[16])
{
    dtake__tb_id id = { .set = true };
    memcpy(id.bytes, bytes, 16);
    return id;
}
