"""What a patient's text message means; unsure is always for a person to read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from unicodedata import category, combining, normalize

from referral_core.domain.outreach.vocabulary import Reply

_WORDS: Final[Mapping[Reply, str]] = {
    # 47 CFR 64.1200(a)(10) names the first seven.
    Reply.STOP: "STOP QUIT REVOKE OPTOUT CANCEL UNSUBSCRIBE END STOPALL REMOVE "
    "ALTO PARAR PARE PAREN DETENER DETENGA DETENGAN BASTA BAJA CANCELAR CEASE HALT DELETE ELIMINAR "
    # Slips of the finger, and what stands in messages of others.
    "ST0P 5TOP BORRAR NOMAS "
    "STOPP STPO SOTP TSOP STTOP SSTOP STOPO STOPPP STAHP STOP2END STOPSMS UNSUBSCRIBED UNSUSCRIBE "
    "UNSUBCRIBE UNSUBSCIBE UNSUBSRIBE UNSUBSCRIB UNSUSCRIBED "
    # People stop in their own language, whatever they were written to in.
    "ARRET ARRETE ARRETER ARRETEZ DESABONNER DESABONNEZ DESINSCRIRE UNSUB DISCONTINUE PAREM HUY "
    "停止发送 停止發送 请停止 請停止 停止短信 取消订阅 取消訂閱 不要再发 不要再发短信 别再发了 "
    "SAIR DESINSCREVER ABMELDEN SISPANN RETE NGUNG DUNG DUNGLAI ITIGIL HINTO "
    "СТОП ОТПИСАТЬСЯ 停止 停 退订 退訂 중지 그만 توقف قف ارکو रोकें বন্ধ",
    Reply.START: "START UNSTOP RESUME SUBSCRIBE RESTART REJOIN OPTIN STRAT SRART SATRT STRT "
    "EMPEZAR INICIAR COMENZAR REANUDAR REINICIAR REACTIVAR SUSCRIBIR SUSCRIBIRME SUSCRIBANME "
    "EMPIECEN COMIENCEN REACTIVATE",
    Reply.HELP: "HELP INFO INFORMATION AYUDA AYUDAME INFORMACION AUXILIO HLEP HEPL",
    Reply.YES: "YES Y OK SI 1 YEAH YEP YUP YEA YESS OKAY OKEY SURE CLARO",
    Reply.NO: "NO N 2 NOPE NAH",
    # A wish of several words is written as one.
    Reply.ANOTHER_TIME: "TIME HORA 3 ANOTHERTIME DIFFERENTTIME OTHERTIME NEWTIME RESCHEDULE "
    "ANOTHERDAY DIFFERENTDAY OTRAHORA OTROHORARIO OTRODIA OTRAFECHA REPROGRAMAR",
    Reply.ANOTHER_CLINIC: "CLINIC CLINICA 4 ANOTHERCLINIC DIFFERENTCLINIC OTHERCLINIC OTRACLINICA",
}
_MAY_MEAN_THE_VISIT: Final = frozenset({"CANCEL", "CANCELAR", "HUY"})


# Words beside a word of stopping that change nothing: whom, what, and courtesy.
_BESIDE_WORDS: Final = """
PLEASE PLS PLZ KINDLY THANK THANKS YOU THX HI HELLO DEAR SIR MADAM MAAM JUST NOW AT ONCE ASAP
IMMEDIATELY ME US MY OUR YOUR THE THIS THESE THOSE ALL ANY FROM TO OF OFF ON FOR IN AND
BOTHERING STUFF SPAM THINGS
LIST NUMBER PHONE SERVICE ALREADY FOREVER POR FAVOR PORFAVOR GRACIAS HOLA YA
LOS LAS EL LA DE DEL A MI NUMERO LISTA ESTOS ESTA ESTE AHORA USTEDES TODO TODOS
SVP SIL VOUS PLAIT MERCI LES MOI VOS OBRIGADO OBRIGADA TANPRI MESI XIN CAM ON
"""
_MESSAGES_WORDS: Final = """
TEXT TEXTS TEXTING TXT TXTS TXTING MESSAGE MESSAGES MESSAGING MSG MSGS SMS SENDING CONTACTING
CALLING CALLS WRITING RECEIVING GETTING NOTIFICATIONS ALERTS REMINDERS
MENSAJES MENSAJE TEXTOS SUSCRIPCION SUBSCRIPTION ENVIAR MENSAGENS MESAJ NHAN TIN
"""
_MESSAGES: Final = frozenset(_MESSAGES_WORDS.split())
"""What says that messages are to stop, and nothing else."""
_BESIDE: Final = frozenset(_BESIDE_WORDS.split()) | _MESSAGES
_ASKED: Final = re.compile(
    r"\b(?:(?:CAN|COULD|WOULD|WILL) (?:YOU|U)|I ?D LIKE(?: TO)?|NOT INTERESTED"
    r"|I (?:ALREADY )?(?:SAID|TOLD YOU)(?: TO)?|(?:REPLY|SAY) (?=STOP\b)"
    r"|(?<=STOP )IT|(?<=QUIT )IT)\b"
)
"""How a stop is asked for; it changes nothing. Other things (an illness, a life) are ended too."""
_SAID_OTHERWISE: Final = re.compile(
    r"\b(?:(?:DO NOT|DONT|NEVER|PLEASE NO|NO MORE) "
    r"(?:TEXT|MESSAGE|CONTACT|CALL|WRITE|SEND|TEXTS|MESSAGES|CALLS|SMS)\b(?: AGAIN| ANYMORE)?"
    r"|(?:DO NOT|DONT|NO LONGER) (?:WANT|WISH|LIKE|NEED)(?: TO)?(?: GET| RECEIVE| BE)?"
    r"(?: ANY| ANYMORE| MORE| THESE| THOSE| YOUR| ALL| SUCH)* "
    r"(?:TEXTS?|TEXTED|MESSAGES?|CALLS?|CALLED|SMS|CONTACTED|ALERTS|REMINDERS)\b(?: ANYMORE)?"
    r"|NO MORE OF (?:THESE|THIS)|NO (?:MAS |MORE )?(?:MENSAJES?|TEXTOS?|TEXTS|MESSAGES|SMS)"
    r"|NO MAS LLAMADAS|CEASE AND DESIST|(?:LOSE|FORGET|ERASE) (?:MY|THIS) NUMBER"
    r"|TAKE (?:ME|THIS NUMBER|MY NUMBER) OFF|LEAVE ME ALONE|OPT (?:ME )?OUT"
    r"|(?:DAR|DE|DEN|DA)(?:ME)? DE BAJA|DEJ[EA]N?ME EN PAZ|NO (?:ME )?MOLEST(?:EN?|ES)(?: MAS)?"
    r"|(?:SAQUE|QUITE|BORRE|ELIMINE|SACA|QUITA|BORRA|ELIMINA|SACAR|QUITAR|BORRAR|ELIMINAR)N?(?:ME)?"
    r"(?: DE| LA| SU| MI| ESTA| ESTE)* (?:LISTA|NUMERO|TELEFONO)"
    r"|NO (?:QUIERO QUE )?ME "
    r"(?:ESCRIBA|LLAME|MANDE|ENVIE|CONTACTE|TEXTEE)[NS]?(?: MAS)?"
    r"|DEJ[EA]N? DE (?:ESCRIBIR|LLAMAR|MANDAR|ENVIAR|MOLESTAR)(?:ME)?"
    r"|(?:YA )?NO QUIERO (?:RECIBIR )?(?:MAS |SUS )?(?:MENSAJES|TEXTOS))\b"
)
_WISHES_WORDS: Final = """
I WANT WOULD LIKE WISH QUIERO DESEO AGAIN ANYMORE MORE MAS EVER
"""
_WISHES: Final = frozenset(_WISHES_WORDS.split())


_LIVES: Final = frozenset({"ME", "MY", "IT"})


def opted_out_after(reply: Reply, opted_out: bool) -> bool:  # noqa: FBT001 - what was so before
    """Tell whether a patient wants no messages once they wrote a reply: most change nothing."""
    return {Reply.STOP: True, Reply.START: False}.get(reply, opted_out)


def read_reply(text: str) -> Reply:
    """Read a patient's text message; unsure is always OTHER.

    Case, accents, punctuation and pictures say nothing, and a word may be repeated. A stop is one
    in any reasonable wording; a stop beside other words ("stop by tomorrow") is for a person, and
    until one has read it nothing is sent.
    """
    words = _plain(text).split()
    if _is_stop(words):
        return Reply.STOP
    for meant in (Reply.START, Reply.HELP):
        if _is_wish(words, meant):
            return meant
    said = list(dict.fromkeys(word for word in words if word not in _COURTESY)) or words
    meant = _MEANING.get("".join(said), Reply.OTHER)
    # "Yes?" asks who it is, and "no?" whether it must be: neither agrees nor declines.
    return Reply.OTHER if meant in _ANSWERS and _ASKS.search(text) else meant


_ANSWERS: Final = frozenset({Reply.YES, Reply.NO})
_ASKS: Final = re.compile("[?\u037e\u061f\uff1f]")
"""Marks of a question, of every script."""
_COURTESY: Final = frozenset(
    {"PLEASE", "PLS", "THANK", "THANKS", "YOU", "THX", "POR", "FAVOR", "PORFAVOR", "GRACIAS"}
)


def _is_stop(words: list[str]) -> bool:
    if _MEANING.get("".join(words)) is Reply.STOP:
        return True  # OPT OUT, STOP ALL
    others, phrases = _SAID_OTHERWISE.subn(" ", _ASKED.sub(" ", " ".join(words)))
    left = [word for word in others.split() if word not in _BESIDE]
    stops = [word for word in left if _MEANING.get(word) is Reply.STOP]
    rest = {word for word in left if word not in stops}
    if "END" in stops and (rest or _LIVES & set(words)) and _MESSAGES.isdisjoint(words):
        return False  # "I want to end this" may be said of a life: a person reads it now
    return bool(stops or phrases) and not rest - _WISHES


_ASKED_FOR: Final[Mapping[Reply, re.Pattern[str]]] = {
    Reply.START: re.compile(
        r"\b(?:OPT (?:ME )?(?:BACK )?IN|SIGN ME (?:BACK )?UP|PUT ME BACK ON"
        r"|(?:YOU )?(?:MAY|CAN) (?:TEXT|MESSAGE|WRITE) ME"
        r"|(?:TEXT|MESSAGE) ME AGAIN|(?:SI )?PUEDEN? (?:ESCRIBIRME|MANDARME MENSAJES)"
        r"|(?:WANT|SEND ME) (?:THE |YOUR |MY )?(?:TEXTS|MESSAGES) (?:AGAIN|BACK)"
        r"|VUELVAN? A (?:ESCRIBIRME|MANDARME MENSAJES)"
        r"|QUIERO (?:RECIBIR )?(?:MAS )?(?:MENSAJES|TEXTOS)(?: OTRA VEZ| DE NUEVO)?)\b"
    ),
    Reply.HELP: re.compile(
        r"\b(?:(?:CAN|COULD) (?:YOU|SOMEONE|ANYONE) HELP|NEED (?:SOME |MORE )?(?:HELP|INFO)"
        r"|NECESITO (?:MAS )?(?:AYUDA|INFORMACION)|(?:ME )?(?:PUEDEN?|PODRIAN?) AYUDAR(?:ME)?"
        r"|AYUDENME|AYUDEME)\b"
    ),
}
_BESIDE_WISHES_WORDS: Final = """
AGAIN BACK OTRA VEZ NUEVO NECESITO NEED MORE MAS SOME QUE DO GET RECEIVE RECIBIR YES SI
"""
_BESIDE_WISHES: Final = frozenset(_BESIDE_WISHES_WORDS.split())


def _is_wish(words: list[str], meant: Reply) -> bool:
    """Whether a text only asks to be written to again, or for help, in whatever wording."""
    if meant is Reply.HELP and any(_MEANING.get(word) is Reply.YES for word in words):
        return False  # "Yes, I need help" answers the question too: a person reads it
    others, phrases = _ASKED_FOR[meant].subn(" ", " ".join(words))
    left = [word for word in others.split() if word not in _BESIDE | _WISHES | _BESIDE_WISHES]
    named = [word for word in left if _MEANING.get(word) is meant]
    return bool(named or phrases) and len(named) == len(left)


def is_in_spanish(text: str) -> bool:
    """Whether a text that asks for help does so in Spanish."""
    return bool(re.search(r"\b(?:AYUD\w+|INFORMACION|AUXILIO)\b", _plain(text)))


def is_answered_by_the_carrier(text: str) -> bool:
    """Whether the carrier answers a text by itself: it knows its own keyword, alone."""
    return _plain(text).split() == ["HELP"]


def names_the_visit(text: str) -> bool:
    """Whether a word that stops all messages (CANCEL) may mean the visit as well."""
    return bool(set(_plain(text).split()) & _MAY_MEAN_THE_VISIT)


_STOP_SIGN: Final = "\N{OCTAGONAL SIGN}"
_DRAWN_OUT: Final = re.compile(r"([^\W\d_])\1{2,}")
_UNSEEN: Final = frozenset({"Mn", "Me", "Cf"})
"""Marks upon letters, and signs that nobody sees: keyboards leave them between letters."""


def _plain(text: str) -> str:
    joined = text.translate(dict.fromkeys(map(ord, "'\u2019\u02bc`")))  # DON'T is one word
    shown = normalize("NFKD", joined.replace(_STOP_SIGN, " STOP "))
    letters = (c for c in shown if not combining(c) and category(c) not in _UNSEEN)
    words = "".join(" " if category(c)[0] in "PSC" else c for c in letters).upper()
    return _DRAWN_OUT.sub(r"\1", words)  # STOOOOP


_MEANING: Final = {word: reply for reply, words in _WORDS.items() for word in _plain(words).split()}
