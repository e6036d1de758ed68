/* Everything public. */
#ifndef DATATAKE_DATATAKE_H
#define DATATAKE_DATATAKE_H

#include <datatake/api.h>
#include <datatake/catalog.h>
#include <datatake/compare.h>
#include <datatake/datasets.h>
#include <datatake/get.h>
#include <datatake/graph.h>
#include <datatake/grid.h>
#include <datatake/id.h>
#include <datatake/ingest.h>
#include <datatake/picture.h>
#include <datatake/query.h>
#include <datatake/raster.h>
#include <datatake/runtime.h>
#include <datatake/save.h>
#include <datatake/serve.h>
#include <datatake/status.h>
#include <datatake/table.h>
#include <datatake/time.h>
#include <datatake/verify.h>
#include <datatake/worker.h>

#endif
