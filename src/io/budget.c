#include "io/engine.h"

/* Grants happen only here, on the loop thread, so that withdrawing there sees either a waiter or a grant. */
static void pump(dtake__post *post)
{
    dtake_runtime *runtime = DTAKE__CONTAINER(post, dtake_runtime, budget.pump);
    dtake__budget *budget = &runtime->budget;
    pthread_mutex_lock(&budget->lock);
    budget->pump_posted = false;
    for (;;) {
        dtake__heap_node *first = budget->waiting.root;
        if (first == NULL)
            break;
        dtake__budget_wait *wait = DTAKE__CONTAINER(first, dtake__budget_wait, node);
        if (budget->used > 0 && wait->bytes > budget->limit - budget->used)
            break;
        dtake__heap_pop(&budget->waiting);
        budget->used += wait->bytes;
        pthread_mutex_unlock(&budget->lock);
        wait->granted(wait);
        pthread_mutex_lock(&budget->lock);
    }
    pthread_mutex_unlock(&budget->lock);
}

/* With the lock held. */
static void want_pump(dtake_runtime *runtime)
{
    if (runtime->budget.pump_posted)
        return;
    runtime->budget.pump_posted = true;
    runtime->budget.pump.run = pump;
    dtake__loop_post(runtime, &runtime->budget.pump);
}

void dtake__budget_acquire(dtake_runtime *runtime, dtake__budget_wait *wait)
{
    dtake__budget *budget = &runtime->budget;
    pthread_mutex_lock(&budget->lock);
    dtake__heap_push(&budget->waiting, &wait->node, wait->order);
    want_pump(runtime);
    pthread_mutex_unlock(&budget->lock);
}

bool dtake__budget_withdraw(dtake_runtime *runtime, dtake__budget_wait *wait)
{
    dtake__budget *budget = &runtime->budget;
    pthread_mutex_lock(&budget->lock);
    bool waiting = wait->node.queued;
    dtake__heap_remove(&budget->waiting, &wait->node);
    if (waiting && budget->waiting.root != NULL)
        want_pump(runtime);
    pthread_mutex_unlock(&budget->lock);
    return waiting;
}

void dtake__budget_release(dtake_runtime *runtime, int64_t bytes)
{
    dtake__budget *budget = &runtime->budget;
    pthread_mutex_lock(&budget->lock);
    budget->used -= bytes;
    if (budget->waiting.root != NULL)
        want_pump(runtime);
    pthread_mutex_unlock(&budget->lock);
}

void dtake__budget_open(dtake_runtime *runtime, int64_t limit)
{
    pthread_mutex_init(&runtime->budget.lock, NULL);
    runtime->budget.limit = limit;
}

void dtake__budget_close(dtake_runtime *runtime)
{
    pthread_mutex_destroy(&runtime->budget.lock);
}
