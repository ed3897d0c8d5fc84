"""Projects (工程项目): works, resettlements, lists of objects and the rectification files of sites (一场一策)."""
