"""Work that runs beside the requests (后台任务)."""
