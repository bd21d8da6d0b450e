"""The demo company: Tidewater, who sell warehouse software, and the customers they support.

Loaded by ``manage.py seed_demo``; nothing else imports it but the login page's
hints (``logins``). The people, companies, carriers and products are invented.
"""
