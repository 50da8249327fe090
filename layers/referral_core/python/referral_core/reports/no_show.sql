-- title: No-show
-- definition: Appointments that the patient did not come to, of those whose day has passed.
-- numerator: appointments reported as missed
-- denominator: appointments missed or fulfilled, whose day has passed
-- exclusions: cancelled, not reported yet; what was said of the same visit before it was amended
-- cell: appointments
-- column appointments count: missed or fulfilled
-- column no_shows count: of them missed
-- column no_show_rate ratio no_shows/appointments: missed of missed or fulfilled
SELECT
    cut_1,
    cut_2,
    cut_3,
    count(*) AS appointments,
    sum(CASE WHEN event = 'appointment-noshow' THEN 1 ELSE 0 END) AS no_shows
FROM (
    SELECT
        h.*,
        row_number() OVER (
            PARTITION BY referral_id, appointment, start_ms ORDER BY version DESC
        ) AS back
    FROM happened AS h
    WHERE event IN ('appointment-noshow', 'appointment-fulfilled')
) AS said
CROSS JOIN period AS p
WHERE said.back = 1 AND said.occurred_day <= p.as_of_day
GROUP BY cut_1, cut_2, cut_3
