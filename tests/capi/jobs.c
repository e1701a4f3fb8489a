/* Jobs: submit, wait, listen, poll a descriptor, cancel, retry; with threads, and on the caller's own. */

#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>

static const char *const TWO = "{\"tasks\": {\"in\": {\"operation\": \"import/bytes\"},"
                               "\"png\": {\"operation\": \"convert\", \"input\": \"in\", \"output_format\": \"png\"},"
                               "\"bmp\": {\"operation\": \"convert\", \"input\": \"in\", \"output_format\": \"bmp\"},"
                               "\"out\": {\"operation\": \"export/bytes\", \"input\": [\"png\", \"bmp\"]}}}";
static const char *const MISSING = "{\"tasks\": {\"in\": {\"operation\": \"import/path\", \"path\": \"/nowhere/at/all.ppm\"},"
                                   "\"png\": {\"operation\": \"convert\", \"input\": \"in\", \"output_format\": \"png\"},"
                                   "\"out\": {\"operation\": \"export/bytes\", \"input\": \"png\"}}}";

static void listen_to(void *user, const struct formwork_job_event *event) {
    atomic_int *heard = user;
    CHECK(event->struct_size == sizeof *event);
    if (event->kind == FORMWORK_EVENT_KIND_FINISHED && event->task == NULL) {
        atomic_fetch_add(heard, 1);
    }
}

static formwork_job *submit(formwork_engine *engine, const unsigned char *bytes, atomic_int *heard) {
    struct formwork_source source = FORMWORK_SOURCE_INIT;
    struct formwork_held_input held = FORMWORK_HELD_INPUT_INIT;
    struct formwork_job_options options = FORMWORK_JOB_OPTIONS_INIT;
    formwork_job *job = NULL;
    source.kind = FORMWORK_SOURCE_KIND_MEMORY;
    source.name = "in.ppm";
    source.data = bytes;
    source.length = PICTURE_BYTES;
    held.task = "in";
    held.source = &source;
    options.held = &held;
    options.held_count = 1;
    options.tenant = "ann";
    options.weight = 2;
    options.listener = listen_to;
    options.user = heard;
    WELL(formwork_job_submit(engine, TWO, &options, &job, &error));
    CHECK(formwork_job_id(job) > 0);
    return job;
}

static void finishes(formwork_engine *engine, const unsigned char *bytes, int steps) {
    atomic_int heard = 0;
    formwork_output *output = NULL;
    char *text = NULL;
    formwork_job *job = submit(engine, bytes, &heard);
    if (steps) {
        CHECK(formwork_job_state(job) == FORMWORK_STATE_WAITING);
        CHECK(formwork_job_report(job, &text, NULL) == FORMWORK_STATUS_PENDING);
        while (formwork_engine_step(engine, 1) > 0) {
        }
    }
    WELL(formwork_job_wait(job, -1, &error));
    CHECK(formwork_job_state(job) == FORMWORK_STATE_FINISHED && formwork_job_progress(job) > 0.999);
    WELL(formwork_job_output(job, 0, &output, &error));
    CHECK(strcmp(formwork_output_format(output), "png") == 0);
    formwork_output_destroy(output);
    WELL(formwork_job_output(job, 1, &output, &error));
    CHECK(strcmp(formwork_output_format(output), "bmp") == 0);
    formwork_output_destroy(output);
    CHECK(formwork_job_output(job, 2, &output, NULL) == FORMWORK_STATUS_END && output == NULL);
    WELL(formwork_job_report(job, &text, &error));
    CHECK(strstr(text, "\"receipts\"") != NULL);
    formwork_text_destroy(text);
    WELL(formwork_job_status(job, &text, &error));
    CHECK(strstr(text, "\"finished\"") != NULL);
    formwork_text_destroy(text);
    WELL(formwork_job_events(job, 0, &text, &error));
    CHECK(strstr(text, "\"queued\"") != NULL);
    formwork_text_destroy(text);
    formwork_job_destroy(job);
    /* The last event may come a moment after the end. */
    for (int tries = 0; atomic_load(&heard) == 0 && tries < 5000; ++tries) {
        poll(NULL, 0, 1);
    }
    CHECK(atomic_load(&heard) == 1);
}

