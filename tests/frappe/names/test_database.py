"""`frappe.db` beyond reading and writing documents: transactions, lists of values, columns, defaults."""

from __future__ import annotations

from typing import Any

import pytest

from rota import errors


@pytest.fixture
def authors(frappe: Any) -> Any:
    """Three authors."""
    for number, name in enumerate(("Ada", "Bo", "Cy"), start=1):
        frappe.get_doc({"doctype": "Author", "full_name": name, "fee": number * 10}).insert()
    return frappe.qb.DocType("Author")


def test_a_savepoint_takes_back_what_came_after_it_only(frappe: Any, authors: Any) -> None:
    def fee_after_taking_back() -> Any:
        frappe.db.savepoint("before")
        frappe.db.set_value("Author", "Ada", "fee", 99)
        frappe.db.rollback(save_point="before")
        return frappe.db.get_value("Author", "Ada", "fee")

    assert fee_after_taking_back() == 10

    frappe.db.savepoint("kept")
    frappe.db.set_value("Author", "Ada", "fee", 98)
    frappe.db.release_savepoint("kept")
    assert frappe.db.get_value("Author", "Ada", "fee") == 98
    with pytest.raises(errors.RotaError, match="kept"):
        frappe.db.rollback(save_point="kept")


def test_what_raises_in_a_guarded_block_is_taken_back(frappe: Any, authors: Any) -> None:
    from frappe.database import savepoint

    with savepoint(catch=frappe.DuplicateEntryError):
        frappe.db.set_value("Author", "Ada", "fee", 99)
        frappe.get_doc({"doctype": "Author", "full_name": "Bo"}).insert()

    assert frappe.db.get_value("Author", "Ada", "fee") == 10
    with pytest.raises(ValueError, match="torn"), savepoint(catch=frappe.DuplicateEntryError):
        raise ValueError("torn")


def test_lists_of_values(frappe: Any, authors: Any) -> None:
    assert frappe.db.get_list("Author", pluck="name", order_by="name") == ["Ada", "Bo", "Cy"]
    frappe.set_user("Guest")
    with pytest.raises(frappe.PermissionError):
        frappe.db.get_list("Author")
    assert frappe.db.get_all("Author", filters={"fee": [">", 10]}, pluck="name", order_by="name") == ["Bo", "Cy"]
    frappe.set_user("Administrator")
    assert frappe.db.get_values("Author", {"fee": ["<", 30]}, ["name", "fee"], order_by="name") == [
        ("Ada", 10.0),
        ("Bo", 20.0),
    ]
    assert frappe.db.get_values("Author", {"name": "Cy"}, "fee", as_dict=True) == [{"fee": 30.0}]
    assert frappe.db.sql_list("select name from `tabAuthor` where fee > %s order by name", 10) == ["Bo", "Cy"]
    assert frappe.get_value("Author", "Bo", "fee") == 20.0
    assert frappe.get_value("Author", {"fee": 30}) == "Cy"


def test_several_documents_are_written_at_once(frappe: Any, authors: Any) -> None:
    frappe.db.bulk_update("Author", {"Ada": {"fee": 1}, "Bo": {"fee": 2, "born": "1990-01-02"}})
    assert frappe.db.get_values("Author", {"fee": ["<", 5]}, ["name", "fee"], order_by="name") == [
        ("Ada", 1.0),
        ("Bo", 2.0),
    ]
    assert str(frappe.db.get_value("Author", "Bo", "born")) == "1990-01-02"

    frappe.db.bulk_insert("Author", ["name", "full_name", "fee"], [("D", "D", 5), ("E", "E", 6)])
    assert frappe.db.get_value("Author", "E", "fee") == 6.0
    frappe.db.bulk_insert("Author", ["name", "full_name"], [("E", "E")], ignore_duplicates=True)
    assert frappe.db.count("Author") == 5
    frappe.db.set(frappe.get_doc("Author", "D"), "fee", 50)
    assert frappe.db.get_value("Author", "D", "fee") == 50.0
    frappe.set_value("Author", "D", "fee", 51)
    assert frappe.get_doc("Author", "D").fee == 51.0
    assert frappe.db.delete("Author", {"fee": [">", 50]}) == 1
    assert frappe.db.exists("Author", "D") is None


def test_set_value_writes_without_hooks_and_says_when_unless_told_not_to(frappe: Any, authors: Any) -> None:
    before = frappe.db.get_value("Author", "Ada", "modified")
    frappe.db.set_value("Author", "Ada", {"fee": 7}, update_modified=False)
    assert frappe.db.get_value("Author", "Ada", ["fee", "modified"]) == (7.0, before)
    frappe.db.set_value("Author", "Ada", "fee", 8, modified="2020-01-01 00:00:00")
    assert str(frappe.db.get_value("Author", "Ada", "modified")).startswith("2020-01-01")
    frappe.db.set_value("Author", {"fee": [">", 10]}, "born", "1980-01-01")
    assert frappe.db.count("Author", {"born": "1980-01-01"}) == 2
    with pytest.raises(errors.InvalidColumnName):
        frappe.db.set_value("Author", "Ada", "colour", "red")


