/* Formwork: an embeddable file-conversion engine. Generated from capi; do not edit.
 *
 *     formwork_engine *engine = NULL;
 *     formwork_error *error = NULL;
 *     if (formwork_engine_open(NULL, &engine, &error) == FORMWORK_STATUS_OK)
 *         formwork_convert_path(engine, "holiday.heic", "holiday.webp", NULL, &error);
 *     if (error != NULL)
 *         fprintf(stderr, "%s\n", formwork_error_message(error));
 *     formwork_error_destroy(error);
 *     formwork_engine_close(engine);
 *
 * Rules that hold for every function:
 *
 * - Text is UTF-8 and ends with a NUL. What the caller hands over is the caller's again when the call returns.
 * - Every object that goes out has one function that ends it, and that takes NULL. `char *` texts end with
 *   formwork_text_destroy; `const char *` texts belong to the object they were asked of.
 * - Functions return a status, except where they tell one value and cannot fail. NULL where something must be and
 *   a struct_size that is none give FORMWORK_STATUS_MISUSE, never a crash; an object that was destroyed is not found
 *   out. Text that is no UTF-8 is FORMWORK_STATUS_INVALID_REQUEST: it may have come from far away.
 * - `error` may be NULL. Otherwise it is set to NULL, or to an object that says more, which the caller destroys.
 * - Places for results are set to NULL or 0 first, so that they can be destroyed whatever happened.
 * - Engines, jobs, outputs, receipts and errors may be used from any thread, from many at once; iterators by one at a
 *   time. Ending an object while another thread uses it is the caller's mistake.
 * - Callbacks come on any thread unless it is said otherwise. They must not throw, and not end what called them.
 * - Structs begin with struct_size: use their INIT macros. They grow at their end; new members that an old program
 *   does not have are as if 0, and what a new program asks of an old library that does not know it is misuse.
 * - The library does not print, exit, fork, install signal handlers, read the environment, or change the working
 *   folder, locale or file mask. It starts processes (the workers) with posix_spawn and waits for those alone. A host should
 *   not wait for children it did not start, nor ignore SIGCHLD: then nobody can tell how a worker ended.
 * - Threads of the library handle no signals: the host's handlers run on the host's threads.
 * - An engine belongs to the process that opened it: open it after a fork, in each child. */

#ifndef FORMWORK_H
#define FORMWORK_H

#include <stddef.h>
#include <stdint.h>

// Grows when something in the header changes its meaning; then the shared library has another name, too.
#define FORMWORK_API_MAJOR 0

// Grows when something is added to the header.
#define FORMWORK_API_MINOR 2

// Plugins run in this process.
#define FORMWORK_ISOLATION_NONE -1

// As many threads as there are processors.
#define FORMWORK_THREADS_ALL -1

// How a call ended. Numbers never change their meaning; new ones may follow.
enum formwork_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // All went well.
    FORMWORK_STATUS_OK = 0,
    // The request makes no sense: unknown option, value out of range, a cycle. Correct the request.
    FORMWORK_STATUS_INVALID_REQUEST = 1,
    // The input's format is not known. Name it with `input_format`, or use another file.
    FORMWORK_STATUS_UNSUPPORTED_FORMAT = 2,
    // No route leads from this format to that one. Choose another target.
    FORMWORK_STATUS_UNSUPPORTED_CONVERSION = 3,
    // The input is broken or uses something its reader does not know. Use another file.
    FORMWORK_STATUS_CORRUPT_INPUT = 4,
    // The input is encrypted and the password is missing or wrong. Give `password`.
    FORMWORK_STATUS_PASSWORD_REQUIRED = 5,
    // A limit was reached; the error names it. Raise the limit if the input is trusted.
    FORMWORK_STATUS_LIMIT_EXCEEDED = 6,
    // The deadline passed. Raise `timeout`, or retry when the machine is less busy.
    FORMWORK_STATUS_TIMEOUT = 7,
    // The caller cancelled.
    FORMWORK_STATUS_CANCELLED = 8,
    // A library or program the route needs is not installed; the message says which.
    FORMWORK_STATUS_BACKEND_MISSING = 9,
    // A plugin panicked, crashed or broke the contract. Report it.
    FORMWORK_STATUS_PLUGIN_FAULT = 10,
    // The isolation asked for cannot be had on this machine.
    FORMWORK_STATUS_ISOLATION_UNAVAILABLE = 11,
    // The operating system, or a callback, refused to read or write. See the message.
    FORMWORK_STATUS_IO = 12,
    // A bug in Formwork itself. Report it; close the engine.
    FORMWORK_STATUS_INTERNAL = 13,
    // The call itself is wrong: NULL where something must be, a `struct_size` that is none, an engine that was opened
    // before a fork. The program has to be mended.
    FORMWORK_STATUS_MISUSE = 14,
    // It is not over yet.
    FORMWORK_STATUS_PENDING = 15,
    // There is no more.
    FORMWORK_STATUS_END = 16,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum formwork_status formwork_status;
