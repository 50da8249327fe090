"""The columns of the lake's one table, once: rows, Glue, Firehose and the data dictionary.

A row is an event, or what no event carries in one hour. Columns are flat and typed as both engines
read them; times are milliseconds since 1970-01-01T00:00Z, so that both cut days alike. Ids, codes,
counts: no PHI.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from referral_core.domain.money.cost_ledger import UNITS

DATABASE: Final = "referral_router"
TABLE: Final = "referral_events"
PARTITIONS: Final = ("tenant", "day")
"""The partition keys: the tenant, and the UTC day of the event, `2026-03-02`."""

ColumnType = Literal["string", "bigint", "boolean"]


class Column(NamedTuple):
    """One column. Attributes: type: Glue's; means: one sentence, with the unit."""

    name: str
    type: ColumnType
    means: str


_RECORD: Final = (
    Column("referral_id", "string", "Pseudonymous id of the referral; none of overhead."),
    Column(
        "version",
        "bigint",
        "Version of the referral that the event made; with it, unique. "
        "Of overhead the hour, counted since 1970.",
    ),
    Column("run", "bigint", "Run of the state machine."),
    Column("event", "string", "What happened; `overhead`: what no referral carries, an hour."),
    Column("at_ms", "bigint", "When it was recorded."),
    Column("occurred_ms", "bigint", "When it happened: a visit's own time, else `at_ms`."),
    Column("actor", "string", "Client id of who did it, `router` or `timer`."),
    Column("from_status", "string", "Status before."),
    Column("to_status", "string", "Status after."),
    Column("step", "string", "Step of the state machine that has the referral after it."),
    Column("queue", "string", "Team whose worklist shows it after it."),
    Column("waits_for", "string", "Party whose move it is after it."),
    Column("outcome", "string", "How the referral ended, once it has."),
    Column("schema_version", "bigint", "Version of the event's schema."),
)
_DIMENSIONS: Final = (
    Column("pathway", "string", "Pathway."),
    Column("kind", "string", "Kind of referral."),
    Column("priority", "string", "Priority of the order."),
    Column("specialty", "string", "NUCC code of the specialty that it was routed to."),
    Column("payer", "string", "Id of the payer."),
    Column("payer_class", "string", "Class of the payer; `self-pay` where the patient pays."),
    Column("fee_class", "string", "Class of the sliding fee scale, where the patient pays."),
    Column("referring_practice", "string", "NPI of the referring organization, else its EHR."),
    Column("referring_clinician", "string", "NPI of the referring clinician."),
    Column("location", "string", "Where the order was written, as the EHR identifies it."),
    Column("performer_organization", "string", "Organization in hand, or the last one."),
    Column("performer", "string", "NPI of the practitioner in hand, or the last one."),
    Column("network", "boolean", "Whether that performer is in the payer's network."),
    Column("tier", "bigint", "Tier of that performer: 1 preferred, 2 affiliated, 3 outside."),
    Column("language", "string", "The patient's language, ISO 639-1."),
    Column("zip3", "string", "First three digits of the patient's ZIP code."),
)
FACTS: Final = (
    Column("reason", "string", "Code of why it happened, or why a person must look."),
    Column("action", "string", "What a person decided."),
    Column("channel", "string", "How the patient was contacted."),
    Column("reply", "string", "What the patient replied."),
    Column("result", "string", "What came of a call."),
    Column("attempt", "bigint", "Number of the attempt to reach the patient."),
    Column("contact_by_ms", "bigint", "When the patient must have been contacted."),
    Column("patient", "string", "Pseudonym of the patient, the same for all of a tenant."),
    Column("authored_at_ms", "bigint", "When the order was written."),
    Column("wanted_by_ms", "bigint", "When the order asks the service to have been done by."),
    Column("start_ms", "bigint", "When the appointment starts."),
    Column("appointment", "bigint", "Number of the appointment."),
    Column("late", "boolean", "Whether the visit is later than the pathway allows."),
    Column("unauthorized", "boolean", "Whether the visit lies outside the authorized period."),
    Column("status", "string", "Where prior authorization stands, or a status reported."),
    Column("verdict", "string", "What the payer decided."),
    Column("review_action", "string", "The payer's own code of its decision (X12 306)."),
    Column("asked_at_ms", "bigint", "When the payer was asked to authorize."),
    Column("clock_ends_ms", "bigint", "When the payer's clock runs out."),
    Column("expedited", "boolean", "Whether the payer's clock for urgent requests runs."),
    Column("appealed", "boolean", "Whether the decision follows an appeal."),
    Column("network_available", "boolean", "Whether the network had room in time when routed."),
    Column("override", "string", "Code of why the network was left on purpose."),
    Column("elsewhere_network", "boolean", "Whether who gave care elsewhere is in the network."),
    Column("elsewhere_tier", "bigint", "Tier of who gave care elsewhere."),
    Column("third_next_days", "bigint", "Days until the performer's third free place."),
    Column("distance_km", "bigint", "Kilometres from the patient's home to the performer."),
    Column("policy", "string", "Policy of the routing: by prices, or greedy for lack of them."),
    Column("sufficient", "boolean", "Whether the document is one that the loop needs."),
    Column("loop_closed", "boolean", "Whether the loop was closed."),
)
"""What the facts of an event say, by the name of their field (times with `_ms`)."""
_UNITS: Final = tuple(Column(name, "bigint", unit.means) for name, unit in UNITS.items())

COLUMNS: Final = (*_RECORD, *_DIMENSIONS, *FACTS, *_UNITS)
"""Every column of a row, in the table's order; the partition keys stand beside them."""
