"""What each function is made of: a module a function, each with `build()`, called once a process.

A module imports only what its function uses, so that no function's start pays for another's.
"""
