"""The demo story's world: its companies, their places, and what hangs on the walls there.

Every company and person is invented. Telephone numbers are of ranges that no exchange serves (area code 00 in the
Netherlands and Belgium) or that regulators keep for fiction; addresses on the net end in .example.
"""

from __future__ import annotations

from typing import Final, NamedTuple

HARBOR: Final = "harbor"
LINDQVIST: Final = "lindqvist"

TENANTS: Final = ((HARBOR, "Harbor Monitoring"), (LINDQVIST, "Lindqvist Fleet Services"))


class Customer(NamedTuple):
    """A node of the tree; without a parent it stands below the tenant's root."""

    key: str
    parent: str | None
    name: str
    email: str = ""
    phone: str = ""
    address: str = ""


class Site(NamedTuple):
    """A place of one customer; without a customer it is the provider's own."""

    key: str
    customer: str | None
    name: str


class Batch(NamedTuple):
    """So many devices of a customer, on one of its sites or on none, named as its trade names them."""

    customer: str | None
    site: str | None
    trade: str
    size: int


_HARBOR_CUSTOMERS: Final = (
    Customer("northwind", None, "Northwind Logistics", "desk@northwind.example", "+31 00 555 0110", "Kranenkade 14"),
    Customer("north-antwerp", "northwind", "Antwerp", "antwerp@northwind.example", "+32 00 555 0111", "Kaai 730"),
    Customer("north-kallo", "north-antwerp", "Kallo warehouse"),
    Customer("north-rotterdam", "northwind", "Rotterdam", "rotterdam@northwind.example", "+31 00 555 0112"),
    Customer("north-maasvlakte", "north-rotterdam", "Maasvlakte II"),
    Customer("north-coldstore", "north-maasvlakte", "Cold store"),
    Customer("north-pharma", "north-coldstore", "Pharma vault", "qa@northwind.example"),
    Customer("north-waalhaven", "north-rotterdam", "Waalhaven"),
    Customer("north-zeebrugge", "northwind", "Zeebrugge", "zeebrugge@northwind.example", "+32 00 555 0113"),
    Customer("polder", None, "Polder Water Board", "wacht@polderwater.example", "+31 00 555 0120", "Dijkgraafplein 1"),
    Customer("polder-north", "polder", "Pumping north"),
    Customer("polder-south", "polder", "Pumping south"),
    Customer("polder-merwede-lock", "polder-south", "Merwede lock"),
    Customer("sintjans", None, "Sint Jans Hospital", "techniek@sintjans.example", "+31 00 555 0130", "Begijnenlaan 8"),
    Customer("sintjans-main", "sintjans", "Main building"),
    Customer("sintjans-lab", "sintjans", "Clinical laboratory"),
    Customer("sintjans-children", "sintjans", "Children's clinic"),
    Customer("sintjans-carpark", "sintjans", "Car park west"),
    Customer("veldkamp", None, "Veldkamp Bakeries", "anneke@veldkamp.example", "+31 00 555 0140", "Molenstraat 22"),
    Customer("veldkamp-breda", "veldkamp", "Breda bakery"),
    Customer("zuiderpark", None, "Zuiderpark Cold Store", "planning@zuiderpark.example", "+31 00 555 0150"),
    Customer("brandsma", None, "Brandsma & Zonen Juweliers", "winkel@brandsma.example", "+31 00 555 0151"),
    Customer("oharas", None, "O'Hara's Quayside Bar & Kitchen", "bar@oharas.example", "+353 20 910 0042"),
    Customer("aonami", None, "青波海運", "rotterdam@aonami.example", "+31 00 555 0152", "Wijnhaven 61"),
    Customer("lefevre", None, "Crèmerie Éloïse Lefèvre", "eloise@lefevre.example", "+33 1 99 00 12 34"),
    Customer("schakel", None, "Kringloop De Schakel", "info@schakel.example"),
    Customer("archive", None, "Stadsarchief Merwede", "depot@merwede-archief.example", "+31 00 555 0153"),
    Customer("dekker", None, "Dekker Security Installers", "ruben@dekker.example", "+31 00 555 0160", "Smidse 3"),
    Customer("dekker-garage", "dekker", "Garage Vermaas"),
    Customer("dekker-linde", "dekker", "Scholengroep De Linde", "beheer@delinde.example"),
    Customer("dekker-linde-north", "dekker-linde", "De Linde Noord"),
    Customer("dekker-linde-gym", "dekker-linde-north", "Sports hall"),
    Customer("dekker-linde-annexe", "dekker-linde-gym", "Sports hall annexe"),
    Customer("de-linde-zuid", "dekker-linde", "De Linde Zuid"),
    Customer("dekker-pharmacy", "dekker", "Apotheek Het Anker"),
    Customer("dekker-marina", "dekker", "Marina Zilverzand", "havenmeester@zilverzand.example"),
    Customer("schelde", None, "Scheldewacht Alarmsystemen", "dienst@scheldewacht.example", "+32 00 555 0170"),
    Customer("schelde-brewery", "schelde", "Brouwerij De Drie Gapers"),
    Customer("schelde-museum", "schelde", "Museum op de Kaai"),
    Customer("schelde-notary", "schelde", "Notariaat Van Laer"),
    Customer("internal", None, "Internal test sites"),
    Customer("lab-rack-1", "internal", "Lab rack 1"),
    Customer("lab-rack-2", "internal", "Lab rack 2"),
    Customer("staging", None, "Staging and acceptance"),
    Customer("staging-rehearsal", "staging", "Migration rehearsal"),
    Customer("academy", None, "Training academy"),
)

