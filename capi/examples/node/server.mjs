/* Formwork behind Fastify: converts what is posted, at once or as a job. See ../README.md for the requests. */

import Fastify from 'fastify';
import { Readable } from 'node:stream';
import { Engine, FormworkError } from './formwork.mjs';

const HOST = '127.0.0.1';
const MOST_BYTES = 2 ** 30;
const KINDS = {
    400: 'invalid_request',
    404: 'not_found',
    405: 'method_not_allowed',
    409: 'pending',
    413: 'limit_exceeded',
};
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const [port, registryCache] = process.argv.slice(2);
const engine = await Engine.open({ registryCache });
// Only the event loop touches this, so it needs no lock.
const jobs = new Map();

class Refusal extends Error {
    constructor(statusCode, message) {
        super(message);
        this.statusCode = statusCode;
    }
}

const app = Fastify({ bodyLimit: MOST_BYTES });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

// Texts of C end at a NUL.
const word = { type: 'string', pattern: '^[^\\0]+$' };
const schema = {
    querystring: {
        type: 'object',
        required: ['to'],
        properties: {
            to: word,
            name: { ...word, default: 'input' },
            operation: { ...word, default: 'convert' },
        },
        additionalProperties: { type: 'string' },
    },
};

app.post('/convert', { schema }, async (request, reply) => {
    const { to, name, operation, ...options } = request.query;
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const data = request.body ?? Buffer.alloc(0);
    return send(reply, await engine.convert(data, to, { name, operation, options, signal: gone.signal }));
});

app.post('/jobs', { schema }, async (request, reply) => {
    const { to, name, operation, ...options } = request.query;
    const tasks = {
        in: { operation: 'import/bytes' },
        work: { operation, input: 'in', output_format: to, options },
        out: { operation: 'export/bytes', input: 'work' },
    };
    const data = request.body ?? Buffer.alloc(0);
    const job = await engine.submit({ tasks }, { in: { data, name } });
    jobs.set(String(job.id), job);
    return reply.code(202).send({ id: String(job.id) });
});

app.get('/jobs/:id', async (request) => find(request).status());

app.delete('/jobs/:id', async (request) => {
    const job = find(request);
    job.cancel();
    return job.status();
});

app.get('/jobs/:id/result', async (request, reply) => {
    const job = find(request);
    const { state, error } = job.status();
    if (error) {
        return reply.code(409).send({ error });
    }
    const output = state === 'finished' ? job.output() : null;
    if (!output) {
        throw new Refusal(409, `job ${job.id} has no result yet`);
    }
    return send(reply, output);
});

for (const [url, allow] of Object.entries({
    '/convert': ['POST'],
    '/jobs': ['POST'],
    '/jobs/:id': ['GET', 'DELETE'],
    '/jobs/:id/result': ['GET'],
})) {
    // Before the body is read.
    const onRequest = async (request, reply) => {
        reply.header('allow', allow.join(', '));
        throw new Refusal(405, `${request.method} is not for this path`);
    };
    app.route({ method: METHODS.filter((method) => !allow.includes(method)), url, onRequest, handler: onRequest });
}

app.setNotFoundHandler(async (request) => {
    throw new Refusal(404, `there is no ${request.url.split('?')[0]}`);
});

app.setErrorHandler(async (error, _request, reply) => {
    if (error instanceof FormworkError) {
        return reply.code(error.http).send({ error: error.details });
    }
    const code = error.statusCode ?? 500;
    if (code >= 500) {
        console.error(error);
    }
    const message = code >= 500 ? 'the server failed' : error.message;
    return reply.code(code).send({ error: { kind: KINDS[code] ?? 'internal', message } });
});

function find(request) {
    const job = jobs.get(request.params.id);
    if (!job) {
        throw new Refusal(404, `there is no job ${request.params.id}`);
    }
    return job;
}

function send(reply, output) {
    const name = encodeURIComponent(output.name.split('/').at(-1)).replace(
        /['()*]/g,
        (c) => `%${c.charCodeAt(0).toString(16)}`,
    );
    const body = Readable.from(output.chunks(), { objectMode: false });
    body.once('close', () => output.close());
    return reply
        .header('content-length', output.size)
        .header('content-disposition', `attachment; filename*=UTF-8''${name}`)
        .type(output.mediaType)
        .send(body);
}

async function stop() {
    // Closing the engine has the requests return that wait for it. Who reads or sends slowly is cut off.
    setTimeout(() => app.server.closeAllConnections(), 1000).unref();
    await Promise.all([app.close(), engine.close()]);
    jobs.forEach((job) => job.close());
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

await app.listen({ host: HOST, port: Number(port) });
console.log(`listening on ${HOST}:${app.server.address().port}`);
