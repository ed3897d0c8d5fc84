"""The pages of the task decomposition (任务分解各页)."""