_LINDQVIST_CUSTOMERS: Final = (
    Customer("havsbris", None, "Havsbris Seafood", "trafik@havsbris.example", "+46 31 390 06 10", "Fiskhamnsgatan 40"),
    Customer("havsbris-terminal", "havsbris", "Göteborg terminal"),
    Customer("havsbris-reefers", "havsbris", "Reefer fleet"),
    Customer("sundbuss", None, "Sundbuss Coach Lines", "depa@sundbuss.example", "+46 40 628 04 12"),
    Customer("sundbuss-malmo", "sundbuss", "Malmö depot"),
    Customer("sundbuss-lund", "sundbuss", "Lund depot"),
    Customer("granhult", None, "Granhult Mejeri", "mejeri@granhult.example", "+46 980 319 220"),
    Customer("granhult-tankers", "granhult", "Milk tankers"),
    Customer("kolmark", None, "Kolmark Timber", "skog@kolmark.example", "+46 980 319 231"),
    Customer("kolmark-harvesters", "kolmark", "Harvesters"),
    Customer("kolmark-harvesters-north", "kolmark-harvesters", "Harvesters north of Kiruna"),
    Customer("ekeby", None, "Ekeby kommun", "gata@ekeby.example", "+46 8 465 004 17"),
    Customer("ekeby-snow", "ekeby", "Snow clearing"),
    Customer("pilot", None, "Pilot fleet"),
)

CUSTOMERS: Final = {HARBOR: _HARBOR_CUSTOMERS, LINDQVIST: _LINDQVIST_CUSTOMERS}

ATTRIBUTES: Final = {
    "northwind": "instructions = Ring the shift leader; nobody answers in 5 minutes: the operations manager.",
    "north-maasvlakte": "instructions = Look at gate camera east. Ring the gatehouse. Nobody in 2 minutes: police.",
}
"""What operators find beside an alarm of a customer, or of one nested in it."""
LIMITS: Final[dict[str, dict[str, int]]] = {
    # Dekker has 60 devices, with those nested in it, and the marina eleven of them: room for two more, and for one.
    "dekker": {"max_users": 5, "max_devices": 62, "max_customers": 10},
    "dekker-marina": {"max_devices": 12},
    "veldkamp": {"max_users": 3},
    "havsbris": {"max_devices": 40, "max_customers": 4},
}
"""What some customers' contracts allow, by key."""

