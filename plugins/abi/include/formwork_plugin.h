/* The contract between Formwork and its plugins. Generated from plugins/abi; do not edit.
 *
 * A plugin exports one function:
 *
 *     const struct formwork_plugin *formwork_plugin_entry_v1(const struct formwork_host_info *host);
 *
 * It returns a table that lives as long as the process, or NULL to refuse the host. The rules that hold
 * for every struct and function stand in plugins/abi/src/lib.rs; tests/abi/shout.c is a whole plugin. */

#ifndef FORMWORK_PLUGIN_H
#define FORMWORK_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

// The major version of the contract. Engine and plugin must agree on it.
#define FORMWORK_ABI_MAJOR 1

// The minor version of the contract: counts the additions since the major version began.
//
// 1.0 had `describe`, `probe` and `run`; 1.1 added `extension` at the end of [`Plugin`] and [`Host`].
#define FORMWORK_ABI_MINOR 1

// [`Host::tick`]: go on.
#define FORMWORK_TICK_CONTINUE 0

// [`Host::tick`]: stop, the job was cancelled.
#define FORMWORK_TICK_CANCELLED 1

// [`Host::tick`]: stop, the deadline passed.
#define FORMWORK_TICK_DEADLINE 2

// Most bytes of a piece. A longer one is not kept.
#define MOST_PIECE (48 << 20)

// A call succeeded.
#define FORMWORK_STATUS_OK 0

// A call failed; the reason was recorded with [`Host::fail`](crate::Host).
#define FORMWORK_STATUS_FAILED 1

// [`OptionValue::kind`]: `integer` is 0 or 1.
#define FORMWORK_KIND_BOOLEAN 1

// [`OptionValue::kind`]: `integer` holds the value.
#define FORMWORK_KIND_INTEGER 2

// [`OptionValue::kind`]: `number` holds the value.
#define FORMWORK_KIND_NUMBER 3

// [`OptionValue::kind`]: `text` holds the value.
#define FORMWORK_KIND_TEXT 4

// [`Input::kind`] and [`Output::kind`]: an ordinary file.
#define FORMWORK_KIND_FILE 0

// [`Input::kind`] and [`Output::kind`]: a directory, without content.
#define FORMWORK_KIND_DIRECTORY 1

// [`Input::kind`] and [`Output::kind`]: a symbolic link; the content is its target.
#define FORMWORK_KIND_SYMLINK 2

// [`Output::kind`]: a hard link; the content is the name of an earlier output.
#define FORMWORK_KIND_HARD_LINK 3

// [`Input::length`] and [`Output::length`]: not known beforehand.
#define FORMWORK_LENGTH_UNKNOWN UINT64_MAX

// [`Input::modified`] and [`Output::modified`]: not known.
#define FORMWORK_TIME_UNKNOWN INT64_MIN

// What the host says of itself when it opens a plugin.
struct formwork_host_info {
    // Size of this struct in bytes.
    uint32_t size;
    // The host's major version of the contract.
    uint32_t major;
    // The host's minor version of the contract.
    uint32_t minor;
    // Zero; room to grow.
    uint32_t reserved;
};

// Borrowed UTF-8 text or bytes with a length; not ended by a NUL.
//
// The owner keeps it alive until the call it was given to returns.
struct formwork_text {
    // First byte; may be null when `length` is 0.
    const uint8_t *pointer;
    // Number of bytes.
    size_t length;
};

// One option with its value, after defaults and range checks by the engine.
struct formwork_option {
    // The option's name, as in `quality`.
    struct formwork_text name;
    // Which of the fields below holds the value: one of the `KIND_` constants.
    uint32_t kind;
    // Zero; room to grow.
    uint32_t reserved;
    // The value of a boolean or an integer.
    int64_t integer;
    // The value of a number.
    double number;
    // The value of a text.
    struct formwork_text text;
};

