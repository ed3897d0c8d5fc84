"""Pages of what comes in without a form, and where it goes (上报与派遣)."""
