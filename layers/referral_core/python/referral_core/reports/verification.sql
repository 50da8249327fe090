-- title: Verification
-- definition: Visits whose coverage the payer had confirmed before they took place.
-- numerator: coverage confirmed before the visit
-- denominator: seen
-- exclusions: none; self-pay and services that no payer pays for stand beside it
-- matures: yes
-- cell: seen
-- column seen count: eligible referrals whose patient was seen
-- column verified count: of them with coverage confirmed before
-- column verification ratio verified/seen: verified of seen
-- column no_payer count: of the seen, self-pay or paid by nobody
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(seen_n) AS seen,
    sum(CASE WHEN verified_ms <= seen_ms THEN seen_n ELSE 0 END) AS verified,
    sum(CASE WHEN payer IS NULL THEN seen_n ELSE 0 END) AS no_payer
FROM referrals
GROUP BY cut_1, cut_2, cut_3
HAVING sum(seen_n) > 0
