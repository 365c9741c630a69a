"""The names under which a run leaves something in pytest's reports and in the properties of tests."""

#: The attributes of a report: what it fails by, and what the text of a failure of other reasons is about.
CAUSES, ABOUT = "acr_causes", "acr_about"
#: The property of a test that expects a refusal: what was met.
EXPECTED = "acr_expected"