static void fails(formwork_engine *engine) {
    formwork_job *job = NULL;
    formwork_error *error = NULL;
    WELL(formwork_job_submit(engine, MISSING, NULL, &job, &error));
    CHECK(formwork_job_wait(job, -1, &error) == FORMWORK_STATUS_IO);
    CHECK(strstr(formwork_error_message(error), "all.ppm") != NULL);
    formwork_error_destroy(error);
    CHECK(formwork_job_state(job) == FORMWORK_STATE_ERROR);
    CHECK(formwork_job_retry(job, "nobody", NULL) == FORMWORK_STATUS_INVALID_REQUEST);
    WELL(formwork_job_retry(job, "in", &error));
    CHECK(formwork_job_wait(job, -1, NULL) == FORMWORK_STATUS_IO);
    formwork_job_destroy(job);
    CHECK(formwork_job_submit(engine, "{\"tasks\": {\"a\": {\"operation\": \"convert\", \"input\": \"b\"}}}", NULL, &job,
                              &error) == FORMWORK_STATUS_INVALID_REQUEST);
    CHECK(job == NULL && strstr(formwork_error_message(error), "`b`") != NULL);
    formwork_error_destroy(error);
}

/* A job that waits in an engine without threads is cancelled before it runs. */
static void cancels(formwork_engine *engine, const unsigned char *bytes) {
    atomic_int heard = 0;
    formwork_job *job = submit(engine, bytes, &heard);
    WELL(formwork_job_cancel(job, "bmp", &error));
    WELL(formwork_job_cancel(job, NULL, &error));
    CHECK(formwork_job_wait(job, -1, NULL) == FORMWORK_STATUS_CANCELLED);
    CHECK(formwork_job_state(job) == FORMWORK_STATE_CANCELLED);
    formwork_job_destroy(job);
}

static void polls(formwork_engine *engine, const unsigned char *bytes) {
    struct pollfd ready = {-1, POLLIN, 0};
    atomic_int heard = 0;
    int over = 0;
    WELL(formwork_engine_events_fd(engine, &ready.fd, &error));
    CHECK(poll(&ready, 1, 0) == 0);
    formwork_job *job = submit(engine, bytes, &heard);
    while (!over) {
        char *event = NULL;
        CHECK(poll(&ready, 1, 60000) == 1);
        while (formwork_engine_next_event(engine, &event, NULL) == FORMWORK_STATUS_OK) {
            over |= strstr(event, "\"finished\"") != NULL && strstr(event, "\"task\"") == NULL;
            formwork_text_destroy(event);
        }
    }
    CHECK(poll(&ready, 1, 0) == 0);
    formwork_job_destroy(job);
}

int main(int count, char **words) {
    unsigned char bytes[PICTURE_BYTES];
    const char *folder = NULL;
    formwork_engine *engine = NULL;
    struct sigaction before, after;
    CHECK(count == 5);
    CHECK(sigaction(SIGCHLD, NULL, &before) == 0);
    picture(bytes);
    struct formwork_engine_options options = options_of(words, &folder);
    options.threads = 2;
    WELL(formwork_engine_open(&options, &engine, &error));
    finishes(engine, bytes, 0);
    fails(engine);
    polls(engine, bytes);
    formwork_engine_close(engine);
    options.threads = 0;
    WELL(formwork_engine_open(&options, &engine, &error));
    finishes(engine, bytes, 1);
    cancels(engine, bytes);
    /* Left as it is: closing ends it. */
    formwork_job_destroy(submit(engine, bytes, &(atomic_int){0}));
    formwork_engine_close(engine);
    CHECK(sigaction(SIGCHLD, NULL, &after) == 0 && before.sa_handler == after.sa_handler);
    puts("well");
    return 0;
}
