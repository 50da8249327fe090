"""Write docs/timelines/ anew: `python -m tests.unit.timelines`."""

from referral_core.observability import logger
from tests.unit.timelines.tables import PAGES, write
from tests.unit.timelines.world import ORDERS

logger.setLevel("CRITICAL")
PAGES.mkdir(exist_ok=True)
for pathway_id in ORDERS:
    write(pathway_id)
