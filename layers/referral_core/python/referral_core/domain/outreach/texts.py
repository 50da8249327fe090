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
    ("en", Purpose.INVITATION): "$sender: $doctor asked us to arrange a visit. "
    "Reply YES, NO, TIME (other time) or STOP. Call $call_back",
    ("es", Purpose.INVITATION): "$sender: $doctor nos pidio coordinar una cita. "
    "Responda SI, NO, HORA (otra hora) o STOP. Tel $call_back",
    ("en", Purpose.CANCELLATION): "$sender: $visit on $when is cancelled. For another one "
    "reply YES, else NO or STOP. Call $call_back",
    ("es", Purpose.CANCELLATION): "$sender: $visit del $when se cancelo. Para otra responda SI, "
    "si no NO o STOP. Tel $call_back",
    ("en", Purpose.REMINDER): "$sender: $visit is on $when. Reply TIME for another time, "
    "NO to cancel, STOP to opt out. Call $call_back",
    ("es", Purpose.REMINDER): "$sender: $visit es el $when. Responda HORA para otra hora, "
    "NO para cancelar, o STOP. Tel $call_back",
    ("en", Purpose.PREPARATION): "$sender: $visit is on $when. Please call $call_back to "
    "hear how to prepare. Reply TIME, NO or STOP",
    ("es", Purpose.PREPARATION): "$sender: $visit es el $when. Llame al $call_back para saber "
    "como prepararse. Responda HORA, NO o STOP",
    ("en", Purpose.VISIT_OFF): "$sender: $visit on $when is off, please do not come. "
    "We look for another one. Call $call_back or reply STOP",
    ("es", Purpose.VISIT_OFF): "$sender: $visit del $when se cancelo, no venga. "
    "Buscamos otra y le avisaremos. Tel $call_back, o STOP",
    ("en", Purpose.CALLED_OFF): "$sender: $visit on $when is cancelled, please do not come. "
    "No reply needed. Call $call_back, or reply STOP",
    ("es", Purpose.CALLED_OFF): "$sender: $visit del $when se cancelo, por favor no venga. "
    "No hace falta responder. Dudas? Tel $call_back, o STOP",
    ("en", Purpose.WITHDRAWN): "$sender: we no longer arrange the visit that $doctor asked for. "
    "No reply needed. Questions? Call $call_back or reply STOP",
    ("es", Purpose.WITHDRAWN): "$sender: ya no coordinamos la cita que pidio $doctor. "
    "No hace falta responder. Dudas? Tel $call_back, o STOP",
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
    ("en", Purpose.VISIT_OFF): "$sender: $when is cancelled. We look for another time and "
    "tell you. Questions? Call $call_back or reply STOP",
    ("es", Purpose.VISIT_OFF): "$sender: se cancelo lo del $when. Buscamos otra hora y le "
    "avisaremos. Dudas? Tel $call_back, o STOP",
    ("en", Purpose.CALLED_OFF): "$sender: $when is cancelled. No reply needed. "
    "Questions? Call $call_back or reply STOP",
    ("es", Purpose.CALLED_OFF): "$sender: se cancelo lo del $when. No hace falta responder. "
    "Dudas? Tel $call_back, o STOP",
    ("en", Purpose.WITHDRAWN): "$sender: you need not call us any more. No reply needed. "
    "Questions? Call $call_back or reply STOP",
    ("es", Purpose.WITHDRAWN): "$sender: ya no hace falta que nos llame ni responda. "
    "Dudas? Tel $call_back, o STOP",
}
_HELP: Final[Mapping[str, str]] = {
    "en": "$sender: we arrange visits that a doctor asked for. Call $call_back. "
    "Reply STOP to get no more texts. Msg&data rates may apply",
    "es": "$sender: coordinamos citas que pidio un doctor. Tel $call_back. "
    "Responda STOP para no recibir mas textos. Pueden aplicar tarifas",
}
"""What HELP is answered with (CTIA Messaging Principles 5.1.3: who, how to reach them, STOP)."""
_ABOUT: Final[Mapping[tuple[str, bool], Mapping[str, str]]] = {
    ("en", False): {"doctor": "your doctor", "visit": "your visit", "to_arrange": "a visit"},
    ("en", True): {
        "doctor": "the child's doctor",
        "visit": "the child's visit",
        "to_arrange": "a visit for the child",
    },
    ("es", False): {"doctor": "su doctor", "visit": "su cita", "to_arrange": "una cita"},
    ("es", True): {
        "doctor": "el doctor del menor",
        "visit": "la cita del menor",
        "to_arrange": "una cita para el menor",
    },
}
"""Whose visit it is, by language and whether somebody is written to about a child. No name, since
a phone that is shared, or has changed hands, would tell it to others."""
# A voicemail says name and number only.
_VOICE: Final[Mapping[str, str]] = {
    "en": "This is $sender. Please call us back at $call_back. Again: $call_back.",
    "es": "Le llama $sender. Por favor llamenos al $call_back. De nuevo: $call_back.",
}
_LONG: Final[Mapping[str, Text]] = {
    "en": Text(
        "Please contact $sender",
        "Hello,\n\nWe have tried to reach you to arrange $to_arrange. Please call us at "
        "$call_back, Monday to Friday, 9 to 5. If you do not want to be contacted, tell us and we "
        "will stop."
        "\n\n$sender",
    ),
    "es": Text(
        "Por favor comuníquese con $sender",
        "Hola:\n\nHemos tratado de comunicarnos con usted para coordinar $to_arrange. Llámenos al "
        "$call_back, de lunes a viernes, de 9 a 5. Si no desea que le contactemos, díganos y no "
        "lo haremos más.\n\n$sender",
    ),
}
_LONG_BY_PURPOSE: Final[Mapping[tuple[str, Purpose], Text]] = {
    ("en", Purpose.CANCELLATION): Text(
        "$Visit on $when is cancelled",
        "Hello,\n\n$Visit on $when is cancelled; please do not come. Please call us at "
        "$call_back, Monday to Friday, 9 to 5, to arrange another one.\n\n$sender",
    ),
    ("es", Purpose.CANCELLATION): Text(
        "$Visit del $when se canceló",
        "Hola:\n\n$Visit del $when se canceló; por favor no venga. Llámenos al $call_back, de "
        "lunes a viernes, de 9 a 5, para coordinar otra.\n\n$sender",
    ),
    ("en", Purpose.VISIT_OFF): Text(
        "$Visit on $when is cancelled",
        "Hello,\n\n$Visit on $when is cancelled; please do not come. We are looking for another "
        "one, and will tell you. If you have questions, call us at $call_back, Monday to Friday, "
        "9 to 5.\n\n$sender",
    ),
    ("es", Purpose.VISIT_OFF): Text(
        "$Visit del $when se canceló",
        "Hola:\n\n$Visit del $when se canceló; por favor no venga. Buscamos otra y le avisaremos. "
        "Si tiene dudas, llámenos al $call_back, de lunes a viernes, de 9 a 5.\n\n$sender",
    ),
    ("en", Purpose.CALLED_OFF): Text(
        "$Visit on $when is cancelled",
        "Hello,\n\n$Visit on $when is cancelled; please do not come. You need not do anything. "
        "If you have questions, call us at $call_back, Monday to Friday, 9 to 5.\n\n$sender",
    ),
    ("es", Purpose.CALLED_OFF): Text(
        "$Visit del $when se canceló",
        "Hola:\n\n$Visit del $when se canceló; por favor no venga. No tiene que hacer nada. Si "
        "tiene dudas, llámenos al $call_back, de lunes a viernes, de 9 a 5.\n\n$sender",
    ),
    ("en", Purpose.WITHDRAWN): Text(
        "You need not contact $sender any more",
        "Hello,\n\nWe wrote to you to arrange $to_arrange. We no longer do, and you need not do "
        "anything. If you have questions, call us at $call_back, Monday to Friday, 9 to 5."
        "\n\n$sender",
    ),
    ("es", Purpose.WITHDRAWN): Text(
        "Ya no hace falta que se comunique con $sender",
        "Hola:\n\nLe escribimos para coordinar $to_arrange. Ya no es necesario, y no tiene que "
        "hacer nada. Si tiene dudas, llámenos al $call_back, de lunes a viernes, de 9 a 5."
        "\n\n$sender",
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
    about_child: bool = False,
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
        about_child: whether a contact of the patient, who is a child, is written to.
    """
    if channel == "sms":
        texts = {**_SMS, **_DISCREET_SMS} if discreet else _SMS
        plain = Purpose.REMINDER if discreet and purpose is Purpose.PREPARATION else purpose
        template = Text("", texts[language, plain])
    elif channel in {"voice", "call"} or discreet:
        template = Text("$sender", _VOICE[language])
    else:
        template = _LONG_BY_PURPOSE.get((language, purpose), _LONG[language])
    words = _ABOUT[language, about_child]
    known = {"sender": sender, "call_back": call_back, "when": when, **words}
    known["Visit"] = words["visit"].capitalize()
    return Text(
        Template(template.subject).substitute(known), Template(template.body).substitute(known)
    )


def help_text(language: str, *, sender: str, call_back: str) -> str:
    """Compose the answer to somebody who asks by text who writes to them."""
    return Template(_HELP[language]).substitute(sender=sender, call_back=call_back)


def weekday(number: int, language: str) -> str:
    """Return a weekday's short name; Monday is 0."""
    return _WEEKDAYS[language][number]
