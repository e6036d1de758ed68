/* PROJ's GeoTIFF grids: none can be opened. */
#include "absent.h"

NOTHING(TIFFClientOpen)
NOTHING(TIFFClose)
NOTHING(TIFFCurrentDirOffset)
NOTHING(TIFFGetField)
NOTHING(TIFFIsCODECConfigured)
NOTHING(TIFFIsTiled)
FAILS(TIFFMergeFieldInfo)
NOTHING(TIFFReadDirectory)
FAILS(TIFFReadEncodedStrip)
FAILS(TIFFReadEncodedTile)
NOTHING(TIFFSetSubDirectory)
NOTHING(TIFFSetTagExtender)
NOTHING(TIFFStripSize64)
NOTHING(TIFFTileSize64)
