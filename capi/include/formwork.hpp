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

/// A text that a C function handed over.
inline std::string taken(char *text) {
    std::unique_ptr<char, Deleter<char, formwork_text_destroy>> owned(text);
    return owned ? std::string(owned.get()) : std::string();
}

} // namespace detail

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
    explicit Job(formwork_job *job) : job_(job) {}

    std::uint64_t id() const noexcept { return formwork_job_id(job_.get()); }
    /// The part that is done, from 0 to 1.
    double progress() const noexcept { return formwork_job_progress(job_.get()); }
    formwork_state state() const noexcept { return formwork_job_state(job_.get()); }
    /// State, progress and tasks as JSON.
    std::string status() const {
        char *text = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_job_status(job_.get(), &text, &error), error);
        return detail::taken(text);
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
        detail::check(formwork_job_cancel(job_.get(), task.empty() ? nullptr : task.c_str(), &error), error);
    }
    /// Lets a task that failed run again.
    void retry(const std::string &task) {
        formwork_error *error = nullptr;
        detail::check(formwork_job_retry(job_.get(), task.c_str(), &error), error);
    }
    /// How each task ended, as JSON.
    std::string report() {
        char *text = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_job_report(job_.get(), &text, &error), error);
        return detail::taken(text);
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
    detail::Handle<formwork_job, formwork_job_destroy> job_;
};

/// An input that a job's task `task`, an `import/bytes` without `text`, brings in.
struct Held {
    std::string task;
    Source source;
};

/// The engine.
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
        formwork_engine *engine = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_engine_open(&c, &engine, &error), error);
        engine_.reset(engine);
    }

    /// The handle, for what only C offers.
    formwork_engine *c() const noexcept { return engine_.get(); }

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
        struct formwork_request asked = FORMWORK_REQUEST_INIT;
        asked.operation = detail::given(request.operation);
        asked.output_format = detail::given(request.output_format);
        asked.options = detail::given(request.options);
        asked.wishes = detail::given(request.wishes);
        if (request.progress) {
            asked.progress = [](void *user, double done) -> std::int32_t {
                return (*static_cast<const std::function<bool(double)> *>(user))(done) ? 0 : 1;
            };
            asked.user = const_cast<std::function<bool(double)> *>(&request.progress);
        }
        struct formwork_target target = FORMWORK_TARGET_INIT;
        target.kind = FORMWORK_TARGET_KIND_MEMORY;
        formwork_receipt *receipt = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_convert(c(), &from, &asked, &target, &receipt, &error), error);
        return Result{Output(target.output), read(receipt)};
    }

    /// Takes a job in, a JSON text, with what its tasks bring in that the host holds.
    Job submit(const std::string &request, const std::vector<Held> &held = {}) {
        std::vector<struct formwork_source> sources;
        std::vector<struct formwork_held_input> inputs;
        for (const Held &one : held) {
            sources.push_back(one.source.c());
        }
        for (std::size_t at = 0; at < held.size(); ++at) {
            inputs.push_back({sizeof(struct formwork_held_input), held[at].task.c_str(), &sources[at]});
        }
        struct formwork_job_options options = FORMWORK_JOB_OPTIONS_INIT;
        options.held = inputs.data();
        options.held_count = inputs.size();
        formwork_job *job = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_job_submit(c(), request.c_str(), &options, &job, &error), error);
        return Job(job);
    }

    /// Says what an input is, as JSON.
    std::string probe(const Source &source) {
        const struct formwork_source from = source.c();
        char *text = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_probe(c(), &from, &text, &error), error);
        return detail::taken(text);
    }

    /// All formats, as a JSON array.
    std::string formats() {
        char *text = nullptr;
        formwork_error *error = nullptr;
        detail::check(formwork_formats(c(), &text, &error), error);
        return detail::taken(text);
    }

private:
    static std::string read(formwork_receipt *receipt) {
        const detail::Handle<formwork_receipt, formwork_receipt_destroy> owned(receipt);
        return formwork_receipt_json(owned.get());
    }

    detail::Handle<formwork_engine, formwork_engine_close> engine_;
};

} // namespace formwork

#endif // FORMWORK_HPP
