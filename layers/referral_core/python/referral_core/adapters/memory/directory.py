"""The directory and the configuration in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from referral_core.adapters.memory.referrals import MemoryReferrals
from referral_core.domain.access.principal import Principal
from referral_core.domain.directory import EhrSystem, Listed, Payer, Practitioner, TenantProfile
from referral_core.domain.errors import Forbidden, NotFound
from referral_core.domain.ids import Tenant
from referral_core.domain.money.price_book import PriceBook, RevenueTable
from referral_core.domain.pause import Pause
from referral_core.domain.routing.published import PublishedMarket
from referral_core.domain.slots import SlotWeek
from referral_core.domain.terminology import Overrides


class MemoryDirectory:
    """Configuration in lists, with the holds of a MemoryReferrals."""

    def __init__(
        self,
        referrals: MemoryReferrals,
        records: Iterable[TenantProfile | Payer | EhrSystem | Practitioner | Principal],
    ) -> None:
        """Take the records that operations would load."""
        self._referrals = referrals
        self._records = tuple(records)
        self.paused: list[Pause] = []
        self.contracts: dict[Tenant, list[PriceBook | RevenueTable]] = {}

    def price_books(self, tenant: Tenant) -> Sequence[PriceBook]:
        """List the tenant's price books."""
        return [c for c in self.contracts.get(tenant, ()) if isinstance(c, PriceBook)]

    def revenue_tables(self, tenant: Tenant) -> Sequence[RevenueTable]:
        """List the tenant's tables of expected net revenue."""
        return [c for c in self.contracts.get(tenant, ()) if isinstance(c, RevenueTable)]

    def principal(self, client_id: str) -> Principal:
        """Read the principal of a client id."""
        for record in self._records:
            if isinstance(record, Principal) and record.client_id == client_id:
                return record
        raise Forbidden("This client is not registered: ask operations to onboard it.")

    def replace(self, client_id: str, principal: Principal | None) -> None:
        """Put a principal in the place of who has the client id; None: in nobody's."""
        others = (
            record
            for record in self._records
            if not (isinstance(record, Principal) and record.client_id == client_id)
        )
        self._records = (*others, *((principal,) if principal else ()))

    def people(self, tenant: Tenant) -> Sequence[Principal]:
        """List the tenant's people."""
        found = [r for r in self._records if isinstance(r, Principal) and r.tenant == tenant]
        return [principal for principal in found if principal.person is not None]

    def tenant(self, tenant: Tenant) -> TenantProfile:
        """Read the tenant's profile."""
        for record in self._records:
            if isinstance(record, TenantProfile) and record.tenant == tenant:
                return record
        raise NotFound("The tenant has no profile.")

    def pauses(self, tenant: Tenant) -> Sequence[Pause]:
        """List the tenant's pauses."""
        return [pause for pause in self.paused if pause.tenant == tenant]

    def payer(self, tenant: Tenant, payer_id: str) -> Payer:
        """Read one payer."""
        for payer in self.payers(tenant):
            if payer.id == payer_id:
                return payer
        raise NotFound("The tenant has no such payer.")

    def payers(self, tenant: Tenant) -> Sequence[Payer]:
        """List the tenant's payers."""
        return [r for r in self._records if isinstance(r, Payer) and r.tenant == tenant]

    def organizations(self, tenant: Tenant) -> Sequence[str]:
        """List the organizations that the tenant's directory has entries of."""
        return sorted({entry.organization for entry in self._entries(tenant).values()})

    def ehrs(self, tenant: Tenant) -> Sequence[EhrSystem]:
        """List the tenant's EHR systems."""
        return [r for r in self._records if isinstance(r, EhrSystem) and r.tenant == tenant]

    def ehr(self, tenant: Tenant, ehr_id: str) -> EhrSystem:
        """Read one EHR system."""
        for record in self._records:
            if isinstance(record, EhrSystem) and record.tenant == tenant and record.id == ehr_id:
                return record
        raise NotFound("The tenant has no such EHR system.")

    def practitioner(self, tenant: Tenant, specialty: str, npi: str) -> Practitioner | None:
        """Read one practitioner."""
        return self._entries(tenant).get((specialty, npi))

    def practitioners(self, tenant: Tenant, specialty: str) -> Sequence[Practitioner]:
        """List the practitioners of a specialty."""
        return [p for p in self._entries(tenant).values() if p.specialty == specialty]

    def market(self, tenant: Tenant, specialty: str) -> PublishedMarket | None:
        """Read the published market of a specialty."""
        return self._referrals.markets.get((tenant, specialty))

    def listed(
        self, tenant: Tenant, entries: Sequence[tuple[str, str]], weeks: Sequence[str]
    ) -> Sequence[Listed]:
        """Read some entries as they are now."""
        of_entry = self._entries(tenant)
        found = [of_entry[entry] for entry in entries if entry in of_entry]
        held = self._referrals.reserved
        return [
            Listed(
                p,
                {w: held[tenant, p.npi, w] for w in weeks},
                self.slots(tenant, p.npi, weeks),
            )
            for p in found
        ]

    def entries_of(self, tenant: Tenant, npi: str) -> Sequence[Practitioner]:
        """List the entries of one NPI."""
        return [p for p in self._entries(tenant).values() if p.npi == npi]

    def overrides(self, tenant: Tenant, keys: Sequence[str]) -> Overrides:
        """Read the tenant's mappings of some codes or words."""
        kept = self._referrals.mappings
        return Overrides(entries={k: kept[tenant, k] for k in keys if (tenant, k) in kept})

    def reserved(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Mapping[str, int]:
        """Read the holds of some weeks."""
        return {week: self._referrals.reserved[tenant, npi, week] for week in weeks}

    def slots(self, tenant: Tenant, npi: str, weeks: Sequence[str]) -> Mapping[str, SlotWeek]:
        """Read what was published of some weeks."""
        known = self._referrals.slot_weeks
        return {week: known[at] for week in weeks if (at := (tenant, npi, week)) in known}

    def _entries(self, tenant: Tenant) -> Mapping[tuple[str, str], Practitioner]:
        """Return the directory by specialty and NPI."""
        loaded = (r for r in self._records if isinstance(r, Practitioner) and r.tenant == tenant)
        entries = {(r.specialty, r.npi): r for r in loaded}
        corrected = self._referrals.entries.items()
        return entries | {at[1:]: entry for at, entry in corrected if at[0] == tenant}
