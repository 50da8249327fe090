"""How the partners behave for one referral: from its sidecar, or good-natured by default."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEFAULT: Mapping[str, Mapping[str, Any]] = {
    "payer": {"eligibility": "active", "authorization": "A1"},
    "clinic": {"offers": ["accept"], "visit": "attended", "report": True},
    "patient": {"reply": "YES"},
    "ehr": {"supplies": None, "cancels_when": None, "acknowledges": True},
}


class Scripts:
    """The scripts of a folder's sidecars, by the placer identifier of their referral."""

    def __init__(self, folder: Path | None) -> None:
        """Read `<name>.sidecar.json` beside each `<name>.json`."""
        self._folder = folder
        self._by_placer: dict[str, Mapping[str, Any]] = {}
        if folder is None or not folder.is_dir():
            return
        for sidecar in sorted(folder.glob("*.sidecar.json")):
            script = json.loads(sidecar.read_text())["partners"]
            referral = sidecar.with_name(sidecar.name.replace(".sidecar.json", ".json"))
            for placer in placers(json.loads(referral.read_text())):
                self._by_placer[placer] = script

    def of(self, service_request: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """Return the script of a referral, with defaults for what it does not say."""
        for placer in placers(service_request):
            if placer in self._by_placer:
                script = self._by_placer[placer]
                return {name: {**part, **script.get(name, {})} for name, part in DEFAULT.items()}
        return DEFAULT

    def resource(self, name: str) -> dict[str, Any]:
        """Read a resource that a script names, beside the sidecars."""
        if self._folder is None:
            raise FileNotFoundError(name)
        resource: dict[str, Any] = json.loads((self._folder / name).read_text())
        return resource


def placers(resource: Any) -> list[str]:
    """List the identifiers' values of every ServiceRequest in a resource."""
    if isinstance(resource, list):
        return [p for item in resource for p in placers(item)]
    if not isinstance(resource, dict):
        return []
    own = []
    if resource.get("resourceType") == "ServiceRequest":
        own = [str(i["value"]) for i in resource.get("identifier", []) if "value" in i]
    return own + [p for value in resource.values() for p in placers(value)]
