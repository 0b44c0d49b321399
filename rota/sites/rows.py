"""What can be iterated over so that it can be gone on with later: the documents of a DocType, or a list.

Every row has a place (JSON values) that stays the same, and rows come in the order of their places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, Protocol

from rota.documents.documents import Documents
from rota.errors import UsageError

Place = list[Any]
# Values that a document never changes and always has: by others, rows would be missed or come twice.
LASTING = ("name", "creation")
_OPERATORS = {"asc": ">", "desc": "<"}


class Row(NamedTuple):
    """One row: where it is, what people call it, and how to get it (DoesNotExistError: it is gone)."""

    place: Place
    name: Any
    load: Callable[[], Any]


class Rows(Protocol):
    """A source of rows."""

    @property
    def label(self) -> str:
        """What the iteration is called."""
        ...

    @property
    def doctype(self) -> str | None: ...

    def count(self) -> int | None:
        """How many there are, if that can be known."""
        ...

    def between(self, after: Place | None, upto: Place | None) -> Iterator[Row]:
        """The rows behind one place, up to another one, which is included."""
        ...

    def split(self, parts: int) -> list[tuple[int, Place | None]]:
        """Where each part ends: how many rows there are up to there, and the place; of the last one, None."""
        ...

    def only(self, names: Sequence[Any]) -> Rows:
        """The same for some rows."""
        ...


class DocumentRows:
    """The documents of a DocType, read page by page: each page begins behind the last row of the one before."""

    def __init__(
        self, documents: Documents, doctype: str, filters: Any, *, fields: Any, order_by: str, page: int
    ) -> None:
        """`fields`: None gives documents, a list gives dicts with these fields, a text that field alone.

        Raises:
            UsageError: `order_by` is something that may change meanwhile.
        """
        self.label = self.doctype = doctype
        self._documents, self._filters, self._fields, self._page = documents, filters, fields, page
        self._column, self._direction = _order(order_by)

    def count(self) -> int:
        return self._documents.count(self.doctype, self._filters)

    def between(self, after: Place | None, upto: Place | None) -> Iterator[Row]:
        while page := self._read(after, upto, limit=self._page):
            for found in page:
                yield Row(self._place(found), found.name, self._loader(found))
            after = self._place(page[-1])
            if len(page) < self._page:
                return

    def split(self, parts: int) -> list[tuple[int, Place | None]]:
        *ends, total = _ends(self.count(), parts)
        return [
            *((end, self._place(self._read(None, None, limit=1, offset=end - 1)[0])) for end in ends),
            (total, None),
        ]

    def only(self, names: Sequence[Any]) -> ListedRows:
        return ListedRows(self.label, names, self._one, doctype=self.doctype, names=names)

    def _read(self, after: Place | None, upto: Place | None, **page: int) -> list[Any]:
        filters = [self._filters or {}]
        operator = _OPERATORS[self._direction]
        for place, sign in ((after, operator), (upto, f"{'<' if operator == '>' else '>'}=")):
            if place is not None:
                filters += ["and", self._condition(place, sign)]
        columns = dict.fromkeys(["name", self._column, *self._wanted()])
        order_by = f"{self._column} {self._direction}"
        found: list[Any] = self._documents.get_all(
            self.doctype, filters=filters, fields=list(columns), order_by=order_by, **page
        )
        return found

    def _condition(self, place: Place, sign: str) -> list[Any]:
        if self._column == "name":
            return [["name", sign, place[0]]]
        first, name = place
        before = [[self._column, sign[0], first]]
        return [before, "or", [[self._column, "=", first], ["name", sign, name]]]

    def _place(self, found: Any) -> Place:
        first = found[self._column]
        if self._column == "name":
            return [first]
        return [first.isoformat(sep=" ") if isinstance(first, datetime) else first, found.name]

    def _wanted(self) -> list[str]:
        if self._fields is None:
            return []
        return [self._fields] if isinstance(self._fields, str) else list(self._fields)

    def _loader(self, found: Any) -> Callable[[], Any]:
        if self._fields is None:
            return partial(self._one, found.name)
        return partial(_given, found[self._fields] if isinstance(self._fields, str) else found)

    def _one(self, name: Any) -> Any:
        if self._fields is None:
            return self._documents.get_doc(self.doctype, name)
        columns = list(dict.fromkeys(["name", *self._wanted()]))
        found = self._documents.get_all(self.doctype, filters={"name": name}, fields=columns)
        if not found:
            return self._documents.get_doc(self.doctype, name)  # says that it is gone
        return found[0][self._fields] if isinstance(self._fields, str) else found[0]


class ListedRows:
    """The items of a sequence, known by their numbers, or by `names`."""

    def __init__(
        self,
        label: str,
        items: Sequence[Any],
        load: Callable[[Any], Any] = lambda item: item,
        *,
        doctype: str | None = None,
        names: Sequence[Any] | None = None,
    ) -> None:
        self.label, self.doctype = label, doctype
        self._items, self._load, self._names = items, load, names

    def count(self) -> int:
        return len(self._items)

    def between(self, after: Place | None, upto: Place | None) -> Iterator[Row]:
        first = 0 if after is None else after[0] + 1
        end = len(self._items) if upto is None else upto[0] + 1
        for number in range(first, min(end, len(self._items))):
            name = number if self._names is None else self._names[number]
            yield Row([number], name, partial(self._load, self._items[number]))

    def split(self, parts: int) -> list[tuple[int, Place | None]]:
        *ends, total = _ends(len(self._items), parts)
        return [*((end, [end - 1]) for end in ends), (total, None)]

    def only(self, names: Sequence[Any]) -> ListedRows:
        return ListedRows(self.label, [self._items[number] for number in names], self._load, names=names)


class StreamedRows:
    """The items of an iterable that gives the same ones each time it is made."""

    doctype: str | None = None

    def __init__(self, label: str, items: Iterable[Any]) -> None:
        self.label = label
        self._items = items

    def count(self) -> None:
        return None

    def between(self, after: Place | None, upto: Place | None) -> Iterator[Row]:
        first = 0 if after is None else after[0] + 1
        end = None if upto is None else upto[0] + 1
        for number, item in enumerate(islice(self._items, first, end), first):
            yield Row([number], number, partial(_given, item))

    def split(self, parts: int) -> list[tuple[int, Place | None]]:
        raise UsageError("shards need a DocType or a list: of what is streamed nobody knows the parts")

    def only(self, names: Sequence[Any]) -> StreamedRows:
        wanted = set(names)
        return StreamedRows(self.label, (item for number, item in enumerate(self._items) if number in wanted))


def rows_of(
    source: str | Iterable[Any], documents: Documents, filters: Any, *, fields: Any, order_by: str, page: int
) -> Rows:
    """The rows of a DocType (by its name) or of an iterable.

    Raises:
        UsageError: filters or fields of something that is no DocType.
    """
    if isinstance(source, str):
        return DocumentRows(documents, source, filters, fields=fields, order_by=order_by, page=page)
    if filters is not None or fields is not None:
        raise UsageError("filters and fields are for the documents of a DocType; leave them out with a list")
    label = type(source).__name__
    return ListedRows(label, source) if isinstance(source, Sequence) else StreamedRows(label, source)


def _order(order_by: str) -> tuple[str, str]:
    column, _, direction = order_by.strip().lower().partition(" ")
    if column not in LASTING or direction.strip() not in ("", *_OPERATORS):
        raise UsageError(
            f"iterate orders by {' or '.join(LASTING)}, asc or desc, not by {order_by!r:.60}: "
            "what can change would let rows be missed or come twice"
        )
    return column, direction.strip() or "asc"


def _ends(total: int, parts: int) -> list[int]:
    """How many rows there are up to the end of each part; no part is empty but the only one of nothing."""
    return [*sorted({total * part // parts for part in range(1, parts)} - {0, total}), total]


def _given(value: Any) -> Any:
    return value
