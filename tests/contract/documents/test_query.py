"""get_all and the reads of frappe.db in the forms that apps write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from rota.documents.documents import Documents
from rota.errors import InvalidFilter, RotaError
from tests.contract.documents.conftest import Site, field

Make = Callable[..., str]


@pytest.fixture
def orders(documents: Documents, doctype: Make, site: Site) -> str:
    """Three orders: A 10 and B 20 of Ann with rows, C 5 of Bob without."""
    doctype("Customer", "customer_name", "territory", autoname="field:customer_name")
    doctype("Order Item", "item", field("qty", "Int"), istable=1)
    doctype(
        "Order",
        "title",
        field("customer", "Link", options="Customer"),
        field("total", "Currency"),
        field("day", "Date"),
        field("items", "Table", options="Order Item"),
        autoname="field:title",
    )
    for name, territory in (("Ann", "North"), ("Bob", "South")):
        documents.get_doc({"doctype": "Customer", "customer_name": name, "territory": territory}).insert()
    for title, customer, total, day, items in (
        ("A", "Ann", 10, "2024-01-01", [("cup", 1), ("mug", 2)]),
        ("B", "Ann", 20, "2024-02-01", [("cup", 3)]),
        ("C", "Bob", 5, None, []),
    ):
        rows = [{"item": item, "qty": qty} for item, qty in items]
        values = {"title": title, "customer": customer, "total": total, "day": day, "items": rows}
        documents.get_doc({"doctype": "Order", **values}).insert()
        site.clock.advance(seconds=1)
    return "Order"


def names(documents: Documents, **options: Any) -> list[str]:
    return documents.get_all("Order", pluck="name", order_by="name", **options)  # type: ignore[no-any-return]


# --- results ---


def test_rows_are_dicts_in_the_order_of_the_fields(documents: Documents, orders: str) -> None:
    rows = documents.get_all(orders, fields=["total", "name", "day"])
    assert list(rows[0].keys()) == ["total", "name", "day"]
    assert rows[0] == {"total": 5.0, "name": "C", "day": None}
    assert rows[0].nothing is None


def test_the_newest_change_comes_first_unless_the_doctype_says_otherwise(
    documents: Documents, orders: str, doctype: Make
) -> None:
    assert documents.get_all(orders) == [{"name": "C"}, {"name": "B"}, {"name": "A"}]
    documents.doctypes.sync(
        {**documents.get_meta("Order").as_dict(), "sort_field": "total", "sort_order": "ASC", "doctype": "DocType"}
    )
    assert documents.get_all(orders, pluck="name") == ["C", "A", "B"]


def test_values_have_their_fields_types(documents: Documents, orders: str) -> None:
    row = documents.get_all(orders, filters={"name": "A"}, fields=["day", "creation", "total", "docstatus"])[0]
    assert (row.day, row.creation) == (date(2024, 1, 1), datetime(2026, 1, 5, 12, 0))
    assert (row.total, type(row.total), row.docstatus) == (10.0, float, 0)


def test_pluck_and_as_list(documents: Documents, orders: str) -> None:
    assert documents.get_all(orders, pluck="total", order_by="total") == [5.0, 10.0, 20.0]
    assert documents.get_all(orders, fields=["name", "total"], as_list=True, order_by="name", limit=1) == [("A", 10.0)]


@pytest.mark.parametrize(
    "options",
    [
        {"limit": 1},
        {"limit_page_length": 1},
        {"page_length": "1"},
        {"limit": 1, "limit_page_length": 2},
        {"limit": 1, "limit_start": 0},
        {"limit": 1, "start": "0"},
        {"limit": 1, "offset": None},
    ],
)
def test_a_limit_has_many_spellings(documents: Documents, orders: str, options: dict[str, Any]) -> None:
    assert documents.get_all(orders, pluck="name", order_by="name", **options) == ["A"]


@pytest.mark.parametrize("limit", [0, None, "0", ""])
def test_no_limit(documents: Documents, orders: str, limit: Any) -> None:
    assert len(documents.get_all(orders, limit_page_length=limit, limit_start=1)) == 2


@pytest.mark.parametrize("limit", ["many", -1, "1; drop table x"])
def test_a_limit_is_a_number(documents: Documents, orders: str, limit: Any) -> None:
    with pytest.raises(InvalidFilter, match="limit must"):
        documents.get_all(orders, limit=limit)


# --- fields ---


@pytest.mark.parametrize(
    "fields",
    [
        ["name", "total as t"],
        "name, total as t",
        '["name", "total as t"]',
        ["`tabOrder`.`name`", "`tabOrder`.total as t"],
        ["tabOrder.name", "total as `t`"],
    ],
)
def test_fields_in_any_form(documents: Documents, orders: str, fields: Any) -> None:
    assert documents.get_all(orders, fields=fields, filters={"name": "A"}) == [{"name": "A", "t": 10.0}]


def test_a_star_is_every_column(documents: Documents, orders: str) -> None:
    row = documents.get_all(orders, fields="*", filters={"name": "A"})[0]
    assert {"name", "owner", "modified", "title", "customer", "total", "_assign"} <= set(row)
    assert "items" not in row


@pytest.mark.parametrize("fields", [["name", {"items": ["item", "qty"]}], '["name", {"items": ["item", "qty"]}]'])
def test_child_rows_come_as_lists(documents: Documents, orders: str, fields: Any) -> None:
    assert documents.get_all(orders, fields=fields, order_by="name") == [
        {"name": "A", "items": [{"item": "cup", "qty": 1}, {"item": "mug", "qty": 2}]},
        {"name": "B", "items": [{"item": "cup", "qty": 3}]},
        {"name": "C", "items": []},
    ]
    assert documents.get_all(orders, fields=[{"items": ["name", "parent"]}], filters={"name": "B"})[0]["items"] == [
        {"name": documents.get_doc(orders, "B").items[0].name, "parent": "B"}
    ]
    assert documents.get_all(orders, fields=fields, filters={"name": "none"}) == []


@pytest.mark.parametrize("more", [{"as_list": True}, {"group_by": "customer"}, {"distinct": True}])
def test_child_rows_come_with_dicts_only(documents: Documents, orders: str, more: dict[str, Any]) -> None:
    with pytest.raises(InvalidFilter, match="child rows are not given with"):
        documents.get_all(orders, fields=["name", {"items": ["item"]}], **more)


@pytest.mark.parametrize("fields", [[{"items": ["nope"]}], [{"nope": ["item"]}], [{"items": ["item"], "no": ["x"]}]])
def test_child_rows_that_are_none_are_named(documents: Documents, orders: str, fields: Any) -> None:
    with pytest.raises(InvalidFilter, match=r"nope|is \{NAME"):
        documents.get_all(orders, fields=fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["count(name) as n"], {"n": 3}),
        (["count(*) as n", "sum(total) as t"], {"n": 3, "t": 35.0}),
        ([{"COUNT": "name", "as": "n"}, {"MAX": "total", "as": "m"}], {"n": 3, "m": 20.0}),
        (["count(distinct customer) as c"], {"c": 2}),
        (["min(day) as first", "max(day) as last"], {"first": date(2024, 1, 1), "last": date(2024, 2, 1)}),
        (["avg(total)"], {"avg(total)": 35 / 3}),
        (["sum(total * 2 - 1) as t"], {"t": 67.0}),
        (["sum(total) / count(name) as t"], {"t": 35 / 3}),
        (["ifnull(max(day), '2000-01-01') as d"], None),
    ],
)
def test_sums(documents: Documents, orders: str, fields: Any, expected: Any) -> None:
    if expected is None:
        with pytest.raises(InvalidFilter, match="values of one kind"):
            documents.get_all(orders, fields=fields)
        return
    assert documents.get_all(orders, fields=fields) == [pytest.approx(expected)]


def test_functions_of_values(documents: Documents, orders: str) -> None:
    fields = [
        "year(day) as y",
        "month(creation) as m",
        "date(creation) as d",
        "ifnull(territory.x, '') as no",
        "concat(title, '-', total) as c",
        "abs(total - 30) as a",
        "coalesce(customer, 'none') as who",
        "locate('N', customer) as at",
        "upper(customer) as up",
    ]
    row = documents.get_all(orders, fields=[one for one in fields if "territory" not in one], filters={"name": "B"})[0]
    assert (row.y, row.m, row.d, row.a) == (2024, 1, date(2026, 1, 5), 10.0)
    assert (row.who, row["at"], row.up) == ("Ann", 2, "ANN")
    assert row.c.startswith("B-20")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("extract(year from day) as y, quarter(day) as q, monthname(day) as m", (2024, 1, "February")),
        ("date_format(day, '%d.%m.%Y') as d, dayname(day) as n", ("01.02.2024", "Thursday")),
        ("datediff(date_add(day, interval 1 month), day) as d, last_day(day) as l", (29, date(2024, 2, 29))),
        ("timestampdiff(month, '2023-01-15', day) as n, now() as at", (12, datetime(2026, 1, 5, 12, 0, 3))),
        ("round(total / 3, 2) as r, floor(total / 3) as f, nullif(customer, 'ANN') as x", (6.67, 6, None)),
        ("left(customer, 2) as l, concat_ws('-', title, customer) as c, trim(title) as t", ("An", "B-Ann", "B")),
        ("substring_index(items.item, 'u', 1) as i, length(`tabOrder`.`title`) as n", ("c", 1)),
        ([{"EXTRACT": ["month", "day"], "as": "m"}, {"NOW": None, "as": "at"}], (2, datetime(2026, 1, 5, 12, 0, 3))),
        ([{"DIV": ["total", {"NULLIF": [{"ADD": ["items.qty", 2]}, 0]}], "as": "d"}, {"QUARTER": "day"}], (4.0, 1)),
        ([{"LOCATE": ["'n'", "customer"]}, {"CONCAT": ["title", "'-'", {"LOWER": "title"}]}], (2, "B-b")),
    ],
)
def test_functions_of_mariadb(documents: Documents, orders: str, fields: Any, expected: Any) -> None:
    assert documents.get_all(orders, fields=fields, filters={"name": "B"}, as_list=True) == [expected]


def test_functions_of_mariadb_in_groups_and_orders(documents: Documents, orders: str) -> None:
    rows = documents.get_all(
        orders,
        fields=["date_format(day, '%m') as month", "round(sum(total) / count(name), 1) as mean"],
        group_by="date_format(day, '%m')",
        order_by="date_format(day, '%m') desc",
        as_list=True,
    )
    assert rows == [("02", 20.0), ("01", 10.0), (None, 5.0)]
    assert documents.get_all(
        orders, fields=["name"], order_by="length(customer), left(name, 1) desc", pluck="name"
    ) == [
        "C",
        "B",
        "A",
    ]


def test_a_group_has_one_row_and_may_be_sorted_by_its_sum(documents: Documents, orders: str) -> None:
    rows = documents.get_all(
        orders, fields=["customer", "sum(total) as t", "count(name) as n"], group_by="customer", order_by="t desc"
    )
    assert rows == [{"customer": "Ann", "t": 30.0, "n": 2}, {"customer": "Bob", "t": 5.0, "n": 1}]


def test_a_column_beside_a_group_has_its_smallest_value(documents: Documents, orders: str) -> None:
    rows = documents.get_all(orders, fields=["customer", "name"], group_by="customer", order_by="customer")
    assert rows == [{"customer": "Ann", "name": "A"}, {"customer": "Bob", "name": "C"}]


def test_distinct_rows_may_be_sorted_by_another_column(documents: Documents, orders: str) -> None:
    assert documents.get_all(orders, fields=["customer"], distinct=True, pluck="customer") == ["Bob", "Ann"]
    assert documents.get_all(orders, fields=["distinct customer"], order_by="total desc", as_list=True) == [
        ("Ann",),
        ("Bob",),
    ]


def test_fields_of_child_rows_and_linked_documents(documents: Documents, orders: str) -> None:
    rows = documents.get_all(
        orders, fields=["name", "items.item", "customer.territory as where"], order_by="name, items.item"
    )
    assert rows == [
        {"name": "A", "item": "cup", "where": "North"},
        {"name": "A", "item": "mug", "where": "North"},
        {"name": "B", "item": "cup", "where": "North"},
        {"name": "C", "item": None, "where": "South"},
    ]
    assert documents.get_all(orders, fields=["`tabOrder Item`.qty"], filters={"name": "B"}) == [{"qty": 3}]


@pytest.mark.parametrize(
    "fields",
    [
        ["nothing"],
        ["name; drop table x"],
        ["sleep(1)"],
        ["(select 1)"],
        ["name as n, (select 1)"],
        ["count(name"],
        ["items"],
        ["customer.nothing"],
        ["title.name"],
        ["sum(title)"],
        ["sum(sum(total))"],
        ["case when 1 then 2 end"],
        [{"SLEEP": "name"}],
        ["repeat('x', 1000000000)"],
        ["replace(title, 'A', 'AA')"],
        ["if(total > 1, 1, 2)"],
        ["length((select password from __Auth))"],
        ["length(title) from tabUser"],
        ["left(nope, 1)"],
        ["length(title), title"],
        ["length(title) -- "],
        ["round(total"],
        ["load_file('/etc/passwd')"],
        [{"COUNT": "name", "SUM": "total"}],
        [None],
        5,
        ["name", ["x"]],
    ],
)
def test_fields_that_are_none_are_named(documents: Documents, orders: str, fields: Any) -> None:
    with pytest.raises(InvalidFilter):
        documents.get_all(orders, fields=fields)


@pytest.mark.parametrize(
    "order_by", ["nothing", "name desc, (select 1)", "1; drop table x", "name collate x", "rand()", "desc"]
)
def test_orders_that_are_none_are_named(documents: Documents, orders: str, order_by: str) -> None:
    with pytest.raises(InvalidFilter):
        documents.get_all(orders, order_by=order_by)


# --- filters ---


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("A", ["A"]),
        ({"total": [">", 5]}, ["A", "B"]),
        ({"total": (">=", "10")}, ["A", "B"]),
        ([["total", "<", 10]], ["C"]),
        ([["Order", "total", "<", 10, False]], ["C"]),
        (["total", "<", 10], ["C"]),
        ([{"total": 5}], ["C"]),
        ('{"customer": "ANN"}', ["A", "B"]),
        ('[["customer", "=", "Bob"]]', ["C"]),
        ({"name": ["in", "A, C"]}, ["A", "C"]),
        ({"name": ["A", "C"]}, ["A", "C"]),
        ({"name": ["in", {"A", "B"}]}, ["A", "B"]),
        ({"name": ["in", '["A"]']}, ["A"]),
        ({"name": ["NOT IN", ["A"]]}, ["B", "C"]),
        ({"customer": ["like", "%n"]}, ["A", "B"]),
        ({"day": ["is", "set"]}, ["A", "B"]),
        ({"day": ["is", "not set"]}, ["C"]),
        ({"day": ""}, ["C"]),
        ({"day": None}, ["C"]),
        ({"day": ["<", "2024-01-15"]}, ["A", "C"]),
        ({"day": [">", date(2024, 1, 15)]}, ["B"]),
        ({"day": ["between", ["2024-01-01", "2024-01-31"]]}, ["A"]),
        ({"creation": ["between", ["2026-01-05", "2026-01-05"]]}, ["A", "B", "C"]),
        ({"creation": ["<", "2026-01-05"]}, []),
        ({"creation": ["timespan", "today"]}, ["A", "B", "C"]),
        ({"creation": ["timespan", "last week"]}, []),
        ({"creation": ["previous", "1 week"]}, ["A", "B", "C"]),
        ({"items.item": "mug"}, ["A"]),
        ([["Order Item", "item", "=", "mug"]], ["A"]),
        ({"customer.territory": "South"}, ["C"]),
        ([["name", "=", "A"], "or", ["name", "=", "C"]], ["A", "C"]),
        ([["total", ">", 5], "and", [["name", "=", "A"], "or", ["name", "=", "C"]]], ["A"]),
        ({"total": ["<>", 5]}, ["A", "B"]),
        ({}, ["A", "B", "C"]),
        (None, ["A", "B", "C"]),
        ({"idx": 0, "docstatus": ["!=", 2]}, ["A", "B", "C"]),
    ],
)
def test_filters_in_any_form(documents: Documents, orders: str, filters: Any, expected: list[str]) -> None:
    assert names(documents, filters=filters) == expected
    assert names(documents, or_filters=filters) == expected


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (({"name": "A"}, ["name", "total"]), {}),
        ((["name", "total"], {"name": "A"}), {}),
        (([["name", "=", "A"]], ["name", "total"]), {}),
        (({"name": "A"},), {"fields": ["name", "total"]}),
        ((["name", "total"],), {"filters": {"name": "A"}}),
        ((), {"fields": {"name": "A"}, "filters": ["name", "total"]}),
    ],
)
def test_filters_and_fields_come_in_either_order(
    documents: Documents, orders: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    assert documents.get_all(orders, *args, **kwargs) == [{"name": "A", "total": 10.0}]


@pytest.mark.parametrize(
    "filters",
    [
        {"nothing": 1},
        {"name": ["sounds like", "x"], "total": ["near", 3], "x": 1},
        [["name", "near", "A"]],
        {"total": [">", [1]]},
        {"day": ["between", ["2024-01-01"]]},
        {"day": ["=", "not a day"]},
        {"name": ["is", "odd"]},
        {"creation": ["timespan", "last eon"]},
        {"name": ["in", [["a"]]]},
        "{broken",
        [["Customer", "territory", "=", "x"]],
        {"title": ["descendants of", "x"]},
        [["name", "=", "A"], "xor", ["name", "=", "B"]],
        [["name", "=", "A"], "or"],
        3.5j,
    ],
)
def test_filters_that_are_none_are_named(documents: Documents, orders: str, filters: Any) -> None:
    with pytest.raises(InvalidFilter):
        names(documents, filters=filters)


def test_deep_filters_are_refused(documents: Documents, orders: str) -> None:
    filters: Any = [["name", "=", "A"]]
    for _ in range(50):
        filters = [filters]
    with pytest.raises(InvalidFilter, match="nested"):
        names(documents, filters=filters)


def test_long_lists_are_fine(documents: Documents, orders: str) -> None:
    many = [f"x{number}" for number in range(70_000)]
    assert names(documents, filters={"name": ["in", [*many, "a"]]}) == ["A"]
    assert names(documents, filters={"name": ["not in", [*many, "a"]]}) == ["B", "C"]


def test_trees(documents: Documents, doctype: Make) -> None:
    doctype("Node", field("lft", "Int"), field("rgt", "Int"), autoname="Prompt", is_tree=1)
    doctype("Leaf", field("node", "Link", options="Node"), autoname="Prompt")
    for name, left, right in (("root", 1, 8), ("a", 2, 5), ("aa", 3, 4), ("b", 6, 7)):
        documents.get_doc({"doctype": "Node", "name": name, "lft": left, "rgt": right}).insert()
    documents.get_doc({"doctype": "Leaf", "name": "on aa", "node": "aa"}).insert()
    documents.get_doc({"doctype": "Leaf", "name": "on nothing"}).insert()

    def found(operator: str, of: str) -> list[str]:
        return documents.get_all("Node", {"name": [operator, of]}, pluck="name", order_by="lft")  # type: ignore[no-any-return]

    assert found("descendants of", "a") == ["aa"]
    assert found("descendants of (inclusive)", "a") == ["a", "aa"]
    assert found("ancestors of", "aa") == ["root", "a"]
    assert found("not descendants of", "a") == ["root", "a", "b"]
    assert found("descendants of", "nowhere") == []
    assert documents.get_all("Leaf", {"node": ["descendants of", "root"]}, pluck="name") == ["on aa"]
    assert documents.get_all("Leaf", {"node": ["not descendants of", "root"]}, pluck="name") == ["on nothing"]
    assert documents.database.get_descendants("Node", "root") == ["a", "aa", "b"]


# --- frappe.db ---


def test_get_value_has_the_shape_of_what_was_asked(documents: Documents, orders: str) -> None:
    get_value = documents.get_value
    assert get_value(orders, "A", "total") == 10.0
    assert get_value(orders, "A") == "A"
    assert get_value(orders, "A", ["name", "total"]) == ("A", 10.0)
    assert get_value(orders, "A", ["name", "total"], as_dict=True) == {"name": "A", "total": 10.0}
    assert get_value(orders, {"customer": "Ann"}, "name", order_by="total desc") == "B"
    assert get_value(orders, {"customer": "Ann"}, "name") == "B"
    assert get_value(orders, "Z", "total") is None
    assert get_value(orders, "Z", ["name", "total"], as_dict=True) is None
    assert get_value(orders, "A", "*", as_dict=True)["title"] == "A"
    assert get_value(orders, [["total", "<", 6]], "name") == "C"
    assert get_value(orders, "A", "total", for_update=True) == 10.0
    assert get_value(orders, {"name": "A"}, "count(name)") == 1


def test_get_values_gives_all(documents: Documents, orders: str) -> None:
    assert documents.database.get_values(orders, {"customer": "Ann"}, ["name"], order_by="name") == [("A",), ("B",)]
    assert documents.database.get_values(orders, {"customer": "Ann"}, "total", pluck=True, order_by="total") == [
        10.0,
        20.0,
    ]


def test_exists_gives_the_name(documents: Documents, orders: str) -> None:
    assert documents.exists(orders, "a") == "A"
    assert documents.exists(orders, {"customer": "Bob"}) == "C"
    assert documents.exists({"doctype": orders, "total": 20}) == "B"
    assert documents.exists(orders, "Z") is None
    assert documents.exists(orders, None) is not None
    assert documents.exists("DocType", orders) == orders
    assert documents.exists("DocType", "Nothing") is None


def test_count_counts_documents_and_not_their_rows(documents: Documents, orders: str) -> None:
    assert documents.count(orders) == 3
    assert documents.count(orders, {"customer": "Ann"}) == 2
    assert documents.count(orders, [["Order Item", "qty", ">", 0]]) == 2


def test_set_value_by_name_by_filters_and_of_nothing(documents: Documents, orders: str) -> None:
    set_value = documents.database.set_value
    set_value(orders, "A", "total", 11)
    set_value(orders, {"customer": "Bob"}, {"total": 6, "day": "2024-03-01"})
    set_value(orders, None, "total", 99)
    set_value(orders, [["Order Item", "qty", "=", 3]], "total", 21)
    assert documents.get_all(orders, fields=["total", "day"], order_by="name", as_list=True) == [
        (11.0, date(2024, 1, 1)),
        (21.0, date(2024, 2, 1)),
        (6.0, date(2024, 3, 1)),
    ]
    with pytest.raises(Exception, match="Field nothing does not exist on Order"):
        set_value(orders, "A", "nothing", 1)


def test_delete_takes_what_the_filters_pick(documents: Documents, orders: str) -> None:
    assert documents.database.delete("Order Item", {"parent": "A"}) == 2
    assert documents.database.delete(orders, {"total": ["<", 15]}) == 2
    documents.database.truncate(orders)
    assert documents.count(orders) == 0


def test_rows_are_inserted_in_bulk(documents: Documents, orders: str) -> None:
    insert = documents.database.bulk_insert
    rows = [("X", 1, "2024-05-05"), ("Y", "2", None)]
    insert(orders, ["name", "total", "day"], rows, chunk_size=1)
    insert(orders, fields=["name", "total"], values=[("x", 9), ("Z", 3)], ignore_duplicates=True)
    assert names(documents) == ["A", "B", "C", "X", "Y", "Z"]
    assert documents.get_value(orders, "X", ["total", "day"]) == (1.0, date(2024, 5, 5))
    with pytest.raises(Exception, match="is there already"):
        insert(orders, ["name"], [("W",), ("x",)])
    assert not documents.exists(orders, "W")


def test_sql_runs_mariadbs_statements(documents: Documents, orders: str) -> None:
    sql = documents.database.sql
    assert sql("select name, total from `tabOrder` where customer = %s order by name", "ann") == (
        ("A", 10.0),
        ("B", 20.0),
    )
    assert sql("select count(*) as n from `tabOrder` where name in %(names)s", {"names": ["A", "C"]}, as_dict=True) == [
        {"n": 2}
    ]
    assert sql("select name from `tabOrder` where name = 'Z'") == ()
    assert sql("select name from `tabOrder` order by 1 limit %s", 2, pluck=True) == ["A", "B"]
    assert sql("select day, creation from `tabOrder` where name = 'A'", as_list=True) == [
        [date(2024, 1, 1), datetime(2026, 1, 5, 12, 0)]
    ]
    sql("update `tabOrder` set total = total + 1 where name = %s", ("A",))
    assert documents.get_value(orders, "A", "total") == 11.0
    assert (
        documents.database.sql_list("select name from `tabOrder` where creation < DATE_SUB(NOW(), INTERVAL 1 DAY)")
        == []
    )
    assert documents.database.multisql({"mariadb": "select 1", "postgres": "select 2"}) == ((1,),)


def test_a_statement_may_change_several_tables_all_or_none(documents: Documents, orders: str) -> None:
    sql, joined = documents.database.sql, "`tabOrder` o join `tabOrder Item` i on i.parent = o.name"
    sql(f"update {joined} set o.total = 7, i.qty = i.qty + 1 where o.name = %s", "A")
    assert sql("select total from tabOrder where name = 'A'") == ((7.0,),)
    assert sql("select qty from `tabOrder Item` where parent = 'A' order by qty", pluck=True) == [2, 3]

    with pytest.raises(RotaError):
        sql(f"update {joined} set o.total = 8, i.qty = null where o.name = 'A'")
    assert sql("select total from tabOrder where name = 'A'") == ((7.0,),)

    sql(f"delete o, i from {joined} where o.total = 7")
    assert names(documents) == ["B", "C"]
    assert sql("select distinct parent from `tabOrder Item`", pluck=True) == ["B"]


def test_a_statement_that_fails_leaves_a_usable_transaction(documents: Documents, orders: str) -> None:
    documents.database.set_value(orders, "A", "total", 12)
    for statement in (
        "select nothing from `tabOrder`",
        "update `tabOrder` set nothing = 1",
        "insert into `tabOrder` (name) values ('A')",
    ):
        with pytest.raises(RotaError):
            documents.database.sql(statement)
    documents.session.commit()
    assert documents.get_value(orders, "A", "total") == 12.0


def test_several_statements_in_one_are_refused(documents: Documents, orders: str) -> None:
    with pytest.raises(Exception, match=r"(?i)statement"):
        documents.database.sql("select 1; drop table `tabOrder`")
    assert documents.count(orders) == 3


@pytest.mark.parametrize("value", ["it's", "a\\b", "100%", 'say "x"', "'; drop table x; --"])
def test_an_escaped_value_is_one_literal(documents: Documents, orders: str, value: str) -> None:
    escaped = documents.database.escape(value, percent=False)
    assert documents.database.sql(f"select {escaped}") == ((value,),)


def test_defaults_are_kept_for_all_and_for_one(documents: Documents) -> None:
    documents.database.set_default("company", "ACME")
    documents.database.set_default("company", "Mine", parent="Administrator")
    assert documents.database.get_default("company") == "ACME"
    assert documents.defaults.of_user("company") == "Mine"
    documents.database.set_default("company", None)
    assert documents.database.get_default("company") is None


def test_the_schema_can_be_asked(documents: Documents, orders: str) -> None:
    database = documents.database
    assert database.has_column(orders, "total")
    assert not database.has_column(orders, "nothing")
    assert database.table_exists(orders)
    assert not database.table_exists("Nothing")
    database.add_index(orders, ["customer", "day"], "mine")
    database.add_index(orders, ["customer", "day"], "mine")
    assert database.has_index("tabOrder", "mine")
    with pytest.raises(Exception, match="can't be made unique"):
        database.add_unique(orders, ["customer"])


def test_a_pattern_may_end_in_a_backslash(documents: Documents, doctype: Make) -> None:
    doctype("Path", "path")
    for path in ("C:\\", "C:"):
        documents.get_doc({"doctype": "Path", "path": path}).insert()
    assert documents.get_all("Path", {"path": ["like", "c%\\"]}, pluck="path") == ["C:\\"]
