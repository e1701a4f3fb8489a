// An HTTP server around Formwork with cpp-httplib, which has a pool of threads, so calls may block.
#include <formwork.hpp>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace {

using httplib::ContentReader;
using httplib::Request;
using httplib::Response;
using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

constexpr std::size_t body_most = std::size_t{1} << 30;
constexpr std::size_t jobs_most = 1024;
constexpr std::size_t threads = 32;

/// What this server itself has to say against a request.
struct Refusal : std::runtime_error {
    Refusal(int status_, std::string kind_, const std::string &message)
        : std::runtime_error(message), status(status_), kind(std::move(kind_)) {}
    int status;
    std::string kind;
};

void send_json(Response &response, int status, const Json &json) {
    response.status = status;
    response.set_content(json.dump(), "application/json");
}

void send_refusal(Response &response, const Refusal &refusal) {
    send_json(response, refusal.status, {{"error", {{"kind", refusal.kind}, {"message", refusal.what()}}}});
}

void send_failure(Response &response, std::exception_ptr failure) {
    try {
        std::rethrow_exception(std::move(failure));
    } catch (const formwork::Error &error) {
        send_json(response, formwork_status_http(error.status()), {{"error", Json::parse(error.json())}});
    } catch (const Refusal &refusal) {
        send_refusal(response, refusal);
    } catch (const Json::exception &) {
        send_refusal(response, {400, "invalid_request", "the query is no UTF-8"});
    } catch (const std::exception &) {
        send_refusal(response, {500, "internal", "the server failed"});
    }
}

/// Names are UTF-8 from a client: only a percent-encoded one is safe in a header.
std::string encode(const std::string &name) {
    std::ostringstream encoded;
    encoded << std::hex << std::uppercase;
    for (const char byte : name) {
        const auto number = static_cast<unsigned char>(byte);
        const bool letter = (number | 0x20) >= 'a' && (number | 0x20) <= 'z';
        if (letter || (number >= '0' && number <= '9') || number == '.' || number == '-' || number == '_') {
            encoded << byte;
        } else {
            encoded << '%' << std::setw(2) << std::setfill('0') << int{number};
        }
    }
    return encoded.str();
}

void send_output(Response &response, formwork::Output output) {
    const std::string name = output.name();
    const std::string file = name.substr(name.rfind('/') + 1); // npos + 1 is 0
    response.set_header("Content-Disposition", "attachment; filename*=UTF-8''" + encode(file));
    const std::string type = output.media_type();
    const auto size = static_cast<std::size_t>(output.size());
    // A function of the standard library must be copyable, and an output is not.
    auto shared = std::make_shared<formwork::Output>(std::move(output));
    response.set_content_provider(
        size, type, [shared](std::size_t offset, std::size_t length, httplib::DataSink &sink) {
            char buffer[1 << 16];
            const std::size_t count = shared->read(offset, buffer, std::min(length, sizeof buffer));
            return count > 0 && sink.write(buffer, count);
        });
}

/// A file that was sent, and what is wanted of it.
struct Upload {
    std::string bytes;
    std::string name;
    std::string to;
    std::string operation;
    Json options = Json::object();

    formwork::Source source() const { return formwork::Source::memory(bytes, name); }
};

Upload receive(const Request &request, const ContentReader &read) {
    Upload upload;
    const bool whole = read([&](const char *data, std::size_t length) {
        if (length > body_most - upload.bytes.size()) {
            return false;
        }
        upload.bytes.append(data, length);
        return true;
    });
    if (!whole) {
        throw Refusal(413, "limit_exceeded", "the file is larger than 1 GiB, or did not come whole");
    }
    for (const auto &[key, value] : request.params) {
        if (key == "to") {
            upload.to = value;
        } else if (key == "name") {
            upload.name = value;
        } else if (key == "operation") {
            upload.operation = value;
        } else {
            upload.options[key] = value;
        }
    }
    if (upload.to.empty()) {
        throw Refusal(400, "invalid_request", "`to` is missing: the format wanted");
    }
    return upload;
}

/// The jobs, which threads share: whoever uses one while it is forgotten keeps it alive.
class Jobs {
public:
    std::uint64_t add(formwork::Job job) {
        auto shared = std::make_shared<formwork::Job>(std::move(job));
        const std::lock_guard<std::mutex> guard(lock_);
        if (jobs_.size() >= jobs_most) {
            if (jobs_.begin()->second->state() <= FORMWORK_STATE_PROCESSING) {
                shared->cancel();
                throw Refusal(503, "limit_exceeded", "too many jobs are waiting");
            }
            jobs_.erase(jobs_.begin());
        }
        const std::uint64_t id = shared->id();
        jobs_.emplace(id, std::move(shared));
        return id;
    }

