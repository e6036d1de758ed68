#include "protocol/tilebox/well_known.h"

#include <string.h>

/* Numbers as the service's own file has them, not in order. */
static const dtake_enum_value flight_direction[] = {
    { "UNSPECIFIED", 0 },
    { "ASCENDING", 1 },
    { "DESCENDING", 2 },
};
static const dtake_enum_value observation_direction[] = {
    { "UNSPECIFIED", 0 },
    { "LEFT", 1 },
    { "RIGHT", 2 },
};
static const dtake_enum_value opendata_provider[] = {
    { "UNSPECIFIED", 0 },
    { "ASF", 1 },
    { "COPERNICUS_DATASPACE", 2 },
    { "UMBRA", 3 },
};
static const dtake_enum_value processing_level[] = {
    { "UNSPECIFIED", 0 },
    { "L0", 12 },
    { "L1", 10 },
    { "L1A", 1 },
    { "L1B", 2 },
    { "L1C", 3 },
    { "L2", 4 },
    { "L2A", 5 },
    { "L2B", 6 },
    { "L3", 7 },
    { "L3A", 8 },
    { "L4", 9 },
    { "NOT_APPLICABLE", 11 },
};
static const dtake_enum_value polarization[] = {
    { "UNSPECIFIED", 0 }, { "HH", 1 },      { "HV", 2 },      { "VH", 3 },
    { "VV", 4 },          { "DUAL_HH", 5 }, { "DUAL_HV", 6 }, { "DUAL_VH", 7 },
    { "DUAL_VV", 8 },     { "HH_HV", 9 },   { "VV_VH", 10 },
};
static const dtake_enum_value acquisition_mode[] = {
    { "UNSPECIFIED", 0 }, { "SM", 1 },    { "EW", 2 },    { "IW", 3 },    { "WV", 4 },
    { "SPOTLIGHT", 10 },  { "NOBS", 20 }, { "EOBS", 21 }, { "DASC", 22 }, { "ABSR", 23 },
    { "VIC", 24 },        { "RAW", 25 },  { "TST", 26 },
};

#define VALUES(array) (array), sizeof(array) / sizeof((array)[0])
static const dtake__tilebox_enum enums[] = {
    { "datasets.v1.FlightDirection", VALUES(flight_direction) },
    { "datasets.v1.ObservationDirection", VALUES(observation_direction) },
    { "datasets.v1.OpendataProvider", VALUES(opendata_provider) },
    { "datasets.v1.ProcessingLevel", VALUES(processing_level) },
    { "datasets.v1.Polarization", VALUES(polarization) },
    { "datasets.v1.AcquisitionMode", VALUES(acquisition_mode) },
};

static const dtake__tilebox_message_facts messages[] = { { "", DTAKE_FIELD_NONE, 0, "" },
#define MESSAGE_FACTS(id, name, type, width, unit) { name, type, width, unit },
                                                         DTAKE__TILEBOX_MESSAGE_MAP(MESSAGE_FACTS)
#undef MESSAGE_FACTS
};

dtake__tilebox_message dtake__tilebox_message_find(dtake__span name)
{
    for (size_t i = 1; i < sizeof messages / sizeof messages[0]; i++)
        if (dtake__span_equal(name, dtake__span_of(messages[i].name)))
            return (dtake__tilebox_message)i;
    return DTAKE__MESSAGE_NONE;
}

const dtake__tilebox_message_facts *dtake__tilebox_message_facts_of(dtake__tilebox_message message)
{
    return &messages[message];
}

const dtake__tilebox_enum *dtake__tilebox_enum_find(dtake__span name)
{
    for (size_t i = 0; i < sizeof enums / sizeof enums[0]; i++)
        if (dtake__span_equal(name, dtake__span_of(enums[i].name)))
            return &enums[i];
    return NULL;
}

static bool has_value(const dtake__tilebox_enum *known, const dtake_enum_value *value)
{
    for (size_t i = 0; i < known->count; i++)
        if (known->values[i].value == value->value && strcmp(known->values[i].name, value->name) == 0)
            return true;
    return false;
}

const dtake__tilebox_enum *dtake__tilebox_enum_of(const dtake_enum_value *values, size_t count)
{
    for (size_t i = 0; i < sizeof enums / sizeof enums[0]; i++) {
        size_t same = 0;
        while (same < count && enums[i].count == count && has_value(&enums[i], &values[same]))
            same++;
        if (count > 0 && same == count)
            return &enums[i];
    }
    return NULL;
}

void dtake__tilebox_enum_prefix(dtake__span name, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len + 3 < size; i++) {
        unsigned char c = (unsigned char)name.text[i];
        if (c >= 'A' && c <= 'Z' && i > 0)
            out[len++] = '_';
        out[len++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    out[len++] = '_';
    out[len] = '\0';
}
