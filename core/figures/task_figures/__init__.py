"""What the tasks say in numbers (任务数据): pace, completion rates, daily places, points by unit, burn-down."""
