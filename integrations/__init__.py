"""The doors: one folder per vendor, imported by nobody.

Rooms find a transport by its dotted path in settings. A vendor folder
translates what comes in into calls of actions, and sends what goes out.
"""
