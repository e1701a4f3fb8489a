/* Formwork for C++17: the handles of formwork.h as objects that end themselves, and errors as exceptions.
 *
 *     formwork::Engine engine;
 *     formwork::Result result = engine.convert(formwork::Source::path("holiday.heic"), {"webp"});
 *     use(result.output.bytes());
 *
 * Everything is inline around the C functions, whose rules hold: objects may be used from any thread. Objects move,
 * and do not copy. A function that fails throws formwork::Error. */

#ifndef FORMWORK_HPP
#define FORMWORK_HPP

#include "formwork.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace formwork {

/// Why a call failed.
class Error : public std::runtime_error {
public:
    /// Takes over an error of a C function that returned `status`.
    Error(formwork_status status, formwork_error *error)
        : std::runtime_error(text(formwork_error_message(error), "misuse")), status_(status),
          kind_(text(formwork_error_kind(error), "misuse")), hint_(text(formwork_error_hint(error), "")),
          json_(text(formwork_error_json(error), "{}")) {
        formwork_error_destroy(error);
    }

    /// How the call ended; formwork_status_http makes a status code of HTTP of it.
    formwork_status status() const noexcept { return status_; }
    /// The kind in one word that never changes, as `corrupt_input`.
    const std::string &kind() const noexcept { return kind_; }
    /// What to do next; empty when nothing is known.
    const std::string &hint() const noexcept { return hint_; }
    /// All of it as a JSON object.
    const std::string &json() const noexcept { return json_; }

private:
    static std::string text(const char *text, const char *otherwise) { return text != nullptr ? text : otherwise; }

    formwork_status status_;
    std::string kind_;
    std::string hint_;
    std::string json_;
};

namespace detail {

/// Throws what a C function says, unless all went well or `also` is what it says. Takes the error by reference: it is
/// written by the call that makes `status`, whichever argument comes first.
inline formwork_status check(formwork_status status, formwork_error *const &error,
                             formwork_status also = FORMWORK_STATUS_OK) {
    if (status == FORMWORK_STATUS_OK || status == also) {
        formwork_error_destroy(error);
        return status;
    }
    throw Error(status, error);
}

/// A handle that ends itself.
template <typename Object, void (*Destroy)(Object *)> struct Deleter {
    void operator()(Object *object) const noexcept { Destroy(object); }
};
template <typename Object, void (*Destroy)(Object *)>
using Handle = std::unique_ptr<Object, Deleter<Object, Destroy>>;

/// A text that is handed to a C function; NULL when it is empty.
inline const char *given(const std::string &text) { return text.empty() ? nullptr : text.c_str(); }

/// The text that a C function hands over, whose last arguments are the places for that and for an error.
template <typename Call> std::string text_of(Call call) {
    char *text = nullptr;
    formwork_error *error = nullptr;
    check(call(&text, &error), error);
    const Handle<char, formwork_text_destroy> owned(text);
    return owned ? std::string(owned.get()) : std::string();
}

} // namespace detail

/// Hears lines of the log, on any thread, one at a time. Must return soon, not throw, and not call the library.
using Log = std::function<void(formwork_log_level level, std::string_view message)>;

/// How an engine is set up; what is empty is the default, as in `struct formwork_engine_options`.
struct EngineOptions {
    std::vector<std::string> plugin_folders{};
    std::string worker{};
    std::string registry_cache{};
    std::string temporary_folder{};
    std::string result_cache{};
    std::uint64_t result_cache_bytes = 0;
    /// A JSON object of limits.
    std::string limits{};
    std::int32_t isolation = 0;
    std::int32_t threads = FORMWORK_THREADS_ALL;
    bool hashes = false;
    /// The engine and its jobs keep a copy.
    Log log{};
};

/// Where an input comes from. What it names must live until the call it is given to returns.
class Source {
public:
    /// A file, or a folder with all in it.
    static Source path(std::string path, std::string name = {}) {
        Source source(FORMWORK_SOURCE_KIND_PATH, std::move(name));
        source.path_ = std::move(path);
        return source;
    }
    /// Bytes; the name's extension helps where they do not tell what they are.
    static Source memory(std::string_view bytes, std::string name) {
        Source source(FORMWORK_SOURCE_KIND_MEMORY, std::move(name));
        source.bytes_ = bytes;
        return source;
    }
    /// An open file, pipe or socket, which stays the caller's.
    static Source descriptor(int descriptor, std::string name) {
        Source source(FORMWORK_SOURCE_KIND_FD, std::move(name));
        source.descriptor_ = descriptor;
        return source;
    }

