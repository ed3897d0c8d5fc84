"""Pages of posts, people, sponsors and the coverage proof (岗位、任职与包保)."""
