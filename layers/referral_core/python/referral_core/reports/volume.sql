-- title: Volume
-- definition: Referrals received, and how many of each kind.
-- numerator: referrals received
-- denominator: none
-- exclusions: none; what was sent in error is received all the same
-- cell: received
-- column received count: referrals received
-- column internal_specialist count: of them to specialists of the system
-- column external_provider count: of them to external providers
-- column diagnostic_service count: of them to diagnostic services
-- column behavioral_health count: of them to behavioral health
-- column home_based_care count: of them to home-based care
-- column community_resource count: of them to community resources
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(received_n) AS received,
    sum(CASE WHEN kind = 'internal-specialist' THEN received_n ELSE 0 END) AS internal_specialist,
    sum(CASE WHEN kind = 'external-provider' THEN received_n ELSE 0 END) AS external_provider,
    sum(CASE WHEN kind = 'diagnostic-service' THEN received_n ELSE 0 END) AS diagnostic_service,
    sum(CASE WHEN kind = 'behavioral-health' THEN received_n ELSE 0 END) AS behavioral_health,
    sum(CASE WHEN kind = 'home-based-care' THEN received_n ELSE 0 END) AS home_based_care,
    sum(CASE WHEN kind = 'community-resource' THEN received_n ELSE 0 END) AS community_resource
FROM referrals
GROUP BY cut_1, cut_2, cut_3
HAVING sum(received_n) > 0