_HARBOR_SITES: Final = (
    Site("harbor-control-room", None, "Control room"),
    Site("north-head-office", "northwind", "Head office"),
    Site("north-antwerp-quay", "north-antwerp", "Quay 730"),
    Site("north-kallo-hall", "north-kallo", "Hall A"),
    Site("north-rotterdam-office", "north-rotterdam", "Boompjes office"),
    Site("north-maasvlakte-gate", "north-maasvlakte", "Maasvlakte II gate"),
    Site("north-maasvlakte-stack", "north-maasvlakte", "Container stack"),
    Site("north-coldstore-hall", "north-coldstore", "Cold hall"),
    Site("north-waalhaven-dock", "north-waalhaven", "Waalhaven dock"),
    Site("north-waalhaven-tunnel", "north-waalhaven", "Service tunnel"),
    Site("north-zeebrugge-roro", "north-zeebrugge", "Ro-ro terminal"),
    Site("polder-dike-house", "polder", "Dike house"),
    Site("polder-north-station", "polder-north", "Pumping station De Reiger"),
    Site("polder-south-station", "polder-south", "Pumping station De Snoek"),
    Site("polder-lock", "polder-merwede-lock", "Lock chamber"),
    Site("sintjans-wards", "sintjans-main", "Wards"),
    Site("sintjans-emergency", "sintjans-main", "Emergency department"),
    Site("sintjans-lab-floor", "sintjans-lab", "Laboratory floor"),
    Site("sintjans-children-ward", "sintjans-children", "Children's ward"),
    Site("sintjans-carpark-decks", "sintjans-carpark", "Parking decks"),
    Site("veldkamp-mill", "veldkamp", "Mill and head office"),
    Site("veldkamp-breda-ovens", "veldkamp-breda", "Oven hall"),
    Site("zuiderpark-store", "zuiderpark", "Cold store"),
    Site("brandsma-shop", "brandsma", "Shop"),
    Site("oharas-quayside", "oharas", "Quayside"),
    Site("archive-depot", "archive", "Depot"),
    Site("dekker-workshop", "dekker", "Workshop"),
    Site("dekker-linde-north-school", "dekker-linde-north", "School building"),
    Site("dekker-marina-jetty", "dekker-marina", "Jetty"),
    Site("schelde-museum-halls", "schelde-museum", "Exhibition halls"),
    Site("lab-rack-1-room", "lab-rack-1", "Lab room"),
)

_LINDQVIST_SITES: Final = (
    Site("lindqvist-office", None, "Head office"),
    Site("havsbris-quay", "havsbris-terminal", "Fish quay"),
    Site("sundbuss-malmo-yard", "sundbuss-malmo", "Malmö yard"),
    Site("sundbuss-lund-yard", "sundbuss-lund", "Lund yard"),
    Site("granhult-dairy", "granhult", "Dairy"),
    Site("kolmark-sawmill", "kolmark", "Sawmill"),
    Site("kolmark-camp", "kolmark-harvesters-north", "Forest camp"),
    Site("ekeby-depot", "ekeby", "Street depot"),
    Site("pilot-garage", "pilot", "Test garage"),
)

SITES: Final = {HARBOR: _HARBOR_SITES, LINDQVIST: _LINDQVIST_SITES}

