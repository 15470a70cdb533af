"""What is wrong with an e-mail address or a telephone number, for forms to say as it is typed."""

from __future__ import annotations

from ringfence.domain.contact import email_fault, phone_fault

__all__ = ["email_fault", "phone_fault"]
