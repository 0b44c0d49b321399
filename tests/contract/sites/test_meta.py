"""What applications keep with a job, on each database."""

from __future__ import annotations

from decimal import Decimal

import pytest

import rota
from rota.errors import NoSuchJobError, NotEncodable, UsageError
from rota.sites.jobs import jobs_of
from tests.support.ledgers import Ledger


def test_what_a_job_keeps_outlives_its_failed_attempts(ledger: Ledger) -> None:
    job = ledger.enqueue("keep_meta", {"retry": 2}, number=1)
    assert job.meta == {}
    ledger.drain()
    assert job.status == "finished"
    assert job.get_meta() == {"seen": [2, 3]}
    assert ledger.effects(copies=False) == [1]


def test_it_is_stored_at_once_whatever_becomes_of_the_transaction(ledger: Ledger) -> None:
    job = ledger.enqueue("keep_meta", number=1)
    with ledger.site.open(commit=False) as context:
        context.documents.get_doc({"doctype": "Effect", "number": 9}).insert()
        job.meta = {"price": Decimal("1.50"), "who": ("ann", "bo")}
        job.save_meta()
    with ledger.site.open() as context:
        assert jobs_of(context).queue.job(job.key).meta == {"price": Decimal("1.50"), "who": ("ann", "bo")}
    assert ledger.effects(copies=False) == []


def test_what_is_not_saved_is_not_stored(ledger: Ledger) -> None:
    job = ledger.enqueue("keep_meta", number=1)
    job.meta["seen"] = 1
    assert job.meta == {"seen": 1}
    assert job.get_meta(refresh=False) == {"seen": 1}
    assert job.get_meta() == {}


@pytest.mark.parametrize(
    ("meta", "words"),
    [({"text": "x" * (1 << 20)}, "meta can't be stored with the job: .*larger"), ({"f": object()}, r"meta\.f can't")],
    ids=["size", "kind"],
)
def test_what_a_result_may_not_be_is_refused_and_the_old_one_stays(
    ledger: Ledger, meta: dict[str, object], words: str
) -> None:
    job = ledger.enqueue("keep_meta", number=1)
    job.meta["seen"] = 1
    job.save_meta()
    job.meta = meta
    with pytest.raises(NotEncodable, match=words):
        job.save_meta()
    assert job.get_meta() == {"seen": 1}


def test_only_a_dict_is_taken(ledger: Ledger) -> None:
    job = ledger.enqueue("keep_meta", number=1)
    job.meta = [1]  # type: ignore[assignment]
    with pytest.raises(UsageError, match="is a dict, not"):
        job.save_meta()


def test_it_is_kept_no_longer_than_the_job(ledger: Ledger) -> None:
    job = ledger.enqueue("keep_meta", number=1)
    job.meta["seen"] = 1
    job.save_meta()
    assert ledger.site.store.meta(job.key) is not None
    job.refresh()
    job.delete()
    assert ledger.site.store.meta(job.key) is None
    with pytest.raises(NoSuchJobError):
        job.save_meta()


def test_a_job_whose_transaction_is_open_has_nothing_stored_yet(ledger: Ledger) -> None:
    with ledger.site.open():
        job = rota.enqueue("ledger.long.keep_meta", kwargs={"number": 1})
        with pytest.raises(UsageError, match="once the transaction that enqueues it has committed"):
            job.save_meta()