TRADES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    # (kind, name); a name with # is given again and again, with the next number.
    "warehouse": (
        ("camera", "Gate camera east"),
        ("camera", "Gate camera west"),
        ("access controller", "Staff entrance reader"),
        ("camera", "Dock camera #"),
        ("intrusion panel", "Intrusion panel office"),
        ("smoke detector", "Smoke detector hall #"),
        ("gateway", "Gateway roof"),
        ("access controller", "Dock door # reader"),
        ("camera", "Yard camera #"),
        ("server", "Video recorder #"),
        ("tracker", "Forklift #"),
        ("thermostat", "Canteen thermostat"),
    ),
    "cold": (
        ("thermometer", "Cold room # thermometer"),
        ("camera", "Cold room # camera"),
        ("gateway", "Sensor gateway #"),
        ("access controller", "Airlock door #"),
        ("intrusion panel", "Intrusion panel loading bay"),
        ("smoke detector", "Compressor room smoke detector"),
        ("thermostat", "Defrost controller #"),
    ),
    "water": (
        ("level sensor", "Water level inlet"),
        ("level sensor", "Water level outlet"),
        ("gateway", "Telemetry gateway"),
        ("camera", "Trash rack camera #"),
        ("intrusion panel", "Pump house intrusion panel"),
        ("access controller", "Pump house door #"),
        ("vibration sensor", "Pump # vibration"),
        ("smoke detector", "Switch room smoke detector #"),
        ("level sensor", "Ditch gauge #"),
    ),
    "hospital": (
        ("access controller", "Pharmacy door"),
        ("thermometer", "Blood fridge # thermometer"),
        ("camera", "Corridor camera #"),
        ("smoke detector", "Smoke detector ward #"),
        ("access controller", "Ward # reader"),
        ("laptop", "Nurse station laptop #"),
        ("gateway", "Nurse call gateway #"),
        ("server", "Access server"),
        ("intrusion panel", "Night entrance panel"),
    ),
    "carpark": (
        ("camera", "Barrier camera in"),
        ("camera", "Barrier camera out"),
        ("camera", "Deck # camera"),
        ("smoke detector", "Deck # smoke detector"),
        ("access controller", "Season ticket reader #"),
        ("gateway", "Intercom gateway"),
    ),
    "bakery": (
        ("thermometer", "Proofing room # thermometer"),
        ("smoke detector", "Oven # smoke detector"),
        ("camera", "Flour silo camera #"),
        ("intrusion panel", "Intrusion panel shop"),
        ("access controller", "Staff door #"),
        ("thermostat", "Cooling line # thermostat"),
        ("tracker", "Delivery van #"),
        ("laptop", "Order desk laptop"),
    ),
    "shop": (
        ("intrusion panel", "Intrusion panel"),
        ("camera", "Counter camera"),
        ("camera", "Street door camera"),
        ("smoke detector", "Stock room smoke detector #"),
        ("panic button", "Panic button till #"),
        ("access controller", "Back door reader"),
        ("vibration sensor", "Safe vibration sensor #"),
        ("gateway", "Line monitor"),
    ),
    "school": (
        ("intrusion panel", "Intrusion panel reception"),
        ("camera", "Bicycle shed camera #"),
        ("smoke detector", "Classroom # smoke detector"),
        ("access controller", "Side entrance # reader"),
        ("thermostat", "Boiler room thermostat"),
        ("gateway", "Bell gateway"),
    ),
    "office": (
        ("access controller", "Front door reader"),
        ("camera", "Reception camera"),
        ("server", "Directory server #"),
        ("laptop", "Duty laptop #"),
        ("smoke detector", "Server room smoke detector #"),
        ("gateway", "Receiver gateway #"),
        ("thermostat", "Meeting room thermostat"),
    ),
    "lab": (
        ("camera", "Bench camera #"),
        ("intrusion panel", "Bench panel #"),
        ("gateway", "Soak-test gateway #"),
        ("access controller", "Firmware test reader #"),
        ("smoke detector", "Smoke test detector #"),
    ),
    "marina": (
        ("camera", "Jetty camera #"),
        ("access controller", "Jetty gate #"),
        ("level sensor", "Bilge alarm berth #"),
        ("intrusion panel", "Harbour office panel"),
        ("gateway", "Mast gateway"),
    ),
    "reefer": (
        ("tracker", "Reefer trailer #"),
        ("thermometer", "Reefer trailer # cargo thermometer"),
        ("door sensor", "Reefer trailer # door"),
    ),
    "coach": (
        ("tracker", "Coach #"),
        ("camera", "Coach # dashcam"),
        ("tachograph", "Coach # tachograph"),
    ),
    "tanker": (
        ("tracker", "Milk tanker #"),
        ("thermometer", "Milk tanker # tank thermometer"),
    ),
    "forest": (
        ("tracker", "Harvester #"),
        ("vibration sensor", "Harvester # boom sensor"),
        ("laptop", "Harvester # cab tablet"),
        ("gateway", "Satellite gateway #"),
    ),
    "plough": (
        ("tracker", "Snow plough #"),
        ("level sensor", "Grit hopper #"),
        ("camera", "Snow plough # camera"),
    ),
}

