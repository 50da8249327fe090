-- title: Partners' health
-- definition: What payers, clinics, referring practices and messages' channels answered, and where one failed or stayed silent.
-- numerator: faults of a payer's step and silence beyond its clock; offers unanswered and reports overdue; notices undeliverable; messages refused or in doubt
-- denominator: exchanges: what was answered, and what failed
-- exclusions: exchanges that are still under way; refusals, for they are answers
-- cell: exchanges
-- column kind text: payer, clinic, practice or channel
-- column partner text: which of them
-- column exchanges count: answered and failed
-- column answered count: of them answered
-- column failed count: of them failed, or not answered in time
-- column failure_rate ratio failed/exchanges: failed of exchanges
-- column silent_days days: since the last answer
SELECT
    cut_1,
    cut_2,
    cut_3,
    kind,
    partner,
    count(*) AS exchanges,
    sum(answered_n) AS answered,
    sum(1 - answered_n) AS failed,
    min(CASE WHEN answered_n = 1 THEN as_of_ms - at_ms END) AS silent_days
FROM (
    SELECT
        e.cut_1,
        e.cut_2,
        e.cut_3,
        e.kind,
        CASE
            WHEN e.kind = 'payer' THEN e.payer
            WHEN e.kind = 'clinic' THEN e.performer_organization
            WHEN e.kind = 'practice' THEN e.referring_practice
            ELSE e.channel
        END AS partner,
        e.answered_n,
        e.at_ms,
        p.as_of_ms
    FROM (
        SELECT
            h.cut_1,
            h.cut_2,
            h.cut_3,
            h.payer,
            h.performer_organization,
            h.referring_practice,
            h.channel,
            h.at_ms,
            CASE
                WHEN h.event IN ('eligibility-confirmed', 'authorized', 'authorization-pended', 'authorization-decided')
                    THEN 'payer'
                WHEN h.event IN ('offer-accepted', 'offer-declined', 'offer-unanswered', 'offer-silent', 'report-received', 'report-late')
                    THEN 'clinic'
                WHEN h.event IN ('notice-delivered', 'notice-undeliverable') THEN 'practice'
                WHEN h.event IN ('patient-contacted', 'channel-unavailable') THEN 'channel'
                WHEN h.event = 'work-item-needed' AND h.reason = 'authorization-overdue' THEN 'payer'
                WHEN h.event = 'work-item-needed' AND h.reason = 'fault'
                    AND h.from_status IN ('checking-eligibility', 'awaiting-authorization') THEN 'payer'
            END AS kind,
            CASE
                WHEN h.event IN ('offer-unanswered', 'offer-silent', 'report-late', 'notice-undeliverable', 'channel-unavailable', 'work-item-needed')
                    THEN 0
                ELSE 1
            END AS answered_n
        FROM happened AS h
    ) AS e
    CROSS JOIN period AS p
    WHERE e.kind IS NOT NULL
) AS e
WHERE partner IS NOT NULL
GROUP BY cut_1, cut_2, cut_3, kind, partner