    /// The C struct; it lives as long as this object does not change.
    struct formwork_source c() const noexcept {
        struct formwork_source source = FORMWORK_SOURCE_INIT;
        source.kind = kind_;
        source.fd = descriptor_;
        source.name = name_.empty() ? nullptr : name_.c_str();
        source.path = path_.c_str();
        source.data = bytes_.data();
        source.length = bytes_.size();
        return source;
    }

private:
    Source(std::int32_t kind, std::string name) : kind_(kind), name_(std::move(name)) {}

    std::int32_t kind_;
    int descriptor_ = -1;
    std::string name_;
    std::string path_;
    std::string_view bytes_;
};

/// Cancels calls of the engine it came from, and may outlive that.
class CancelToken {
public:
    explicit CancelToken(formwork_cancel_token *token) : token_(token) {}

    /// Cancels every call that was given this token, once and for ever: they throw within 300 ms.
    void cancel() const noexcept { formwork_cancel_token_cancel(token_.get()); }
    /// The handle, for what only C offers.
    const formwork_cancel_token *c() const noexcept { return token_.get(); }

private:
    detail::Handle<formwork_cancel_token, formwork_cancel_token_destroy> token_;
};

/// What is to be done with an input.
struct Request {
    /// The format that is wanted.
    std::string output_format{};
    /// A JSON object of options by name.
    std::string options{};
    /// `convert`, which is the default, or another operation.
    std::string operation{};
    /// A JSON object of wishes.
    std::string wishes{};
    /// Hears the part that is done, from 0 to 1, on any thread; false cancels. Must not throw.
    std::function<bool(double)> progress{};
    /// Cancels the call; it must live until that returns.
    const CancelToken *cancel = nullptr;
    /// A preset by its name, as `web`: options that fit the input and the target; `options` win over it.
    std::string preset{};

    /// The C struct; it lives as long as this object does not change.
    struct formwork_request c() const noexcept {
        struct formwork_request request = FORMWORK_REQUEST_INIT;
        request.operation = detail::given(operation);
        request.output_format = detail::given(output_format);
        request.options = detail::given(options);
        request.wishes = detail::given(wishes);
        if (progress) {
            request.progress = [](void *user, double done) noexcept -> std::int32_t {
                return (*static_cast<const std::function<bool(double)> *>(user))(done) ? 0 : 1;
            };
            request.user = const_cast<std::function<bool(double)> *>(&progress);
        }
        request.cancel = cancel != nullptr ? cancel->c() : nullptr;
        request.preset = detail::given(preset);
        return request;
    }
};

/// One file that came out.
class Output {
public:
    explicit Output(formwork_output *output) : output_(output) {}

    std::string name() const { return formwork_output_name(output_.get()); }
    std::string format() const { return formwork_output_format(output_.get()); }
    std::string media_type() const { return formwork_output_media_type(output_.get()); }
    std::uint64_t size() const noexcept { return formwork_output_size(output_.get()); }
    /// All its bytes, which live as long as it does.
    std::string_view bytes() const {
        const void *data = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_output_data(output_.get(), &data, &error), error);
        return {static_cast<const char *>(data), static_cast<std::size_t>(size())};
    }
    /// Reads up to `length` bytes from `offset` on; 0 at the end.
    std::size_t read(std::uint64_t offset, void *buffer, std::size_t length) const {
        std::size_t count = 0;
        formwork_error *error = nullptr;
        detail::check(formwork_output_read(output_.get(), offset, buffer, length, &count, &error), error);
        return count;
    }

private:
    detail::Handle<formwork_output, formwork_output_destroy> output_;
};

/// A result in memory, and the receipt's JSON.
struct Result {
    Output output;
    std::string receipt;
};

/// A job in an engine. Letting go of it lets it go on: cancel it first if that is not wanted.
class Job {
public:
    explicit Job(formwork_job *job, std::shared_ptr<const Log> log = nullptr)
        : log_(std::move(log)), job_(job) {}

