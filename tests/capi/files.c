/* A host that opens files in the library's stead. */

#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

/* Where this host keeps what it opens, and what it was asked for. */
struct host {
    const char *folder;
    atomic_int inputs, temporaries, full;
};

/* An empty file without a name. */
static int nameless(const struct host *host) {
    char path[4096];
    int fd;
    snprintf(path, sizeof path, "%s/XXXXXX", host->folder);
    fd = mkstemp(path);
    CHECK(fd >= 0 && unlink(path) == 0);
    return fd;
}

/* Pictures are what is below /virtual; nothing is at /virtual/gone.ppm; all else is on disk. */
static int open_input(void *user, const char *path, int *fd) {
    struct host *host = user;
    unsigned char bytes[PICTURE_BYTES];
    atomic_fetch_add(&host->inputs, 1);
    if (strncmp(path, "/virtual/", 9) != 0) {
        return 1;
    }
    if (strcmp(path, "/virtual/gone.ppm") == 0) {
        return -ENOENT;
    }
    if (strcmp(path, "/virtual/mute.ppm") == 0) {
        return 0;
    }
    *fd = nameless(host);
    picture(bytes);
    CHECK(write(*fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes);
    return 0;
}

static int open_temporary(void *user, int *fd) {
    struct host *host = user;
    atomic_fetch_add(&host->temporaries, 1);
    if (atomic_load(&host->full)) {
        return -ENOSPC;
    }
    *fd = nameless(host);
    return 0;
}

static ptrdiff_t read_all(void *user, void *buffer, size_t length) {
    size_t *at = user;
    unsigned char bytes[PICTURE_BYTES];
    size_t count = sizeof bytes - *at < length ? sizeof bytes - *at : length;
    picture(bytes);
    memcpy(buffer, bytes + *at, count);
    *at += count;
    return (ptrdiff_t)count;
}

/* Converts a source to PNG in memory. */
static formwork_status to_png(formwork_engine *engine, struct formwork_source source, const char *says) {
    struct formwork_target target = FORMWORK_TARGET_INIT;
    struct formwork_request request = FORMWORK_REQUEST_INIT;
    formwork_error *error = NULL;
    formwork_status status;
    char start[8] = "";
    size_t count = 0;
    target.kind = FORMWORK_TARGET_KIND_MEMORY;
    request.output_format = "png";
    status = formwork_convert(engine, &source, &request, &target, NULL, &error);
    if (says == NULL && error != NULL) {
        fprintf(stderr, "%s\n", formwork_error_json(error));
    }
    CHECK(says == NULL || (error != NULL && strstr(formwork_error_json(error), says) != NULL));
    if (status == FORMWORK_STATUS_OK) {
        WELL(formwork_output_read(target.output, 0, start, sizeof start, &count, &error));
        CHECK(count == sizeof start && memcmp(start, "\x89PNG", 4) == 0);
    }
    formwork_output_destroy(target.output);
    formwork_error_destroy(error);
    return status;
}

static formwork_status at_path(formwork_engine *engine, const char *path, const char *says) {
    struct formwork_source source = FORMWORK_SOURCE_INIT;
    source.kind = FORMWORK_SOURCE_KIND_PATH;
    source.path = path;
    return to_png(engine, source, says);
}

static void run_job(formwork_engine *engine) {
    formwork_job *job = NULL;
    formwork_output *output = NULL;
    WELL(formwork_job_submit(engine,
                             "{\"tasks\": {\"in\": {\"operation\": \"import/path\", \"path\": \"/virtual/a.ppm\"},"
                             "\"to\": {\"operation\": \"convert\", \"input\": \"in\", \"output_format\": \"bmp\"},"
                             "\"out\": {\"operation\": \"export/bytes\", \"input\": \"to\"}}}",
                             NULL, &job, &error));
    WELL(formwork_job_wait(job, -1, &error));
    WELL(formwork_job_output(job, 0, &output, &error));
    CHECK(strcmp(formwork_output_name(output), "a.bmp") == 0);
    formwork_output_destroy(output);
    formwork_job_destroy(job);
}

int main(int count, char **words) {
    const char *folder = NULL;
    struct host host = {NULL, 0, 0, 0};
    struct formwork_files files = {sizeof files, open_input, open_temporary, &host};
    struct formwork_source source = FORMWORK_SOURCE_INIT;
    formwork_engine *engine = NULL;
    char path[4096];
    unsigned char bytes[PICTURE_BYTES];
    size_t at = 0;
    FILE *file;
    CHECK(count == 5 && formwork_has_feature("files"));
    host.folder = words[4];
    struct formwork_engine_options options = options_of(words, &folder);
    options.temporary_folder = "/nowhere";
    options.memory_between_steps = 1000;

    /* A program that was made with the first interface knows nothing of files. */
    options.files = (const struct formwork_files *)(const void *)"no struct at all";
    options.struct_size = offsetof(struct formwork_engine_options, files);
    WELL(formwork_engine_open(&options, &engine, &error));
    formwork_engine_close(engine);
    options.struct_size = sizeof options;
    options.files = &files;
    files.struct_size = 8;
    CHECK(formwork_engine_open(&options, &engine, NULL) == FORMWORK_STATUS_MISUSE);
    files.struct_size = sizeof files;
    files.open_input = NULL, files.open_temporary = NULL;
    CHECK(formwork_engine_open(&options, &engine, NULL) == FORMWORK_STATUS_MISUSE);
    files.open_input = open_input, files.open_temporary = open_temporary;
    WELL(formwork_engine_open(&options, &engine, &error));

    /* By its path alone, and under another name. Results are more than stays in memory. */
    CHECK(at_path(engine, "/virtual/a.ppm", NULL) == FORMWORK_STATUS_OK);
    CHECK(atomic_load(&host.inputs) > 0 && atomic_load(&host.temporaries) > 0);
    source.kind = FORMWORK_SOURCE_KIND_PATH;
    source.path = "/virtual/b";
    source.name = "b.ppm";
    CHECK(to_png(engine, source, NULL) == FORMWORK_STATUS_OK);
    run_job(engine);
    CHECK(at_path(engine, "/virtual/gone.ppm", "/virtual/gone.ppm") == FORMWORK_STATUS_IO);
    CHECK(at_path(engine, "/virtual/mute.ppm", "/virtual/mute.ppm") == FORMWORK_STATUS_IO);

    /* What the host leaves alone is on disk. */
    snprintf(path, sizeof path, "%s/real.ppm", words[4]);
    picture(bytes);
    file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(bytes, 1, sizeof bytes, file) == sizeof bytes && fclose(file) == 0);
    CHECK(at_path(engine, path, NULL) == FORMWORK_STATUS_OK);

    /* An input that is read to its end goes to a temporary file, too. */
    source.kind = FORMWORK_SOURCE_KIND_CALLBACK;
    source.read = read_all;
    source.user = &at;
    CHECK(to_png(engine, source, NULL) == FORMWORK_STATUS_OK);
    atomic_store(&host.full, 1);
    at = 0;
    CHECK(to_png(engine, source, "b.ppm") == FORMWORK_STATUS_IO);
    CHECK(at_path(engine, "/virtual/a.ppm", "spool") == FORMWORK_STATUS_IO);
    formwork_engine_close(engine);
    puts("well");
    return 0;
}
