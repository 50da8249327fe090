"""Languages in any form of ISO 639, or by their names, as the code that the router uses.

Generated from ISO 639-3 as the package pycountry 26.2.16 (LGPL) has it: 639-1, 639-2/T, 639-2/B,
and the names in English and in the language itself.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from referral_core.domain.letters import plain

_TABLE: Final = """
aa aar: Afar
ab abk: Abkhazian
ae ave: Avestan
af afr: Afrikaans
ak aka: Akan
am amh: Amharic, አማርኛ
an arg: Aragonese
ar ara: Arabic, العربية
as asm: Assamese
av ava: Avaric
ay aym: Aymara
az aze: Azerbaijani
ba bak: Bashkir, Башҡорт
be bel: Belarusian, беларуская
bg bul: Bulgarian, Български
bi bis: Bislama
bm bam: Bambara
bn ben: Bengali, Bangla, বাংলা
bo bod tib: Tibetan
br bre: Breton, Brezhoneg
bs bos: Bosnian
ca cat: Catalan, Català
ce che: Chechen
ch cha: Chamorro
co cos: Corsican
cr cre: Cree
cs ces cze: Czech, čeština
cu chu: Church Slavic
cv chv: Chuvash
cy cym wel: Welsh, Cymraeg
da dan: Danish, Dansk
de deu ger: German, Deutsch
dv div: Divehi
dz dzo: Dzongkha
ee ewe: Ewe
el ell gre: Modern Greek
en eng: English
eo epo: Esperanto
es spa: Spanish, Español
et est: Estonian, eesti
eu eus baq: Basque, Euskara
fa fas per: Persian, فارسی
ff ful: Fulah
fi fin: Finnish, suomi
fj fij: Fijian
fo fao: Faroese
fr fra fre: French, Français
fy fry: Western Frisian
ga gle: Irish, Gaeilge
gd gla: Scottish Gaelic
gl glg: Galician, Galego
gn grn: Guarani
gu guj: Gujarati, ગુજરાતી
gv glv: Manx
ha hau: Hausa
he heb: Hebrew, עברית
hi hin: Hindi, हिंदी
ho hmo: Hiri Motu
hr hrv: Croatian, Hrvatski
ht hat: Haitian
hu hun: Hungarian, magyar
hy hye arm: Armenian
hz her: Herero
ia ina: Interlingua
id ind: Indonesian, Bahasa Indonesia
ie ile: Interlingue
ig ibo: Igbo
ii iii: Sichuan Yi
ik ipk: Inupiaq
io ido: Ido
is isl ice: Icelandic, Íslenska
it ita: Italian, Italiano
iu iku: Inuktitut
ja jpn: Japanese, 日本語
jv jav: Javanese
ka kat geo: Georgian
kg kon: Kongo
ki kik: Kikuyu
kj kua: Kuanyama
kk kaz: Kazakh
kl kal: Kalaallisut
km khm: Khmer
kn kan: Kannada, ಕನ್ನಡ
ko kor: Korean, 한국어
kr kau: Kanuri
ks kas: Kashmiri
ku kur: Kurdish
kv kom: Komi
kw cor: Cornish
ky kir: Kirghiz
la lat: Latin
lb ltz: Luxembourgish
lg lug: Ganda
li lim: Limburgan
ln lin: Lingala
lo lao: Lao, ລາວ
lt lit: Lithuanian, Lietuvių
lu lub: Luba-Katanga
lv lav: Latvian, Latviešu
mg mlg: Malagasy
mh mah: Marshallese
mi mri mao: Maori, Reo Māori
mk mkd mac: Macedonian, Македонски
ml mal: Malayalam
mn mon: Mongolian, Монгол
mr mar: Marathi, मराठी
ms msa may: Malay
mt mlt: Maltese, Malti
my mya bur: Burmese
na nau: Nauru
nb nob: Norwegian Bokmål
nd nde: North Ndebele
ne nep: Nepali
ng ndo: Ndonga
nl nld dut: Dutch, Nederlands
nn nno: Norwegian Nynorsk
no nor: Norwegian
nr nbl: South Ndebele
nv nav: Navajo
ny nya: Chichewa
oc oci: Occitan
oj oji: Ojibwa
om orm: Oromo
or ori: Oriya
os oss: Ossetian
pa pan: Panjabi, ਪੰਜਾਬੀ
pi pli: Pali
pl pol: Polish, polski
ps pus: Pushto
pt por: Portuguese, Português
qu que: Quechua
rm roh: Romansh
rn run: Rundi
ro ron rum: Romanian, română
ru rus: Russian, русский
rw kin: Kinyarwanda, Ikinyarwanda
sa san: Sanskrit
sc srd: Sardinian, Sardu
sd snd: Sindhi
se sme: Northern Sami
sg sag: Sango
sh hbs: Serbo-Croatian
si sin: Sinhala
sk slk slo: Slovak, Slovenský
sl slv: Slovenian, slovenščina
sm smo: Samoan
sn sna: Shona
so som: Somali
sq sqi alb: Albanian
sr srp: Serbian, српски
ss ssw: Swati
st sot: Southern Sotho
su sun: Sundanese
sv swe: Swedish, Svenska
sw swa: Swahili
ta tam: Tamil, தமிழ்
te tel: Telugu
tg tgk: Tajik
th tha: Thai, ไทย
ti tir: Tigrinya, ትግርኛ
tk tuk: Turkmen
tl tgl: Tagalog
tn tsn: Tswana
to ton: Tonga
tr tur: Turkish, Türkçe
ts tso: Tsonga
tt tat: Tatar, Татарча
tw twi: Twi
ty tah: Tahitian
ug uig: Uighur
uk ukr: Ukrainian, українська
ur urd: Urdu
uz uzb: Uzbek
ve ven: Venda
vi vie: Vietnamese, Tiếng Việt
vo vol: Volapük
wa wln: Walloon, Walon
wo wol: Wolof
xh xho: Xhosa, isiXhosa
yi yid: Yiddish
yo yor: Yoruba
za zha: Zhuang
zh zho chi: Chinese
zu zul: Zulu, Isi-Zulu
"""
_ALSO: Final = """
ar: arabe
es: castilian castellano
fa: farsi
hi: हिन्दी
hmn: hmong
ht: kreyol kreyòl
ja: nihongo
kea: kabuverdianu verdean crioulo
ko: hangul
ku: kurmanji sorani
pa: punjabi
prs: dari
ps: pashto
pt: brazilian
ro: moldovan
tl: filipino pilipino
yue: cantonese 粤语 粵語 广东话 廣東話
zh: mandarin putonghua 中文 汉语 漢語 普通话 普通話 国语 國語
"""
"""What else people call a language."""
_FORMER: Final = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}
"""Codes that were withdrawn."""
_SIGNED: Final = frozenset({"sgn", "ase", "bfi", "fsl", "csn", "mfs", "asl", "bsl", "lsm"})
"""Codes of signed languages, and what people call them: Asilulu (asl) has few speakers."""
SIGN: Final = "sgn"
_NOT_ENGLISH: Final = re.compile(
    r"(?<![^\W_])(?:no[tn]?|without)(?:[\W_]+[^\W_]+)?[\W_]+english(?![^\W_])", re.IGNORECASE
)
_CREOLE: Final = re.compile(r"\b(french|haitian|portuguese|cape verdean)\W+creole\b", re.IGNORECASE)
_CREOLES: Final = {"f": "kreyol", "h": "kreyol", "p": "kabuverdianu", "c": "kabuverdianu"}
"""By the first letter of whose creole it is."""
_OF_CHINESE: Final = ("zh", "yue")
"""Cantonese is named beside Chinese, and is not understood by who speaks Mandarin."""
_NOT_STATED: Final = re.compile(
    r"\s*(?:unknown|undetermined|not (?:known|stated|specified|asked|available)|unspecified|asked"
    r" but unknown|declined.*|refused|patient declined|n/?a|none)\s*",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"(?:[^\W\d_]|[\u0900-\u0dff])+")
"""Letters, and the signs for vowels that scripts of India have among theirs."""
_THREE_LETTERS: Final = re.compile(r"[a-z]{3}")
_NONE: Final = frozenset({"und", "zxx", "mis", "mul", "unk", "asku", "nask", "ni"})
"""ISO 639-2: undetermined, none, uncoded, several; HL7's unknown, but for NAV: nav is Navajo."""


