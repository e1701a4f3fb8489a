/* Formwork through its shared library: the functions of formwork.h as a few classes.
 *
 *     const engine = await Engine.open();
 *     const output = await engine.convert(bytes, 'webp', { name: 'holiday.heic' });
 *     use(output.name, await output.bytes());
 *     await engine.close();
 *
 * What may take long runs in Node's thread pool, UV_THREADPOOL_SIZE calls at a time. */

import koffi from 'koffi';

const API = [0, 1];
const OK = 0;
const END = 16;
const MEMORY = 2;
const ALL_THREADS = -1;
const CHUNK = 1 << 20;

const library = koffi.load(process.env.FORMWORK_LIBRARY ?? `libformwork.so.${API[0]}`);

for (const name of ['engine', 'job', 'output', 'error', 'receipt', 'cancel_token']) {
    koffi.opaque(`formwork_${name}`);
}
koffi.disposable('owned_text', 'str', library.func('void formwork_text_destroy(void *text)'));

/** Declares a struct, and returns what makes one: members that are not named are NULL or 0. */
function struct(name, members) {
    const type = koffi.struct(`formwork_${name}`, { struct_size: 'size_t', ...members });
    return (values) => ({ struct_size: type.size, ...values });
}

const engineOptions = struct('engine_options', {
    plugin_folders: 'const char **',
    plugin_folder_count: 'size_t',
    worker: 'const char *',
    registry_cache: 'const char *',
    temporary_folder: 'const char *',
    result_cache: 'const char *',
    result_cache_bytes: 'uint64_t',
    limits: 'const char *',
    isolation: 'int32_t',
    threads: 'int32_t',
    hashes: 'int32_t',
    reserved: 'int32_t',
    log: 'void *',
    log_user: 'void *',
});
const source = struct('source', {
    kind: 'int32_t',
    fd: 'int',
    name: 'const char *',
    path: 'const char *',
    data: 'const void *',
    length: 'size_t',
    read: 'void *',
    user: 'void *',
});
const request = struct('request', {
    operation: 'const char *',
    output_format: 'const char *',
    options: 'const char *',
    wishes: 'const char *',
    progress: 'void *',
    user: 'void *',
    cancel: 'const formwork_cancel_token *',
    preset: 'const char *',
});
const target = struct('target', {
    kind: 'int32_t',
    fd: 'int',
    path: 'const char *',
    overwrite: 'int32_t',
    reserved: 'int32_t',
    write: 'void *',
    user: 'void *',
    output: 'formwork_output *',
});
const heldInput = struct('held_input', { task: 'const char *', source: 'const formwork_source *' });
const jobOptions = struct('job_options', {
    held: 'const formwork_held_input *',
    held_count: 'size_t',
    priority: 'int32_t',
    weight: 'uint32_t',
    tenant: 'const char *',
    timeout_ms: 'uint64_t',
    listener: 'void *',
    user: 'void *',
});

