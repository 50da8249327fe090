-- title: Work by person
-- definition: What each person did: decisions on work items, and calls to patients.
-- numerator: decisions and calls of a person
-- denominator: none
-- exclusions: what the router, the clock and partners did
-- cell: done
-- column person text: sign-in name, or client id of a machine of staff
-- column decisions count: decisions on work items
-- column calls count: calls to patients
-- column done count: all of them
SELECT
    cut_1,
    cut_2,
    cut_3,
    actor AS person,
    sum(coalesce(staff_decisions, 0)) AS decisions,
    sum(coalesce(staff_calls, 0)) AS calls,
    sum(coalesce(staff_decisions, 0) + coalesce(staff_calls, 0)) AS done
FROM happened
WHERE coalesce(staff_decisions, 0) + coalesce(staff_calls, 0) > 0
GROUP BY cut_1, cut_2, cut_3, actor
