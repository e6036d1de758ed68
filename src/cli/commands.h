/* What the commands do; each returns the exit status. One file each. */
#ifndef DTAKE_CLI_COMMANDS_H
#define DTAKE_CLI_COMMANDS_H

#include "cli/command.h"

int dtake__cmd_get(const dtake__args *args);
int dtake__cmd_compare(const dtake__args *args);
int dtake__cmd_info(const dtake__args *args);
int dtake__cmd_verify(const dtake__args *args);
int dtake__cmd_redo(const dtake__args *args);
int dtake__cmd_keys(const dtake__args *args);
int dtake__cmd_auth(const dtake__args *args);
int dtake__cmd_doctor(const dtake__args *args);
int dtake__cmd_serve(const dtake__args *args);
int dtake__cmd_datasets(const dtake__args *args);
int dtake__cmd_collections(const dtake__args *args);
int dtake__cmd_search(const dtake__args *args);
int dtake__cmd_load(const dtake__args *args);
int dtake__cmd_find(const dtake__args *args);
int dtake__cmd_ingest(const dtake__args *args);
int dtake__cmd_delete(const dtake__args *args);
int dtake__cmd_catalog(const dtake__args *args);
int dtake__cmd_config(const dtake__args *args);
int dtake__cmd_completion(const dtake__args *args);
int dtake__cmd_man(const dtake__args *args);
int dtake__cmd_help(const dtake__args *args);
int dtake__cmd_version(const dtake__args *args);
int dtake__cmd_worker(const dtake__args *args);

#endif
