/* Jobs: many images to files, or to memory. */
#include "images.h"

static PyTypeObject *Job_type;

typedef struct job_object {
    PyObject_HEAD runtime_object *runtime;
    dtake_job *job; /* NULL: ended */
    living begun;
} job_object;

static living *jobs; /* that have not ended */

/* Job(runtime, options, pictures) */
static PyObject *job_new(PyTypeObject *type, PyObject *arguments, PyObject *named)
{
    runtime_object *runtime;
    PyObject *dict;
    int pictures;
    get_options options;
    dtake_error err = { 0 };
    dtake_status st;
    (void)type, (void)named;
    ops_reap();
    if (!PyArg_ParseTuple(arguments, "O!O!p:Job", Runtime_type, &runtime, &PyDict_Type, &dict, &pictures) ||
        !runtime_usable(runtime) || !get_options_read(&options, dict))
        return NULL;
    job_object *self = PyObject_New(job_object, Job_type);
    if (self == NULL) {
        get_options_dispose(&options);
        return NULL;
    }
    memset((char *)self + sizeof(PyObject), 0, sizeof *self - sizeof(PyObject));
    self->runtime = KEEP(runtime);
    Py_BEGIN_ALLOW_THREADS
    st = pictures ? dtake_pictures_start(&self->job, runtime->runtime, &options.value, &err)
                  : dtake_get_start(&self->job, runtime->runtime, &options.value, &err);
    Py_END_ALLOW_THREADS
    get_options_dispose(&options);
    if (st != DTAKE_OK) {
        self->job = NULL;
        DROP(self);
        return raise_status(st, &err);
    }
    living_add(&jobs, &self->begun, self);
    return (PyObject *)self;
}

/* Cancels and frees; waits for what is under way in the engine. */
static void end_job(job_object *self)
{
    dtake_job *job = self->job;
    if (job == NULL)
        return;
    self->job = NULL;
    living_remove(&jobs, &self->begun);
    if (is_foreign_process(self->runtime))
        return;
    Py_BEGIN_ALLOW_THREADS
    dtake_job_free(job);
    Py_END_ALLOW_THREADS
}

void jobs_shut(void)
{
    for (living *j = jobs; j != NULL; j = j->after)
        if (!is_foreign_process(((job_object *)j->object)->runtime))
            dtake_job_cancel(((job_object *)j->object)->job);
    while (jobs != NULL) {
        job_object *job = KEEP(jobs->object);
        end_job(job);
        DROP(job);
    }
}

static bool has_ended(const job_object *self)
{
    if (self->job == NULL)
        PyErr_SetString(PyExc_RuntimeError, "the job has ended");
    return self->job == NULL || !runtime_usable(self->runtime);
}

static void ready(dtake_status status, dtake_job *job, void *ctx)
{
    (void)status, (void)job;
    op_finish(ctx, DTAKE_OK);
}

/* notify(index, queue): an Op that is done when there is that result, or no more will come */
static PyObject *job_notify(PyObject *self, PyObject *arguments)
{
    job_object *job = (job_object *)self;
    Py_ssize_t index;
    PyObject *queue;
    if (!PyArg_ParseTuple(arguments, "nO:notify", &index, &queue) || has_ended(job))
        return NULL;
    op_object *op = op_new(NULL, queue, self);
    if (op == NULL)
        return NULL;
    if (dtake_job_notify_result(job->job, (size_t)index, ready, op) != DTAKE_OK)
        op_finish(op, DTAKE_OK); /* there is nothing to wait for */
    return op_started(op, DTAKE_OK, NULL);
}

static PyObject *job_finished(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    job_object *job = (job_object *)self;
    return has_ended(job) ? NULL : PyBool_FromLong(dtake_job_wait(job->job, 0));
}

/* result(index): (id, asset, path, sha256, message, href, again, status, name of it, skipped, bytes,
 * wire_bytes, requests, retries, width, height, seconds), or None while there are fewer */
static PyObject *job_result(PyObject *self, PyObject *index)
{
    job_object *job = (job_object *)self;
    dtake_result r;
    Py_ssize_t at = PyLong_AsSsize_t(index);
    if ((at < 0 && PyErr_Occurred()) || has_ended(job))
        return NULL;
    if (!dtake_job_result(job->job, (size_t)at, &r))
        Py_RETURN_NONE;
    return Py_BuildValue("(sssssssisOLLiiLLd)", r.id, r.asset, r.path, r.sha256, r.message, r.href, r.again,
                         (int)r.status, dtake_status_name(r.status), r.skipped ? Py_True : Py_False,
                         (long long)r.bytes, (long long)r.wire_bytes, (int)r.requests, (int)r.retries,
                         (long long)r.width, (long long)r.height, r.seconds);
}

static PyObject *names_of(const dtake_picture *picture)
{
    PyObject *names = PyList_New(picture->pixels.bands);
    for (int32_t i = 0; names != NULL && i < picture->pixels.bands; i++) {
        PyObject *name = PyUnicode_FromString(picture->name[i]);
        if (name == NULL || PyList_SetItem(names, i, name) != 0) {
            DROP(names);
            return NULL;
        }
    }
    return names;
}

