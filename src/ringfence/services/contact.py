"""What is wrong with a login, an e-mail address or a telephone number, for forms to say as it is typed."""

from __future__ import annotations

from ringfence.domain.contact import email_fault, phone_fault
from ringfence.domain.login import login_fault
from ringfence.domain.text import trimmed

__all__ = ["email_fault", "login_fault", "phone_fault", "trimmed"]
