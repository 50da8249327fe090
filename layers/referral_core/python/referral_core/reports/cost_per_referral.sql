-- title: Cost per referral
-- definition: The cost of the referrals of the period, each part on its own line, by the number of referrals received, of closed loops and of completed ones.
-- numerator: cost of the part
-- denominator: referrals received; loops closed; loops completed
-- exclusions: units without a price, counted as not priced: no figure has them, and a part of which nothing has a price is none
-- cell: received
-- column received count: referrals received
-- column loops_closed count: of them with the loop closed
-- column loops_completed count: of them closed with a completed-* outcome
-- column cloud money: metered cloud
-- column messages money: texts, automatic calls, emails, portal messages
-- column letters money: letters
-- column payer money: payer transactions
-- column staff money: an estimate: decisions and calls counted, times the minutes that the contract says each takes, at the loaded rate
-- column overhead money: what no referral carries (the watchdog, the stream's consumers, reads, tokens, counts of queues), shared out in whole units over the referrals that count in the period; none where none was recorded
-- column total money: all parts that have a price
-- column not_priced count: units without a price
-- column per_referral money-mean total/received: a referral received
-- column per_closed money-mean total/loops_closed: a loop closed
-- column per_completed money-mean total/loops_completed: a loop completed
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(received_n) AS received,
    sum(loop_n) AS loops_closed,
    sum(completed_n) AS loops_completed,
    CASE WHEN sum(CASE WHEN part = 'cloud' THEN usd ELSE 0 END) > 0
        OR sum(CASE WHEN part = 'cloud' THEN not_priced ELSE 0 END) = 0
        THEN sum(CASE WHEN part = 'cloud' THEN usd ELSE 0 END) END AS cloud,
    CASE WHEN sum(CASE WHEN part = 'messages' THEN usd ELSE 0 END) > 0
        OR sum(CASE WHEN part = 'messages' THEN not_priced ELSE 0 END) = 0
        THEN sum(CASE WHEN part = 'messages' THEN usd ELSE 0 END) END AS messages,
    CASE WHEN sum(CASE WHEN part = 'letters' THEN usd ELSE 0 END) > 0
        OR sum(CASE WHEN part = 'letters' THEN not_priced ELSE 0 END) = 0
        THEN sum(CASE WHEN part = 'letters' THEN usd ELSE 0 END) END AS letters,
    CASE WHEN sum(CASE WHEN part = 'payer' THEN usd ELSE 0 END) > 0
        OR sum(CASE WHEN part = 'payer' THEN not_priced ELSE 0 END) = 0
        THEN sum(CASE WHEN part = 'payer' THEN usd ELSE 0 END) END AS payer,
    CASE WHEN sum(CASE WHEN part = 'staff' THEN usd ELSE 0 END) > 0
        OR sum(CASE WHEN part = 'staff' THEN not_priced ELSE 0 END) = 0
        THEN sum(CASE WHEN part = 'staff' THEN usd ELSE 0 END) END AS staff,
    sum(CASE WHEN part = 'overhead' THEN usd END) AS overhead,
    sum(usd) AS total,
    sum(not_priced) AS not_priced
FROM (
    SELECT
        cut_1,
        cut_2,
        cut_3,
        received_n,
        closed_n * last_closing_closed_loop AS loop_n,
        CASE WHEN outcome IN ('completed-report-acknowledged', 'completed-attested')
            THEN closed_n * last_closing_closed_loop ELSE 0 END AS completed_n,
        'none' AS part,
        CAST(0 AS decimal(38, 12)) AS usd,
        0 AS not_priced
    FROM referrals
    UNION ALL
    SELECT
        cut_1,
        cut_2,
        cut_3,
        0 AS received_n,
        0 AS loop_n,
        0 AS completed_n,
        part,
        CAST(coalesce(units * price, 0) AS decimal(38, 12)) AS usd,
        CASE WHEN price IS NULL THEN units ELSE 0 END AS not_priced
    FROM spent
    UNION ALL
    SELECT
        cut_1,
        cut_2,
        cut_3,
        0 AS received_n,
        0 AS loop_n,
        0 AS completed_n,
        'overhead' AS part,
        CAST(units * price AS decimal(38, 12)) AS usd,
        CASE WHEN price IS NULL THEN units ELSE 0 END AS not_priced
    FROM shared
    WHERE units > 0
) AS r
GROUP BY cut_1, cut_2, cut_3
HAVING sum(received_n + loop_n) > 0 OR sum(usd) > 0 OR sum(not_priced) > 0
