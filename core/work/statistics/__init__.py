"""Statistics (统计填报): what departments count, entered by period, reviewed, locked, and read by the scores."""
