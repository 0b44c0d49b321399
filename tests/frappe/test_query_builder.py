"""`frappe.qb` on both databases: what it says in MariaDB's words is what the site's database does."""

from __future__ import annotations

from typing import Any

import pytest

from rota.errors import InvalidFilter


@pytest.fixture
def books(frappe: Any) -> Any:
    """Four books of two authors."""
    for name in ("Ada", "Bo"):
        frappe.get_doc({"doctype": "Author", "full_name": name}).insert()
    ada = [("A", "Ada", 10, 1.5, "Out"), ("B", "Ada", 20, 2.5, "Draft")]
    rows = [*ada, ("C", "Bo", 30, 3.5, "Out"), ("D", None, 0, 0, "Draft")]
    for title, author, pages, price, status in rows:
        chapters = [{"title": f"{title}1", "pages": pages}]
        frappe.get_doc(
            {
                "doctype": "Book",
                "title": title,
                "author": author,
                "price": price,
                "status": status,
                "chapters": chapters,
                "published_on": f"2026-01-0{ord(title) - 64} 10:00:00",
            }
        ).insert()
    return frappe.qb.DocType("Book")


def titles(query: Any) -> list[str]:
    return sorted(query.run(pluck=True))


def test_where_takes_all_comparisons(frappe: Any, books: Any) -> None:
    select = frappe.qb.from_(books).select(books.title)

    assert titles(select.where(books.author == "Ada")) == ["A", "B"]
    assert titles(select.where((books.pages > 15) & (books.pages <= 30))) == ["B", "C"]
    assert titles(select.where((books.title == "A") | (books.author == "Bo"))) == ["A", "C"]
    assert titles(select.where(books.title.isin(["A", "D"]))) == ["A", "D"]
    assert titles(select.where(books.title.notin(["A", "D"]))) == ["B", "C"]
    assert titles(select.where(books.title.like("%b%"))) == ["B"]
    assert titles(select.where(books.author.isnull())) == ["D"]
    assert titles(select.where(books.pages.between(10, 20))) == ["A", "B"]
    assert titles(select.where(books.published_on > frappe.utils.get_datetime("2026-01-03 09:00:00"))) == ["C", "D"]


def test_joins_groups_and_orders(frappe: Any, books: Any) -> None:
    from frappe.query_builder import Order
    from frappe.query_builder.functions import Count, Max, Sum

    author = frappe.qb.DocType("Author")
    query = (
        frappe.qb.from_(books)
        .left_join(author)
        .on(books.author == author.name)
        .select(author.full_name, Count("*").as_("n"), Sum(books.pages).as_("pages"), Max(books.price).as_("top"))
        .where(author.name.isnotnull())
        .groupby(author.full_name)
        .having(Sum(books.pages) >= 30)
        .orderby(author.full_name, order=Order.desc)
    )

    assert query.run(as_dict=True) == [
        {"full_name": "Bo", "n": 1, "pages": 30, "top": 3.5},
        {"full_name": "Ada", "n": 2, "pages": 30, "top": 2.5},
    ]
    assert query.limit(1).offset(1).run() == (("Ada", 2, 30, 2.5),)


def test_functions_and_terms_of_frappe(frappe: Any, books: Any) -> None:
    from frappe.query_builder import Case, Interval
    from frappe.query_builder.custom import ConstantColumn
    from frappe.query_builder.functions import Coalesce, Concat, Date, Extract, GroupConcat, IfNull, Locate, Now
    from frappe.query_builder.terms import SubQuery

    first = frappe.qb.from_(books).where(books.title == "A")

    assert first.select(IfNull(books.author, "x"), Coalesce(books.amended_from, "none")).run() == (("Ada", "none"),)
    assert first.select(ConstantColumn("Book").as_("kind")).run(as_dict=True) == [{"kind": "Book"}]
    assert first.select(Extract("year", books.published_on), Extract("month", books.published_on)).run() == ((2026, 1),)
    assert first.select(Concat(books.title, "-", books.author), Locate("d", books.author)).run() == (("A-Ada", 2),)
    assert str(first.select(Date(books.published_on)).run()[0][0]) == "2026-01-01"
    assert first.select(Case().when(books.pages > 5, "long").else_("short")).run() == (("long",),)
    assert frappe.qb.from_(books).select(books.name).where(books.creation < Now() - Interval(days=1)).run() == ()
    assert frappe.qb.from_(books).select(GroupConcat(books.status)).where(books.author == "Bo").run() == (("Out",),)
    inner = frappe.qb.from_(books).select(books.title).where(books.status == "Out")
    assert titles(frappe.qb.from_(books).select(books.title).where(books.title.isin(SubQuery(inner)))) == ["A", "C"]


