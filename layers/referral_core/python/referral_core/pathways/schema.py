"""The schema of the pathway files, made of the model: `python -m referral_core.pathways.schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from referral_core.domain.pathway import Pathway

SCHEMA: Final = Path(__file__).with_name("pathway.schema.json")
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """Return the schema as it is kept beside the pathways, for editors and reviewers."""
    schema = {"$schema": _DIALECT, **Pathway.model_json_schema()}
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
