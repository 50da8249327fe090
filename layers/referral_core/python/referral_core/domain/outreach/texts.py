"""What a patient is told: no specialty, no diagnosis, one SMS part."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Final, NamedTuple

from referral_core.domain.outreach.plan import Channel, Purpose


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
    ("en", Purpose.CANCELLATION): "$sender: your visit on $when is cancelled. For another one "
    "reply YES, else NO or STOP. Call $call_back",
    ("es", Purpose.CANCELLATION): "$sender: su cita del $when se cancelo. Para otra responda SI, "
    "si no NO o STOP. Tel $call_back",
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
    ("en", Purpose.CANCELLATION): "$sender: $when is cancelled. Reply YES if we may call you, "
    "else NO or STOP. Call $call_back",
    ("es", Purpose.CANCELLATION): "$sender: se cancelo lo del $when. Responda SI si podemos "
    "llamarle, si no NO o STOP. Tel $call_back",
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
_LONG_CANCELLATION: Final[Mapping[str, Text]] = {
    "en": Text(
        "Your visit on $when is cancelled",
        "Hello,\n\nYour visit on $when is cancelled; please do not come. Please call us at "
        "$call_back, Monday to Friday, 9 to 5, to arrange another one.\n\n$sender",
    ),
    "es": Text(
        "Su cita del $when se canceló",
        "Hola:\n\nSu cita del $when se canceló; por favor no venga. Llámenos al $call_back, de "
        "lunes a viernes, de 9 a 5, para coordinar otra.\n\n$sender",
    ),
}
_WEEKDAYS: Final = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "es": ("lun", "mar", "mie", "jue", "vie", "sab", "dom"),
}


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
    elif purpose is Purpose.CANCELLATION:
        template = _LONG_CANCELLATION[language]
    else:
        template = _LONG[language]
    known = {"sender": sender, "call_back": call_back, "when": when}
    return Text(
        Template(template.subject).substitute(known), Template(template.body).substitute(known)
    )


def weekday(number: int, language: str) -> str:
    """Return a weekday's short name; Monday is 0."""
    return _WEEKDAYS[language][number]
