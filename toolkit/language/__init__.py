"""The language of what people read: English in the code, Korean in one catalogue, ``ko/``, with English as the key.

A catalogue is a folder of gettext files, one an area. There are two ways to an entry.

*Messages are matched on the way out.* The code keeps plain f-strings: no message is marked, none has a name to be
looked up, and who writes one does not think of languages. In return the message is recognised where it
leaves the program, with its fields filled in. There are few such places: the lines of progress and results, the faults,
the help, and the pages. What they call is in `toolkit.language.spoken`. Templates (`toolkit.language.template`) match
the English text and carry the fields over; the one with the longest literal text wins. A message of several clauses or
sentences is matched part by part (`toolkit.language.catalogue`), so that each is translated once, whatever it is joined
with.

*Sentences of pages, slides and cards are looked up* by their English with the names of their fields, as in gettext
(`toolkit.language.spoken.sentence_in`). They may be in another language than the one that the process speaks, and many
are too short to be recognised, such as ``{name} {value}``. Those have a context of their own, ``page`` or ``card``; any
other entry serves both ways.

What has no entry stays English. ``--json`` and whatever Python gets is never translated, nor is what is written
for programs, and English output costs nothing.
"""
