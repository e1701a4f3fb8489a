/* An HTTP server around Formwork. libmicrohttpd gives every connection a thread of its own, so calls may block. */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <formwork.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>

#define BODY_MOST ((uint64_t)1 << 30)
#define JOBS_MOST 1024
#define CONNECTIONS_MOST 64u
#define IDLE_SECONDS 60u
#define WATCH_NANOSECONDS 100000000

/* A call of formwork_convert, on the stack of the thread that is in it. */
struct conversion {
    formwork_cancel_token *token;
    int socket;
    LIST_ENTRY(conversion) place;
};

struct server {
    formwork_engine *engine;
    pthread_mutex_t lock;
    LIST_HEAD(, conversion) conversions;
    /* A ring: a new job takes the place of the oldest. Jobs are used under the lock, since a job must not be destroyed
     * while another thread uses it; no call that is made of one here takes long. */
    formwork_job *jobs[JOBS_MOST];
    size_t next;
};

struct body {
    FILE *file;
    uint64_t size;
};

struct query {
    const char *to;
    const char *name;
    const char *operation;
    FILE *options;
    const char *separator;
};

static void write_json(FILE *to, const char *text) {
    fputc('"', to);
    for (; *text != '\0'; ++text) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') {
            fprintf(to, "\\%c", byte);
        } else if (byte < 0x20) {
            fprintf(to, "\\u%04x", byte);
        } else {
            fputc(byte, to);
        }
    }
    fputc('"', to);
}

static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned status,
                                     struct MHD_Response *response) {
    if (response == NULL) {
        return MHD_NO;
    }
    const enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_json(struct MHD_Connection *connection, unsigned status, const char *format, ...) {
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (memory == NULL) {
        return MHD_NO;
    }
    va_list arguments;
    va_start(arguments, format);
    vfprintf(memory, format, arguments);
    va_end(arguments);
    const bool whole = fclose(memory) == 0;
    struct MHD_Response *response =
        whole ? MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE) : NULL;
    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    return send_response(connection, status, response);
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *kind,
                              const char *message) {
    return send_json(connection, status, "{\"error\": {\"kind\": \"%s\", \"message\": \"%s\"}}", kind, message);
}

static enum MHD_Result refuse_method(struct MHD_Connection *connection) {
    return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "invalid_request", "this path has no such method");
}

static enum MHD_Result fail(struct MHD_Connection *connection, unsigned status, formwork_error *error) {
    const char *json = formwork_error_json(error);
    const enum MHD_Result result = send_json(connection, status, "{\"error\": %s}", json != NULL ? json : "{}");
    formwork_error_destroy(error);
    return result;
}

static ssize_t read_output(void *output, uint64_t offset, char *buffer, size_t length) {
    size_t count = 0;
    if (formwork_output_read(output, offset, buffer, length, &count, NULL) != FORMWORK_STATUS_OK) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return count > 0 ? (ssize_t)count : MHD_CONTENT_READER_END_OF_STREAM;
}

static void end_output(void *output) {
    formwork_output_destroy(output);
}

/* Takes over `output`. */
static enum MHD_Result send_output(struct MHD_Connection *connection, formwork_output *output) {
    struct MHD_Response *response =
        MHD_create_response_from_callback(formwork_output_size(output), 1 << 16, read_output, output, end_output);
    if (response == NULL) {
        formwork_output_destroy(output);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, formwork_output_media_type(output));
    /* Names are UTF-8 from a client: only a percent-encoded one is safe in a header. */
    const char *name = formwork_output_name(output);
    const char *slash = strrchr(name, '/');
    char *header = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&header, &length);
    if (memory != NULL) {
        fputs("attachment; filename*=UTF-8''", memory);
        for (const char *at = slash != NULL ? slash + 1 : name; *at != '\0'; ++at) {
            const unsigned char byte = (unsigned char)*at;
            fprintf(memory, isalnum(byte) || strchr("-._", byte) != NULL ? "%c" : "%%%02X", byte);
        }
        if (fclose(memory) == 0) {
            MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, header);
        }
        free(header);
    }
    return send_response(connection, MHD_HTTP_OK, response);
}

static enum MHD_Result take_word(void *user, enum MHD_ValueKind kind, const char *key, const char *value) {
    (void)kind;
    struct query *query = user;
    value = value != NULL ? value : "";
    if (strcmp(key, "to") == 0) {
        query->to = value;
    } else if (strcmp(key, "name") == 0) {
        query->name = value;
    } else if (strcmp(key, "operation") == 0) {
        query->operation = value;
    } else {
        fputs(query->separator, query->options);
        write_json(query->options, key);
        fputs(": ", query->options);
        write_json(query->options, value);
        query->separator = ", ";
    }
    return MHD_YES;
}

/* Cancels the conversions whose clients have hung up. */
static void watch(struct server *server) {
    pthread_mutex_lock(&server->lock);
    struct conversion *at;
    LIST_FOREACH(at, &server->conversions, place) {
        char byte;
        const ssize_t count = recv(at->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
            formwork_cancel_token_cancel(at->token);
        }
    }
    pthread_mutex_unlock(&server->lock);
}

