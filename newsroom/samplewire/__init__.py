"""The sample wire: eight invented outlets that report real events of September 2023, on a fast clock.

The events are well documented; the outlets, their agency and every word of the reports are this project's
own. `python -m newsroom.samplewire --port 0` serves feeds and pages on loopback. The texts are in
`reports/` (one file an event), the outlets in `outlets.py`, and `derived.py` lists what is made of the
reports: wire copies, republished, truncated and padded copies, edits, changed ids, doubled items.
"""

from datetime import UTC, datetime, timedelta

START = datetime(2023, 9, 18, tzinfo=UTC)  # the first item's day
SPAN = timedelta(days=11, hours=12)  # everything has come out by START + SPAN
AGENCY = "Meridian Wire"  # the invented agency whose texts several outlets carry
AGENCY_ROW = {  # as in the vocabulary's list of agencies, to which only a demo adds it
    "slug": "meridian-wire",
    "name": AGENCY,
    "domains": ["meridian-wire.example"],
    "forms": [AGENCY],
    "note": "invented: the agency of the sample wire",
}
