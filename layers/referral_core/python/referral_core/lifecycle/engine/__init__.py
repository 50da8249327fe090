"""The mechanism under every step.

Three ways lead to a write, and all of them are the same: read referral and mailbox, draft the
change, commit it conditional on run, version and mailbox version, and read again on a conflict.
What a step does to the world it does once per entry; only the recording of it is tried again.
"""
