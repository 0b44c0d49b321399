"""Document Naming Rules: which one counts, what it is made of, and that no number is given twice."""

from __future__ import annotations

from typing import Any

import pytest

from rota.errors import ValidationError
from rota.sites.context import Context
from rota.sites.site import Site

RULE = "Document Naming Rule"


def rule(context: Context, prefix: str, *conditions: tuple[str, str, Any], **more: Any) -> Any:
    rows = [{"field": field, "condition": condition, "value": value} for field, condition, value in conditions]
    values = {"doctype": RULE, "document_type": "ToDo", "prefix": prefix, "conditions": rows, **more}
    return context.documents.get_doc(values).insert()


def todo(context: Context, **values: Any) -> str:
    return str(context.documents.get_doc({"doctype": "ToDo", "description": "x", **values}).insert().name)


def test_a_rule_names_whatever_the_doctype_says(context: Context) -> None:
    rule(context, "T-", prefix_digits=3)
    assert [todo(context), todo(context)] == ["T-001", "T-002"]


def test_a_prefix_is_filled_like_a_series(context: Context) -> None:
    rule(context, "T-.YYYY.-.{priority}.-", prefix_digits=2)
    assert todo(context, priority="High") == "T-2026-High-01"


@pytest.mark.parametrize(
    ("condition", "values", "holds"),
    [
        (("priority", "=", "High"), {"priority": "High"}, True),
        (("priority", "=", "High"), {"priority": "Low"}, False),
        (("priority", "!=", "High"), {"priority": "Low"}, True),
        (("date", ">", "2026-01-31"), {"date": "2026-02-01"}, True),
        (("date", ">", "2026-01-31"), {"date": "2026-01-31"}, False),
        (("date", ">=", "2026-01-31"), {"date": "2026-01-31"}, True),
        (("date", "<", "2026-01-31"), {"date": None}, False),
        (("date", "<=", "2026-01-31"), {"date": "2026-01-31"}, True),
        (("reference_name", "=", ""), {"reference_name": None}, True),
    ],
)
def test_a_rule_counts_where_its_condition_holds(
    context: Context, condition: tuple[str, str, Any], values: dict[str, Any], holds: bool
) -> None:
    rule(context, "T-", condition)
    assert todo(context, **values).startswith("T-") is holds


def test_all_conditions_must_hold(context: Context) -> None:
    rule(context, "T-", ("priority", "=", "High"), ("status", "=", "Closed"))
    assert not todo(context, priority="High", status="Open").startswith("T-")
    assert todo(context, priority="High", status="Closed").startswith("T-")


def test_the_highest_priority_counts_and_a_disabled_rule_never(context: Context) -> None:
    rule(context, "LOW-", priority=1)
    rule(context, "HIGH-", ("priority", "=", "High"), priority=2)
    rule(context, "OFF-", priority=3, disabled=1)
    assert [todo(context, priority=one) for one in ("High", "Low")] == ["HIGH-00001", "LOW-00001"]


def test_each_rule_counts_for_itself_and_goes_on_after_a_change(context: Context) -> None:
    first = rule(context, "A-", ("priority", "=", "High"), priority=1)
    rule(context, "B-")
    todo(context, priority="High")
    first.prefix = "C-"
    first.save()
    assert [todo(context, priority=one) for one in ("High", "Low")] == ["C-00002", "B-00001"]


def test_a_number_that_is_rolled_back_is_given_again(context: Context) -> None:
    rule(context, "T-")
    context.documents.session.commit()
    todo(context)
    context.documents.session.rollback()
    assert todo(context) == "T-00001"


def test_another_process_follows_a_rule_from_its_commit_to_its_end(live: Site, context: Context) -> None:
    other = Site.load(live.bench, live.name, clock=live.clock)
    with other, other.open(commit=False) as elsewhere:
        assert not todo(elsewhere).startswith("T-")
        elsewhere.documents.session.rollback()
    made = rule(context, "T-")
    context.documents.session.commit()
    with other, other.open(commit=False) as elsewhere:
        assert todo(elsewhere) == "T-00001"
        elsewhere.documents.session.rollback()
    made.delete()
    context.documents.session.commit()
    with other, other.open(commit=False) as elsewhere:
        assert not todo(elsewhere).startswith("T-")


def test_a_given_name_a_single_and_a_log_need_no_rule(context: Context) -> None:
    rule(context, "T-")
    named = context.documents.get_doc({"doctype": "ToDo", "description": "x"}).insert(set_name="mine")
    assert named.name == "mine"
    rule(context, "L-", document_type="Error Log")
    log = context.documents.get_doc({"doctype": "Error Log", "method": "x"}).insert()
    assert not str(log.name).startswith("L-")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (("colour", "=", "red"), "colour is not a field of doctype ToDo"),
        (("date", ">", "soon"), "Row #1: date can't be 'soon'"),
    ],
)
def test_a_condition_that_can_not_be_met_is_refused(
    context: Context, condition: tuple[str, str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        rule(context, "T-", condition)
