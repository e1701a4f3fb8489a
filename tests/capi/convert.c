/* One conversion in one call: every kind of source into every kind of target, and what goes wrong. */

#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

struct reader {
    const unsigned char *data;
    size_t left;
    int fails;
};

static ptrdiff_t read_some(void *user, void *buffer, size_t length) {
    struct reader *reader = user;
    size_t count = reader->left < length ? reader->left : length;
    count = count < 1000 ? count : 1000;
    if (reader->fails != 0) {
        return -EPIPE;
    }
    memcpy(buffer, reader->data, count);
    reader->data += count;
    reader->left -= count;
    return (ptrdiff_t)count;
}

static int32_t write_some(void *user, const void *data, size_t length) {
    size_t *written = user;
    (void)data;
    *written += length;
    return 0;
}

static int32_t refuse(void *user, const void *data, size_t length) {
    (void)user, (void)data, (void)length;
    return ENOSPC;
}

static int32_t cancel_at_once(void *user, double done) {
    (void)user, (void)done;
    return 1;
}

static void to_memory(formwork_engine *engine, struct formwork_source source) {
    struct formwork_target target = FORMWORK_TARGET_INIT;
    struct formwork_request request = FORMWORK_REQUEST_INIT;
    formwork_receipt *receipt = NULL;
    const void *data = NULL;
    char first[8];
    size_t count = 0;
    target.kind = FORMWORK_TARGET_KIND_MEMORY;
    request.output_format = "png";
    request.options = "{\"width\": 32}";
    WELL(formwork_convert(engine, &source, &request, &target, &receipt, &error));
    CHECK(strcmp(formwork_output_format(target.output), "png") == 0);
    CHECK(strcmp(formwork_output_media_type(target.output), "image/png") == 0);
    CHECK(strstr(formwork_output_name(target.output), ".png") != NULL);
    CHECK(formwork_output_size(target.output) > 8);
    WELL(formwork_output_data(target.output, &data, &error));
    WELL(formwork_output_read(target.output, 0, first, sizeof first, &count, &error));
    CHECK(count == 8 && memcmp(first, data, 8) == 0 && memcmp(data, "\x89PNG", 4) == 0);
    WELL(formwork_output_read(target.output, 1u << 30, first, sizeof first, &count, &error));
    CHECK(count == 0);
    CHECK(strstr(formwork_receipt_json(receipt), "\"width\":32") != NULL);
    formwork_output_destroy(target.output);
    formwork_receipt_destroy(receipt);
}

static void sources(formwork_engine *engine, const unsigned char *bytes, const char *folder) {
    struct formwork_source source = FORMWORK_SOURCE_INIT;
    struct reader reader = {bytes, PICTURE_BYTES, 0};
    char path[4096];
    int file, ends[2];
    snprintf(path, sizeof path, "%s/in.ppm", folder);
    file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(file >= 0 && write(file, bytes, PICTURE_BYTES) == PICTURE_BYTES);

    source.kind = FORMWORK_SOURCE_KIND_PATH;
    source.path = path;
    to_memory(engine, source);
    source.kind = FORMWORK_SOURCE_KIND_MEMORY;
    source.name = "in.ppm";
    source.data = bytes;
    source.length = PICTURE_BYTES;
    to_memory(engine, source);
    source.kind = FORMWORK_SOURCE_KIND_FD;
    source.fd = file;
    to_memory(engine, source);
    CHECK(pipe(ends) == 0 && write(ends[1], bytes, PICTURE_BYTES) == PICTURE_BYTES && close(ends[1]) == 0);
    source.fd = ends[0];
    to_memory(engine, source);
    source.kind = FORMWORK_SOURCE_KIND_CALLBACK;
    source.read = read_some;
    source.user = &reader;
    to_memory(engine, source);
    close(ends[0]);
    close(file);
}