def language_of_code(code: str) -> str | None:
    """Return ISO 639-1 of a code in any form (`es-MX`, `spa`, `ger`), else its three letters."""
    primary = re.split("[-_]", code.strip().lower(), maxsplit=1)[0]
    if primary in _NONE or _NOT_ENGLISH.search(code):
        return None
    if primary in _SIGNED:
        return SIGN
    found = _codes().get(_FORMER.get(primary, primary))
    return found or (primary if _THREE_LETTERS.fullmatch(primary) else None)


def language_named_in(text: str) -> str | None:
    """Return ISO 639-1 of the first language that a text names; None where it names none.

    The more particular one counts where a text names both (`Chinese - Cantonese`, `French Creole`).
    """
    if "sign language" in text.casefold() or text.strip().lower() in _SIGNED:
        return SIGN
    if _THREE_LETTERS.fullmatch(code := text.strip().lower()) and code in _codes():
        return language_of_code(code)  # a code where its name should stand
    named = _CREOLE.sub(lambda found: _CREOLES[found[1][0].lower()], _NOT_ENGLISH.sub(" ", text))
    words = _WORD.findall(_as_named(named))
    found = [_names()[word] for word in words if word in _names()]
    return found[1] if tuple(found[:2]) == _OF_CHINESE else next(iter(found), None)


def is_stated(text: str) -> bool:
    """Tell whether a text or a code says a language at all, understood or not."""
    is_code_of_none = text.strip().lower() in _NONE
    return bool(text.strip()) and not is_code_of_none and not _NOT_STATED.fullmatch(text)


def _as_named(text: str) -> str:
    """Return a text without accents: people write `Espanol` and `Francais`."""
    return plain(text).casefold()


@cache
def _rows() -> tuple[tuple[list[str], list[str]], ...]:
    rows = (line.split(": ") for line in _TABLE.split("\n") if line)
    return tuple((codes.split(), names.split(", ")) for codes, names in rows)


@cache
def _codes() -> dict[str, str]:
    return {code: codes[0] for codes, _ in _rows() for code in codes}


@cache
def _names() -> dict[str, str]:
    """Return each language's name of one word; of longer ones the last (`Modern Greek`)."""
    known = {_as_named(name.split()[-1]): codes[0] for codes, names in _rows() for name in names}
    others = (line.split(": ") for line in _ALSO.split("\n") if line)
    return known | {_as_named(name): code for code, names in others for name in names.split()}
