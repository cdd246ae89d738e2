"""The error that a user can mend."""


class SweepError(Exception):
    """Bad input: a sweep file, a folder, an option. One line: problem (where, why); what to do."""
