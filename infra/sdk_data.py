"""What the AWS SDK knows of services, cut down to what functions call: less to unpack and to read.

botocore ships the models of some four hundred services with their documentation, and an index of
all their endpoints. A client reads the models of its service and that index whenever one is made.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

_MODEL: Final = "service-2.json.gz"
_ENDPOINTS: Final = "endpoints.json"
_PROSE: Final = frozenset({"documentation", "documentationUrl"})
_READ_WHOLE: Final = "clientContextParams"
"""Of these botocore reads the prose too, before each call of a service that has some (S3)."""


def cut_sdk_data(data: Path, services: Sequence[str]) -> None:
    """Leave in botocore's folder `data` what clients of some services read, without its prose.

    The same folder always becomes the same bytes.

    Raises:
        FileNotFoundError: botocore knows no such service.
    """
    for folder in (found for found in data.iterdir() if found.is_dir()):
        if folder.name not in services:
            shutil.rmtree(folder)
    prefixes = {_cut_service(data / service) for service in services}
    index = json.loads((data / _ENDPOINTS).read_bytes())
    for partition in index["partitions"]:
        known = partition["services"]
        partition["services"] = {name: known[name] for name in known if name in prefixes}
    _write(data / _ENDPOINTS, index)


def _cut_service(folder: Path) -> str:
    """Cut the models of one service; return its name in endpoints."""
    latest = max(version for version in folder.iterdir() if (version / _MODEL).is_file())
    for version in folder.iterdir():
        for file in version.iterdir():
            if version != latest or file.name.startswith("examples-"):
                file.unlink()
    for file in latest.iterdir():
        _write(file, _without_prose(json.loads(_read(file))))
    return str(json.loads(_read(latest / _MODEL))["metadata"]["endpointPrefix"])


def _without_prose(found: Any) -> Any:
    """Leave out documentation; a member of that name is an object and stays."""
    if isinstance(found, list):
        return [_without_prose(one) for one in found]
    if isinstance(found, dict):
        return {
            key: value if key == _READ_WHOLE else _without_prose(value)
            for key, value in found.items()
            if not (key in _PROSE and isinstance(value, str))
        }
    return found


def _read(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def _write(file: Path, content: Any) -> None:
    text = json.dumps(content, separators=(",", ":")).encode()
    # A new file: the installer links its packages, and the same bytes lie in other environments.
    file.unlink()
    file.write_bytes(gzip.compress(text, mtime=0) if file.suffix == ".gz" else text)