#else
typedef int32_t formwork_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// How much a line of the log matters.
enum formwork_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Something failed.
    FORMWORK_LOG_LEVEL_ERROR = 1,
    // Something is not as it should be.
    FORMWORK_LOG_LEVEL_WARNING = 2,
    // A job began or ended.
    FORMWORK_LOG_LEVEL_INFO = 3,
    // A task began or ended.
    FORMWORK_LOG_LEVEL_DEBUG = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum formwork_log_level formwork_log_level;
#else
typedef int32_t formwork_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Where a job is.
enum formwork_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Nothing of it has begun.
    FORMWORK_STATE_WAITING = 0,
    // It runs.
    FORMWORK_STATE_PROCESSING = 1,
    // Done.
    FORMWORK_STATE_FINISHED = 2,
    // A task failed that is not to be ignored.
    FORMWORK_STATE_ERROR = 3,
    // Cancelled.
    FORMWORK_STATE_CANCELLED = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum formwork_state formwork_state;
#else
typedef int32_t formwork_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Kinds of inputs.
enum formwork_source_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A file or folder by its path.
    FORMWORK_SOURCE_KIND_PATH = 1,
    // Bytes in memory.
    FORMWORK_SOURCE_KIND_MEMORY = 2,
    // A descriptor.
    FORMWORK_SOURCE_KIND_FD = 3,
    // What a function reads.
    FORMWORK_SOURCE_KIND_CALLBACK = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum formwork_source_kind formwork_source_kind;
#else
typedef int32_t formwork_source_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Kinds of places.
enum formwork_target_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A file or folder by its path.
    FORMWORK_TARGET_KIND_PATH = 1,
    // An object that holds it.
    FORMWORK_TARGET_KIND_MEMORY = 2,
    // A descriptor.
    FORMWORK_TARGET_KIND_FD = 3,
    // A function that takes it.
    FORMWORK_TARGET_KIND_CALLBACK = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum formwork_target_kind formwork_target_kind;
#else
typedef int32_t formwork_target_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Kinds of events.
enum formwork_event_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // It waits for its turn, for the first time or again.
    FORMWORK_EVENT_KIND_QUEUED = 0,
    // It runs.
    FORMWORK_EVENT_KIND_STARTED = 1,
    // It is so far; of jobs only.
    FORMWORK_EVENT_KIND_PROGRESS = 2,
    // It is done.
    FORMWORK_EVENT_KIND_FINISHED = 3,
    // It failed.
    FORMWORK_EVENT_KIND_FAILED = 4,
    // It was cancelled, by the caller or for want of an input.
    FORMWORK_EVENT_KIND_CANCELLED = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum formwork_event_kind formwork_event_kind;
#else
typedef int32_t formwork_event_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Cancels calls of `formwork_convert`. May be used from any thread, and outlives its engine.
typedef struct formwork_cancel_token formwork_cancel_token;

// An engine: plugins, limits, threads. May be used from any thread, from many at once. Several may be open at a time;
// they share nothing.
typedef struct formwork_engine formwork_engine;

// Why a call failed. Owned by the caller, who destroys it; may be used from any thread.
typedef struct formwork_error formwork_error;

// Goes through all formats. Owned by the caller, who destroys it; one thread at a time.
typedef struct formwork_format_iterator formwork_format_iterator;

// A job in an engine. May be used from any thread, from many at once.
typedef struct formwork_job formwork_job;

// One file that came out. Owned by the caller, who destroys it; may be used from any thread.
typedef struct formwork_output formwork_output;

// What a conversion did: route, versions, options, losses, warnings, hashes, times. Owned by the caller, who destroys
// it; may be used from any thread.
typedef struct formwork_receipt formwork_receipt;

// Writes up to `length` bytes at `buffer` and returns how many; 0 at the end, a negative `errno` when it fails.
typedef ptrdiff_t (*formwork_read_callback)(void *user, void *buffer, size_t length);