// One operation of a step. A step holds several when the planner fused tasks into one pass.
struct formwork_operation {
    // Size of this struct in bytes.
    uint32_t size;
    // Zero; room to grow.
    uint32_t reserved;
    // The operation's name, as in `convert`.
    struct formwork_text name;
    // First of the options; may be null when there are none.
    const struct formwork_option *options;
    // Number of options.
    size_t options_length;
};

// One input of a step. Its bytes are read with [`Host::read_at`](crate::Host), or straight from
// `memory` when that is not null.
struct formwork_input {
    // Size of this struct in bytes.
    uint32_t size;
    // `KIND_FILE`, `KIND_DIRECTORY` or `KIND_SYMLINK`.
    uint32_t kind;
    // The file's name, or its relative path with `/` when a folder is handed over. A hint, not a path
    // that can be opened.
    struct formwork_text name;
    // Id of the detected format, as in `png`; empty when unknown or not a file.
    struct formwork_text format;
    // Number of bytes, or `LENGTH_UNKNOWN`.
    uint64_t length;
    // Last change in nanoseconds since 1970-01-01 UTC, or `TIME_UNKNOWN`.
    int64_t modified;
    // Unix permission bits, or 0 when unknown.
    uint32_t mode;
    // Zero; room to grow.
    uint32_t reserved;
    // All `length` bytes when the host holds them in memory, else null.
    const uint8_t *memory;
};

// What a step may use at the most. Each is a hard limit: a plugin that would pass one fails with kind
// `limit_exceeded` and the limit's name.
struct formwork_limits {
    // Size of this struct in bytes.
    uint32_t size;
    // Threads the step may run on, its own included; 0 and 1 both mean the caller's thread alone.
    uint32_t threads;
    // Bytes of memory for decoded content (`memory`). Default 1 GiB.
    uint64_t memory;
    // Width times height of one picture (`pixels`). Default 268,435,456.
    uint64_t pixels;
    // Width or height of a picture (`side`). Default 65,535.
    uint64_t side;
    // Frames or pages of one picture (`frames`). Default 10,000.
    uint64_t frames;
    // Bytes of descriptive data: EXIF, XMP, ICC, comments (`metadata`). Default 64 MiB.
    uint64_t metadata;
    // Bytes of all outputs together (`output`). Default 16 GiB.
    uint64_t output;
    // Entries in an archive (`entries`). Default 500,000.
    uint64_t entries;
    // Unpacked bytes for one packed byte, once `ratio_floor` bytes are out (`ratio`). Default 1,000.
    uint64_t ratio;
    // Unpacked bytes below which `ratio` is not looked at. Default 64 MiB.
    uint64_t ratio_floor;
    // Archives within archives (`depth`). Default 3.
    uint64_t depth;
    // Bytes of one entry's name (`name`). Default 4,096.
    uint64_t name;
};

// What a plugin is asked to do at one go.
struct formwork_step {
    // Size of this struct in bytes.
    uint32_t size;
    // Zero; room to grow.
    uint32_t reserved;
    // Id of the format to write; empty for `probe` and for operations that write what they find.
    struct formwork_text target;
    // First of the operations, in the order they apply.
    const struct formwork_operation *operations;
    // Number of operations.
    size_t operations_length;
    // First of the inputs.
    const struct formwork_input *inputs;
    // Number of inputs.
    size_t inputs_length;
    // The limits of this step.
    const struct formwork_limits *limits;
};

// What a plugin says of an output when it opens it.
struct formwork_output {
    // Size of this struct in bytes.
    uint32_t size;
    // `KIND_FILE`, `KIND_DIRECTORY`, `KIND_SYMLINK` or `KIND_HARD_LINK`.
    uint32_t kind;
    // Relative path with `/` for an entry of an archive or a page; empty for the one main output,
    // which the host names.
    struct formwork_text name;
    // Id of the format written; empty means the step's target.
    struct formwork_text format;
    // Number of bytes that will be written when known, else `LENGTH_UNKNOWN`. Lets the host reserve.
    uint64_t length;
    // Last change in nanoseconds since 1970-01-01 UTC, or `TIME_UNKNOWN`.
    int64_t modified;
    // Unix permission bits, or 0 for the host's default.
    uint32_t mode;
    // Zero; room to grow.
    uint32_t reserved;
};

