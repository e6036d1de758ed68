/* Media types by the ending of a file's name. */
#ifndef DTAKE_SERVER_CONTENT_TYPE_H
#define DTAKE_SERVER_CONTENT_TYPE_H

const char *dtake__content_type(const char *name); /* static; "application/octet-stream" when unknown */

#endif
