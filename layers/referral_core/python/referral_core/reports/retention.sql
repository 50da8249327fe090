-- title: Network retention
-- definition: Visits kept in the preferred or affiliated network, of those with a known performer.
-- numerator: performed by a member of the payer's network, tier 1 (preferred) or 2 (affiliated)
-- denominator: performed by a known performer
-- exclusions: visits with an unknown performer, which stand beside it
-- matures: yes
-- cut: kind
-- cell: performed
-- column performed count: seen by a known performer
-- column preferred count: of them in the preferred tier
-- column affiliated count: of them in the affiliated tier
-- column kept count: of them in either
-- column retention ratio kept/performed: kept of performed
-- column unknown count: seen, or care received elsewhere, by nobody knows whom
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(known_n) AS performed,
    sum(CASE WHEN network = 'in-network' AND tier = 1 THEN known_n ELSE 0 END) AS preferred,
    sum(CASE WHEN network = 'in-network' AND tier = 2 THEN known_n ELSE 0 END) AS affiliated,
    sum(CASE WHEN network = 'in-network' AND tier IN (1, 2) THEN known_n ELSE 0 END) AS kept,
    sum(unknown_n) AS unknown
FROM performed
GROUP BY cut_1, cut_2, cut_3
HAVING sum(known_n + unknown_n) > 0