_HARBOR_BATCHES: Final = (
    Batch(None, "harbor-control-room", "office", 10),
    Batch("northwind", "north-head-office", "office", 8),
    Batch("northwind", None, "warehouse", 3),
    Batch("north-antwerp", "north-antwerp-quay", "warehouse", 18),
    Batch("north-kallo", "north-kallo-hall", "warehouse", 12),
    Batch("north-rotterdam", "north-rotterdam-office", "office", 8),
    Batch("north-rotterdam", None, "warehouse", 5),
    Batch("north-maasvlakte", "north-maasvlakte-gate", "warehouse", 16),
    Batch("north-maasvlakte", "north-maasvlakte-stack", "warehouse", 10),
    Batch("north-coldstore", "north-coldstore-hall", "cold", 14),
    Batch("north-pharma", None, "cold", 8),
    Batch("north-waalhaven", "north-waalhaven-dock", "warehouse", 12),
    Batch("north-zeebrugge", "north-zeebrugge-roro", "warehouse", 17),
    Batch("polder", "polder-dike-house", "office", 6),
    Batch("polder-north", "polder-north-station", "water", 20),
    Batch("polder-south", "polder-south-station", "water", 18),
    Batch("polder-merwede-lock", "polder-lock", "water", 12),
    Batch("sintjans", None, "office", 5),
    Batch("sintjans-main", "sintjans-wards", "hospital", 26),
    Batch("sintjans-main", "sintjans-emergency", "hospital", 14),
    Batch("sintjans-lab", "sintjans-lab-floor", "hospital", 14),
    Batch("sintjans-children", "sintjans-children-ward", "hospital", 12),
    Batch("sintjans-carpark", "sintjans-carpark-decks", "carpark", 12),
    Batch("veldkamp", "veldkamp-mill", "bakery", 9),
    Batch("veldkamp-breda", "veldkamp-breda-ovens", "bakery", 11),
    Batch("zuiderpark", "zuiderpark-store", "cold", 17),
    Batch("brandsma", "brandsma-shop", "shop", 8),
    Batch("oharas", "oharas-quayside", "shop", 5),
    Batch("aonami", None, "office", 6),
    Batch("lefevre", None, "shop", 5),
    Batch("schakel", None, "shop", 4),
    Batch("archive", "archive-depot", "cold", 9),
    Batch("dekker", "dekker-workshop", "lab", 6),
    Batch("dekker-garage", None, "shop", 6),
    Batch("dekker-linde", None, "office", 3),
    Batch("dekker-linde-north", "dekker-linde-north-school", "school", 11),
    Batch("dekker-linde-gym", None, "school", 5),
    Batch("dekker-linde-annexe", None, "school", 3),
    Batch("de-linde-zuid", None, "school", 8),
    Batch("dekker-pharmacy", None, "shop", 7),
    Batch("dekker-marina", "dekker-marina-jetty", "marina", 11),
    Batch("schelde", None, "office", 4),
    Batch("schelde-brewery", None, "warehouse", 8),
    Batch("schelde-museum", "schelde-museum-halls", "shop", 10),
    Batch("schelde-notary", None, "shop", 5),
    Batch("internal", None, "lab", 3),
    Batch("lab-rack-1", "lab-rack-1-room", "lab", 15),
    Batch("lab-rack-2", None, "lab", 12),
    Batch("staging", None, "lab", 6),
    Batch("staging-rehearsal", None, "warehouse", 9),
    Batch("academy", None, "shop", 6),
)

