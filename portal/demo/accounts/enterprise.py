"""The Enterprise accounts: by contract value, one just promoted, one by override."""

from portal.demo.accounts.model import Account, Contact

ENTERPRISE = (
    Account(
        "halvorsen", "Halvorsen Cold Chain", "halvorsen.example", ((1400, 148_000),),
        seats=620, criticality=5, region="EMEA", zone="Europe/Oslo",
        sites=("Oslo", "Bergen", "Gothenburg"), customer_for=1400, strategic=True, pace=1.25,
        contacts=(
            Contact("Solveig Halvorsen", "Head of Warehouse Operations"),
            Contact("Mats Eriksen", "Shift Lead, Oslo"),
            Contact("Ingvild Moe", "IT Operations Manager"),
            Contact("Anders Dahl", "Site Manager, Bergen"),
            Contact("Elsa Bergström", "Site Manager, Gothenburg", "Europe/Stockholm"),
            Contact("Oddvar Nygård", "Integration Engineer"),
        ),
    ),
    Account(
        "kestrel", "Kestrel Pharma Logistics", "kestrelpharma.example", ((2100, 212_000),),
        seats=840, criticality=5, region="EMEA", zone="Europe/Zurich",
        sites=("Basel", "Lyon", "Dublin"), customer_for=2100, strategic=True, pace=1.3,
        contacts=(
            Contact("Béatrice Favre", "VP Supply Chain Systems"),
            Contact("Reto Ammann", "Validation and Compliance Lead"),
            Contact("Chloé Garnier", "Warehouse Systems Analyst", "Europe/Paris"),
            Contact("Declan Byrne", "Site IT, Dublin", "Europe/Dublin"),
            Contact("Noémie Rochat", "Service Desk Manager"),
            Contact("Lukas Steiner", "Application Owner WMS"),
        ),
    ),
    Account(
        "bramblefinch", "Bramble & Finch Retail", "bramblefinch.example", ((1150, 96_000),),
        seats=410, criticality=4, region="EMEA", zone="Europe/London",
        sites=("Leeds", "Daventry"), customer_for=1150,
        contacts=(
            Contact("Imogen Hartley", "Director of Fulfilment"),
            Contact("Callum Reid", "WMS Product Owner"),
            Contact("Priyanka Nair", "Systems Analyst"),
            Contact("Gareth Pugh", "Night Shift Manager, Daventry"),
            Contact("Owen Fielding", "IT Support Lead"),
        ),
    ),
    Account(
        "sakuraparts", "Sakura Parts Distribution", "sakuraparts.example", ((900, 84_500),),
        seats=380, criticality=4, region="APAC", zone="Asia/Tokyo",
        sites=("Osaka", "Nagoya"), customer_for=900,
        contacts=(
            Contact("Haruka Nishimura", "General Manager Logistics IT"),
            Contact("Takeshi Mori", "Warehouse Systems Engineer"),
            Contact("Yui Tanabe", "Inventory Control Manager"),
            Contact("Daichi Ogawa", "Night Operations, Osaka"),
            Contact("Emi Hayashi", "Integration Specialist"),
        ),
    ),
    Account(
        "greatbasin", "Great Basin Outfitters", "greatbasin.example", ((760, 67_000),),
        seats=300, criticality=4, region="Americas", zone="America/Denver",
        sites=("Reno", "Salt Lake City"), customer_for=760,
        contacts=(
            Contact("Marisol Vega", "Director of Distribution"),
            Contact("Tyler Jensen", "WMS Administrator"),
            Contact("Dakota Whitehorse", "Operations Supervisor, Reno", "America/Los_Angeles"),
            Contact("Caleb Stone", "E-commerce Integration Lead"),
            Contact("Renee Castillo", "Inventory Analyst"),
        ),
    ),
    Account(
        "rheintal", "Rheintal Automotive Supply", "rheintal-automotive.example", ((1300, 58_000),),
        seats=270, criticality=5, region="EMEA", zone="Europe/Berlin",
        sites=("Koblenz", "Mannheim"), customer_for=1300,
        contacts=(
            Contact("Katharina Weiß", "Leiterin Intralogistik"),
            Contact("Florian Krämer", "Key User Wareneingang"),
            Contact("Mehmet Yıldız", "IT-Systembetreuer"),
            Contact("Sabine Lorenz", "Qualitätssicherung"),
            Contact("Dirk Hohmann", "Schichtleiter Mannheim"),
        ),
    ),
    Account(
        "banksia", "Banksia Home Delivery", "banksia.example", ((640, 22_000), (33, 31_500)),
        seats=190, criticality=4, region="APAC", zone="Australia/Sydney",
        sites=("Sydney", "Melbourne"), customer_for=640, pace=0.8,
        contacts=(
            Contact("Matilda Ferguson", "Operations Director"),
            Contact("Jai Patel", "Warehouse Systems Lead"),
            Contact("Bronwyn Clarke", "Site Manager, Melbourne", "Australia/Melbourne"),
            Contact("Nathan Liddell", "Transport Coordinator"),
            Contact("Tess Moretti", "Customer Delivery Manager"),
        ),
    ),
    Account(
        "orchardlane", "Orchard Lane Grocers", "orchardlane.example", ((820, 18_400),),
        seats=165, criticality=5, region="Americas", zone="America/Chicago",
        sites=("Joliet", "Madison"), customer_for=820, strategic=True, pace=0.9,
        contacts=(
            Contact("Denise Kowalski", "VP Fresh Supply Chain"),
            Contact("Marcus Bell", "WMS Project Manager"),
            Contact("Alejandra Ruiz", "Cold Storage Supervisor"),
            Contact("Trevor Lang", "IT Systems Administrator"),
            Contact("Shanice Porter", "Receiving Manager"),
        ),
    ),
)  # fmt: skip
