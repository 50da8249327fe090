"""FHIR R4 data types: strict about what an element is, indifferent to elements we do not know.

Every element is optional here unless nothing can be done without it: missing clinical data is a
reason to ask for it, not to refuse it. An error's type is our own code, its message what to do.
"""

import decimal
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from referral_core.fhir.dates import ends_before_start, instant, is_ahead, is_over


def _date(text: str) -> str:
    if "T" in text:
        raise _invalid_date()
    return _date_time(text)


def _date_time(text: str) -> str:
    try:
        instant(text)
    except ValueError:
        raise _invalid_date() from None
    return text


def _instant(text: str) -> str:
    if "T" not in text:
        raise _invalid_date()
    return _date_time(text)


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, decimal.Decimal)):
        raise PydanticCustomError("float_type", "Send a number here.")
    return value


def _invalid_date() -> PydanticCustomError:
    return PydanticCustomError(
        "invalid-date",
        "Send a day that exists as YYYY-MM-DD (or YYYY, YYYY-MM), a time with seconds and zone.",
    )


Boolean = Annotated[bool, Strict()]
Integer = Annotated[int, Strict()]
Decimal = Annotated[decimal.Decimal, BeforeValidator(_number)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9\-.]{1,64}$")]
Code = Annotated[str, StringConstraints(pattern=r"^\S+( \S+)*$", max_length=256)]
Uri = Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=1024)]
Url = Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=8192)]
Words = Annotated[str, StringConstraints(max_length=1024)]
"""Names, values and displays: what is longer is a text, and texts stand in notes and documents."""
ShortWords = Annotated[str, StringConstraints(max_length=256)]
LongText = Annotated[str, StringConstraints(max_length=20_000)]
Date = Annotated[str, AfterValidator(_date)]
DateTime = Annotated[str, AfterValidator(_date_time)]
Instant = Annotated[str, AfterValidator(_instant)]


@cache
def _camel(name: str) -> str:
    """Return FHIR's name of a field; pydantic's own `to_camel` takes a quarter of the import."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


class _Base(BaseModel):
    """What all types share; extensions are the tuple `extension` of each."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=_camel,
        defer_build=True,  # an import builds no validators; a type is built when first met
    )


class Extension(_Base):
    """An extension; of its value only the kinds that we read.

    It stands before what it is part of: subclasses in other modules take over the field `extension`
    with its type, and nothing needs to be built anew for that.
    """

    extension: "tuple[Extension, ...]" = ()
    url: Uri
    value_string: str | None = None
    value_code: Code | None = None
    value_boolean: Boolean | None = None
    value_coding: "Coding | None" = None
    value_decimal: Decimal | None = None
    value_codeable_concept: "CodeableConcept | None" = None
    value_reference: "Reference | None" = None

    def extended(self, url: str) -> "Extension | None":
        """Return the first extension with this URL."""
        return _extended(self.extension, url)


class Element(_Base):
    """The base of all data types, backbone elements and resources."""

    extension: tuple[Extension, ...] = ()

    def extended(self, url: str) -> Extension | None:
        """Return the first extension with this URL."""
        return _extended(self.extension, url)


def _extended(extensions: tuple[Extension, ...], url: str) -> Extension | None:
    return next((one for one in extensions if one.url == url), None)


class Coding(Element):
    """A code in its system."""

    system: Uri | None = None
    version: Words | None = None
    code: Code | None = None
    display: Words | None = None
    user_selected: Boolean | None = None

    @property
    def token(self) -> str | None:
        """Return `system|code`, or the bare code when it names no system."""
        if self.code is None:
            return None
        return f"{self.system}|{self.code}" if self.system else self.code


