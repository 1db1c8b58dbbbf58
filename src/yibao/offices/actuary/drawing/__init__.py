"""Pictures: a page is drawn from what was decided, as SVG or PNG, and computes nothing.

``pictures`` is what doors call for a bill; ``waterfall`` says what its picture shows, as data, and
``waterfall_page`` draws it. ``pages`` holds the sheet, the pens and how a page becomes bytes,
``typography`` the font that comes with the installation and how long a text is in it.

Holds: the same content gives the same bytes; every amount on a page is one of the determination.
Refuses: to know a file, a clock or the question that a page answers.
"""
