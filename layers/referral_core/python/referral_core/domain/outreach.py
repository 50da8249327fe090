"""What a patient is told and how a reply is read: no specialty, no diagnosis, one SMS part."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from string import Template
from types import MappingProxyType
from typing import Final, Literal, NamedTuple
from unicodedata import category, combining, normalize

Channel = Literal["sms", "voice", "email", "letter", "portal", "call"]
"""How a patient is reached; `call` is a call by staff, on their worklist."""

CAPPED: Final = frozenset({"sms", "voice", "email"})
"""The channels that a patient gets at most one message a day and three a week by."""
MOST_A_WEEK: Final = 3

METERED: Final[Mapping[Channel, str]] = MappingProxyType(
    {
        "sms": "sms_parts",
        "voice": "voice_calls",
        "email": "emails",
        "letter": "letters",
        "portal": "portal_messages",
        "call": "staff_calls",
    }
)
"""The ledger's unit of each channel."""


def reach_hash(address: str) -> str:
    """Return the hash under which a phone number (E.164) or an email address is looked up."""
    return sha256(address.encode()).hexdigest()


class Reply(StrEnum):
    """What a patient's word means to the router; everything else a person reads."""

    YES = "yes"
    NO = "no"
    STOP = "stop"
    ANOTHER_TIME = "another-time"
    ANOTHER_CLINIC = "another-clinic"
    OTHER = "other"


_WORDS: Final[Mapping[Reply, str]] = {
    # 47 CFR 64.1200(a)(10) names the first seven.
    Reply.STOP: "STOP QUIT REVOKE OPTOUT CANCEL UNSUBSCRIBE END STOPALL REMOVE "
    "ALTO PARAR PARE DETENER BAJA CANCELAR",
    Reply.YES: "YES Y OK SI 1",
    Reply.NO: "NO N 2",
    Reply.ANOTHER_TIME: "TIME HORA 3",
    Reply.ANOTHER_CLINIC: "CLINIC CLINICA 4",
}
_MEANING: Final = {word: reply for reply, words in _WORDS.items() for word in words.split()}


_MAY_MEAN_THE_VISIT: Final = frozenset({"CANCEL", "CANCELAR"})


def read_reply(text: str) -> Reply:
    """Read a patient's text message; unsure is always OTHER.

    Case, accents and punctuation say nothing, and a word may be repeated.
    """
    words = _plain(text).split()
    if _MEANING.get("".join(words)) is Reply.STOP:
        return Reply.STOP  # OPT OUT, STOP ALL
    said = set(words)
    return _MEANING.get(said.pop(), Reply.OTHER) if len(said) == 1 else Reply.OTHER


def names_the_visit(text: str) -> bool:
    """Whether a word that stops all messages (CANCEL) may mean the visit as well."""
    return bool(set(_plain(text).split()) & _MAY_MEAN_THE_VISIT)


def _plain(text: str) -> str:
    letters = (c for c in normalize("NFKD", text) if not combining(c))
    return "".join(" " if category(c).startswith("P") else c for c in letters).upper()


class Purpose(StrEnum):
    """Why a patient is written to."""

    INVITATION = "invitation"
    REMINDER = "reminder"
    PREPARATION = "preparation"


class Text(NamedTuple):
    """A message's words. Attributes: subject: of an email or letter."""

    subject: str
    body: str


