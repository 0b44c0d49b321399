"""Arguments checked against a function's annotations: `frappe.utils.typing_validations`.

What came as text from a form is read where the annotation names a number or a truth value.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any, Literal, NoReturn, ParamSpec, TypeVar, Union, get_args, get_origin

from rota.errors import FrappeTypeError

P = ParamSpec("P")
R = TypeVar("R")

# HTTP knows no truth values, and JavaScript one kind of number.
SLACK: dict[Any, Any] = {bool: int | bool | float}


class _Mismatch(Exception):
    """The value does not fit the annotation."""


def qualified_name(obj: Any) -> str:
    """The name of a type, or of a value's type, with its module unless it is built in."""
    kind = obj if inspect.isclass(obj) else type(obj)
    if kind.__module__ in ("typing", "types"):
        return str(obj)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def raise_type_error(
    func: Callable[..., Any],
    arg_name: str,
    arg_type: Any,
    arg_value: object,
    current_exception: BaseException | None = None,
) -> NoReturn:
    """Say which argument of which function should be of which type, and is not.

    Raises:
        FrappeTypeError: always.
    """
    raise FrappeTypeError(
        f"Argument '{arg_name}' in '{func.__module__}.{func.__qualname__}' should be of type "
        f"'{qualified_name(arg_type)}' but got '{qualified_name(arg_value)}' instead."
    ) from current_exception


def _read_number(kind: type[int] | type[float], value: Any) -> Any:
    if isinstance(value, (bool, int)) or (kind is float and isinstance(value, float)):
        return kind(value)
    if not isinstance(value, (str, float)):
        raise _Mismatch
    try:
        number = kind(value)
    except (ValueError, OverflowError):
        raise _Mismatch from None
    if kind is int and isinstance(value, float) and number != value:
        raise _Mismatch
    return number


def _read_any_of(kinds: tuple[Any, ...], value: Any) -> Any:
    # A value that fits as it is must not be turned into the type that happens to stand first.
    for kind in kinds:
        if isinstance(kind, type) and type(value) is kind:
            return value
    for kind in kinds:
        try:
            return _read(kind, value)
        except _Mismatch:
            continue
    raise _Mismatch


def _read(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if kind is None or kind is type(None):
        if value is not None:
            raise _Mismatch
        return None
    if origin in (Union, types.UnionType):
        return _read_any_of(get_args(kind), value)
    if origin is Literal:
        if value not in get_args(kind):
            raise _Mismatch
        return value
    if kind in (int, float):
        return _read_number(kind, value)
    expected = origin or kind
    # Protocols, type variables and the like say nothing that could be checked here.
    if isinstance(expected, type) and expected is not Any and not isinstance(value, expected):
        raise _Mismatch
    return value


def transform_parameter_types(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments, read as the annotations say; annotations that are texts are not looked at.

    A parameter takes what is of its default's type, too.

    Raises:
        FrappeTypeError: one does not fit; the message names it.
    """
    parameters = inspect.signature(func).parameters
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [name for name, parameter in parameters.items() if parameter.kind in by_position][: len(args)]
    values = dict(zip(names, args, strict=False)) | kwargs
    for name, value in values.items():
        parameter = parameters.get(name)
        kind = parameter.annotation if parameter else inspect.Parameter.empty
        if parameter is None or kind is inspect.Parameter.empty or isinstance(kind, str):
            continue
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        accepted = SLACK.get(kind, kind)
        if parameter.default is not inspect.Parameter.empty:
            accepted = Union[accepted, type(parameter.default)]  # noqa: UP007 - made at run time
        try:
            values[name] = _read(accepted, value)
        except _Mismatch as mismatch:
            raise_type_error(func, name, kind, value, mismatch)
    return [*(values[name] for name in names), *args[len(names) :]], {name: values[name] for name in kwargs}


def validate_argument_types(func: Callable[P, R], apply_condition: Callable[[], bool] | None = None) -> Callable[P, R]:
    """The function with its arguments checked, and read, at each call for which `apply_condition` is true."""

    @functools.wraps(func)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if apply_condition is None or apply_condition():
            new_args, new_kwargs = transform_parameter_types(func, args, kwargs)
            return func(*new_args, **new_kwargs)
        return func(*args, **kwargs)

    return wrapper