    std::uint64_t id() const noexcept { return formwork_job_id(job_.get()); }
    /// The part that is done, from 0 to 1.
    double progress() const noexcept { return formwork_job_progress(job_.get()); }
    formwork_state state() const noexcept { return formwork_job_state(job_.get()); }
    /// State, progress, tasks, and how it failed, as JSON.
    std::string status() const {
        return detail::text_of(
            [&](char **text, formwork_error **error) { return formwork_job_status(job_.get(), text, error); });
    }
    /// Waits until it is over; false when `timeout` passes first. Throws how it failed.
    bool wait(std::optional<std::chrono::milliseconds> timeout = std::nullopt) {
        formwork_error *error = nullptr;
        const std::int64_t most = timeout ? static_cast<std::int64_t>(timeout->count()) : -1;
        const formwork_status status = formwork_job_wait(job_.get(), most, &error);
        return detail::check(status, error, FORMWORK_STATUS_PENDING) == FORMWORK_STATUS_OK;
    }
    /// Cancels it, or one of its tasks.
    void cancel(const std::string &task = {}) {
        formwork_error *error = nullptr;
        detail::check(formwork_job_cancel(job_.get(), detail::given(task), &error), error);
    }
    /// Lets a task that failed run again.
    void retry(const std::string &task) {
        formwork_error *error = nullptr;
        detail::check(formwork_job_retry(job_.get(), task.c_str(), &error), error);
    }
    /// How each task ended, as JSON.
    std::string report() {
        return detail::text_of(
            [&](char **text, formwork_error **error) { return formwork_job_report(job_.get(), text, error); });
    }
    /// What its `export/bytes` tasks hand over.
    std::vector<Output> outputs() {
        std::vector<Output> all;
        for (;;) {
            formwork_output *output = nullptr;
            formwork_error *error = nullptr;
            const formwork_status status = formwork_job_output(job_.get(), all.size(), &output, &error);
            if (detail::check(status, error, FORMWORK_STATUS_END) == FORMWORK_STATUS_END) {
                return all;
            }
            all.emplace_back(output);
        }
    }

private:
    std::shared_ptr<const Log> log_; // what is done with a job is told even when its engine is closed
    detail::Handle<formwork_job, formwork_job_destroy> job_;
};

/// How a job is submitted.
struct JobOptions {
    /// Higher goes first.
    std::int32_t priority = 0;
    /// The tenant's weight: at the same priority, tenants get time by it.
    std::uint32_t weight = 1;
    /// For whom it is done; empty for nobody in particular.
    std::string tenant{};
    /// After which the job is given up; 0 is never.
    std::chrono::milliseconds timeout{0};
};

/// An input that a job's task `task`, an `import/bytes` without `text`, brings in.
struct Held {
    std::string task;
    Source source;
};

