/* The lines between a worker process and who started it. Each is one JSON object with a member "event". */
#ifndef DTAKE_ACCESS_EVENTS_H
#define DTAKE_ACCESS_EVENTS_H

#include "access/job.h"

/* {"event": "item", "place", "id", "asset"}: told for all items before the first is done. */
json_t *dtake__event_item(const dtake__image *image);
/* {"event": "progress", counters, "active": [...]} */
json_t *dtake__event_progress(const dtake_progress *progress);
/* {"event": "result", "place", what became of it} */
json_t *dtake__event_result(const dtake__image *image);
/* {"event": "thumb", "place", "caption", "width", "height", "rgb": base64} */
json_t *dtake__event_thumb(size_t place, const char *caption, int32_t width, int32_t height,
                           const uint8_t *rgb);
/* {"event": "end", "status", "message", "cost": {...}, "facts": {...}, "queued_ms", "connections"} */
json_t *dtake__event_end(dtake_job *job);

bool dtake__read_progress(dtake_progress *out, const json_t *event);
bool dtake__read_result(dtake__image *out,
                        const json_t *event); /* fills the outcome of an image with its id set */
bool dtake__read_cost(dtake_cost *out, const json_t *event);
bool dtake__read_facts(dtake__facts *out, const json_t *event);
/* The caller's to free; NULL: not a thumb, or no memory. */
uint8_t *dtake__read_thumb(const json_t *event, int32_t *width, int32_t *height);

dtake_status dtake__status_of_name(const char *name); /* DTAKE_E_OTHER for a name that is none */

#endif
