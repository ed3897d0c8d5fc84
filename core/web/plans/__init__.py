"""The rooms of plans (计划): the list, one plan with its lines, drives with what they bind, sprints with their burn-down."""