/// An engine. It must not be moved or ended while another thread uses it; ending it cancels its jobs.
class Engine {
public:
    explicit Engine(const EngineOptions &options = {}) {
        std::vector<const char *> folders;
        for (const std::string &folder : options.plugin_folders) {
            folders.push_back(folder.c_str());
        }
        struct formwork_engine_options c = FORMWORK_ENGINE_OPTIONS_INIT;
        c.plugin_folders = folders.empty() ? nullptr : folders.data();
        c.plugin_folder_count = folders.size();
        c.worker = detail::given(options.worker);
        c.registry_cache = detail::given(options.registry_cache);
        c.temporary_folder = detail::given(options.temporary_folder);
        c.result_cache = detail::given(options.result_cache);
        c.result_cache_bytes = options.result_cache_bytes;
        c.limits = detail::given(options.limits);
        c.isolation = options.isolation;
        c.threads = options.threads;
        c.hashes = options.hashes ? 1 : 0;
        if (options.log) {
            auto log = std::make_shared<const Log>(options.log);
            c.log = [](void *user, formwork_log_level level, const char *message) noexcept {
                (*static_cast<const Log *>(user))(level, message);
            };
            c.log_user = const_cast<Log *>(log.get());
            engine_.get_deleter().log = std::move(log);
        }
        formwork_engine *engine = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_engine_open(&c, &engine, &error), error);
        engine_.reset(engine);
    }

    /// The handle, for what only C offers.
    formwork_engine *c() const noexcept { return engine_.get(); }

    /// A token that cancels calls of this engine.
    CancelToken cancel_token() {
        formwork_cancel_token *token = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_cancel_token_create(c(), &token, &error), error);
        return CancelToken(token);
    }

    /// Cancels every call and every job, for ever, without waiting. So a host ends: it shuts down, lets its threads
    /// come back, and ends the engine.
    void shut_down() noexcept { formwork_engine_shut_down(c()); }

    /// Converts a file to the format its new name says, and returns the receipt's JSON.
    std::string convert_path(const std::string &from, const std::string &to) {
        formwork_receipt *receipt = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_convert_path(c(), from.c_str(), to.c_str(), &receipt, &error), error);
        return read(receipt);
    }

    /// Does what is asked and returns the result, which is one file.
    Result convert(const Source &source, const Request &request) {
        const struct formwork_source from = source.c();
        const struct formwork_request asked = request.c();
        struct formwork_target target = FORMWORK_TARGET_INIT;
        target.kind = FORMWORK_TARGET_KIND_MEMORY;
        formwork_receipt *receipt = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_convert(c(), &from, &asked, &target, &receipt, &error), error);
        return Result{Output(target.output), read(receipt)};
    }

    /// Takes a job in, a JSON text, with what its tasks bring in that the host holds.
    Job submit(const std::string &request, const std::vector<Held> &held = {}, const JobOptions &options = {}) {
        std::vector<struct formwork_source> sources;
        std::vector<struct formwork_held_input> inputs;
        for (const Held &one : held) {
            sources.push_back(one.source.c());
        }
        for (std::size_t at = 0; at < held.size(); ++at) {
            inputs.push_back({sizeof(struct formwork_held_input), held[at].task.c_str(), &sources[at]});
        }
        struct formwork_job_options c_options = FORMWORK_JOB_OPTIONS_INIT;
        c_options.held = inputs.data();
        c_options.held_count = inputs.size();
        c_options.priority = options.priority;
        c_options.weight = options.weight;
        c_options.tenant = detail::given(options.tenant);
        const auto timeout = std::max(options.timeout, std::chrono::milliseconds{0});
        c_options.timeout_ms = static_cast<std::uint64_t>(timeout.count());
        formwork_job *job = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_job_submit(c(), request.c_str(), &c_options, &job, &error), error);
        return Job(job, engine_.get_deleter().log);
    }

    /// Says what an input is, as JSON.
    std::string probe(const Source &source) {
        const struct formwork_source from = source.c();
        return detail::text_of(
            [&](char **text, formwork_error **error) { return formwork_probe(c(), &from, text, error); });
    }

    /// Says how an input would be converted: a JSON array of up to `count` routes, the best first.
    std::string plan(const Source &source, const Request &request, std::uint32_t count = 1) {
        const struct formwork_source from = source.c();
        const struct formwork_request asked = request.c();
        return detail::text_of([&](char **text, formwork_error **error) {
            return formwork_plan(c(), &from, &asked, count, text, error);
        });
    }

    /// All formats, as a JSON array.
    std::string formats() {
        return detail::text_of(
            [&](char **text, formwork_error **error) { return formwork_formats(c(), text, error); });
    }

    /// The ids of all formats that `from` can be converted to on this machine, as a JSON array.
    std::string targets(const std::string &from) {
        return detail::text_of(
            [&](char **text, formwork_error **error) { return formwork_targets(c(), from.c_str(), text, error); });
    }

    /// The options an operation has between two formats, with ranges and defaults, as a JSON array.
    std::string options(const std::string &from, const std::string &to, const std::string &operation = {}) {
        return detail::text_of([&](char **text, formwork_error **error) {
            return formwork_options(c(), detail::given(operation), from.c_str(), to.c_str(), text, error);
        });
    }

private:
    static std::string read(formwork_receipt *receipt) {
        const detail::Handle<formwork_receipt, formwork_receipt_destroy> owned(receipt);
        return formwork_receipt_json(owned.get());
    }

    /// Ends an engine, and then the log, which it uses until it has ended.
    struct Closer {
        std::shared_ptr<const Log> log;
        void operator()(formwork_engine *engine) const noexcept { formwork_engine_close(engine); }
    };

    std::unique_ptr<formwork_engine, Closer> engine_;
};

} // namespace formwork

#endif // FORMWORK_HPP
