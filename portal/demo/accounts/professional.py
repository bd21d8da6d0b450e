"""The Professional accounts: one stepped down, one promoted, one in grace, one by contract."""

from portal.demo.accounts.model import Account, Contact

PROFESSIONAL = (
    Account(
        "deltaquay", "Delta Quay Wholesale", "deltaquay.example", ((1200, 29_000), (112, 21_000)),
        seats=140, criticality=4, region="EMEA", zone="Europe/Amsterdam", sites=("Rotterdam",),
        customer_for=1200, looked_at=(52,), pace=1.2,
        contacts=(
            Contact("Sanne van Dijk", "Operations Manager"),
            Contact("Ruben Smit", "Warehouse IT"),
            Contact("Lotte Bakker", "Inventory Planner"),
        ),
    ),
    Account(
        "cobaltcycles", "Cobalt Cycles", "cobaltcycles.example", ((700, 16_800),),
        seats=85, criticality=4, region="EMEA", zone="Europe/Copenhagen", sites=("Aarhus",),
        customer_for=700, pace=1.2,
        contacts=(
            Contact("Freja Lund", "Logistics Manager"),
            Contact("Emil Sørensen", "Warehouse Supervisor"),
            Contact("Sofie Holm", "Customer Operations"),
        ),
    ),
    Account(
        "mistral", "Mistral Cosmetics", "mistralcosmetics.example", ((560, 14_200),),
        seats=70, criticality=3, region="EMEA", zone="Europe/Paris", sites=("Marseille",),
        customer_for=560,
        contacts=(
            Contact("Camille Perrin", "Supply Chain Manager"),
            Contact("Antoine Leclerc", "Responsable entrepôt"),
            Contact("Inès Benali", "IT Coordinator"),
        ),
    ),
    Account(
        "tamarind", "Tamarind Foods", "tamarindfoods.example", ((480, 12_500),),
        seats=95, criticality=4, region="APAC", zone="Asia/Kolkata", sites=("Pune", "Chennai"),
        customer_for=480,
        contacts=(
            Contact("Anjali Deshmukh", "Head of Logistics"),
            Contact("Vikram Iyer", "Systems Manager"),
            Contact("Rohan Kulkarni", "Stock Controller"),
        ),
    ),
    Account(
        "pinecrest", "Pinecrest Furniture", "pinecrestfurniture.example", ((830, 11_900),),
        seats=60, criticality=3, region="Americas", zone="America/Toronto", sites=("Mississauga",),
        customer_for=830,
        contacts=(
            Contact("Geneviève Tremblay", "Distribution Manager"),
            Contact("Liam MacLeod", "Shipping Lead"),
            Contact("Harpreet Gill", "IT Administrator"),
        ),
    ),
    Account(
        "solera", "Solera Wine Cellars", "solerawine.example", ((610, 10_400),),
        seats=45, criticality=3, region="EMEA", zone="Europe/Madrid", sites=("Jerez", "Zaragoza"),
        customer_for=610,
        contacts=(
            Contact("Lucía Domínguez", "Directora de Operaciones"),
            Contact("Álvaro Prieto", "Jefe de almacén"),
            Contact("Nuria Campos", "Order Management"),
        ),
    ),
    Account(
        "nimbus", "Nimbus Electronics", "nimbuselectronics.example", ((390, 19_700),),
        seats=120, criticality=4, region="EMEA", zone="Europe/Warsaw", sites=("Łódź",),
        customer_for=390, pace=1.3,
        contacts=(
            Contact("Magdalena Wójcik", "Warehouse Operations Manager"),
            Contact("Piotr Zieliński", "Integration Developer"),
            Contact("Karolina Mazur", "Returns Team Lead"),
        ),
    ),
    Account(
        "terracotta", "Terracotta Tiles", "terracottatiles.example", ((950, 8_900),),
        seats=40, criticality=3, region="EMEA", zone="Europe/Rome", sites=("Modena",),
        customer_for=950, pace=0.7,
        contacts=(
            Contact("Giulia Ferrari", "Responsabile logistica"),
            Contact("Matteo Greco", "Yard Supervisor"),
        ),
    ),
    Account(
        "blueheron", "Blue Heron Medical", "blueheronmedical.example", ((520, 22_300),),
        seats=110, criticality=5, region="Americas", zone="America/New_York", sites=("Allentown",),
        customer_for=520, pace=1.2,
        contacts=(
            Contact("Charlotte Nguyen", "Director of Distribution"),
            Contact("Ben Abramson", "Quality Systems Manager"),
            Contact("Latoya Simmons", "WMS Super User"),
        ),
    ),
    Account(
        "zephyr", "Zephyr Sports", "zephyrsports.example", ((340, 7_600),),
        seats=35, criticality=3, region="EMEA", zone="Europe/Lisbon", sites=("Porto",),
        customer_for=340,
        contacts=(
            Contact("Beatriz Carvalho", "E-commerce Manager"),
            Contact("Rui Tavares", "Warehouse Manager"),
        ),
    ),
    Account(
        "wattlecreek", "Wattle Creek Tools", "wattlecreek.example", ((430, 3_900), (76, 7_800)),
        seats=38, criticality=3, region="APAC", zone="Australia/Brisbane", sites=("Brisbane",),
        customer_for=430,
        contacts=(
            Contact("Angus Doyle", "Managing Director"),
            Contact("Kylie Tran", "Dispatch Coordinator"),
            Contact("Lachlan Price", "Warehouse Manager"),
        ),
    ),
    Account(
        "granitestate", "Granite State Hardware", "granitestate.example",
        ((880, 6_200), (41, 4_200)),
        seats=30, criticality=2, region="Americas", zone="America/New_York", sites=("Manchester",),
        customer_for=880, pace=0.8,
        contacts=(
            Contact("Walter Pruitt", "Owner"),
            Contact("Joanne Beaulieu", "Purchasing"),
        ),
    ),
    Account(
        "karoo", "Karoo Outdoor", "karoo.example", ((450, 9_300),),
        seats=50, criticality=3, region="EMEA", zone="Africa/Johannesburg", sites=("Midrand",),
        customer_for=450,
        contacts=(
            Contact("Thandiwe Mokoena", "Supply Chain Lead"),
            Contact("Johan Pretorius", "Warehouse Manager"),
            Contact("Lerato Dube", "Systems Support"),
        ),
    ),
    Account(
        "alpenglow", "Alpenglow Textiles", "alpenglow.example", ((1020, 6_700),),
        seats=33, criticality=2, region="EMEA", zone="Europe/Vienna", sites=("Linz",),
        customer_for=1020, pace=0.8,
        contacts=(
            Contact("Theresa Gruber", "Logistikleitung"),
            Contact("Michael Pichler", "Versand"),
        ),
    ),
    Account(
        "lumen", "Lumen Lighting", "lumenlighting.example", ((670, 13_300),),
        seats=65, criticality=3, region="EMEA", zone="Europe/Brussels", sites=("Ghent",),
        customer_for=670,
        contacts=(
            Contact("Jolien Peeters", "Operations Manager"),
            Contact("Bram Claes", "Warehouse Systems"),
            Contact("Amina El Idrissi", "Customer Service Lead"),
        ),
    ),
    Account(
        "harbourstreet", "Harbour Street Books", "harbourstreet.example", ((300, 3_600),),
        seats=22, criticality=3, region="EMEA", zone="Europe/Dublin", sites=("Dublin",),
        customer_for=300, contract_floor="professional", pace=0.8,
        contacts=(
            Contact("Aoife Brennan", "Fulfilment Manager"),
            Contact("Cormac Doherty", "Buyer"),
        ),
    ),
    Account(
        "andes", "Andes Coffee Traders", "andescoffee.example", ((410, 8_100),),
        seats=42, criticality=3, region="Americas", zone="America/Bogota", sites=("Bogotá",),
        customer_for=410,
        contacts=(
            Contact("Valentina Rojas", "Gerente de Logística"),
            Contact("Santiago Mejía", "Green Coffee Warehouse Lead"),
            Contact("Camilo Ortega", "IT"),
        ),
    ),
    Account(
        "kiwibox", "Kiwi Box Meals", "kiwibox.example", ((260, 15_500),),
        seats=75, criticality=5, region="APAC", zone="Pacific/Auckland", sites=("Auckland",),
        customer_for=260, pace=1.1,
        contacts=(
            Contact("Aroha Ngata", "Head of Fulfilment"),
            Contact("Finn McKenzie", "Pick Line Supervisor"),
            Contact("Mei Wong", "Data and Integrations"),
        ),
    ),
)  # fmt: skip