class CodeableConcept(Element):
    """A concept, by codes, by words, or both."""

    coding: tuple[Coding, ...] = ()
    text: LongText | None = None

    @property
    def words(self) -> str | None:
        """Return the words for a person to read."""
        return self.text or next((c.display for c in self.coding if c.display), None)

    def has(self, *tokens: str) -> bool:
        """Tell whether one of the codings is one of `system|code`."""
        return any(coding.token in tokens for coding in self.coding)


class Period(Element):
    """A span of time, both ends included at the precision stated; an open end goes on."""

    start: DateTime | None = None
    end: DateTime | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start and self.end and ends_before_start(self.start, self.end):
            raise PydanticCustomError("period-reversed", "Let the period end after its start.")
        return self

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies within; bare dates are days of the instant's own zone."""
        begun = self.start is None or not is_ahead(self.start, at)
        return begun and (self.end is None or not is_over(self.end, at))


class TimingRepeat(Element):
    """When something recurs. Attributes: bounds_period: within which all of it lies."""

    bounds_period: Period | None = None


class Timing(Element):
    """When something is to happen, once or more often. Attributes: event: instants of it."""

    event: tuple[DateTime | None, ...] = ()
    repeat: TimingRepeat | None = None


class Identifier(Element):
    """A business identifier."""

    use: Literal["usual", "official", "temp", "secondary", "old"] | None = None
    type: CodeableConcept | None = None
    system: Uri | None = None
    value: ShortWords | None = None
    period: Period | None = None
    assigner: "Reference | None" = None

    @property
    def token(self) -> str | None:
        """Return `system|value`; None without a value."""
        return f"{self.system or ''}|{self.value}" if self.value else None


class Reference(Element):
    """A reference, literal, logical, or in words only."""

    reference: Words | None = None
    type: Uri | None = None
    identifier: Identifier | None = None
    display: Words | None = None


class HumanName(Element):
    """A person's name."""

    use: Literal["usual", "official", "temp", "nickname", "anonymous", "old", "maiden"] | None = (
        None
    )
    text: Words | None = None
    family: Words | None = None
    given: tuple[Words | None, ...] = ()
    prefix: tuple[Words | None, ...] = ()
    suffix: tuple[Words | None, ...] = ()
    period: Period | None = None


class ContactPoint(Element):
    """A phone number, fax number, or address of another medium."""

    system: Literal["phone", "fax", "email", "pager", "url", "sms", "other"] | None = None
    value: Words | None = None
    use: Literal["home", "work", "temp", "old", "mobile"] | None = None
    rank: Annotated[Integer, Field(gt=0)] | None = None
    period: Period | None = None


class Address(Element):
    """A postal address."""

    use: Literal["home", "work", "temp", "old", "billing"] | None = None
    type: Literal["postal", "physical", "both"] | None = None
    text: Words | None = None
    line: tuple[Words | None, ...] = ()
    city: Words | None = None
    district: Words | None = None
    state: Words | None = None
    postal_code: Words | None = None
    country: Words | None = None
    period: Period | None = None


class Annotation(Element):
    """A note."""

    author_reference: Reference | None = None
    author_string: Words | None = None
    time: DateTime | None = None
    text: str | None = None


class Attachment(Element):
    """A document, inline or by address."""

    content_type: Code | None = None
    language: Code | None = None
    data: str | None = None
    url: Url | None = None
    size: Annotated[Integer, Field(ge=0)] | None = None
    hash: Words | None = None
    title: Words | None = None
    creation: DateTime | None = None


class Meta(Element):
    """What a server says of a resource's version."""

    version_id: Id | None = None
    last_updated: Instant | None = None
    source: Uri | None = None
    profile: tuple[Uri | None, ...] = ()
    security: tuple[Coding, ...] = ()
    tag: tuple[Coding, ...] = ()


class Resource(Element):
    """The base of all resources; contained ones stay JSON until somebody asks for them."""

    resource_type: ShortWords
    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    language: Code | None = None
    contained: tuple[dict[str, Any], ...] = ()
    modifier_extension: tuple[Extension, ...] = ()
