"""The time zones of the US ZIP codes, by their first three digits, the most common first.

Generated from the package zipcodes 3.0.0 (MIT), with one name for zones that agree in 2026;
military post offices have none.
"""

from __future__ import annotations

from functools import cache
from typing import Final

_TABLE: Final = """
005-005 America/New_York
006-009 America/Puerto_Rico
010-089 America/New_York
099-212 America/New_York
214-268 America/New_York
270-323 America/New_York
324-324 America/Chicago America/New_York
325-325 America/Chicago
326-339 America/New_York
341-342 America/New_York
344-344 America/New_York
346-347 America/New_York
349-349 America/New_York
350-352 America/Chicago
354-372 America/Chicago
373-374 America/New_York America/Chicago
375-375 America/Chicago
376-376 America/New_York
377-377 America/New_York America/Chicago
378-379 America/New_York
380-397 America/Chicago
398-400 America/New_York
401-401 America/New_York America/Chicago
402-418 America/New_York
420-424 America/Chicago
425-425 America/New_York
426-426 America/New_York America/Chicago
427-427 America/Chicago America/New_York
430-462 America/New_York
463-464 America/Chicago
465-465 America/New_York America/Chicago
466-468 America/New_York
469-469 America/New_York America/Chicago
470-474 America/New_York
475-475 America/New_York America/Chicago
476-477 America/Chicago
478-478 America/New_York
479-479 America/New_York America/Chicago
480-497 America/New_York
498-499 America/New_York America/Chicago
500-516 America/Chicago
520-528 America/Chicago
530-532 America/Chicago
534-535 America/Chicago
537-551 America/Chicago
553-567 America/Chicago
569-569 America/New_York
570-574 America/Chicago
575-575 America/Chicago America/Denver
576-576 America/Denver America/Chicago
577-577 America/Denver
580-584 America/Chicago
585-585 America/Chicago America/Denver
586-586 America/Denver America/Chicago
587-588 America/Chicago
590-599 America/Denver
600-620 America/Chicago
622-631 America/Chicago
633-641 America/Chicago
644-658 America/Chicago
660-662 America/Chicago
664-676 America/Chicago
677-678 America/Chicago America/Denver
679-681 America/Chicago
683-689 America/Chicago
690-690 America/Chicago America/Denver
691-691 America/Denver America/Chicago
692-692 America/Chicago America/Denver
693-693 America/Denver
700-701 America/Chicago
703-708 America/Chicago
710-714 America/Chicago
716-731 America/Chicago
733-741 America/Chicago
743-770 America/Chicago
772-797 America/Chicago
798-798 America/Chicago America/Denver
799-799 America/Denver America/Chicago
800-816 America/Denver
820-834 America/Denver
835-835 America/Los_Angeles America/Denver
836-837 America/Denver
838-838 America/Los_Angeles
840-847 America/Denver
850-853 America/Phoenix
855-857 America/Phoenix
859-859 America/Phoenix
860-860 America/Phoenix America/Denver
863-864 America/Phoenix
865-865 America/Denver America/Phoenix
870-871 America/Denver
873-885 America/Denver
888-888 America/New_York
889-891 America/Los_Angeles
893-895 America/Los_Angeles
897-898 America/Los_Angeles
900-908 America/Los_Angeles
910-928 America/Los_Angeles
930-961 America/Los_Angeles
967-967 Pacific/Honolulu Pacific/Pago_Pago
968-968 Pacific/Honolulu
969-969 Pacific/Guam Pacific/Palau Pacific/Majuro
970-978 America/Los_Angeles
979-979 America/Denver America/Los_Angeles
980-986 America/Los_Angeles
988-994 America/Los_Angeles
995-995 America/Anchorage America/Adak
996-999 America/Anchorage
"""


def zones_of_zip(postal_code: str | None) -> tuple[str, ...]:
    """Return the IANA zones in which a US ZIP code may be; none where it is not one."""
    prefix = (postal_code or "").strip()[:3]
    if len(prefix) != len("000") or not (prefix.isascii() and prefix.isdecimal()):
        return ()
    return next((zones for first, last, zones in _ranges() if first <= prefix <= last), ())


@cache
def _ranges() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    rows = (line.split() for line in _TABLE.split("\n") if line)
    return tuple((span[:3], span[4:], tuple(zones)) for span, *zones in rows)
