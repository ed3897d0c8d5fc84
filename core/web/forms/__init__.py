"""Pages of forms (表格): shipped ones and the district's own, designed in Excel."""
