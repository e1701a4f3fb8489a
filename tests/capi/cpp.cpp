// The C++ header: objects that end themselves, exceptions, jobs.

#include <formwork.hpp>

#include <cstdlib>
#include <iostream>
#include <type_traits>

static_assert(!std::is_copy_constructible_v<formwork::Engine> && std::is_move_constructible_v<formwork::Engine>);
static_assert(!std::is_copy_constructible_v<formwork::Job> && std::is_move_constructible_v<formwork::Output>);

namespace {

void check(bool that, const char *what) {
    if (!that) {
        std::cerr << "not so: " << what << "\n";
        std::exit(1);
    }
}

std::string picture() {
    std::string bytes = "P6\n8 8\n255\n";
    for (int at = 0; at < 3 * 8 * 8; ++at) {
        bytes.push_back(static_cast<char>(at));
    }
    return bytes;
}

} // namespace

int main(int count, char **words) {
    check(count == 3, "two words");
    formwork::EngineOptions options;
    options.plugin_folders = {words[1]};
    options.worker = words[2];
    options.threads = 2;
    formwork::Engine engine(options);
    const std::string bytes = picture();

    const formwork::Source source = formwork::Source::memory(bytes, "in.ppm");
    formwork::Result result = engine.convert(source, {"png", R"({"width": 4})"});
    check(result.output.format() == "png" && result.output.media_type() == "image/png", "a PNG");
    check(result.output.bytes().substr(1, 3) == "PNG", "its bytes");
    check(result.receipt.find("\"route\"") != std::string::npos, "a receipt");
    check(engine.probe(source).find("\"width\":8") != std::string::npos, "facts");
    check(engine.formats().find("\"png\"") != std::string::npos, "formats");

    try {
        engine.convert(formwork::Source::memory(std::string_view(bytes).substr(0, 20), "in.ppm"), {"png"});
        check(false, "a broken file throws");
    } catch (const formwork::Error &error) {
        check(error.status() == FORMWORK_STATUS_CORRUPT_INPUT && error.kind() == "corrupt_input", "its kind");
        check(std::string(error.what()).find("in.ppm") != std::string::npos, "its message");
    }

    formwork::Job job = engine.submit(R"({"tasks": {"in": {"operation": "import/bytes"},
        "png": {"operation": "convert", "input": "in", "output_format": "png"},
        "out": {"operation": "export/bytes", "input": "png"}}})",
                                      {{"in", source}});
    check(job.wait(), "the job ends");
    const std::vector<formwork::Output> outputs = job.outputs();
    check(outputs.size() == 1 && outputs[0].format() == "png", "one PNG");
    check(job.state() == FORMWORK_STATE_FINISHED && job.progress() > 0.99, "finished");

    formwork::Engine moved = std::move(engine);
    check(moved.formats().size() > 2, "a moved engine works");
    std::cout << "well\n";
    return 0;
}
