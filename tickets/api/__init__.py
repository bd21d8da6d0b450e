"""The API of tickets: the same actions as the pages, for programs.

Every answer that is an error has the shape ``{code, message, fields}``
(``portal.kit.refused_answers``). Input is strict: an unknown key is refused by
its name, because a misspelt one would be lost in silence.
"""
