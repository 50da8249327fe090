-- title: Touches
-- definition: What people and messages it takes: staff decisions, staff calls and messages a referral.
-- numerator: decisions, calls and messages
-- denominator: referrals received
-- exclusions: none
-- cell: received
-- column received count: referrals received
-- column decisions count: decisions that staff made
-- column calls count: calls that staff made
-- column messages count: texts, automatic calls, emails, portal messages and letters
-- column touches count: all of them
-- column touches_per_referral mean touches/received: touches a referral
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(received) AS received,
    sum(decisions) AS decisions,
    sum(calls) AS calls,
    sum(messages) AS messages,
    sum(decisions + calls + messages) AS touches
FROM (
    SELECT
        cut_1,
        cut_2,
        cut_3,
        received_n AS received,
        0 AS decisions,
        0 AS calls,
        0 AS messages
    FROM referrals
    UNION ALL
    SELECT
        cut_1,
        cut_2,
        cut_3,
        0 AS received,
        coalesce(staff_decisions, 0) AS decisions,
        coalesce(staff_calls, 0) AS calls,
        CASE WHEN event IN ('patient-contacted', 'patient-reminded', 'patient-told') THEN 1 ELSE 0 END AS messages
    FROM happened
) AS r
GROUP BY cut_1, cut_2, cut_3
HAVING sum(received + decisions + calls + messages) > 0
