-- How much of each cut's cohort is still open, and how much is younger than its pathway's horizon.
SELECT
    cut_1,
    cut_2,
    cut_3,
    sum(received_n) AS cohort,
    sum(open_n) AS still_open,
    sum(immature_n) AS immature
FROM referrals
GROUP BY cut_1, cut_2, cut_3