// Where an input comes from. Begin with `FORMWORK_SOURCE_INIT`.
typedef struct formwork_source {
    // Size of this struct in bytes.
    size_t struct_size;
    // One of `enum formwork_source_kind`.
    int32_t kind;
    // The descriptor, for `FORMWORK_SOURCE_KIND_FD`: it stays the caller's. A file is read by position, a pipe or
    // socket to its end, before the call returns.
    int fd;
    // The input's name, as a browser sends it. Results are named after it, and where bytes do not tell what they are,
    // its extension does. May be NULL.
    const char *name;
    // The file, or a folder with all in it, for `FORMWORK_SOURCE_KIND_PATH`.
    const char *path;
    // The bytes, for `FORMWORK_SOURCE_KIND_MEMORY`: they are copied before the call returns.
    const void *data;
    // How many these are.
    size_t length;
    // For `FORMWORK_SOURCE_KIND_CALLBACK`: called again and again on the caller's thread, before the call returns, until
    // it says 0 or fails.
    formwork_read_callback read;
    // Handed to `read`.
    void *user;
} formwork_source;

// Hears how far something is; anything but 0 cancels it.
typedef int32_t (*formwork_progress_callback)(void *user, double done);

// What is to be done with an input. Begin with `FORMWORK_REQUEST_INIT`; what is NULL or 0 then is the default.
typedef struct formwork_request {
    // Size of this struct in bytes.
    size_t struct_size;
    // `convert`, which is the default, or another operation: `thumbnail`, `optimize`, `watermark`, `pdf/rotate` …
    const char *operation;
    // The format that is wanted, by id, alias or extension. Default: what the target's path says, or the input's own for
    // operations that keep it.
    const char *output_format;
    // A JSON object of options by name, as `{"width": 800, "quality": "high"}`; `timeout` in seconds is one of them.
    const char *options;
    // A JSON object of wishes: `keep`, `pin`, `ban` and `avoid`, lists of features, plugins, plugins and formats.
    const char *wishes;
    // Called with the part that is done, from 0 to 1, at most ten times a second, on any thread, and may return
    // anything but 0 to cancel. Must not call this library.
    formwork_progress_callback progress;
    // Handed to `progress`.
    void *user;
    // A token of this engine that cancels the call. Default: none does.
    const struct formwork_cancel_token *cancel;
    // A preset by its name, as `web`: options that fit the input and the target; `options` win over it.
    const char *preset;
} formwork_request;

// Takes `length` bytes of the result; 0 when it has them all, an `errno` when it fails, which ends the call.
typedef int32_t (*formwork_write_callback)(void *user, const void *data, size_t length);

// Where a result goes to. Begin with `FORMWORK_TARGET_INIT`.
typedef struct formwork_target {
    // Size of this struct in bytes.
    size_t struct_size;
    // One of `enum formwork_target_kind`.
    int32_t kind;
    // The descriptor, for `FORMWORK_TARGET_KIND_FD`: it stays the caller's. It is written to from where it is, once the
    // whole result is there.
    int fd;
    // For `FORMWORK_TARGET_KIND_PATH`: the file, which appears whole or not at all, or a folder with a `/` at its end,
    // which takes several results, too.
    const char *path;
    // 1 replaces what is at `path`; otherwise that is an error.
    int32_t overwrite;
    // Always 0.
    int32_t reserved;
    // For `FORMWORK_TARGET_KIND_CALLBACK`: called again and again on the caller's thread, once the whole result is there.
    formwork_write_callback write;
    // Handed to `write`.
    void *user;
    // For `FORMWORK_TARGET_KIND_MEMORY`: the result is stored here, and the caller ends it with
    // `formwork_output_destroy`. NULL after a failure.
    struct formwork_output *output;
} formwork_target;

// Level and text of a line of the log. The text is gone when the callback returns.
typedef void (*formwork_log_callback)(void *user, formwork_log_level level, const char *message);

// Opens an input; see `formwork_files`.
typedef int (*formwork_open_input_callback)(void *user, const char *path, int *fd);

// Opens a temporary file; see `formwork_files`.
typedef int (*formwork_open_temporary_callback)(void *user, int *fd);

// Opens files in the library's stead: for hosts with a file system of their own, and for those that may open nothing.
// What is NULL is the library's, as what a function leaves to it by returning 1. Descriptors that are stored at `fd` are
// the library's from then on: it closes them, and no process it starts inherits them. Called on any thread.
typedef struct formwork_files {
    // Size of this struct in bytes.
    size_t struct_size;
    // Opens for reading what a source or a task `import/path` names: a file with a size, which need not have a name, as a
    // memory file. It is read by position, and may be asked for more than once. Returns 0, 1, or a negative `errno`.
    formwork_open_input_callback open_input;
    // Opens an empty file for reading and writing that nobody else has and that is gone when it is closed: what does not
    // fit into memory goes there. Returns 0, 1, or a negative `errno`.
    formwork_open_temporary_callback open_temporary;
    // Handed to both. Must live as long as the engine and the jobs that came from it.
    void *user;
} formwork_files;

