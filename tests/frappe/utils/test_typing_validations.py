"""Arguments read and checked as the annotations say.

This module must not postpone its annotations: those that are texts are not looked at.
"""

from typing import Any, Literal

import pytest

from rota.errors import FrappeTypeError
from rota.frappe.utils.typing_validations import qualified_name, validate_argument_types


class Thing:
    pass


def _returns(kind: Any, default: Any = ...) -> Any:
    def plain(value: Any) -> Any:
        return value

    def with_default(value: Any = default) -> Any:
        return value

    function = plain if default is ... else with_default
    function.__annotations__["value"] = kind
    return validate_argument_types(function)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (int, "5", 5),
        (int, 5.0, 5),
        (float, "5.5", 5.5),
        (float, 5, 5.0),
        (bool, "1", 1),
        (bool, 0, 0),
        (str, "5", "5"),
        (int | None, None, None),
        (int | str, "5", "5"),
        (str | int, 5, 5),
        (list, [1], [1]),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (list[str] | None, ["a"], ["a"]),
        (Literal["a", "b"], "a", "a"),
        (Any, 5, 5),
        ("int", "x", "x"),
    ],
)
def test_an_argument_is_read_as_its_annotation_says(kind: Any, value: Any, expected: Any) -> None:
    for result in (_returns(kind)(value), _returns(kind)(value=value)):
        assert (type(result), result) == (type(expected), expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, "x"),
        (int, 5.5),
        (int, None),
        (int, []),
        (str, 5),
        (list, "[1]"),
        (dict, []),
        (Literal["a"], "b"),
        (int | None, "x"),
        (Thing, 5),
    ],
)
def test_an_argument_that_does_not_fit_is_refused_by_name(kind: Any, value: Any) -> None:
    message = r"Argument 'value' in '.*plain' should be of type '.*' but got '.*' instead\."
    with pytest.raises(FrappeTypeError, match=message):
        _returns(kind)(value)


def test_what_is_of_the_defaults_type_fits_too() -> None:
    assert _returns(int, default=None)(None) is None
    assert _returns(str, default=5)("x") == "x"


def test_other_arguments_are_passed_on() -> None:
    @validate_argument_types
    def function(a: int, *rest: int, key: int = 0, **more: int) -> Any:
        return a, rest, key, more

    assert function("1", "2", "3", key="4", other="5") == (1, ("2", "3"), 4, {"other": "5"})


def test_checks_can_be_switched_off() -> None:
    def function(a: int) -> Any:
        return a

    assert validate_argument_types(function, apply_condition=lambda: False)("x") == "x"


def test_types_are_named_with_their_module() -> None:
    assert qualified_name(5) == "int"
    assert qualified_name(Thing()) == f"{__name__}.Thing"
    assert qualified_name(int | None) == "int | None"
