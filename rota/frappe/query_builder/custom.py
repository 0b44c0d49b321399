"""Functions and terms that Frappe adds to pypika's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pypika.functions import DistinctOptionFunction
from pypika.terms import Function, Term, ValueWrapper
from pypika.utils import builder, format_alias_sql

from rota.frappe._missing import missing


class GROUP_CONCAT(DistinctOptionFunction):
    """The values of a group as one text, separated by commas."""

    def __init__(self, column: Any, alias: str | None = None) -> None:
        super().__init__("GROUP_CONCAT", column, alias=alias)


STRING_AGG = GROUP_CONCAT


class MATCH(DistinctOptionFunction):
    """Full-text search; no database of Rota has MariaDB's, so a statement with it is refused when it runs."""

    def __init__(self, column: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__("MATCH", column, *args, **kwargs)
        self._against: Any = None

    @builder
    def Against(self, text: str) -> None:
        """What to search for."""
        self._against = ValueWrapper(text)

    def get_function_sql(self, **kwargs: Any) -> str:
        sql: str = super().get_function_sql(**kwargs)
        return sql if self._against is None else f"{sql} AGAINST ({self._against.get_sql(**kwargs)} IN BOOLEAN MODE)"


TO_TSVECTOR = MATCH


class ConstantColumn(Term):
    """A column that has the same value in each row."""

    alias = None

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def get_sql(self, quote_char: str | None = None, **kwargs: Any) -> str:
        sql = ValueWrapper(self.value).get_sql(quote_char=quote_char, **kwargs)
        return str(format_alias_sql(sql, self.alias or str(self.value), quote_char=quote_char, **kwargs))


class MonthName(Function):
    """The name of a date's month."""

    def __init__(self, term: Any, alias: str | None = None) -> None:
        super().__init__("MONTHNAME", term, alias=alias)


class Quarter(Function):
    """The quarter of a date."""

    def __init__(self, term: Any, alias: str | None = None) -> None:
        super().__init__("QUARTER", term, alias=alias)


class Month(Function):
    """The month of a date."""

    def __init__(self, term: Any, alias: str | None = None) -> None:
        super().__init__("MONTH", term, alias=alias)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
