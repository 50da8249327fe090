"""How a referral finds its performer: the proposal, the decision, the waitlist, the directory."""
