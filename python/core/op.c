/* Calls under way. */
#include "core.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

PyTypeObject *Op_type;

static dtake_queue *left;    /* of those that nobody waits for */
static atomic_int under_way; /* calls that the engine holds */
static pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t idle = PTHREAD_COND_INITIALIZER; /* it holds none */
enum { POLL_MS = 50 };                                 /* a Ctrl-C is seen so soon */

/* --- from the engine's side: no Python --- */

static void held_no_more(void)
{
    if (atomic_fetch_sub(&under_way, 1) > 1)
        return;
    pthread_mutex_lock(&idle_lock); /* who waits looks at the number with it held */
    pthread_cond_broadcast(&idle);
    pthread_mutex_unlock(&idle_lock);
}

void op_finish(op_object *op, dtake_status status)
{
    pthread_mutex_lock(&op->lock);
    op->status = status;
    op->done = true;
    dtake_transfer_release(op->transfer);
    op->transfer = NULL;
    bool abandoned = op->abandoned;
    dtake_queue *queue = op->queue == NULL ? NULL : op->queue->queue;
    if (queue != NULL && atomic_load(&op->queue->closed))
        abandoned = true;
    pthread_cond_broadcast(&op->changed);
    pthread_mutex_unlock(&op->lock);
    /* Behind this line a thread that waits may have freed the op; a queue's is freed by who drains it. */
    if (abandoned)
        dtake_queue_push(left, op, status);
    else if (queue != NULL)
        dtake_queue_push(queue, op, status);
    held_no_more();
}

void op_answered(dtake_status status, dtake_answer *answer, const dtake_error *err, void *ctx)
{
    op_object *op = ctx;
    op->answer = *answer;
    *answer = (dtake_answer){ .number = answer->number };
    if (status != DTAKE_OK && err != NULL)
        op->err = *err;
    op_finish(op, status);
}

/* --- from Python's --- */

static void release_answer(op_object *op)
{
    dtake_dataset_list_free(op->answer.datasets);
    dtake_collection_list_free(op->answer.collections);
    dtake_batch_release(op->answer.batch);
    op->answer = (dtake_answer){ 0 };
    dtake_pixels_dispose(&op->pixels);
    if (op->raster != NULL)
        raster_drop(op->raster, op->runtime);
    op->raster = NULL;
}

static void settle(op_object *op) /* the engine has let go of it */
{
    client_object *client = op->client;
    op->client = NULL;
    if (client != NULL) {
        client_unuse(client);
        DROP(client);
    }
    PyObject *keeps = op->keeps;
    op->keeps = NULL;
    DROP(keeps);
}

void op_let_go(op_object *op)
{
    if (!op->held)
        return;
    op->held = false;
    settle(op);
    DROP(op);
}

