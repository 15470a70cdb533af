"""Functions whose statements on PostgreSQL refer to a table without saying of which tenant: those that work for all
tenants at once, or find out whose somebody is. On many servers each of them asks all of these."""

from __future__ import annotations

from typing import Final

OF_ALL: Final = {
    "changes/moment.py": "_called",
    "changes/writing.py": "new_ids",
    "identity/credentials.py": "anybody",
    "identity/key_ring.py": "owner",
    "identity/tokens.py": "bearer",
    "services/audit.py": "verify",
    "services/signing_in.py": "_fail",
    "signals/clocks.py": "_due",
    "signals/intake.py": "source",
    "signals/retention.py": "_any _drop drop_old",
    "snapshot/dump.py": "__post_init__ _keys _owners _tied without_what_is_lost",
    "snapshot/founding.py": "demand_empty last",
    "snapshot/listed.py": "known tenants",
    "snapshot/load.py": (
        "_astray _customers _devices _free _leave_places _places_of_the_gone _settle "
        "_unit_ids keep_others_out load_contents"
    ),
    "snapshot/load_alarms.py": "_raises demand_one_open devices settle",
    "snapshot/load_audit.py": "compare write",
    "snapshot/load_devices.py": "leave_behind",
    "snapshot/load_ties.py": "private_roles write",
    "snapshot/resolve.py": "__init__ _places_of _tenants _unique rows tree",
    "storage/logins.py": "_behind_the_wall find",
    "storage/soundness.py": "_columns _latest _misled _texts _tree step",
    "visibility/directory.py": "account_count accounts",
}
"""By module, what they are called."""
MEETING: Final = {"storage/logins.py:_behind_the_wall", "visibility/directory.py:accounts"}
"""Those that tell of one tenant what there is in others: of whom a login is, and whether it is another's, too."""


def known() -> set[str]:
    """All of them, as module and function."""
    return {f"{module}:{name}" for module, names in OF_ALL.items() for name in names.split()}


def is_known(whose: str) -> bool:
    """Whether it is one of them."""
    return whose in known()