// How an engine is set up. Begin with `FORMWORK_ENGINE_OPTIONS_INIT`; what is NULL or 0 then is the default.
typedef struct formwork_engine_options {
    // Size of this struct in bytes.
    size_t struct_size;
    // Folders with plugin files; the first that has a plugin wins. Default: `formwork` beside this shared library, or
    // `../lib/formwork` from it.
    const char *const *plugin_folders;
    // How many folders these are.
    size_t plugin_folder_count;
    // The program `formwork-worker`. Default: beside the first of these folders that has one, or `../libexec`.
    const char *worker;
    // A folder of its own in which is remembered what plugin files said of themselves. Default: nowhere, and every
    // engine asks them anew, which takes a moment.
    const char *registry_cache;
    // Folder for data between steps. Default `/tmp`.
    const char *temporary_folder;
    // A folder in which results are kept and found again. Whoever can write to it can say what results are. Default:
    // nowhere.
    const char *result_cache;
    // How many bytes it may hold. Default 1 GiB.
    uint64_t result_cache_bytes;
    // A JSON object of limits, as `{"pixels": 100000000, "memory": 1073741824}`: `memory`, `pixels`, `side`, `frames`,
    // `metadata`, `output`, `entries`, `ratio`, `ratio_floor`, `depth`, `name`, `cpu`, `files`, `temporary`.
    const char *limits;
    // How strictly plugins are kept apart: 1 a process of their own with resource limits, 2 also no files, network and
    // other processes, 3 also namespaces of their own; 0 the default, which is 2 on Linux;
    // `FORMWORK_ISOLATION_NONE` in this process, for files that are trusted.
    int32_t isolation;
    // Threads that jobs share. `FORMWORK_THREADS_ALL` as many as there are processors, which the INIT macro says. With
    // 0, the engine starts none: `formwork_engine_step` and `formwork_job_wait` work on the caller's.
    int32_t threads;
    // 1 writes BLAKE3 hashes of inputs and outputs into receipts, which reads every file once more. Default 0.
    int32_t hashes;
    // Always 0.
    int32_t reserved;
    // Hears what happens, on any thread, one line at a time; must return soon and not call this library. Default:
    // nobody does.
    formwork_log_callback log;
    // Handed to `log`.
    void *log_user;
    // Opens files in the library's stead; read before the engine is open. Default: nobody does. Since interface 0.2, as
    // all that follows.
    const struct formwork_files *files;
    // Bytes of an input that is read to its end, and of the results of one step, that are kept in memory; what is more
    // goes to a temporary file. Default 512 MiB.
    uint64_t memory_between_steps;
} formwork_engine_options;

// A clock a host brings along. Both functions are called often, from any thread.
typedef struct formwork_clock {
    // Size of this struct in bytes.
    size_t struct_size;
    // Nanoseconds since a moment that does not change; never shrinks. Deadlines and elapsed times go by it.
    uint64_t (*monotonic)(void *user);
    // Nanoseconds since the beginning of 1970, UTC. Receipts tell it.
    uint64_t (*wall)(void *user);
    // Handed to both.
    void *user;
} formwork_clock;

// An allocator a host brings along. Every function is called from any thread.
typedef struct formwork_allocator {
    // Size of this struct in bytes.
    size_t struct_size;
    // Gives `size` bytes at a multiple of `alignment`, a power of two; NULL when there are none.
    void *(*allocate)(void *user, size_t size, size_t alignment);
    // Takes back what `allocate` gave, with the same numbers.
    void (*release)(void *user, void *data, size_t size, size_t alignment);
    // Handed to both.
    void *user;
} formwork_allocator;

// An input the host holds.
typedef struct formwork_held_input {
    // Size of this struct in bytes.
    size_t struct_size;
    // The name of the task that brings it in.
    const char *task;
    // Where it comes from.
    const struct formwork_source *source;
} formwork_held_input;

