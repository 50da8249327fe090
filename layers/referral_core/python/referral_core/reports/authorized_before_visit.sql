-- title: Authorized before the visit
-- definition: Visits that the payer had authorized before they took place, of those that it was asked to authorize.
-- numerator: authorized before the visit
-- denominator: seen, of referrals whose payer was asked to authorize
-- exclusions: services that need no authorization
-- matures: yes
-- cut: payer
-- cell: requiring
-- column requiring count: seen and requiring authorization
-- column authorized count: of them authorized before the visit
-- column rate ratio authorized/requiring: authorized of requiring
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(seen_n) AS requiring,
    sum(CASE WHEN authorized_ms <= seen_ms THEN seen_n ELSE 0 END) AS authorized
FROM referrals
WHERE authorization_asked_ms IS NOT NULL
GROUP BY cut_1, cut_2, cut_3
HAVING sum(seen_n) > 0
