"""Who sits on which post, who sponsors what, and the proof that nothing is left without somebody (岗位、任职与包保)."""
