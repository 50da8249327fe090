-- title: Referrals
-- definition: A row a referral of the period, under its pseudonymous id, for finance's own tools.
-- numerator: none
-- denominator: none
-- exclusions: none
-- cell: referrals
-- column referral_id text: pseudonymous id
-- column referrals count: 1
-- column pathway text: pathway
-- column kind text: kind
-- column priority text: priority
-- column specialty text: NUCC code
-- column payer text: payer
-- column payer_class text: class of the payer
-- column referring_practice text: NPI of the referring organization
-- column referring_clinician text: NPI of the referring clinician
-- column performer_organization text: organization
-- column performer text: NPI
-- column network text: whether the performer is in the payer's network
-- column status text: status
-- column outcome text: outcome
-- column received_day day: received
-- column booked_day day: first booked
-- column seen_day day: seen
-- column reported_day day: report received
-- column closed_day day: closed
-- column loop_closed count: 1 where the loop was closed
SELECT
    cut_1,
    cut_2,
    cut_3,
    referral_id,
    received_n AS referrals,
    pathway,
    kind,
    priority,
    specialty,
    payer,
    payer_class,
    referring_practice,
    referring_clinician,
    performer_organization,
    performer,
    network,
    status,
    outcome,
    received_day,
    booked_day,
    seen_day,
    reported_day,
    closed_day,
    closed_n * last_closing_closed_loop AS loop_closed
FROM referrals
WHERE received_n = 1
