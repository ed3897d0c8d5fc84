"""Task ranks on the pages (任务排名各页): daily places, completion rates, the wall."""
