/* Formwork in nginx: `formwork;` in a location makes it convert.
 *
 * Every worker process has an engine of its own, opened after the fork. No call here waits: all that is asked for
 * becomes a job, and the engine's descriptor of events lies in nginx's event loop and says when to look at them. */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

#include <formwork.h>

#define JOBS_MOST 1024

/* A request that waits for its job, which ends with the request's pool. */
typedef struct {
    ngx_queue_t queue;
    ngx_http_request_t *request;
    formwork_job *job;
} waiting_t;

typedef struct {
    ngx_str_t name;
    ngx_str_t job;
    ngx_flag_t to;
} query_t;

static ngx_int_t init_process(ngx_cycle_t *cycle);
static void exit_process(ngx_cycle_t *cycle);
static char *set_formwork(ngx_conf_t *cf, ngx_command_t *command, void *conf);

/* Of this worker process, which has one thread. */
static formwork_engine *engine;
static ngx_connection_t *events;
static ngx_queue_t waiting;
static formwork_job *jobs[JOBS_MOST]; /* a ring: a new job takes the place of the oldest */
static ngx_uint_t next_job;

static ngx_command_t commands[] = {
    {ngx_string("formwork"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, set_formwork, NGX_HTTP_LOC_CONF_OFFSET, 0, NULL},
    ngx_null_command,
};

static ngx_http_module_t context = {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL};

ngx_module_t ngx_http_formwork_module = {
    NGX_MODULE_V1,
    &context,
    commands,
    NGX_HTTP_MODULE,
    NULL, /* init_master */
    NULL, /* init_module */
    init_process,
    NULL, /* init_thread */
    NULL, /* exit_thread */
    exit_process,
    NULL, /* exit_master */
    NGX_MODULE_V1_PADDING,
};

/* Answers. */

static ngx_int_t send_json(ngx_http_request_t *r, ngx_uint_t status, ngx_str_t json) {
    ngx_buf_t *buffer = ngx_calloc_buf(r->pool);
    if (json.data == NULL || buffer == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    buffer->pos = buffer->start = json.data;
    buffer->last = buffer->end = json.data + json.len;
    buffer->memory = 1;
    buffer->last_buf = r == r->main;
    buffer->last_in_chain = 1;
    r->headers_out.status = status;
    r->headers_out.content_length_n = (off_t)json.len;
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    ngx_int_t result = ngx_http_send_header(r);
    if (result == NGX_ERROR || result > NGX_OK || r->header_only) {
        return result;
    }
    ngx_chain_t chain = {buffer, NULL};
    return ngx_http_output_filter(r, &chain);
}

/* The pieces up to NULL, one after the other, in the request's pool. */
static ngx_str_t join(ngx_http_request_t *r, ...) {
    ngx_str_t whole = ngx_null_string;
    va_list pieces;
    const char *piece;
    va_start(pieces, r);
    while ((piece = va_arg(pieces, const char *)) != NULL) {
        whole.len += ngx_strlen(piece);
    }
    va_end(pieces);
    u_char *at = whole.data = ngx_pnalloc(r->pool, whole.len + 1);
    if (at == NULL) {
        whole.len = 0;
        return whole;
    }
    va_start(pieces, r);
    while ((piece = va_arg(pieces, const char *)) != NULL) {
        at = ngx_cpymem(at, piece, ngx_strlen(piece));
    }
    va_end(pieces);
    *at = '\0';
    return whole;
}

static ngx_int_t refuse(ngx_http_request_t *r, ngx_uint_t status, const char *kind, const char *message) {
    return send_json(r, status,
                     join(r, "{\"error\": {\"kind\": \"", kind, "\", \"message\": \"", message, "\"}}", NULL));
}

/* Ends the error. */
static ngx_int_t fail(ngx_http_request_t *r, ngx_uint_t status, formwork_error *error) {
    const char *json = formwork_error_json(error);
    ngx_str_t text = join(r, "{\"error\": ", json != NULL ? json : "{}", "}", NULL);
    formwork_error_destroy(error);
    return send_json(r, status, text);
}

static void end_output(void *output) {
    formwork_output_destroy(output);
}

/* Sends what the job hands over, without a copy: the output ends with the request's pool. */
static ngx_int_t send_output(ngx_http_request_t *r, formwork_output *output) {
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, 0);
    if (cleanup == NULL) {
        formwork_output_destroy(output);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    cleanup->handler = end_output;
    cleanup->data = output;

    const void *data = NULL;
    formwork_error *error = NULL;
    formwork_status status = formwork_output_data(output, &data, &error);
    if (status != FORMWORK_STATUS_OK) {
        return fail(r, (ngx_uint_t)formwork_status_http(status), error);
    }
    /* Names are UTF-8 from a client: only a percent-encoded one is safe in a header. */
    static const char start[] = "attachment; filename*=UTF-8''";
    const char *name = formwork_output_name(output);
    const char *slash = strrchr(name, '/');
    name = slash != NULL ? slash + 1 : name;
    size_t length = ngx_strlen(name);
    ngx_table_elt_t *header = ngx_list_push(&r->headers_out.headers);
    ngx_buf_t *buffer = ngx_calloc_buf(r->pool);
    u_char *value = ngx_pnalloc(r->pool, sizeof start + 3 * length);
    if (header == NULL || buffer == NULL || value == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    ngx_memzero(header, sizeof *header);
    header->hash = 1;
    ngx_str_set(&header->key, "Content-Disposition");
    header->value.data = value;
    value = ngx_cpymem(value, start, sizeof start - 1);
    value = (u_char *)ngx_escape_uri(value, (u_char *)name, length, NGX_ESCAPE_URI_COMPONENT);
    header->value.len = (size_t)(value - header->value.data);

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = (off_t)formwork_output_size(output);
    r->headers_out.content_type.data = (u_char *)formwork_output_media_type(output);
    r->headers_out.content_type.len = ngx_strlen(r->headers_out.content_type.data);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    ngx_int_t result = ngx_http_send_header(r);
    if (result == NGX_ERROR || result > NGX_OK || r->header_only) {
        return result;
    }
    buffer->pos = buffer->start = (u_char *)data;
    buffer->last = buffer->end = buffer->pos + formwork_output_size(output);
    buffer->memory = buffer->last > buffer->pos;
    buffer->last_buf = r == r->main;
    buffer->last_in_chain = 1;
    ngx_chain_t chain = {buffer, NULL};
    return ngx_http_output_filter(r, &chain);
}

/* Sends the result of a job that is over, or why there is none: with 409 when that is not news. */
static ngx_int_t send_result(ngx_http_request_t *r, formwork_job *job, ngx_uint_t conflict) {
    formwork_output *output = NULL;
    formwork_error *error = NULL;
    formwork_status status = formwork_job_wait(job, 0, &error);
    if (status == FORMWORK_STATUS_OK) {
        status = formwork_job_output(job, 0, &output, &error);
    }
    if (output != NULL) {
        return send_output(r, output);
    }
    if (error == NULL) {
        return refuse(r, NGX_HTTP_CONFLICT, "pending", "there is no result");
    }
    return fail(r, conflict != 0 ? conflict : (ngx_uint_t)formwork_status_http(status), error);
}

static ngx_int_t send_status(ngx_http_request_t *r, formwork_job *job) {
    char *json = NULL;
    formwork_error *error = NULL;
    formwork_status status = formwork_job_status(job, &json, &error);
    if (status != FORMWORK_STATUS_OK) {
        return fail(r, (ngx_uint_t)formwork_status_http(status), error);
    }
    ngx_str_t text = join(r, json, NULL);
    formwork_text_destroy(json);
    return send_json(r, NGX_HTTP_OK, text);
}

/* Requests with a file. */

static u_char *put_json(u_char *to, ngx_str_t text) {
    *to++ = '"';
    to = (u_char *)ngx_escape_json(to, text.data, text.len);
    *to++ = '"';
    return to;
}

static ngx_str_t decode(ngx_http_request_t *r, u_char *from, u_char *end) {
    ngx_str_t text = {0, ngx_pnalloc(r->pool, (size_t)(end - from) + 1)};
    if (text.data == NULL) {
        return text;
    }
    for (u_char *at = from; at < end; ++at) {
        *at = *at == '+' ? ' ' : *at;
    }
    u_char *to = text.data;
    ngx_unescape_uri(&to, &from, (size_t)(end - from), 0);
    *to = '\0';
    text.len = (size_t)(to - text.data);
    return text;
}

/* Makes a job of the words of the query. */
static ngx_int_t read_query(ngx_http_request_t *r, query_t *query) {
    static const char head[] = "{\"tasks\": {\"in\": {\"operation\": \"import/bytes\"}, \"work\": {\"input\": \"in\"";
    static const char tail[] = "}}, \"out\": {\"operation\": \"export/bytes\", \"input\": \"work\"}}}";
    ngx_str_t to = ngx_null_string;
    ngx_str_t operation = ngx_string("convert");
    ngx_memzero(query, sizeof *query);

    /* A byte becomes six at most, and every word gets six more around it. */
    u_char *options = ngx_pnalloc(r->pool, 12 * r->args.len + 1);
    u_char *args = ngx_pnalloc(r->pool, r->args.len + 1);
    if (options == NULL || args == NULL) {
        return NGX_ERROR;
    }
    u_char *option = options;
    u_char *end = ngx_cpymem(args, r->args.data, r->args.len);
    for (u_char *at = args; at < end;) {
        u_char *word = at;
        u_char *stop = ngx_strlchr(at, end, '&');
        stop = stop != NULL ? stop : end;
        u_char *equals = ngx_strlchr(word, stop, '=');
        ngx_str_t key = decode(r, word, equals != NULL ? equals : stop);
        ngx_str_t value = decode(r, equals != NULL ? equals + 1 : stop, stop);
        at = stop + 1;
        if (key.data == NULL || value.data == NULL) {
            return NGX_ERROR;
        }
        if (key.len == 0) {
            continue;
        }
        if (ngx_strcmp(key.data, "to") == 0) {
            to = value;
        } else if (ngx_strcmp(key.data, "name") == 0) {
            query->name = value;
        } else if (ngx_strcmp(key.data, "operation") == 0) {
            operation = value;
        } else {
            if (option > options) {
                *option++ = ',';
            }
            option = put_json(option, key);
            *option++ = ':';
            option = put_json(option, value);
        }
    }
    if (to.len == 0) {
        return NGX_OK;
    }
    size_t room = sizeof head + sizeof tail + 64 + 6 * (operation.len + to.len) + (size_t)(option - options);
    u_char *job = query->job.data = ngx_pnalloc(r->pool, room);
    if (job == NULL) {
        return NGX_ERROR;
    }
    job = ngx_cpymem(job, head, sizeof head - 1);
    job = ngx_cpymem(job, ", \"operation\": ", 15);
    job = put_json(job, operation);
    job = ngx_cpymem(job, ", \"output_format\": ", 19);
    job = put_json(job, to);
    job = ngx_cpymem(job, ", \"options\": {", 14);
    job = ngx_cpymem(job, options, option - options);
    job = ngx_cpymem(job, tail, sizeof tail);
    query->job.len = (size_t)(job - query->job.data) - 1;
    query->to = 1;
    return NGX_OK;
}

static ngx_int_t read_body(ngx_http_request_t *r, struct formwork_source *source) {
    ngx_http_request_body_t *body = r->request_body;
    source->kind = FORMWORK_SOURCE_KIND_MEMORY;
    source->data = "";
    if (body != NULL && body->temp_file != NULL) {
        source->kind = FORMWORK_SOURCE_KIND_FD;
        source->fd = body->temp_file->file.fd;
        return NGX_OK;
    }
    size_t length = 0;
    for (ngx_chain_t *link = body != NULL ? body->bufs : NULL; link != NULL; link = link->next) {
        length += (size_t)ngx_buf_size(link->buf);
    }
    if (length == 0) {
        return NGX_OK;
    }
    u_char *at = ngx_pnalloc(r->pool, length);
    source->data = at;
    source->length = length;
    if (at == NULL) {
        return NGX_ERROR;
    }
    for (ngx_chain_t *link = body->bufs; link != NULL; link = link->next) {
        at = ngx_cpymem(at, link->buf->pos, ngx_buf_size(link->buf));
    }
    return NGX_OK;
}

/* Takes over the job. */
static ngx_int_t keep_job(ngx_http_request_t *r, formwork_job *job) {
    formwork_job **place = &jobs[next_job];
    if (*place != NULL && formwork_job_state(*place) <= FORMWORK_STATE_PROCESSING) {
        formwork_job_cancel(job, NULL, NULL);
        formwork_job_destroy(job);
        return refuse(r, NGX_HTTP_SERVICE_UNAVAILABLE, "limit_exceeded", "too many jobs are waiting");
    }
    formwork_job_destroy(*place);
    *place = job;
    next_job = (next_job + 1) % JOBS_MOST;
    u_char id[NGX_INT64_LEN + 1];
    *ngx_sprintf(id, "%uL", formwork_job_id(job)) = '\0';
    return send_json(r, NGX_HTTP_ACCEPTED, join(r, "{\"id\": \"", (char *)id, "\"}", NULL));
}

static void end_waiting(void *data) {
    waiting_t *wait = data;
    if (wait->job != NULL) {
        ngx_queue_remove(&wait->queue);
        formwork_job_cancel(wait->job, NULL, NULL);
        formwork_job_destroy(wait->job);
    }
}

/* Takes over the job. */
static ngx_int_t wait_for_job(ngx_http_request_t *r, formwork_job *job) {
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, sizeof(waiting_t));
    if (cleanup == NULL) {
        formwork_job_cancel(job, NULL, NULL);
        formwork_job_destroy(job);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    waiting_t *wait = cleanup->data;
    cleanup->handler = end_waiting;
    wait->request = r;
    wait->job = job;
    ngx_queue_insert_tail(&waiting, &wait->queue);
    /* Ends the request, and so the job, when the client hangs up. */
    r->read_event_handler = ngx_http_test_reading;
    return NGX_DONE;
}

static ngx_flag_t is_path(ngx_http_request_t *r, const char *path) {
    return r->uri.len == ngx_strlen(path) && ngx_strncmp(r->uri.data, path, r->uri.len) == 0;
}

static ngx_int_t take_file(ngx_http_request_t *r) {
    query_t query;
    struct formwork_source source = FORMWORK_SOURCE_INIT;
    if (read_query(r, &query) != NGX_OK || read_body(r, &source) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!query.to) {
        return refuse(r, NGX_HTTP_BAD_REQUEST, "invalid_request", "`to` is missing: the format wanted");
    }
    source.name = (const char *)query.name.data;
    struct formwork_held_input held = FORMWORK_HELD_INPUT_INIT;
    held.task = "in";
    held.source = &source;
    struct formwork_job_options options = FORMWORK_JOB_OPTIONS_INIT;
    options.held = &held;
    options.held_count = 1;
    formwork_job *job = NULL;
    formwork_error *error = NULL;
    formwork_status status = formwork_job_submit(engine, (const char *)query.job.data, &options, &job, &error);
    if (status != FORMWORK_STATUS_OK) {
        return fail(r, (ngx_uint_t)formwork_status_http(status), error);
    }
    return is_path(r, "/convert") ? wait_for_job(r, job) : keep_job(r, job);
}

/* Called when the body is there. */
static void body_read(ngx_http_request_t *r) {
    ngx_int_t result = take_file(r);
    if (result != NGX_DONE) {
        ngx_http_finalize_request(r, result);
    }
}

/* Jobs came to an end, or moved on: which, the jobs that are waited for tell themselves. */
static void on_events(ngx_event_t *event) {
    char *text;
    while (formwork_engine_next_event(engine, &text, NULL) == FORMWORK_STATUS_OK) {
        formwork_text_destroy(text);
    }
    for (ngx_queue_t *at = ngx_queue_head(&waiting), *after; at != ngx_queue_sentinel(&waiting); at = after) {
        after = ngx_queue_next(at);
        waiting_t *wait = ngx_queue_data(at, waiting_t, queue);
        if (formwork_job_state(wait->job) <= FORMWORK_STATE_PROCESSING) {
            continue;
        }
        ngx_http_request_t *r = wait->request;
        ngx_connection_t *connection = r->connection;
        formwork_job *job = wait->job;
        wait->job = NULL;
        ngx_queue_remove(at);
        ngx_int_t result = send_result(r, job, 0);
        formwork_job_destroy(job); /* its output lives on */
        ngx_http_finalize_request(r, result);
        ngx_http_run_posted_requests(connection);
    }
    (void)event;
}

static ngx_int_t answer_job(ngx_http_request_t *r) {
    u_char *at = r->uri.data + 6;
    u_char *end = r->uri.data + r->uri.len;
    uint64_t id = 0;
    for (; at < end && *at >= '0' && *at <= '9' && id < UINT64_MAX / 100; ++at) {
        id = id * 10 + (uint64_t)(*at - '0');
    }
    ngx_flag_t result = end - at == 7 && ngx_strncmp(at, "/result", 7) == 0;
    if (id == 0 || (at != end && !result)) {
        return refuse(r, NGX_HTTP_NOT_FOUND, "not_found", "there is nothing at this path");
    }
    ngx_flag_t get = r->method == NGX_HTTP_GET || r->method == NGX_HTTP_HEAD;
    if (!get && (result || r->method != NGX_HTTP_DELETE)) {
        return refuse(r, NGX_HTTP_NOT_ALLOWED, "invalid_request", "this path has no such method");
    }
    formwork_job *job = NULL;
    for (ngx_uint_t i = 0; i < JOBS_MOST && job == NULL; ++i) {
        job = formwork_job_id(jobs[i]) == id ? jobs[i] : NULL;
    }
    if (job == NULL) {
        return refuse(r, NGX_HTTP_NOT_FOUND, "not_found", "there is no such job");
    }
    if (result) {
        return send_result(r, job, NGX_HTTP_CONFLICT);
    }
    if (!get) {
        formwork_job_cancel(job, NULL, NULL);
    }
    return send_status(r, job);
}

static ngx_int_t handle(ngx_http_request_t *r) {
    ngx_flag_t takes_file = is_path(r, "/convert") || is_path(r, "/jobs");
    if (takes_file && r->method == NGX_HTTP_POST) {
        ngx_int_t result = ngx_http_read_client_request_body(r, body_read);
        return result >= NGX_HTTP_SPECIAL_RESPONSE ? result : NGX_DONE;
    }
    ngx_int_t result = ngx_http_discard_request_body(r);
    if (result != NGX_OK) {
        return result;
    }
    if (takes_file) {
        return refuse(r, NGX_HTTP_NOT_ALLOWED, "invalid_request", "this path has no such method");
    }
    if (r->uri.len > 6 && ngx_strncmp(r->uri.data, "/jobs/", 6) == 0) {
        return answer_job(r);
    }
    return refuse(r, NGX_HTTP_NOT_FOUND, "not_found", "there is nothing at this path");
}

/* The process. */

static ngx_int_t init_process(ngx_cycle_t *cycle) {
    ngx_queue_init(&waiting);
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE) {
        return NGX_OK;
    }
    /* nginx waits for any child that ends, and would take the engine's from it. A worker process has no others. */
    signal(SIGCHLD, SIG_DFL);
    ngx_str_t cache = ngx_string("registry"); /* below nginx's folder: with it, the engine opens at once */
    if (ngx_get_full_name(cycle->pool, &cycle->prefix, &cache) != NGX_OK) {
        return NGX_ERROR;
    }
    struct formwork_engine_options options = FORMWORK_ENGINE_OPTIONS_INIT;
    options.registry_cache = (const char *)cache.data;
    formwork_error *error = NULL;
    int descriptor = -1;
    if (formwork_engine_open(&options, &engine, &error) != FORMWORK_STATUS_OK ||
        formwork_engine_events_fd(engine, &descriptor, &error) != FORMWORK_STATUS_OK) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "Formwork: %s", formwork_error_message(error));
        formwork_error_destroy(error);
        return NGX_ERROR;
    }
    events = ngx_get_connection(descriptor, cycle->log);
    if (events == NULL) {
        return NGX_ERROR;
    }
    events->read->handler = on_events;
    events->read->log = cycle->log;
    return ngx_add_event(events->read, NGX_READ_EVENT, NGX_LEVEL_EVENT);
}

static void exit_process(ngx_cycle_t *cycle) {
    (void)cycle;
    if (events != NULL) {
        ngx_del_event(events->read, NGX_READ_EVENT, 0);
        ngx_free_connection(events);
        events->fd = (ngx_socket_t)-1; /* it is the engine's, who closes it */
        events = NULL;
    }
    /* Cancels all jobs. Who waits for one hears nothing: nginx ends now, and what is left of them with it. */
    formwork_engine_close(engine);
}

static char *set_formwork(ngx_conf_t *cf, ngx_command_t *command, void *conf) {
    (void)command;
    (void)conf;
    ngx_http_core_loc_conf_t *core = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    core->handler = handle;
    return NGX_CONF_OK;
}