_LINDQVIST_BATCHES: Final = (
    Batch(None, "lindqvist-office", "office", 5),
    Batch("havsbris", None, "office", 3),
    Batch("havsbris-terminal", "havsbris-quay", "cold", 9),
    Batch("havsbris-reefers", None, "reefer", 18),
    Batch("sundbuss", None, "office", 2),
    Batch("sundbuss-malmo", "sundbuss-malmo-yard", "coach", 12),
    Batch("sundbuss-lund", "sundbuss-lund-yard", "coach", 9),
    Batch("granhult", "granhult-dairy", "cold", 6),
    Batch("granhult-tankers", None, "tanker", 8),
    Batch("kolmark", "kolmark-sawmill", "warehouse", 6),
    Batch("kolmark-harvesters", None, "forest", 6),
    Batch("kolmark-harvesters-north", "kolmark-camp", "forest", 4),
    Batch("ekeby", "ekeby-depot", "office", 2),
    Batch("ekeby-snow", None, "plough", 9),
    Batch("pilot", "pilot-garage", "coach", 3),
)

BATCHES: Final = {HARBOR: _HARBOR_BATCHES, LINDQVIST: _LINDQVIST_BATCHES}

SINGLE_DEVICES: Final = (
    # Of the kind that somebody typed in by hand: (customer, site, kind, name).
    ("north-waalhaven", "north-waalhaven-tunnel", "camera", "Tunnel cam [A]"),
    ("north-waalhaven", "north-waalhaven-tunnel", "camera", "Tunnel cam [B]"),
    ("north-waalhaven", "north-waalhaven-tunnel", "smoke detector", "Tunnel smoke 50% / 100 m"),
    ("oharas", "oharas-quayside", "camera", 'Keg cellar "the hole" camera'),
    ("aonami", None, "access controller", "正門カードリーダー"),
    ("lefevre", None, "thermometer", "Chambre froide n° 2"),
)

NOTES: Final = {
    "north-pharma-cold-room-1-thermometer": "Calibrated 3 March 2026, certificate with quality assurance.\n"
    "Two readings above +8 °C in a row: call the duty pharmacist, +31 00 555 0118, before the driver.",
    "north-maasvlakte-gate-camera-west": "Sun in the lens from four o'clock. The hood is ordered.",
    "north-waalhaven-tunnel-smoke-50-100-m": "Halfway down. The tunnel must be closed first: tunnel@northwind.example.",
    "polder-merwede-lock-water-level-outlet": "Gauge zero is NAP −0.40 m.",
    "sintjans-lab-blood-fridge-1-thermometer": "Alarm goes to the lab first; night desk +31 00 555 0131.",
    "brandsma-safe-vibration-sensor-1": "Trips when the tram passes. Sensitivity 4, never 5.",
    "oharas-keg-cellar-the-hole-camera": "Ladder behind the bar. Mind the third rung.",
    "dekker-marina-jetty-gate-2": "Sticks at spring tide. Spare key: havenmeester@zilverzand.example.",
    "dekker-marina-mast-gateway": "SIM 2 of the pair; the other one lies in the workshop.",
    "granhult-tankers-milk-tanker-3": "Off the road until the inspection of 2 December.",
}
"""What technicians wrote down, by the device's key."""

UNIT_IDS: Final = {HARBOR: ("U-", 401), LINDQVIST: ("LQ-", 10001)}
"""Each provider's own numbering: prefix and first number."""