static void targets(formwork_engine *engine, const unsigned char *bytes, const char *folder) {
    struct formwork_source source = FORMWORK_SOURCE_INIT;
    struct formwork_target target = FORMWORK_TARGET_INIT;
    struct formwork_request request = FORMWORK_REQUEST_INIT;
    size_t written = 0;
    char path[4096];
    int file;
    source.kind = FORMWORK_SOURCE_KIND_MEMORY;
    source.name = "in.ppm";
    source.data = bytes;
    source.length = PICTURE_BYTES;
    request.output_format = "bmp";

    snprintf(path, sizeof path, "%s/out.bmp", folder);
    target.kind = FORMWORK_TARGET_KIND_PATH;
    target.path = path;
    WELL(formwork_convert(engine, &source, NULL, &target, NULL, &error));
    CHECK(formwork_convert(engine, &source, NULL, &target, NULL, NULL) == FORMWORK_STATUS_IO);
    target.overwrite = 1;
    WELL(formwork_convert(engine, &source, NULL, &target, NULL, &error));

    snprintf(path, sizeof path, "%s/by-fd", folder);
    file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    target.kind = FORMWORK_TARGET_KIND_FD;
    target.fd = file;
    WELL(formwork_convert(engine, &source, &request, &target, NULL, &error));
    CHECK(lseek(file, 0, SEEK_END) > 3 * SIDE * SIDE);
    close(file);

    target.kind = FORMWORK_TARGET_KIND_CALLBACK;
    target.write = write_some;
    target.user = &written;
    WELL(formwork_convert(engine, &source, &request, &target, NULL, &error));
    CHECK(written > 3 * SIDE * SIDE);
}

static void failures(formwork_engine *engine, const unsigned char *bytes) {
    struct formwork_source source = FORMWORK_SOURCE_INIT;
    struct formwork_target target = FORMWORK_TARGET_INIT;
    struct formwork_request request = FORMWORK_REQUEST_INIT;
    struct reader reader = {bytes, PICTURE_BYTES, 1};
    formwork_error *error = NULL;
    formwork_receipt *receipt = (formwork_receipt *)1;
    source.kind = FORMWORK_SOURCE_KIND_MEMORY;
    source.name = "in.ppm";
    source.data = bytes;
    source.length = 40;
    target.kind = FORMWORK_TARGET_KIND_MEMORY;
    request.output_format = "png";

    CHECK(formwork_convert(engine, &source, &request, &target, &receipt, &error) == FORMWORK_STATUS_CORRUPT_INPUT);
    CHECK(receipt == NULL && target.output == NULL);
    CHECK(formwork_error_status(error) == FORMWORK_STATUS_CORRUPT_INPUT);
    CHECK(strcmp(formwork_error_kind(error), "corrupt_input") == 0);
    CHECK(strstr(formwork_error_message(error), "in.ppm") != NULL);
    CHECK(formwork_status_http(formwork_error_status(error)) == 422);
    formwork_error_destroy(error);

    source.length = PICTURE_BYTES;
    request.options = "{\"widht\": 3}";
    CHECK(formwork_convert(engine, &source, &request, &target, NULL, &error) == FORMWORK_STATUS_INVALID_REQUEST);
    CHECK(strstr(formwork_error_json(error), "width") != NULL);
    formwork_error_destroy(error);
    request.options = "{";
    CHECK(formwork_convert(engine, &source, &request, &target, NULL, NULL) == FORMWORK_STATUS_INVALID_REQUEST);
    request.options = NULL;
    request.output_format = "nosuch";
    CHECK(formwork_convert(engine, &source, &request, &target, NULL, NULL) == FORMWORK_STATUS_UNSUPPORTED_FORMAT);
    request.output_format = "\xff";
    CHECK(formwork_convert(engine, &source, &request, &target, NULL, NULL) == FORMWORK_STATUS_INVALID_REQUEST);
    request.output_format = "png";
    formwork_cancel_token *token = NULL;
    WELL(formwork_cancel_token_create(engine, &token, &error));
    formwork_cancel_token_cancel(token);
    request.cancel = token;
    CHECK(formwork_convert(engine, &source, &request, &target, NULL, NULL) == FORMWORK_STATUS_CANCELLED);
    request.cancel = NULL;
    formwork_cancel_token_destroy(token);
    source.kind = FORMWORK_SOURCE_KIND_CALLBACK;
    source.read = read_some;
    source.user = &reader;
    CHECK(formwork_convert(engine, &source, &request, &target, NULL, NULL) == FORMWORK_STATUS_IO);
    source.kind = FORMWORK_SOURCE_KIND_MEMORY;
    target.kind = FORMWORK_TARGET_KIND_CALLBACK;
    target.write = refuse;
    CHECK(formwork_convert(engine, &source, &request, &target, NULL, NULL) == FORMWORK_STATUS_IO);
    target.kind = FORMWORK_TARGET_KIND_MEMORY;
    request.progress = cancel_at_once;
    formwork_status status = formwork_convert(engine, &source, &request, &target, NULL, NULL);
    CHECK(status == FORMWORK_STATUS_CANCELLED || status == FORMWORK_STATUS_OK);
    formwork_output_destroy(target.output);
}