// Functions the host lends to one call of [`Plugin::run`](crate::Plugin) or
// [`Plugin::probe`](crate::Plugin). Every function takes `context` first, may be called from any
// thread, and only until that call returns.
struct formwork_host {
    // Size of this struct in bytes.
    uint32_t size;
    // The host's minor version of the contract.
    uint32_t minor;
    // Handed back to every function.
    void *context;
    // Reports progress and asks whether to go on: returns a `TICK_` constant. To be called at least
    // once for each 64 KiB of input or 50 ms of work; costs nanoseconds. `total` 0 means unknown.
    uint32_t (*tick)(void *context, uint64_t done, uint64_t total);
    // Records something the user should know, in one sentence.
    void (*warn)(void *context, struct formwork_text message);
    // Records a loss: the feature's word (see `Feature` in the formats table) and what was lost.
    void (*lose)(void *context, struct formwork_text feature, struct formwork_text detail);
    // Records why the step fails: the error kind's word, the limit's name (empty unless the kind is
    // `limit_exceeded`) and a sentence. The plugin then returns `STATUS_FAILED`.
    void (*fail)(void *context,
                 struct formwork_text kind,
                 struct formwork_text limit,
                 struct formwork_text message);
    // Records facts as one JSON object; later members replace earlier ones of the same name.
    void (*report)(void *context, struct formwork_text json);
    // Reads up to `length` bytes of input `index` from `offset` into `buffer`. Returns the number of
    // bytes read, 0 at the end, negative on failure (already recorded).
    int64_t (*read_at)(void *context, size_t index, uint64_t offset, uint8_t *buffer, size_t length);
    // Says that input `index` is no longer needed, so that its file can be closed. Reading it again
    // opens it again.
    void (*release)(void *context, size_t index);
    // Opens an output; returns its number (0 or more), negative on failure (already recorded).
    int64_t (*open_output)(void *context, const struct formwork_output *output);
    // Appends bytes to an output. Returns 0, negative on failure (already recorded).
    int32_t (*write)(void *context, int64_t output, struct formwork_text bytes);
    // Writes bytes at an offset within what was already written, or right at its end. Returns 0,
    // negative on failure (already recorded). Does not move where [`Host::write`] appends.
    int32_t (*write_at)(void *context, int64_t output, uint64_t offset, struct formwork_text bytes);
    // Ends an output. One that is never closed is dropped. Returns 0, negative on failure.
    int32_t (*close_output)(void *context, int64_t output);
    // Since 1.1: asks for an optional ability by name and revision, as in `formwork.log/1`. Null when
    // the host does not have it.
    const void *(*extension)(void *context, struct formwork_text name);
};

// A plugin's table of functions.
struct formwork_plugin {
    // Size of this struct in bytes, as the plugin was compiled.
    uint32_t size;
    // The contract's major version the plugin was compiled for.
    uint32_t major;
    // The contract's minor version the plugin was compiled for.
    uint32_t minor;
    // Zero; room to grow.
    uint32_t reserved;
    // Returns the plugin's description: JSON after `describe::Description`, alive as long as the
    // process. Empty on failure.
    struct formwork_text (*describe)(void);
    // Reads what the first input is and reports it with [`Host::report`](crate::Host). Reads no more
    // than it needs. Returns a `STATUS_` constant.
    int32_t (*probe)(const struct formwork_step *step, const struct formwork_host *host);
    // Does a step: reads the inputs, opens, writes and closes the outputs. Returns a `STATUS_` constant.
    int32_t (*run)(const struct formwork_step *step, const struct formwork_host *host);
    // Since 1.1: asks for an optional ability by name and revision. Null when the plugin does not have
    // it.
    const void *(*extension)(struct formwork_text name);
};

#endif  /* FORMWORK_PLUGIN_H */