// Something that happened to a job. All of it is gone when the listener returns.
typedef struct formwork_job_event {
    // Size of this struct in bytes.
    size_t struct_size;
    // The job's number, see `formwork_job_id`.
    uint64_t job;
    // Grows with every event of a job; progress is told no more than ten times a second.
    uint64_t number;
    // One of `enum formwork_event_kind`.
    int32_t kind;
    // Always 0.
    int32_t reserved;
    // The task's name; NULL when it is the job itself.
    const char *task;
    // Of progress: from 0 to 100.
    double percent;
    // Of progress: milliseconds that are left at the pace so far; -1 while that cannot be told.
    int64_t left_ms;
    // Of progress what is done, of a failure why, for people; else NULL.
    const char *message;
    // Of a failure its status, else `FORMWORK_STATUS_OK`.
    formwork_status status;
} formwork_job_event;

// Hears an event.
typedef void (*formwork_listener_callback)(void *user, const struct formwork_job_event *event);

// How a job is submitted. Begin with `FORMWORK_JOB_OPTIONS_INIT`; what is NULL or 0 then is the default.
typedef struct formwork_job_options {
    // Size of this struct in bytes.
    size_t struct_size;
    // What the job's tasks `import/bytes` take that have no `text`.
    const struct formwork_held_input *held;
    // How many these are.
    size_t held_count;
    // Higher goes first. Default 0.
    int32_t priority;
    // The tenant's weight: at the same priority, tenants get time by it. Default 1.
    uint32_t weight;
    // For whom it is done. Default: nobody in particular.
    const char *tenant;
    // Milliseconds after which the job is given up; 0 never. Tasks have timeouts of their own besides.
    uint64_t timeout_ms;
    // Hears every event of the job, one at a time, on the thread that made it, until the job has ended and its last event
    // is told. May call functions of the job, but must not wait for it. Default: nobody does.
    formwork_listener_callback listener;
    // Handed to `listener`.
    void *user;
} formwork_job_options;

// A format. Texts live until the iterator goes on or is destroyed.
typedef struct formwork_format_row {
    // Size of this struct in bytes; set it before each call.
    size_t struct_size;
    // Its id, as `png`.
    const char *id;
    // Its name for people.
    const char *name;
    // `image`, `audio`, `video`, `document` or `archive`.
    const char *family;
    // Its usual extension, without a dot; empty when it has none.
    const char *extension;
    // Its media type, as `image/png`; empty when it has none.
    const char *media_type;
    // 1 when it can be converted from, else 0.
    int32_t can_read;
    // 1 when it can be converted to, else 0.
    int32_t can_write;
} formwork_format_row;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The interface this library has: `FORMWORK_API_MAJOR << 16 | FORMWORK_API_MINOR` of the header it was made with. A
// program may go on when the major numbers are the same and the library's minor is not smaller.
uint32_t formwork_api_version(void);

// The version of the engine, as `0.1.0`. Lives for ever.
const char *formwork_version(void);

// Ends a text that a function of this library handed over through a `char **`; NULL is fine.
void formwork_text_destroy(char *text);

// Checks files against a receipt: whether each input and output that has a path and a hash still is what it was.
// `receipt` is a receipt's JSON. Stores a JSON array at `report`, which the caller ends: for every file `name`, `path`,
// `role`, `input` or `output`, and `state`.
formwork_status formwork_verify(const char *receipt,
                                char **report,
                                struct formwork_error **error);

// 1 when this library knows something that is not in every one of this interface, else 0. Names so far: `events-fd`,
// `allocator`, `clock`, `files`.
int32_t formwork_has_feature(const char *name);

// Converts one input, on the caller's thread and the engine's, and returns when the result is in its place.
//
// `request` may be NULL when `target` is a path whose name says the format. `receipt`, `error` may be NULL. A failure
// leaves no result.
formwork_status formwork_convert(struct formwork_engine *engine,
                                 const struct formwork_source *source,
                                 const struct formwork_request *request,
                                 struct formwork_target *target,
                                 struct formwork_receipt **receipt,
                                 struct formwork_error **error);

// Converts the file `from` to the format the name `to` says, with all defaults. Nothing is overwritten.
formwork_status formwork_convert_path(struct formwork_engine *engine,
                                      const char *from,
                                      const char *to,
                                      struct formwork_receipt **receipt,
                                      struct formwork_error **error);

// Says what an input is, without converting it: stores a JSON object at `facts`, which the caller ends with
// `formwork_text_destroy`. `format` and, unless that is null, `name`, `family`, `mime`, `confidence`, `evidence`;
// `facts`, as width, height, duration or pages, and `problem` when the header is broken, which is no error.
formwork_status formwork_probe(struct formwork_engine *engine,
                               const struct formwork_source *source,
                               char **facts,
                               struct formwork_error **error);

