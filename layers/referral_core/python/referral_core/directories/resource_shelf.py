"""FHIR resources on disk while a directory is read: what refers to what, in bounded memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

Resource = Mapping[str, Any]


class ResourceShelf:
    """A file of resources by `Type/id`, and of which networks a service is in by affiliation."""

    def __init__(self, file: Path) -> None:
        """Take the file, which is made anew."""
        file.unlink(missing_ok=True)
        self._db = sqlite3.connect(file)
        self._db.execute("CREATE TABLE resource (reference TEXT PRIMARY KEY, body TEXT)")
        self._db.execute("CREATE TABLE network (reference TEXT, network TEXT)")
        self._db.execute("CREATE INDEX of_service ON network (reference)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._db.close()

    def add(self, resources: Iterable[Resource]) -> None:
        """Put resources on the shelf."""
        with self._db:
            for resource in resources:
                reference = f"{resource.get('resourceType')}/{resource.get('id')}"
                row = (reference, json.dumps(resource))
                self._db.execute("INSERT OR REPLACE INTO resource VALUES (?, ?)", row)
                self._link(resource)

    def get(self, reference: object) -> Resource:
        """Return what a FHIR reference leads to; empty where it leads nowhere."""
        text = reference.get("reference") if isinstance(reference, dict) else reference
        found = self._db.execute("SELECT body FROM resource WHERE reference = ?", (text,))
        row = found.fetchone()
        return json.loads(row[0]) if row else {}

    def of_type(self, kind: str) -> Iterator[Resource]:
        """Iterate over the resources of a type, in the order of their ids."""
        pattern = f"{kind}/%"
        found = self._db.execute(
            "SELECT body FROM resource WHERE reference LIKE ? ORDER BY reference", (pattern,)
        )
        for (body,) in found:
            yield json.loads(body)

    def networks_of(self, reference: str) -> tuple[str, ...]:
        """Return the networks that something is in by affiliation or by plan."""
        found = self._db.execute(
            "SELECT DISTINCT network FROM network WHERE reference = ? ORDER BY network",
            (reference,),
        )
        return tuple(network for (network,) in found)

    def _link(self, resource: Resource) -> None:
        """Remember who is in which network: services by affiliation, networks by their plans."""
        networks = [one.get("reference") for one in resource.get("network", ())]
        if resource.get("resourceType") == "OrganizationAffiliation":
            services = [one.get("reference") for one in resource.get("healthcareService", ())]
            links = [(service, network) for service in services for network in networks]
        elif resource.get("resourceType") == "InsurancePlan":
            plan = f"InsurancePlan/{resource.get('id')}"
            links = [(network, plan) for network in networks]
        else:
            return
        self._db.executemany("INSERT INTO network VALUES (?, ?)", links)
