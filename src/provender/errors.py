"""Errors that a user can mend."""


class UserError(Exception):
    """Wrong input or surroundings; the message says what is wrong and names the mend.

    Command lines print it without a stack trace and end with exit code 1.
    """


class Unavailable(UserError):
    """Something outside this machine cannot be reached; exit code 3."""
