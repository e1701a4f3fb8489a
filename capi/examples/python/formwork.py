"""Formwork through its shared library: the functions of formwork.h as a few classes.

    with formwork.Engine() as engine:
        with engine.convert(data, "webp", name="holiday.heic") as output:
            use(output.name, output.read())

ctypes lets go of the interpreter's lock while a function of the library runs, so threads convert
side by side. Objects may be used from any thread; close an engine when no other thread is in a call
of it any more.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Iterator, Mapping
from ctypes import (
    POINTER,
    byref,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Self

API = (0, 1)
OK, PENDING, END = 0, 15, 16
ALL_THREADS = -1
_MEMORY_TARGET = 2
_FD_SOURCE = 3
_MEMORY_SOURCE = 2
_CHUNK = 1 << 20


class _Struct(ctypes.Structure):
    def __init__(self, **members: Any) -> None:
        super().__init__(struct_size=ctypes.sizeof(self), **members)


class _EngineOptions(_Struct):
    _fields_ = [
        ("struct_size", c_size_t),
        ("plugin_folders", POINTER(c_char_p)),
        ("plugin_folder_count", c_size_t),
        ("worker", c_char_p),
        ("registry_cache", c_char_p),
        ("temporary_folder", c_char_p),
        ("result_cache", c_char_p),
        ("result_cache_bytes", c_uint64),
        ("limits", c_char_p),
        ("isolation", c_int32),
        ("threads", c_int32),
        ("hashes", c_int32),
        ("reserved", c_int32),
        ("log", c_void_p),
        ("log_user", c_void_p),
    ]


class _Source(_Struct):
    _fields_ = [
        ("struct_size", c_size_t),
        ("kind", c_int32),
        ("fd", c_int),
        ("name", c_char_p),
        ("path", c_char_p),
        ("data", c_char_p),
        ("length", c_size_t),
        ("read", c_void_p),
        ("user", c_void_p),
    ]


class _Target(_Struct):
    _fields_ = [
        ("struct_size", c_size_t),
        ("kind", c_int32),
        ("fd", c_int),
        ("path", c_char_p),
        ("overwrite", c_int32),
        ("reserved", c_int32),
        ("write", c_void_p),
        ("user", c_void_p),
        ("output", c_void_p),
    ]


class _Request(_Struct):
    _fields_ = [
        ("struct_size", c_size_t),
        ("operation", c_char_p),
        ("output_format", c_char_p),
        ("options", c_char_p),
        ("wishes", c_char_p),
        ("progress", c_void_p),
        ("user", c_void_p),
        ("cancel", c_void_p),
        ("preset", c_char_p),
    ]


class _HeldInput(_Struct):
    _fields_ = [("struct_size", c_size_t), ("task", c_char_p), ("source", POINTER(_Source))]


class _JobOptions(_Struct):
    _fields_ = [
        ("struct_size", c_size_t),
        ("held", POINTER(_HeldInput)),
        ("held_count", c_size_t),
        ("priority", c_int32),
        ("weight", c_uint32),
        ("tenant", c_char_p),
        ("timeout_ms", c_uint64),
        ("listener", c_void_p),
        ("user", c_void_p),
    ]


def _load() -> ctypes.CDLL:
    library = ctypes.CDLL(os.environ.get("FORMWORK_LIBRARY", f"libformwork.so.{API[0]}"))
    library.formwork_api_version.restype = c_uint32
    version = library.formwork_api_version()
    if version >> 16 != API[0] or version & 0xFFFF < API[1]:
        raise ImportError(
            f"libformwork has interface {version >> 16}.{version & 0xFFFF}, not {API[0]}.{API[1]}"
        )
    handle, text, out = c_void_p, c_char_p, POINTER(c_void_p)
    # Without these, ctypes takes every pointer for an int of 32 bits.
    for name, result, *arguments in [
        ("engine_open", c_int32, POINTER(_EngineOptions), out, out),
        ("engine_shut_down", None, handle),
        ("engine_close", None, handle),
        ("cancel_token_create", c_int32, handle, out, out),
        ("cancel_token_cancel", None, handle),
        ("cancel_token_destroy", None, handle),
        (
            "convert",
            c_int32,
            handle,
            POINTER(_Source),
            POINTER(_Request),
            POINTER(_Target),
            out,
            out,
        ),
        ("job_submit", c_int32, handle, text, POINTER(_JobOptions), out, out),
        ("job_id", c_uint64, handle),
        ("job_status", c_int32, handle, out, out),
        ("job_wait", c_int32, handle, c_int64, out),
        ("job_output", c_int32, handle, c_size_t, out, out),
        ("job_cancel", c_int32, handle, text, out),
        ("job_destroy", None, handle),
        ("output_name", text, handle),
        ("output_format", text, handle),
        ("output_media_type", text, handle),
        ("output_size", c_uint64, handle),
        ("output_read", c_int32, handle, c_uint64, c_void_p, c_size_t, POINTER(c_size_t), out),
        ("output_destroy", None, handle),
        ("error_json", text, handle),
        ("error_destroy", None, handle),
        ("status_http", c_int32, c_int32),
        ("text_destroy", None, c_void_p),
    ]:
        function = getattr(library, f"formwork_{name}")
        function.restype, function.argtypes = result, arguments
    return library


_c = _load()


class FormworkError(Exception):
    """Why a call failed: `details` has kind, message, hint and more; `http` is a code for it."""

    def __init__(self, status: int, error: c_void_p) -> None:
        self.status = status
        self.http: int = _c.formwork_status_http(status)
        self.details: dict[str, Any] = {
            "kind": "misuse",
            "message": f"the call failed with status {status}",
        }
        if error:
            self.details = json.loads(_c.formwork_error_json(error))
            _c.formwork_error_destroy(error)
        super().__init__(self.details["message"])


def _call(function: Any, *arguments: Any, also: tuple[int, ...] = ()) -> int:
    """Calls a function whose last parameter is the place for an error."""
    error = c_void_p()
    status: int = function(*arguments, byref(error))
    if status == OK or status in also:
        _c.formwork_error_destroy(error)
        return status
    raise FormworkError(status, error)


def _json(value: Mapping[str, Any] | None) -> bytes | None:
    return None if value is None else json.dumps(value).encode()


def _text(value: str | None) -> bytes | None:
    if value is not None and "\0" in value:
        raise ValueError("a text has a NUL in it")
    return None if value is None else value.encode()


def _source(data: bytes | int, name: str | None) -> _Source:
    if isinstance(data, int):
        return _Source(kind=_FD_SOURCE, fd=data, name=_text(name))
    return _Source(kind=_MEMORY_SOURCE, fd=-1, name=_text(name), data=data, length=len(data))


class _Handle:
    """A pointer that is destroyed once: by `close`, by `with`, or when nobody has it any more."""

    _destroy: str

    def __init__(self, pointer: c_void_p) -> None:
        self._pointer = pointer

    def close(self) -> None:
        pointer, self._pointer = self._pointer, c_void_p()
        getattr(_c, self._destroy)(pointer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            self.close()


class Output(_Handle):
    """One file that came out."""

    _destroy = "formwork_output_destroy"

    def __init__(self, pointer: c_void_p) -> None:
        super().__init__(pointer)
        self.name: str = _c.formwork_output_name(pointer).decode()
        self.format: str = _c.formwork_output_format(pointer).decode()
        self.media_type: str = _c.formwork_output_media_type(pointer).decode()
        self.size: int = _c.formwork_output_size(pointer)

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """Its bytes in pieces: a result that lies in a file never is in memory as a whole."""
        buffer, count, offset = ctypes.create_string_buffer(min(_CHUNK, self.size)), c_size_t(), 0
        while offset < self.size:
            _call(_c.formwork_output_read, self._pointer, offset, buffer, len(buffer), byref(count))
            if count.value == 0:
                return
            yield ctypes.string_at(buffer, count.value)
            offset += count.value


class Job(_Handle):
    """A job. Letting go of it lets it go on: cancel it first if that is not wanted."""

    _destroy = "formwork_job_destroy"

    @property
    def id(self) -> int:
        return int(_c.formwork_job_id(self._pointer))

    def status(self) -> dict[str, Any]:
        """`state`, `progress`, `tasks`, and `error` when it failed."""
        text = c_void_p()
        _call(_c.formwork_job_status, self._pointer, byref(text))
        try:
            status: dict[str, Any] = json.loads(ctypes.cast(text, c_char_p).value or b"{}")
            return status
        finally:
            _c.formwork_text_destroy(text)

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until it is over; False when `timeout` seconds pass first. Raises how it failed."""
        milliseconds = -1 if timeout is None else int(timeout * 1000)
        return _call(_c.formwork_job_wait, self._pointer, milliseconds, also=(PENDING,)) == OK

    def cancel(self, task: str | None = None) -> None:
        _call(_c.formwork_job_cancel, self._pointer, _text(task))

    def output(self, index: int = 0) -> Output | None:
        """The index-th file of a job that is over; None beyond the last."""
        output = c_void_p()
        status = _call(_c.formwork_job_output, self._pointer, index, byref(output), also=(END,))
        return None if status == END else Output(output)


