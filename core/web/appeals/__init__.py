"""The rooms of appeals (申诉各室): the list, raising one, one with its decision."""