static PyObject *transform_of(const dtake_picture *picture)
{
    const dtake_affine *t = &picture->transform;
    if (!picture->has_transform)
        Py_RETURN_NONE;
    return Py_BuildValue("(dddddd)", t->x0, t->col_x, t->row_x, t->y0, t->col_y, t->row_y);
}

/* picture(index), once: (place, time_ns, crs, crs_wkt, geographic, transform or None, nodata or None, names,
 * item, pixels as pixels_to_python) */
static PyObject *job_picture(PyObject *self, PyObject *index)
{
    job_object *job = (job_object *)self;
    dtake_picture p;
    dtake_error err = { 0 };
    Py_ssize_t at = PyLong_AsSsize_t(index);
    if ((at < 0 && PyErr_Occurred()) || has_ended(job))
        return NULL;
    dtake_status st = dtake_picture_take(job->job, (size_t)at, &p, &err);
    if (st != DTAKE_OK)
        return raise_status(st, &err);
    PyObject *names = names_of(&p), *transform = transform_of(&p);
    PyObject *nodata = p.has_nodata ? PyFloat_FromDouble(p.nodata) : Py_NewRef(Py_None);
    int32_t bands = p.pixels.bands; /* by which the names are freed */
    PyObject *pixels =
        names != NULL && transform != NULL && nodata != NULL ? pixels_to_python(&p.pixels) : NULL;
    p.pixels.bands = bands;
    PyObject *out = pixels == NULL ? NULL
                                   : Py_BuildValue("(nLssOOOOsO)", (Py_ssize_t)p.place, (long long)p.time_ns,
                                                   p.crs, p.crs_wkt, p.geographic ? Py_True : Py_False,
                                                   transform, nodata, names, p.item, pixels);
    DROP(names);
    DROP(transform);
    DROP(nodata);
    DROP(pixels);
    dtake_picture_dispose(&p);
    return out;
}

/* progress(): (finished, items_known, total, done, failed, skipped, bytes done, total, retries, connections,
 * seconds) */
static PyObject *job_progress(PyObject *self, PyObject *nothing)
{
    job_object *job = (job_object *)self;
    dtake_progress p;
    (void)nothing;
    if (has_ended(job))
        return NULL;
    dtake_job_progress(job->job, &p);
    return Py_BuildValue("(OOLLLLLLLid)", p.finished ? Py_True : Py_False, p.items_known ? Py_True : Py_False,
                         (long long)p.items_total, (long long)p.items_done, (long long)p.items_failed,
                         (long long)p.items_skipped, (long long)p.bytes_done, (long long)p.bytes_total,
                         (long long)p.retries, (int)p.connections, p.seconds);
}

/* status(): (number, name, message); OK while it runs */
static PyObject *job_status(PyObject *self, PyObject *nothing)
{
    job_object *job = (job_object *)self;
    dtake_error err = { 0 };
    (void)nothing;
    if (has_ended(job))
        return NULL;
    dtake_status st = dtake_job_status(job->job, &err);
    return Py_BuildValue("(iss)", (int)st, dtake_status_name(st), err.message);
}

static PyObject *job_plan(PyObject *self, PyObject *nothing)
{
    job_object *job = (job_object *)self;
    (void)nothing;
    if (has_ended(job))
        return NULL;
    const char *plan = dtake_job_plan_json(job->job);
    return PyUnicode_FromString(plan != NULL ? plan : "");
}

static PyObject *job_cancel(PyObject *self, PyObject *nothing)
{
    job_object *job = (job_object *)self;
    (void)nothing;
    if (job->job != NULL && !is_foreign_process(job->runtime))
        dtake_job_cancel(job->job);
    Py_RETURN_NONE;
}

static PyObject *job_close(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    end_job((job_object *)self);
    Py_RETURN_NONE;
}

static void job_dealloc(PyObject *self)
{
    job_object *job = (job_object *)self;
    PyTypeObject *type = Py_TYPE(self);
    end_job(job);
    DROP(job->runtime);
    PyObject_Free(self);
    DROP(type);
}

static PyMethodDef methods[] = {
    { "notify", job_notify, METH_VARARGS,
      "notify(index, queue) -> Op that is done when there is that result, or no more will come" },
    { "finished", job_finished, METH_NOARGS, "no more results will come" },
    { "result", job_result, METH_O,
      "a result in the order in which they finish; None while there are fewer" },
    { "picture", job_picture, METH_O, "the pixels of a result, once" },
    { "progress", job_progress, METH_NOARGS, "items and bytes so far" },
    { "status", job_status, METH_NOARGS, "how it ended" },
    { "plan", job_plan, METH_NOARGS, "the plan of explain_only, JSON" },
    { "cancel", job_cancel, METH_NOARGS, "ask it to end" },
    { "close", job_close, METH_NOARGS, "cancel it if it still runs" },
    { NULL },
};
static PyType_Slot slots[] = {
    { Py_tp_new, job_new },
    { Py_tp_dealloc, job_dealloc },
    { Py_tp_methods, methods },
    { Py_tp_doc, "Many images under way." },
    { 0 },
};
static PyType_Spec spec = { "datatake._core.Job", sizeof(job_object), 0, Py_TPFLAGS_DEFAULT, slots };

int job_add(PyObject *module)
{
    return add_type(module, &spec, &Job_type);
}