def test_rows_are_updated_inserted_and_deleted(frappe: Any, books: Any) -> None:
    frappe.qb.update(books).set(books.status, "Lost").set(books.pages, books.pages + 1).where(books.title == "A").run()
    assert frappe.db.get_value("Book", {"title": "A"}, ["status", "pages"]) == ("Lost", 11)
    frappe.qb.into("Author").columns("name", "full_name").insert("Cy", "Cy").run()
    assert frappe.db.exists("Author", "Cy")
    frappe.qb.from_("Book").delete().where(books.title == "D").run()
    assert frappe.db.count("Book") == 3


def test_unions_give_the_rows_of_both(frappe: Any, books: Any) -> None:
    one = frappe.qb.from_(books).select(books.title).where(books.title == "A")
    two = frappe.qb.from_(books).select(books.title).where(books.title.isin(["A", "B"]))

    assert titles(one.union(two)) == ["A", "B"]
    assert titles(one.union_all(two)) == ["A", "A", "B"]


def test_get_query_takes_what_lists_take(frappe: Any, books: Any) -> None:
    query = frappe.qb.get_query(
        "Book",
        fields=["title", "author.full_name as writer", "chapters.title as chapter"],
        filters={"pages": [">", 5], "status": "Out"},
        order_by="title desc",
        limit=1,
    )
    fields = ["status", {"COUNT": "name", "as": "n"}]
    counts = frappe.qb.get_query("Book", fields=fields, group_by="status", order_by="status")

    assert query.run(as_dict=True) == [{"title": "C", "writer": "Bo", "chapter": "C1"}]
    assert counts.run() == (("Draft", 2), ("Out", 2))
    assert titles(frappe.qb.get_query("Book", fields="title", filters=[["author", "is", "not set"]])) == ["D"]
    frappe.qb.get_query("Book", filters={"title": "D"}, delete=True).run()
    assert frappe.qb.count("Book") == 3
    assert (frappe.qb.max("Book", "pages"), frappe.qb.sum("Book", "pages", {"author": "Ada"})) == (30, 30)
    with pytest.raises(InvalidFilter):
        frappe.qb.get_query("Book", fields=["sleep(1)"]).run()


@pytest.mark.parametrize("text", ["o'neil", "back\\slash' or 1=1 -- ", 'quote"', "100%", "%(p0)s", "naïve ☃", "a`b"])
def test_values_never_become_part_of_the_statement(frappe: Any, text: str) -> None:
    frappe.get_doc({"doctype": "Author", "full_name": "Ada", "born": None}).insert()
    author = frappe.qb.DocType("Author")
    frappe.qb.update(author).set(author.full_name, text).where(author.name == "Ada").run()
    select = frappe.qb.from_(author).select(author.name).where(author.full_name == text)

    assert select.run() == (("Ada",),)
    assert frappe.db.sql(select) == (("Ada",),)
    assert frappe.db.sql(str(select).replace("%", "%%"), ()) or frappe.db.sql(str(select)) == (("Ada",),)


def test_pypika_by_name_makes_the_same_terms(frappe: Any, books: Any) -> None:
    import pypika
    from pypika.functions import Count
    from pypika.terms import Criterion, ExistsCriterion

    assert frappe.qb.from_(books).select(Count("*")).run() == ((4,),)
    both = Criterion.all([books.author == "Ada", books.status == "Out"])
    assert titles(frappe.qb.from_(books).select(books.title).where(both)) == ["A"]
    author = frappe.qb.DocType("Author")
    exists = ExistsCriterion(frappe.qb.from_(books).select(books.name).where(books.author == author.name))
    assert titles(frappe.qb.from_(author).select(author.name).where(exists)) == ["Ada", "Bo"]
    assert pypika.Order.desc is frappe.qb.desc


