"""A district's own forms (自有表格): versions in Excel, published, and in the hands of inspectors."""
