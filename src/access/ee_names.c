/* Names of Earth Engine's collections that come with the program. */
#include "access/ee_map.h"

static const char *const l2a_bands[] = { "B1",  "B2",    "B3",    "B4",    "B5",  "B6",  "B7",
                                         "B8",  "B8A",   "B9",    "B11",   "B12", "AOT", "WVP",
                                         "SCL", "TCI_R", "TCI_G", "TCI_B", NULL };
static const char *const l1c_bands[] = { "B1", "B2",  "B3", "B4",  "B5",  "B6",  "B7",
                                         "B8", "B8A", "B9", "B10", "B11", "B12", NULL };

/* Sentinel-2's, as the STAC extensions eo, s2, mgrs, view and sat write them. */
static const dtake__ee_name sentinel2[] = {
    { "CLOUDY_PIXEL_PERCENTAGE", "eo:cloud_cover" },
    { "NODATA_PIXEL_PERCENTAGE", "s2:nodata_pixel_percentage" },
    { "SATURATED_DEFECTIVE_PIXEL_PERCENTAGE", "s2:saturated_defective_pixel_percentage" },
    { "DARK_FEATURES_PERCENTAGE", "s2:dark_features_percentage" },
    { "CLOUD_SHADOW_PERCENTAGE", "s2:cloud_shadow_percentage" },
    { "VEGETATION_PERCENTAGE", "s2:vegetation_percentage" },
    { "NOT_VEGETATED_PERCENTAGE", "s2:not_vegetated_percentage" },
    { "WATER_PERCENTAGE", "s2:water_percentage" },
    { "UNCLASSIFIED_PERCENTAGE", "s2:unclassified_percentage" },
    { "MEDIUM_PROBA_CLOUDS_PERCENTAGE", "s2:medium_proba_clouds_percentage" },
    { "HIGH_PROBA_CLOUDS_PERCENTAGE", "s2:high_proba_clouds_percentage" },
    { "THIN_CIRRUS_PERCENTAGE", "s2:thin_cirrus_percentage" },
    { "SNOW_ICE_PERCENTAGE", "s2:snow_ice_percentage" },
    { "DEGRADED_MSI_DATA_PERCENTAGE", "s2:degraded_msi_data_percentage" },
    { "MGRS_TILE", "s2:mgrs_tile" },
    { "PROCESSING_BASELINE", "s2:processing_baseline" },
    { "PRODUCT_ID", "s2:product_uri" },
    { "GRANULE_ID", "s2:granule_id" },
    { "DATASTRIP_ID", "s2:datastrip_id" },
    { "DATATAKE_IDENTIFIER", "s2:datatake_id" },
    { "DATATAKE_TYPE", "s2:datatake_type" },
    { "REFLECTANCE_CONVERSION_CORRECTION", "s2:reflectance_conversion_factor" },
    { "MEAN_SOLAR_AZIMUTH_ANGLE", "view:sun_azimuth" },
    { "MEAN_SOLAR_ZENITH_ANGLE", "s2:mean_solar_zenith" },
    { "SENSING_ORBIT_NUMBER", "sat:relative_orbit" },
    { "SENSING_ORBIT_DIRECTION", "sat:orbit_state" },
    { "SPACECRAFT_NAME", "platform" },
    { NULL, NULL },
};

const dtake__ee_names dtake__ee_sentinel2_l2a = { "COPERNICUS/S2_SR", l2a_bands, sentinel2,
                                                  "Sentinel-2 MSI: MultiSpectral Instrument, Level-2A" };
const dtake__ee_names dtake__ee_sentinel2_l1c = { "COPERNICUS/S2", l1c_bands, sentinel2,
                                                  "Sentinel-2 MSI: MultiSpectral Instrument, Level-1C" };
