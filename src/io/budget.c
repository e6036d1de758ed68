#include "io/engine.h"

static bool may_grant(const dtake__budget *budget, const dtake__budget_wait *wait)
{
    if (budget->used == 0 || wait->bytes <= budget->limit - budget->used)
        return true;
    bool silent = wait->fetches && budget->fetchers > 0 && budget->fetching == 0;
    return silent && (budget->used <= budget->limit || budget->fetchers == 1);
}

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
        if (!may_grant(budget, wait))
            break;
        dtake__heap_pop(&budget->waiting);
        budget->used += wait->bytes;
        wait->counted = wait->fetching = wait->fetches;
        budget->fetchers += wait->fetches;
        budget->fetching += wait->fetches;
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

void dtake__budget_fetched(dtake_runtime *runtime, dtake__budget_wait *wait)
{
    dtake__budget *budget = &runtime->budget;
    pthread_mutex_lock(&budget->lock);
    budget->fetching -= wait->fetching;
    wait->fetching = false;
    if (budget->waiting.root != NULL)
        want_pump(runtime);
    pthread_mutex_unlock(&budget->lock);
}

void dtake__budget_ended(dtake_runtime *runtime, dtake__budget_wait *wait)
{
    dtake__budget *budget = &runtime->budget;
    dtake__budget_fetched(runtime, wait);
    pthread_mutex_lock(&budget->lock);
    budget->fetchers -= wait->counted;
    wait->counted = false;
    pthread_mutex_unlock(&budget->lock);
}

size_t dtake__budget_waiting(dtake_runtime *runtime)
{
    dtake__budget *budget = &runtime->budget;
    pthread_mutex_lock(&budget->lock);
    size_t count = budget->waiting.count;
    pthread_mutex_unlock(&budget->lock);
    return count;
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
