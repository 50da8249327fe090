-- title: Prior authorization
-- definition: The payer's decisions on requests, standard and expedited, as CMS-0057-F has payers publish them, and whether its clock was kept.
-- numerator: requests approved, denied, approved after an appeal, approved after the clock had run out
-- denominator: decisions
-- exclusions: requests still pended; services that need no authorization
-- cut: payer
-- cell: decisions
-- column urgency text: expedited or standard
-- column decisions count: approvals and denials
-- column approved count: of them approved, not after an appeal
-- column denied count: of them denied
-- column approved_after_appeal count: of them approved after an appeal
-- column approved_late count: of them approved after the clock first given had run out
-- column approval_rate ratio approved/decisions: approved of decisions
-- column denial_rate ratio denied/decisions: denied of decisions
-- column breaches count: decisions after the payer's clock had run out
-- column hours count: whole hours from request to decision, summed
-- column hours_mean mean hours/decisions: hours from request to decision, mean
-- column days_median days: from request to decision, median
SELECT
    cut_1,
    cut_2,
    cut_3,
    urgency,
    count(*) AS decisions,
    sum(CASE WHEN is_approved = 1 AND was_appealed = 0 THEN 1 ELSE 0 END) AS approved,
    sum(1 - is_approved) AS denied,
    sum(is_approved * was_appealed) AS approved_after_appeal,
    sum(is_approved * is_late) AS approved_late,
    sum(is_late) AS breaches,
    sum(CAST(floor(took_ms / 3600000e0) AS bigint)) AS hours,
    min(CASE WHEN place >= 0.5 * places THEN took_ms END) AS days_median
FROM (
    SELECT
        d.*,
        row_number() OVER (PARTITION BY cut_1, cut_2, cut_3, urgency ORDER BY took_ms) AS place,
        count(*) OVER (PARTITION BY cut_1, cut_2, cut_3, urgency) AS places
    FROM (
        SELECT
            cut_1,
            cut_2,
            cut_3,
            CASE WHEN expedited THEN 'expedited' ELSE 'standard' END AS urgency,
            at_ms - asked_at_ms AS took_ms,
            CASE WHEN event = 'authorized' THEN 1 ELSE 0 END AS is_approved,
            CASE WHEN appealed THEN 1 ELSE 0 END AS was_appealed,
            CASE WHEN at_ms > clock_ends_ms THEN 1 ELSE 0 END AS is_late
        FROM happened
        WHERE asked_at_ms IS NOT NULL
            AND ((event = 'authorized' AND status = 'approved')
                OR (event = 'work-item-needed' AND reason = 'authorization-denied'))
    ) AS d
) AS d
GROUP BY cut_1, cut_2, cut_3, urgency
