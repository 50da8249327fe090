-- title: Contact by channel
-- definition: Attempts to reach patients by channel, and what came of each before the next.
-- numerator: attempts after which the patient answered, before another attempt was made
-- denominator: attempts made by the channel
-- exclusions: reminders; attempts skipped, or not sent
-- cell: attempts
-- column channel text: how the patient was contacted
-- column attempts count: attempts made
-- column reached count: of them, the patient agreed, declined or was booked next
-- column opted_out count: of them, the patient wanted no more messages next
-- column unanswered count: of them, neither
-- column reached_rate ratio reached/attempts: reached of attempts
SELECT
    h.cut_1,
    h.cut_2,
    h.cut_3,
    CASE WHEN h.event = 'patient-contacted' THEN h.channel ELSE 'call' END AS channel,
    count(*) AS attempts,
    sum(CASE WHEN a.answer = 'reached' THEN 1 ELSE 0 END) AS reached,
    sum(CASE WHEN a.answer = 'opted-out' THEN 1 ELSE 0 END) AS opted_out,
    sum(CASE WHEN a.answer = 'none' THEN 1 ELSE 0 END) AS unanswered
FROM happened AS h
INNER JOIN (
    SELECT
        referral_id,
        version,
        -- A call says itself what came of it; a message is answered by what follows it.
        CASE
            WHEN answer IS NOT NULL THEN answer
            ELSE coalesce(lead(answer) OVER (PARTITION BY referral_id ORDER BY version), 'none')
        END AS answer
    FROM events
    WHERE attempt_n = 1 OR answer IS NOT NULL
) AS a ON h.referral_id = a.referral_id AND h.version = a.version
WHERE h.attempt_n = 1
GROUP BY h.cut_1, h.cut_2, h.cut_3, CASE WHEN h.event = 'patient-contacted' THEN h.channel ELSE 'call' END
