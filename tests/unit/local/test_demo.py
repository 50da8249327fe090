"""What the demo says of an input: an answer of the router's own fault is no refusal."""

from __future__ import annotations

import pytest

from local.demo import exit_code
from local.follow import Followed


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_what_the_router_could_not_take_fails_the_demo(status: int) -> None:
    assert exit_code([Followed("taken.json", 422), Followed("lost.json", status)]) == 1


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_refused_input_has_its_answer(status: int) -> None:
    assert exit_code([Followed("refused.json", status)]) == 0
