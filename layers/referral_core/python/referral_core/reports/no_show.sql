-- title: No-show
-- definition: Appointments that the patient did not come to, of those whose day has passed.
-- numerator: appointments reported as missed
-- denominator: appointments missed or fulfilled, whose day has passed
-- exclusions: cancelled, not reported yet
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
FROM happened
CROSS JOIN period AS p
WHERE event IN ('appointment-noshow', 'appointment-fulfilled') AND occurred_day <= p.as_of_day
GROUP BY cut_1, cut_2, cut_3
