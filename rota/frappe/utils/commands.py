"""Lines printed for people."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from rota.frappe._missing import missing


def render_table(data: Any) -> None:
    """Print rows, the first as the heading."""
    rows = [[str(cell) for cell in row] for row in data]
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))] if rows else []
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))  # noqa: T201


def add_line_after(function: Any) -> Any:
    """Decorate a function after which an empty line is printed."""
    return _with_line(function, after=True)


def add_line_before(function: Any) -> Any:
    """Decorate a function before which an empty line is printed."""
    return _with_line(function, after=False)


def _with_line(function: Any, *, after: bool) -> Any:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not after:
            print()  # noqa: T201
        answer = function(*args, **kwargs)
        if after:
            print()  # noqa: T201
        return answer

    return wrapper


def log(message: str, colour: str = "") -> None:
    """Print a line."""
    print(message)  # noqa: T201


def warn(message: str, category: Any = None) -> None:
    """Warn."""
    from warnings import warn as python_warn

    python_warn(message=message, category=category or UserWarning, stacklevel=2)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
