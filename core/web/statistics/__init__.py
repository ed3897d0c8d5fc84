"""Pages of the statistics (统计填报): what is due, one value, review, the dictionary, completeness, the workbook."""
