"""The history of a resource: its versions, the last first."""

from __future__ import annotations

from collections.abc import Sequence

from referral_core.fhir.parse import Json


def history(versions: Sequence[Json], url: str, total: int, following: str | None = None) -> Json:
    """Make the history of a resource.

    Args:
        versions: the last first.
        url: of the resource.
        total: versions that there are.
        following: the query of the next page; None on the last one.
    """
    links = [{"relation": "self", "url": f"{url}/_history"}]
    if following is not None:
        links.append({"relation": "next", "url": f"{url}/_history?{following}"})
    entries = [
        {
            "fullUrl": url,
            "resource": version,
            "request": {"method": "PUT", "url": url.rpartition("/fhir/")[2]},
            "response": {"status": "200", "etag": f'W/"{version["meta"]["versionId"]}"'},
        }
        for version in versions
    ]
    return {
        "resourceType": "Bundle",
        "type": "history",
        "total": total,
        "link": links,
        "entry": entries,
    }