const c = Object.fromEntries(
    `uint32_t api_version(void)
    int32_t engine_open(const formwork_engine_options *options, _Out_ formwork_engine **engine, _Out_ formwork_error **error)
    void engine_shut_down(formwork_engine *engine)
    void engine_close(formwork_engine *engine)
    int32_t cancel_token_create(formwork_engine *engine, _Out_ formwork_cancel_token **token, _Out_ formwork_error **error)
    void cancel_token_cancel(const formwork_cancel_token *token)
    void cancel_token_destroy(formwork_cancel_token *token)
    int32_t convert(formwork_engine *engine, const formwork_source *source, const formwork_request *request, _Inout_ formwork_target *target, formwork_receipt **receipt, _Out_ formwork_error **error)
    int32_t job_submit(formwork_engine *engine, const char *request, const formwork_job_options *options, _Out_ formwork_job **job, _Out_ formwork_error **error)
    uint64_t job_id(const formwork_job *job)
    int32_t job_status(const formwork_job *job, _Out_ owned_text *status, _Out_ formwork_error **error)
    int32_t job_wait(formwork_job *job, int64_t timeout_ms, _Out_ formwork_error **error)
    int32_t job_output(formwork_job *job, size_t index, _Out_ formwork_output **output, _Out_ formwork_error **error)
    int32_t job_cancel(formwork_job *job, const char *task, _Out_ formwork_error **error)
    void job_destroy(formwork_job *job)
    const char *output_name(const formwork_output *output)
    const char *output_format(const formwork_output *output)
    const char *output_media_type(const formwork_output *output)
    uint64_t output_size(const formwork_output *output)
    int32_t output_read(const formwork_output *output, uint64_t offset, _Out_ void *buffer, size_t length, _Out_ size_t *count, _Out_ formwork_error **error)
    void output_destroy(formwork_output *output)
    const char *error_json(const formwork_error *error)
    void error_destroy(formwork_error *error)
    int32_t status_http(int32_t status)`
        .split('\n')
        .map((prototype) => {
            const [, result, name, parameters] = /^\s*(.+?)(\w+)(\(.*)$/.exec(prototype);
            return [name, library.func(`${result}formwork_${name}${parameters}`)];
        }),
);

const version = c.api_version();
if (version >> 16 !== API[0] || (version & 0xffff) < API[1]) {
    throw new Error(`libformwork has interface ${version >> 16}.${version & 0xffff}, not ${API.join('.')}`);
}

/** Why a call failed: `details` has kind, message, hint and more; `http` is a status code for it. */
export class FormworkError extends Error {
    constructor(status, details) {
        super(details.message);
        this.name = 'FormworkError';
        this.status = status;
        this.http = c.status_http(status);
        this.details = details;
    }
}

function check(status, [error], also) {
    const details = error && JSON.parse(c.error_json(error));
    c.error_destroy(error);
    if (status !== OK && !also.includes(status)) {
        throw new FormworkError(
            status,
            details ?? { kind: 'misuse', message: `the call failed with status ${status}` },
        );
    }
    return status;
}

/** Calls a function that soon returns. */
function now(call, args, also = []) {
    const error = [null];
    return check(call(...args, error), error, also);
}

/** Calls a function in the thread pool. */
function later(call, args, also = []) {
    const error = [null];
    return new Promise((resolve, reject) => {
        call.async(...args, error, (failure, status) => {
            try {
                if (failure) {
                    throw failure;
                }
                resolve(check(status, error, also));
            } catch (reason) {
                reject(reason);
            }
        });
    });
}

/** Ends what nobody closed. */
const forgotten = new FinalizationRegistry(({ destroy, pointer }) => destroy(pointer));

class Handle {
    #destroy;

    constructor(pointer, destroy) {
        this.pointer = pointer;
        this.#destroy = destroy;
        forgotten.register(this, { destroy, pointer }, this);
    }

    close() {
        forgotten.unregister(this);
        this.#destroy(this.pointer);
        this.pointer = null;
    }
}

/** One file that came out. */
export class Output extends Handle {
    constructor(pointer) {
        super(pointer, c.output_destroy);
        this.name = c.output_name(pointer);
        this.format = c.output_format(pointer);
        this.mediaType = c.output_media_type(pointer);
        this.size = Number(c.output_size(pointer));
    }

    /** Its bytes in pieces; a result that lies in a file is not brought into memory as a whole. */
    async *chunks() {
        for (let offset = 0; offset < this.size;) {
            const buffer = Buffer.allocUnsafe(Math.min(CHUNK, this.size - offset));
            const count = [0];
            await later(c.output_read, [this.pointer, offset, buffer, buffer.length, count]);
            const read = Number(count[0]);
            if (read === 0) {
                return;
            }
            yield buffer.subarray(0, read);
            offset += read;
        }
    }

    async bytes() {
        const chunks = [];
        for await (const chunk of this.chunks()) {
            chunks.push(chunk);
        }
        return Buffer.concat(chunks);
    }
}

/** A job. Letting go of it lets it go on: cancel it first if that is not wanted. */
export class Job extends Handle {
    constructor(pointer) {
        super(pointer, c.job_destroy);
        this.id = Number(c.job_id(pointer));
    }

    /** `state`, `progress`, `tasks`, and `error` when it failed. */
    status() {
        const text = [null];
        now(c.job_status, [this.pointer, text]);
        return JSON.parse(text[0]);
    }

    /** Waits until it is over. Throws how it failed. */
    async wait() {
        await later(c.job_wait, [this.pointer, -1]);
    }

    cancel(task = null) {
        now(c.job_cancel, [this.pointer, task]);
    }

    /** The index-th file of a job that is over; null beyond the last. */
    output(index = 0) {
        const output = [null];
        return now(c.job_output, [this.pointer, index, output], [END]) === END ? null : new Output(output[0]);
    }
}

/** Plugins, limits and threads. */
export class Engine {
    #pointer;
    #calls = new Set();

    constructor(pointer) {
        this.#pointer = pointer;
    }

    /** With a folder of its own as `registryCache`, it opens at once. */
    static async open({ registryCache, limits, threads = ALL_THREADS } = {}) {
        const engine = [null];
        const options = engineOptions({ registry_cache: registryCache, limits: json(limits), threads });
        await later(c.engine_open, [options, engine]);
        return new Engine(engine[0]);
    }

    /** Converts bytes. `signal` cancels. */
    async convert(data, to, { name, operation, options, signal } = {}) {
        const token = [null];
        now(c.cancel_token_create, [this.#pointer, token]);
        const [cancel] = token;
        const abort = () => c.cancel_token_cancel(cancel);
        signal?.addEventListener('abort', abort);
        const place = target({ kind: MEMORY });
        const asked = request({ operation, output_format: to, options: json(options), cancel });
        try {
            signal?.throwIfAborted();
            await this.#in(later(c.convert, [this.#pointer, held(data, name), asked, place, null]));
            return new Output(place.output);
        } finally {
            signal?.removeEventListener('abort', abort);
            c.cancel_token_destroy(cancel);
        }
    }

    /** Takes a job in. `inputs` has data and name of what its tasks `import/bytes` bring in. */
    async submit(job, inputs = {}) {
        const list = Object.entries(inputs).map(([task, { data, name }]) =>
            heldInput({ task, source: held(data, name) }),
        );
        const pointer = [null];
        const options = jobOptions({ held: list, held_count: list.length });
        await this.#in(later(c.job_submit, [this.#pointer, JSON.stringify(job), options, pointer]));
        return new Job(pointer[0]);
    }

    /** Cancels what runs, and ends the engine when no call is in it any more. */
    async close() {
        const pointer = this.#pointer;
        this.#pointer = null; // what is asked for from now on is refused
        c.engine_shut_down(pointer);
        await Promise.allSettled(this.#calls);
        await new Promise((resolve) => c.engine_close.async(pointer, resolve));
    }

    async #in(call) {
        this.#calls.add(call);
        try {
            return await call;
        } finally {
            this.#calls.delete(call);
        }
    }
}

function held(data, name) {
    return source({ kind: MEMORY, name, data, length: data.length });
}

function json(value) {
    return value === undefined ? null : JSON.stringify(value);
}
