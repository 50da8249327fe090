"""Configuration items of the table behind the Directory port, and how operations write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.hashed_keys import NO_HASHED_KEYS, HashedKeys
from referral_core.adapters.aws.dynamodb.schema import BY_TEAM
from referral_core.adapters.aws.dynamodb.slots import REVISION, week_in
from referral_core.adapters.aws.dynamodb.table import Table
from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import EhrSystem, Listed, Payer, Practitioner, TenantProfile
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.ids import Tenant
from referral_core.domain.money.price_book import PriceBook, RevenueTable
from referral_core.domain.pause import Pause
from referral_core.domain.slots import SlotWeek
from referral_core.domain.terminology import Override, Overrides

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from referral_core.domain.routing.published import PublishedMarket

_KEPT_S: Final = 60
"""How long a published market is kept; the clock on the wall, since a process lives in it."""

_Configured = TenantProfile | Payer | EhrSystem | Practitioner | Principal


def contract_item(tenant: Tenant, contract: PriceBook | RevenueTable) -> dict[str, Any]:
    """Return the table item of a tenant's price book or revenue table."""
    sort = keys.Sort.PRICES if isinstance(contract, PriceBook) else keys.Sort.REVENUE
    return item(
        pk=keys.config(tenant), sk=f"{sort}{contract.version}", body=contract.model_dump_json()
    )


def config_item(record: _Configured) -> dict[str, Any]:
    """Return the table item of a configuration record: what operations load."""
    listed: dict[str, str] = {}
    match record:
        case TenantProfile():
            pk, sk = keys.config(record.tenant), keys.Sort.TENANT.value
            listed = {BY_TEAM.partition: keys.TENANTS, BY_TEAM.sort: record.tenant}
        case Payer():
            pk, sk = keys.config(record.tenant), f"{keys.Sort.PAYER}{record.id}"
        case EhrSystem():
            pk, sk = keys.config(record.tenant), f"{keys.Sort.EHR}{record.id}"
        case Practitioner():
            pk = keys.directory(record.tenant, record.specialty)
            sk = f"{keys.Sort.PRACTITIONER}{record.npi}"
        case Principal():
            pk, sk = keys.principal(record.client_id), keys.Sort.PRINCIPAL.value
    return item(pk=pk, sk=sk, body=record.model_dump_json(), **listed)


def config_items(record: _Configured) -> list[dict[str, Any]]:
    """Return a record's item; of a practitioner also those by NPI and of its organization."""
    items = [config_item(record)]
    if isinstance(record, Practitioner):
        sort = f"{keys.Sort.ENTRY}{record.specialty}"
        items.append(item(pk=keys.npi(record.tenant, record.npi), sk=sort))
        items.append(organization_item(record))
    return items


def organization_item(entry: Practitioner) -> dict[str, Any]:
    """Return the item by which an entry's organization is known: one, however many entries."""
    sort = f"{keys.Sort.ORGANIZATION}{entry.organization}"
    return item(pk=keys.organizations(entry.tenant), sk=sort)


def pause_item(pause: Pause) -> dict[str, Any]:
    """Return the item of a pause: while it is there, it holds."""
    return item(
        pk=keys.config(pause.tenant),
        sk=f"{keys.Sort.PAUSE}{pause.name}",
        body=pause.model_dump_json(),
    )


def person_item(principal: Principal) -> dict[str, Any]:
    """Return the item by which colleagues find a person: beside `config_item`, by the tenant."""
    return item(
        pk=keys.config(principal.tenant),
        sk=f"{keys.Sort.PERSON}{principal.client_id}",
        body=principal.model_dump_json(),
    )


