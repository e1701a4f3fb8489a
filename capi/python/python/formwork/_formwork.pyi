from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Union, final, overload

_Path = Union[str, "PathLike[str]"]
_Input = Union[_Path, bytes, tuple[bytes, str]]

__version__: str

@final
class Engine:
    """Plugins, limits and threads. Open it after a fork, in each process. May be used from any thread."""

    def __new__(
        cls,
        *,
        plugin_folders: Union[Sequence[_Path], None] = None,
        worker: Union[_Path, None] = None,
        registry_cache: Union[_Path, None] = None,
        temporary_folder: Union[_Path, None] = None,
        limits: Union[Mapping[str, int], None] = None,
        isolation: Union[int, None] = None,
        threads: Union[int, None] = None,
        hashes: bool = False,
    ) -> Engine: ...
    @overload
    def convert(
        self,
        source: _Input,
        target: None = None,
        *,
        to: Union[str, None] = None,
        name: Union[str, None] = None,
        operation: str = "convert",
        options: Union[Mapping[str, Any], None] = None,
        wishes: Union[Mapping[str, Any], None] = None,
        progress: Union[Callable[[float], object], None] = None,
        **more: Any,
    ) -> Output:
        """Converts a file, or bytes, and returns the result. `more` are options, as `width=800`.

        `progress` hears the part that is done, and cancels by returning False.
        """

    @overload
    def convert(
        self,
        source: _Input,
        target: _Path,
        *,
        to: Union[str, None] = None,
        name: Union[str, None] = None,
        operation: str = "convert",
        overwrite: bool = False,
        options: Union[Mapping[str, Any], None] = None,
        wishes: Union[Mapping[str, Any], None] = None,
        progress: Union[Callable[[float], object], None] = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Converts into a file, or into a folder with a `/` at its end, and returns the receipt."""

    def submit(
        self,
        job: Mapping[str, Any],
        *,
        inputs: Union[Mapping[str, _Input], None] = None,
        priority: int = 0,
        tenant: str = "",
        weight: int = 1,
        timeout: Union[float, None] = None,
        listener: Union[Callable[[dict[str, Any]], object], None] = None,
    ) -> Job: ...
    def probe(self, source: _Input, *, name: Union[str, None] = None) -> dict[str, Any]: ...
    def formats(self) -> list[dict[str, Any]]: ...
    def targets(self, source: str, /) -> list[str]: ...
    def options(
        self, source: str, target: str, *, operation: str = "convert"
    ) -> list[dict[str, Any]]: ...
    def close(self) -> None: ...
    def __enter__(self) -> Engine: ...
    def __exit__(self, *_: object) -> None: ...

@final
class Job:
    """A job in an engine. Letting go of it lets it go on."""

    @property
    def id(self) -> int: ...
    @property
    def progress(self) -> float: ...
    @property
    def state(self) -> str: ...
    def status(self) -> dict[str, Any]: ...
    def wait(self, timeout: Union[float, None] = None) -> bool: ...
    def report(self) -> list[dict[str, Any]]: ...
    def outputs(self) -> list[Output]: ...
    def cancel(self, task: Union[str, None] = None) -> None: ...
    def retry(self, task: str) -> None: ...

@final
class Output:
    """One file that came out."""

    @property
    def name(self) -> str: ...
    @property
    def format(self) -> Union[str, None]: ...
    @property
    def media_type(self) -> str: ...
    @property
    def receipt(self) -> Union[dict[str, Any], None]: ...
    def read(self, offset: int = 0, length: Union[int, None] = None) -> bytes: ...
    def save(self, path: _Path) -> None: ...
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...