def test_aggregates_count_sum_and_compare(frappe: Any, books: Any) -> None:
    from frappe.query_builder.functions import Avg, Count, Max, Min, Sum

    whole = frappe.qb.from_(books)
    assert whole.select(Count("*")).run() == ((4,),)
    assert whole.select(Count(books.author)).run() == ((3,),)
    assert whole.select(Count(books.author).distinct()).run() == ((2,),)
    assert whole.select(Sum(books.pages)).run() == ((60,),)
    assert whole.select(Avg(books.pages)).run() == ((15,),)
    assert whole.select(Max(books.pages), Min(books.pages)).run() == ((30, 0),)
    assert whole.select(Sum(books.pages)).where(books.title == "None").run() == ((None,),)
    assert frappe.qb.avg("Book", "pages", {"status": "Out"}) == 20
    assert frappe.qb.min("Book", "pages", {"pages": [">", 0]}) == 10


def test_parts_of_dates_and_spans_of_time(frappe: Any, books: Any) -> None:
    from frappe.query_builder import DatePart, Interval
    from frappe.query_builder.functions import Date, Extract, Now
    from pypika.functions import Date as DateByName

    first = frappe.qb.from_(books).where(books.title == "B")

    assert first.select(Extract(DatePart.year, books.published_on)).run() == ((2026,),)
    assert first.select(Extract(DatePart.month, books.published_on)).run() == ((1,),)
    assert first.select(Extract(DatePart.day, books.published_on)).run() == ((2,),)
    day = frappe.utils.getdate("2026-01-02")
    assert [frappe.utils.getdate(kind) for kind in first.select(Date(books.published_on)).run()[0]] == [day]
    assert titles(frappe.qb.from_(books).select(books.title).where(DateByName(books.published_on) == "2026-01-02"))
    assert titles(frappe.qb.from_(books).select(books.title).where(Date(books.published_on) > "2026-01-02")) == [
        "C",
        "D",
    ]
    after = books.published_on >= Date("2026-01-01") + Interval(days=2)
    assert titles(frappe.qb.from_(books).select(books.title).where(after)) == ["C", "D"]
    future = frappe.qb.from_(books).select(books.title).where(books.creation > Now() + Interval(years=1))
    assert titles(future) == []
    assert titles(frappe.qb.from_(books).select(books.title).where(books.creation < Now() + Interval(years=900))) != []


def test_conditions_are_put_together_from_lists(frappe: Any, books: Any) -> None:
    from frappe.query_builder import Criterion
    from pypika.terms import Criterion as ByName

    select = frappe.qb.from_(books).select(books.title)

    assert titles(select.where(Criterion.all([books.author == "Ada", books.pages > 10]))) == ["B"]
    assert titles(select.where(Criterion.any([books.author == "Bo", books.pages == 0]))) == ["C", "D"]
    assert titles(select.where(ByName.all([books.author == "Ada", books.pages > 10]))) == ["B"]
    assert titles(select.where(ByName.any([books.author == "Bo", books.pages == 0]))) == ["C", "D"]
    assert titles(select.where(Criterion.all([]))) == ["A", "B", "C", "D"]


def test_cases_and_values_of_null(frappe: Any, books: Any) -> None:
    from frappe.query_builder.functions import Coalesce, IfNull
    from pypika.functions import Coalesce as ByName
    from pypika.terms import Case

    first = frappe.qb.from_(books).where(books.title == "D")

    assert first.select(IfNull(books.author, "nobody")).run() == (("nobody",),)
    assert first.select(Coalesce(books.author, books.title)).run() == (("D",),)
    assert first.select(ByName(books.author, "x")).run() == (("x",),)
    assert first.select(Case().when(books.pages == 0, "empty").else_("full")).run() == (("empty",),)
    nobody = frappe.qb.from_(books).select(books.title).where(IfNull(books.author, "") == "")
    assert titles(nobody) == ["D"]