op_object *op_new(client_object *client, PyObject *queue, PyObject *keeps)
{
    if (queue != Py_None && !PyObject_TypeCheck(queue, Queue_type)) {
        PyErr_SetString(PyExc_TypeError, "queue: a Queue or None is expected");
        return NULL;
    }
    ops_reap();
    op_object *op = PyObject_New(op_object, Op_type);
    if (op == NULL)
        return NULL;
    memset((char *)op + sizeof(PyObject), 0, sizeof *op - sizeof(PyObject));
    pthread_mutex_init(&op->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&op->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    op->queue = queue == Py_None ? NULL : KEEP(queue);
    op->keeps = Py_XNewRef(keeps);
    if (client != NULL) {
        if (client_use(client) == NULL) {
            DROP(op);
            return NULL;
        }
        op->client = KEEP(client);
    }
    KEEP(op); /* the engine's */
    op->held = true;
    atomic_fetch_add(&under_way, 1);
    return op;
}

PyObject *op_started(op_object *op, dtake_status status, const dtake_error *err)
{
    if (status == DTAKE_OK)
        return (PyObject *)op;
    held_no_more();
    op_let_go(op);
    DROP(op);
    return raise_status(status, err);
}

void ops_reap(void)
{
    dtake_completion ready[QUEUE_BATCH];
    size_t n;
    while (left != NULL && (n = dtake_queue_drain(left, ready, QUEUE_BATCH)) > 0)
        for (size_t i = 0; i < n; i++)
            op_let_go(ready[i].tag);
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec then;
    clock_gettime(CLOCK_MONOTONIC, &then);
    int64_t ns = then.tv_nsec + ms * 1000000;
    then.tv_sec += ns / 1000000000;
    then.tv_nsec = ns % 1000000000;
    return then;
}

static void wait_idle(int64_t timeout_ms)
{
    struct timespec until = in_ms(timeout_ms);
    pthread_mutex_lock(&idle_lock);
    while (atomic_load(&under_way) > 0 &&
           pthread_cond_clockwait(&idle, &idle_lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&idle_lock);
}

int ops_wait_all(int64_t timeout_ms)
{
    Py_BEGIN_ALLOW_THREADS
    wait_idle(timeout_ms);
    Py_END_ALLOW_THREADS
    ops_reap();
    return atomic_load(&under_way);
}

/* True when done. */
static bool wait_ms(op_object *op, int64_t ms)
{
    struct timespec until = in_ms(ms);
    pthread_mutex_lock(&op->lock);
    while (!op->done && pthread_cond_timedwait(&op->changed, &op->lock, &until) != ETIMEDOUT)
        ;
    bool done = op->done;
    pthread_mutex_unlock(&op->lock);
    return done;
}

/* Nobody will wait: true when it was not done yet, and `left` gets it. */
static bool abandon(op_object *op)
{
    pthread_mutex_lock(&op->lock);
    bool running = !op->done;
    if (running)
        op->abandoned = true;
    pthread_mutex_unlock(&op->lock);
    return running;
}

static void cancel_transfer(op_object *op)
{
    pthread_mutex_lock(&op->lock);
    dtake_transfer_cancel(op->transfer);
    pthread_mutex_unlock(&op->lock);
}

/* Ends the transfers of a raster's opening or read; loads and jobs are cancelled by themselves. */
static PyObject *op_cancel(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    cancel_transfer((op_object *)self);
    Py_RETURN_NONE;
}

/* wait(timeout_s=None): True when done. An interrupt (Ctrl-C) ends the waiting, and the transfers as `cancel`
 * does. */
static PyObject *op_wait(PyObject *self, PyObject *arguments)
{
    op_object *op = (op_object *)self;
    double timeout_s = -1;
    if (!PyArg_ParseTuple(arguments, "|d:wait", &timeout_s))
        return NULL;
    if (op->queue != NULL) {
        PyErr_SetString(PyExc_RuntimeError, "a call with a queue is not waited for");
        return NULL;
    }
    int64_t rest = timeout_s < 0 ? INT64_MAX : (int64_t)(timeout_s * 1000);
    for (;;) {
        int64_t ms = rest < POLL_MS ? rest : POLL_MS;
        bool done;
        Py_BEGIN_ALLOW_THREADS
        done = wait_ms(op, ms);
        Py_END_ALLOW_THREADS
        if (done) {
            op_let_go(op);
            Py_RETURN_TRUE;
        }
        if (PyErr_CheckSignals() != 0) {
            cancel_transfer(op);
            if (!abandon(op))
                op_let_go(op);
            return NULL;
        }
        rest -= ms;
        if (rest <= 0)
            Py_RETURN_FALSE;
    }
}

/* What came of it; the exception if it failed. Once. */
static PyObject *op_result(PyObject *self, PyObject *nothing)
{
    op_object *op = (op_object *)self;
    (void)nothing;
    if (!op->done) {
        PyErr_SetString(PyExc_RuntimeError, "the call is still under way");
        return NULL;
    }
    if (op->status != DTAKE_OK)
        return raise_status(op->status, &op->err);
    PyObject *result;
    if (op->answer.datasets != NULL)
        result = datasets_to_python(op->answer.datasets);
    else if (op->answer.collections != NULL)
        result = collections_to_python(op->answer.collections);
    else if (op->answer.batch != NULL) {
        result = batch_wrap(op->answer.batch);
        op->answer.batch = NULL;
    } else if (op->raster != NULL) {
        result = raster_wrap(op->raster, op->runtime);
        op->raster = NULL;
    } else if (op->pixels.data != NULL) {
        result = pixels_to_python(&op->pixels);
    } else
        result = PyLong_FromLongLong(op->answer.number);
    release_answer(op);
    return result;
}

static PyObject *op_get_future(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *future = ((op_object *)self)->future;
    return Py_NewRef(future != NULL ? future : Py_None);
}

static int op_set_future(PyObject *self, PyObject *value, void *closure)
{
    op_object *op = (op_object *)self;
    PyObject *before = op->future;
    (void)closure;
    op->future = Py_XNewRef(value);
    DROP(before);
    return 0;
}

static void op_dealloc(PyObject *self)
{
    op_object *op = (op_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    settle(op);
    release_answer(op);
    DROP(op->queue);
    DROP(op->future);
    DROP(op->runtime);
    pthread_cond_destroy(&op->changed);
    pthread_mutex_destroy(&op->lock);
    PyObject_Free(self);
    DROP(type);
}

static PyMethodDef op_methods[] = {
    { "wait", op_wait, METH_VARARGS, "wait(timeout_s=-1): True when the call is done" },
    { "cancel", op_cancel, METH_NOARGS, "ends the transfers of a raster's opening or read" },
    { "result", op_result, METH_NOARGS, "what came of the call, or its exception" },
    { NULL },
};
static PyGetSetDef op_members[] = {
    { "future", op_get_future, op_set_future, "whom the event loop tells", NULL },
    { NULL },
};
static PyType_Slot op_slots[] = {
    { Py_tp_dealloc, op_dealloc },
    { Py_tp_methods, op_methods },
    { Py_tp_getset, op_members },
    { Py_tp_doc, "One call under way." },
    { 0 },
};
static PyType_Spec op_spec = { "datatake._core.Op", sizeof(op_object), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, op_slots };

int op_add(PyObject *module)
{
    dtake_error err = { 0 };
    if (left == NULL && dtake_queue_open(&left, &err) != DTAKE_OK) {
        raise_status(err.status, &err);
        return -1;
    }
    return add_type(module, &op_spec, &Op_type);
}