def test_the_database_says_what_went_wrong(frappe: Any, authors: Any) -> None:
    with pytest.raises(frappe.db.OperationalError) as missing_column:
        frappe.db.sql("select colour from `tabAuthor`")
    assert frappe.db.is_missing_column(missing_column.value)
    assert not frappe.db.is_table_missing(missing_column.value)
    with pytest.raises(Exception, match="tabNothing") as missing_table:
        frappe.db.sql("select name from `tabNothing`")
    assert frappe.db.is_table_missing(missing_table.value)
    assert not frappe.db.is_missing_column(missing_table.value)
    with pytest.raises(frappe.DuplicateEntryError) as taken:
        frappe.get_doc({"doctype": "Author", "full_name": "Ada"}).insert()
    assert frappe.db.is_duplicate_entry(taken.value)
    assert frappe.db.count("Author") == 3


def test_tables_have_columns_and_rows_or_not(frappe: Any, authors: Any) -> None:
    assert frappe.db.a_row_exists("Author")
    assert not frappe.db.a_row_exists("Book")
    assert frappe.db.table_exists("Author")
    assert not frappe.db.table_exists("Nothing")
    assert frappe.db.has_column("Author", "fee")
    assert not frappe.db.has_column("Author", "colour")
    assert {"name", "creation", "full_name", "fee"} <= set(frappe.db.get_table_columns("Author"))
    with pytest.raises(errors.DoctypeNotFoundError):
        frappe.db.get_table_columns("Nothing")


def test_indexes_and_tables_are_added_by_code(frappe: Any, authors: Any) -> None:
    frappe.db.add_index("Author", ["born", "fee"], "by_birth")
    assert frappe.db.has_index("tabAuthor", "by_birth")
    frappe.db.add_index("Author", ["born", "fee"], "by_birth")
    frappe.db.add_unique("Author", ["born", "full_name"], "one_each")
    with pytest.raises(Exception, match=r"(?i)unique|taken|duplicate|there already"):
        frappe.db.bulk_insert("Author", ["name", "full_name", "born"], [(f"X{one}", "X", "2000-01-01") for one in "ab"])
    assert not frappe.db.has_index("tabAuthor", "by_colour")
    frappe.db.delete("Author")
    frappe.db.commit()
    frappe.db.sql_ddl("create index by_fee on `tabAuthor` (fee)")
    assert frappe.db.has_index("tabAuthor", "by_fee")


def test_defaults_and_globals_are_kept_for_the_site_or_a_user(frappe: Any) -> None:
    frappe.db.set_default("fruit", "pear")
    assert frappe.db.get_default("fruit") == "pear"
    frappe.db.set_global("seen", "yes")
    assert frappe.db.get_global("seen") == "yes"
    assert frappe.db.get_default("seen") is None
    frappe.defaults.set_global_default("company", "Acme")
    assert frappe.defaults.get_global_default("company") == "Acme"
    assert frappe.defaults.get_user_default("company") == "Acme"
    frappe.defaults.set_user_default("company", "Mine")
    assert frappe.defaults.get_user_default("company") == "Mine"
    frappe.defaults.clear_user_default("company")
    assert frappe.defaults.get_user_default("company") == "Acme"
    frappe.defaults.clear_default(key="company")
    assert frappe.defaults.get_global_default("company") is None


def test_many_writes_are_refused_or_committed_now_and_then(frappe: Any) -> None:
    assert frappe.db.auto_commit_on_many_writes is False
    frappe.db.auto_commit_on_many_writes = 1
    assert frappe.db.auto_commit_on_many_writes is True
    frappe.db.auto_commit_on_many_writes = False
    assert frappe.db.auto_commit_on_many_writes is False


def test_values_are_written_into_sql_as_literals(frappe: Any, authors: Any) -> None:
    nasty = 'o\'neil \\ "x" 100%'
    assert frappe.db.escape("o'neil") == "'o''neil'"
    assert frappe.db.sql(f"select {frappe.db.escape(nasty, percent=False)}") == ((nasty,),)
    assert frappe.db.sql(f"select {frappe.db.escape(nasty)}, %s", ("x",)) == ((nasty, "x"),)
    assert frappe.db.escape(nasty, percent=False).count("%") == 1
    rows = frappe.db.sql("select name, fee from `tabAuthor` where name in %(names)s order by fee desc",
                         {"names": ["Ada", "Cy"]}, as_dict=True)  # fmt: skip
    assert rows == [{"name": "Cy", "fee": 30.0}, {"name": "Ada", "fee": 10.0}]
    assert rows[0].name == "Cy"
    assert frappe.db.multisql({"mariadb": "select count(*) from `tabAuthor`", "postgres": "torn"}) == ((3,),)
