"""For unit tests: `caplog` sees our logger too, which hands its records to no other handler."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from referral_core.log_lines import logger


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Return pytest's own, given our records."""
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)