    std::shared_ptr<formwork::Job> find(const Request &request) const {
        const std::uint64_t id = std::strtoull(request.matches[1].str().c_str(), nullptr, 10);
        const std::lock_guard<std::mutex> guard(lock_);
        const auto found = jobs_.find(id);
        if (found == jobs_.end()) {
            throw Refusal(404, "not_found", "there is no such job");
        }
        return found->second;
    }

private:
    mutable std::mutex lock_;
    std::map<std::uint64_t, std::shared_ptr<formwork::Job>> jobs_;
};

void send_status(Response &response, const formwork::Job &job) {
    response.set_content(job.status(), "application/json");
}

void send_result(Response &response, formwork::Job &job) {
    try {
        if (job.wait(0ms)) {
            auto outputs = job.outputs();
            if (!outputs.empty()) {
                send_output(response, std::move(outputs.front()));
                return;
            }
        }
    } catch (const formwork::Error &error) {
        send_json(response, 409, {{"error", Json::parse(error.json())}});
        return;
    }
    throw Refusal(409, "pending", "there is no result");
}

} // namespace

int main(int count, char **arguments) {
    const int port = std::atoi(count > 1 ? arguments[1] : "8080");
    // Blocked before any thread begins, so that one thread alone takes them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    try {
        formwork::EngineOptions options;
        options.registry_cache = count > 2 ? arguments[2] : ""; // with one, the engine opens at once
        formwork::Engine engine(options);
        Jobs jobs;
        httplib::Server server;
        server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
        server.set_payload_max_length(body_most);
        server.set_keep_alive_timeout(1); // a thread that waits for the next request ends no sooner

        server.Post("/convert", [&](const Request &request, Response &response, const ContentReader &read) {
            const Upload upload = receive(request, read);
            const formwork::Request wanted{upload.to, upload.options.dump(), upload.operation};
            send_output(response, engine.convert(upload.source(), wanted).output);
        });
        server.Post("/jobs", [&](const Request &request, Response &response, const ContentReader &read) {
            const Upload upload = receive(request, read);
            const Json job = {{"tasks",
                               {{"in", {{"operation", "import/bytes"}}},
                                {"work",
                                 {{"operation", upload.operation.empty() ? "convert" : upload.operation},
                                  {"input", "in"},
                                  {"output_format", upload.to},
                                  {"options", upload.options}}},
                                {"out", {{"operation", "export/bytes"}, {"input", "work"}}}}}};
            const std::uint64_t id = jobs.add(engine.submit(job.dump(), {{"in", upload.source()}}));
            send_json(response, 202, {{"id", std::to_string(id)}});
        });
        server.Get(R"(/jobs/(\d+))",
                   [&](const Request &request, Response &response) { send_status(response, *jobs.find(request)); });
        server.Get(R"(/jobs/(\d+)/result)",
                   [&](const Request &request, Response &response) { send_result(response, *jobs.find(request)); });
        server.Delete(R"(/jobs/(\d+))", [&](const Request &request, Response &response) {
            const auto job = jobs.find(request);
            job->cancel();
            send_status(response, *job);
        });
        server.set_exception_handler([](const Request &, Response &response, std::exception_ptr failure) {
            send_failure(response, std::move(failure));
        });
        server.set_error_handler([](const Request &request, Response &response) {
            static const std::regex known(R"(/convert|/jobs(/\d+(/result)?)?)");
            if (!response.body.empty()) {
                return;
            }
            if (response.status == 404 && std::regex_match(request.path, known)) {
                send_refusal(response, {405, "invalid_request", "this path has no such method"});
            } else if (response.status == 404) {
                send_refusal(response, {404, "not_found", "there is nothing at this path"});
            } else if (response.status == 413) {
                send_refusal(response, {413, "limit_exceeded", "the file is larger than 1 GiB"});
            } else {
                send_refusal(response, {response.status, "invalid_request", "the request makes no sense"});
            }
        });
        // Otherwise a body that is too large would be read to its end first.
        server.set_expect_100_continue_handler([](const Request &request, Response &response) {
            const bool large = request.get_header_value<std::uint64_t>("Content-Length") > body_most;
            return large ? response.status = 413 : 100;
        });

        if (!server.bind_to_port("127.0.0.1", port)) {
            std::cerr << "cannot listen on 127.0.0.1:" << port << "\n";
            return EXIT_FAILURE;
        }
        std::cout << "listening on 127.0.0.1:" << port << std::endl;
        std::thread ending([&] {
            int signal = 0;
            sigwait(&signals, &signal);
            engine.shut_down(); // what waits for it returns by itself
            server.stop();
        });
        // Returns when all its threads have ended; then nobody uses the engine any more.
        server.listen_after_bind();
        ending.join();
    } catch (const std::exception &failure) {
        std::cerr << failure.what() << "\n";
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
