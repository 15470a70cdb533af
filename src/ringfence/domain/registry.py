"""Every mapped class in one place, so that the metadata is whole wherever it is needed."""

from __future__ import annotations

from ringfence.domain.audit import AuditEntry
from ringfence.domain.base import Base
from ringfence.domain.customer import Customer
from ringfence.domain.customer_group import CustomerGroup
from ringfence.domain.device import Device
from ringfence.domain.former_customer import FormerCustomer
from ringfence.domain.grants import (
    CustomerGroupCustomer,
    Membership,
    RolePermission,
    SecurityGroupCustomer,
    UserCustomerGroup,
    UserSite,
)
from ringfence.domain.role import Role
from ringfence.domain.scope import Scope, ScopeInterval, ScopeSite
from ringfence.domain.security_group import SecurityGroup
from ringfence.domain.site import Site
from ringfence.domain.tenant import Tenant
from ringfence.domain.user import User

__all__ = [
    "AuditEntry",
    "Base",
    "Customer",
    "CustomerGroup",
    "CustomerGroupCustomer",
    "Device",
    "FormerCustomer",
    "Membership",
    "Role",
    "RolePermission",
    "Scope",
    "ScopeInterval",
    "ScopeSite",
    "SecurityGroup",
    "SecurityGroupCustomer",
    "Site",
    "Tenant",
    "User",
    "UserCustomerGroup",
    "UserSite",
]
