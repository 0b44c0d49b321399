"""Texts, lists and dicts."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.documents.dictionary import AttrDict
from rota.errors import ValidationError
from rota.frappe import utils
from rota.frappe._dict import _dict

from .conftest import FakeSite


@pytest.mark.parametrize(("value", "text"), [(None, ""), ("ä", "ä"), ("ä".encode(), "ä"), (5, "5"), ([1], "[1]")])
def test_cstr_makes_a_text_of_anything(value: Any, text: str) -> None:
    assert utils.cstr(value) == utils.as_unicode(value) == text


def test_what_can_not_be_converted_stays_as_it_is() -> None:
    assert utils.safe_decode(b"\xff") == b"\xff"
    assert utils.safe_decode("text") == "text"
    assert utils.safe_decode("ä".encode(), "no-such-encoding") == "ä"
    assert utils.safe_decode("ä".encode("latin-1"), "x-latin", {"x-latin": "latin-1"}) == "ä"
    assert utils.safe_encode(5) == 5
    assert utils.safe_encode("ä", "ascii") == "ä"
    assert utils.encode(["ä", 5]) == ["ä".encode(), 5]
    assert utils.encode("ä") == "ä".encode()


@pytest.mark.parametrize(
    ("items", "quoted", "plain"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (("a", "b"), "'a' and 'b'", "a and b"),
        (["a", 2, "c"], "'a', '2' and 'c'", "a, 2 and c"),
        ("a", "a", "a"),
    ],
)
def test_comma_and_joins_a_list_as_a_sentence_does(items: Any, quoted: str, plain: str) -> None:
    assert utils.comma_and(items) == quoted
    assert utils.comma_and(items, add_quotes=False) == plain


def test_the_last_comma_is_a_word_of_the_language_or_a_pattern(site: FakeSite) -> None:
    site.translations["{0} or {1}"] = "{0} oder {1}"

    assert utils.comma_or(["a", "b"], add_quotes=False) == "a oder b"
    assert utils.comma_sep(["a", "b", "c"], "{0} / {1}", add_quotes=False) == "a, b / c"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: utils.new_line_sep(["", "Paid", 5]), "\n Paid\n 5"),
        (lambda: utils.new_line_sep("a"), "a"),
        (lambda: utils.filter_strip_join([" a ", None, "", 5], "|"), "a|5"),
        (lambda: utils.list_to_str([1, " b "]), "1, b"),
        (lambda: utils.dict_to_str({"a": "b c", "d": None, "e": 1}), "a=b%20c&d=&e=1"),
        (lambda: utils.strip("\ufeff a\u200b "), "a"),  # noqa: B005 - not a text's own method
        (lambda: utils.strip(",a,b,", ","), "a,b"),
        (lambda: utils.strip(None), ""),
        (lambda: utils.get_abbr("John Doe"), "JD"),
        (lambda: utils.get_abbr("Jenny  Jane Doe", 3), "JJD"),
        (lambda: utils.get_abbr(""), "?"),
        (lambda: utils.get_string_between("<", "a <b> c", ">"), "b"),
        (lambda: utils.get_string_between("<", "a", ">"), "a"),
        (lambda: utils.get_string_between("<", "", ">"), ""),
        (lambda: utils.bold(5), "<strong>5</strong>"),
        (lambda: utils.esc("a'b\"c", "'\""), "a\\'b\\\"c"),
        (lambda: utils.esc("", "'"), ""),
        (lambda: utils.unesc("a\\'b", "'"), "a'b"),
        (lambda: utils.sha256_hash("a"), "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        (lambda: utils.sha256_hash(b"a"), utils.sha256_hash("a")),
        (lambda: utils.get_table_name("User"), "tabUser"),
        (lambda: utils.get_table_name("__Auth", wrap_in_backticks=True), "`__Auth`"),
        (lambda: utils.get_job_name("sync", "User", "a@b.c"), "sync_User_a@b.c"),
        (lambda: utils.get_job_name("sync"), "sync"),
    ],
)
def test_texts_are_made_as_named(call: Any, expected: str) -> None:
    assert call() == expected


@pytest.mark.parametrize("length", [0, 1, 7, 10, 56])
def test_texts_drawn_by_lot_have_the_length_that_was_asked_for(length: int) -> None:
    assert re.fullmatch(rf"[a-zA-Z0-9]{{{length}}}", utils.random_string(length))
    assert re.fullmatch(rf"[0-9a-f]{{{length}}}", utils.generate_hash("ignored", length))


def test_hashes_have_56_digits_and_differ() -> None:
    assert len(utils.generate_hash()) == 56
    assert utils.generate_hash() != utils.generate_hash()


@given(st.lists(st.integers(0, 5)))
def test_unique_keeps_the_first_of_each_in_order(items: list[int]) -> None:
    once = utils.unique(items)

    assert sorted(once) == sorted(set(items))
    assert once == sorted(once, key=items.index)


@given(st.lists(st.integers()), st.integers(1, 10))
def test_batches_are_the_whole_in_parts(items: list[int], size: int) -> None:
    batches = list(utils.create_batch(items, size))

    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) == size for batch in batches[:-1])


def test_sets_are_compared() -> None:
    assert utils.has_common([1, 2], [2, 3])
    assert not utils.has_common([1], [2])
    assert utils.is_subset([1, 1], [1, 2])
    assert not utils.is_subset([1, 3], [1, 2])


def test_dicts_are_cut_and_cleaned() -> None:
    values: dict[str, Any] = {"a": "", "b": None, "c": 0, "d": "x"}

    assert utils.dict_with_keys(values, ["c", "e"]) == {"c": 0}
    assert utils.remove_blanks(values) is values
    assert values == {"c": 0, "d": "x"}


def test_a_sequence_of_one_is_its_item() -> None:
    assert utils.squashify([1]) == 1
    assert utils.squashify([1, 2]) == [1, 2]
    assert utils.squashify({1}) == {1}


def test_dicts_in_a_list_become_attribute_dicts() -> None:
    rows = utils.dictify([{"a": 1}, [{"b": 2}], 3])

    assert (rows[0].a, rows[1][0].b, rows[2]) == (1, 2, 3)


def test_records_are_grouped_by_a_metric_and_their_category() -> None:
    players = {"in": [{"id": 1, "rank": 1}, {"id": 2, "rank": 2}], "au": [{"id": 3, "rank": 1}]}

    assert utils.groupby_metric(players, "rank") == {
        1: {"in": [{"id": 1, "rank": 1}], "au": [{"id": 3, "rank": 1}]},
        2: {"in": [{"id": 2, "rank": 2}]},
    }


def test_dicts_are_encoded_and_decoded_in_place() -> None:
    values: dict[str, Any] = {"a": "ä", "b": 1}

    assert utils.encode_dict(values) == {"a": "ä".encode(), "b": 1}
    assert utils.decode_dict(values) == {"a": "ä", "b": 1}


@pytest.mark.parametrize(("text", "expected"), [("{}", {}), ("{ /}", "{ /}"), ("12", 12), (None, None), ([1], [1])])
def test_what_is_no_json_stays_as_it_is(text: Any, expected: Any) -> None:
    assert utils.safe_json_loads(text) == expected


def test_json_is_read_and_checked() -> None:
    assert utils.safe_json_loads("1", "x") == [1, "x"]
    assert utils.parse_json('{"a": 1}').a == 1
    assert utils.parse_json({"a": 1}).a == 1
    assert utils.parse_json([1]) == [1]
    assert utils.get_safe_filters('{"a": 1}') == {"a": 1}
    assert utils.get_safe_filters("12") == "12"
    assert utils.get_safe_filters("name") == "name"
    utils.validate_json_string("[]")
    with pytest.raises(ValidationError, match="nope"):
        utils.validate_json_string("nope")


def test_callbacks_run_once_in_order_and_can_add_more() -> None:
    ran: list[int] = []
    callbacks = utils.CallbackManager()
    callbacks.add(lambda: (ran.append(1), callbacks(lambda: ran.append(3))))
    callbacks(lambda: ran.append(2))

    callbacks.run()
    callbacks.run()
    callbacks.add(lambda: ran.append(4))
    callbacks.reset()
    callbacks.run()

    assert ran == [1, 2, 3]


def test_a_default_dict_goes_down_without_end() -> None:
    tree = utils.recursive_defaultdict()
    tree["a"]["b"]["c"] = 1

    assert tree == {"a": {"b": {"c": 1}}}


def test_keys_of_an_attribute_dict_are_attributes() -> None:
    values = _dict(a=1)
    values.b = 2
    del values.a
    del values.missing

    assert (values.a, values.b, values) == (None, 2, {"b": 2})
    assert isinstance(values, AttrDict)


def test_an_attribute_dict_keeps_its_class_and_is_plain_json() -> None:
    values = _dict({"a": 1})

    assert values.update({"b": 2}, c=3) is values
    assert type(values.copy()) is type(copy.deepcopy(values)) is AttrDict
    assert values.copy() is not values
    assert json.dumps(values) == '{"a": 1, "b": 2, "c": 3}'


def test_protocols_find_no_attributes_in_an_attribute_dict() -> None:
    assert not hasattr(_dict(), "__html__")
    assert _dict().__len__() == 0
