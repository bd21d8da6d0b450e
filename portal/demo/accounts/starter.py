"""The Starter accounts: small shops, three of them new in the last months."""

from portal.demo.accounts.model import Account, Contact


def _starter(
    key: str,
    name: str,
    acv: int,
    seats: int,
    region: str,
    zone: str,
    site: str,
    customer_for: int,
    *people: tuple[str, str],
    pace: float = 1.0,
) -> Account:
    return Account(
        key, name, f"{key}.example", ((customer_for, acv),),
        seats=seats, criticality=2 if acv < 2500 else 3, region=region, zone=zone, sites=(site,),
        customer_for=customer_for, contacts=tuple(Contact(*person) for person in people), pace=pace,
    )  # fmt: skip


STARTER = (
    _starter(
        "sparrowcandles", "Sparrow Candles", 1_900, 9, "EMEA", "Europe/London", "Bristol", 420,
        ("Hazel Whitlock", "Owner"), ("Toby Marsh", "Packing"), pace=1.6,
    ),
    _starter(
        "fernweh", "Fernweh Camping", 3_400, 16, "EMEA", "Europe/Berlin", "Leipzig", 610,
        ("Jana Scholz", "Geschäftsführung"), ("Tim Berger", "Lager"), pace=1.3,
    ),
    _starter(
        "pebbletoys", "Pebble Toys", 2_700, 12, "EMEA", "Europe/Amsterdam", "Utrecht", 520,
        ("Femke de Boer", "Founder"), ("Daan Visser", "Warehouse"),
    ),
    _starter(
        "ostrichpaper", "Ostrich Stationery", 1_200, 6, "EMEA", "Europe/Prague", "Brno", 330,
        ("Tereza Dvořáková", "Operations"), ("Marek Novotný", "Shipping"),
    ),
    _starter(
        "marula", "Marula Skincare", 2_200, 11, "EMEA", "Africa/Johannesburg", "Durban", 290,
        ("Nomvula Khumalo", "Founder"), ("Sipho Ndlovu", "Stock"),
    ),
    _starter(
        "tinlantern", "Tin Lantern", 3_900, 18, "Americas", "America/Los_Angeles", "Oakland", 740,
        ("Jasmine Ortiz", "Operations Lead"), ("Kevin Park", "Warehouse Lead"), pace=1.4,
    ),
    _starter(
        "juniperteas", "Juniper Teas", 1_500, 7, "EMEA", "Europe/London", "York", 380,
        ("Philippa Ashworth", "Director"), ("Neil Cartwright", "Despatch"),
    ),
    _starter(
        "polarbearsocks", "Polar Bear Socks", 2_900, 13, "EMEA", "Europe/Helsinki", "Tampere", 470,
        ("Aino Virtanen", "COO"), ("Juhani Korhonen", "Warehouse"),
    ),
    _starter(
        "casaazul", "Casa Azul Ceramics", 1_800, 8, "Americas", "America/Mexico_City", "Puebla",
        350, ("Ximena Fuentes", "Directora"), ("Diego Salinas", "Almacén"),
    ),
    _starter(
        "lotusyoga", "Lotus Yoga Supply", 3_100, 14, "APAC", "Asia/Singapore", "Singapore", 560,
        ("Tan Wei Ling", "Operations Manager"), ("Arjun Menon", "Inventory"),
    ),
    _starter(
        "birchwoodpets", "Birchwood Pets", 4_100, 20, "EMEA", "Europe/Stockholm", "Uppsala", 690,
        ("Linnea Åkesson", "E-commerce Manager"), ("Oskar Hellström", "Warehouse"), pace=1.3,
    ),
    _starter(
        "quillandink", "Quill & Ink", 900, 4, "EMEA", "Europe/Dublin", "Cork", 240,
        ("Siobhán Kelleher", "Owner"),
    ),
    _starter(
        "saffronspice", "Saffron Spice Company", 2_600, 12, "EMEA", "Asia/Dubai", "Dubai", 400,
        ("Layla Mansour", "General Manager"), ("Imran Siddiqui", "Storekeeper"),
    ),
    _starter(
        "mapleandrye", "Maple & Rye", 1_700, 8, "Americas", "America/Toronto", "Hamilton", 310,
        ("Brooke Sinclair", "Co-founder"), ("Ethan Leblanc", "Fulfilment"),
    ),
    _starter(
        "oldmill", "Old Mill Flour", 1_100, 5, "EMEA", "Europe/Vienna", "Graz", 580,
        ("Johanna Steinbauer", "Inhaberin"),
    ),
    _starter(
        "redkite", "Red Kite Drones", 4_400, 19, "EMEA", "Europe/London", "Cardiff", 270,
        ("Rhys Morgan", "Head of Operations"), ("Elin Davies", "Warehouse Supervisor"), pace=1.4,
    ),
    _starter(
        "velvethound", "Velvet Hound", 2_000, 9, "EMEA", "Europe/Paris", "Lille", 360,
        ("Margaux Dubois", "Gérante"), ("Hugo Lambert", "Préparation de commandes"),
    ),
    _starter(
        "cedarpoint", "Cedar Point Bikes", 3_600, 15, "Americas", "America/New_York", "Albany",
        640, ("Diane Kessler", "Operations"), ("Jamal Washington", "Receiving"), pace=1.2,
    ),
    _starter(
        "nonnaspantry", "Nonna's Pantry", 1_300, 6, "EMEA", "Europe/Rome", "Parma", 280,
        ("Chiara Romano", "Titolare"), ("Davide Conti", "Magazzino"),
    ),
    _starter(
        "kumquatkids", "Kumquat Kids", 2_400, 10, "EMEA", "Europe/Madrid", "Valencia", 490,
        ("Elena Marín", "Gerente"), ("Sergio Ibáñez", "Almacén"),
    ),
    _starter(
        "basalt", "Basalt Climbing", 3_200, 14, "EMEA", "Europe/Zurich", "Bern", 550,
        ("Nina Brunner", "Leitung Logistik"), ("Marco Bianchi", "Versand"),
    ),
    _starter(
        "driftwood", "Driftwood Surf", 1_600, 7, "APAC", "Australia/Perth", "Fremantle", 320,
        ("Coral Hughes", "Owner"),
    ),
    _starter(
        "copperkettle", "Copper Kettle Brewing Supplies", 4_600, 21, "Americas",
        "America/Chicago", "Milwaukee", 870,
        ("Heidi Baumgartner", "Warehouse Manager"), ("Andre Jackson", "Shipping"), pace=1.3,
    ),
    _starter(
        "ivoryparts", "Ivory Piano Parts", 1_000, 5, "EMEA", "Europe/Warsaw", "Kraków", 450,
        ("Agnieszka Pawlak", "Właścicielka"),
    ),
    _starter(
        "bluebell", "Bluebell Nursery", 2_800, 12, "EMEA", "Europe/Amsterdam", "Aalsmeer", 600,
        ("Marijke Jansen", "Manager"), ("Koen Mulder", "Cold Store"),
    ),
    _starter(
        "mangotree", "Mango Tree Imports", 3_000, 13, "APAC", "Asia/Kolkata", "Mumbai", 370,
        ("Meera Shah", "Director"), ("Sanjay Gupta", "Warehouse"),
    ),
    _starter(
        "snowdrop", "Snowdrop Baby", 2_300, 10, "EMEA", "Europe/Oslo", "Trondheim", 410,
        ("Maren Lien", "Daglig leder"), ("Henrik Solberg", "Lager"),
    ),
    _starter(
        "atlasmaps", "Atlas Map Shop", 800, 3, "EMEA", "Europe/Athens", "Athens", 700,
        ("Eleni Papadaki", "Owner"),
    ),
    _starter(
        "puffinprint", "Puffin Print House", 1_400, 6, "EMEA", "Atlantic/Reykjavik", "Reykjavík",
        340, ("Sigrún Jónsdóttir", "Production Manager"),
    ),
    _starter(
        "thistle", "Thistle Kilts", 1_250, 5, "EMEA", "Europe/London", "Stirling", 530,
        ("Morag Campbell", "Director"),
    ),
    _starter(
        "baobab", "Baobab Crafts", 2_100, 9, "EMEA", "Africa/Nairobi", "Nairobi", 250,
        ("Wanjiru Kamau", "Managing Director"), ("Otieno Ochieng", "Stores"),
    ),
    _starter(
        "foxglove", "Foxglove Botanicals", 1_750, 8, "EMEA", "Europe/Brussels", "Leuven", 62,
        ("Lien Maes", "Operations"), pace=2.0,
    ),
    _starter(
        "peppercorn", "Peppercorn Kitchen", 2_500, 11, "Americas", "America/Sao_Paulo",
        "Campinas", 96,
        ("Isabela Nogueira", "Gerente de operações"), ("Thiago Ramos", "Estoque"), pace=1.8,
    ),
    _starter(
        "lighthouse", "Lighthouse Lamps", 1_350, 6, "EMEA", "Europe/Copenhagen", "Esbjerg", 27,
        ("Birgitte Kjær", "Owner"), pace=2.4,
    ),
)  # fmt: skip