def test_rows_are_ordered_up_and_down(frappe: Any, books: Any) -> None:
    import pypika
    from frappe.query_builder import Order

    def pages(order: Any) -> list[int]:
        return list(frappe.qb.from_(books).select(books.pages).orderby(books.pages, order=order).run(pluck=True))

    up, down = [0, 10, 20, 30], [30, 20, 10, 0]
    assert (pages(Order.asc), pages(frappe.qb.asc), pages(pypika.enums.Order.asc)) == (up, up, up)
    assert (pages(Order.desc), pages(frappe.qb.desc), pages(pypika.enums.Order.desc)) == (down, down, down)
    assert pages(pypika.Order.desc) == down
    ordered = frappe.qb.from_(books).select("pages")
    assert ordered.orderby("pages", order=Order.asc).get_sql().endswith("ORDER BY `pages` ASC")
    assert ordered.orderby("pages", order=frappe.qb.asc).get_sql().endswith("ORDER BY `pages` ASC")
    assert ordered.orderby("pages", order=pypika.enums.Order.asc).get_sql().endswith("ORDER BY `pages` ASC")


def test_a_left_join_keeps_rows_without_a_match(frappe: Any, books: Any) -> None:
    from frappe.query_builder import DocType, JoinType

    author = DocType("Author")
    query = frappe.qb.from_(books).select(books.title, author.full_name).orderby(books.title)
    rows = (("A", "Ada"), ("B", "Ada"), ("C", "Bo"), ("D", None))

    assert query.join(author, JoinType.left).on(books.author == author.name).run() == rows
    assert query.join(author, JoinType.inner).on(books.author == author.name).run() == rows[:3]
    assert query.left_join(author).on(books.author == author.name).run() == rows


def test_a_doctype_is_its_table(frappe: Any, books: Any) -> None:
    from frappe.query_builder import DocType

    assert frappe.qb.DocType("Sales Invoice").get_table_name() == DocType("Sales Invoice").get_table_name()
    assert frappe.qb.from_(frappe.qb.DocType("Book")).select("title").where(frappe.qb.DocType("Book").pages == 10).run()
    assert str(frappe.qb.from_(frappe.qb.DocType("Book")).select("name")) == "SELECT `name` FROM `tabBook`"
    assert str(frappe.qb.from_(DocType("Book")).select("name")) == "SELECT `name` FROM `tabBook`"
    assert str(frappe.qb.from_("Book").select("name")) == "SELECT `name` FROM `tabBook`"
    assert str(frappe.qb.from_(frappe.qb.Table("tabBook")).select("name")) == "SELECT `name` FROM `tabBook`"
    assert frappe.qb.from_(frappe.qb.Table("tabBook")).select("title").where(frappe.qb.Field("pages") == 30).run()
    assert frappe.qb.update(frappe.qb.DocType("Book")).set("pages", 1).get_sql() == "UPDATE `tabBook` SET `pages`=1"


def test_statements_stand_inside_statements(frappe: Any, books: Any) -> None:
    from frappe.query_builder.custom import GROUP_CONCAT, ConstantColumn
    from frappe.query_builder.terms import QueryBuilder, SubQuery

    out = frappe.qb.from_(books).select(books.name).where(books.status == "Out")
    select = frappe.qb.from_(books).select(books.title)

    assert titles(select.where(books.name.isin(out))) == ["A", "C"]
    assert titles(select.where(books.name.notin(SubQuery(out)))) == ["B", "D"]
    assert titles(select.where(books.name.isin(SubQuery(out)))) == ["A", "C"]
    assert isinstance(select, QueryBuilder)
    kinds = select.select(ConstantColumn("Book").as_("kind")).where(books.title == "A")
    assert kinds.run(as_dict=True) == [{"title": "A", "kind": "Book"}]
    joined = frappe.qb.from_(books).select(GROUP_CONCAT(books.title)).where(books.author == "Ada").run()[0][0]
    assert sorted(joined.split(",")) == ["A", "B"]
    assert len(titles(select.where(frappe.qb.terms.ExistsCriterion(out)))) == 4


def test_terms_are_pypikas_and_functions_are_made_by_name(frappe: Any, books: Any) -> None:
    first = frappe.qb.from_(books).where(books.title == "B")
    long = frappe.qb.terms.Case().when(books.pages > 5, "long").else_("short")

    assert first.select(long).run() == (("long",),)
    assert first.select(frappe.qb.terms.ValueWrapper(5)).run() == ((5,),)
    assert first.select(frappe.qb.functions("UPPER", books.author)).run() == (("ADA",),)
    with pytest.raises(ValueError, match="no name of a function"):
        frappe.qb.functions("sleep(1) or upper", books.author)
