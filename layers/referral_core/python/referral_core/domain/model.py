"""The base of every value the product stores or sends: frozen, strict about unknown fields."""

from typing import Any, Self, cast

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """An immutable value; change it with `but`."""

    # No namespaces that each field of each class is compared with at every start: a field that
    # hides a method of pydantic's is warned of without them.
    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, protected_namespaces=()
    )

    @classmethod
    def blank(cls) -> Self:
        """Return the value whose every field has its default: for defaults of other models.

        `cls()` would build the validator when a module is imported, used or not.
        """
        return cast("Self", cls.model_construct())

    def but(self, **fields: Any) -> Self:
        """Return the value with some fields replaced, validated as if it were read anew.

        `model_copy(update=...)` would store whatever it is given, and what was stored misspelt
        could never be read again.

        Raises:
            ValidationError: a field does not exist or may not have that value.
        """
        return type(self).model_validate({**dict(iter(self)), **fields})