// Says how an input would be converted, without doing it: stores a JSON array of up to `count` routes at `routes`, the
// best first, which the caller ends with `formwork_text_destroy`.
formwork_status formwork_plan(struct formwork_engine *engine,
                              const struct formwork_source *source,
                              const struct formwork_request *request,
                              uint32_t count,
                              char **routes,
                              struct formwork_error **error);

// Opens an engine and stores it at `engine`. `options` may be NULL for all defaults. Plugin files that cannot be used
// are no error: the log tells them. Without a `registry_cache` every plugin is asked what it can do, which takes up to a
// second; with one, a few milliseconds.
//
// No thread is started and no process forked before this call. Workers are started by it and by calls that need them;
// they die with the engine, and are reaped by it: a host must not wait for children it did not start.
formwork_status formwork_engine_open(const struct formwork_engine_options *options,
                                     struct formwork_engine **engine,
                                     struct formwork_error **error);

// Does on the caller's thread what is next in the engine's jobs, up to `most` times: a task each, or a few that are
// done in one pass. Returns how many times something was done; 0 when nothing may run now. This is how jobs run in an
// engine with `threads` 0; with others it lends a thread more.
uint32_t formwork_engine_step(struct formwork_engine *engine,
                              uint32_t most);

// Stores at `token` one that cancels calls it is given to, in this engine. The caller destroys it.
formwork_status formwork_cancel_token_create(struct formwork_engine *engine,
                                             struct formwork_cancel_token **token,
                                             struct formwork_error **error);

// Cancels every call that was given this token, once and for ever; NULL is fine. They return
// `FORMWORK_STATUS_CANCELLED` within 300 ms.
void formwork_cancel_token_cancel(const struct formwork_cancel_token *token);

// Destroys a token; NULL is fine. No call may be given it any more, or be under way with it.
void formwork_cancel_token_destroy(struct formwork_cancel_token *token);

// Cancels every call and every job of an engine, for ever: what is asked for later is cancelled at once. Returns without
// waiting. So a host ends: it shuts down, lets its threads come back, and closes.
void formwork_engine_shut_down(struct formwork_engine *engine);

// Cancels its jobs, waits until they have stopped, and ends the engine and its workers; NULL is fine. Nobody may use it
// any more, nor be in a call with it: see `formwork_engine_shut_down`. Jobs, outputs, receipts and errors that came from
// it live on. In a child of a fork this does nothing: the engine is the
// parent's.
void formwork_engine_close(struct formwork_engine *engine);

// The status of an error; `FORMWORK_STATUS_OK` of NULL.
formwork_status formwork_error_status(const struct formwork_error *error);

// The kind of an error in one word that never changes, as `corrupt_input`. Lives as long as the error.
const char *formwork_error_kind(const struct formwork_error *error);

// What happened to which input, in one sentence. Lives as long as the error.
const char *formwork_error_message(const struct formwork_error *error);

// What to do next, in one sentence; NULL when nothing is known. Lives as long as the error.
const char *formwork_error_hint(const struct formwork_error *error);

// The name of the limit that was reached; NULL when it was none. Lives as long as the error.
const char *formwork_error_limit(const struct formwork_error *error);

// All of it as a JSON object: `kind`, `message`, `hint`, `limit`, and what it happened to. Lives as long as the error.
const char *formwork_error_json(const struct formwork_error *error);

// 1 when the same request may succeed when it is repeated unchanged, else 0.
int32_t formwork_error_is_temporary(const struct formwork_error *error);

// Destroys an error; NULL is fine.
void formwork_error_destroy(struct formwork_error *error);

// Stores at `descriptor` one that is ready to read while events of any job of this engine wait. From now on they are
// kept, up to 10,000. It belongs to the engine: poll it, but do not read or close it.
formwork_status formwork_engine_events_fd(struct formwork_engine *engine,
                                          int *descriptor,
                                          struct formwork_error **error);

// Stores at `event` the oldest event that waits, as JSON, which the caller ends with `formwork_text_destroy`:
// `event` is `queued`, `started`, `progress`, `finished`, `failed` or `cancelled`; `job` the job's number, `number` the
// event's; `task` unless it is of the job itself; of progress `percent`, `left_ms` and `message`; of a failure `error`.
// `FORMWORK_STATUS_END` when none waits. Call it until then whenever the descriptor is ready.
formwork_status formwork_engine_next_event(struct formwork_engine *engine,
                                           char **event,
                                           struct formwork_error **error);

// Uses the host's clock in the whole process, once and for ever. Waiting itself takes real time.
formwork_status formwork_set_clock(const struct formwork_clock *clock,
                                   struct formwork_error **error);