class DynamoDbDirectory:
    """Reads configuration; one process reads each profile once."""

    def __init__(
        self, client: DynamoDBClient, name: str, hashed: HashedKeys = NO_HASHED_KEYS
    ) -> None:
        """Take a DynamoDB client, the table's name, and where hashed keys are composed."""
        self._table = Table(client, name, hashed)
        self._profiles: dict[Tenant, TenantProfile] = {}
        self._client, self._name = client, name
        self._kept: dict[tuple[Tenant, str], tuple[float, PublishedMarket]] = {}

    def principal(self, client_id: str) -> Principal:
        """Read the principal of a verified client id."""
        body = self._body(keys.principal(client_id), keys.Sort.PRINCIPAL.value)
        if body is None:
            raise Forbidden("This client is not registered: ask operations to onboard it.")
        return Principal.model_validate_json(body)

    def people(self, tenant: Tenant) -> Sequence[Principal]:
        """List the tenant's people."""
        found = self._bodies(keys.config(tenant), keys.Sort.PERSON.value)
        return [Principal.model_validate_json(body) for body in found]

    def tenant(self, tenant: Tenant) -> TenantProfile:
        """Read the tenant's profile."""
        if tenant not in self._profiles:
            body = self._body(keys.config(tenant), keys.Sort.TENANT.value)
            if body is None:
                raise NotFound("The tenant has no profile.")
            self._profiles[tenant] = TenantProfile.model_validate_json(body)
        return self._profiles[tenant]

    def pauses(self, tenant: Tenant) -> Sequence[Pause]:
        """List the tenant's pauses, as they are now."""
        found = self._table.query(keys.config(tenant), keys.Sort.PAUSE.value)
        return [Pause.model_validate_json(str(e["body"])) for e in found]

    def price_books(self, tenant: Tenant) -> Sequence[PriceBook]:
        """List the tenant's price books."""
        found = self._bodies(keys.config(tenant), keys.Sort.PRICES.value)
        return [PriceBook.model_validate_json(body) for body in found]

    def revenue_tables(self, tenant: Tenant) -> Sequence[RevenueTable]:
        """List the tenant's tables of expected net revenue."""
        found = self._bodies(keys.config(tenant), keys.Sort.REVENUE.value)
        return [RevenueTable.model_validate_json(body) for body in found]

    def payer(self, tenant: Tenant, payer_id: str) -> Payer:
        """Read one payer."""
        body = self._body(keys.config(tenant), f"{keys.Sort.PAYER}{payer_id}")
        if body is None:
            raise NotFound("The tenant has no such payer.")
        return Payer.model_validate_json(body)

    def payers(self, tenant: Tenant) -> Sequence[Payer]:
        """List the tenant's payers."""
        found = self._bodies(keys.config(tenant), keys.Sort.PAYER.value)
        return [Payer.model_validate_json(body) for body in found]

    def organizations(self, tenant: Tenant) -> Sequence[str]:
        """List the organizations that the tenant's directory has entries of."""
        prefix = keys.Sort.ORGANIZATION.value
        found = self._table.query(keys.organizations(tenant), prefix, consistent=False)
        return [str(entry["sk"]).removeprefix(prefix) for entry in found]

    def ehrs(self, tenant: Tenant) -> Sequence[EhrSystem]:
        """List the tenant's EHR systems."""
        found = self._bodies(keys.config(tenant), keys.Sort.EHR.value)
        return [EhrSystem.model_validate_json(body) for body in found]

    def ehr(self, tenant: Tenant, ehr_id: str) -> EhrSystem:
        """Read one EHR system."""
        body = self._body(keys.config(tenant), f"{keys.Sort.EHR}{ehr_id}")
        if body is None:
            raise NotFound("The tenant has no such EHR system.")
        return EhrSystem.model_validate_json(body)

    def practitioner(self, tenant: Tenant, specialty: str, npi: str) -> Practitioner | None:
        """Read one practitioner; None when the directory does not list them."""
        partition = keys.directory(tenant, specialty)
        body = self._body(partition, f"{keys.Sort.PRACTITIONER}{npi}")
        return Practitioner.model_validate_json(body) if body is not None else None

    def practitioners(self, tenant: Tenant, specialty: str) -> Sequence[Practitioner]:
        """List the practitioners of a specialty."""
        partition = keys.directory(tenant, specialty)
        found = self._bodies(partition, keys.Sort.PRACTITIONER.value)
        return [Practitioner.model_validate_json(body) for body in found]

    def market(self, tenant: Tenant, specialty: str) -> PublishedMarket | None:
        """Read the published market of a specialty with one query, at most once a minute."""
        at, now = (tenant, specialty), monotonic()
        kept = self._kept.get(at)
        if kept is None or now - kept[0] > _KEPT_S:
            # Loaded with the first: most functions read no market.
            from referral_core.adapters.aws.dynamodb.markets import (  # noqa: PLC0415
                DynamoDbMarkets,
            )

            found = DynamoDbMarkets(self._client, self._name).published(tenant, specialty)
            if found is None:
                return None
            before = kept[1] if kept else None
            # Its index was made already, if it is the same one.
            same = before is not None and before.version == found.version
            kept = self._kept[at] = (now, before if before and same else found)
        return kept[1]

    def listed(
        self, tenant: Tenant, entries: Sequence[tuple[str, str]], weeks: Sequence[str]
    ) -> Sequence[Listed]:
        """Read some entries and what is reserved of them: a call for each hundred items."""
        of_entry = {
            entry: {
                "pk": keys.directory(tenant, entry[0]),
                "sk": f"{keys.Sort.PRACTITIONER}{entry[1]}",
            }
            for entry in entries
        }
        of_week = [keys.week_of(tenant, npi, week) for _, npi in entries for week in weeks]
        found = {(e["pk"], e["sk"]): e for e in self._table.get_all([*of_entry.values(), *of_week])}
        return [
            Listed(
                Practitioner.model_validate_json(str(found[place["pk"], place["sk"]]["body"])),
                self._held(found, tenant, npi, weeks),
                self._slots(found, tenant, npi, weeks),
            )
            for (_, npi), place in of_entry.items()
            if (place["pk"], place["sk"]) in found
        ]

    @staticmethod
    def _held(
        found: Mapping[tuple[str, str], Mapping[str, Any]],
        tenant: Tenant,
        npi: str,
        weeks: Sequence[str],
    ) -> Mapping[str, int]:
        counted = {}
        for week in weeks:
            key = keys.week_of(tenant, npi, week)
            entry = found.get((key["pk"], key["sk"]))
            if entry is not None:
                counted[week] = int(entry["held"])
        return counted

    @staticmethod
    def _slots(
        found: Mapping[tuple[str, str], Mapping[str, Any]],
        tenant: Tenant,
        npi: str,
        weeks: Sequence[str],
    ) -> Mapping[str, SlotWeek]:
        published = {}
        for week in weeks:
            key = keys.week_of(tenant, npi, week)
            entry = found.get((key["pk"], key["sk"]))
            if entry is not None and REVISION in entry:
                published[week] = week_in(entry)
        return published

    def entries_of(self, tenant: Tenant, npi: str) -> Sequence[Practitioner]:
        """List the entries of one NPI: the index by NPI says under which specialties."""
        listed = self._table.query(keys.npi(tenant, npi), keys.Sort.ENTRY.value, consistent=False)
        specialties = [entry["sk"].removeprefix(keys.Sort.ENTRY) for entry in listed]
        found = (self.practitioner(tenant, specialty, npi) for specialty in specialties)
        return [practitioner for practitioner in found if practitioner is not None]

    def overrides(self, tenant: Tenant, wanted: Sequence[str]) -> Overrides:
        """Read the tenant's mappings of some codes or words."""
        # The one that is written now comes last: it is the later word.
        places = {pk: k for k in wanted for pk in reversed(self._table.hashed.mappings(tenant, k))}
        sort = keys.Sort.MAPPING.value
        found = self._table.get_all([{"pk": pk, "sk": sort} for pk in places])
        return Overrides(
            entries={places[e["pk"]]: Override.model_validate_json(str(e["body"])) for e in found}
        )

    def reserved(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Mapping[str, int]:
        """Read how much of some weeks is reserved."""
        found = self._table.between(
            keys.capacity(tenant, npi),
            f"{keys.Sort.WEEK}{min(weeks)}",
            f"{keys.Sort.WEEK}{max(weeks)}",
        )
        return {entry["sk"].removeprefix(keys.Sort.WEEK): int(entry["held"]) for entry in found}

    def slots(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Mapping[str, SlotWeek]:
        """Read what was published of some weeks, with one query."""
        found = self._table.between(
            keys.capacity(tenant, npi),
            f"{keys.Sort.WEEK}{min(weeks)}",
            f"{keys.Sort.WEEK}{max(weeks)}",
        )
        return {e["sk"].removeprefix(keys.Sort.WEEK): week_in(e) for e in found if REVISION in e}

    def _body(self, pk: str, sk: str) -> str | None:
        found = self._table.get(pk, sk, consistent=False)
        return str(found["body"]) if found else None

    def _bodies(self, pk: str, prefix: str) -> list[str]:
        return [str(e["body"]) for e in self._table.query(pk, prefix, consistent=False)]
