"""The fuzz's judge finds what is wrong with an answer, and lets the rest pass."""

from __future__ import annotations

import json
import random

import pytest

from workbench.fuzz.judge import Answer, Asked, Judge
from workbench.fuzz.memory import Memory
from workbench.fuzz.mutations import mutated
from workbench.fuzz.people import Person

MINE, OTHERS = "job_1111111111111111", "job_2222222222222222"
GUEST = Person("guest", "guest 1", "my-token")
OPERATOR = Person("operator", "*", "operators-token")
THIEF = Person("deleted", "", "old-token", valid=False)
STATUS = {
    "job_id": MINE,
    "job_type": "tryon",
    "status": "queued",
    "engine": "puppet",
    "created_at": "2026-02-03T12:00Z",
}
HEADERS = {"content-type": "application/json", "etag": 'W/"1"'}
ASKED = Asked("GET", f"http://127.0.0.1:1/v1/tryons/{MINE}", f"/v1/tryons/{MINE}")


@pytest.fixture
def judge() -> Judge:
    memory = Memory()
    memory.own(MINE, "guest 1")
    memory.own(OTHERS, "guest 2")
    return Judge(memory, {"my-token": "guest 1", "others-token": "guest 2"}, {"the-signing-key"})


def found(judge: Judge, answer: Answer, person: Person = GUEST, asked: Asked = ASKED) -> dict[str, int]:
    judge.look(asked, answer, person)
    return {name: count for name, count in judge.numbers().items() if count and name != "requests"}


def status(**changes: object) -> Answer:
    return Answer(200, HEADERS, json.dumps(STATUS | changes).encode())


def test_an_answer_as_described_is_good(judge: Judge) -> None:
    assert found(judge, status()) == {}
    assert judge.requests == 1


@pytest.mark.parametrize("change", [{"metadata": {"a": OTHERS}}, {"metadata": {"a": "others-token"}}])
def test_what_is_anothers_is_a_leak_unless_the_sender_wrote_it_or_may_see_all(judge: Judge, change: dict) -> None:
    assert found(judge, status(**change)) == {"leaks": 1}
    judge.found.clear()
    wrote = Asked("GET", ASKED.url, f"{OTHERS} others-token")
    assert found(judge, status(**change), asked=wrote) == {}
    if OTHERS in str(change):
        assert found(judge, status(**change), OPERATOR) == {}


@pytest.mark.parametrize("text", ["the-signing-key", 'Traceback (most recent call last): File "a.py", line 3'])
def test_secrets_and_innards_are_leaks_to_everybody(judge: Judge, text: str) -> None:
    assert found(judge, status(metadata={"a": text}), OPERATOR)["leaks"] >= 1


def test_an_answer_to_a_thief_is_a_leak(judge: Judge) -> None:
    assert "leaks" in found(judge, status(), THIEF)


@pytest.mark.parametrize(
    "answer",
    [
        status(colour="red"), status(status="lost"), Answer(200, {"content-type": "application/json"}, b"{}"),
        Answer(418, {"content-type": "text/plain"}, b"teapot"),
    ],
)  # fmt: skip
def test_what_is_not_described_is_found(judge: Judge, answer: Answer) -> None:
    assert found(judge, answer)["undocumented"] >= 1


def test_a_server_error_is_found_and_a_pause_is_none(judge: Judge) -> None:
    problem = {
        "type": "about:blank", "title": "x", "status": 503, "detail": "x", "code": "intake_paused", "retryable": True,
        "hint": "", "request_id": "r",
    }  # fmt: skip
    headers = {"content-type": "application/problem+json"}
    assert found(judge, Answer(503, headers, json.dumps(problem).encode())) == {}
    assert found(judge, Answer(503, headers, json.dumps(problem | {"code": "internal"}).encode())) == {
        "server_errors": 1
    }


def test_a_log_with_a_crash_or_a_token_is_found(judge: Judge) -> None:
    judge.look_at_logs('{"event": "request_crashed"}\nAuthorization: Bearer abcdefghijklmnop\n')
    assert judge.numbers()["server_errors"] == 1
    assert judge.numbers()["leaks"] == 1


def test_memory_gives_each_sender_his_own_and_others_ids() -> None:
    memory = Memory()
    memory.learn({"items": [{"job_id": MINE, "results": [{"url": f"/v1/results/{MINE}/1"}]}]}, "guest 1")
    memory.learn({"job_id": OTHERS, "image_url": "http://s/images/user_333333333333/img_444444444444"}, "guest 2")
    given = {memory.value("job_id", "guest 1", random.Random(n)) for n in range(40)}
    assert given == {MINE, OTHERS}
    assert memory.value("user_photo_url", "guest 1", random.Random(1)) is not None
    assert memory.foreign("user_333333333333", "guest 1", "") == {"user_333333333333"}
    assert memory.value("key_id", "guest 1", random.Random(1)) is None


def test_broken_bytes_differ_from_the_valid_ones_and_repeat_by_seed() -> None:
    valid = bytes(range(256)) * 4
    broken = [mutated(valid, random.Random(n)) for n in range(200)]
    assert sum(one != valid for one in broken) > 190
    assert broken == [mutated(valid, random.Random(n)) for n in range(200)]