// Has the host's allocator give this library its memory, once and for ever. Call it before any other function of this
// library: later is misuse. Plugins in this process and the C libraries inside them go on with the system's.
//
// An allocation that fails aborts the process, as everywhere in Rust, unless its size came from a file.
formwork_status formwork_set_allocator(const struct formwork_allocator *allocator);

// Takes a job in, a JSON text as docs/jobs.md tells, and stores it at `job`. Everything that is wrong with it is said
// at once. `options` may be NULL.
formwork_status formwork_job_submit(struct formwork_engine *engine,
                                    const char *request,
                                    const struct formwork_job_options *options,
                                    struct formwork_job **job,
                                    struct formwork_error **error);

// The job's number in its engine, from 1 on; 0 of NULL.
uint64_t formwork_job_id(const struct formwork_job *job);

// The part that is done, from 0 to 1. Takes no lock: ask as often as you like.
double formwork_job_progress(const struct formwork_job *job);

// Where the job is.
formwork_state formwork_job_state(const struct formwork_job *job);

// Stores at `status` a JSON object with `job`, `state`, `progress` from 0 to 1, `left_ms` or null, and `tasks`: the
// state of each by its name; `error` when it failed or was cancelled, as `formwork_error_json` tells it. The caller ends it with `formwork_text_destroy`.
formwork_status formwork_job_status(const struct formwork_job *job,
                                    char **status,
                                    struct formwork_error **error);

// Waits until the job is over, `timeout_ms` at most; negative waits for ever. `FORMWORK_STATUS_PENDING` when it is not
// over by then, else how it ended. In an engine without threads, the caller's works until then.
formwork_status formwork_job_wait(struct formwork_job *job,
                                  int64_t timeout_ms,
                                  struct formwork_error **error);

// Stores at `report` how a job that is over ended: a JSON array of tasks, inputs before their users, each with `task`,
// `state`, and as far as there are any `error`, `receipts` and `paths`. The caller ends it with
// `formwork_text_destroy`. `FORMWORK_STATUS_PENDING` before the job is over.
formwork_status formwork_job_report(struct formwork_job *job,
                                    char **report,
                                    struct formwork_error **error);

// Stores at `output` the `index`-th file that the job's `export/bytes` tasks hand over, which the caller ends with
// `formwork_output_destroy`. `FORMWORK_STATUS_END` beyond the last, `FORMWORK_STATUS_PENDING` before the job is over.
formwork_status formwork_job_output(struct formwork_job *job,
                                    size_t index,
                                    struct formwork_output **output,
                                    struct formwork_error **error);

// Cancels the job, or with a name one of its tasks and what depends on it. What runs has stopped a moment later.
// Nothing happens to what has ended.
formwork_status formwork_job_cancel(struct formwork_job *job,
                                    const char *task,
                                    struct formwork_error **error);

// Lets a task that failed or was cancelled run again, with what was cancelled because of it. What was told of the job's
// end before no longer holds.
formwork_status formwork_job_retry(struct formwork_job *job,
                                   const char *task,
                                   struct formwork_error **error);

// Stores at `events` a JSON array of the job's events from `since` on, oldest first, as `formwork_engine_next_event`
// tells them. The caller ends it with `formwork_text_destroy`. Of progress there is only the last, and of more than
// 10,000 others the oldest are gone.
formwork_status formwork_job_events(const struct formwork_job *job,
                                    uint64_t since,
                                    char **events,
                                    struct formwork_error **error);

// Lets go of a job; NULL is fine. A job that is not over goes on: cancel it first if that is not wanted. Its outputs
// live on.
void formwork_job_destroy(struct formwork_job *job);

// Stores at `formats` a JSON array of all formats, which the caller ends with `formwork_text_destroy`: `id`, `name`,
// `family`, `extensions`, `aliases`, `mime`, whether it can be `read` and whether it can be `write`.
formwork_status formwork_formats(struct formwork_engine *engine,
                                 char **formats,
                                 struct formwork_error **error);

// Stores at `targets` a JSON array of the ids of all formats that `from` can be converted to on this machine, which the
// caller ends with `formwork_text_destroy`.
formwork_status formwork_targets(struct formwork_engine *engine,
                                 const char *from,
                                 char **targets,
                                 struct formwork_error **error);

// Stores at `matrix` a JSON object whose `cells` are all capabilities of all plugins, which the caller ends with
// `formwork_text_destroy`.
formwork_status formwork_matrix(struct formwork_engine *engine,
                                char **matrix,
                                struct formwork_error **error);

