"""Forms in the words of XLSForm (表格): model, reading and writing workbooks, formulas, and checking what was filled in."""
