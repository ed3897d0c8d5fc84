"""Pages of the rounds (检查轮次): the list, one round with its teams and stops, sampling, results, plans."""