class CancelToken(_Handle):
    """Cancels the calls it is given to. It must not be closed before they have returned."""

    _destroy = "formwork_cancel_token_destroy"

    def cancel(self) -> None:
        _c.formwork_cancel_token_cancel(self._pointer)


class Engine(_Handle):
    """Plugins, limits and threads. Open it after a fork, in each process.

    With a folder of its own as `registry_cache`, it opens at once.
    """

    _destroy = "formwork_engine_close"

    def __init__(
        self,
        *,
        registry_cache: str | None = None,
        limits: Mapping[str, int] | None = None,
        threads: int = ALL_THREADS,
    ) -> None:
        engine = c_void_p()
        options = _EngineOptions(
            registry_cache=_text(registry_cache), limits=_json(limits), threads=threads
        )
        _call(_c.formwork_engine_open, byref(options), byref(engine))
        super().__init__(engine)

    def cancel_token(self) -> CancelToken:
        token = c_void_p()
        _call(_c.formwork_cancel_token_create, self._pointer, byref(token))
        return CancelToken(token)

    def shut_down(self) -> None:
        """Cancels all calls and jobs, for ever. Returns without waiting."""
        _c.formwork_engine_shut_down(self._pointer)

    def convert(
        self,
        data: bytes | int,
        to: str | None,
        *,
        name: str | None = None,
        operation: str | None = None,
        options: Mapping[str, Any] | None = None,
        cancel: CancelToken | None = None,
    ) -> Output:
        """Converts bytes, or what is in an open descriptor."""
        source, target = _source(data, name), _Target(kind=_MEMORY_TARGET, fd=-1)
        request = _Request(
            operation=_text(operation),
            output_format=_text(to),
            options=_json(options),
            cancel=cancel._pointer if cancel else None,
        )
        _call(
            _c.formwork_convert, self._pointer, byref(source), byref(request), byref(target), None
        )
        return Output(c_void_p(target.output))

    def submit(
        self, job: Mapping[str, Any], held: Mapping[str, tuple[bytes | int, str | None]]
    ) -> Job:
        """Takes a job in. `held` has data and name of what its tasks `import/bytes` bring in."""
        sources = [_source(*source) for source in held.values()]
        inputs = (_HeldInput * len(held))()
        for place, task, source in zip(inputs, held, sources, strict=True):
            place.struct_size, place.task, place.source = (
                ctypes.sizeof(place),
                _text(task),
                ctypes.pointer(source),
            )
        options, pointer = _JobOptions(held=inputs, held_count=len(inputs)), c_void_p()
        _call(_c.formwork_job_submit, self._pointer, _json(job), byref(options), byref(pointer))
        return Job(pointer)
