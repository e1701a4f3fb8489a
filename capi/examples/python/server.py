"""Formwork behind FastAPI: converts what is posted, at once or as a job, see ../README.md."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from tempfile import TemporaryFile
from typing import IO, Annotated, Any
from urllib.parse import quote

import uvicorn
from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

import formwork

ADDRESS = "127.0.0.1"
MOST_BYTES = 1 << 30
MOST_CALLS = 32
KINDS = {
    400: "invalid_request",
    404: "not_found",
    405: "method_not_allowed",
    409: "pending",
    413: "limit_exceeded",
}


class Host:
    """The engine, the threads that wait in it, and the jobs that were posted."""

    def __init__(self, engine: formwork.Engine, pool: ThreadPoolExecutor) -> None:
        self.engine = engine
        self.pool = pool
        self._jobs: dict[str, formwork.Job] = {}
        self._lock = threading.Lock()

    async def call(self, function: Any, *arguments: Any) -> Any:
        """Calls what blocks, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, function, *arguments)

    def close(self) -> None:
        with self._lock:
            while self._jobs:
                self._jobs.popitem()[1].close()

    def keep(self, job: formwork.Job) -> str:
        with self._lock:
            self._jobs[str(job.id)] = job
        return str(job.id)

    def job(self, number: str) -> formwork.Job:
        with self._lock:
            job = self._jobs.get(number)
        if job is None:
            raise HTTPException(404, f"there is no job {number}")
        return job


def host_of(request: Request) -> Host:
    host: Host = request.app.state.host
    return host


async def body_of(request: Request) -> AsyncIterator[IO[bytes]]:
    """The body in a file without a name: the engine reads it there, and memory holds none of it."""
    too_large = HTTPException(413, f"the body is larger than {MOST_BYTES} bytes")
    if int(request.headers.get("content-length", 0)) > MOST_BYTES:
        raise too_large
    with TemporaryFile(buffering=0) as file:
        async for chunk in request.stream():
            file.write(chunk)
            if file.tell() > MOST_BYTES:
                raise too_large
        yield file


def options_of(request: Request) -> dict[str, str]:
    return {
        key: value
        for key, value in request.query_params.items()
        if key not in ("to", "name", "operation")
    }


HostDep = Annotated[Host, Depends(host_of)]
BodyDep = Annotated[IO[bytes], Depends(body_of)]
OptionsDep = Annotated[dict[str, str], Depends(options_of)]
# Texts of C end at a NUL.
Word = Annotated[str, Query(pattern=r"^[^\x00]+$")]
app = FastAPI(openapi_url=None)


@app.post("/convert")
async def convert(
    request: Request,
    host: HostDep,
    body: BodyDep,
    options: OptionsDep,
    to: Word,
    name: Word = "input",
    operation: Word = "convert",
) -> Response:
    # It ends when neither this nor the thread has it any more: not before the call returns.
    token = host.engine.cancel_token()

    def work() -> formwork.Output:
        return host.engine.convert(
            body.fileno(), to, name=name, operation=operation, options=options, cancel=token
        )

    async def listen() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        token.cancel()

    listening = asyncio.create_task(listen())
    try:
        return file_response(await host.call(work))
    finally:
        listening.cancel()


@app.post("/jobs", status_code=202)
async def submit(
    host: HostDep,
    body: BodyDep,
    options: OptionsDep,
    to: Word,
    name: Word = "input",
    operation: Word = "convert",
) -> dict[str, str]:
    job = {
        "tasks": {
            "in": {"operation": "import/bytes"},
            "work": {
                "operation": operation,
                "input": "in",
                "output_format": to,
                "options": options,
            },
            "out": {"operation": "export/bytes", "input": "work"},
        }
    }
    held = {"in": (body.fileno(), name)}
    return {"id": host.keep(await host.call(host.engine.submit, job, held))}


# FastAPI runs plain functions in threads of its own: these wait for nothing but a lock.
@app.get("/jobs/{number}")
def status(host: HostDep, number: str) -> dict[str, Any]:
    return host.job(number).status()


@app.delete("/jobs/{number}")
def cancel(host: HostDep, number: str) -> dict[str, Any]:
    host.job(number).cancel()
    return status(host, number)


@app.get("/jobs/{number}/result")
def result(host: HostDep, number: str) -> Response:
    job = host.job(number)
    now = job.status()
    if "error" in now:
        return JSONResponse({"error": now["error"]}, 409)
    output = job.output() if now["state"] == "finished" else None
    if output is None:
        raise HTTPException(409, f"job {number} has no result yet")
    return file_response(output)


def file_response(output: formwork.Output) -> Response:
    def chunks() -> Iterator[bytes]:
        with output:
            yield from output.chunks()

    name = output.name.rpartition("/")[2]
    headers = {
        "content-length": str(output.size),
        "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
    }
    return StreamingResponse(chunks(), media_type=output.media_type, headers=headers)


@app.exception_handler(formwork.FormworkError)
def engine_failed(_: Request, error: formwork.FormworkError) -> Response:
    return JSONResponse({"error": error.details}, error.http)


@app.exception_handler(HTTPException)
def refused(_: Request, error: HTTPException) -> Response:
    details = {"kind": KINDS.get(error.status_code, "internal"), "message": error.detail}
    return JSONResponse({"error": details}, error.status_code, error.headers)


@app.exception_handler(RequestValidationError)
def not_understood(_: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    message = f"`{first['loc'][-1]}`: {first['msg']}"
    return JSONResponse({"error": {"kind": KINDS[400], "message": message}}, 400)


class Server(uvicorn.Server):
    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"listening on {ADDRESS}:{port}", flush=True)

    def handle_exit(self, sig: int, frame: Any) -> None:
        # What waits for the engine returns by itself.
        app.state.host.engine.shut_down()
        super().handle_exit(sig, frame)


def main(port: int, registry_cache: str | None = None) -> None:
    # Once it has shut down, uvicorn raises the signal again for whoever handled it before it.
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: None)
    config = uvicorn.Config(
        app,
        ADDRESS,
        port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,  # for who reads or sends slowly
    )
    # From the inside out: the engine may be closed only when no thread is in a call of it.
    with (
        formwork.Engine(registry_cache=registry_cache) as engine,
        ThreadPoolExecutor(MOST_CALLS) as pool,
        closing(Host(engine, pool)) as host,
    ):
        app.state.host = host
        Server(config).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
