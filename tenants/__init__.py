"""WHO and WHERE (谁、在哪里): the ground floor. Knows SQLAlchemy and the standard library, nothing of ours."""
