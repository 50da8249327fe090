"""What the states, districts and territories are called: USPS Publication 28, appendix B."""

from __future__ import annotations

from typing import Final

_CODES: Final = dict(
    pair.split("=")
    for pair in """
alabama=AL;alaska=AK;american samoa=AS;arizona=AZ;arkansas=AR;california=CA;colorado=CO
connecticut=CT;delaware=DE;district of columbia=DC;florida=FL;georgia=GA;guam=GU;hawaii=HI
idaho=ID;illinois=IL;indiana=IN;iowa=IA;kansas=KS;kentucky=KY;louisiana=LA;maine=ME;maryland=MD
massachusetts=MA;michigan=MI;minnesota=MN;mississippi=MS;missouri=MO;montana=MT;nebraska=NE
nevada=NV;new hampshire=NH;new jersey=NJ;new mexico=NM;new york=NY;north carolina=NC
north dakota=ND;northern mariana islands=MP;ohio=OH;oklahoma=OK;oregon=OR;pennsylvania=PA
puerto rico=PR;rhode island=RI;south carolina=SC;south dakota=SD;tennessee=TN;texas=TX;utah=UT
vermont=VT;virgin islands=VI;virginia=VA;washington=WA;west virginia=WV;wisconsin=WI;wyoming=WY
""".replace("\n", ";")
    .strip(";")
    .split(";")
)
"""Name → code."""
_KNOWN: Final = frozenset(_CODES.values())


def state_code(text: str | None) -> str | None:
    """Return the USPS code of a state, by code or by name; None for what is neither."""
    words = (text or "").replace(".", "").split()
    code = "".join(words).upper()
    return code if code in _KNOWN else _CODES.get(" ".join(words).casefold())
