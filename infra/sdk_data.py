"""What the AWS SDK knows of services, cut down to what functions call: less to unpack and to read.

botocore ships the models of some four hundred services with all their operations and their
documentation, and an index of all their endpoints. A client reads the models of its service and
that index whenever one is made.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_MODEL: Final = "service-2.json.gz"
_ENDPOINTS: Final = "endpoints.json"
_PROSE: Final = frozenset({"documentation", "documentationUrl"})
_READ_WHOLE: Final = "clientContextParams"
"""Of these botocore reads the prose too, before each call of a service that has some (S3)."""


def cut_sdk_data(data: Path, called: Mapping[str, Sequence[str]]) -> None:
    """Leave in botocore's folder `data` what some operations need, without its prose.

    The same folder always becomes the same bytes.

    Args:
        data: the folder.
        called: the operations, by their service.

    Raises:
        FileNotFoundError: botocore knows no such service.
        KeyError: the service has no such operation.
    """
    for folder in (found for found in data.iterdir() if found.is_dir()):
        if folder.name not in called:
            shutil.rmtree(folder)
    prefixes = {_cut_service(data / service, called[service]) for service in called}
    index = json.loads((data / _ENDPOINTS).read_bytes())
    for partition in index["partitions"]:
        known = partition["services"]
        partition["services"] = {name: known[name] for name in known if name in prefixes}
    _write(data / _ENDPOINTS, index)


def _cut_service(folder: Path, called: Sequence[str]) -> str:
    """Cut the models of one service; return its name in endpoints."""
    latest = max(version for version in folder.iterdir() if (version / _MODEL).is_file())
    for version in folder.iterdir():
        for file in version.iterdir():
            if version != latest or file.name.startswith("examples-"):
                file.unlink()
    for file in latest.iterdir():
        content = _without_prose(json.loads(_read(file)))
        _write(file, _of_operations(content, called) if file.name == _MODEL else content)
    return str(json.loads(_read(latest / _MODEL))["metadata"]["endpointPrefix"])


def _of_operations(model: dict[str, Any], called: Sequence[str]) -> dict[str, Any]:
    """Leave in a service's model some operations and the shapes that they lead to."""
    operations = {name: model["operations"][name] for name in called}
    needed: dict[str, Any] = {}
    ahead = list(_shapes_named(operations))
    while ahead:
        if (name := ahead.pop()) not in needed:
            needed[name] = model["shapes"][name]
            ahead += _shapes_named(needed[name])
    return {**model, "operations": operations, "shapes": dict(sorted(needed.items()))}


def _shapes_named(found: Any) -> Iterator[str]:
    """Yield the names of the shapes that a part of a model refers to."""
    if isinstance(found, list):
        for one in found:
            yield from _shapes_named(one)
    elif isinstance(found, dict):
        for key, value in found.items():
            if key == "shape" and isinstance(value, str):
                yield value
            else:
                yield from _shapes_named(value)


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
