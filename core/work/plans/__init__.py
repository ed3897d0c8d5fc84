"""Plans (计划): three-year plan, annual guide, drives and sprints, and the lines under which tasks are done."""
