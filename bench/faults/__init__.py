"""The site under fire: what random kills and outages leave behind, beside a run that nobody disturbed."""
