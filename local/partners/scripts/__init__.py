"""How partners behave: by a referral's sidecar, or at random."""
