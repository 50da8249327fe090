"""What reading an order's service can lead to: an understanding, a question, or a refusal."""

from enum import StrEnum
from typing import Literal

from referral_core.domain.lifecycle import ReferralKind
from referral_core.domain.model import Model
from referral_core.domain.terminology.order import Field
from referral_core.domain.terminology.urgency import Urgency
from referral_core.domain.terminology.vocabulary import ConsentClass, Refusal


class Evidence(Model):
    """What decided, and who says that it means that.

    Attributes:
        system, code: the coding; both None when a text decided.
        by: a row of a table, a range of codes, an exact text, or the tenant's own mapping.
        source: id of a source (`docs/terminology.md`), or who of the tenant kept the mapping.
    """

    field: Field
    by: Literal["code", "range", "text", "override"]
    system: str | None = None
    code: str | None = None
    source: str


class NamedService(Model):
    """A specialty that something in the order names. Attributes: specialty: NUCC code."""

    specialty: str
    name: str
    evidence: Evidence


class Choice(Model):
    """A specialty that a person may have meant. Attributes: because: of which words; PHI."""

    specialty: str
    name: str
    because: str


class Facts(Model):
    """What is known of an order whatever becomes of it.

    Attributes:
        consent: the strictest class of all that the order discloses, in any field.
        consent_evidence: what discloses it.
    """

    consent: ConsentClass = ConsentClass.NONE
    consent_evidence: Evidence | None = None
    urgency: Urgency = Urgency.blank()


class Understanding(Facts):
    """The service is known.

    Attributes:
        specialty: NUCC taxonomy code.
        name: of the specialty, for people.
        accepts: NUCC codes of who may serve it: the specialty, and the same one of other boards.
        pathway: id of the pathway that it selects; None selects none by itself.
        evidence: what decided.
        also_named: other specialties that fields of lower precedence name; they did not decide.
    """

    specialty: str
    name: str
    accepts: tuple[str, ...]
    kind: ReferralKind
    pathway: str | None = None
    evidence: Evidence
    also_named: tuple[NamedService, ...] = ()


class Unclear(StrEnum):
    """Why a person is asked."""

    NOTHING_MATCHED = "nothing-matched"
    CONTRADICTION = "contradiction"
    CALLED_OFF = "called-off"


class NotUnderstood(Facts):
    """A person must say which service is wanted.

    Attributes:
        words: of the order, as they came. PHI.
        choices: what may be meant, the likeliest first; empty when the words name nothing known.
        question: for the person; it holds no PHI.
    """

    reason: Unclear
    question: str
    words: tuple[str, ...]
    choices: tuple[Choice, ...] = ()


class NotAReferral(Facts):
    """The order asks for something that is not referred. Attributes: sentence: holds no PHI."""

    refusal: Refusal
    sentence: str
    evidence: Evidence


Reading = Understanding | NotUnderstood | NotAReferral
