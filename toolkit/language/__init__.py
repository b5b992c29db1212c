"""The language of terminal and pages: English in the code, Korean in a catalogue, matched on the way out.

The key of the catalogue is the English message, as gettext has it. The code keeps plain f-strings: no message is
marked, none has a name that must be looked up to be understood, and who writes one does not think of languages. In
return the message is recognised where it leaves the program, with its fields filled in. There are few such places: the
lines of progress and results, the faults, the help, and the pages. What they call is in `toolkit.language.spoken`.

Templates (`toolkit.language.template`) match the English text and carry the fields over; the one with the longest
literal text wins. A message of several clauses or sentences is matched part by part (`toolkit.language.catalogue`), so
that each is translated once, whatever it is joined with. What has no entry stays English. ``--json`` and whatever
Python gets is never translated, nor is anything that is written for programs, and English output costs nothing.
"""
