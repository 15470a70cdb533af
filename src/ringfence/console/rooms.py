"""Every screen by the name that it is opened by. The application alone knows them: what opens one imports none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from textual.screen import Screen

from ringfence.console.commands.command import Command, Go
from ringfence.console.rights import NOW

if TYPE_CHECKING:
    from ringfence.console.keymap import Together

ROOMS: Final[Mapping[str, str]] = {
    "customers": "ringfence.console.screens.customers:CustomersScreen",
    "alarms": "ringfence.console.screens.alarms:AlarmsScreen",
    "alarm page": "ringfence.console.screens.alarm_page:AlarmPage",
    "audit": "ringfence.console.screens.audit:AuditScreen",
    "device page": "ringfence.console.screens.device_page:DevicePage",
    "now": "ringfence.console.screens.now:NowScreen",
    "customer form": "ringfence.console.screens.customer_form:CustomerForm",
    "user form": "ringfence.console.screens.user_form:UserForm",
    "security_group form": "ringfence.console.screens.security_group_form:SecurityGroupForm",
    "customer_group form": "ringfence.console.screens.customer_group_form:CustomerGroupForm",
    "role form": "ringfence.console.screens.role_form:RoleForm",
    "groups of a customer": "ringfence.console.screens.customer_groups_form:CustomerGroupsForm",
    "profile": "ringfence.console.screens.profile_form:ProfileForm",
    "manage devices": "ringfence.console.screens.manage_devices:ManageDevicesScreen",
    "bulk edit": "ringfence.console.screens.bulk_edit:BulkEditScreen",
    "history": "ringfence.console.screens.history:HistoryScreen",
    "import records": "ringfence.console.screens.import_records:ImportScreen",
    "export list": "ringfence.console.screens.export_list:ExportList",
    "choose file": "ringfence.console.screens.choose_file:ChooseFile",
    "choose user": "ringfence.console.screens.choose_user:ChooseUser",
    "columns": "ringfence.console.screens.columns_menu:ColumnsMenu",
    "side by side": "ringfence.console.screens.side_by_side:SideBySideScreen",
    "tokens": "ringfence.console.screens.tokens:TokensScreen",
    "credentials": "ringfence.console.screens.credentials:Credentials",
    "lock": "ringfence.console.screens.lock:Lock",
    "sign-ins of a user": "ringfence.console.screens.sign_ins:SignInsScreen",
    "ask line": "ringfence.console.screens.ask_line:AskLine",
    "access": "ringfence.console.screens.access_page:AccessPage",
    "dialog": "ringfence.console.screens.dialog:Dialog",
    "confirm": "ringfence.console.screens.confirm:Confirm",
    "undo": "ringfence.console.screens.undo:Undo",
    "why": "ringfence.console.screens.why:WhyScreen",
    "working": "ringfence.console.screens.working:Working",
    "palette": "ringfence.console.screens.palette:PaletteScreen",
    "help": "ringfence.console.screens.help:HelpScreen",
}
"""The screens that are no kind's, and those of kinds that show more than their fields."""
_LIST: Final = "ringfence.console.screens.records:KindScreen"
_FORM: Final = "ringfence.console.screens.plain_form:PlainForm"
"""The two of every other kind."""


def room(name: str, *given: Any, **named: Any) -> Screen[Any]:
    """The screen of that name, made of what it is given. It is imported now, if it has not been yet. Raises KeyError
    for a name that nothing has."""
    if name in ROOMS:
        return _made(ROOMS[name], *given, **named)
    from ringfence.domain.registry import EDITED

    for kind in EDITED.values():
        if name == kind.name:
            return _made(_LIST, kind, *given, **named)
        if name == f"{kind.noun} form":
            return _made(_FORM, kind, *given, **named)
    raise KeyError(name)


def prepare(*names: str) -> None:
    """Imports screens before they are asked for; the lists among them too."""
    for path in (*(ROOMS[name] for name in names), _LIST):
        import_module(path.partition(":")[0])


def together() -> tuple[Together, ...]:
    """What stands together on every screen: imports all of them, which takes a while."""
    from ringfence.console.cells.records import columns
    from ringfence.console.commands.declared import editable
    from ringfence.console.commands.drafting import EDITING
    from ringfence.console.commands.everywhere import BESIDE, OWN, everywhere
    from ringfence.console.commands.lists import FINISHED, LISTS, TABS
    from ringfence.console.commands.tree import CUSTOMER
    from ringfence.console.keymap import Together, marking
    from ringfence.console.screens.area import CommandScreen
    from ringfence.console.screens.drafting import Drafting
    from ringfence.domain import display
    from ringfence.domain.registry import EDITED

    areas = (*numbered(), *OWN)

    def on(own: Sequence[Command[Any]], keys: Mapping[str, str]) -> Together:
        return Together((*own, *everywhere(own), *areas), keys)

    lists = (*LISTS, *marking())
    sorts = {
        kind: {one.key.upper(): f"sort by {one.title}" for one in columns(kind) if one.key and one.sortable}
        for kind in EDITED.values()
    }
    tabs = {key: said for kind in display.tabs(EDITED.values()) for key, said in sorts[kind].items()}
    found = [on((*CUSTOMER.commands, *lists, *TABS), tabs)]
    for kind, letters in sorts.items():
        narrowed = (FINISHED,) if kind.display.current else ()
        more = getattr(_class(ROOMS[kind.name]), "MORE_HERE", ()) if kind.name in ROOMS else ()
        found.append(on((*editable(kind).commands, *more, *narrowed, *lists, *TABS), letters))
    for path in dict.fromkeys((*ROOMS.values(), _FORM)):
        screen = _class(path)
        if issubclass(screen, Drafting):
            found.append(Together((*screen.COMMANDS_HERE, *EDITING, *BESIDE), {}))
        elif issubclass(screen, CommandScreen):
            found.append(on(screen.COMMANDS_HERE, {}))
    return tuple(found)


def numbered() -> tuple[Go, ...]:
    """What goes to each of the numbered screens, in their order. Of those that share a number, the first one has it."""
    from ringfence.domain import display
    from ringfence.domain.registry import KINDS

    first: dict[str, str] = {}
    found = []
    for kind, area, key in display.areas(KINDS.values()):
        title = display.title(kind)
        among = first.setdefault(key or kind.name, kind.name)
        about = f"Go to the {title.lower()}{area.about}."
        found.append(Go(kind.name, key if among == kind.name else "", area.label or title, about, title, among))
    return (*found, Go(NOW, "0", "Now", "Go to what there is to do now.", "Now"))


def _made(path: str, *given: Any, **named: Any) -> Screen[Any]:
    return _class(path)(*given, **named)


def _class(path: str) -> type[Screen[Any]]:
    module, _, screen = path.partition(":")
    found: type[Screen[Any]] = getattr(import_module(module), screen)
    return found
