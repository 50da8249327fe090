"""Every write of the API, with who may make it: the table of `test_isolation_writes.py`."""

from __future__ import annotations

from typing import Final

from tests.unit.entrypoints.http.directory_writes import DIRECTORY
from tests.unit.entrypoints.http.intake_writes import INTAKE
from tests.unit.entrypoints.http.partner_writes import NOTICES, PAYER, REPORTS, STAFF, TASKS, VISITS

WRITES: Final = (*INTAKE, *TASKS, *VISITS, *REPORTS, *PAYER, *NOTICES, *STAFF, *DIRECTORY)
