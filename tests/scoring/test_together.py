"""Single rows of several requests are scored together where that is asked for, and nobody pays for another's row."""

import asyncio

import pytest

from workbench.errors import BadParameter, BadRow, StoreError
from workbench.scoring import together
from workbench.scoring.http import Request
from workbench.scoring.listen import Listen
from workbench.scoring.service import Service
from workbench.scoring.together import Together

GOOD = {"age": 60, "city": "Ulm"}


class Scorer:
    """Remembers what it was asked together; a row that is negative is bad."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.asked, self.fault = [], fault

    async def __call__(self, rows, reasons):
        self.asked.append((list(rows), reasons))
        await asyncio.sleep(0.01)
        if self.fault is not None:
            raise self.fault
        if bad := [i for i, row in enumerate(rows) if row < 0]:
            raise BadRow([{"row": i, "field": "x", "expected": "more", "got": str(rows[i])} for i in bad])
        return [{"answer": row} for row in rows]


def all_of(score, rows, reasons=(0,), seconds=0.005):
    async def ask():
        joint = Together(score, seconds)
        asked = (joint.score([row], reasons[i % len(reasons)]) for i, row in enumerate(rows))
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask())


def test_rows_that_come_together_are_scored_together_and_each_gets_its_answer():
    scorer = Scorer()

    assert all_of(scorer, range(5)) == [[{"answer": i}] for i in range(5)]
    assert scorer.asked == [([0, 1, 2, 3, 4], 0)]


def test_no_more_than_so_many_at_once(monkeypatch):
    monkeypatch.setattr(together, "MOST", 3)
    scorer = Scorer()

    assert all_of(scorer, range(8), seconds=60) == [[{"answer": i}] for i in range(8)]
    assert [len(rows) for rows, _ in scorer.asked] == [3, 3, 2]


def test_rows_with_other_reasons_are_scored_apart():
    scorer = Scorer()

    assert all_of(scorer, range(4), reasons=(0, 5)) == [[{"answer": i}] for i in range(4)]
    assert scorer.asked == [([0, 2], 0), ([1, 3], 5)]


def test_a_bad_row_is_told_to_its_own_client_alone():
    answers = all_of(Scorer(), [1, -7, 3])

    assert [answers[0], answers[2]] == [[{"answer": 1}], [{"answer": 3}]]
    assert answers[1].problems == [{"row": 0, "field": "x", "expected": "more", "got": "-7"}]


def test_only_bad_rows_are_all_told():
    assert [type(answer) for answer in all_of(Scorer(), [-1, -2])] == [BadRow, BadRow]


def test_what_fails_otherwise_is_told_to_all():
    full = StoreError("The log takes no more.")

    assert all_of(Scorer(full), range(3)) == [full] * 3


def test_who_comes_while_others_are_scored_is_scored_right_after_them():
    async def ask():
        scorer = Scorer()
        joint = Together(scorer, 0.001)
        first = asyncio.create_task(joint.score([1], 0))
        await asyncio.sleep(0.006)
        rest = [asyncio.create_task(joint.score([i], 0)) for i in (2, 3)]
        await asyncio.gather(first, *rest)
        again = await joint.score([4], 0)
        return scorer.asked, again

    asked, again = asyncio.run(ask())
    assert [rows for rows, _ in asked] == [[1], [2, 3], [4]]
    assert again == [{"answer": 4}]


def test_a_client_who_leaves_takes_nothing_from_the_others():
    async def ask():
        joint = Together(Scorer(), 0.005)
        leaving = asyncio.create_task(joint.score([1], 0))
        staying = asyncio.create_task(joint.score([2], 0))
        await asyncio.sleep(0.008)
        leaving.cancel()
        return await staying

    assert asyncio.run(ask()) == [{"answer": 2}]


def test_a_service_gathers_single_rows_alone_and_only_where_it_is_told_to(scorer, monkeypatch):
    async def ask(service):
        service.answering._station(scorer).warm()
        sizes, usual = [], scorer.predict
        monkeypatch.setattr(scorer, "predict", lambda rows, *a, **k: sizes.append(len(rows)) or usual(rows, *a, **k))
        request = Request("POST", "/predict", {}, "", None, "r")
        request.notes["query"] = b""
        asked = [service.scored(request, [GOOD], 0) for _ in range(4)] + [service.scored(request, [GOOD] * 2, 0)]
        answers = await asyncio.gather(*asked)
        monkeypatch.setattr(scorer, "predict", usual)
        return sorted(sizes), [len(answer) for answer in answers]

    assert asyncio.run(ask(Service(scorer, micro_batch=0.05))) == ([2, 4], [1, 1, 1, 1, 2])
    assert asyncio.run(ask(Service(scorer))) == ([1, 1, 1, 1, 2], [1, 1, 1, 1, 2])


@pytest.mark.parametrize("text", ["-1", "soon", "2000", "nan"])
def test_a_time_to_gather_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("WORKBENCH_MICRO_BATCH", text)

    with pytest.raises(BadParameter):
        _ = Listen().gathering
    assert Listen(micro_batch=2).gathering == 0.002
