"""The tasks' room (任务): the list, a new one, one task with its steps, and breaking it down."""