// Stores at `options` a JSON array of the options an operation has between two formats, with ranges and defaults, which
// the caller ends with `formwork_text_destroy`. `operation` may be NULL for `convert`.
formwork_status formwork_options(struct formwork_engine *engine,
                                 const char *operation,
                                 const char *from,
                                 const char *to,
                                 char **options,
                                 struct formwork_error **error);

// Stores at `plugins` a JSON object with `plugins`, each with `id`, `version`, `licence`, `path` and `libraries`, and
// `refused`, plugin files that are not used, each with `path` and `reason`. The caller ends it with
// `formwork_text_destroy`.
formwork_status formwork_plugins(struct formwork_engine *engine,
                                 char **plugins,
                                 struct formwork_error **error);

// Stores at `iterator` one that goes through all formats.
formwork_status formwork_formats_begin(struct formwork_engine *engine,
                                       struct formwork_format_iterator **iterator,
                                       struct formwork_error **error);

// Fills `row` with the next format; `FORMWORK_STATUS_END` after the last.
formwork_status formwork_format_iterator_next(struct formwork_format_iterator *iterator,
                                              struct formwork_format_row *row,
                                              struct formwork_error **error);

// Destroys an iterator; NULL is fine.
void formwork_format_iterator_destroy(struct formwork_format_iterator *iterator);

// Its name, with an extension; a `/` in it stands for a folder. Lives as long as the output.
const char *formwork_output_name(const struct formwork_output *output);

// The id of its format, as `png`; empty for what has none. Lives as long as the output.
const char *formwork_output_format(const struct formwork_output *output);

// Its media type, as `image/png`. Lives as long as the output.
const char *formwork_output_media_type(const struct formwork_output *output);

// How many bytes it has; 0 of NULL.
uint64_t formwork_output_size(const struct formwork_output *output);

// Reads up to `length` bytes from `offset` on into `buffer`, and stores at `count` how many those were: 0 at the end.
formwork_status formwork_output_read(const struct formwork_output *output,
                                     uint64_t offset,
                                     void *buffer,
                                     size_t length,
                                     size_t *count,
                                     struct formwork_error **error);

// Stores at `data` where all its bytes are. They live as long as the output. A result that is too large for memory
// lies in a file and is read when this is asked for the first time: `formwork_output_read` needs less memory.
formwork_status formwork_output_data(const struct formwork_output *output,
                                     const void **data,
                                     struct formwork_error **error);

// Destroys an output; NULL is fine.
void formwork_output_destroy(struct formwork_output *output);

// The receipt as canonical JSON (RFC 8785), whose members docs/receipts.md lists. Lives as long as the receipt.
const char *formwork_receipt_json(const struct formwork_receipt *receipt);

// Destroys a receipt; NULL is fine.
void formwork_receipt_destroy(struct formwork_receipt *receipt);

// The status code of HTTP a server may answer with when a call ended like this: 200 for what went well, 4xx for what
// the client can mend, 5xx for what it cannot. Any number is fine; unknown ones give 500.
int32_t formwork_status_http(int32_t status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FORMWORK_H */

/* What formwork_api_version() says of the library this header belongs to. */
#define FORMWORK_API_VERSION ((uint32_t)FORMWORK_API_MAJOR << 16 | (uint32_t)FORMWORK_API_MINOR)

/* How structs begin. */
#define FORMWORK_ENGINE_OPTIONS_INIT \
    { sizeof(struct formwork_engine_options), NULL, 0, NULL, NULL, NULL, NULL, 0, NULL, 0, FORMWORK_THREADS_ALL, 0, 0, NULL, NULL, \
      NULL, 0 }
#define FORMWORK_SOURCE_INIT { sizeof(struct formwork_source), 0, -1, NULL, NULL, NULL, 0, NULL, NULL }
#define FORMWORK_TARGET_INIT { sizeof(struct formwork_target), 0, -1, NULL, 0, 0, NULL, NULL, NULL }
#define FORMWORK_REQUEST_INIT \
    { sizeof(struct formwork_request), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }
#define FORMWORK_JOB_OPTIONS_INIT { sizeof(struct formwork_job_options), NULL, 0, 0, 0, NULL, 0, NULL, NULL }
#define FORMWORK_HELD_INPUT_INIT { sizeof(struct formwork_held_input), NULL, NULL }
#define FORMWORK_FORMAT_ROW_INIT { sizeof(struct formwork_format_row), NULL, NULL, NULL, NULL, NULL, 0, 0 }
