"""Configuration items of the table behind the Directory port, and how operations write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from referral_core.adapters.aws.dynamodb import keys
from referral_core.adapters.aws.dynamodb.attributes import item
from referral_core.adapters.aws.dynamodb.hashed_keys import NO_HASHED_KEYS, HashedKeys
from referral_core.adapters.aws.dynamodb.table import Table
from referral_core.domain.directory import EhrSystem, Payer, Practitioner, TenantProfile
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.ids import Tenant
from referral_core.domain.price_book import PriceBook, RevenueTable
from referral_core.domain.principal import Principal
from referral_core.domain.terminology import Override, Overrides

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_Configured = TenantProfile | Payer | EhrSystem | Practitioner | Principal


def contract_item(tenant: Tenant, contract: PriceBook | RevenueTable) -> dict[str, Any]:
    """Return the table item of a tenant's price book or revenue table."""
    sort = keys.Sort.PRICES if isinstance(contract, PriceBook) else keys.Sort.REVENUE
    return item(
        pk=keys.config(tenant), sk=f"{sort}{contract.version}", body=contract.model_dump_json()
    )


def config_item(record: _Configured) -> dict[str, Any]:
    """Return the table item of a configuration record: what operations load."""
    match record:
        case TenantProfile():
            pk, sk = keys.config(record.tenant), keys.Sort.TENANT.value
        case Payer():
            pk, sk = keys.config(record.tenant), f"{keys.Sort.PAYER}{record.id}"
        case EhrSystem():
            pk, sk = keys.config(record.tenant), f"{keys.Sort.EHR}{record.id}"
        case Practitioner():
            pk = keys.directory(record.tenant, record.specialty)
            sk = f"{keys.Sort.PRACTITIONER}{record.npi}"
        case Principal():
            pk, sk = keys.principal(record.client_id), keys.Sort.PRINCIPAL.value
    return item(pk=pk, sk=sk, body=record.model_dump_json())


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

    def _body(self, pk: str, sk: str) -> str | None:
        found = self._table.get(pk, sk, consistent=False)
        return str(found["body"]) if found else None

    def _bodies(self, pk: str, prefix: str) -> list[str]:
        return [str(e["body"]) for e in self._table.query(pk, prefix, consistent=False)]
