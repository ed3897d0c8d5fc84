"""Units, people, sites and sponsors from workbooks (工作簿)."""
