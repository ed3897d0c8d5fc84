"""Day counts (日计数): marked by whoever writes, counted again by a job, compared with a full recount by a check."""
