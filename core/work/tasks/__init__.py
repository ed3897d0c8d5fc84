"""Tasks (任务): given, taken, reported with proof, done, verified by another party, closed; parents follow their children."""
