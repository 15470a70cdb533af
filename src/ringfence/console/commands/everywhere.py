"""The commands that every screen has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from ringfence.console.commands.command import Command

if TYPE_CHECKING:
    from ringfence.console.screens.area import CommandScreen


class Help(Command):
    """The keys of this screen."""

    name = "help"
    keys = "question_mark,f1"
    footer = "help"
    help = "Show every key that works here."

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.help import HelpScreen

        return screen.app.push_screen(HelpScreen(screen))


class Palette(Command):
    """Every command, by name."""

    name = "command_palette"
    keys = "ctrl+p,colon"
    footer = "palette"
    help = "Find a command, a screen or a theme by name."
    palette = False

    def run(self, screen: CommandScreen) -> Any:
        screen.app.action_command_palette()


class Quit(Command):
    """The end. The key is the application's own binding, so that it works in every dialog too."""

    name = "quit"
    keys = "ctrl+q"
    help = "Leave the console."

    def run(self, screen: CommandScreen) -> Any:
        screen.app.exit()


class SwitchUser(Command):
    """Another user's view."""

    name = "switch_user"
    keys = "f2,ctrl+u"
    footer = "switch user"
    help = "See what another user sees, at the same place."

    def off(self, screen: CommandScreen) -> str:
        return screen.ringfence.why_not_see_as() if screen.ringfence.workspace else "the database is not open yet"

    def run(self, screen: CommandScreen) -> Any:
        screen.ringfence.choose_user()


class SideBySide(Command):
    """Two users over one tree."""

    name = "side_by_side"
    keys = "f3,ctrl+t"
    footer = "side by side"
    help = "Lay two users side by side over one tree."

    def off(self, screen: CommandScreen) -> str:
        return screen.ringfence.why_not_see_as() if screen.ringfence.profile else "sign in first"

    def run(self, screen: CommandScreen) -> Any:
        screen.ringfence.choose_other_user()


class Profile(Command):
    """The user's own record."""

    name = "profile"
    help = "Profile: change your own name and e-mail address."

    def off(self, screen: CommandScreen) -> str:
        return screen.ringfence.read_only if screen.ringfence.profile else "sign in first"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.profile_form import ProfileForm

        assert screen.ringfence.profile is not None
        return screen.app.push_screen(ProfileForm(screen.ringfence.profile.user_id))


class Refresh(Command):
    """The data as it is now."""

    name = "refresh"
    keys = "ctrl+r,f5"
    help = "Read everything on this screen again."

    def run(self, screen: CommandScreen) -> Any:
        screen.refresh_data()


class _Area(Command):
    """One of the numbered screens."""

    area: ClassVar[str]

    def run(self, screen: CommandScreen) -> Any:
        return screen.ringfence.go(self.area)


class GoCustomers(_Area):
    """The tree."""

    name = "customers"
    area = "customers"
    keys = "1"
    help = "Go to the customers."


class GoDevices(_Area):
    """All devices."""

    name = "devices"
    area = "devices"
    keys = "2"
    help = "Go to the devices."


class GoUsers(_Area):
    """All users."""

    name = "users"
    area = "users"
    keys = "3"
    help = "Go to the users."


class GoSecurity(_Area):
    """All security groups."""

    name = "security"
    area = "security"
    keys = "4"
    help = "Go to the security groups."


class GoGroups(_Area):
    """All customer groups."""

    name = "groups"
    area = "groups"
    keys = "5"
    help = "Go to the customer groups."


class GoRoles(_Area):
    """All roles."""

    name = "roles"
    area = "roles"
    keys = "6"
    help = "Go to the roles."


class GoAudit(_Area):
    """Who changed what."""

    name = "audit"
    area = "audit"
    keys = "8"
    help = "Go to the audit: who changed what, and when."


EVERYWHERE: Final[tuple[Command, ...]] = (
    Help(),
    SwitchUser(),
    SideBySide(),
    Palette(),
    Quit(),
    Refresh(),
    GoCustomers(),
    GoDevices(),
    GoUsers(),
    GoSecurity(),
    GoGroups(),
    GoRoles(),
    GoAudit(),
    Profile(),
)
