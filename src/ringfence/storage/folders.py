"""Where the platform keeps what belongs to a user: the one place that asks for it. No folder need exist."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_NAME: Final = "ringfence"


def data() -> Path:
    """Where a user's own database lies."""
    from platformdirs import user_data_path

    return user_data_path(_NAME)


def config() -> Path:
    """Where a user's configuration and themes lie."""
    from platformdirs import user_config_path

    return user_config_path(_NAME)


def state() -> Path:
    """Where it is kept how the program was left."""
    from platformdirs import user_state_path

    return user_state_path(_NAME)