static void listings(formwork_engine *engine, const unsigned char *bytes) {
    struct formwork_source source = FORMWORK_SOURCE_INIT;
    struct formwork_request request = FORMWORK_REQUEST_INIT;
    struct formwork_format_row row = FORMWORK_FORMAT_ROW_INIT;
    formwork_format_iterator *formats = NULL;
    formwork_status status;
    char *text = NULL;
    int readable = 0;
    source.kind = FORMWORK_SOURCE_KIND_MEMORY;
    source.data = bytes;
    source.length = PICTURE_BYTES;
    request.output_format = "png";
    WELL(formwork_formats_begin(engine, &formats, &error));
    while ((status = formwork_format_iterator_next(formats, &row, NULL)) == FORMWORK_STATUS_OK) {
        readable += row.can_read;
        CHECK(strlen(row.id) > 0 && strlen(row.family) > 0);
    }
    CHECK(status == FORMWORK_STATUS_END && readable > 10);
    formwork_format_iterator_destroy(formats);
#define TEXT(call, word)                                                                   \
    WELL(call);                                                                            \
    CHECK(strstr(text, word) != NULL);                                                     \
    formwork_text_destroy(text)
    TEXT(formwork_formats(engine, &text, &error), "\"png\"");
    TEXT(formwork_targets(engine, "ppm", &text, &error), "\"png\"");
    TEXT(formwork_matrix(engine, &text, &error), "\"cells\"");
    TEXT(formwork_options(engine, NULL, "ppm", "png", &text, &error), "\"width\"");
    TEXT(formwork_plugins(engine, &text, &error), "\"image\"");
    TEXT(formwork_probe(engine, &source, &text, &error), "\"width\":64");
    TEXT(formwork_plan(engine, &source, &request, 1, &text, &error), "\"png\"");
}

/* An engine belongs to the process that opened it; a child opens its own. */
static void forks(formwork_engine *engine, struct formwork_engine_options options) {
    int state = 0;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        char *text = NULL;
        formwork_engine *own = NULL;
        CHECK(formwork_formats(engine, &text, NULL) == FORMWORK_STATUS_MISUSE);
        formwork_engine_close(engine);
        WELL(formwork_engine_open(&options, &own, &error));
        formwork_engine_close(own);
        /* Becomes another program, so that nobody looks for leaks: what was the parent's is not the child's to free. */
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    CHECK(waitpid(child, &state, 0) == child && WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

int main(int count, char **words) {
    unsigned char bytes[PICTURE_BYTES];
    const char *folder = NULL;
    formwork_engine *engine = NULL;
    CHECK(count == 5);
    CHECK(formwork_api_version() == (FORMWORK_API_MAJOR << 16 | FORMWORK_API_MINOR));
    CHECK(strlen(formwork_version()) > 0);
    struct formwork_engine_options options = options_of(words, &folder);
    WELL(formwork_engine_open(&options, &engine, &error));
    picture(bytes);
    sources(engine, bytes, words[4]);
    targets(engine, bytes, words[4]);
    failures(engine, bytes);
    listings(engine, bytes);
    forks(engine, options);
    formwork_engine_shut_down(engine);
    formwork_engine_close(engine);
    puts("well");
    return 0;
}