# Plain words, no diacritics in SMS: é is in GSM-7 but í is not, and one such letter halves what
# a part holds. `$sender` is at most 24 characters of ASCII, `$call_back` 16 (TenantProfile).
_SMS: Final[Mapping[tuple[str, Purpose], str]] = {
    ("en", Purpose.INVITATION): "$sender: your doctor asked us to arrange a visit for you. "
    "Reply YES, NO, TIME (other time) or STOP. Call $call_back",
    ("es", Purpose.INVITATION): "$sender: su doctor nos pidio coordinar una cita para usted. "
    "Responda SI, NO, HORA (otra hora) o STOP. Tel $call_back",
    ("en", Purpose.REMINDER): "$sender: your visit is on $when. Reply TIME for another time, "
    "NO to cancel, STOP to opt out. Call $call_back",
    ("es", Purpose.REMINDER): "$sender: su cita es el $when. Responda HORA para otra hora, "
    "NO para cancelar, STOP para no recibir mas. Tel $call_back",
    ("en", Purpose.PREPARATION): "$sender: your visit is on $when. Please call $call_back to "
    "hear how to prepare. Reply TIME, NO or STOP",
    ("es", Purpose.PREPARATION): "$sender: su cita es el $when. Llame al $call_back para saber "
    "como prepararse. Responda HORA, NO o STOP",
}
# Where not even the fact of a visit may be read over a shoulder.
_DISCREET_SMS: Final[Mapping[tuple[str, Purpose], str]] = {
    ("en", Purpose.INVITATION): "$sender: please call $call_back. "
    "Reply YES if we may call you, NO, TIME (other time) or STOP",
    ("es", Purpose.INVITATION): "$sender: por favor llame al $call_back. "
    "Responda SI si podemos llamarle, NO, HORA (otra hora) o STOP",
    ("en", Purpose.REMINDER): "$sender: a reminder for $when. Reply TIME for another time, "
    "NO to cancel, STOP to opt out. Call $call_back",
    ("es", Purpose.REMINDER): "$sender: un recordatorio para el $when. Responda HORA para otra "
    "hora, NO para cancelar, o STOP. Tel $call_back",
}
# A voicemail says name and number only.
_VOICE: Final[Mapping[str, str]] = {
    "en": "This is $sender. Please call us back at $call_back. Again: $call_back.",
    "es": "Le llama $sender. Por favor llamenos al $call_back. De nuevo: $call_back.",
}
_LONG: Final[Mapping[str, Text]] = {
    "en": Text(
        "Please contact $sender",
        "Hello,\n\nWe have tried to reach you to arrange a visit. Please call us at $call_back, "
        "Monday to Friday, 9 to 5. If you do not want to be contacted, tell us and we will stop."
        "\n\n$sender",
    ),
    "es": Text(
        "Por favor comuníquese con $sender",
        "Hola:\n\nHemos tratado de comunicarnos con usted para coordinar una cita. Llámenos al "
        "$call_back, de lunes a viernes, de 9 a 5. Si no desea que le contactemos, díganos y no "
        "lo haremos más.\n\n$sender",
    ),
}
LANGUAGES: Final = tuple(_VOICE)
_WEEKDAYS: Final = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "es": ("lun", "mar", "mie", "jue", "vie", "sab", "dom"),
}


def language_of(spoken: str | None) -> str:
    """Return the language that messages are written in: the patient's, else English."""
    return spoken if spoken in LANGUAGES else "en"


def compose(
    channel: Channel,
    purpose: Purpose,
    language: str,
    *,
    sender: str,
    call_back: str,
    when: str = "",
    discreet: bool = False,
) -> Text:
    """Compose a message: sender, request, call-back number; never why.

    Args:
        channel: how it is sent.
        purpose: invitation or reminder.
        language: one of `LANGUAGES`.
        sender: how the tenant names itself.
        call_back: the number that patients can call.
        when: the visit's day and hour, for a reminder.
        discreet: whether it says not even that there is a visit.
    """
    if channel == "sms":
        texts = {**_SMS, **_DISCREET_SMS} if discreet else _SMS
        plain = Purpose.REMINDER if discreet and purpose is Purpose.PREPARATION else purpose
        template = Text("", texts[language, plain])
    elif channel in {"voice", "call"} or discreet:
        template = Text("$sender", _VOICE[language])
    else:
        template = _LONG[language]
    known = {"sender": sender, "call_back": call_back, "when": when}
    return Text(
        Template(template.subject).substitute(known), Template(template.body).substitute(known)
    )


def weekday(number: int, language: str) -> str:
    """Return a weekday's short name; Monday is 0."""
    return _WEEKDAYS[language][number]
