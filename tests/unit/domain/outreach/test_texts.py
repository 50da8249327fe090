"""What a patient is told, and how their reply is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from referral_core.domain.directory import TenantProfile
from referral_core.domain.outreach.plan import LANGUAGES, Channel, Purpose, language_of
from referral_core.domain.outreach.replies import read_reply
from referral_core.domain.outreach.sms_parts import parts
from referral_core.domain.outreach.texts import Text, compose, help_text, weekday
from referral_core.domain.outreach.vocabulary import Reply
from tests.unit.builders import TENANT

SENDER = "W" * 24
CALL_BACK = "+1 (508) 555-010"
EVERY = list(product(LANGUAGES, Purpose, (False, True)))
LONG: tuple[Channel, ...] = ("email", "letter", "portal")
# Words that would tell a stranger what the visit is about, in both languages.
TELLING = re.compile(
    r"cardi|heart|coraz|psych|psiqui|mental|behavio|conduct|therap|terap|oncolog|cancer|imaging|"
    r"x-ray|radiograf|scan|mri|home health|hospice|shelter|food|comida|hous|vivienda|hiv|vih|"
    r"pregnan|embaraz|substance|sustancia|specialist|especialista|diagnos|clinic|surg|cirug",
    re.IGNORECASE,
)


def text(
    channel: Channel,
    purpose: Purpose,
    language: str,
    *,
    discreet: bool,
    about_child: bool = False,
) -> Text:
    # The longest day and hour that is ever spoken, in each language.
    when = {"en": f"{weekday(2, 'en')} 12/30 12:30 PM", "es": f"{weekday(2, 'es')} 30/12 14:30"}
    return compose(
        channel,
        purpose,
        language,
        sender=SENDER,
        call_back=CALL_BACK,
        when=when[language],
        discreet=discreet,
        about_child=about_child,
    )


def a_profile(**fields: str) -> TenantProfile:
    known = {
        "tenant": TENANT,
        "name": "Lakeside Family Medicine",
        "npi": "1999900107",
        "time_zone": "America/New_York",
        "holidays": "US-MA",
        "sender_name": SENDER,
        "call_back": CALL_BACK,
    }
    return TenantProfile.model_validate({**known, **fields})


@pytest.mark.parametrize(("language", "purpose", "discreet"), EVERY)
def test_every_text_message_is_one_part_with_the_longest_names_a_tenant_may_have(
    language: str, purpose: Purpose, *, discreet: bool
) -> None:
    profile = a_profile()
    assert (len(profile.sender_name), len(profile.call_back)) == (24, 16)
    for about_child in (False, True):
        said = text("sms", purpose, language, discreet=discreet, about_child=about_child).body
        assert parts(said) == 1, said
        assert said.isascii()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_to_help_names_the_sender_the_number_and_stop_in_one_part(language: str) -> None:
    said = help_text(language, sender=SENDER, call_back=CALL_BACK)
    assert parts(said) == 1
    assert SENDER in said
    assert CALL_BACK in said
    assert "STOP" in said
    assert not TELLING.search(said)


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize(("language", "child"), [("en", "the child"), ("es", "menor")])
@pytest.mark.parametrize("channel", ["sms", *LONG])
def test_who_is_written_to_about_a_child_reads_that_it_is_about_the_child(
    channel: Channel, language: str, child: str, purpose: Purpose
) -> None:
    plain = text(channel, purpose, language, discreet=False)
    about = text(channel, purpose, language, discreet=False, about_child=True)
    assert child in (about.subject + about.body).lower()
    assert child not in (plain.subject + plain.body).lower()
    own = {"en": r"\byour (?:doctor|visit)", "es": r"\bsu (?:doctor|cita)"}[language]
    assert not re.search(own, about.subject + about.body, re.IGNORECASE)


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_discreet_text_says_not_even_that_there_is_a_child(
    language: str, purpose: Purpose
) -> None:
    said = text("sms", purpose, language, discreet=True, about_child=True).body
    assert not re.search(r"child|menor", said)


@pytest.mark.parametrize("name", ["x" * 25, "Lakeside Médico", "Lake[side]", "€care", ""])
def test_a_tenant_cannot_name_itself_so_that_a_message_takes_two_parts(name: str) -> None:
    with pytest.raises(ValidationError):
        a_profile(sender_name=name)


@pytest.mark.parametrize("number", ["1" * 17, "call us", "508x555x0101"])
def test_a_tenants_call_back_number_is_a_number_that_fits(number: str) -> None:
    with pytest.raises(ValidationError):
        a_profile(call_back=number)


@pytest.mark.parametrize(("language", "purpose", "discreet"), EVERY)
@pytest.mark.parametrize("channel", ["sms", "voice", *LONG])
def test_every_message_names_the_sender_and_the_number_and_never_says_why(
    channel: Channel, language: str, purpose: Purpose, *, discreet: bool
) -> None:
    said = text(channel, purpose, language, discreet=discreet)
    assert SENDER in said.body
    assert CALL_BACK in said.body
    assert "$" not in said.subject + said.body
    assert not TELLING.search(said.subject + said.body)


@pytest.mark.parametrize(("language", "purpose", "discreet"), EVERY)
def test_every_text_message_says_how_to_stop(
    language: str, purpose: Purpose, *, discreet: bool
) -> None:
    assert "STOP" in text("sms", purpose, language, discreet=discreet).body


@pytest.mark.parametrize(("language", "purpose", "discreet"), EVERY)
def test_the_words_that_a_text_message_asks_for_are_understood(
    language: str, purpose: Purpose, *, discreet: bool
) -> None:
    said = text("sms", purpose, language, discreet=discreet).body.replace(SENDER, "")
    asked = set(re.findall(r"\b(?:YES|NO|TIME|STOP|SI|HORA)\b", said))
    ends = purpose in {Purpose.CALLED_OFF, Purpose.VISIT_OFF, Purpose.WITHDRAWN}
    assert {"STOP"} | (set() if ends else {"NO"}) <= asked
    assert not ends or asked == {"STOP"}  # nothing is asked any more
    assert Reply.OTHER not in {read_reply(word) for word in asked}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["sms", "voice", *LONG])
def test_a_discreet_message_says_neither_doctor_nor_visit(channel: Channel, language: str) -> None:
    said = text(channel, Purpose.INVITATION, language, discreet=True)
    assert not re.search(r"doctor|visit|cita|appointment", said.subject + said.body, re.IGNORECASE)


@pytest.mark.parametrize("purpose", [Purpose.REMINDER, Purpose.PREPARATION])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_discreet_reminder_says_when_and_not_what(language: str, purpose: Purpose) -> None:
    said = text("sms", purpose, language, discreet=True).body
    assert "30" in said
    assert not re.search(r"doctor|visit|cita|appointment|prepar", said, re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_voicemail_says_name_and_number_only(language: str, purpose: Purpose) -> None:
    said = text("voice", purpose, language, discreet=False).body
    rest = said.replace(SENDER, "").replace(CALL_BACK, "")
    polite = {
        "en": "This is . Please call us back at . Again: .",
        "es": "Le llama . Por favor llamenos al . De nuevo: .",
    }
    assert rest == polite[language]


@pytest.mark.parametrize(
    ("spoken", "written"), [("es", "es"), ("en", "en"), ("pt", "en"), (None, "en"), ("", "en")]
)
def test_a_patient_is_written_to_in_their_language_or_in_english(
    spoken: str | None, written: str
) -> None:
    assert language_of(spoken) == written


# --- replies ----------------------------------------------------------------------------------

NAMED_BY_LAW = ("STOP", "QUIT", "REVOKE", "OPT OUT", "CANCEL", "UNSUBSCRIBE", "END")


@pytest.mark.parametrize("word", [*NAMED_BY_LAW, "OPT-OUT", "optout", "Stop all", "STOP STOP"])
@pytest.mark.parametrize("around", ["{}", " {} ", "{}.", "{}!!", "“{}”", "{}?", "({})", "{},"])
@pytest.mark.parametrize("case", [str.upper, str.lower, str.capitalize])
def test_a_stop_is_a_stop_however_it_is_written(
    word: str, around: str, case: Callable[[str], str]
) -> None:
    assert read_reply(around.format(case(word))) is Reply.STOP


@pytest.mark.parametrize("word", ["alto", "ALTO", "parar", "Pare", "cancelar", "baja", "¡ALTO!"])
def test_a_stop_in_spanish_is_a_stop(word: str) -> None:
    assert read_reply(word) is Reply.STOP


@pytest.mark.parametrize(
    "said",
    [
        *("arrête", "Arrêtez svp", "arrêtez s'il vous plaît", "arrêter les messages", "désabonner"),
        *("me désinscrire", "xin dừng nhắn tin", "hủy", "tanpri sispann", "sispann mesaj"),
        *("停止发送", "请停止", "取消订阅", "不要再发短信", "pare de me enviar mensagens", "unsub"),
        *("Please discontinue", "parem por favor", "unsubscribe me"),
    ],
)
def test_people_stop_in_their_own_language_and_politely(said: str) -> None:
    assert read_reply(said) is Reply.STOP
    assert read_reply(normalize("NFD", said)) is Reply.STOP


@pytest.mark.parametrize("said", ["who is this", "wrong number", "not my number", "👎", "para ti"])
def test_what_is_not_understood_is_read_by_a_person(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("yes", Reply.YES),
        ("Yes!", Reply.YES),
        ("y", Reply.YES),
        ("Sí", Reply.YES),
        ("¡sí!", Reply.YES),
        ("si", Reply.YES),
        ("No.", Reply.NO),
        ("TIME", Reply.ANOTHER_TIME),
        ("Hora", Reply.ANOTHER_TIME),
        ("clínica", Reply.ANOTHER_CLINIC),
        ("Clinic", Reply.ANOTHER_CLINIC),
    ],
)
def test_the_plain_words_are_understood(said: str, meant: Reply) -> None:
    assert read_reply(said) is meant
    assert read_reply(normalize("NFD", said)) is meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "   ",
        "…",
        "👍",
        "yes or no",
        "no problem, yes",
        "not sure",
        "don't stop",
        "no parar",
        "I cannot stop bleeding",
        "who is this?",
        "end of March is fine",
        "yes but not on Monday",
        "12",
    ],
)
def test_what_is_unsure_a_person_reads(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


@pytest.mark.parametrize(
    "said",
    [
        *("STOP \N{OCTAGONAL SIGN}", "\N{OCTAGONAL SIGN}", "stop\u200b", "ST\u200bOP", "STOOOP!!!"),
        *(
            "S T O P",
            "\uff33\uff34\uff2f\uff30",
            "stop \N{PERSON WITH FOLDED HANDS}",
            "Delete my number",
        ),
        *("\u505c\u6b62", "\u9000\u8ba2", "\uc911\uc9c0", "\u062a\u0648\u0642\u0641"),
        *("\u0421\u0422\u041e\u041f", "arr\u00eatez", "D\u1eebng l\u1ea1i", "Sispann"),
        *("No m\u00e1s mensajes", "Ya no quiero recibir mensajes", "I don't want these messages"),
        *("I do not want to receive texts anymore", "I no longer wish to be contacted"),
        *("I want to stop receiving these messages", "stop sending me stuff"),
    ],
)
def test_a_stop_is_a_stop_in_whatever_words_language_and_signs(said: str) -> None:
    assert read_reply(said) is Reply.STOP


@pytest.mark.parametrize(
    "said",
    [
        *(
            "I don't want this appointment",
            "wrong number stop",
            "bus stop",
            "I can't stop coughing",
        ),
        *("The doctor told me to stop eating", "no more pain, thanks", "stop 1"),
    ],
)
def test_a_sentence_with_a_stop_in_it_a_person_reads(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("yes \N{THUMBS UP SIGN}", Reply.YES),
        ("1\ufe0f\u20e3", Reply.YES),
        ("NO\u200d", Reply.NO),
    ],
)
def test_pictures_and_unseen_signs_say_nothing(said: str, meant: Reply) -> None:
    assert read_reply(said) is meant


@given(st.text(max_size=200))
def test_whatever_is_written_is_read_as_something(said: str) -> None:
    assert read_reply(said) in set(Reply)


@given(st.lists(st.sampled_from(["YES", "NO", "STOP", "TIME", "HORA", "SI", "maybe"]), min_size=2))
def test_two_different_words_are_never_understood(words: list[str]) -> None:
    if len({w.upper() for w in words}) > 1:
        assert read_reply(" ".join(words)) is Reply.OTHER


STOPS = ["stop", "STOP", "quit", "unsubscribe", "remove", "alto", "stop texting me", "opt out"]
COURTESY = ["please", "thank you", "now", "thanks!", "por favor", "gracias", "sir"]


@given(
    st.lists(st.sampled_from(COURTESY), max_size=2),
    st.sampled_from(STOPS),
    st.lists(st.sampled_from(COURTESY), max_size=2),
    st.sampled_from([" ", ". ", ", ", "!! ", "\n"]),
)
def test_a_stop_with_courtesy_is_a_stop(
    before: list[str], stop: str, after: list[str], mark: str
) -> None:
    assert read_reply(mark.join([*before, stop, *after])) is Reply.STOP


@pytest.mark.parametrize(
    "said",
    [
        "Stop. Thank you",
        "please stop sending me these messages",
        "Don\u2019t text me again",
        "do not contact me",
        "I want to unsubscribe",
        "take me off your list",
        "no more texts please",
        "leave me alone",
        "remove my number",
        "por favor no me escriban más",
        "dejen de mandar mensajes",
        "no quiero mensajes",
        "quiero darme de baja",
        "STOP!!!!",
    ],
)
def test_a_stop_is_one_in_any_reasonable_wording(said: str) -> None:
    assert read_reply(said) is Reply.STOP


@pytest.mark.parametrize(
    "said",
    [
        *(
            "stpo",
            "sotp please",
            "unsubcribe",
            "unsuscribe me",
            "Stop2End",
            "no texts",
            "no sms pls",
        ),
        *("can you please stop", "Could you stop sending these messages?", "I'd like to opt out"),
        *(
            "I said STOP texting me",
            "Stop!! I already told you",
            "not interested. stop",
            "stop asap",
        ),
        *(
            "lose my number",
            "cease and desist",
            "stop it",
            "end texts",
            "i want to end these messages",
        ),
        *(
            "quítenme de la lista",
            "borren mi número por favor",
            "sáquenme de su lista",
            "denme de baja",
        ),
        *(
            "déjenme en paz",
            "no me molesten más",
            "no quiero que me escriban",
            "cancelar suscripción",
        ),
        *("no more mensajes", "stop los mensajes por favor", "basta ya \N{POUTING FACE}"),
        *("no quiero más mensajes de ustedes", "dejen de molestarme", "deje de mandarme mensajes"),
    ],
)
def test_a_stop_is_one_misspelt_mixed_and_asked_for(said: str) -> None:
    assert read_reply(said) is Reply.STOP
    assert read_reply(f"{said} \N{OCTAGONAL SIGN}\N{PERSON WITH FOLDED HANDS}") is Reply.STOP


@pytest.mark.parametrize(
    "said",
    ["I want to end it", "i want it to end", "end it all", "I want to end this", "please end me"],
)
def test_who_may_speak_of_a_life_is_read_by_a_person_at_once(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


@pytest.mark.parametrize(
    "said", ["yes?", "Sí?", "¿sí?", "ok?", "y\uff1f", "no?", "No??", "2?", "1 ?", "n\u061f"]
)
def test_a_question_neither_agrees_nor_declines(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


@pytest.mark.parametrize(
    "said",
    [
        *("déjame en paz", "no me escribas más", "no me llames", "deja de mandarme mensajes"),
        *("dame de baja", "quítame de la lista", "bórrame de esta lista", "no me molestes más"),
        *("no más", "no mas!", "borrar", "elimina mi número", "no me envíes más", "st0p", "5TOP"),
        *("deja de escribirme por favor", "no me textees mas", "saca mi numero"),
    ],
)
def test_a_stop_to_somebody_familiar_or_by_thumb_is_a_stop(said: str) -> None:
    assert read_reply(said) is Reply.STOP


@pytest.mark.parametrize(
    "said",
    [
        *(
            "no me llames antes de las diez",
            "deja de doler",
            "quita el dolor",
            "no me mandes flores",
        ),
        *("I stopped the pills", "it stopped hurting", "no más dolor, gracias"),
    ],
)
def test_what_is_said_of_something_else_is_no_stop(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


@pytest.mark.parametrize("said", ["remove it", "I want it to stop", "delete it please"])
def test_what_is_to_stop_may_be_an_illness(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *(("yeah", Reply.YES), ("Okay!", Reply.YES), ("claro que sí", Reply.OTHER)),
        *(("nope", Reply.NO), ("another time please", Reply.ANOTHER_TIME)),
        *(("otra hora por favor", Reply.ANOTHER_TIME), ("Otra clínica", Reply.ANOTHER_CLINIC)),
        *(("strat", Reply.START), ("I want messages again", Reply.START)),
        *(("vuelvan a escribirme", Reply.START), ("ayúdame porfavor", Reply.HELP)),
        *(("hlep", Reply.HELP), ("stop the pain", Reply.OTHER), ("another time 4", Reply.OTHER)),
    ],
)
def test_wishes_are_understood_in_peoples_words(said: str, meant: Reply) -> None:
    assert read_reply(said) is meant


@pytest.mark.parametrize(
    "said",
    [
        "I will stop by tomorrow",
        "can I cancel and come on Friday?",
        "don't call me before ten",
        "do not stop",
        "never stop texting about my visit",
        "the pain will not stop",
        "remove the cast first?",
        "no me llamen antes de las diez",
    ],
)
def test_an_ambiguous_wish_to_stop_is_for_a_person(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


@pytest.mark.parametrize(
    "said",
    [
        *("START", "unstop", "start please", "Start.", "start again", "Please start texting me"),
        *(
            "opt in",
            "opt me back in",
            "sign me up",
            "you can text me",
            "yes, you may text me again",
        ),
        *("I want to get messages again, start", "empezar", "Comenzar por favor", "reiniciar"),
        *("sí, pueden escribirme", "quiero recibir mensajes otra vez"),
    ],
)
def test_who_wants_messages_again_says_so(said: str) -> None:
    assert read_reply(said) is Reply.START


@pytest.mark.parametrize(
    "said",
    [
        "when does it start?",
        "start on Monday",
        "do not start",
        "start stop",
        "cuando empezar",
        "in",
    ],
)
def test_a_start_of_something_else_is_none(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


@pytest.mark.parametrize(
    "said",
    [
        *("HELP", "help please", "Info", "help!!", "I need help", "I need more info please"),
        *(
            "can you help me?",
            "could someone help me please",
            "Ayuda",
            "¡AYUDA!",
            "ayuda por favor",
        ),
        *("necesito ayuda", "más información", "¿me pueden ayudar?", "ayúdenme por favor"),
    ],
)
def test_help_is_help(said: str) -> None:
    assert read_reply(said) is Reply.HELP


@pytest.mark.parametrize(
    "said",
    ["I need help getting to the clinic", "help my chest hurts", "can you help with the bill?"],
)
def test_a_cry_for_help_with_something_a_person_reads(said: str) -> None:
    assert read_reply(said) is Reply.OTHER


UNSEEN = "\u200b\u200d\u2060\ufe0f\u00ad"


@given(st.sampled_from(["STOP", "Quit", "alto", "unsubscribe"]), st.sampled_from(UNSEEN), st.data())
def test_no_unseen_sign_hides_a_stop(word: str, sign: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word)))
    assert read_reply(word[:place] + sign + word[place:]) is Reply.STOP