static enum MHD_Result convert(struct server *server, struct MHD_Connection *connection, const struct query *query,
                               const struct formwork_source *source, const char *options) {
    struct conversion conversion = {
        .socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd};
    /* Without one, which is NULL, nothing cancels it. */
    formwork_cancel_token_create(server->engine, &conversion.token, NULL);
    pthread_mutex_lock(&server->lock);
    LIST_INSERT_HEAD(&server->conversions, &conversion, place);
    pthread_mutex_unlock(&server->lock);
    struct formwork_request request = FORMWORK_REQUEST_INIT;
    request.operation = query->operation;
    request.output_format = query->to;
    request.options = options;
    request.cancel = conversion.token;
    struct formwork_target target = FORMWORK_TARGET_INIT;
    target.kind = FORMWORK_TARGET_KIND_MEMORY;
    formwork_error *error = NULL;
    /* Otherwise libmicrohttpd would take a long conversion for an idle connection. */
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    const formwork_status status = formwork_convert(server->engine, source, &request, &target, NULL, &error);
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, IDLE_SECONDS);
    pthread_mutex_lock(&server->lock);
    LIST_REMOVE(&conversion, place);
    pthread_mutex_unlock(&server->lock);
    formwork_cancel_token_destroy(conversion.token);
    if (status != FORMWORK_STATUS_OK) {
        return fail(connection, (unsigned)formwork_status_http(status), error);
    }
    return send_output(connection, target.output);
}

static enum MHD_Result submit(struct server *server, struct MHD_Connection *connection, const struct query *query,
                              const struct formwork_source *source, const char *options) {
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (memory == NULL) {
        return MHD_NO;
    }
    fputs("{\"tasks\": {\"in\": {\"operation\": \"import/bytes\"}, \"work\": {\"input\": \"in\", \"operation\": ",
          memory);
    write_json(memory, query->operation != NULL ? query->operation : "convert");
    fputs(", \"output_format\": ", memory);
    write_json(memory, query->to);
    fprintf(memory, ", \"options\": %s}, \"out\": {\"operation\": \"export/bytes\", \"input\": \"work\"}}}", options);
    if (fclose(memory) != 0) {
        free(text);
        return MHD_NO;
    }
    struct formwork_held_input held = FORMWORK_HELD_INPUT_INIT;
    held.task = "in";
    held.source = source;
    struct formwork_job_options job_options = FORMWORK_JOB_OPTIONS_INIT;
    job_options.held = &held;
    job_options.held_count = 1;
    formwork_job *job = NULL;
    formwork_error *error = NULL;
    const formwork_status status = formwork_job_submit(server->engine, text, &job_options, &job, &error);
    free(text);
    if (status != FORMWORK_STATUS_OK) {
        return fail(connection, (unsigned)formwork_status_http(status), error);
    }
    const uint64_t id = formwork_job_id(job);
    pthread_mutex_lock(&server->lock);
    formwork_job *old = server->jobs[server->next];
    const bool full = old != NULL && formwork_job_state(old) <= FORMWORK_STATE_PROCESSING;
    if (!full) {
        server->jobs[server->next] = job;
        server->next = (server->next + 1) % JOBS_MOST;
    }
    pthread_mutex_unlock(&server->lock);
    if (full) {
        formwork_job_cancel(job, NULL, NULL);
        formwork_job_destroy(job);
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "limit_exceeded", "too many jobs are waiting");
    }
    formwork_job_destroy(old);
    return send_json(connection, MHD_HTTP_ACCEPTED, "{\"id\": \"%" PRIu64 "\"}", id);
}

static enum MHD_Result take_file(struct server *server, struct MHD_Connection *connection, bool wait,
                                 struct body *body) {
    if (body->size > BODY_MOST) {
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "limit_exceeded", "the file is larger than 1 GiB");
    }
    if (body->file == NULL || fflush(body->file) != 0 || ferror(body->file)) {
        return refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "io", "the file could not be stored");
    }
    char *options = NULL;
    size_t length = 0;
    struct query query = {.options = open_memstream(&options, &length), .separator = ""};
    if (query.options == NULL) {
        return MHD_NO;
    }
    fputc('{', query.options);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_word, &query);
    fputc('}', query.options);
    struct formwork_source source = FORMWORK_SOURCE_INIT;
    source.kind = FORMWORK_SOURCE_KIND_FD;
    source.fd = fileno(body->file);
    source.name = query.name;
    enum MHD_Result result;
    if (fclose(query.options) != 0) {
        result = MHD_NO;
    } else if (query.to == NULL || *query.to == '\0') {
        result = refuse(connection, MHD_HTTP_BAD_REQUEST, "invalid_request", "`to` is missing: the format wanted");
    } else {
        result = (wait ? convert : submit)(server, connection, &query, &source, options);
    }
    free(options);
    return result;
}

