"""The rooms of projects (工程项目各室): the list, one project, its tables, its lists of objects, the fund table."""
