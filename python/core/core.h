/* The extension module datatake._core: the library's nouns as Python objects, nothing more.
 *
 * Completions: an `Op` is one call under way. The engine holds a reference to it until its `done`, which runs
 * on the loop thread without the interpreter lock and touches no Python object: it writes into the Op's own
 * struct and wakes a waiting thread or pushes into a Queue, whose descriptor an event loop watches. What
 * nobody waits for any more is pushed into a queue of its own and given back by the next call (`ops_reap`).
 */
#ifndef DTAKE_PYTHON_CORE_H
#define DTAKE_PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030b0000
#endif
#include <Python.h>

#include <datatake/datatake.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* Under the limited API these are functions that take a PyObject only. */
#define KEEP(x) ((void *)Py_NewRef((PyObject *)(x)))
#define DROP(x) Py_XDECREF((PyObject *)(x))

/* --- errors.c --- */

/* Raises what the Python side makes of a status (datatake/errors.py). */
PyObject *raise_status(dtake_status status, const dtake_error *err);
PyObject *errors_set_factory(PyObject *module, PyObject *factory);

/* --- living.c --- */

/* Objects of one kind that must be ended before the interpreter is; with the interpreter lock. */
typedef struct living {
    PyObject *object; /* borrowed; NULL: in no list */
    struct living *before, *after;
} living;

void living_add(living **first, living *member, void *object);
void living_remove(living **first, living *member); /* one that is in no list stays so */

/* --- runtime.c, client.c --- */

typedef struct runtime_object {
    PyObject_HEAD dtake_runtime *runtime; /* NULL: closed */
    pid_t pid;                            /* of the process that opened it */
    living open;
} runtime_object;

typedef struct client_object {
    PyObject_HEAD runtime_object *runtime;
    dtake_client *client;
    int uses;     /* loads and calls under way, which need the client to stay; with the interpreter lock */
    bool closing; /* closed as soon as `uses` is 0 */
    living open;
} client_object;

/* The client, with one more use; NULL and an exception when it is closed or from before a fork. */
dtake_client *client_use(client_object *self);
void client_unuse(client_object *self);
bool runtime_usable(runtime_object *self); /* with an exception when not */
bool is_foreign_process(const runtime_object *runtime);

/* --- op.c, queue.c --- */

enum { QUEUE_BATCH = 256 }; /* taken from a queue at once */

typedef struct queue_object {
    PyObject_HEAD dtake_queue *queue;
    atomic_bool closed; /* nobody drains it any more */
} queue_object;

typedef struct op_object {
    PyObject_HEAD client_object *client; /* or NULL */
    queue_object *queue;                 /* NULL: a thread waits */
    PyObject *keeps;                     /* what must live as long as the call: its load */
    PyObject *future;                    /* for the Python side */
    bool held;                           /* the engine has a reference */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done, abandoned; /* under the lock */
    dtake_status status;
    dtake_error err;
    dtake_answer answer;
    dtake_raster *raster;
    PyObject *runtime;        /* of a raster that is opened */
    dtake_transfer *transfer; /* of a raster, until it is done; under the lock */
    dtake_pixels pixels;
} op_object;

extern PyTypeObject *Op_type, *Queue_type;

/* A new reference of the caller's. `queue` is a Queue or None. */
op_object *op_new(client_object *client, PyObject *queue, PyObject *keeps);
/* Around the call that starts it: begin before, then `op_started` with what came back: the Op, or NULL with
 * the exception. Between the two the engine's reference is held. */
PyObject *op_started(op_object *op, dtake_status status, const dtake_error *err);
void op_answered(dtake_status status, dtake_answer *answer, const dtake_error *err, void *ctx);
void op_finish(op_object *op, dtake_status status); /* any thread, without the interpreter lock */
void op_let_go(op_object *op);                      /* the engine's reference, once */
void ops_reap(void);
int ops_wait_all(int64_t timeout_ms); /* how many are still under way */

/* --- schema.c, table.c, rows.c, load.c, query.c --- */

typedef struct schema_object {
    PyObject_HEAD dtake_schema *schema;
    PyObject *fields; /* the list for Python, which nobody changes; NULL: not asked for yet */
} schema_object;

typedef struct batch_object {
    PyObject_HEAD dtake_batch *batch;
} batch_object;

extern PyTypeObject *Schema_type, *Batch_type, *Client_type, *Runtime_type, *Load_type, *Query_type;

PyObject *schema_wrap(const dtake_schema *schema); /* retains */
PyObject *batch_wrap(dtake_batch *batch);          /* takes */
const dtake_query *query_of(PyObject *query);      /* NULL with an exception */
dtake_status make_query(dtake_query **out, PyObject *settings, dtake_error *err);

PyObject *datasets_to_python(const dtake_dataset_list *list);
PyObject *collections_to_python(const dtake_collection_list *list);

PyObject *load_open(client_object *client, const dtake_query *query);
void loads_cancel(const client_object *client); /* NULL: of all */
void loads_shut(void);
void clients_shut(void);
void runtimes_shut(void);

int runtime_add(PyObject *module);
int client_add(PyObject *module);
int op_add(PyObject *module);
int queue_add(PyObject *module);
int schema_add(PyObject *module);
int table_add(PyObject *module);
int columns_add(PyObject *module);
int load_add(PyObject *module);
int query_add(PyObject *module);
int rows_add(PyObject *module);

/* --- job.c, raster.c, compare.c, items.c --- */

PyObject *raster_wrap(dtake_raster *raster, PyObject *runtime); /* takes the raster */
void raster_drop(dtake_raster *raster, PyObject *runtime);      /* closes it, unless the engine is gone */
PyObject *pixels_to_python(dtake_pixels *pixels);               /* takes what is in it */
void jobs_shut(void);
void rasters_shut(void);

int job_add(PyObject *module);
int raster_add(PyObject *module);
int compare_add(PyObject *module);
int items_add(PyObject *module);
int graph_add(PyObject *module);

/* Adds a type made from `spec`; *out has a reference for ever. */
int add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **out);

#endif