/* `rest` is what follows /jobs/. */
static enum MHD_Result answer_job(struct server *server, struct MHD_Connection *connection, const char *method,
                                  const char *rest) {
    char *end = NULL;
    const uint64_t id = *rest >= '1' && *rest <= '9' ? strtoull(rest, &end, 10) : 0;
    const bool result = id != 0 && strcmp(end, "/result") == 0;
    const bool cancel = strcmp(method, MHD_HTTP_METHOD_DELETE) == 0;
    if (id == 0 || (*end != '\0' && !result)) {
        return refuse(connection, MHD_HTTP_NOT_FOUND, "not_found", "there is nothing at this path");
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && (!cancel || result)) {
        return refuse_method(connection);
    }
    formwork_status status = FORMWORK_STATUS_OK;
    formwork_output *output = NULL;
    formwork_error *error = NULL;
    char *json = NULL;
    pthread_mutex_lock(&server->lock);
    formwork_job *job = NULL;
    for (size_t at = 0; at < JOBS_MOST && job == NULL; ++at) {
        job = formwork_job_id(server->jobs[at]) == id ? server->jobs[at] : NULL;
    }
    if (job != NULL && result) {
        status = formwork_job_wait(job, 0, &error);
        if (status == FORMWORK_STATUS_OK) {
            status = formwork_job_output(job, 0, &output, &error);
        }
    } else if (job != NULL) {
        if (cancel) {
            formwork_job_cancel(job, NULL, NULL);
        }
        status = formwork_job_status(job, &json, &error);
    }
    pthread_mutex_unlock(&server->lock);
    if (job == NULL) {
        return refuse(connection, MHD_HTTP_NOT_FOUND, "not_found", "there is no such job");
    }
    if (output != NULL) {
        return send_output(connection, output);
    }
    if (result && error == NULL) {
        return refuse(connection, MHD_HTTP_CONFLICT, "pending", "there is no result");
    }
    if (error != NULL) {
        return fail(connection, result ? MHD_HTTP_CONFLICT : (unsigned)formwork_status_http(status), error);
    }
    const enum MHD_Result sent = send_json(connection, MHD_HTTP_OK, "%s", json);
    formwork_text_destroy(json);
    return sent;
}

/* Called once for the head of a request, then for each piece of its body, then once more. */
static enum MHD_Result answer(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *data, size_t *length, void **state) {
    (void)version;
    struct server *server = user;
    const bool convert_path = strcmp(url, "/convert") == 0;
    const bool takes_file = convert_path || strcmp(url, "/jobs") == 0;
    const bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    struct body *body = *state;
    if (body == NULL) {
        const char *told = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
        if (told != NULL && strtoull(told, NULL, 10) > BODY_MOST) {
            return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "limit_exceeded", "the file is larger than 1 GiB");
        }
        *state = body = calloc(1, sizeof *body);
        if (body != NULL && post && takes_file) {
            body->file = tmpfile();
        }
        return body != NULL ? MHD_YES : MHD_NO;
    }
    if (*length > 0) {
        body->size += *length;
        if (body->file != NULL && body->size <= BODY_MOST) {
            fwrite(data, 1, *length, body->file); /* a failure is asked for at the end */
        }
        *length = 0;
        return MHD_YES;
    }
    if (takes_file) {
        return post ? take_file(server, connection, convert_path, body) : refuse_method(connection);
    }
    return answer_job(server, connection, method, strncmp(url, "/jobs/", 6) == 0 ? url + 6 : "");
}

static void request_over(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
    (void)user;
    (void)connection;
    (void)code;
    struct body *body = *state;
    if (body != NULL && body->file != NULL) {
        fclose(body->file);
    }
    free(body);
}

int main(int count, char **arguments) {
    const char *port = count > 1 ? arguments[1] : "8080";
    /* Blocked before any thread begins, so that it is here that they come. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    static struct server server;
    pthread_mutex_init(&server.lock, NULL);
    struct formwork_engine_options options = FORMWORK_ENGINE_OPTIONS_INIT;
    options.registry_cache = count > 2 ? arguments[2] : NULL; /* with one, the engine opens at once */
    formwork_error *error = NULL;
    if (formwork_engine_open(&options, &server.engine, &error) != FORMWORK_STATUS_OK) {
        fprintf(stderr, "%s\n", formwork_error_message(error));
        formwork_error_destroy(error);
        return EXIT_FAILURE;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, answer, &server,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_NOTIFY_COMPLETED, request_over, NULL, MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "cannot listen on 127.0.0.1:%s\n", port);
        formwork_engine_close(server.engine);
        return EXIT_FAILURE;
    }
    printf("listening on 127.0.0.1:%s\n", port);
    fflush(stdout);

    /* libmicrohttpd does not tell when a client hangs up while its thread is busy: so look, until a signal comes. */
    const struct timespec moment = {0, WATCH_NANOSECONDS};
    while (sigtimedwait(&signals, NULL, &moment) < 0) {
        watch(&server);
    }
    /* What waits for the engine returns, then the threads come back: nobody may use it when it closes. */
    formwork_engine_shut_down(server.engine);
    MHD_stop_daemon(daemon);
    for (size_t at = 0; at < JOBS_MOST; ++at) {
        formwork_job_destroy(server.jobs[at]);
    }
    formwork_engine_close(server.engine);
    pthread_mutex_destroy(&server.lock);
    return EXIT_SUCCESS;
}
