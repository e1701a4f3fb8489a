from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, Union, overload

from ._error import FormworkError as FormworkError
from ._formwork import Engine as Engine
from ._formwork import Job as Job
from ._formwork import Output as Output

__version__: str

@overload
def convert(
    source: Union[str, "PathLike[str]", bytes],
    target: None = None,
    *,
    to: Union[str, None] = None,
    name: Union[str, None] = None,
    operation: str = "convert",
    options: Union[Mapping[str, Any], None] = None,
    wishes: Union[Mapping[str, Any], None] = None,
    progress: Union[Callable[[float], object], None] = None,
    **more: Any,
) -> Output: ...
@overload
def convert(
    source: Union[str, "PathLike[str]", bytes],
    target: Union[str, "PathLike[str]"],
    *,
    to: Union[str, None] = None,
    name: Union[str, None] = None,
    operation: str = "convert",
    overwrite: bool = False,
    options: Union[Mapping[str, Any], None] = None,
    wishes: Union[Mapping[str, Any], None] = None,
    progress: Union[Callable[[float], object], None] = None,
    **more: Any,
) -> dict[str, Any]: ...
